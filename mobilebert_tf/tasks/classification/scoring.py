# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation of classification and regression on labelled files."""

from collections.abc import Mapping, Sequence
import dataclasses
import re
from typing import Any, ClassVar

import numpy as np
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import predictor as predictor_lib

_UNNAMED = re.compile(r'LABEL_\d+')
_FIELDS = ('text_field', 'pair_field', 'label_field', 'column_names',
           'bad_rows')
_SUM_TOLERANCE = 1e-3
_POINTS = 2000


# === Evaluation ===


def evaluate(trained: loading.TrainedModel,
             options: scoring.Options) -> scoring.Scored:
  """Scores a model on a labelled file.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file, or does not suit the model.
  """
  columns = options.columns
  examples = trained.kind.read_examples(options.data_file, trained, columns)
  task = glue.get_task(columns.task) if columns.task else None
  metrics = options.metrics or (task.metrics if task else ())
  if not metrics and trained.params:
    metrics = trained.params.task.metrics
  return score_texts(
      predictor_lib.TextPredictor(trained, options.batch_size), examples,
      options.title or (task.title if task else options.title_or_file()),
      metrics)


def score_texts(predictor: predictor_lib.TextPredictor,
                examples: loader.TextExamples, task: str,
                metrics: Sequence[str] = ()) -> scoring.Scored:
  """Answers labelled texts and scores the answers.

  Args:
    predictor: The model.
    examples: Texts and labels, the labels in the order of the model's classes.
    task: Title of the task in the report.
    metrics: Names of metrics; empty for those of the kind of task.

  Raises:
    ValueError: If there are no labels, an answer is not finite, or a metric
      does not suit the model.
  """
  trained = predictor.trained
  if trained.kind.truth(examples) is None:
    raise ValueError('The texts have no labels, so answers cannot be scored.')
  names = tuple(metrics) or trained.kind.metrics
  trained.kind.check_metrics(names)
  lengths = predictor.lengths(examples.texts, examples.pairs)
  predictions = trained.kind.predictions(
      trained, examples, predictor.logits(examples.texts, examples.pairs),
      task=task, lengths=lengths)
  return scoring.Scored(predictions, predictions.compute(names), {
      **_reading_facts(examples, lengths, trained.max_length),
      **predictions.facts(names)})


def bootstrapped(names: Sequence[str], truth: np.ndarray,
                 answers: np.ndarray) -> list[dict[str, Any]]:
  """Returns metrics of a whole file with 95% intervals by resampling."""
  found = metrics_lib.compute(names, truth, answers)
  ends = metrics_lib.bootstrap(lambda rows: metrics_lib.compute(
      names, truth[rows], answers[rows]), len(truth))
  return [scoring.score(name, found[name], *ends[name]) for name in names]


def _reading_facts(examples: loader.TextExamples, lengths: np.ndarray,
                   longest: int) -> dict[str, str]:
  """Returns what the report says of rows and texts that were not read whole."""
  cut = int((lengths > longest).sum())
  facts = {'Longer than the model reads':
               f'{cut:,} of {len(lengths):,} texts have more than {longest:,} '
               'tokens' if cut else 'no text'}
  if examples.skipped:
    facts['Rows left out'] = f'{examples.skipped:,} that cannot be read'
  return facts


# === Reading ===


def read_examples(path: str, trained: loading.TrainedModel,
                  columns: scoring.Columns) -> loader.TextExamples:
  """Reads a labelled file for a model; raises as `evaluate`."""
  task = glue.get_task(columns.task) if columns.task else None
  return loader.read_examples(path, **reading_fields(
      trained, task, columns.labels, text_field=columns.text,
      pair_field=columns.pair, label_field=columns.label))


def fields_of_run(trained: loading.TrainedModel,
                  names: Sequence[str]) -> dict[str, Any]:
  """Returns how a run read its validation data, or else its training data."""
  if not trained.params:
    return {}
  task = trained.params.task
  data = (task.validation_data if task.validation_data.input_path
          else task.train_data)
  return {name: getattr(data, name) for name in names}


def reading_fields(trained: loading.TrainedModel,
                   task: glue.GlueTask | None = None,
                   labels: Sequence[str] = (),
                   **columns: str) -> dict[str, Any]:
  """Returns the arguments of `loader.read_examples` for a model's file.

  Args:
    trained: The model; the file has the columns of `fields_of_run`.
    task: Task of GLUE that the file belongs to, or None.
    labels: Labels of the file in the order of the model's classes; empty for
      the model's own.
    **columns: `text_field`, `pair_field` and `label_field` of a file with a
      header, where they differ.

  Raises:
    ValueError: If the labels are not as many as the model's classes, or differ
      from those of the task, or the kind of model does not suit the task.
  """
  is_regression = not trained.kind.has_labels
  fields = fields_of_run(trained, _FIELDS) or {
      'text_field': 'text', 'label_field': 'label'}
  if task:
    if (task.labels is None) != is_regression:
      raise ValueError(
          f'{task.title} is not for a model of {trained.kind.name}.')
    given = glue.part_fields(task, 'dev')
    fields = {name: given[name] for name in _FIELDS}
  given = {name: value for name, value in columns.items() if value}
  if given:
    fields = {**fields, 'column_names': (), **given}
  return {**fields, 'regression': is_regression,
          'labels': _labels(trained, task, labels)}


def _labels(trained: loading.TrainedModel, task: glue.GlueTask | None,
            labels: Sequence[str]) -> list[str]:
  if not trained.kind.has_labels:
    if labels:
      raise ValueError('The model rates texts with a number; there are no '
                       f'labels to name, such as {labels[0]!r}.')
    return []
  known = list(trained.labels)
  if not labels and task:
    if set(known) == set(task.labels):
      return known  # The order may be another.
    if not all(_UNNAMED.fullmatch(label) for label in known):
      raise ValueError(
          f'{task.title} has the labels {", ".join(task.labels)}, the model '
          f'{", ".join(known)}. Name those of the file in the order of the '
          "model's.")
    labels = task.labels
  if labels and len(labels) != len(known):
    raise ValueError(
        f'There are {len(labels)} labels ({", ".join(labels)}) for the '
        f'{len(known)} classes of the model ({", ".join(known)}).')
  return list(labels) or known


# === Predictions ===


@dataclasses.dataclass(frozen=True, eq=False)
class TextPredictions(scoring.Predictions):
  """Base class of answers to labelled texts or pairs of texts.

  Attributes:
    texts: The texts.
    pairs: The second texts, or None.
    labels: True classes, int32 `[texts]`, or values, float64 `[texts]`.
    scores: Probabilities, float64 `[texts, classes]`, or values `[texts]`.
    lengths: Tokens of each text, special ones included, int32 `[texts]`.
    label_names: Names of the classes; empty for values.

  Raises:
    ValueError: If fields do not fit together, a label is none of the classes,
      or scores are not finite or not probabilities. Names the text.
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
    scoring.check_texts('texts', self.texts, count)
    if self.pairs is not None:
      scoring.check_texts('pairs', self.pairs, count)
    for name, dimensions in (('scores', self.score_dimensions), ('lengths', 1),
                             ('labels', self.label_dimensions)):
      self._store(name, scoring.to_finite(
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
    found = {'row': row + 1, 'text': analysis.cut(self.texts[row])}
    if self.pairs is not None:
      found['pair'] = analysis.cut(self.pairs[row])
    return {**found, **self._answer(row)}

  def _answer(self, row: int) -> dict[str, Any]:
    return {'truth': self.labels[row], 'answer': self.answers[row]}

  def compute(self, names: Sequence[str]) -> dict[str, float]:
    """Computes metrics; see `evaluation.metrics.compute`."""
    return metrics_lib.compute(names, self.labels, self.scores)

  def facts(self, names: Sequence[str]) -> dict[str, str]:
    """Returns what the report says of metrics, by title."""
    del names
    return {}

  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    drawn = [name for name in metrics if name in metrics_lib.METRICS]
    for name, value in self.compute(drawn).items():
      scoring.check_metric(name, metrics[name], value)
    exact = {name: ends for name, ends in self._exact_intervals().items()
             if name in drawn}
    drawn = [name for name in drawn if name not in exact]
    if drawn and len(self.labels) > 1:
      exact.update(metrics_lib.bootstrap(
          lambda rows: metrics_lib.compute(
              drawn, self.labels[rows], self.scores[rows]),
          len(self.labels)))
    return exact

  def _exact_intervals(self) -> dict[str, tuple[float, float]]:
    """Returns the intervals that have a formula."""
    return {}


@dataclasses.dataclass(frozen=True, eq=False)
class ClassPredictions(TextPredictions):
  """Class probabilities of labelled texts."""
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
          f'scores[{row}] is {scoring.abbreviate(self.scores[row])}: '
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
    """Orders rows by the probability of the true class, the least first."""
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
    return {'accuracy': metrics_lib.wilson(int(right.sum()), len(right))}

  def details(self) -> dict[str, Any]:
    names = self.label_names
    matrix = analysis.confusion_matrix(
        self.labels, self.answers, range(len(names)))
    return {
        **analysis.confusion_details(names, matrix),
        'classes': [{'label': name, **scores} for name, scores in zip(
            names, class_scores(self), strict=True)],
        'calibration': analysis.calibration(
            self.scores.max(1), self.quality()),
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
    """Orders rows by their error, the largest first."""
    errors = self.quality()
    return np.argsort(-errors, kind='stable'), errors > 0

  def groups(self) -> dict[str, list[metrics_lib.Group]]:
    return {'truth': analysis.by_size(self, self.labels)}

  def details(self) -> dict[str, Any]:
    count = len(self.labels)
    # Every n-th one: a plot of more would be a blot.
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


def class_scores(predictions: ClassPredictions) -> list[dict[str, float]]:
  """Computes `precision`, `recall`, `f1` and `count` of each class.

  Precision is NaN if the class is never answered, recall if it is never true.
  """
  columns = sklearn_metrics.precision_recall_fscore_support(
      predictions.labels, predictions.answers,
      labels=range(len(predictions.label_names)), zero_division=np.nan)
  return [dict(precision=float(precision), recall=float(recall), f1=float(f1),
               count=int(count))
          for precision, recall, f1, count in zip(*columns, strict=True)]


def is_constant(values: Sequence[float] | np.ndarray) -> bool:
  """Returns whether all values are equal, so correlation is undefined."""
  return bool(np.ptp(np.asarray(values)) == 0)
