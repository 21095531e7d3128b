# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Whether teacher, student, data and schedule fit, before any is built."""

import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.distillation import schedules
from mobilebert_tf.text import vocabulary

_COPIED = ('vocab_size', 'embedding_size', 'inter_block_size',
           'max_position_embeddings')
# Next-sentence labels may be missing: their term is then left out.
_INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids',
           'masked_lm_positions', 'masked_lm_ids', 'masked_lm_weights')
_VOCABULARY = 'vocab.txt'  # In the folder of the teacher's run.


def check(config: Any, stages: Sequence[schedules.Stage]) -> None:
  """Checks a `DistillationConfig` as a whole.

  Args:
    config: The config.
    stages: Stages of its schedule.

  Raises:
    ValueError: If its parts contradict each other; says both values.
  """
  for stage in stages:
    schedules.check_rates(
        f'stage {stage.name}', stage.learning_rate, stage.end_learning_rate,
        stage.warmup_steps, stage.num_steps)
  if config.schedule.first_block and not config.init_checkpoint:
    raise ValueError(
        f'task.schedule.first_block is {config.schedule.first_block}, but '
        'task.init_checkpoint is not set. Name a student whose blocks below '
        'are taught, such as a stage that another run kept.')
  if getattr(config.train_data, 'use_teacher_answers', False):
    return  # There is no teacher.
  _check_architectures(config, stages)
  for part in ('train_data', 'validation_data'):
    _check_data(f'task.{part}', getattr(config, part), config)


def check_inputs(batches: tf.data.Dataset) -> None:
  """Raises ValueError if batches lack what a loss needs."""
  missing = [name for name in _INPUTS if name not in batches.element_spec]
  if missing:
    raise ValueError(
        f'The batches have no {", ".join(missing)}, which the losses need; '
        f'they have {", ".join(batches.element_spec)}.')


def _check_architectures(config: Any,
                         stages: Sequence[schedules.Stage]) -> None:
  """Raises ValueError if a loss or a copy needs sizes that differ."""
  reasons = {} if config.init_checkpoint else dict.fromkeys(
      _COPIED, 'the student starts with the teacher\'s embeddings and heads')
  if any(stage.student_blocks for stage in stages):
    reasons['inter_block_size'] = 'the outputs of blocks are compared'
    reasons['num_attention_heads'] = 'the attention of heads is compared'
  if any(stage.distill for stage in stages):
    reasons['vocab_size'] = 'the predictions of tokens are compared'
  student = config.model.encoder.get()
  for name, reason in reasons.items():
    theirs, ours = getattr(config.teacher, name), getattr(student, name)
    if theirs != ours:
      raise ValueError(
          f'task.teacher.{name} is {theirs} and task.model.encoder.any.{name} '
          f'is {ours}; they have to be the same, since {reason}.')


def _check_data(name: str, data: Any, config: Any) -> None:
  """Raises ValueError if the teacher cannot read the texts of some data."""
  positions = config.teacher.max_position_embeddings
  length = getattr(data, 'seq_length', 0)
  if length > positions:
    raise ValueError(
        f'{name}.seq_length is {length}, but the teacher has {positions} '
        'positions (task.teacher.max_position_embeddings).')
  path = getattr(data, 'vocab_file', '')
  if path and tf.io.gfile.exists(path):
    vocabulary.check_size(path, config.teacher.vocab_size)
    _check_vocabulary(f'{name}.vocab_file', path, config.teacher_checkpoint)


def _check_vocabulary(name: str, path: str, teacher: str) -> None:
  """Raises ValueError if a teacher was trained with other tokens."""
  folder = teacher if tf.io.gfile.isdir(teacher) else os.path.dirname(teacher)
  theirs = os.path.join(folder, _VOCABULARY)
  if (teacher and tf.io.gfile.exists(theirs)
      and files.read_bytes(theirs).split() != files.read_bytes(path).split()):
    raise ValueError(
        f'{name} is {path}, but the teacher was trained with {theirs}, which '
        'has other tokens. Make records with the teacher\'s.')
