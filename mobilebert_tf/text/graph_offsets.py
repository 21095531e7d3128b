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

"""Tokens and the characters they stand for, found inside a graph."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_text as tf_text

from mobilebert_tf.text import tokenizer as tokenizer_lib

_ACCENT = r'\p{Mn}'
# White space that no normalising removes.
_SEPARATOR = '\n'


class GraphTokens(NamedTuple):
  """The tokens of texts, as `tokenized_texts.TokenizedTexts`.

  Attributes:
    ids: int32 `[texts, (tokens)]`.
    starts: int32 `[texts, (tokens)]`, the first character of each, in Unicode
      code points.
    ends: int32 `[texts, (tokens)]`, the character after the last.
  """
  ids: tf.RaggedTensor
  starts: tf.RaggedTensor
  ends: tf.RaggedTensor


def replace_invalid(texts: tf.Tensor) -> tf.Tensor:
  """Puts U+FFFD where bytes are not UTF-8, as Python's decoder does.

  Args:
    texts: string `[batch]`.

  Returns:
    string `[batch]`, UTF-8.

  Example: `replace_invalid(tf.constant([b'a\\xff']))  # ['a\\ufffd']`
  """
  return tf_text.coerce_to_structurally_valid_utf8(
      texts, replacement_char='\ufffd')


def tokenize(tokenizer: tokenizer_lib.Tokenizer,
             texts: tf.Tensor) -> GraphTokens:
  """Splits texts into the tokens that `tokenizer.tokenize` gives.

  It finds what `token_offsets.tokenize` finds, but that accents are those of
  TensorFlow's Unicode version, not of Python's. Time and memory grow with the
  size of all texts together.

  Args:
    tokenizer: The tokenizer.
    texts: string `[batch]`. Bytes that are not UTF-8 are replaced by U+FFFD
      first, and characters are counted in what results (`replace_invalid`).

  Returns:
    Their tokens.

  Example: `tokenize(tokenizer, tf.constant(['Où ?'])).ends  # [[2, 4]]`
  """
  texts = replace_invalid(texts)
  # As one, because the offsets of several take the memory of as many texts as
  # there are, each with the tokens of the longest.
  joined = tf.strings.reduce_join(texts, separator=_SEPARATOR)
  ids, first, last, _ = tokenizer.tokenize_with_offsets(joined[tf.newaxis])
  codes = tf.strings.unicode_decode(joined, 'UTF-8')
  ends_of_bytes, accent = _measure(tokenizer, codes)
  starts = _find(ends_of_bytes, first.values)
  # Of the last byte, because the next one may be in another text.
  ends = _skip(accent, _find(ends_of_bytes, last.values - 1) + 1)
  # === From one text to many ===
  lengths = tf.cast(tf.strings.length(texts, 'UTF8_CHAR'), tf.int64)
  begins = tf.cumsum(lengths + len(_SEPARATOR), exclusive=True)
  splits = tf.concat([tf.searchsorted(starts, begins, out_type=tf.int64),
                      tf.shape(starts, tf.int64)], 0)
  ids = tf.RaggedTensor.from_row_splits(ids.values, splits, validate=False)
  before = tf.gather(begins, tokenizer_lib.row_of_values(ids))
  return GraphTokens(ids, *(
      ids.with_values(tf.cast(place - before, tf.int32))
      for place in (starts, ends)))


def _measure(tokenizer: tokenizer_lib.Tokenizer,
             codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns what is known of each character of a text.

  Normalising treats every character by itself, as far as lengths go, so each is
  normalised once, wherever it stands.

  Args:
    tokenizer: The tokenizer.
    codes: int32 `[characters]`.

  Returns:
    int64 `[characters]`, the normalised bytes up to its end; and whether it is
    an accent, bool `[characters]`.
  """
  distinct, place = tf.unique(codes)
  characters = tf.strings.unicode_encode(distinct[:, tf.newaxis], 'UTF-8')
  normalized = tokenizer.tokenize_with_offsets(characters)[-1]
  sizes = tf.cast(tf.strings.length(normalized), tf.int64)
  return (tf.cumsum(tf.gather(sizes, place)),
          tf.gather(tf.strings.regex_full_match(characters, _ACCENT), place))


def _find(ends: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
  """Returns in which of the stretches with these ends each place is."""
  return tf.searchsorted(ends, places, side='right', out_type=tf.int64)


def _skip(accent: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
  """Returns the next character from each on, or the end, that is no accent."""
  others = tf.where(~accent)[:, 0]
  others = tf.concat([others, tf.shape(accent, tf.int64)], 0)
  return tf.gather(others, tf.searchsorted(others, places))
