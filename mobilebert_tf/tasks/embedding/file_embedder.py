# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Vectors of texts by an exported file, without TensorFlow."""

from collections.abc import Iterable, Sequence
import os
from typing import Any

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.data import vector_store
from mobilebert_tf.data import vector_writing
from mobilebert_tf.deployment import text_runner

_KINDS = ('embedding', 'sentence_embedding')


class FileEmbedder:
  """Turns texts into vectors as `inference.embedder.Embedder` does.

  Example: `registry.load_sentence_encoder('mine.tflite').embed(['a text'])`

  Args:
    runner: The open file.
    path: Path of the file.
    width: Number of the first entries that are the vector; None for all. They
      then have length 1.

  Raises:
    ValueError: If the file gives no vectors, or they have fewer entries.

  Attributes:
    size: Width of the vectors.
    source: Path of the file, for messages.
  """

  def __init__(self, runner: text_runner.TextRunner, path: str,
               width: int | None = None):
    kind = runner.metadata.kind
    if kind.name not in _KINDS:
      raise ValueError(f'{path} is of the task {kind.name}, and gives no '
                       'vector of a text.')
    self._runner, self.source, self._width = runner, path, width
    whole = runner.compute(['a'], None).shape[1]
    if width is not None and not 1 <= width <= whole:
      raise ValueError(f'width is {width}; vectors of {path} have {whole} '
                       'numbers.')
    self.size = width or whole

  def embed(self, texts: Sequence[str]) -> np.ndarray:
    """Returns float32 `[texts, size]`."""
    if not len(texts):
      return np.zeros([0, self.size], np.float32)
    vectors = self._runner.compute(list(texts), None)[:, :self.size]
    if self._width:
      norms = np.linalg.norm(vectors, axis=1, keepdims=True)
      vectors = vectors / np.where(norms > 0, norms, 1)
    return vectors

  def describe(self) -> dict[str, Any]:
    """Returns what tells its vectors from those of others, for JSON."""
    return {'sha256': files.digest(self.source), 'size': self.size}

  def write(self, folder: str | os.PathLike, texts: Iterable[str],
            **options: Any) -> vector_store.VectorStore:
    """Writes a store of texts and their vectors; see `vector_writing.write`.

    Args:
      folder: The folder to make.
      texts: The texts; those that repeat are embedded once.
      **options: `dtype` and `rows_per_shard`.
    """
    return vector_writing.write(
        folder, texts, self.embed, source=self.describe(), origin=self.source,
        **options)
