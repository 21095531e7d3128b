# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Text to WordPiece ids in the TensorFlow graph, for training and serving."""

import os
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text

from mobilebert_tf.text import packing
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import vocabulary as vocabulary_lib

# Characters that BERT removes: NUL, U+FFFD, and control and format characters,
# except tab, newline and carriage return, which are white space to it.
_REMOVED = (r'[\x{0}-\x{8}\x{b}\x{c}\x{e}-\x{1f}\x{7f}-\x{9f}'
            r'\p{Cf}\x{fffd}]+')
_ACCENT = r'\p{Mn}'
# White space that normalizing keeps.
_SEPARATOR = '\n'
_SURROGATES = re.compile('[\ud800-\udfff]')
# Characters that are tokenized with offsets in one call; a longer text has its
# own.
_CHARACTERS_A_CALL = 4_000_000


class TokenTensors(NamedTuple):
  """The tokens of texts and the characters they stand for, as tensors.

  Attributes:
    ids: int32 `[texts, (tokens)]`.
    starts: int32 `[texts, (tokens)]`, the first character of each token, in
      Unicode code points.
    ends: int32 `[texts, (tokens)]`, the character after its last, with the
      accents that follow that.
  """
  ids: tf.RaggedTensor
  starts: tf.RaggedTensor
  ends: tf.RaggedTensor


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
    vocab_size: Number of tokens in it.
  """

  def __init__(self,
               vocab_file: str | os.PathLike,
               lower_case: bool = True,
               name: str | None = None):
    """Reads the vocabulary.

    Args:
      vocab_file: BERT's `vocab.txt`.
      lower_case: Whether to lower-case and strip accents.
      name: Name of the module.

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

    Most text is plain ASCII, which only needs lower-casing.

    Args:
      texts: The strings.

    Returns:
      int32 `[tokens]` for each, as from `tokenize`.
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

  def tokenize_to_ragged(self, texts: Sequence[str]) -> tf.RaggedTensor:
    """Splits Python strings as `tokenize_strings`, to `[texts, (tokens)]`."""
    ids = self.tokenize_strings(texts)
    return tf.RaggedTensor.from_row_lengths(
        np.concatenate([np.zeros([0], np.int32), *ids]),
        np.array([len(row) for row in ids], np.int64), validate=False)

  def tokenize_with_offsets(self, texts: Any) -> TokenTensors:
    """Splits texts into WordPieces and finds the characters they stand for.

    Works in a graph. Time and memory grow with the size of all texts together.

    Args:
      texts: string `[batch]`. Bytes that are not UTF-8 are replaced by U+FFFD
        first, and characters are counted in the result (`replace_invalid`).

    Returns:
      The tokens that `tokenize` gives, with their offsets.

    Example: `tokenizer.tokenize_with_offsets(['Où ?']).ends  # [[2, 4]]`
    """
    texts = replace_invalid(tf.convert_to_tensor(texts, tf.string))
    # Joined, because the offsets of several texts take as much memory as if
    # each had the tokens of the longest.
    joined = tf.strings.reduce_join(texts, separator=_SEPARATOR)
    ids, first, last = self._splitter.tokenize_with_offsets(
        self._normalize(joined[tf.newaxis]))
    codes = tf.strings.unicode_decode(joined, 'UTF-8')
    ends_of_bytes, accent = self._measure(codes)
    starts = _find(ends_of_bytes, first.values)
    # Of the last byte, because the next one may be in another text.
    ends = _skip(accent, _find(ends_of_bytes, last.values - 1) + 1)
    # === From one text to many ===
    lengths = tf.cast(tf.strings.length(texts, 'UTF8_CHAR'), tf.int64)
    begins = tf.cumsum(lengths + len(_SEPARATOR), exclusive=True)
    splits = tf.concat([tf.searchsorted(starts, begins, out_type=tf.int64),
                        tf.shape(starts, tf.int64)], 0)
    ids = tf.RaggedTensor.from_row_splits(ids.values, splits, validate=False)
    before = tf.gather(begins, row_of_values(ids))
    return TokenTensors(ids, *(
        ids.with_values(tf.cast(place - before, tf.int32))
        for place in (starts, ends)))

  def tokenize_strings_with_offsets(
      self, texts: Sequence[str]) -> plain_tokenizer.TokenizedTexts:
    """Splits Python strings and finds the characters that tokens stand for.

    Args:
      texts: The texts. Halves of surrogate pairs are dropped.

    Returns:
      The tokens, as arrays.

    Example:

      tokens = tokenizer.tokenize_strings_with_offsets(['Où est-il ?'])
      'Où est-il ?'[tokens.starts[0]:tokens.ends[0]]  # 'Où'
    """
    # U+FFFD is dropped too, and counts as a character.
    parts = [self.tokenize_with_offsets(
        [_SURROGATES.sub('\ufffd', text) for text in batch])
             for batch in _batches(texts)]
    values = (np.concatenate([getattr(part, name).values for part in parts]
                             or [np.zeros([0], np.int32)])
              for name in TokenTensors._fields)
    lengths = [part.ids.row_lengths() for part in parts]
    return plain_tokenizer.TokenizedTexts(
        *values, np.concatenate([[0], *lengths]).cumsum().astype(np.int64))

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
      max_length: Maximum length in tokens, special tokens included. In a pair
        the longer text loses tokens first, from its end; the second if both are
        equally long.
      length: Length of the result; None for that of the longest text in the
        batch plus one.

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
      length: Length of the result, as for `encode`; may be a scalar tensor.

    Returns:
      The inputs, as from `encode`.
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
    texts = tf.strings.regex_replace(replace_invalid(texts), _REMOVED, '')
    if not self.lower_case:
      return texts
    texts = tf.strings.lower(texts, encoding='utf-8')
    texts = tf_text.normalize_utf8(texts, 'NFD')
    return tf.strings.regex_replace(texts, f'{_ACCENT}+', '')

  def _measure(self, codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Measures each character of a text.

    Normalizing treats every character by itself, as far as lengths go, so each
    is normalized once, wherever it stands.

    Args:
      codes: int32 `[characters]`.

    Returns:
      int64 `[characters]`, the normalized bytes up to the end of each; and
      whether it is an accent, bool `[characters]`.
    """
    distinct, place = tf.unique(codes)
    characters = tf.strings.unicode_encode(distinct[:, tf.newaxis], 'UTF-8')
    sizes = tf.cast(tf.strings.length(self._normalize(characters)), tf.int64)
    return (tf.cumsum(tf.gather(sizes, place)),
            tf.gather(tf.strings.regex_full_match(characters, _ACCENT), place))


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


# === Ragged segments ===


def trim(segments: list[tf.RaggedTensor],
         budget: int) -> list[tf.RaggedTensor]:
  """Shortens segments to a budget, the longer one first.

  Args:
    segments: One or two int32 `[batch, (tokens)]`.
    budget: Maximum number of tokens in both together.

  Returns:
    The segments, each a prefix of what was given.
  """
  if len(segments) == 1:
    return [segments[0][:, :budget]]
  lengths = packing.kept_lengths(
      *(segment.row_lengths() for segment in segments), budget, tf)
  return [_prefix(segment, length)
          for segment, length in zip(segments, lengths, strict=True)]


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


# === Helpers ===


def _batches(texts: Sequence[str]) -> list[list[str]]:
  """Returns the texts in batches that fit into memory."""
  batches: list[list[str]] = []
  size = 0
  for text in texts:
    size += len(text)
    if not batches or size > _CHARACTERS_A_CALL:
      batches.append([])
      size = len(text)
    batches[-1].append(text)
  return batches


def _find(ends: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
  """Returns the number of the stretch with these ends that has each place."""
  return tf.searchsorted(ends, places, side='right', out_type=tf.int64)


def _skip(accent: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
  """Returns the next character from each on, or the end, that is no accent."""
  others = tf.where(~accent)[:, 0]
  others = tf.concat([others, tf.shape(accent, tf.int64)], 0)
  return tf.gather(others, tf.searchsorted(others, places))


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
