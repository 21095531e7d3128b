# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A whole experiment: what it leaves open is derived, contradictions refused.

Tasks take part if they wish. Their config may have `complete()`, which returns
fields to override, and `num_steps()`, the length of the training; their task
`check_experiment(params)`, which raises ValueError.
"""

from typing import Any

from mobilebert_tf.distillation import schedules
from official.core import base_task
from official.core import config_definitions as cfg


def complete(params: cfg.ExperimentConfig) -> cfg.ExperimentConfig:
  """Returns the experiment with all lengths and rates.

  `trainer.train_steps` is that of the schedule if the task has one. The decay
  takes all steps, the warm-up a tenth of them but at most 10,000, and a
  polynomial decay ends at a ten-thousandth of the rate.

  >>> from mobilebert_tf.training import experiments
  >>> complete(experiments.get('mobilebert/distill')).trainer.train_steps
  740000
  """
  task = getattr(params.task, 'complete', dict)()
  steps = params.trainer.train_steps or getattr(
      params.task, 'num_steps', lambda: 0)()
  return params.replace(task=task, trainer={
      'train_steps': steps,
      'optimizer_config': _complete_rates(
          params.trainer.optimizer_config, steps)})


def check(params: cfg.ExperimentConfig, task: base_task.Task) -> None:
  """Raises ValueError if a completed experiment contradicts itself."""
  if hasattr(task, 'check_experiment'):
    task.check_experiment(params)
  if hasattr(params.task, 'num_steps'):
    return  # The rates are those of its stages.
  decay, warmup = _chosen(params.trainer.optimizer_config)
  rate = getattr(decay, 'initial_learning_rate', None) or 0.0
  schedules.check_rates(
      'the training', rate,
      getattr(decay, 'end_learning_rate', None) or 0.0,
      getattr(warmup, 'warmup_steps', None) or 0,
      params.trainer.train_steps)


def _complete_rates(config: Any, steps: int) -> dict[str, Any]:
  """Returns what an optimization config leaves open, to override it."""
  decay, warmup = _chosen(config)
  derived: dict[str, Any] = {}
  if _lacks(decay, 'decay_steps'):
    derived['decay_steps'] = steps
  if _lacks(decay, 'end_learning_rate') and decay.initial_learning_rate:
    derived['end_learning_rate'] = schedules.derive_end(
        decay.initial_learning_rate)
  settings = {}
  if derived:
    settings['learning_rate'] = {config.learning_rate.type: derived}
  if _lacks(warmup, 'warmup_steps'):
    settings['warmup'] = {config.warmup.type: {
        'warmup_steps': schedules.derive_warmup(steps)}}
  return settings


def _chosen(config: Any) -> tuple[Any, Any]:
  """Returns the decay and the warm-up of an optimization config, or None."""
  return tuple(part.get() if part and part.type else None for part in (
      getattr(config, 'learning_rate', None), getattr(config, 'warmup', None)))


def _lacks(config: Any, name: str) -> bool:
  return hasattr(config, name) and getattr(config, name) is None
