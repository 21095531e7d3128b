# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation of vectors by the documents that they find, for the report."""

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import retrieval
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.embedding import predictor
from mobilebert_tf.tasks.embedding import retrieval_report
from mobilebert_tf.tasks.embedding import space

LOOKED_AT = 10  # Documents; a query is wrong if none of its own is among them.


def score(trained: loading.TrainedModel, judged: retrieval.Judgements,
          title: str, names: Sequence[str] = ()) -> scoring.Scored:
  """Embeds queries and documents, and scores what the queries find.

  Args:
    trained: A sentence encoder.
    judged: The texts.
    title: Title of the task in the report.
    names: Names of metrics, such as `recall@10`; empty for all.

  Raises:
    ValueError: If a metric is unknown, or a vector is 0 or not finite.
  """
  embedder = predictor.build(trained)
  queries, documents = (
      retrieval.unit(embedder.embed(list(texts)), what) for texts, what in (
          (judged.queries, 'queries'), (judged.documents, 'documents')))
  counts = [np.array([len(ids) + 2 for ids in
                      embedder.tokenizer.tokenize_strings(list(texts))])
            for texts in (judged.queries, judged.documents)]
  predictions = RetrievalPredictions(
      task=title, judged=judged, queries=queries, documents=documents,
      token_counts=counts[0].astype(np.int32))
  cut = int((counts[1] > embedder.max_length).sum())
  return scoring.Scored(
      predictions, predictions.compute(names), {
          'Documents': f'{len(judged.documents):,}',
          'Longer than the model reads': (
              f'{cut:,} documents have more than {embedder.max_length:,} '
              'tokens' if cut else 'no document')},
      parts=retrieval_report.RetrievalReportParts())


@dataclasses.dataclass(frozen=True, eq=False)
class RetrievalPredictions(scoring.Predictions):
  """Documents in the order of their cosines, for each query.

  Attributes:
    task: Title of the task in the report.
    judged: Queries, documents, and which of these belong to which.
    queries: Vectors of length 1, float32 `[queries, size]`.
    documents: Vectors of length 1, float32 `[documents, size]`.
    token_counts: Tokens of the queries, int32 `[queries]`.
    ranks: Ranks of each query's relevant documents.
  """
  kind: ClassVar[str] = 'retrieval'
  task: str
  judged: retrieval.Judgements
  queries: np.ndarray
  documents: np.ndarray
  token_counts: np.ndarray
  ranks: Sequence[np.ndarray] = dataclasses.field(init=False)

  def __post_init__(self):
    scoring.check_texts('queries', self.judged.queries, len(self.queries))
    scoring.check_texts('documents', self.judged.documents,
                        len(self.documents))
    object.__setattr__(self, 'ranks', retrieval.ranks(
        self.queries, self.documents, self.judged.relevant))

  def _groups(self) -> dict[str, metrics_lib.Group]:
    return {each.name: each for each in retrieval.score_ranks(self.ranks)}

  def compute(self, names: Sequence[str] = ()) -> dict[str, float]:
    """Computes metrics, all if none is named."""
    known = self._groups()
    if unknown := [name for name in names if name not in known]:
      raise ValueError(f'There is no metric {unknown[0]!r} of retrieval; there '
                       f'are {", ".join(known)}.')
    return {name: known[name].mean for name in names or known}

  def _first(self) -> np.ndarray:
    """Returns the rank of each query's first relevant document."""
    return np.array([ranks[0] for ranks in self.ranks])

  def quality(self) -> np.ndarray:
    return (self._first() <= LOOKED_AT).astype(np.float64)

  def sizes(self) -> np.ndarray:
    return self.token_counts

  def baseline(self) -> tuple[str, float]:
    """Takes the documents that belong to most queries, for each query."""
    counts = np.zeros(len(self.documents), np.int64)
    for rows in self.judged.relevant:
      counts[list(rows)] += 1
    most = set(np.argsort(-counts, kind='stable')[:LOOKED_AT].tolist())
    hits = [not most.isdisjoint(rows) for rows in self.judged.relevant]
    return f'always the same {LOOKED_AT} documents', float(np.mean(hits))

  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    first = self._first()
    return np.argsort(-first, kind='stable'), first > LOOKED_AT

  def mistake(self, row: int) -> dict[str, Any]:
    nearest = int(np.argmax(self.documents @ self.queries[row]))
    own = list(self.judged.relevant[row])
    best = own[int(np.argmax(self.documents[own] @ self.queries[row]))]
    return {'row': row + 1, 'text': analysis.cut(self.judged.queries[row]),
            'document': analysis.cut(self.judged.documents[best]),
            'found': analysis.cut(self.judged.documents[nearest]),
            'rank': int(self.ranks[row][0])}

  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    known = self._groups()
    for name, value in metrics.items():
      scoring.check_metric(name, value, known[name].mean)
    return {name: (known[name].low, known[name].high) for name in metrics
            if known[name].low is not None}

  def details(self) -> dict[str, Any]:
    return {'documents': len(self.documents), 'space': space.describe(
        self.judged.documents, self.documents)}
