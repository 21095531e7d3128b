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

"""Tokens and the characters of the original text that they stand for."""

from collections.abc import Sequence
import unicodedata

import numpy as np
import tensorflow as tf

from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import tokenizer as tokenizer_lib

# At once, all texts as long as the longest; a longer text has its own call.
_CHARACTERS_A_CALL = 4_000_000
_CODE_POINTS = 0x110000


def tokenize(tokenizer: tokenizer_lib.Tokenizer,
             texts: Sequence[str]) -> plain_tokenizer.TokenizedTexts:
  """Splits texts into the tokens that `tokenizer.tokenize` gives.

  Example:

    tokens = tokenize(tokenizer, ['Où est-il ?'])
    'Où est-il ?'[tokens.starts[0]:tokens.ends[0]]  # 'Où'

  Args:
    tokenizer: The tokenizer.
    texts: The texts. Halves of surrogate pairs are dropped.

  Returns:
    Their tokens.
  """
  parts = [_tokenize(tokenizer, part) for part in _batches(texts)]
  lengths = [part.lengths for part in parts]
  return plain_tokenizer.TokenizedTexts(
      *(np.concatenate([getattr(part, name) for part in parts]
                       or [np.zeros([0], np.int32)])
        for name in ('ids', 'starts', 'ends')),
      np.concatenate([[0], *lengths]).cumsum().astype(np.int64))


def ragged_ids(tokens: plain_tokenizer.TokenizedTexts) -> tf.RaggedTensor:
  """Returns the ids of texts as int32 `[texts, (tokens)]`."""
  return tf.RaggedTensor.from_row_splits(tokens.ids, tokens.splits,
                                         validate=False)


def _batches(texts: Sequence[str]) -> list[list[str]]:
  """Returns the texts in batches that fit into memory.

  What splits them takes as much of it for each as for the longest of a batch.
  """
  batches: list[list[str]] = []
  longest = 0
  for text in texts:
    longest = max(longest, len(text))
    if not batches or longest * (len(batches[-1]) + 1) > _CHARACTERS_A_CALL:
      batches.append([])
      longest = len(text)
    batches[-1].append(text)
  return batches


def _tokenize(tokenizer: tokenizer_lib.Tokenizer,
              texts: list[str]) -> plain_tokenizer.TokenizedTexts:
  ids, first, last, normalized = tokenizer.tokenize_with_offsets(
      [_encode(text) for text in texts])
  # Where each text begins among the characters, or the bytes, of all.
  text_starts = np.cumsum([0, *map(len, texts)])
  byte_starts = np.cumsum([0, *tf.strings.length(normalized).numpy()])
  codes = np.frombuffer(
      ''.join(texts).encode('utf-32-le', 'surrogatepass'), '<u4')
  characters = _characters_of_bytes(tokenizer, codes)
  if len(characters) != byte_starts[-1]:
    raise AssertionError('Normalising changed characters by their neighbours.')
  splits = ids.row_splits.numpy()
  text = np.repeat(np.arange(len(texts)), np.diff(splits))
  starts = characters[first.values.numpy() + byte_starts[text]]
  # Of the last byte, because the next one may be in another text.
  ends = characters[last.values.numpy() - 1 + byte_starts[text]] + 1
  ends = np.minimum(_skip_accents(codes)[ends], text_starts[text + 1])
  return plain_tokenizer.TokenizedTexts(ids.values.numpy(),
                        (starts - text_starts[text]).astype(np.int32),
                        (ends - text_starts[text]).astype(np.int32), splits)


def _characters_of_bytes(tokenizer: tokenizer_lib.Tokenizer,
                         codes: np.ndarray) -> np.ndarray:
  """Returns the character that each normalised byte comes from.

  Normalising treats every character by itself, as far as lengths go.
  """
  distinct = np.unique(codes)
  normalized = tokenizer.tokenize_with_offsets(
      [_encode(chr(code)) for code in distinct])[-1]
  sizes = np.zeros([_CODE_POINTS], np.int32)
  sizes[distinct] = tf.strings.length(normalized).numpy()
  return np.repeat(np.arange(len(codes)), sizes[codes])


def _skip_accents(codes: np.ndarray) -> np.ndarray:
  """Returns the next character from each on, or the end, that is no accent."""
  accents = np.array([code for code in np.unique(codes)
                      if unicodedata.category(chr(code)) == 'Mn'], '<u4')
  places = np.arange(len(codes) + 1)
  places[:-1][np.isin(codes, accents)] = len(codes)
  return np.minimum.accumulate(places[::-1])[::-1]


def _encode(text: str) -> bytes:
  return text.encode('utf-8', 'ignore')
