# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""How vectors are spread, and which texts lie near each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mobilebert_tf.evaluation import analysis

_NEIGHBOURS, _QUERIES = 3, 8
# Of more texts neighbours are sought among some.
_MOST_TEXTS = 5000


def units(vectors: np.ndarray) -> np.ndarray:
  """Returns vectors of length 1, float64; those of zeros stay."""
  vectors = vectors.astype(np.float64)
  lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
  return vectors / np.maximum(lengths, 1e-12)


def describe(texts: Sequence[str], vectors: np.ndarray) -> dict[str, Any]:
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
  texts, rows = list(texts)[::step], units(vectors[::step])
  count, centred = len(rows), rows - rows.mean(0)
  covariance = centred.T @ centred
  spread = float(np.sum(covariance ** 2))
  total = float(np.sum(np.square(rows.sum(0))))
  queries = range(0, count, max(1, count // _QUERIES))[:_QUERIES]
  return {
      'size': rows.shape[1], 'texts': count,
      'mean_similarity': (total - count) / max(count * (count - 1), 1),
      'effective_dimensions':
          float(np.trace(covariance)) ** 2 / spread if spread else 0.0,
      'neighbours': [_nearest(texts, rows, row) for row in queries],
  }


def _nearest(texts: Sequence[str], rows: np.ndarray,
             row: int) -> dict[str, Any]:
  found = rows @ rows[row]
  nearest = [other for other in np.argsort(-found, kind='stable')
             if other != row][:_NEIGHBOURS]
  return {'text': analysis.cut(texts[row]), 'nearest': [
      {'text': analysis.cut(texts[other]), 'cosine': found[other]}
      for other in nearest]}
