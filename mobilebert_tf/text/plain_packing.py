# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Trims the tokens of a text and adds special ones, without TensorFlow."""

from collections.abc import Sequence

import numpy as np

from mobilebert_tf.text import vocabulary as vocabulary_lib


def special_tokens(segments: int) -> int:
  """Returns how many special tokens one or two segments get."""
  return segments + 1


def trim(segments: Sequence[np.ndarray], budget: int) -> list[np.ndarray]:
  """Shortens segments to a budget; see `tokenization.trim`.

  Args:
    segments: One or two int32 `[tokens]`.
    budget: How many tokens they may have together.

  Returns:
    The segments, each a prefix of what was given.

  Example:

  >>> [len(s) for s in trim([np.arange(9), np.arange(2)], 6)]
  [4, 2]
  """
  if len(segments) == 1:
    return [segments[0][:budget]]
  first, second = map(len, segments)
  # The longer one loses tokens first, of two equally long the second.
  keep = min(first, max((budget + 1) // 2, budget - second))
  return [segments[0][:keep], segments[1][:min(second, budget - keep)]]


class Packer:
  """Makes `[CLS] text [SEP]` or `[CLS] text [SEP] pair [SEP]` of tokens.

  Args:
    vocabulary: Says which the special tokens are.

  Example: `ids, types = Packer(vocabulary)([text_ids, pair_ids])`
  """

  def __init__(self, vocabulary: vocabulary_lib.Vocabulary):
    self._cls = np.array([vocabulary.cls_id], np.int32)
    self._sep = np.array([vocabulary.sep_id], np.int32)

  def __call__(self, segments: Sequence[np.ndarray]
               ) -> tuple[np.ndarray, np.ndarray]:
    """Adds special tokens, and says which segment each token is of.

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
    types = np.repeat(np.arange(len(segments), dtype=np.int32), sizes)
    return np.concatenate(parts).astype(np.int32), types
