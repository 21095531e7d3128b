# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Keeps the weights of the end of every stage, from which others can start.

A task with stages names them by their last steps, as `stage_ends`.
"""

import os
import tempfile
from collections.abc import Mapping
from typing import Any

import orbit
import tensorflow as tf
from absl import logging

from official.core import base_trainer

FOLDER = 'stages'


class Controller(orbit.Controller):
  """The controller of Orbit; no training loop goes beyond a stage's end.

  Args:
    *args: Arguments of `orbit.Controller`.
    ends: Names of the stages by their last step.
    **kwargs: Further arguments of `orbit.Controller`.
  """

  def __init__(self, *args: Any, ends: Mapping[int, str], **kwargs: Any):
    self._ends = sorted(ends)
    super().__init__(*args, **kwargs)

  @property
  def steps_per_loop(self) -> int:
    step = int(self.global_step.numpy())
    usual = super().steps_per_loop
    # Loops end at the same steps in a run that resumes from any of them.
    left = [end - step for end in self._ends if end > step]
    return min([usual - step % usual, *left])


class KeepStageEnds:
  """Train action that writes the weights of a stage's end to `stages`.

  They are not among the checkpoints that `max_to_keep` counts. The optimizer's
  moments are left out, since each stage starts with new ones. It has to run on
  every worker, since all take part in writing a checkpoint.

  Args:
    trainer: Trainer of the run.
    ends: Names of the stages by their last step.
    model_dir: Folder of the run; empty for a worker whose files nobody reads.
  """

  def __init__(self, trainer: base_trainer.Trainer, ends: Mapping[int, str],
               model_dir: str):
    self._global_step = trainer.global_step
    self._ends = ends
    self._checkpoint = tf.train.Checkpoint(
        global_step=trainer.global_step, model=trainer.model,
        **getattr(trainer.model, 'checkpoint_items', {}))
    self._folder = os.path.join(model_dir, FOLDER) if model_dir else ''

  def __call__(self, output: orbit.runner.Output) -> None:
    del output
    step = int(self._global_step.numpy())
    if step not in self._ends:
      return
    name = self._ends[step]
    if not self._folder:
      with tempfile.TemporaryDirectory() as folder:
        self._checkpoint.write(os.path.join(folder, 'unread'))
      return
    file = f'{name.replace(" ", "_")}-{step}'
    self._checkpoint.write(os.path.join(self._folder, file))
    size = sum(tf.io.gfile.stat(os.path.join(self._folder, each)).length
               for each in tf.io.gfile.listdir(self._folder)
               if each.startswith(f'{file}.'))
    logging.info(
        'The end of stage %s is kept as %s/%s: %.0f MB, and %.1f GB for all %d '
        'stages.', name, FOLDER, file, size / 1e6,
        len(self._ends) * size / 1e9, len(self._ends))
