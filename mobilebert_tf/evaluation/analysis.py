# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Where a model is right and where it is not, for predictions of any kind."""

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
