# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Real texts as a model's inputs, to calibrate an export with."""

from collections.abc import Sequence

import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.inference import loading
from mobilebert_tf.text import tokenizer as tokenizer_lib

_TEXTS_AT_ONCE = 16

Inputs = dict[str, tf.Tensor]


def batches(trained: loading.TrainedModel, texts: agreement.RealTexts, *,
            rows: int = _TEXTS_AT_ONCE, length: int | None = None,
            most: int | None = None) -> list[Inputs]:
  """Encodes texts as the model reads them.

  Args:
    trained: The model.
    texts: The texts, or questions and contexts, of which every window counts.
    rows: Number of texts in one batch.
    length: Length of all batches in tokens; None for that of the longest text
      and a [PAD] each. Texts that are longer lose their ends.
    most: Number of texts or windows, evenly from all; None for all.

  Returns:
    The model's inputs by name, int32 `[rows, length]`.

  Example: `batches(registry.load('runs/sst2'), RealTexts(['a', 'b']))`
  """
  return trained.kind.encode(
      trained, texts, rows=rows, length=length, most=most)


def encode_texts(trained: loading.TrainedModel, texts: agreement.RealTexts, *,
                 rows: int, length: int | None,
                 most: int | None) -> list[Inputs]:
  """Encodes texts, or pairs of texts, that are read in one piece.

  Args: Those of `batches`.

  Returns:
    As `batches`.
  """
  tokenizer = tokenizer_lib.Tokenizer(trained.vocab_file, trained.lower_case)
  longest = trained.max_length
  if length is not None:
    longest = min(longest, length - 1)
  return [
      tokenizer.encode([texts.texts[i] for i in part],
                       texts.pairs and [texts.pairs[i] for i in part],
                       max_length=longest, length=length)
      for part in row_batches(len(texts), rows, most)
  ]


def row_batches(count: int, rows: int,
                most: int | None) -> list[Sequence[int]]:
  """Returns batches of row numbers.

  Args:
    count: Number of all rows.
    rows: Number of rows in one batch.
    most: Number of rows to take, evenly from all; None for all.
  """
  chosen = _spread(count, most)
  return [chosen[i:i + rows] for i in range(0, len(chosen), rows)]


def _spread(count: int, most: int | None) -> Sequence[int]:
  """Returns so many row numbers of all, evenly."""
  if most is None or most >= count:
    return range(count)
  return [i * count // most for i in range(most)]
