# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tries every kind of stage and the evaluation before a distillation begins.

What only the last stage needs, such as its memory, would otherwise be found
missing after days.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from mobilebert_tf.distillation import schedules

# Beginnings of lines in errors of TensorFlow that do not say what is wrong.
_NOISE = ('[[', '[Op:', '{{', 'Hint:', 'Detected at', 'File ', 'Graph exec',
          'To suppress', 'in user code')


def run(trainer: Any) -> None:
  """Runs one step of each kind of stage and of the evaluation, then undoes it.

  Weights, moments and steps are restored; the trainer enters its stage and
  begins its data anew.

  Args:
    trainer: A `DistillationTrainer` that has done no step.

  Raises:
    RuntimeError: If one fails; names it.
  """
  start = time.monotonic()
  before = {variable.ref(): variable.numpy()
            for variable in _variables(trainer)}
  stages = trainer.task.stages
  for index in _last_of_each_kind(stages):
    first_step = sum(stage.num_steps for stage in stages[:index])
    trainer.global_step.assign(first_step)
    logs = _try(f'stage {stages[index].name} (steps {first_step + 1} on)',
                trainer.train)
    _warn_if_not_finite(stages[index].name, logs)
  if hasattr(trainer, 'validation_metrics'):
    _try('the evaluation', trainer.evaluate)
  for variable in _variables(trainer):
    # The optimizer may have made moments, which begin at 0.
    variable.assign(before.get(variable.ref(), tf.zeros_like(variable)))
  logging.info('Every kind of stage and the evaluation were tried in %.0f s.',
               time.monotonic() - start)


def _variables(trainer: Any) -> list[tf.Variable]:
  return [trainer.global_step, trainer.task.learning_rate.first_step,
          *trainer.model.variables, trainer.optimizer.iterations,
          *trainer.optimizer.variables()]


def _last_of_each_kind(stages: Sequence[schedules.Stage]) -> list[int]:
  """Returns the stages to try; the last of a kind needs the most memory."""
  kinds = {(bool(stage.student_blocks), stage.distill, stage.train_all,
            bool(stage.lower_blocks)): index
           for index, stage in enumerate(stages)}
  return sorted(kinds.values())


def _try(what: str, step: Callable[[tf.Tensor], Any]) -> dict[str, Any]:
  try:
    return step(tf.constant(1))
  except tf.errors.DataLossError:
    raise  # Whoever knows the files names the damaged one.
  except Exception as error:
    raise RuntimeError(
        f'Tried before step 1, {what} failed: {type(error).__name__}: '
        f'{_last_line(error)}') from error


def _warn_if_not_finite(name: str, logs: dict[str, Any]) -> None:
  terms = [term for term, value in logs.items()
           if not np.all(np.isfinite(value))]
  if terms:
    logging.warning('Tried before step 1, stage %s is not finite in %s.',
                    name, ', '.join(terms[:6]))


def _last_line(error: Exception) -> str:
  lines = [line.strip() for line in str(error).splitlines()]
  said = [line for line in lines if line and not line.startswith(_NOISE)]
  return said[-1] if said else str(error)
