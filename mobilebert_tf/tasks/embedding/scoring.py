# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation of sentence vectors on scored pairs of texts, as in STS."""

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import scoring as base
from mobilebert_tf.tasks.embedding import loader
from mobilebert_tf.tasks.embedding import predictor

METRICS = ('spearman', 'pearson')
_NEIGHBOURS, _QUERIES = 3, 8
# Of more texts neighbours are sought among some.
_MOST_TEXTS = 5000


def evaluate(trained: loading.TrainedModel,
             options: scoring.Options) -> scoring.Scored:
  """Scores a model on a file of scored pairs.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file.
  """
  examples = read_examples(options.data_file, trained, options.columns)
  title = glue.get_task(options.columns.task).title if (
      options.columns.task) else ''
  return score_pairs(trained, examples, options.title or title or
                     options.title_or_file(), options.metrics)


def score_pairs(trained: loading.TrainedModel, examples: loader.Examples,
                title: str, names: Sequence[str] = ()) -> scoring.Scored:
  """Embeds scored pairs, and scores the cosines.

  Args:
    trained: A sentence encoder.
    examples: Pairs with scores of any scale.
    title: Title of the task in the report.
    names: Names of metrics, such as `spearman` and, of the first 64 entries of
      vectors, `spearman_64`; empty for those of all widths.

  Raises:
    ValueError: If there are no scores, or a metric is unknown.
  """
  if examples.scores is None:
    raise ValueError('The pairs have no scores, so cosines cannot be compared '
                     'with any: name the column of the score.')
  names = tuple(names) or metric_names(trained)
  embedder = predictor.build(trained)
  texts = list(dict.fromkeys([*examples.columns[loader.TEXT], *examples.pairs]))
  lengths = np.array([len(ids) + 2 for ids in
                      embedder.tokenizer.tokenize_strings(texts)], np.int32)
  predictions = SimilarityPredictions(
      task=title, texts=examples.columns[loader.TEXT], pairs=examples.pairs,
      truth=examples.scores, distinct=texts, vectors=embedder.embed(texts),
      token_counts=lengths)
  cut = int((lengths > embedder.max_length).sum())
  facts = {'Longer than the model reads': (
      f'{cut:,} of {len(texts):,} texts have more than '
      f'{embedder.max_length:,} tokens' if cut else 'no text')}
  if examples.skipped:
    facts['Rows left out'] = f'{examples.skipped:,} that cannot be read'
  return scoring.Scored(predictions, predictions.compute(names), facts)


def metric_names(trained: loading.TrainedModel) -> tuple[str, ...]:
  """Returns the metrics of the whole vector, and of each width of a run."""
  widths = trained.params.task.widths if trained.params else ()
  return (*METRICS, *(f'{METRICS[0]}_{width}' for width in widths))


def read_examples(path: str, trained: loading.TrainedModel,
                  columns: scoring.Columns) -> loader.Examples:
  """Reads pairs of a file, with scores of any scale if it has them.

  Columns are those that are named, those of a task of GLUE, those of the run's
  own scored pairs, or `text`, `pair` and `score`.
  """
  fields = {'text_field': 'text', 'pair_field': 'pair', 'score_field': 'score'}
  data = _data_of_run(trained)
  if columns.task:
    if columns.task != 'stsb':
      raise ValueError(f'{columns.task} has no scored pairs; of GLUE stsb has.')
    given = glue.part_fields(glue.get_task(columns.task), 'dev')
    fields = {'text_field': given['text_field'],
              'pair_field': given['pair_field'],
              'score_field': given['label_field'],
              **{name: given[name] for name in ('column_names', 'bad_rows')
                 if name in given}}
  elif data is not None:
    fields = {name: getattr(data, name) for name in loader.FIELDS}
  named = {name: value for name, value in (
      ('text_field', columns.text), ('pair_field', columns.pair),
      ('score_field', columns.label)) if value}
  if named:
    fields = {**fields, 'column_names': (), **named}
  return loader.read_examples(
      path, **{**fields, 'negative_fields': (), 'largest_score': 0.0})


def read_labelled(path: str, trained: loading.TrainedModel,
                  columns: scoring.Columns) -> scoring.Labelled:
  """Reads texts, and how exported models are scored by their vectors.

  A model reads single texts, so the second texts follow the first ones.
  """
  examples = read_examples(path, trained, columns)
  first, second = examples.columns[loader.TEXT], examples.pairs or ()

  def score(vectors: np.ndarray) -> list[dict[str, Any]]:
    if examples.scores is None:
      return []
    vectors = np.asarray(vectors)
    return base.bootstrapped(
        METRICS, examples.scores,
        cosines(vectors[:len(first)], vectors[len(first):]))

  return scoring.Labelled([*first, *second], None, score)


def _data_of_run(trained: loading.TrainedModel) -> Any:
  """Returns the config of a run's scored pairs, or of its texts; or None."""
  if not trained.params:
    return None
  task = trained.params.task
  parts = [data for data in (task.validation_data, task.train_data)
           if data.input_path]
  scored = [data for data in parts if data.score_field]
  return next(iter(scored + parts), None)


def cosines(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
  """Returns the cosine of each row with that of the other, float64."""
  return np.sum(_units(vectors) * _units(others), axis=-1)


def _units(vectors: np.ndarray) -> np.ndarray:
  vectors = vectors.astype(np.float64)
  lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
  return vectors / np.maximum(lengths, 1e-12)


@dataclasses.dataclass(frozen=True, eq=False)
class SimilarityPredictions(base.ValuePredictions):
  """Cosines of scored pairs, and the vectors they are of.

  The scores are divided by the largest, so that both end at 1.

  Attributes:
    task: Title of the task in the report.
    texts: The texts.
    pairs: The second texts.
    truth: Scores of any scale, `[pairs]`.
    distinct: All texts, each once.
    vectors: Their vectors, float32 `[distinct, size]`.
    token_counts: Their tokens, int32 `[distinct]`.
  """
  kind: ClassVar[str] = 'sentence_embedding'
  labels: np.ndarray = dataclasses.field(init=False)
  scores: np.ndarray = dataclasses.field(init=False)
  lengths: np.ndarray = dataclasses.field(init=False)
  truth: np.ndarray = dataclasses.field(kw_only=True)
  distinct: Sequence[str] = dataclasses.field(kw_only=True)
  vectors: np.ndarray = dataclasses.field(kw_only=True)
  token_counts: np.ndarray = dataclasses.field(kw_only=True)

  def __post_init__(self):
    scoring.check_texts('pairs', self.pairs, len(self.texts))
    self._store('vectors', scoring.to_finite(
        self.vectors, 'vectors', len(self.distinct), 2))
    rows = {text: row for row, text in enumerate(self.distinct)}
    places = np.array([[rows[text] for text in each]
                       for each in (self.texts, self.pairs)])
    self._store('_places', places)
    largest = np.max(np.abs(self.truth), initial=0)
    self._store('labels', self.truth / (largest or 1.0))
    self._store('scores', self._cosines(None))
    self._store('lengths', self.token_counts[places].max(0))
    super().__post_init__()

  def _cosines(self, width: int | None) -> np.ndarray:
    return cosines(*self.vectors[:, :width][self._places])

  def compute(self, names: Sequence[str]) -> dict[str, float]:
    return {name: self._compute(name, slice(None)) for name in names}

  def _compute(self, name: str, rows: Any) -> float:
    """Computes a metric of some pairs: `spearman`, or `spearman_64`."""
    metric, _, width = name.partition('_')
    if metric not in METRICS or (width and not width.isdecimal()) or (
        int(width or 1) not in range(1, self.vectors.shape[1] + 1)):
      raise ValueError(
          f'There is no metric {name!r} of vectors of {self.vectors.shape[1]} '
          f'entries; there are {", ".join(METRICS)}, and such as '
          f'{METRICS[0]}_64 of their first entries.')
    answers = self.scores if not width else self._cosines(int(width))
    [value] = metrics_lib.compute(
        [metric], self.labels[rows], answers[rows]).values()
    return value

  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    for name, value in self.compute(list(metrics)).items():
      scoring.check_metric(name, metrics[name], value)
    if len(self.labels) < 2:
      return {}
    return metrics_lib.bootstrap(
        lambda rows: {name: self._compute(name, rows) for name in metrics},
        len(self.labels))

  def details(self) -> dict[str, Any]:
    return {**super().details(), 'space': describe_space(
        self.distinct, self.vectors)}


def describe_space(texts: Sequence[str], vectors: np.ndarray) -> dict[str, Any]:
  """Returns how vectors are spread, and the nearest texts of some.

  Args:
    texts: Distinct texts.
    vectors: Their vectors, `[texts, size]`.

  Returns:
    `size`; `texts`, their number; `mean_similarity`, the mean cosine of two;
    `effective_dimensions`, see `losses.effective_dimensions`; and `neighbours`,
    for a few texts the nearest with their cosines.
  """
  step = -(-len(texts) // _MOST_TEXTS)
  texts, units = list(texts)[::step], _units(vectors[::step])
  count, centred = len(units), units - units.mean(0)
  covariance = centred.T @ centred
  spread = float(np.sum(covariance ** 2))
  total = float(np.sum(np.square(units.sum(0))))
  queries = range(0, count, max(1, count // _QUERIES))[:_QUERIES]
  return {
      'size': units.shape[1], 'texts': count,
      'mean_similarity': (total - count) / max(count * (count - 1), 1),
      'effective_dimensions':
          float(np.trace(covariance)) ** 2 / spread if spread else 0.0,
      'neighbours': [_nearest(texts, units, row) for row in queries],
  }


def _nearest(texts: Sequence[str], units: np.ndarray,
             row: int) -> dict[str, Any]:
  found = units @ units[row]
  nearest = [other for other in np.argsort(-found, kind='stable')
             if other != row][:_NEIGHBOURS]
  return {'text': analysis.cut(texts[row]), 'nearest': [
      {'text': analysis.cut(texts[other]), 'cosine': found[other]}
      for other in nearest]}
