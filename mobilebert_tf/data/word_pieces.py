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

"""Words to WordPieces, with a mark on the first piece of each word."""

from collections.abc import Sequence
import dataclasses
import itertools

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import tokenization


@dataclasses.dataclass(frozen=True)
class SentenceParts:
  """Sentences in pieces, cut where they are longer than a model reads.

  The first pieces of all parts, one after another, are the words of all
  sentences, each once and in order.

  Attributes:
    pieces: int32 `[parts, (pieces)]`, without special tokens.
    is_first: bool `[parts, (pieces)]`, whether a word begins there.
    sentences: int32 `[parts]`, which sentence each is of.
  """
  pieces: tf.RaggedTensor
  is_first: tf.RaggedTensor
  sentences: np.ndarray


def split_words(tokenizer: tokenization.Tokenizer,
                sentences: Sequence[Sequence[str]],
                max_length: int) -> SentenceParts:
  """Splits the words of sentences into WordPieces.

  A word without pieces, because all of it is control characters, becomes
  `[UNK]`. A sentence that is too long is cut between words into parts of about
  the same length; a word that is too long by itself loses its end.

  Example:

    parts = split_words(tokenizer, [['Jim', 'lives']], max_length=128)
    parts.is_first.to_list()  # [[True, True]]

  Args:
    tokenizer: The tokenizer.
    sentences: The words of each.
    max_length: How many tokens a part may have, two special ones included.

  Returns:
    The parts.
  """
  budget = max_length - 2
  words = list(itertools.chain.from_iterable(sentences))
  pieces = _pieces(tokenizer, words, budget)
  lengths = np.array([len(p) for p in pieces], np.int64)
  ends = np.cumsum(lengths)  # Of words, in pieces.
  starts = np.concatenate([[0], ends]).astype(np.int64)
  part_lengths, part_sentences, word = [], [], 0
  for number, sentence in enumerate(sentences):
    last = word + len(sentence)
    for start, end in _parts(lengths[word:last], budget):
      part_lengths.append(starts[word + end] - starts[word + start])
      part_sentences.append(number)
    word = last
  is_first = np.zeros(starts[-1], bool)
  is_first[starts[:-1]] = True
  values = np.concatenate([np.zeros([0], np.int32), *pieces])
  rows = tf.constant(part_lengths, tf.int64)
  return SentenceParts(
      tf.RaggedTensor.from_row_lengths(values, rows),
      tf.RaggedTensor.from_row_lengths(is_first, rows),
      np.array(part_sentences, np.int32))


def _pieces(tokenizer: tokenization.Tokenizer, words: list[str],
            budget: int) -> list[np.ndarray]:
  """Returns at least one piece of each word, and at most `budget`."""
  unknown = np.array([tokenizer.vocabulary.unk_id], np.int32)
  distinct = list(dict.fromkeys(words))
  ids = tokenizer.tokenize_strings(distinct)
  known = {word: found[:budget] if len(found) else unknown
           for word, found in zip(distinct, ids, strict=True)}
  return [known[word] for word in words]


def _parts(lengths: np.ndarray, budget: int) -> list[tuple[int, int]]:
  """Returns where the parts of a sentence begin and end, in words."""
  total = int(lengths.sum())
  if total <= budget:
    return [(0, len(lengths))] if total else []
  # As many as must be, and alike: a short rest would lack its context.
  target = total / -(-total // budget)
  parts, start, size = [], 0, 0
  for place, length in enumerate(lengths):
    if size and (size + length > budget or size >= target):
      parts.append((start, place))
      start, size = place, 0
    size += int(length)
  return [*parts, (start, len(lengths))]
