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

"""Text to WordPiece ids in the TensorFlow graph, for training and serving."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text

from mobilebert_tf.text import vocabulary as vocabulary_lib

# What BERT removes: NUL, U+FFFD, and control and format characters, except
# tab, newline and carriage return, which are white space to it.
_REMOVED = (r'[\x{0}-\x{8}\x{b}\x{c}\x{e}-\x{1f}\x{7f}-\x{9f}'
            r'\p{Cf}\x{fffd}]+')
_ACCENTS = r'\p{Mn}+'


class Tokenizer(tf.Module):
  """BERT's tokenizer as TensorFlow operations.

  It gives the ids that Google's BERT gives. `FastBertTokenizer` does the
  splitting; its own normaliser is not used, because it folds `…` into three
  full stops and `½` into `1⁄2`, and turns control characters into spaces, where
  BERT keeps the former and drops the latter.

  Works eagerly, in `tf.data` and in a SavedModel, where it needs the operations
  of `tensorflow_text` (import it before loading).

  Example:

    tokenizer = Tokenizer('vocab.txt')
    inputs = tokenizer.encode(['how far is it', 'yes'], max_length=128)
    inputs['input_word_ids'].shape  # [2, 7]: the longest text (6) plus one

  Attributes:
    vocabulary: The `Vocabulary`.
    vocab_size: How many tokens it has.
  """

  def __init__(self,
               vocab_file: str | os.PathLike,
               lower_case: bool = True,
               name: str | None = None):
    """Reads the vocabulary.

    Args:
      vocab_file: BERT's `vocab.txt`.
      lower_case: Whether to lower-case and strip accents.
      name: Of the module.

    Raises:
      ValueError: If the vocabulary is not sound; see `Vocabulary.read`.
    """
    super().__init__(name=name)
    self._vocabulary = vocabulary_lib.Vocabulary.read(vocab_file)
    self.lower_case = lower_case
    # `lower_case_nfd_strip_accents=False`: see `_normalize`.
    self._splitter = tf_text.FastBertTokenizer(
        vocab=list(self._vocabulary.tokens),
        token_out_type=tf.int32,
        lower_case_nfd_strip_accents=False)

  @property
  def vocabulary(self) -> vocabulary_lib.Vocabulary:
    return self._vocabulary

  @property
  def vocab_size(self) -> int:
    return len(self._vocabulary)

  def tokenize(self, texts: Any) -> tf.RaggedTensor:
    """Splits texts into WordPieces, without special tokens.

    Args:
      texts: string `[batch]`. Bytes that are not UTF-8 are dropped.

    Returns:
      int32 `[batch, (tokens)]`.
    """
    texts = tf.convert_to_tensor(texts, tf.string)
    if texts.shape.rank != 1:
      raise ValueError('Texts to tokenize have shape [batch]; these have shape '
                       f'{texts.shape}.')
    return self._splitter.tokenize(self._normalize(texts))

  def tokenize_strings(self, texts: Sequence[str]) -> list[np.ndarray]:
    """Splits Python strings, several times as fast as `tokenize`.

    Most text is plain ASCII, which needs no normalising but lower case.

    Args:
      texts: The strings.

    Returns:
      int32 `[tokens]` for each, what `tokenize` gives.
    """
    plain = [i for i, text in enumerate(texts)
             if text.isascii() and text.isprintable()]
    simple = [texts[i].lower() if self.lower_case else texts[i] for i in plain]
    result: list[Any] = [None] * len(texts)
    _place(result, plain, self._splitter.tokenize(
        tf.constant(simple, tf.string)))
    rest = [i for i, ids in enumerate(result) if ids is None]
    if rest:
      _place(result, rest, self.tokenize(
          [texts[i].encode('utf-8', 'ignore') for i in rest]))
    return result

  def tokenize_with_offsets(
      self, texts: Any
  ) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor, tf.Tensor]:
    """Splits texts into WordPieces and says where in the normalised text.

    `token_offsets` makes places in the original of these.

    Args:
      texts: string `[batch]`.

    Returns:
      int32 ids, as `tokenize` gives; int64 first byte and byte after the last,
      each `[batch, (tokens)]`; and the normalised texts, string `[batch]`.
    """
    normalized = self._normalize(tf.convert_to_tensor(texts, tf.string))
    return *self._splitter.tokenize_with_offsets(normalized), normalized

  def encode(self,
             texts: Any,
             pairs: Any = None,
             *,
             max_length: int,
             length: int | None = None) -> dict[str, tf.Tensor]:
    """Makes the three inputs of BERT: `[CLS] text [SEP]`, `pair [SEP]`.

    A batch is padded to at least one token more than its longest text, so that
    no text's answer depends on what it is batched with.

    Args:
      texts: string `[batch]`.
      pairs: string `[batch]`, or None for single texts.
      max_length: How many tokens to keep, special tokens included. Of a pair
        the longer text loses tokens first, from its end; of two equally long
        the second.
      length: The length of the result; None for that of the longest text in
        the batch plus one.

    Returns:
      `input_word_ids`, `input_mask`, `input_type_ids`, each int32
      `[batch, length]`.

    Raises:
      ValueError: If `max_length` leaves no room for text, or for one [PAD]
        within `length`.
    """
    special = 2 if pairs is None else 3
    if max_length <= special:
      raise ValueError(f'max_length is {max_length}, but the special tokens '
                       f'alone take {special}: it has to be larger.')
    if length is not None and max_length > length - 1:
      raise ValueError(
          f'max_length is {max_length} and length {length}: max_length can be '
          f'at most {length - 1}, because at least one [PAD] follows a text.')
    segments = [self.tokenize(texts)]
    if pairs is not None:
      segments.append(self.tokenize(pairs))
    return self.pack(trim(segments, max_length - special), length)

  def pack(self,
           segments: list[tf.RaggedTensor],
           length: int | tf.Tensor | None = None) -> dict[str, tf.Tensor]:
    """Adds special tokens and padding to one or two trimmed segments.

    Args:
      segments: One or two int32 `[batch, (tokens)]`.
      length: As for `encode`; may be a scalar tensor.

    Returns:
      As `encode`.
    """
    words, types = tf_text.combine_segments(
        segments,
        start_of_sequence_id=self.vocabulary.cls_id,
        end_of_segment_id=self.vocabulary.sep_id)
    if length is None:
      length = words.bounding_shape(axis=1) + 1
    mask = tf.ones_like(words)
    return {
        'input_word_ids': _pad(words, length, self.vocabulary.pad_id),
        'input_mask': _pad(mask, length),
        'input_type_ids': _pad(types, length),
    }

  def _normalize(self, texts: tf.Tensor) -> tf.Tensor:
    """Cleans, lower-cases and strips accents, as BERT does before splitting."""
    texts = tf_text.coerce_to_structurally_valid_utf8(
        texts, replacement_char='\ufffd')
    texts = tf.strings.regex_replace(texts, _REMOVED, '')
    if not self.lower_case:
      return texts
    texts = tf.strings.lower(texts, encoding='utf-8')
    texts = tf_text.normalize_utf8(texts, 'NFD')
    return tf.strings.regex_replace(texts, _ACCENTS, '')


def trim(segments: list[tf.RaggedTensor],
         budget: int) -> list[tf.RaggedTensor]:
  """Shortens segments to a budget as BERT does: the longest loses first.

  Args:
    segments: One or two int32 `[batch, (tokens)]`.
    budget: How many tokens they may have together.

  Returns:
    The segments, each a prefix of what was given.
  """
  if len(segments) == 1:
    return [segments[0][:, :budget]]
  first, second = (s.row_lengths() for s in segments)
  # BERT drops from the first only while it is strictly longer, so the first
  # keeps the odd token; a short text leaves its share to the other.
  budget = tf.constant(budget, tf.int64)
  half = (budget + 1) // 2
  keep_first = tf.minimum(first, tf.maximum(half, budget - second))
  keep_second = tf.minimum(second, budget - keep_first)
  return [_prefix(segments[0], keep_first), _prefix(segments[1], keep_second)]


def row_of_values(ragged: tf.RaggedTensor) -> tf.Tensor:
  """Returns the row of each value, int64 `[values]`.

  `value_rowids` needs memory for as many values in every row as the longest
  has, which is too much for a book among ten thousand notes.

  Args:
    ragged: `[rows, (values)]`.

  Example: `row_of_values(tf.ragged.constant([[5, 6], [], [7]]))  # [0, 0, 2]`
  """
  places = tf.range(tf.shape(ragged.values, tf.int64)[0])
  return tf.searchsorted(
      ragged.row_limits(), places, side='right', out_type=tf.int64)


def _place(result: list[Any], places: list[int],
           ids: tf.RaggedTensor) -> None:
  """Puts the rows of a ragged tensor into places of a list."""
  values, splits = ids.values.numpy(), ids.row_splits.numpy().tolist()
  for place, start, end in zip(places, splits, splits[1:], strict=False):
    result[place] = values[start:end]


def _prefix(ragged: tf.RaggedTensor, lengths: tf.Tensor) -> tf.RaggedTensor:
  """Keeps the first `lengths[i]` values of each row."""
  rows = row_of_values(ragged)
  place = tf.range(tf.size(rows, out_type=tf.int64)) - tf.gather(
      ragged.row_starts(), rows)
  kept = place < tf.gather(lengths, rows)
  return tf.RaggedTensor.from_row_lengths(
      tf.boolean_mask(ragged.values, kept), lengths, validate=False)


def _pad(ragged: tf.RaggedTensor, length: int | tf.Tensor,
         value: int = 0) -> tf.Tensor:
  """Returns `[batch, length]`, of static length where it is a number."""
  if not tf.is_tensor(length):
    shape = [None, length]
  else:
    shape = tf.stack([ragged.nrows(), tf.cast(length, tf.int64)])
  dense = ragged.to_tensor(tf.constant(value, ragged.dtype), shape=shape)
  return tf.ensure_shape(
      dense, [None, None if tf.is_tensor(length) else length])
