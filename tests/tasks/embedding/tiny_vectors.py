# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts of made-up words whose vectors follow from their words."""

from collections.abc import Sequence
import json
import pathlib

import numpy as np

from mobilebert_tf.data import vector_writing

SIZE = 8
_WORDS = 24


def texts(count: int, seed: int = 0) -> list[str]:
  """Returns distinct texts of three to five of the words w1 to w24."""
  rng, found = np.random.default_rng(seed), {}
  while len(found) < count:
    size = rng.integers(3, 6)
    words = rng.integers(1, _WORDS + 1, size)
    found[' '.join(f'w{word}' for word in words)] = True
  return list(found)


def vectors(found: Sequence[str]) -> np.ndarray:
  """Returns a teacher's vectors, float32 `[texts, SIZE]`: sums of words'."""
  table = np.random.default_rng(7).normal(size=[_WORDS + 1, SIZE])
  summed = np.stack([sum(table[int(word[1:])] for word in text.split())
                     for text in found])
  return np.float32(summed / np.linalg.norm(summed, axis=-1, keepdims=True))


def write_store(folder: pathlib.Path, count: int) -> str:
  """Writes texts with their vectors."""
  vector_writing.write(folder, texts(count), vectors,
                       source={'teacher': 'made up'}, rows_per_shard=100)
  return str(folder)


def write_scored(path: pathlib.Path, count: int) -> str:
  """Writes a TSV file of pairs with scores from 0 to 5."""
  first, second = texts(count, 1), texts(count, 2)
  scores = 2.5 * (1 + np.sum(vectors(first) * vectors(second), axis=-1))
  lines = ['one\tother\tscore', *(f'{a}\t{b}\t{score:.4f}' for a, b, score in
                                  zip(first, second, scores, strict=True))]
  path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
  return str(path)


def write_triplets(path: pathlib.Path, count: int) -> str:
  """Writes JSON lines of a text, the same words turned, and another text."""
  path.write_text(''.join(
      json.dumps({'one': text, 'other': ' '.join(text.split()[::-1]),
                  'far': far}) + '\n'
      for text, far in zip(texts(count, 1), texts(count, 3), strict=True)),
                  encoding='utf-8')
  return str(path)
