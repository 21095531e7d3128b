# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Words as MediaPipe Tasks finds them, which BERT would find otherwise.

Its tokenizer lower-cases A to Z only, keeps accents, control characters and all
white space beyond ASCII, and takes a word of more than 100 bytes for unknown
(`bert_preprocessor_calculator.cc`, `bert_tokenizer.h`).
"""

from collections.abc import Sequence
import re
import string
import typing
import unicodedata

from mobilebert_tf.text import words

if typing.TYPE_CHECKING:
  import tensorflow as tf

LONGEST_WORD = 100  # In bytes of UTF-8.
SPACE = r'[\t\n\f\r ]+'

# MediaPipe's, but for blocks of Chinese characters that follow each other.
_SIGN = (r'[!-/:-@\[-`{-~\p{P}'
         + ''.join(rf'\x{{{a:x}}}-\x{{{b:x}}}' for a, b in words.CJK) + ']')
_DELIMITER = rf'\s+|{_SIGN}'
# Words that may be too long: a character has 4 bytes at most.
_LONG_WORD = re.compile(rf'[^\t\n\f\r ]{{{LONGEST_WORD // 4 + 1},}}')
_UNKNOWN = '\uffff'  # No character, so no vocabulary has it.


# === In the graph ===


class GraphSplitter:
  """Splits texts into WordPieces by TensorFlow operations.

  The operations are those that MediaPipe calls.

  Args:
    tokens: The vocabulary, in the order of the ids.
  """

  def __init__(self, tokens: Sequence[str]):
    import tensorflow as tf
    import tensorflow_text as tf_text
    self._text = tf_text
    self._pieces = tf_text.FastWordpieceTokenizer(
        vocab=list(tokens), token_out_type=tf.int32,
        max_bytes_per_word=LONGEST_WORD, no_pretokenization=True)

  def normalize(self, texts: 'tf.Tensor') -> 'tf.Tensor':
    """Lower-cases A to Z, and drops NUL, which the search would end at."""
    import tensorflow as tf
    return tf.strings.lower(tf.strings.regex_replace(texts, r'\x{0}+', ''))

  def split(self, texts: 'tf.Tensor') -> 'tf.RaggedTensor':
    """Returns the ids of normalized texts, int32 `[texts, (tokens)]`."""
    found = self._text.regex_split(texts, _DELIMITER, _SIGN)
    return self._pieces.tokenize(found).merge_dims(1, 2)

  def split_joined(self, text: 'tf.Tensor'
                   ) -> tuple['tf.Tensor', 'tf.Tensor', 'tf.Tensor']:
    """Splits a normalized text `[1]`.

    Returns ids, first bytes and bytes after the last, each `[tokens]`.
    """
    import tensorflow as tf
    found, begins, _ = self._text.regex_split_with_offsets(
        text, _DELIMITER, _SIGN)
    ids, starts, ends = self._pieces.tokenize_with_offsets(found)
    before = tf.repeat(begins.values, ids.values.row_lengths())
    return (ids.flat_values, starts.flat_values + before,
            ends.flat_values + before)


# === Without TensorFlow ===


def normalize(text: str) -> str:
  """Lower-cases A to Z and separates signs; words too long become unknown.

  A character becomes as many as it becomes alone.
  """
  text = text.translate(_SPACING)
  return _LONG_WORD.sub(_hide_long, text)


def _hide_long(found: re.Match) -> str:
  word = found[0]
  if len(word.encode('utf-8', 'replace')) <= LONGEST_WORD:
    return word
  return _UNKNOWN * len(word)


class _Spacing(dict):
  """A table for `str.translate`, filled as characters are met."""

  def __missing__(self, code: int) -> str:
    character = chr(code)
    if (unicodedata.category(character)[0] == 'P'
        or character in string.punctuation
        or any(first <= code <= last for first, last in words.CJK)):
      character = f' {character} '
    elif character in string.ascii_uppercase:
      character = character.lower()
    elif not code or unicodedata.category(character) == 'Cs':
      character = ''
    self[code] = character
    return character


_SPACING = _Spacing()
