# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Metrics, thresholds and predictions of texts with any number of labels.

Metrics take margins, the probability of a label minus its threshold: a text has
the labels whose margin is 0 or more. scikit-learn computes them.
"""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import math
from typing import Any, ClassVar

import numpy as np
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import scoring as scoring_lib
from mobilebert_tf.evaluation import thresholds as thresholds_lib
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import loader as base_loader
from mobilebert_tf.tasks.classification import scoring
from mobilebert_tf.tasks.multi_label_classification import kind
from mobilebert_tf.tasks.multi_label_classification import loader

_NO_LABEL = 'no label'


# === Metrics ===


def _f1(average: str) -> Callable[[np.ndarray, np.ndarray], float]:
  return lambda labels, margins: sklearn_metrics.f1_score(
      labels, margins >= 0, average=average, zero_division=0)


def _macro_auc(labels: np.ndarray, margins: np.ndarray) -> float:
  known = _has_both(labels)
  if not known.any():
    return math.nan
  return sklearn_metrics.roc_auc_score(labels[:, known], margins[:, known])


METRICS: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    'micro_f1': _f1('micro'),
    'macro_f1': _f1('macro'),
    'macro_auc': _macro_auc,
    'subset_accuracy': lambda labels, margins: float(
        np.mean(_is_right(labels, margins))),
}


def check_names(names: Sequence[str]) -> None:
  """Raises ValueError if there is no metric of a name."""
  for name in names:
    if name not in METRICS:
      raise ValueError(f'There is no metric {name!r} of several labels; there '
                       f'are {", ".join(METRICS)}.')


def compute(names: Sequence[str], labels: np.ndarray,
            margins: np.ndarray) -> dict[str, float]:
  """Computes metrics, all of them fractions.

  `micro_f1` is of all decisions together, `macro_f1` the mean over labels, 0
  for a label that is neither true nor given. `macro_auc` is the mean area under
  the ROC curve over the labels that some texts have and others do not, and left
  out if there are none. `subset_accuracy` is the share of texts with exactly
  the right labels.

  Args:
    names: Names of `METRICS`.
    labels: 0 or 1, `[texts, labels]`.
    margins: Probabilities minus thresholds, `[texts, labels]`.

  Returns:
    The metrics by name, without those that are undefined.

  Raises:
    ValueError: If a metric is unknown.

  Example: `compute(['micro_f1'], [[0, 1]], [[-0.4, 0.3]])`
  """
  check_names(names)
  labels, margins = np.asarray(labels), np.asarray(margins)
  found = {name: float(METRICS[name](labels, margins)) for name in names}
  return {name: each for name, each in found.items() if not math.isnan(each)}


def metric_intervals(names: Sequence[str], labels: np.ndarray,
                     margins: np.ndarray) -> dict[str, tuple[float, float]]:
  """Returns 95% intervals, by resampling texts; see `compute`."""
  ends = metrics_lib.bootstrap(
      lambda rows: {name: METRICS[name](labels[rows], margins[rows])
                    for name in names}, len(labels))
  if 'subset_accuracy' in ends:
    right = _is_right(labels, margins)
    ends['subset_accuracy'] = metrics_lib.wilson(int(right.sum()), len(right))
  return ends


def _is_right(labels: np.ndarray, margins: np.ndarray) -> np.ndarray:
  return ((margins >= 0) == (labels > 0)).all(-1)


def _has_both(labels: np.ndarray) -> np.ndarray:
  """Returns which labels some texts have and others do not, `[labels]`."""
  return np.ptp(labels, axis=0) > 0


# === Thresholds ===


def tune_thresholds(labels: np.ndarray, probabilities: np.ndarray,
                    precision: float = 0.0, recall: float = 0.0
                    ) -> list[float]:
  """Returns the threshold of each label with the best F1.

  It lies in the middle between two probabilities; of several with the same F1
  it is the one closest to 0.5. A label that no text has keeps 0.5.

  Args:
    labels: 0 or 1, `[texts, labels]`, of held-out texts.
    probabilities: `[texts, labels]`.
    precision: Precision that each label is to have, in place of the best F1; 0
      for none. See `thresholds.find`.
    recall: Recall that each label is to have; 0 for none.

  Example: `tune_thresholds([[1], [0]], [[0.4], [0.2]])  # [0.3]`
  """
  columns = np.asarray(labels).T, np.asarray(probabilities, np.float64).T
  return [_tune(*each, precision, recall)
          for each in zip(*columns, strict=True)]


def _tune(labels: np.ndarray, probabilities: np.ndarray, precision: float,
          recall: float) -> float:
  if not labels.any():
    return kind.THRESHOLD
  if precision or recall:
    return thresholds_lib.find(
        labels, probabilities, precision=precision, recall=recall).value
  order = np.argsort(-probabilities)
  sorted_values = np.append(probabilities[order], 0.0)
  given = np.arange(1, len(order) + 1)
  f1 = 2 * np.cumsum(labels[order]) / (given + labels.sum())
  thresholds = (sorted_values[:-1] + sorted_values[1:]) / 2
  # Equal probabilities are given a label together.
  possible = sorted_values[:-1] > sorted_values[1:]
  possible[-1] = True
  best = possible & (f1 >= f1[possible].max() - 1e-12)
  found = thresholds[best]
  return float(found[np.argmin(np.abs(found - kind.THRESHOLD))])


# === Predictions ===


@dataclasses.dataclass(frozen=True, eq=False)
class LabelPredictions(scoring.TextPredictions):
  """Probabilities of the labels of texts.

  Attributes:
    thresholds: Least probability with which a text has a label, `[labels]`.
  """
  kind: ClassVar[str] = kind.MultiLabelClassification.name
  score_dimensions: ClassVar[int] = 2
  label_dimensions: ClassVar[int] = 2
  thresholds: Sequence[float] = ()

  def __post_init__(self):
    super().__post_init__()
    self._store('labels', self.labels.astype(np.int32))
    self._store('thresholds', np.asarray(self.thresholds, np.float64))
    count = len(self.label_names)
    for name, found in (('scores', self.scores.shape[1]),
                        ('labels', self.labels.shape[1]),
                        ('thresholds', len(self.thresholds))):
      if found != count:
        raise ValueError(f'{name} has {found} columns for {count} label_names.')
    if not np.isin(self.labels, (0, 1)).all():
      raise ValueError('labels holds something else than 0 and 1.')
    wrong = ((self.scores < 0) | (self.scores > 1)).any(1)
    for row in np.flatnonzero(wrong):
      raise ValueError(
          f'scores[{row}] is {scoring_lib.abbreviate(self.scores[row])}: '
          'not probabilities, which are from 0 to 1. Are they logits?')

  @property
  def margins(self) -> np.ndarray:
    """Returns probabilities minus thresholds, float64 `[texts, labels]`."""
    return self.scores - self.thresholds

  @property
  def answers(self) -> np.ndarray:
    """Returns which labels are given, bool `[texts, labels]`."""
    return self.margins >= 0

  def quality(self) -> np.ndarray:
    """Returns 1 for exactly the right labels and 0 otherwise."""
    return _is_right(self.labels, self.margins).astype(np.float64)

  def baseline(self) -> tuple[str, float]:
    sets, counts = np.unique(self.labels, axis=0, return_counts=True)
    most = int(counts.argmax())
    return (f'always “{_join(self._names(sets[most]))}”',
            float(counts[most] / counts.sum()))

  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    """Orders rows by the summed margins of wrong labels, the largest first."""
    wrong = self.answers != (self.labels > 0)
    errors = np.where(wrong, np.abs(self.margins), 0).sum(1)
    return np.argsort(-errors, kind='stable'), wrong.any(1)

  def groups(self) -> dict[str, list[metrics_lib.Group]]:
    return {'labels': analysis.by_size(self, self.labels.sum(1))}

  def _answer(self, row: int) -> dict[str, Any]:
    wrong = self.answers[row] != (self.labels[row] > 0)
    return {'truth': _join(self._names(self.labels[row])),
            'answer': _join(self._names(self.answers[row])),
            'wrong': [{'label': self.label_names[i],
                       'probability': self.scores[row, i],
                       'threshold': self.thresholds[i]}
                      for i in np.flatnonzero(wrong)]}

  def _names(self, given: np.ndarray) -> list[str]:
    return [self.label_names[i] for i in np.flatnonzero(given)]

  def compute(self, names: Sequence[str]) -> dict[str, float]:
    """Computes metrics; see `scoring.compute`."""
    return compute(names, self.labels, self.margins)

  def facts(self, names: Sequence[str]) -> dict[str, str]:
    left_out = [name for name, both in zip(
        self.label_names, _has_both(self.labels), strict=True) if not both]
    if not left_out or 'macro_auc' not in names:
      return {}
    return {'Left out of AUC': f'{", ".join(left_out)}: no text has the label, '
                               'or every one'}

  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    for name, value in self.compute(list(metrics)).items():
      scoring_lib.check_metric(name, metrics[name], value)
    return metric_intervals(list(metrics), self.labels, self.margins)

  def details(self) -> dict[str, Any]:
    return {'labels': self.label_names, 'classes': label_scores(self),
            'mean_labels': {'truth': self.labels.sum(1).mean(),
                            'answer': self.answers.sum(1).mean()}}


def label_scores(predictions: LabelPredictions) -> list[dict[str, Any]]:
  """Returns count, threshold, precision, recall, F1 and AUC of each label.

  Precision is NaN if the label is never given, recall if no text has it, AUC if
  no text has it or every one does.
  """
  precision, recall, f1, count = (
      sklearn_metrics.precision_recall_fscore_support(
          predictions.labels, predictions.answers, average=None,
          zero_division=np.nan))
  both = _has_both(predictions.labels)
  return [{
      'label': name, 'count': int(count[i]),
      'threshold': predictions.thresholds[i], 'precision': precision[i],
      'recall': recall[i], 'f1': f1[i],
      'auc': sklearn_metrics.roc_auc_score(
          predictions.labels[:, i], predictions.scores[:, i])
             if both[i] else math.nan,
  } for i, name in enumerate(predictions.label_names)]


def _join(labels: Sequence[str]) -> str:
  return ', '.join(labels) or _NO_LABEL


# === Reading ===


def read_examples(path: str, trained: loading.TrainedModel,
                  columns: scoring_lib.Columns) -> base_loader.TextExamples:
  """Reads a labelled file for a model.

  Args:
    path: Path of the file.
    trained: The model; the file has the columns of `scoring.fields_of_run`.
    columns: Columns that differ; the file then has a header.

  Returns:
    The examples, their labels in the order of the model's.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file, or does not suit the model.
  """
  if columns.task:
    raise ValueError(f'{columns.task} is a task of GLUE, where a text has one '
                     'label, but the model gives several.')
  if columns.labels and len(columns.labels) != len(trained.labels):
    raise ValueError(
        f'There are {len(columns.labels)} labels ({", ".join(columns.labels)}) '
        f'for the {len(trained.labels)} of the model '
        f'({", ".join(trained.labels)}).')
  fields = scoring.fields_of_run(trained, loader.FIELDS)
  given = {name: value for name, value in (
      ('text_field', columns.text), ('pair_field', columns.pair),
      ('label_field', columns.label), ('label_columns', columns.label_columns),
      ('label_separator', columns.label_separator)) if value}
  if columns.label and not columns.label_columns:
    given['label_columns'] = ()
  if given:
    fields = {**fields, 'column_names': (), **given}
  return loader.read_examples(
      path, **fields, labels=list(columns.labels) or list(trained.labels))
