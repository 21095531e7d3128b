# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Signs that all texts have got nearly one vector, and who says so."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from mobilebert_tf.common import notices
from mobilebert_tf.tasks.embedding import losses

_SIMILARITY, _DIMENSIONS = 'mean_similarity', 'effective_dimensions'
_TEACHERS = 'teacher_similarity'
# Two texts are about as similar without a teacher to compare with.
_USUAL = 0.8
_MANY = 16


def names(taught: bool) -> list[str]:
  """Returns the names of what `measure` returns."""
  return [_SIMILARITY, _DIMENSIONS, *([_TEACHERS] if taught else [])]


def measure(vectors: tf.Tensor,
            taught: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
  """Returns how similar the texts of a batch are.

  Args:
    vectors: The model's vectors, `[batch, size]`.
    taught: The teacher's, if there is one, of any size.
  """
  vectors = tf.stop_gradient(vectors)
  found = {_SIMILARITY: losses.mean_similarity(vectors),
           _DIMENSIONS: losses.effective_dimensions(vectors)}
  if taught is not None:
    found[_TEACHERS] = losses.mean_similarity(taught)
  return found


class CollapseWatch:
  """Train action that says once if all texts have got nearly one vector.

  It does so after a fifth of the steps, as random weights also give all texts
  nearly one vector.

  Args:
    global_step: Counter of the steps.
    train_steps: Number of steps of the training.
    batch_size: Number of texts that are compared.
  """

  def __init__(self, global_step: tf.Variable, train_steps: int,
               batch_size: int):
    self._global_step = global_step
    self._train_steps = train_steps
    self._batch_size = batch_size
    self._told = False

  def __call__(self, output: Mapping[str, Any]) -> None:
    step = int(self._global_step.numpy())
    if self._told or 5 * step < self._train_steps or _SIMILARITY not in output:
      return
    found = {name: float(output[name]) for name in (
        _SIMILARITY, _DIMENSIONS, _TEACHERS) if name in output}
    if not has_collapsed(found, self._batch_size):
      return
    self._told = True
    theirs = found.get(_TEACHERS)
    notices.tell(
        f'Vectors have collapsed at step {step}: two texts of a batch have a '
        f'cosine of {found[_SIMILARITY]:.2f}'
        + ('' if theirs is None else f' (the teacher: {theirs:.2f})')
        + f', and they differ in {found[_DIMENSIONS]:.1f} directions. They say '
        'little of the texts, and seldom recover: start again in another '
        'folder with a lower learning rate (such as a third), a longer warm-up '
        'or a smaller initializer_range.')


def has_collapsed(found: Mapping[str, float], batch_size: int) -> bool:
  """Returns whether the means of a loop are those of nearly one vector.

  Args:
    found: `mean_similarity`, `effective_dimensions` and, if there is a teacher,
      `teacher_similarity`.
    batch_size: Number of texts that were compared; few differ in few
      directions.
  """
  usual = found.get(_TEACHERS, _USUAL)
  half_way = usual + (1.0 - usual) / 2.0
  return found[_SIMILARITY] > half_way or (
      batch_size >= _MANY and found[_DIMENSIONS] < 2.0)
