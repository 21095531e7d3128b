# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Metrics of classes and of numbers, as GLUE uses them, and 95% intervals.

scikit-learn and SciPy compute the metrics. All are fractions, not percents.
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import math
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics as sklearn_metrics

_CONFIDENCE = 0.95
_OF_NUMBERS = ('pearson', 'spearman')


# === Metrics ===


def compute(names: Sequence[str], labels: np.ndarray,
            scores: np.ndarray) -> dict[str, float]:
  """Computes metrics of answers.

  `accuracy`, `f1` and `matthews` are of classes: `f1` is that of class 1 where
  there are two, and the mean over the classes where there are more.
  `pearson` and `spearman` are of numbers. A correlation with something that
  does not vary is undefined, and 0 here.

  Example: `compute(['accuracy', 'f1'], [0, 1], [[0.9, 0.1], [0.2, 0.8]])`

  Args:
    names: Names of the metrics.
    labels: True class ids or numbers, `[n]` or `[n, 1]`.
    scores: Answers. Of classes their probabilities or logits `[n, classes]`,
      of which the highest counts, or class ids `[n]`; of numbers `[n]` or
      `[n, 1]`.

  Returns:
    The metrics by name, in this order.

  Raises:
    ValueError: If a metric is unknown, there are no answers or not as many as
      labels, or a value is not finite.
  """
  check_names(names)
  labels, scores = np.asarray(labels).reshape(-1), np.asarray(scores)
  if not len(labels) or len(labels) != len(scores):
    raise ValueError(f'There are {len(scores)} answers to {len(labels)} '
                     'labels; there has to be one to each.')
  for what, values in (('label', labels), ('answer', scores)):
    finite = np.isfinite(values.astype(np.float64)).reshape(len(labels), -1)
    if not finite.all():
      row = int(np.argmin(finite.all(axis=1)))
      raise ValueError(f'The {what} of row {row} is {values[row]}, not finite.')
  return {name: float(METRICS[name](labels, scores)) for name in names}


def check_names(names: Sequence[str],
                regression: bool | None = None) -> None:
  """Checks names of metrics.

  Args:
    names: Names of the metrics.
    regression: Whether they have to be of numbers or, if false, of classes.

  Raises:
    ValueError: If one is unknown or of the other kind.
  """
  for name in names:
    if name not in METRICS:
      raise ValueError(f'There is no metric {name!r}; there are '
                       f'{", ".join(METRICS)}.')
    if regression is not None and regression != (name in _OF_NUMBERS):
      raise ValueError(
          f'{name} is a metric of {"classes" if regression else "numbers"}, '
          f'and labels are {"numbers" if regression else "classes"}.')


def _classes(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
  if scores.ndim == 1:
    if not np.array_equal(scores, np.round(scores)):
      raise ValueError(
          f'Scores of classes have shape [n, classes]; these have '
          f'{list(scores.shape)}, and are no class ids.')
    return scores.astype(np.int64)
  if scores.ndim != 2 or scores.shape[1] < 2:
    raise ValueError('Scores of classes have shape [n, classes]; these have '
                     f'{list(scores.shape)}.')
  if labels.max() >= scores.shape[1]:
    raise ValueError(f'There is a label {labels.max()}, but scores of '
                     f'{scores.shape[1]} classes only.')
  return np.argmax(scores, axis=1)


def _accuracy(labels: np.ndarray, scores: np.ndarray) -> float:
  return sklearn_metrics.accuracy_score(labels, _classes(labels, scores))


def _f1(labels: np.ndarray, scores: np.ndarray) -> float:
  predicted = _classes(labels, scores)
  classes = scores.shape[1] if scores.ndim == 2 else (
      max(labels.max(), predicted.max()) + 1)
  if classes <= 2:
    return sklearn_metrics.f1_score(labels, predicted, zero_division=0)
  return sklearn_metrics.f1_score(
      labels, predicted, labels=range(classes), average='macro',
      zero_division=0)


def _matthews(labels: np.ndarray, scores: np.ndarray) -> float:
  predicted = _classes(labels, scores)
  with warnings.catch_warnings():
    # scikit-learn warns of a single label, for which the result is 0.
    warnings.simplefilter('ignore')
    return sklearn_metrics.matthews_corrcoef(labels, predicted)


def _correlation(function: Callable) -> Callable:
  def correlate(labels: np.ndarray, scores: np.ndarray) -> float:
    scores = scores.reshape(len(scores), -1)
    if scores.shape[1] != 1:
      raise ValueError('Numbers have shape [n]; these have '
                       f'{list(scores.shape)}.')
    labels, scores = labels.astype(np.float64), scores[:, 0].astype(np.float64)
    if np.ptp(labels) == 0 or np.ptp(scores) == 0:
      return 0.0
    return function(labels, scores)[0]
  return correlate


METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    'accuracy': _accuracy,
    'f1': _f1,
    'matthews': _matthews,
    'pearson': _correlation(stats.pearsonr),
    'spearman': _correlation(stats.spearmanr),
}


# === Intervals ===


@dataclasses.dataclass(frozen=True)
class Group:
  """Some examples and how well they were answered.

  Attributes:
    name: Common property of the examples.
    count: Number of examples.
    mean: Mean quality.
    low: Lower end of the mean's 95% interval; NaN if it is not known.
    high: Upper end.
  """
  name: str
  count: int
  mean: float
  low: float
  high: float


def group(name: str, values: np.ndarray, most: float = 1.0) -> Group:
  """Computes the mean of some qualities with its 95% interval.

  The interval is Wilson's where all values are 0 or 1 and cannot be more, else
  Student's, within the possible range.

  Args:
    name: Common property of the examples.
    values: float64 `[examples]`, one or more, each 0 or more.
    most: Greatest possible value; infinity for errors.
  """
  count, mean = len(values), float(np.mean(values))
  if most == 1 and np.isin(values, (0.0, 1.0)).all():
    return Group(name, count, mean, *wilson(int(values.sum()), count))
  if count < 2:  # One value does not tell how they vary.
    return Group(name, count, mean, math.nan, math.nan)
  error = np.std(values, ddof=1) / math.sqrt(count)
  reach = float(stats.t.ppf((1 + _CONFIDENCE) / 2, count - 1) * error)
  return Group(name, count, mean, max(mean - reach, 0.0),
               min(mean + reach, most))


def wilson(successes: int, count: int) -> tuple[float, float]:
  """Returns Wilson's 95% interval of a share of one or more examples."""
  interval = stats.binomtest(successes, count).proportion_ci(
      _CONFIDENCE, method='wilson')
  return float(interval.low), float(interval.high)


def difference(first: float, second: float, count: int) -> tuple[float, float]:
  """Returns the 95% interval of a difference, by the normal approximation.

  Args:
    first: Share of right answers.
    second: Share to subtract.
    count: Number of examples of each, taken as independent.
  """
  variance = sum(share * (1 - share) for share in (first, second)) / count
  reach = float(stats.norm.ppf((1 + _CONFIDENCE) / 2)) * math.sqrt(variance)
  return first - second - reach, first - second + reach


def bootstrap(
    measure: Callable[[np.ndarray], Mapping[str, float]], count: int,
    samples: int = 200, seed: int = 0) -> dict[str, tuple[float, float]]:
  """Computes 95% intervals of measures that are no means, such as correlations.

  Examples are drawn with replacement. All measures share each draw, which
  `scipy.stats.bootstrap` cannot do.

  Args:
    measure: Function of rows, int64 `[count]`, that returns measures by name.
    count: Number of examples.
    samples: Number of draws.
    seed: Seed of the draws.

  Returns:
    Low and high end of each measure; NaN for a single example.

  Example: `bootstrap(lambda rows: {'mean': values[rows].mean()}, len(values))`
  """
  rng = np.random.default_rng(seed)
  found = [measure(rng.integers(count, size=count)) for _ in range(samples)]
  if count < 2:
    return {name: (math.nan, math.nan) for name in found[0]}
  tail = (1 - _CONFIDENCE) / 2
  return {
      name: tuple(map(float, np.quantile([each[name] for each in found],
                                         (tail, 1 - tail))))
      for name in found[0]}
