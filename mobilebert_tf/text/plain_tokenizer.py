# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Text to WordPiece ids, offsets and model inputs, without TensorFlow."""

from collections.abc import Sequence
import dataclasses
import types
from typing import Any
import unicodedata

import numpy as np
import tokenizers
from tokenizers import models
from tokenizers import pre_tokenizers

from mobilebert_tf.text import mediapipe_words
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib
from mobilebert_tf.text import words



@dataclasses.dataclass(frozen=True)
class TokenizedTexts:
  """The tokens of several texts, one after the other.

  `text[starts[i]:ends[i]]` is the text of token i, with the accents that follow
  its last character.

  Attributes:
    ids: int32 `[tokens]`.
    starts: int32 `[tokens]`, the first character of each token.
    ends: int32 `[tokens]`, the character after its last.
    splits: int64 `[texts + 1]`, first token of each text, and number of all.
  """
  ids: np.ndarray
  starts: np.ndarray
  ends: np.ndarray
  splits: np.ndarray

  @property
  def lengths(self) -> np.ndarray:
    """Number of tokens of each text, int64 `[texts]`."""
    return np.diff(self.splits)


class PlainTokenizer:
  """Gives the ids of `tokenizer.Tokenizer`, on Hugging Face `tokenizers`.

  Only the search for pieces is that library's. Its normalizer and splitter
  follow an older Unicode than TensorFlow's, with other results for 759 of
  144,762 characters.
  Characters newer than Unicode 14 (2021) may still differ.

  Example:

    tokenizer = PlainTokenizer(Vocabulary.read('vocab.txt').tokens)
    [ids] = tokenizer.tokenize(['how far is it'])

  Args:
    tokens: The vocabulary, in the order of the ids, [UNK] among them.
    lower_case: Whether to lower-case, and to strip accents (`settings`).
    max_word_length: Maximum length of a word in characters; a longer one is
      [UNK].
  """

  def __init__(self, tokens: Sequence[str],
               lower_case: settings.LowerCase = True,
               max_word_length: int = settings.MAX_WORD_LENGTH):
    settings.check(lower_case, max_word_length)
    self.lower_case = lower_case
    self._strip_accents = settings.strips_accents(lower_case)
    self._mediapipe = lower_case == settings.MEDIAPIPE
    if self._mediapipe:
      max_word_length = mediapipe_words.LONGEST_WORD
    model = models.WordPiece(
        {token: i for i, token in enumerate(tokens)}, unk_token='[UNK]',
        max_input_chars_per_word=max_word_length)
    self._plain = tokenizers.Tokenizer(model)
    self._plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    self._spaced = tokenizers.Tokenizer(model)
    self._spaced.pre_tokenizer = (
        pre_tokenizers.Split(
            tokenizers.Regex(mediapipe_words.SPACE), 'removed')
        if self._mediapipe else pre_tokenizers.WhitespaceSplit())
    self._cleaning = _Cleaning()
    self._spacing = _Spacing(self._strip_accents)

  def tokenize(self, texts: Sequence[str | bytes]) -> list[np.ndarray]:
    """Splits texts into WordPieces, int32 `[tokens]` each.

    Bytes that are not UTF-8 and halves of surrogate pairs are dropped.
    """
    return [np.array(self._split(_decode(text)).ids, np.int32)
            for text in texts]

  def tokenize_with_offsets(self, texts: Sequence[str | bytes]
                            ) -> TokenizedTexts:
    """Splits texts into WordPieces and finds the characters they stand for.

    Offsets into bytes count the characters of `text.decode('utf-8',
    'replace')`.
    """
    parts = [self._locate(_decode(text)) for text in texts]
    ids, starts, ends = (
        np.concatenate([part[i] for part in parts] or [[]]).astype(np.int32)
        for i in range(3))
    splits = np.cumsum([0, *(len(part[0]) for part in parts)], dtype=np.int64)
    return TokenizedTexts(ids, starts, ends, splits)

  def _split(self, text: str) -> tokenizers.Encoding:
    if _is_plain(text):
      text = text.lower() if self.lower_case else text
      return self._plain.encode(text, add_special_tokens=False)
    return self._spaced.encode(
        self._normalize(text), add_special_tokens=False)

  def _normalize(self, text: str) -> str:
    """Cleans as `Tokenizer` does, and separates single-character words."""
    if self._mediapipe:
      return mediapipe_words.normalize(text)
    text = text.translate(self._cleaning)
    if self.lower_case:
      text = text.lower()
    if self._strip_accents:
      text = unicodedata.normalize('NFD', text)
    return text.translate(self._spacing)

  def _locate(self, text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns ids, first characters and characters after the last."""
    encoding = self._split(text)
    places = np.array(encoding.offsets, np.int64).reshape([-1, 2])
    starts, ends = places.T
    if not _is_plain(text) and len(places):
      characters, skip = self._characters(text)
      starts = characters[starts]
      ends = skip[characters[ends - 1] + 1]
    return np.array(encoding.ids, np.int32), starts, ends

  def _characters(self, text: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the source of each normalized character, and where accents end.

    The latter is, for each character and the end, the first one from there on
    that is no accent. Lengths of normalized characters do not depend on others.
    """
    codes = np.frombuffer(text.encode('utf-32-le', 'surrogatepass'), '<u4')
    distinct, inverse = np.unique(codes, return_inverse=True)
    letters = [chr(code) for code in distinct]
    sizes = np.array([len(self._normalize(letter)) for letter in letters])
    accents = np.array([unicodedata.category(x) == 'Mn' for x in letters])
    places = np.arange(len(codes) + 1)
    places[:-1][accents[inverse]] = len(codes)
    return (np.repeat(np.arange(len(codes)), sizes[inverse]),
            np.minimum.accumulate(places[::-1])[::-1])


class _Cleaning(dict):
  """A table for `str.translate`, filled as characters are met.

  BERT removes U+FFFD, control and format characters, except tab, newline and
  carriage return, which it takes for white space.
  """

  def __missing__(self, code: int) -> str | None:
    category = unicodedata.category(chr(code))
    removed = (code == 0xfffd or category in ('Cf', 'Cs') or
               (category == 'Cc' and chr(code) not in '\t\n\r'))
    self[code] = None if removed else chr(code)
    return self[code]


class _Spacing(dict):
  """A table that strips accents and sets off single-character words."""

  def __init__(self, strip_accents: bool):
    super().__init__()
    self._strip_accents = strip_accents

  def __missing__(self, code: int) -> str | None:
    character = chr(code)
    category = unicodedata.category(character)
    if self._strip_accents and category == 'Mn':
      value = None
    elif category[0] == 'P' or _is_symbol(code) or _is_chinese(code):
      value = f' {character} '
    else:
      value = character
    self[code] = value
    return value


def _is_symbol(code: int) -> bool:
  """Whether it is an ASCII symbol, punctuation to BERT."""
  return 32 < code < 127 and not chr(code).isalnum()


def _is_chinese(code: int) -> bool:
  return any(first <= code <= last for first, last in words.CJK)


def _is_plain(text: str) -> bool:
  """Whether a text needs only lower-casing, as most texts do."""
  return text.isascii() and text.isprintable()


def _decode(text: str | bytes) -> str:
  return text.decode('utf-8', 'replace') if isinstance(text, bytes) else text


# === Model inputs ===


def special_tokens(segments: int) -> int:
  """Returns the number of special tokens of one or two segments."""
  return segments + 1


def kept_lengths(first: Any, second: Any, budget: int,
                 ops: types.ModuleType = np) -> tuple[Any, Any]:
  """Returns the lengths to which BERT shortens two segments.

  The longer segment loses tokens, the second if both are equally long.

  Args:
    first: Length of the first segment, or many lengths.
    second: Length of the second segment, of the same shape.
    budget: Maximum length of both together.
    ops: `numpy` or `tensorflow`, the library of the lengths.
  """
  keep = ops.minimum(first, ops.maximum(budget - second, (budget + 1) // 2))
  return keep, ops.minimum(second, budget - keep)


def trim(segments: Sequence[np.ndarray], budget: int) -> list[np.ndarray]:
  """Shortens one or two segments to a total length, the longer one first.

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

  Example: `ids, types = Packer(vocabulary)([text_ids, pair_ids])`
  """

  def __init__(self, vocabulary: vocabulary_lib.Vocabulary):
    self._cls = np.array([vocabulary.cls_id], np.int32)
    self._sep = np.array([vocabulary.sep_id], np.int32)

  def __call__(self, segments: Sequence[np.ndarray]
               ) -> tuple[np.ndarray, np.ndarray]:
    """Returns ids and type ids, int32 `[tokens]`, of one or two segments."""
    parts = [self._cls]
    for segment in segments:
      parts += [segment, self._sep]
    sizes = [len(segment) + 1 for segment in segments]
    sizes[0] += 1
    segment_ids = np.repeat(np.arange(len(segments), dtype=np.int32), sizes)
    return np.concatenate(parts).astype(np.int32), segment_ids
