# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Predictions of a model on labelled data: what every kind of task shares.

Misaligned answers, or logits taken for probabilities, make a report that looks
like any other, so inconsistent predictions are rejected here.
"""

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.evaluation import intervals


class Predictions(abc.ABC):
  """Base class of a model's answers to labelled examples.

  Each kind of task derives a frozen dataclass, checked when it is created.

  Attributes:
    kind: Name of the kind of task, as in `evaluation.json`.
    less_is_better: Whether `quality` is an error rather than a share.
    task: Title of the task in the report.
  """
  kind: ClassVar[str]
  less_is_better: ClassVar[bool] = False
  task: str

  @abc.abstractmethod
  def quality(self) -> np.ndarray:
    """Returns how good each answer is, float64 `[examples]`.

    It is a share from 0 to 1 or, if `less_is_better`, an error.
    """

  @abc.abstractmethod
  def sizes(self) -> np.ndarray:
    """Returns the length of each example, int32 `[examples]`."""

  @abc.abstractmethod
  def baseline(self) -> tuple[str, float] | None:
    """Returns the best answer that does not depend on the example.

    It is chosen by the truth of these very examples, so nothing that does not
    read the texts can do better.

    Returns:
      A name and the mean `quality`, or None if there is no such answer.
    """

  @abc.abstractmethod
  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns the order of rows, the worst first, and which are wrong."""

  @abc.abstractmethod
  def mistake(self, row: int) -> dict[str, Any]:
    """Returns what the report shows of a wrong answer."""

  @abc.abstractmethod
  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Returns 95% intervals of the official metrics, as far as known.

    Raises:
      ValueError: If the metrics do not belong to these predictions.
    """

  def groups(self) -> dict[str, list[intervals.Group]]:
    """Returns breakdowns of the quality by something else than length."""
    return {}

  def details(self) -> dict[str, Any]:
    """Returns further entries of the report, such as confusions."""
    return {}


def check_metric(name: str, given: float, computed: float,
                 tolerance: float = 1e-3) -> None:
  """Rejects a metric that does not belong to the predictions.

  Args:
    name: Name of the metric.
    given: Value to report.
    computed: Value of the predictions.
    tolerance: Largest difference, relative to values above 1.

  Raises:
    ValueError: If they differ.
  """
  if abs(given - computed) > tolerance * max(1, abs(computed)):
    raise ValueError(
        f'The metric {name} is said to be {given}, but these predictions have '
        f'{computed}. Metrics and predictions have to be of the same answers.')


def check_texts(name: str, texts: Sequence[str], count: int) -> None:
  """Rejects anything but a list of `count` texts, one or more.

  Args:
    name: Name of the field, for messages.
    texts: The texts.
    count: Number of examples.

  Raises:
    ValueError: If they are too few, too many or not texts.
  """
  if not count:
    raise ValueError('There is nothing to evaluate: no text at all.')
  if isinstance(texts, str) or len(texts) != count:
    raise ValueError(f'{name} has {len(texts)} texts where {count} belong.')
  for row, text in enumerate(texts):
    if not isinstance(text, str):
      raise ValueError(f'{name}[{row}] is {abbreviate(text)}, not a text.')


def to_finite(values: Any, name: str, count: int,
              dimensions: int = 1) -> np.ndarray:
  """Converts values to finite numbers, one row for each example.

  Args:
    values: Numbers.
    name: Name of the field, for messages.
    count: Number of examples.
    dimensions: 1 or 2.

  Returns:
    float64 `[count]` or `[count, ...]`.

  Raises:
    ValueError: If the shape differs or a value is not a finite number.
  """
  try:
    array = np.asarray(values)
  except ValueError as error:  # Rows of different lengths.
    raise ValueError(f'{name} is not an array: {error}') from error
  if array.dtype.kind not in 'biuf':
    raise ValueError(f'{name} holds {array.dtype}, not numbers.')
  if array.ndim != dimensions or len(array) != count:
    raise ValueError(
        f'{name} has the shape {list(array.shape)}; there are {count} examples '
        f'and {"two dimensions" if dimensions == 2 else "one dimension"}.')
  array = array.astype(np.float64)
  for row in np.argwhere(~np.isfinite(array)):
    place = ', '.join(map(str, row))
    raise ValueError(
        f'{name}[{place}] is {array[tuple(row)]}. A model that answers this '
        'has diverged, or its checkpoint is damaged: there is nothing to '
        'report.')
  return array


def abbreviate(value: Any) -> str:
  """Returns a value as a message shows it, at most 80 letters."""
  text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
  return text if len(text) <= 80 else f'{text[:79]}…'
