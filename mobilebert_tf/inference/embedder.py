# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Vectors of many texts, by a sentence encoder."""

from collections.abc import Iterator, Sequence
import dataclasses
import hashlib
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import tokenizer as tokenizer_lib

# Enough for any processor, and little memory.
_TOKENS_AT_ONCE = 8192
_MOST_ROWS = 128
_SPECIAL = 2  # [CLS] and [SEP].


@dataclasses.dataclass
class Embedder:
  """Turns texts into vectors, in batches of texts of like length.

  Example: `registry.load_sentence_encoder('runs/mine').embed(['a text'])`

  Attributes:
    model: The sentence encoder.
    tokenizer: Its tokenizer.
    max_length: Maximum length of a text in tokens, special ones included; more
      is cut off.
    source: Where it was loaded from, for messages.
  """
  model: modeling.SentenceEncoder
  tokenizer: tokenizer_lib.Tokenizer
  max_length: int
  source: str = ''

  def __post_init__(self):
    # A [PAD] follows every text, unless no token looks at the next one.
    is_bert = isinstance(self.model.encoder, modeling.BertEncoder)
    self._padding = 0 if is_bert else 1
    self.max_length = min(
        self.max_length, self.model.max_length - self._padding)
    self._compute = tf.function(
        lambda *inputs: self.model(list(inputs), training=False),
        input_signature=[tf.TensorSpec([None, None], tf.int32, name)
                         for name in validation.INPUT_NAMES])

  @property
  def size(self) -> int:
    """Width of the vectors."""
    return self.model.size

  def embed(self, texts: Sequence[str]) -> np.ndarray:
    """Returns float32 `[texts, size]`.

    Raises:
      ValueError: If a vector is not finite.
    """
    ids = self.tokenizer.tokenize_strings(list(texts))
    vectors = np.empty([len(texts), self.size], np.float32)
    for rows in _batches([len(each) for each in ids]):
      vectors[rows] = self._compute(*self._pack([ids[i] for i in rows]))
    if not np.isfinite(vectors).all():
      raise ValueError(f'{self.source or "The model"} answers no numbers: its '
                       'weights are damaged, or it diverged.')
    return vectors

  def describe(self) -> dict[str, Any]:
    """Returns what tells its vectors from those of others, for JSON."""
    digest = hashlib.sha256()
    for weight in sorted(self.model.weights, key=lambda each: each.name):
      digest.update(weight.name.encode())
      digest.update(np.ascontiguousarray(weight).data)
    for token in self.tokenizer.vocabulary.tokens:
      digest.update(f'{token}\n'.encode())
    return {'model': self.source, 'sha256': digest.hexdigest(),
            'pooling': self.model.pooling, 'normalize': self.model.normalize,
            'lower_case': self.tokenizer.lower_case,
            'max_length': self.max_length}

  def _pack(self, ids: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Returns the model's inputs, int32 `[rows, length]`."""
    vocabulary = self.tokenizer.vocabulary
    ids = [each[:self.max_length - _SPECIAL] for each in ids]
    length = max(map(len, ids)) + _SPECIAL + self._padding
    words = np.full([len(ids), length], vocabulary.pad_id, np.int32)
    mask = np.zeros_like(words)
    for row, each in enumerate(ids):
      end = len(each) + _SPECIAL
      words[row, :end] = [vocabulary.cls_id, *each, vocabulary.sep_id]
      mask[row, :end] = 1
    return [words, mask, np.zeros_like(words)]


def _batches(lengths: Sequence[int]) -> Iterator[np.ndarray]:
  """Yields numbers of texts of like length, the longest first."""
  order = np.argsort(lengths, kind='stable')[::-1]
  while order.size:
    rows = max(1, _TOKENS_AT_ONCE // (lengths[order[0]] + _SPECIAL))
    rows = min(rows, _MOST_ROWS)
    yield order[:rows]
    order = order[rows:]
