# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Where a model is right and where it is not, as a report shows it."""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import math
from typing import Any

import numpy as np
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import scoring

_MISTAKES, _CONFUSIONS = 20, 50
_MATRIX_CLASSES = 40  # A larger matrix is no help to anyone.
_LETTERS, _EXCERPT = 1000, 300
_NO_ANSWERS = metrics_lib.Group('', 0, math.nan, math.nan, math.nan)


# === Report ===


def collect(predictions: scoring.Predictions, metrics: Mapping[str, float],
            facts: Mapping[str, Any]) -> dict[str, Any]:
  """Returns the contents of an evaluation's report.

  Example: `collect(predictions, {'accuracy': 0.9}, {'Model': 'runs/sst2'})`

  Args:
    predictions: Predictions of any kind.
    metrics: Official metrics by name, in the unit of the official script.
    facts: Further facts by title: model, data, command.

  Returns:
    Nested dicts and lists of texts and finite numbers, as JSON can hold them;
    a number that is not finite becomes None.

  Raises:
    ValueError: If the metrics do not belong to these predictions.
  """
  quality, baseline = predictions.quality(), predictions.baseline()
  rows = worst(predictions, len(quality))
  return _to_plain({
      'task': str(predictions.task),
      'kind': predictions.kind,
      'examples': len(quality),
      'metrics': dict(metrics),
      'intervals': predictions.metric_intervals(metrics),
      'quality': metrics_lib.group('', quality, _limit(predictions)),
      'baseline': baseline and dict(zip(('name', 'quality'), baseline,
                                        strict=True)),
      'groups': {'length': by_length(predictions), **predictions.groups()},
      'mistakes': [predictions.mistake(row) for row in rows[:_MISTAKES]],
      'num_mistakes': len(rows),
      'facts': {str(name): str(value) for name, value in facts.items()},
      **predictions.details(),
  })


def cut(text: str) -> str:
  """Returns the start of a text that is too long for a report."""
  return text if len(text) <= _LETTERS else f'{text[:_LETTERS - 1]}…'


def excerpt(context: str, answers: Sequence[str]) -> str:
  """Returns the neighbourhood of the first answer that the context has."""
  places = [context.find(answer) for answer in answers if answer]
  place = next((each for each in places if each >= 0), 0)
  start = max(0, place - _EXCERPT // 2)
  end = start + _EXCERPT
  return (('…' if start else '') + context[start:end]
          + ('…' if end < len(context) else ''))


def _to_plain(value: Any) -> Any:
  """Converts to Python's own types, with None for what is not finite."""
  if dataclasses.is_dataclass(value):
    value = dataclasses.asdict(value)
  if isinstance(value, Mapping):
    return {name: _to_plain(each) for name, each in value.items()}
  if isinstance(value, np.ndarray | np.generic):
    value = value.tolist()
  if isinstance(value, list | tuple):
    return [_to_plain(each) for each in value]
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value


# === Groups of examples ===


def by_length(predictions: scoring.Predictions,
              groups: int = 5) -> list[metrics_lib.Group]:
  """Splits examples by length; see `by_size`."""
  return by_size(predictions, predictions.sizes(), groups)


def by_size(predictions: scoring.Predictions, sizes: np.ndarray,
            groups: int = 5) -> list[metrics_lib.Group]:
  """Splits examples by a number into groups of about the same size.

  Args:
    predictions: Predictions of any kind.
    sizes: Number of each example, `[examples]`.
    groups: Maximum number of groups; examples of one number stay together.

  Returns:
    The groups in the order of the numbers, named like `'9–14'`.
  """
  values = predictions.quality()
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
    result.append(metrics_lib.group(name, values[inside], _limit(predictions)))
  return result


def by_name(predictions: scoring.Predictions,
            names: Iterable[str]) -> list[metrics_lib.Group]:
  """Splits examples by a name of each, the most frequent first."""
  names, values = np.array(list(names)), predictions.quality()
  found = [metrics_lib.group(str(name), values[names == name],
                             _limit(predictions)) for name in np.unique(names)]
  return sorted(found, key=lambda each: -each.count)


def _limit(predictions: scoring.Predictions) -> float:
  """Returns the greatest possible quality."""
  return math.inf if predictions.less_is_better else 1.0


# === Mistakes ===


def worst(predictions: scoring.Predictions, count: int = 20) -> list[int]:
  """Returns at most `count` rows with wrong answers, the worst first."""
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
    matrix: Result of `confusion_matrix`.

  Returns:
    `labels`; `confusion`, the matrix, or None if it is too large to read; and
    `confusions`, the most frequent ones.
  """
  return {
      'labels': names,
      'confusion': matrix if len(names) <= _MATRIX_CLASSES else None,
      'confusions': [
          {'truth': names[truth], 'answer': names[answer], 'count': count}
          for truth, answer, count in confusions(matrix)[:_CONFUSIONS]],
  }


# === Calibration ===


@dataclasses.dataclass(frozen=True)
class CalibrationBin:
  """Answers of similar confidence, the highest probability of each.

  Attributes:
    low: Least confidence in the bin.
    high: Greatest confidence in the bin.
    count: Number of answers.
    confidence: Mean confidence; NaN without answers.
    accuracy: Share of right answers, with its interval.
  """
  low: float
  high: float
  count: int
  confidence: float
  accuracy: metrics_lib.Group


@dataclasses.dataclass(frozen=True)
class Calibration:
  """How well confidence matches accuracy: 80% sure, 80% right.

  Attributes:
    error: Expected calibration error: the mean distance of confidence and
      accuracy over bins, weighted by their counts (Guo et al., 2017).
    confidence: Mean confidence of all answers.
    accuracy: Share of right answers.
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
      accuracy = metrics_lib.group('', right[inside])
      mean = float(confidence[inside].mean())
      error += inside.mean() * abs(accuracy.mean - mean)
    found.append(CalibrationBin(float(edges[number]), float(edges[number + 1]),
                                int(inside.sum()), mean, accuracy))
  return Calibration(float(error), float(confidence.mean()),
                     float(right.mean()), tuple(found))
