# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Training stops when evaluations no longer get better; the best one is kept.

`task.early_stopping` is the number of evaluations that may pass without a
better `trainer.best_checkpoint_eval_metric`.
"""

from collections.abc import Sequence
import json
import os
from typing import Any

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.common import plain_paths
from official.core import config_definitions as cfg
import orbit
import tensorflow as tf

EVALUATIONS = 'evaluations.jsonl'
_STEP = 'step'


class StopTraining(Exception):
  """Raised after an evaluation; training is done."""


def should_stop(values: Sequence[float], patience: int,
                higher_is_better: bool) -> bool:
  """Returns whether the last evaluations, as many as `patience`, are no better.

  The first of equal values is the best. A value that is not a number is never
  better.

  >>> should_stop([0.5, 0.7, 0.7, 0.6], 2, higher_is_better=True)
  True
  """
  best, best_place = None, 0
  for place, value in enumerate(values):
    value = value if higher_is_better else -value
    if value == value and (best is None or value > best):
      best, best_place = value, place
  return len(values) - 1 - best_place >= patience


def check(params: cfg.ExperimentConfig, mode: str) -> None:
  """Raises ValueError if a run would stop early, but cannot know when."""
  patience = getattr(params.task, 'early_stopping', 0)
  if not patience or 'train' not in mode:
    return
  if patience < 0:
    raise ValueError(f'task.early_stopping is {patience}; it is a number of '
                     'evaluations, 0 for none.')
  if mode != 'train_and_eval':
    raise ValueError('task.early_stopping needs evaluations in between: '
                     f'--mode=train_and_eval, not {mode}.')
  lacking = [name for name in ('best_checkpoint_eval_metric',
                               'best_checkpoint_export_subdir')
             if not getattr(params.trainer, name)]
  if lacking:
    raise ValueError(
        f'task.early_stopping is {patience}, but trainer.{lacking[0]} is not '
        'set. Name the metric that counts, such as accuracy, and a folder for '
        'the best checkpoint, such as best.')


class EarlyStopping:
  """Evaluation action that raises `StopTraining` when it is time.

  It has to run on every worker: the others would wait for one that stopped. The
  values are kept in a file, so that a resumed run decides alike.

  Args:
    params: The experiment, for which `check` raises nothing.
    model_dir: Folder of the run, which all workers read.
    global_step: Counter of the steps.
    is_chief: Whether this worker writes the file.
  """

  def __init__(self, params: cfg.ExperimentConfig, model_dir: str,
               global_step: tf.Variable, is_chief: bool):
    trainer = params.trainer
    self._patience = params.task.early_stopping
    self._metric = trainer.best_checkpoint_eval_metric
    self._higher = trainer.best_checkpoint_metric_comp == 'higher'
    self._last_step = trainer.train_steps
    self._best_folder = os.path.join(
        model_dir, trainer.best_checkpoint_export_subdir)
    self._path = os.path.join(model_dir, EVALUATIONS)
    self._global_step, self._is_chief = global_step, is_chief
    self._lines: list[dict[str, float]] = []
    if tf.io.gfile.exists(self._path):
      self._lines = [json.loads(line) for line in files.read_text(
          self._path).splitlines()]

  def is_done(self) -> bool:
    """Returns whether training has ended, in this process or an earlier one."""
    return bool(self._lines) and (
        self._lines[-1][_STEP] >= self._last_step
        or should_stop([line[self._metric] for line in self._lines],
                       self._patience, self._higher))

  def __call__(self, output: orbit.runner.Output) -> None:
    if self._metric not in output:
      raise ValueError(
          f'trainer.best_checkpoint_eval_metric is {self._metric!r}; the '
          f'evaluation has {", ".join(sorted(output))}.')
    step = int(self._global_step.numpy())
    # A killed run evaluated after its last checkpoint.
    self._lines = [line for line in self._lines if line[_STEP] < step]
    self._lines.append({_STEP: step, self._metric: float(
        orbit.utils.get_value(output[self._metric]))})
    if self._is_chief:
      files.write_text(self._path, ''.join(
          json.dumps(line) + '\n' for line in self._lines))
    if self.is_done():
      raise StopTraining

  def restore_best(self, checkpoint: tf.train.Checkpoint,
                   manager: tf.train.CheckpointManager) -> None:
    """Restores the best checkpoint and makes it the latest of the run."""
    best = bundles.latest(self._best_folder)
    if best is None:  # No value was a number.
      return
    checkpoint.restore(plain_paths.prefix(best)).expect_partial()
    step = int(self._global_step.numpy())
    # It lies before the last one, so that the interval would not allow it.
    manager.save(checkpoint_number=step, check_interval=False)
    if self._is_chief and step < self._lines[-1][_STEP]:
      notices.inform(
          f'Training stopped after {self._lines[-1][_STEP]:,.0f} steps; the '
          f'best evaluation was after {step:,}, which is kept.')


def of(params: cfg.ExperimentConfig, *arguments: Any) -> EarlyStopping | None:
  """Returns the action of an experiment; None if it does not stop early."""
  if not getattr(params.task, 'early_stopping', 0):
    return None
  return EarlyStopping(params, *arguments)
