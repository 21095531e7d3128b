# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Trims the tokens of texts and adds special tokens, without TensorFlow."""

from collections.abc import Sequence
import types
from typing import Any

import numpy as np

from mobilebert_tf.text import vocabulary as vocabulary_lib


def special_tokens(segments: int) -> int:
  """Returns the number of special tokens of one or two segments."""
  return segments + 1


def kept_lengths(first: Any, second: Any, budget: int,
                 ops: types.ModuleType = np) -> tuple[Any, Any]:
  """Returns the lengths to which BERT shortens two segments.

  BERT drops tokens from the first segment only while it is strictly longer, so
  the first keeps the odd token. A short segment leaves its share to the other.

  Args:
    first: Length of the first segment, or many lengths.
    second: Length of the second segment, of the same shape.
    budget: Maximum length of both together.
    ops: `numpy` or `tensorflow`, whatever the lengths belong to.

  Returns:
    The new lengths of both.

  Example:

  >>> [int(length) for length in kept_lengths(9, 2, 6)]
  [4, 2]
  """
  keep = ops.minimum(first, ops.maximum(budget - second, (budget + 1) // 2))
  return keep, ops.minimum(second, budget - keep)


def trim(segments: Sequence[np.ndarray], budget: int) -> list[np.ndarray]:
  """Shortens segments to a budget, the longer one first.

  Args:
    segments: One or two int32 `[tokens]`.
    budget: Maximum number of tokens in both together.

  Returns:
    The segments, each a prefix of what was given.

  Example:

  >>> [len(s) for s in trim([np.arange(9), np.arange(2)], 6)]
  [4, 2]
  """
  if len(segments) == 1:
    return [segments[0][:budget]]
  lengths = kept_lengths(*map(len, segments), budget)
  return [segment[:length]
          for segment, length in zip(segments, lengths, strict=True)]


class Packer:
  """Makes `[CLS] text [SEP]` or `[CLS] text [SEP] pair [SEP]` of tokens.

  Args:
    vocabulary: The vocabulary with the special tokens.

  Example: `ids, types = Packer(vocabulary)([text_ids, pair_ids])`
  """

  def __init__(self, vocabulary: vocabulary_lib.Vocabulary):
    self._cls = np.array([vocabulary.cls_id], np.int32)
    self._sep = np.array([vocabulary.sep_id], np.int32)

  def __call__(self, segments: Sequence[np.ndarray]
               ) -> tuple[np.ndarray, np.ndarray]:
    """Adds special tokens and numbers the segment of each token.

    Args:
      segments: One or two int32 `[tokens]`.

    Returns:
      Ids and type ids, int32 `[tokens]`, without padding.
    """
    parts = [self._cls]
    for segment in segments:
      parts += [segment, self._sep]
    sizes = [len(segment) + 1 for segment in segments]
    sizes[0] += 1
    type_ids = np.repeat(np.arange(len(segments), dtype=np.int32), sizes)
    return np.concatenate(parts).astype(np.int32), type_ids
