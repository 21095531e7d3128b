# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Stops a training whose loss is not finite."""

from collections.abc import Callable

import numpy as np
import orbit
import tensorflow as tf

_SHOWN = 6


def scalars(output: orbit.runner.Output) -> dict[str, float]:
  """Returns the scalars among the logs of a loop as floats."""
  # The learning rate may be a variable with a copy on every replica.
  tensors = {name: tf.convert_to_tensor(value)
             for name, value in output.items()}
  return {name: float(tensor) for name, tensor in tensors.items()
          if not tensor.shape.rank}


class DivergenceError(ArithmeticError):
  """A loss is infinite or not a number."""


class StopWhenNotFinite:
  """Train action that raises before diverged weights are saved.

  It has to run on every worker; one that went on would wait for the others.

  Args:
    model: The trained model.
    global_step: Counter of the steps.
    steps_per_loop: Steps between two outputs.
    describe_step: Function from a step to its stage, such as
      `stage transfer_3`.
    latest_checkpoint: Function that returns the path of the last checkpoint, if
      any.

  Example:

  >>> check = StopWhenNotFinite(
  ...     tf_keras.Sequential(), tf.Variable(4), steps_per_loop=2,
  ...     describe_step=lambda step: 'pre-training',
  ...     latest_checkpoint=lambda: None)
  >>> check({'training_loss': float('nan')})
  Traceback (most recent call last):
  ...
  mobilebert_tf.training.divergence.DivergenceError: ...
  """

  def __init__(self, model: tf.Module, global_step: tf.Variable,
               steps_per_loop: int, describe_step: Callable[[int], str],
               latest_checkpoint: Callable[[], str | None]):
    self._model = model
    self._global_step = global_step
    self._steps_per_loop = steps_per_loop
    self._describe_step = describe_step
    self._latest_checkpoint = latest_checkpoint

  def __call__(self, output: orbit.runner.Output) -> None:
    terms = [name for name, value in scalars(output).items()
             if not np.isfinite(value)]
    if not terms:
      return
    last = int(self._global_step.numpy())
    first = max(1, last - self._steps_per_loop + 1)
    checkpoint = self._latest_checkpoint()
    raise DivergenceError(
        f'Training diverged between steps {first} and {last} '
        f'({self._describe_step(last - 1)}): not finite: {_shorten(terms)}; '
        f'{self._describe_weights()}. '
        + (f'The last good checkpoint is {checkpoint}; the same command '
           'resumes from it.' if checkpoint else 'No checkpoint was saved yet.')
        + ' Lower the learning rate or lengthen its warm-up, look at '
        'gradient_norm in metrics.jsonl, or log more often '
        '(trainer.steps_per_loop).')

  def _describe_weights(self) -> str:
    names = [weight.name for weight in self._model.weights
             if not np.all(np.isfinite(tf.cast(weight, tf.float32).numpy()))]
    if not names:
      return 'all weights are still finite'
    return (f'so are the weights {_shorten(names)} '
            f'({len(names)} of {len(self._model.weights)})')


def _shorten(names: list[str]) -> str:
  rest = len(names) - _SHOWN
  return ', '.join(names[:_SHOWN]) + (f' and {rest} more' if rest > 0 else '')
