# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Where a model is right and where it is not, for predictions of any kind."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import predictions as predictions_lib

Predictions = predictions_lib.Predictions

MATRIX_CLASSES = 40  # A larger matrix is no help to anyone.
_CONFUSIONS = 50
_NO_ANSWERS = intervals.Group('', 0, math.nan, math.nan, math.nan)


def by_length(predictions: Predictions,
              groups: int = 5) -> list[intervals.Group]:
  """Splits examples by length into groups of about the same size.

  Args:
    predictions: Predictions of any kind.
    groups: Largest number of groups; examples of one length stay together.

  Returns:
    The groups from short to long, named like `'9–14'`.
  """
  return by_size(predictions, predictions.sizes(), groups)


def by_size(predictions: Predictions, sizes: np.ndarray,
            groups: int = 5) -> list[intervals.Group]:
  """Splits examples by any number `[examples]`, as `by_length`."""
  values, most = predictions.quality(), limit(predictions)
  shares = np.arange(1, groups + 1) / groups
  edges = np.unique(np.quantile(sizes, shares, method='inverted_cdf'))
  group_of = np.searchsorted(edges, sizes)
  result = []
  for number in range(len(edges)):
    inside = group_of == number
    low, high = (f'{end:,.6g}' for end in (sizes[inside].min(),
                                           sizes[inside].max()))
    dash = ' to ' if '-' in low else '–'  # “-2–-1” is hard to read.
    name = low if low == high else f'{low}{dash}{high}'
    result.append(intervals.group(name, values[inside], most))
  return result


def by_name(predictions: Predictions,
            names: Iterable[str]) -> list[intervals.Group]:
  """Splits examples by a name of each, the most frequent first."""
  names, values = np.array(list(names)), predictions.quality()
  found = [intervals.group(str(name), values[names == name],
                           limit(predictions)) for name in np.unique(names)]
  return sorted(found, key=lambda each: -each.count)


def limit(predictions: Predictions) -> float:
  """Returns the greatest possible quality."""
  return math.inf if predictions.less_is_better else 1.0


def worst(predictions: Predictions, count: int = 20) -> list[int]:
  """Returns the rows of the worst mistakes, the worst first.

  Args:
    predictions: Predictions of any kind.
    count: Largest number of rows.

  Returns:
    Rows; no right answer is among them.
  """
  order, wrong = predictions.severity()
  return [int(row) for row in order if wrong[row]][:count]


def confusion_matrix(labels: Sequence, answers: Sequence,
                     names: Sequence) -> np.ndarray:
  """Returns how often a class (row) was taken for another (column).

  Args:
    labels: True class of each example.
    answers: Predicted class of each example.
    names: All classes, in the order of rows and columns.

  Returns:
    int64 `[classes, classes]`.
  """
  return sklearn_metrics.confusion_matrix(labels, answers, labels=names)


def confusions(matrix: np.ndarray) -> list[tuple[int, int, int]]:
  """Returns (truth, answer, count) of all mistakes, the most frequent first."""
  wrong = matrix - np.diag(np.diag(matrix))
  order = np.argsort(-wrong, axis=None, kind='stable')
  pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
  return [(int(truth), int(answer), int(wrong[truth, answer]))
          for truth, answer in pairs if wrong[truth, answer]]


def confusion_details(names: Sequence[str],
                      matrix: np.ndarray) -> dict[str, Any]:
  """Returns the report's entries on confusions.

  Args:
    names: Names of the classes.
    matrix: int64 `[classes, classes]`, truth in rows.

  Returns:
    `labels`; `confusion`, the matrix, or None if it is too large to read; and
    `confusions`, the most frequent ones.
  """
  return {
      'labels': names,
      'confusion': matrix if len(names) <= MATRIX_CLASSES else None,
      'confusions': [
          {'truth': names[truth], 'answer': names[answer], 'count': count}
          for truth, answer, count in confusions(matrix)[:_CONFUSIONS]],
  }


@dataclasses.dataclass(frozen=True)
class CalibrationBin:
  """Answers of similar confidence, the highest probability of each.

  Attributes:
    low: Least confidence in the bin.
    high: Greatest confidence in the bin.
    count: Number of answers.
    confidence: Mean confidence; NaN if there are none.
    accuracy: Share that is right, `accuracy.mean`, with its interval.
  """
  low: float
  high: float
  count: int
  confidence: float
  accuracy: intervals.Group


@dataclasses.dataclass(frozen=True)
class Calibration:
  """How well confidence matches accuracy: 80% sure, 80% right.

  Attributes:
    error: Expected calibration error: the mean distance of confidence and
      accuracy over bins, weighted by their counts (Guo et al., 2017).
    confidence: Mean confidence of all answers.
    accuracy: Share of all answers that is right.
    bins: Bins of equal width, from 0 to 1.
  """
  error: float
  confidence: float
  accuracy: float
  bins: tuple[CalibrationBin, ...]


def calibration(confidence: np.ndarray, right: np.ndarray,
                bins: int = 10) -> Calibration:
  """Compares confidence with accuracy.

  The bins are those of `sklearn.calibration.calibration_curve`, which returns
  neither the counts nor the intervals that are needed here.

  Args:
    confidence: Highest probability of each answer, `[examples]`.
    right: 1 for a right answer and 0 for a wrong one, `[examples]`.
    bins: Number of bins; a confidence on an edge belongs to the bin below.
  """
  confidence = np.clip(confidence, 0, 1)
  edges = np.linspace(0, 1, bins + 1)
  bin_of = np.searchsorted(edges[1:-1], confidence)
  found, error = [], 0.0
  for number in range(bins):
    inside = bin_of == number
    mean, accuracy = math.nan, _NO_ANSWERS
    if inside.any():
      accuracy = intervals.group('', right[inside])
      mean = float(confidence[inside].mean())
      error += inside.mean() * abs(accuracy.mean - mean)
    found.append(CalibrationBin(float(edges[number]), float(edges[number + 1]),
                                int(inside.sum()), mean, accuracy))
  return Calibration(float(error), float(confidence.mean()),
                     float(right.mean()), tuple(found))
