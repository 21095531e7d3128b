# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Vectors of texts by a trained sentence encoder, and of lines of text."""

from typing import Any

import numpy as np

from mobilebert_tf.inference import embedder
from mobilebert_tf.inference import line_answers
from mobilebert_tf.inference import loading
from mobilebert_tf.text import tokenizer as tokenizer_lib

_SPECIAL = 2


def build(trained: loading.TrainedModel) -> embedder.Embedder:
  """Returns what turns texts into the vectors of a model.

  Example: `build(registry.load('runs/mine')).embed(['a text'])`
  """
  return embedder.Embedder(
      trained.model, tokenizer_lib.Tokenizer.of(trained), trained.max_length)


class VectorLineAnswerer(line_answers.LineAnswerer):
  """Answers a line with its `vector`.

  An answer has `truncated: true` if the model did not read the end of a text.

  Args:
    trained: A sentence encoder.
    batch_size: Not used; texts are computed by their number of tokens.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    super().__init__(trained)
    del batch_size
    self._embedder = build(trained)

  def _check(self, fields: dict[str, Any]) -> str:
    if 'pair' in fields:
      return 'There is a "pair", but a vector is of one text.'
    return line_answers.check_strings(fields, ['text'])

  def _answer(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    texts = [line['text'] for line in lines]
    try:
      vectors = self._embedder.embed(texts)
    except ValueError:
      return [{'error': line_answers.DAMAGED} for _ in texts]
    most = self._embedder.max_length - _SPECIAL
    lengths = map(len, self._embedder.tokenizer.tokenize_strings(texts))
    return [{'vector': _rounded(vector),
             **({'truncated': True} if length > most else {})}
            for vector, length in zip(vectors, lengths, strict=True)]


def _rounded(vector: np.ndarray) -> list[float]:
  """Returns the digits that float32 has."""
  return [float(f'{value:.7g}') for value in vector]
