# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of a chain of trainings."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Settings:
  """Sizes and files of a run; the defaults are those of the quick start.

  Attributes:
    text_files: Globs of one's own text; empty for the documentation strings of
      the installed packages.
    task_train: One's own labelled TSV with columns `text` and `label`.
    task_dev: Held-out TSV with the same columns.
    text_column: Name of the column `text` in both.
    vocab_size: Entries of the vocabulary.
    max_seq_length: Length of the longest pre-training example in tokens.
    teacher_steps: Pre-training steps of the teacher.
    steps_per_block: Transfer steps of each block of the student.
    distillation_steps: Steps of the distillation that follows.
    pretraining_batch_size: Examples in a step of any of these.
    task_steps: Fine-tuning steps.
    task_batch_size: Examples in a fine-tuning step.
    passages_per_library: Passages of each library in the default task.
    seed: Seed of everything random.
  """
  text_files: tuple[str, ...] = ()
  task_train: str = ''
  task_dev: str = ''
  text_column: str = 'text'
  vocab_size: int = 8000
  max_seq_length: int = 64
  teacher_steps: int = 900
  steps_per_block: int = 40
  distillation_steps: int = 240
  pretraining_batch_size: int = 32
  task_steps: int = 250
  task_batch_size: int = 32
  passages_per_library: int = 800
  seed: int = 1

  @property
  def student_steps(self) -> int:
    """Steps of the student: transfer and distillation."""
    return self.num_blocks * self.steps_per_block + self.distillation_steps

  @property
  def num_blocks(self) -> int:
    """Number of blocks of the small architectures."""
    # Imported here, so that --help need not wait for TensorFlow.
    from mobilebert_tf.modeling import architectures
    return architectures.get_architecture('mobilebert_small').num_blocks
