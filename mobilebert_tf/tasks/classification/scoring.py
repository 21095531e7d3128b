# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Predictions of classes and of values, and where they are right."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import predictions as predictions_lib
from mobilebert_tf.evaluation import results

_SUM_TOLERANCE = 1e-3
_POINTS = 2000
_NOTHING = intervals.Group('', 0, math.nan, math.nan, math.nan)


@dataclasses.dataclass(frozen=True, eq=False)
class TextPredictions(predictions_lib.Predictions):
  """Base class of answers to labelled texts or pairs of texts.

  Attributes:
    task: Title of the task in the report.
    texts: The texts.
    pairs: The second texts, or None.
    labels: True classes int32 `[texts]`, or values float64 `[texts]`.
    scores: float64 `[texts, classes]` probabilities, or `[texts]` values.
    lengths: int32 `[texts]` tokens of each text, special tokens included.
    label_names: Names of the classes; empty for values.

  Raises:
    ValueError: If there is no text, fields differ in length, a label is none of
      the classes, a score is not finite, or scores are not probabilities. The
      message names the text.
  """
  score_dimensions: ClassVar[int] = 1
  label_dimensions: ClassVar[int] = 1
  task: str
  texts: Sequence[str]
  pairs: Sequence[str] | None
  labels: np.ndarray
  scores: np.ndarray
  lengths: np.ndarray
  label_names: Sequence[str] = ()

  def __post_init__(self):
    count = len(self.texts)
    predictions_lib.check_texts('texts', self.texts, count)
    if self.pairs is not None:
      predictions_lib.check_texts('pairs', self.pairs, count)
    for name, dimensions in (('scores', self.score_dimensions), ('lengths', 1),
                             ('labels', self.label_dimensions)):
      self._store(name, predictions_lib.to_finite(
          getattr(self, name), name, count, dimensions))
    self._store('lengths', self.lengths.astype(np.int32))
    self._store('label_names', tuple(self.label_names))

  def _store(self, name: str, value: Any) -> None:
    object.__setattr__(self, name, value)  # The dataclass is frozen.

  @property
  def answers(self) -> np.ndarray:
    """Returns the predicted values, float64 `[texts]`."""
    return self.scores

  def sizes(self) -> np.ndarray:
    return self.lengths

  def mistake(self, row: int) -> dict[str, Any]:
    found = {'row': row + 1, 'text': results.cut(self.texts[row])}
    if self.pairs is not None:
      found['pair'] = results.cut(self.pairs[row])
    return {**found, **self._answer(row)}

  def _answer(self, row: int) -> dict[str, Any]:
    return {'truth': self.labels[row], 'answer': self.answers[row]}

  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    drawn = [name for name in metrics if name in metrics_lib.METRICS]
    computed = metrics_lib.compute(drawn, self.labels, self.scores)
    for name, value in computed.items():
      predictions_lib.check_metric(name, metrics[name], value)
    exact = {name: ends for name, ends in self._exact_intervals().items()
             if name in drawn}
    drawn = [name for name in drawn if name not in exact]
    if drawn and len(self.labels) > 1:
      exact.update(intervals.bootstrap(
          lambda rows: metrics_lib.compute(
              drawn, self.labels[rows], self.scores[rows]),
          len(self.labels)))
    return exact

  def _exact_intervals(self) -> dict[str, tuple[float, float]]:
    """Returns intervals by a formula rather than by drawing."""
    return {}


@dataclasses.dataclass(frozen=True, eq=False)
class ClassPredictions(TextPredictions):
  """Class probabilities of labelled texts.

  Example:

    ClassPredictions(
        task='sst2', texts=['Fine.', 'Dull.'], pairs=None,
        label_names=['no', 'yes'], labels=[1, 0],
        scores=[[0.1, 0.9], [0.4, 0.6]], lengths=[4, 4])
  """
  kind: ClassVar[str] = 'classification'
  score_dimensions: ClassVar[int] = 2

  def __post_init__(self):
    super().__post_init__()
    self._check_classes()
    self._store('labels', self.labels.astype(np.int32))

  def _check_classes(self) -> None:
    names = self.label_names
    if len(names) < 2 or len(set(names)) < len(names):
      raise ValueError('Classification needs two or more different '
                       f'label_names, not {list(names)}.')
    classes = self.scores.shape[1]
    if classes != len(names):
      raise ValueError(f'scores has {classes} columns for {len(names)} '
                       'label_names.')
    for row in np.flatnonzero(~np.isin(self.labels, np.arange(classes))):
      raise ValueError(
          f'labels[{row}] is {self.labels[row]:g}, which is the number of none '
          f'of the {classes} label_names.')
    wrong = (self.scores < 0).any(1) | (
        np.abs(self.scores.sum(1) - 1) > _SUM_TOLERANCE)
    for row in np.flatnonzero(wrong):
      raise ValueError(
          f'scores[{row}] is {predictions_lib.abbreviate(self.scores[row])}: '
          'not probabilities, which are 0 or more and sum to 1. Are they '
          'logits?')

  @property
  def answers(self) -> np.ndarray:
    """Returns the likeliest classes, int64 `[texts]`."""
    return self.scores.argmax(1)

  def quality(self) -> np.ndarray:
    """Returns 1 for a right class and 0 for a wrong one."""
    return (self.answers == self.labels).astype(np.float64)

  def baseline(self) -> tuple[str, float]:
    counts = np.bincount(self.labels, minlength=len(self.label_names))
    most = int(counts.argmax())
    return (f'always “{self.label_names[most]}”',
            float(counts[most] / counts.sum()))

  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns those first whose true class got the least probability."""
    rows = np.arange(len(self.labels))
    return (np.argsort(self.scores[rows, self.labels], kind='stable'),
            self.answers != self.labels)

  def _answer(self, row: int) -> dict[str, Any]:
    names, scores = self.label_names, self.scores[row]
    truth, answer = self.labels[row], self.answers[row]
    return {'truth': names[truth], 'answer': names[answer],
            'truth_probability': scores[truth], 'probability': scores[answer]}

  def _exact_intervals(self) -> dict[str, tuple[float, float]]:
    right = self.quality()
    return {'accuracy': intervals.wilson(int(right.sum()), len(right))}

  def details(self) -> dict[str, Any]:
    names = self.label_names
    matrix = analysis.confusion_matrix(
        self.labels, self.answers, range(len(names)))
    return {
        **analysis.confusion_details(names, matrix),
        'classes': [{'label': name, **scores} for name, scores in zip(
            names, class_scores(self), strict=True)],
        'calibration': calibration(self),
    }


@dataclasses.dataclass(frozen=True, eq=False)
class ValuePredictions(TextPredictions):
  """Predicted values of texts that are labelled with numbers."""
  kind: ClassVar[str] = 'regression'
  less_is_better: ClassVar[bool] = True

  def __post_init__(self):
    super().__post_init__()
    if self.label_names:
      raise ValueError('Regression has values, no classes, but label_names is '
                       f'{self.label_names}.')

  def quality(self) -> np.ndarray:
    """Returns absolute errors."""
    return np.abs(self.scores - self.labels)

  def baseline(self) -> tuple[str, float]:
    middle = float(np.median(self.labels))
    return (f'always the median ({middle:.4g})',
            float(np.abs(self.labels - middle).mean()))

  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns those first that are furthest off."""
    errors = self.quality()
    return np.argsort(-errors, kind='stable'), errors > 0

  def groups(self) -> dict[str, list[intervals.Group]]:
    return {'truth': analysis.by_size(self, self.labels)}

  def details(self) -> dict[str, Any]:
    count = len(self.labels)
    # Every n-th one, where a plot of all would be a blot.
    rows = np.arange(0, count, -(-count // _POINTS))
    return {
        'constant_answers': is_constant(self.scores),
        'constant_labels': is_constant(self.labels),
        'values': {name: {'mean': values.mean(), 'deviation': values.std(),
                          'least': values.min(), 'most': values.max()}
                   for name, values in (('truth', self.labels),
                                        ('answer', self.scores))},
        'points': np.stack([self.labels, self.scores], 1)[rows],
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
  """Whether of the answers given with 80% confidence 80% are right.

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


def calibration(predictions: ClassPredictions, bins: int = 10) -> Calibration:
  """Compares confidence with accuracy.

  The bins are those of `sklearn.calibration.calibration_curve`, which returns
  neither the counts nor the intervals that are needed here.

  Args:
    predictions: Predictions of a classifier.
    bins: Number of bins; a confidence on an edge belongs to the bin below.

  Returns:
    The calibration.
  """
  confidence = np.clip(predictions.scores.max(1), 0, 1)
  right = predictions.quality()
  edges = np.linspace(0, 1, bins + 1)
  bin_of = np.searchsorted(edges[1:-1], confidence)
  found, error = [], 0.0
  for number in range(bins):
    inside = bin_of == number
    mean, accuracy = math.nan, _NOTHING
    if inside.any():
      accuracy = intervals.group('', right[inside])
      mean = float(confidence[inside].mean())
      error += inside.mean() * abs(accuracy.mean - mean)
    found.append(CalibrationBin(float(edges[number]), float(edges[number + 1]),
                                int(inside.sum()), mean, accuracy))
  return Calibration(float(error), float(confidence.mean()),
                     float(right.mean()), tuple(found))


def class_scores(predictions: ClassPredictions) -> list[dict[str, float]]:
  """Computes `precision`, `recall`, `f1` and `count` of each class.

  Args:
    predictions: Predictions of a classifier.

  Returns:
    A dict for each class. Precision is NaN if the class is never answered,
    recall if it is never the truth.
  """
  columns = sklearn_metrics.precision_recall_fscore_support(
      predictions.labels, predictions.answers,
      labels=range(len(predictions.label_names)), zero_division=np.nan)
  return [dict(precision=float(precision), recall=float(recall), f1=float(f1),
               count=int(count))
          for precision, recall, f1, count in zip(*columns, strict=True)]


def is_constant(values: Sequence[float] | np.ndarray) -> bool:
  """Whether all values are the same, so that nothing correlates with them."""
  return bool(np.ptp(np.asarray(values)) == 0)
