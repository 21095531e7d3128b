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

from mobilebert_tf.text import mediapipe_words
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib
from mobilebert_tf.text import words

# Characters that BERT removes: NUL, U+FFFD, and control and format characters,
# except tab, newline and carriage return, which are white space to it.
_REMOVED = (r'[\x{0}-\x{8}\x{b}\x{c}\x{e}-\x{1f}\x{7f}-\x{9f}'
            r'\p{Cf}\x{fffd}]+')
_ACCENT = r'\p{Mn}'
# Capitals beyond ASCII that some locale lower-cases in a way of its own.
_CAPITALS = {'İ': 'i̇', 'Ì': 'ì', 'Í': 'í', 'Ĩ': 'ĩ', 'Į': 'į'}
# All characters but some that separate words: most signs, white space and what
# is a word of its own. Those of all scripts would make it slow.
_CJK = ''.join(
    rf'\x{{{first:x}}}-\x{{{last:x}}}' for first, last in words.CJK)
_IN_WORD = (r'[^\x{0}-/:-@\[-`{-\x{a0}\x{2000}-\x{2043}\x{2045}-\x{2051}'
            rf'\x{{3000}}-\x{{3003}}\x{{3008}}-\x{{3011}}{_CJK}]')
_BYTES_A_CHARACTER = 4  # Of UTF-8, at most.
# White space that normalizing keeps, between texts.
_SEPARATOR = '\n'
_SURROGATES = re.compile('[\ud800-\udfff]')
# Most characters that are tokenized with offsets in one call.
_CHARACTERS_A_CALL = 4_000_000


class TokenTensors(NamedTuple):
  """The tokens of texts with their offsets, as tensors.

  Attributes:
    ids: int32 `[texts, (tokens)]`.
    starts: int32 `[texts, (tokens)]`, first character, in Unicode code points.
    ends: int32 `[texts, (tokens)]`, the character after the last, with the
      accents that follow that.
  """
  ids: tf.RaggedTensor
  starts: tf.RaggedTensor
  ends: tf.RaggedTensor


class Tokenizer(tf.Module):
  """BERT's tokenizer as TensorFlow operations.

  It gives the ids of Google's BERT. `FastBertTokenizer` does the splitting; its
  own normalizer is not used: it folds `…` into three full stops and `½` into
  `1⁄2`, which BERT keeps, and turns control characters, which BERT drops, into
  spaces.

  Works eagerly, in `tf.data` and in a SavedModel; import `tensorflow_text`
  before loading one.

  Example:

    tokenizer = Tokenizer('vocab.txt')
    inputs = tokenizer.encode(['how far is it', 'yes'], max_length=128)
    inputs['input_word_ids'].shape  # [2, 7]: the longest text (6) plus one

  Attributes:
    vocabulary: The `Vocabulary`.
    vocab_size: Number of tokens in it.
  """

  def __init__(self, vocab_file: str | os.PathLike,
               lower_case: settings.LowerCase = True,
               max_word_length: int = settings.MAX_WORD_LENGTH,
               name: str | None = None):
    """Reads the vocabulary.

    Args:
      vocab_file: BERT's `vocab.txt`; errors as of `Vocabulary.read`.
      lower_case: Whether to lower-case, and to strip accents (`settings`).
      max_word_length: Maximum length of a word in characters; a longer one is
        [UNK].
      name: Name of the module.
    """
    super().__init__(name=name)
    settings.check(lower_case, max_word_length)
    self.vocabulary = vocabulary_lib.Vocabulary.read(vocab_file)
    self.lower_case = lower_case
    self.max_word_length = max_word_length
    # A vocabulary tells pieces that begin a word from others.
    self._continues = np.array(
        [token.startswith('##') for token in self.vocabulary.tokens])
    self._long_word = f'(?s).*{_IN_WORD}{{{max_word_length + 1}}}.*'
    self._mediapipe = (mediapipe_words.GraphSplitter(self.vocabulary.tokens)
                       if lower_case == settings.MEDIAPIPE else None)
    # `lower_case_nfd_strip_accents=False`: see `_normalize`.
    self._splitter = tf_text.FastBertTokenizer(
        vocab=list(self.vocabulary.tokens),
        token_out_type=tf.int32,
        max_bytes_per_word=_BYTES_A_CHARACTER * max_word_length,
        lower_case_nfd_strip_accents=False)

  @classmethod
  def of(cls, source: Any) -> 'Tokenizer':
    """Returns that of a trained model, or of a config of data."""
    return cls(source.vocab_file, source.lower_case, source.max_word_length)

  @property
  def vocab_size(self) -> int:
    return len(self.vocabulary)

  def tokenize(self, texts: Any) -> tf.RaggedTensor:
    """Splits texts into WordPieces, without special tokens.

    Args:
      texts: string `[batch]`, which the graph checks. Bytes that are not UTF-8
        are dropped.

    Returns:
      int32 `[batch, (tokens)]`.
    """
    return self._split(self._normalize(as_batch(texts)))

  def tokenize_strings(self, texts: Sequence[str]) -> list[np.ndarray]:
    """Splits Python strings, several times as fast as `tokenize`.

    Returns:
      int32 `[tokens]` for each.
    """
    plain = [i for i, text in enumerate(texts)
             if text.isascii() and text.isprintable()]
    simple = [texts[i].lower() if self.lower_case else texts[i] for i in plain]
    result: list[Any] = [None] * len(texts)
    _place(result, plain, self._split(tf.constant(simple, tf.string)))
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
    """Splits texts into WordPieces with offsets, in linear time and memory.

    Args:
      texts: string `[batch]`. Bytes that are not UTF-8 become U+FFFD first, and
        offsets count the characters of the result (`replace_invalid`).

    Example: `tokenizer.tokenize_with_offsets(['Où ?']).ends  # [[2, 4]]`
    """
    texts = replace_invalid(as_batch(texts))
    # Joined, as offsets of separate texts are padded to the longest.
    joined = tf.strings.reduce_join(texts, separator=_SEPARATOR)
    ids, first, last = self._split_joined(self._normalize(joined[tf.newaxis]))
    codes = tf.strings.unicode_decode(joined, 'UTF-8')
    ends_of_bytes, accent = self._measure(codes)
    starts = _find(ends_of_bytes, first)
    # From the last byte, because the next one may be in another text.
    ends = _skip(accent, _find(ends_of_bytes, last - 1) + 1)
    # === From one text to many ===
    begins, splits = _rows(starts, tf.strings.length(texts, 'UTF8_CHAR'))
    ids = tf.RaggedTensor.from_row_splits(ids, splits, validate=False)
    before = tf.gather(begins, row_of_values(ids))
    return TokenTensors(ids, *(
        ids.with_values(tf.cast(place - before, tf.int32))
        for place in (starts, ends)))

  def tokenize_strings_with_offsets(
      self, texts: Sequence[str]) -> plain_tokenizer.TokenizedTexts:
    """Splits Python strings into WordPieces with offsets, as arrays.

    Halves of surrogate pairs are dropped.
    """
    # NUL is dropped too, and counts as one character.
    parts = [self.tokenize_with_offsets(
        [_SURROGATES.sub('\0', text) for text in batch])
             for batch in _batches(texts)]
    values = (np.concatenate([getattr(part, name).values for part in parts]
                             or [np.zeros([0], np.int32)])
              for name in TokenTensors._fields)
    lengths = [part.ids.row_lengths() for part in parts]
    return plain_tokenizer.TokenizedTexts(
        *values, np.concatenate([[0], *lengths]).cumsum().astype(np.int64))

  def encode(self, texts: Any, pairs: Any = None, *, max_length: int,
             length: int | None = None) -> dict[str, tf.Tensor]:
    """Makes the three inputs of BERT: `[CLS] text [SEP]`, `pair [SEP]`.

    At least one [PAD] follows the longest text of a batch, so that no answer
    depends on the other texts.

    Args:
      texts: string `[batch]`.
      pairs: string `[batch]`, or None for single texts.
      max_length: Maximum length in tokens, special ones included. The longer
        text of a pair loses tokens from its end, the second if equally long.
      length: Length of the result; if None, one more than the longest text.

    Returns:
      `input_word_ids`, `input_mask`, `input_type_ids`, each int32 `[batch,
        length]`.

    Raises:
      ValueError: If `max_length` leaves no room for text or a [PAD].
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

  def pack(self, segments: list[tf.RaggedTensor],
           length: int | tf.Tensor | None = None) -> dict[str, tf.Tensor]:
    """Adds special tokens and padding, as `encode`, to trimmed segments.

    Args:
      segments: One or two int32 `[batch, (tokens)]`.
      length: As for `encode`; may be a scalar tensor.
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
    if self._mediapipe:
      return self._mediapipe.normalize(replace_invalid(texts))
    texts = tf.strings.regex_replace(replace_invalid(texts), _REMOVED, '')
    if not self.lower_case:
      return texts
    strip_accents = settings.strips_accents(self.lower_case)
    # Lower-casing beyond ASCII follows the locale of the process. Turkish and
    # Lithuanian have rules of their own for I, J and Į, accented ones too,
    # which must not be met by them.
    if strip_accents:
      texts = tf_text.normalize_utf8(texts, 'NFD')
    else:
      for capital, small in _CAPITALS.items():
        texts = tf.strings.regex_replace(texts, capital, small)
    texts = tf.strings.lower(tf.strings.lower(texts), encoding='utf-8')
    if strip_accents:
      texts = tf.strings.regex_replace(texts, f'{_ACCENT}+', '')
    return texts

  def _split(self, texts: tf.Tensor) -> tf.RaggedTensor:
    """Splits normalized texts into pieces."""
    if self._mediapipe:
      return self._mediapipe.split(texts)

    def carefully() -> tuple[tf.Tensor, tf.Tensor]:
      joined = tf.strings.reduce_join(texts, separator=_SEPARATOR)
      ids, first, _ = self._split_joined(joined[tf.newaxis])
      return ids, _rows(first, tf.strings.length(texts))[1]

    def quickly() -> tuple[tf.Tensor, tf.Tensor]:
      ids = self._splitter.tokenize(texts)
      return ids.values, ids.row_splits

    # The library's limit is in bytes, and as high as that in characters can be.
    ids, splits = tf.cond(
        tf.reduce_any(tf.strings.regex_full_match(texts, self._long_word)),
        carefully, quickly)
    return tf.RaggedTensor.from_row_splits(ids, splits, validate=False)

  def _split_joined(self, text: tf.Tensor
                    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Splits a normalized text `[1]`, whose words that are too long are [UNK].

    Returns ids, first bytes and bytes after the last, each `[tokens]`.
    """
    if self._mediapipe:
      return self._mediapipe.split_joined(text)
    ids, starts, ends = (
        each.values for each in self._splitter.tokenize_with_offsets(text))
    continues = tf.gather(self._continues, ids)
    begins = _places(~continues)
    nexts = tf.concat([begins, tf.shape(ids, tf.int64)], 0)[1:]
    word_ends = tf.gather(ends, nexts - 1)
    # UTF-8's other bytes are 10xxxxxx.
    is_character = tf.bitwise.right_shift(
        tf.io.decode_raw(text, tf.uint8)[0], 6) != 0b10
    before = tf.concat(
        [[0], tf.cumsum(tf.cast(is_character, tf.int64))], 0)
    length = tf.gather(before, word_ends) - tf.gather(
        before, tf.gather(starts, begins))
    is_long = length > self.max_word_length
    word = tf.cumsum(tf.cast(~continues, tf.int64)) - 1
    of_long = tf.gather(is_long, word)
    kept = ~(of_long & continues)
    ids = tf.where(of_long, self.vocabulary.unk_id, ids)
    ends = tf.where(of_long, tf.gather(word_ends, word), ends)
    return tuple(tf.boolean_mask(each, kept) for each in (ids, starts, ends))

  def _measure(self, codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Measures the characters of a text.

    Returns the normalized bytes up to the end of each character, int64
    `[characters]`, and whether it is an accent. Each different character is
    normalized once: its length does not depend on others.
    """
    distinct, place = tf.unique(codes)
    characters = tf.strings.unicode_encode(distinct[:, tf.newaxis], 'UTF-8')
    sizes = tf.cast(tf.strings.length(self._normalize(characters)), tf.int64)
    return (tf.cumsum(tf.gather(sizes, place)),
            tf.gather(tf.strings.regex_full_match(characters, _ACCENT), place))


def as_batch(texts: Any) -> tf.Tensor:
  """Returns texts as string `[batch]`; other shapes are errors of the graph.

  The splitter reads beyond a scalar, and loses rows of a matrix.
  """
  texts = tf.convert_to_tensor(texts, tf.string)
  if texts.shape.rank not in (1, None):
    raise ValueError('Texts to tokenize have shape [batch]; these have shape '
                     f'{texts.shape}.')
  return tf.ensure_shape(texts, [None])


def replace_invalid(texts: tf.Tensor) -> tf.Tensor:
  """Puts U+FFFD where bytes are not UTF-8, as Python's decoder does."""
  return tf_text.coerce_to_structurally_valid_utf8(
      texts, replacement_char='\ufffd')


# === Ragged segments ===


def trim(segments: list[tf.RaggedTensor], budget: int) -> list[tf.RaggedTensor]:
  """Shortens one or two segments to a total length, the longer one first."""
  if len(segments) == 1:
    return [segments[0][:, :budget]]
  lengths = plain_tokenizer.kept_lengths(
      *(segment.row_lengths() for segment in segments), budget, tf)
  return [_prefix(segment, length)
          for segment, length in zip(segments, lengths, strict=True)]


def row_of_values(ragged: tf.RaggedTensor) -> tf.Tensor:
  """Returns the row of each value, int64 `[values]`.

  `value_rowids` needs memory for every row as for the longest.
  """
  places = tf.range(tf.shape(ragged.values, tf.int64)[0])
  return tf.searchsorted(
      ragged.row_limits(), places, side='right', out_type=tf.int64)


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


def _rows(starts: tf.Tensor, lengths: tf.Tensor
          ) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns where joined texts begin, and their rows of tokens.

  Args:
    starts: int64 `[tokens]`, where the tokens of all begin.
    lengths: int32 `[texts]`, in the same unit.

  Returns:
    int64 `[texts]` and, in tokens, `[texts + 1]`.
  """
  lengths = tf.cast(lengths, tf.int64)
  begins = tf.cumsum(lengths + len(_SEPARATOR), exclusive=True)
  return begins, tf.concat([
      tf.searchsorted(starts, begins, out_type=tf.int64),
      tf.shape(starts, tf.int64)], 0)


def _places(mask: tf.Tensor) -> tf.Tensor:
  return tf.where(mask)[:, 0]


def _find(ends: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
  """Returns the number of the stretch with these ends that has each place."""
  return tf.searchsorted(ends, places, side='right', out_type=tf.int64)


def _skip(accent: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
  """Returns the next character from each on, or the end, that is no accent."""
  others = tf.where(~accent)[:, 0]
  others = tf.concat([others, tf.shape(accent, tf.int64)], 0)
  return tf.gather(others, tf.searchsorted(others, places))


def _place(result: list[Any], places: list[int], ids: tf.RaggedTensor) -> None:
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
