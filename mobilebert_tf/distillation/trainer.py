# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The Model Garden's trainer, walking through the stages of a schedule."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.distillation import optimizers
from mobilebert_tf.distillation import task as task_lib
from official.core import base_trainer


class DistillationTrainer(base_trainer.Trainer):
  """Trains stage after stage; where a run stands is told by `global_step`.

  Every stage gets a training function of its own, traced when it begins, so
  that none computes what only another needs.
  """

  _stage_index: int | None = None

  def __init__(self, *args: Any, **kwargs: Any):
    super().__init__(*args, **kwargs)
    if isinstance(self.optimizer, optimizers.ReferenceLamb):
      # At once for all stages, and before a checkpoint is restored.
      self.optimizer.build(self.model.trainable_variables)

  @property
  def task(self) -> task_lib.DistillationTask:
    return self._task

  def train(self, num_steps: tf.Tensor) -> dict[str, tf.Tensor] | None:
    """Trains `num_steps` steps, across the borders of stages where they fall.

    Args:
      num_steps: int scalar.

    Returns:
      The logs of the last stage reached.
    """
    remaining, logs = int(num_steps), None
    while remaining > 0:
      self._enter_stage()
      steps = min(remaining, self._steps_left_in_stage())
      logs = super().train(tf.constant(steps))
      remaining -= steps
    return logs

  def train_loop_end(self) -> dict[str, tf.Tensor]:
    """Returns the logs, without the metrics that the stage does not have."""
    logs = super().train_loop_end()
    task = self.task
    wanted = {*task.stage_metrics, self.train_loss.name, 'learning_rate'}
    logs = {name: value for name, value in logs.items() if name in wanted}
    blocks = task.stages[self._stage_index].student_blocks
    return {**self._name_losses(logs, blocks),
            'stage': tf.constant(self._stage_index)}

  def eval_end(self, aggregated_logs: Any = None) -> dict[str, tf.Tensor]:
    """Returns the logs of an evaluation, every block's losses among them."""
    logs = super().eval_end(aggregated_logs)
    return self._name_losses(logs, self.task.all_blocks)

  def _name_losses(self, logs: dict[str, tf.Tensor],
                   blocks: Sequence[int]) -> dict[str, tf.Tensor]:
    if task_lib.TRANSFER not in logs:
      return logs
    values = logs.pop(task_lib.TRANSFER)
    return {**logs, **self.task.name_losses(values, blocks)}

  def _enter_stage(self) -> None:
    step = int(self.global_step.numpy())
    index = self.task.stage_index(step)
    if index == self._stage_index:
      return
    self._stage_index = index
    self.task.enter_stage(index, self.model, self.optimizer)
    # Orbit makes this function once; without it, it makes the stage's.
    self._train_loop_fn = None
    first_step = self._first_step(index)
    self.task.learning_rate.first_step.assign(first_step)
    if step == first_step:
      self._reset_optimizer()

  def _first_step(self, index: int) -> int:
    return sum(stage.num_steps for stage in self.task.stages[:index])

  def _steps_left_in_stage(self) -> int:
    """Returns how far it is to the next stage; the last has no end."""
    if self._stage_index == len(self.task.stages) - 1:
      return self.config.trainer.train_steps
    step = int(self.global_step.numpy())
    return self._first_step(self._stage_index + 1) - step

  def _reset_optimizer(self) -> None:
    """Forgets the moments of the stage before, as the reference does.

    And its count of steps, by which Adam corrects the moments' bias: with the
    old count the first steps of a stage would be several times too large.
    """
    for variable in _state(self.optimizer):
      variable.assign(tf.zeros_like(variable))


def _state(optimizer: tf_keras.optimizers.Optimizer) -> list[tf.Variable]:
  """Returns an optimizer's count of steps and its moments."""
  if isinstance(optimizer, optimizers.ReferenceLamb):
    return [optimizer.iterations, *optimizer.moments]
  # It makes its count when it is first read, and a checkpoint that was restored
  # before would then undo the reset; so it is read first.
  return [optimizer.iterations, *optimizer.variables()]
