# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation of sentence vectors: on scored pairs of texts, or by retrieval."""

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.data import tables
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import scoring as base
from mobilebert_tf.tasks.embedding import judgements
from mobilebert_tf.tasks.embedding import loader
from mobilebert_tf.tasks.embedding import predictor
from mobilebert_tf.tasks.embedding import retrieval_scoring
from mobilebert_tf.tasks.embedding import space

METRICS = ('spearman', 'pearson')


def evaluate(trained: loading.TrainedModel,
             options: scoring.Options) -> scoring.Scored:
  """Scores a model on a file of scored pairs, as in STS, or by retrieval.

  Of SQuAD, and of pairs whose columns are named and that have no column of
  scores, the first texts are queries, and the second ones their documents.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file, or a metric is unknown.
  """
  columns = options.columns
  if options.data_file.endswith('.json') or _lacks_scores(
      options.data_file, trained, columns):
    return retrieval_scoring.score(
        trained, judgements.read(
            options.data_file, columns.text, columns.pair),
        options.title_or_file(), options.metrics)
  examples = read_examples(options.data_file, trained, columns)
  title = glue.get_task(columns.task).title if columns.task else ''
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


def _lacks_scores(path: str, trained: loading.TrainedModel,
                  columns: scoring.Columns) -> bool:
  """Returns whether a file has pairs, by the columns named, but no scores."""
  if columns.task or columns.label or not (columns.text and columns.pair):
    return False
  data = _data_of_run(trained)
  usual = data.score_field if data is not None else 'score'
  return usual not in tables.read_header(path)


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
  return np.sum(space.units(vectors) * space.units(others), axis=-1)


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
    return {**super().details(), 'space': space.describe(
        self.distinct, self.vectors)}
