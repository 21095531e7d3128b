# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Metrics of classes and of numbers, as GLUE uses them.

scikit-learn and SciPy compute them. All are fractions, not percents.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats
from sklearn import metrics as sklearn_metrics



def compute(names: Sequence[str], labels: np.ndarray,
            scores: np.ndarray) -> dict[str, float]:
  """Computes metrics of what a model answered.

  `accuracy`, `f1` and `matthews` are of classes: `f1` is that of class 1 where
  there are two, and the mean over the classes where there are more.
  `pearson` and `spearman` are of numbers. A correlation with something that
  does not vary is undefined, and 0 here.

  Example:

    compute(['accuracy', 'f1'], [0, 1], [[0.9, 0.1], [0.2, 0.8]])

  Args:
    names: Which ones.
    labels: The truth: class ids or numbers, `[n]` or `[n, 1]`.
    scores: What was answered. Of classes their probabilities or logits
      `[n, classes]`, of which the highest counts, or class ids `[n]`; of
      numbers `[n]` or `[n, 1]`.

  Returns:
    The metrics by name, in this order.

  Raises:
    ValueError: If a metric is unknown, nothing or not as much was answered as
      asked, or something is not finite.
  """
  check_names(names)
  labels, scores = np.asarray(labels), np.asarray(scores)
  labels = labels.reshape(-1)
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
  """Refuses metrics that there are not.

  Args:
    names: Which ones.
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


_OF_NUMBERS = ('pearson', 'spearman')


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
    # A single label among all rows is warned of; its 0 is what we say.
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
