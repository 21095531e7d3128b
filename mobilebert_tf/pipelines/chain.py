# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The steps that the quick start and the ablation share."""

import dataclasses
import pathlib
from typing import Any

from mobilebert_tf.common import machine
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.pipelines import steps
from mobilebert_tf.pipelines import task as task_lib
from mobilebert_tf.pipelines import text


class Chain:
  """A chain of trainings: text, teacher, students, and their fine-tuning.

  Methods run in the order of the class; each is a step, or several, that is
  done once.

  Args:
    folder: Folder of the run, with a folder for each step.
    settings: Sizes and files.
    num_steps: Number of steps, for the display.

  Attributes:
    folder: Folder of the run.
    pipeline: The steps that are done.
    data: Vocabulary and records, once `prepare` has run.
    task: Files and labels of the task, once `prepare_task` has run.

  Raises:
    FileNotFoundError: If a file of the task is missing.
    ValueError: If a row of it is bad, or there is one label.
  """

  def __init__(self, folder: pathlib.Path, settings: settings_lib.Settings,
               num_steps: int):
    if settings.task_train:  # A bad row is found now, not after the training.
      task_lib.check(
          settings.task_train, settings.task_dev, settings.text_column)
    self.folder = folder
    self.pipeline = steps.Pipeline(folder, num_steps)
    self._settings = settings
    self.data: dict[str, Any] = {}
    self.task: dict[str, Any] = {}

  def prepare(self) -> dict[str, Any]:
    """Collects text, learns the vocabulary, writes records, trains the teacher.

    Returns:
      Results of the steps `text`, `vocabulary` and `teacher`.
    """
    settings, run = self._settings, self.pipeline.run
    text_folder = self.folder / 'text'
    vocab_file = self.folder / 'vocabulary' / 'vocab.txt'
    seed = {'seed': settings.seed}
    source = {'text_files': machine.file_states(settings.text_files)}
    if not settings.text_files:
      source = {'packages': machine.versions()}
    collected = run(
        'text', lambda step: text.collect(step, settings), {**source, **seed})
    vocabulary = run(
        'vocabulary',
        lambda step: text.learn_vocabulary(step, text_folder, settings),
        {'vocab_size': settings.vocab_size})
    manifests = run(
        'records',
        lambda step: text.write_records(
            step, text_folder, vocab_file, settings),
        {'max_seq_length': settings.max_seq_length, **seed})
    self.data = {
        'vocab_file': str(vocab_file), 'vocab_size': vocabulary['size'],
        **{part: str(self.folder / 'records' / part / '*.tfrecord')
           for part in text.PARTS}}
    teacher = run(
        'teacher',
        lambda step: pretraining.train_teacher(step, self.data, settings),
        {'steps': settings.teacher_steps,
         'batch_size': settings.pretraining_batch_size,
         'configuration': pretraining.fingerprint(), **seed})
    tokens = manifests['train']['counts']['tokens']
    return {'text': {**collected, 'tokens': tokens}, 'vocabulary': vocabulary,
            'teacher': teacher}

  def train_student(self, name: str, variant: pretraining.Variant,
                    seed: int | None = None) -> dict[str, Any]:
    """Trains a student.

    Args:
      name: Name of the step.
      variant: Way to train it.
      seed: Seed of weights and batches; by default that of the settings.

    Returns:
      Result of `pretraining.train_student`.
    """
    settings = self._with_seed(seed)
    return self.pipeline.run(
        name,
        lambda step: pretraining.train_student(
            step, variant, self.data, self.folder / 'teacher', settings),
        {'variant': dataclasses.asdict(variant),
         'steps_per_block': settings.steps_per_block,
         'distillation_steps': settings.distillation_steps,
         'seed': settings.seed})

  def prepare_task(self) -> dict[str, Any]:
    """Writes or checks the files of the task, and returns them."""
    settings = self._settings
    self.task = self.pipeline.run(
        'task',
        lambda step: task_lib.prepare(step, self.folder / 'text', settings),
        {'files': machine.file_states([settings.task_train, settings.task_dev]),
         'text_column': settings.text_column,
         'passages_per_library': settings.passages_per_library})
    return self.task

  def finetune(self, name: str, seed: int | None = None) -> dict[str, Any]:
    """Fine-tunes a student on the task, in the step `<name>_task`.

    Args:
      name: Name of the student's step.
      seed: Seed of the head and the batches; by default that of the settings.

    Returns:
      Result of `task.finetune`.
    """
    settings = self._with_seed(seed)
    return self.pipeline.run(
        f'{name}_task',
        lambda step: task_lib.finetune(
            step, self.task, self.folder / name, settings),
        {'steps': settings.task_steps,
         'batch_size': settings.task_batch_size})

  def facts(self, program: str) -> dict[str, Any]:
    """Returns the costs of the steps and the facts of the run.

    Args:
      program: Module of the program.
    """
    return {'seconds': self.pipeline.seconds,
            'peak_memory_gb': self.pipeline.peak_memory_gb,
            **machine.run_facts(program)}

  def _with_seed(self, seed: int | None) -> settings_lib.Settings:
    if seed is None:
      return self._settings
    return dataclasses.replace(self._settings, seed=seed)
