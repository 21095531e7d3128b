# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Settings that all trainings of compression have in common."""

from typing import Any

_LOOPS, CHECKPOINTS = 20, 5  # Of a training.


def trainer(steps: int, learning_rate: float, kept: int = 1) -> dict[str, Any]:
  """Returns settings of a trainer whose rate falls over all steps.

  Args:
    steps: Number of steps.
    learning_rate: Peak learning rate.
    kept: Number of checkpoints that are kept.
  """
  loop = max(1, steps // _LOOPS)
  return {
      'train_steps': steps, 'steps_per_loop': loop, 'summary_interval': loop,
      'checkpoint_interval': max(1, steps // CHECKPOINTS), 'max_to_keep': kept,
      'optimizer_config': {'learning_rate': {'polynomial': {
          'initial_learning_rate': learning_rate,
          'end_learning_rate': None}}}}
