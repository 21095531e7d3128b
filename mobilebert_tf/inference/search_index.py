# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Exact search for the nearest vectors: numpy, or faiss where there are many.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mobilebert_tf.common import notices
from mobilebert_tf.data import vector_store

# numpy keeps up with faiss until here.
LARGEST_OF_NUMPY = 100_000
_ROWS_AT_ONCE = 50_000
_NUMBERS_AT_ONCE = 16_000_000

Vectors = np.ndarray | vector_store.Rows


class SearchIndex:
  """The vectors of documents, by their direction.

  Args:
    vectors: Vectors `[documents, size]`, of any length but 0; in memory or not.

  Example: `SearchIndex(np.eye(3)).search(np.eye(3)[:1], 2)[1]  # [[0, 1]]`
  """

  def __init__(self, vectors: Vectors):
    self._count, self._size = vectors.shape
    self._index = _faiss_index(vectors)
    self._vectors = None if self._index else np.concatenate(
        list(_unit_blocks(vectors)))

  def __len__(self) -> int:
    return self._count

  def search(self, queries: np.ndarray,
             count: int) -> tuple[np.ndarray, np.ndarray]:
    """Finds the nearest documents of each query.

    Args:
      queries: Vectors `[queries, size]`.
      count: Number of documents to find; at most as many as there are.

    Returns:
      Cosines, float32, and numbers of documents, int64, both `[queries,
      count]`, the nearest first, and of equals the first first.

    Raises:
      ValueError: If vectors have another width, or `count` is less than 1.
    """
    queries = np.asarray(queries, np.float32)
    if queries.ndim != 2 or queries.shape[1] != self._size:
      raise ValueError(f'Queries are {queries.shape}; documents have '
                       f'vectors of {self._size} numbers, by the same model.')
    if count < 1:
      raise ValueError(f'{count} documents are asked for; 1 is the least.')
    count = min(count, self._count)
    queries = unit(queries)
    if self._index:
      cosines, rows = self._index.search(queries, count)
    else:
      cosines, rows = self._search(queries, count)
    order = np.lexsort((rows, -cosines))
    return tuple(np.take_along_axis(each, order, 1) for each in (cosines, rows))

  def _search(self, queries: np.ndarray,
              count: int) -> tuple[np.ndarray, np.ndarray]:
    found, at_once = [], max(1, _NUMBERS_AT_ONCE // self._count)
    for first in range(0, len(queries), at_once):
      cosines = queries[first:first + at_once] @ self._vectors.T
      rows = np.argpartition(-cosines, count - 1)[:, :count]
      found.append((np.take_along_axis(cosines, rows, 1), rows))
    if not found:
      return np.zeros([0, count], np.float32), np.zeros([0, count], np.int64)
    return tuple(np.concatenate(each) for each in zip(*found, strict=True))


def unit(vectors: np.ndarray) -> np.ndarray:
  """Returns vectors of length 1, and 0 for 0, float32 `[rows, size]`."""
  vectors = np.asarray(vectors, np.float32)
  norms = np.linalg.norm(vectors, axis=1, keepdims=True)
  return vectors / np.where(norms > 0, norms, 1)


def _unit_blocks(vectors: Vectors) -> Iterator[np.ndarray]:
  for first in range(0, len(vectors), _ROWS_AT_ONCE):
    yield unit(vectors[first:first + _ROWS_AT_ONCE])


def _faiss_index(vectors: Vectors) -> Any:
  """Returns an index of faiss, or None for few vectors or without faiss."""
  if len(vectors) <= LARGEST_OF_NUMPY:
    return None
  try:
    import faiss
  except ImportError:
    notices.tell(f'{len(vectors):,} documents are searched by numpy. faiss is '
                 'faster: pip install mobilebert_tf[search].')
    return None
  index = faiss.IndexFlatIP(vectors.shape[1])
  for block in _unit_blocks(vectors):
    index.add(block)
  return index
