# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""How well vectors find documents: recall@k, MRR and nDCG@k, with intervals.

Definitions are those of BEIR (Thakur et al. 2021) and its trec_eval, with
relevance of 0 or 1; but of equal similarities the irrelevant documents stand
first, so that a model whose vectors are all the same finds nothing.
"""

from collections.abc import Collection, Iterable, Sequence
import dataclasses
import math

import numpy as np

from mobilebert_tf.evaluation import metrics

CUTOFFS = (1, 10, 100)
_NDCG_CUTOFF = 10
_NUMBERS_AT_ONCE = 16_000_000


@dataclasses.dataclass(frozen=True)
class Judgements:
  """Queries, documents, and which of these belong to which.

  Attributes:
    queries: Distinct texts of queries.
    documents: Distinct texts of documents.
    relevant: Numbers of the relevant documents of each query, one or more.
  """
  queries: Sequence[str]
  documents: Sequence[str]
  relevant: Sequence[Collection[int]]

  @classmethod
  def of_pairs(cls, queries: Iterable[str], documents: Iterable[str],
               others: Iterable[str] = ()) -> 'Judgements':
    """Makes them of pairs; a query may have several documents.

    Args:
      queries: Query of each pair.
      documents: Document of each pair, which is relevant to it.
      others: Documents that are relevant to none of the queries.

    Example: `Judgements.of_pairs(['who?'], ['he'], ['she']).relevant  # [{0}]`
    """
    number: dict[str, int] = {}
    relevant: dict[str, set[int]] = {}
    for query, document in zip(queries, documents, strict=True):
      row = number.setdefault(document, len(number))
      relevant.setdefault(query, set()).add(row)
    for document in others:
      number.setdefault(document, len(number))
    return cls(list(relevant), list(number), list(relevant.values()))


def score(queries: np.ndarray, documents: np.ndarray,
          relevant: Sequence[Collection[int]],
          cutoffs: Sequence[int] = CUTOFFS) -> list[metrics.Group]:
  """Scores vectors by their cosine; see `score_ranks`.

  Args:
    queries: Vectors `[queries, size]`, of any length but 0.
    documents: Vectors `[documents, size]`.
    relevant: Numbers of the relevant documents of each query.
    cutoffs: Numbers of documents that are looked at, for recall.

  Raises:
    ValueError: If they do not fit each other, or a vector is 0 or not finite.

  Example: `score(np.eye(2), np.eye(2), [[0], [1]])[0].mean  # 1.0`
  """
  return score_ranks(ranks(queries, documents, relevant), cutoffs)


def ranks(queries: np.ndarray, documents: np.ndarray,
          relevant: Sequence[Collection[int]]) -> list[np.ndarray]:
  """Returns the ranks, from 1, of each query's relevant documents, sorted.

  Arguments and errors are those of `score`.
  """
  queries, documents = (unit(vectors, what) for vectors, what in (
      (queries, 'queries'), (documents, 'documents')))
  if queries.shape[1] != documents.shape[1]:
    raise ValueError(f'Queries have {queries.shape[1]} numbers, documents '
                     f'{documents.shape[1]}.')
  if len(relevant) != len(queries):
    raise ValueError(f'There are {len(queries)} queries, and relevant documents'
                     f' of {len(relevant)}.')
  found, rows = [], max(1, _NUMBERS_AT_ONCE // len(documents))
  for first in range(0, len(queries), rows):
    similarities = queries[first:first + rows] @ documents.T
    found += [
        _ranks_of(row, _numbers(each, len(documents), first + i))
        for i, (row, each) in enumerate(zip(
            similarities, relevant[first:first + rows], strict=True))]
  return found


def score_ranks(all_ranks: Sequence[np.ndarray],
                cutoffs: Sequence[int] = CUTOFFS) -> list[metrics.Group]:
  """Returns recall at each cutoff, MRR and nDCG@10, with 95% intervals.

  Recall is the share of a query's relevant documents that are among the first
  k; MRR the mean of 1 / rank of the first.

  Args:
    all_ranks: Ranks of each query's relevant documents, sorted.
    cutoffs: Values of k.
  """
  found = {f'recall@{k}': [np.mean(ranks <= k) for ranks in all_ranks]
           for k in cutoffs}
  found['mrr'] = [1 / ranks[0] for ranks in all_ranks]
  found[f'ndcg@{_NDCG_CUTOFF}'] = [
      _gain(ranks) / _gain(np.arange(1, len(ranks) + 1))
      for ranks in all_ranks]
  return [metrics.group(name, np.asarray(values, np.float64))
          for name, values in found.items()]


def unit(vectors: np.ndarray, what: str) -> np.ndarray:
  """Returns vectors of length 1 in float32; raises ValueError for one of 0.

  Args:
    vectors: `[rows, size]`.
    what: Their name, for messages.
  """
  vectors = np.asarray(vectors, np.float32)
  if vectors.ndim != 2 or not vectors.size:
    raise ValueError(f'The {what} have the shape {vectors.shape}; vectors are '
                     '[rows, size].')
  norms = np.linalg.norm(vectors, axis=1, keepdims=True)
  bad = np.flatnonzero(~np.isfinite(norms) | (norms == 0))
  if bad.size:
    raise ValueError(f'Vector {bad[0]} (counted from 0) of the {what} is of '
                     'zeros, or no finite numbers.')
  return vectors / norms


def _numbers(relevant: Collection[int], count: int, query: int) -> np.ndarray:
  rows = np.unique(np.asarray(list(relevant), np.int64))
  if not rows.size or rows[0] < 0 or rows[-1] >= count:
    raise ValueError(
        f'Query {query} (counted from 0) has the relevant documents '
        f'{rows.tolist()[:5]}; it needs one of 0 to {count - 1} at least.')
  return rows


def _ranks_of(similarities: np.ndarray, relevant: np.ndarray) -> np.ndarray:
  """Returns the ranks of relevant documents among all, after their equals."""
  own = np.sort(similarities[relevant])[::-1]
  others = np.sort(np.delete(similarities, relevant))
  before = len(others) - np.searchsorted(others, own, side='left')
  return before + np.arange(1, len(own) + 1)


def _gain(ranks: np.ndarray) -> float:
  """Returns the discounted gain of documents at these ranks."""
  return math.fsum(1 / np.log2(1 + ranks[ranks <= _NDCG_CUTOFF]))
