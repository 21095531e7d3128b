# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The trainer of a distillation: stage after stage."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from mobilebert_tf.distillation import optimizers
from mobilebert_tf.distillation import trial
from official.core import base_task
from official.core import base_trainer
from official.core import config_definitions as cfg

# Name of the metric of all transfer losses, block by block.
TRANSFER = 'transfer'


class DistillationTrainer(base_trainer.Trainer):
  """Trains stage after stage; `global_step` tells the current stage.

  All stages that teach one block share a training function, any other stage
  has its own (`stage_graphs`), so that no step computes what only another stage
  needs.

  Args:
    config: Experiment.
    task: Task with stages, such as `DistillationTask`.
    *args: Further arguments of the Model Garden's trainer.
    **kwargs: Further arguments of the Model Garden's trainer.

  Raises:
    ValueError: If the schedule is not as long as the training.
  """

  _stage_index: int | None = None
  _is_trial = False

  def __init__(self, config: cfg.ExperimentConfig, task: base_task.Task,
               *args: Any, **kwargs: Any):
    task.check_length(config.trainer.train_steps)
    self._loops: dict[Any, Any] = {}  # By graph.
    super().__init__(config, task, *args, **kwargs)
    if isinstance(self.optimizer, optimizers.ReferenceLamb):
      # For all stages together, and before a checkpoint is restored.
      self.optimizer.build(self.model.trainable_variables)

  def try_out(self) -> None:
    """Runs every kind of stage and the evaluation once, before the first step.

    Nothing of it remains: the run then begins as if it had not been tried.

    Raises:
      RuntimeError: If one fails; names it.
    """
    if int(self.global_step.numpy()):
      return
    exporter, self._checkpoint_exporter = self._checkpoint_exporter, None
    self._is_trial = True  # What was traced is kept for the stages to come.
    try:
      trial.run(self)
    finally:
      self._checkpoint_exporter, self._is_trial = exporter, False
    self._stage_index = None
    self._train_iter = None  # The next one begins with the first batch.

  def train(self, num_steps: tf.Tensor) -> dict[str, tf.Tensor] | None:
    """Trains over stages, and returns the logs of the last one reached."""
    remaining, logs = int(num_steps), None
    while remaining > 0:
      self._enter_stage()
      steps = min(remaining, self._steps_left_in_stage())
      logs = super().train(tf.constant(steps))
      remaining -= steps
    return logs

  def train_loop_end(self) -> dict[str, tf.Tensor]:
    """Returns the logs without the metrics that the stage lacks."""
    logs = super().train_loop_end()
    task = self.task
    stage = task.stages[self._stage_index]
    wanted = {*task.stage_metrics(stage), self.train_loss.name}
    logs = {name: value for name, value in logs.items() if name in wanted}
    return {**self._name_losses(logs, stage.student_blocks),
            # Of the last step: the next one may be of another stage.
            'learning_rate': task.learning_rate(self.optimizer.iterations - 1),
            'stage': tf.constant(self._stage_index)}

  def eval_end(self, aggregated_logs: Any = None) -> dict[str, tf.Tensor]:
    """Returns the logs of an evaluation, with the losses of every block."""
    logs = super().eval_end(aggregated_logs)
    return self._name_losses(logs, self.task.all_blocks)

  def _name_losses(self, logs: dict[str, tf.Tensor],
                   blocks: Sequence[int]) -> dict[str, tf.Tensor]:
    if TRANSFER not in logs:
      return logs
    values = logs.pop(TRANSFER)
    return {**logs, **self.task.name_losses(values, blocks)}

  def _enter_stage(self) -> None:
    step = int(self.global_step.numpy())
    index = self.task.stage_index(step)
    if index == self._stage_index:
      return
    self._stage_index = index
    self._loops[self.task.graph] = self._train_loop_fn
    self.task.enter_stage(index, self.model, self.optimizer)
    self._train_loop_fn = self._loops.get(self.task.graph)  # Or Orbit makes it.
    if not self._is_trial:
      left = self.task.forget_stages_before(index)
      self._loops = {graph: loop for graph, loop in self._loops.items()
                     if graph in left}
    first_step = self._first_step(index)
    self.task.learning_rate.first_step.assign(first_step)
    if step == first_step:
      self._reset_optimizer()

  def _first_step(self, index: int) -> int:
    return sum(stage.num_steps for stage in self.task.stages[:index])

  def _steps_left_in_stage(self) -> int:
    """Returns the steps to the next stage; the last stage has no end."""
    if self._stage_index == len(self.task.stages) - 1:
      return self.config.trainer.train_steps
    step = int(self.global_step.numpy())
    return self._first_step(self._stage_index + 1) - step

  def _reset_optimizer(self) -> None:
    """Resets the moments and the step count, as the reference does.

    Adam corrects the bias of the moments by the step count: with the old count
    the first steps of a stage would be several times too large.
    """
    optimizer = self.optimizer
    # Reading `iterations` creates it; a checkpoint restored before would
    # otherwise undo the reset.
    iterations = optimizer.iterations
    moments = (optimizer.moments
               if isinstance(optimizer, optimizers.ReferenceLamb)
               else optimizer.variables())
    for variable in (iterations, *moments):
      variable.assign(tf.zeros_like(variable))
