# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Text to WordPiece ids and offsets, without TensorFlow.

`tokenizer` has the same as TensorFlow operations.
"""

from collections.abc import Sequence
import dataclasses
import re
import unicodedata

import numpy as np
import tokenizers
from tokenizers import models
from tokenizers import pre_tokenizers


@dataclasses.dataclass(frozen=True)
class TokenizedTexts:
  """The tokens of several texts, one after the other.

  The offsets count Python's characters, so `text[starts[i]:ends[i]]` is what
  token i stands for, with the accents that follow its last character.

  Attributes:
    ids: int32 `[tokens]`.
    starts: int32 `[tokens]`, the first character of each token.
    ends: int32 `[tokens]`, the character after its last.
    splits: int64 `[texts + 1]`; text i has the tokens from `splits[i]` to
      `splits[i + 1]`.
  """
  ids: np.ndarray
  starts: np.ndarray
  ends: np.ndarray
  splits: np.ndarray

  @property
  def lengths(self) -> np.ndarray:
    """Number of tokens of each text, int64 `[texts]`."""
    return np.diff(self.splits)


_LONGEST_WORD = 100  # In bytes of UTF-8, as `FastBertTokenizer` counts.
# Nothing shorter can have more bytes: a character has 4 at most.
_PERHAPS_LONG = re.compile(rf'\S{{{_LONGEST_WORD // 4 + 1},}}')
_CODE_POINTS = 0x110000
# What BERT splits into single characters, because its writing has no spaces.
_CHINESE = ((0x3400, 0x4dbf), (0x4e00, 0x9fff), (0xf900, 0xfaff),
            (0x20000, 0x2a6df), (0x2a700, 0x2ceaf), (0x2f800, 0x2fa1f))


class PlainTokenizer:
  """Gives the ids of `tokenizer.Tokenizer`, on Hugging Face `tokenizers`.

  Only the search for pieces is left to that library. Its own normalizer and
  splitter treat 759 of 144,762 characters otherwise than TensorFlow's, because
  they follow an older Unicode, and it counts characters of long words where
  TensorFlow's counts bytes. Characters that are new since Unicode 14 (2021) may
  still be split or lower-cased otherwise, as each library knows others.

  Example:

    tokenizer = PlainTokenizer(Vocabulary.read('vocab.txt').tokens)
    [ids] = tokenizer.tokenize(['how far is it'])

  Args:
    tokens: The vocabulary, in the order of the ids, [UNK] among them.
    lower_case: Whether to lower-case and strip accents.
  """

  def __init__(self, tokens: Sequence[str], lower_case: bool = True):
    self.lower_case = lower_case
    model = models.WordPiece(
        {token: i for i, token in enumerate(tokens)}, unk_token='[UNK]',
        max_input_chars_per_word=_LONGEST_WORD)
    self._plain = tokenizers.Tokenizer(model)
    self._plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    self._spaced = tokenizers.Tokenizer(model)
    self._spaced.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    self._cleaning, self._spacing = _Cleaning(), _Spacing(lower_case)
    known = set().union(*tokens)
    self._unknown = next(c for c in map(chr, range(_CODE_POINTS - 1, 0, -1))
                         if c not in known)

  def tokenize(self, texts: Sequence[str | bytes]) -> list[np.ndarray]:
    """Splits texts into WordPieces, without special tokens.

    Args:
      texts: The texts. Bytes that are not UTF-8 and halves of surrogate pairs
        are dropped.

    Returns:
      int32 `[tokens]` for each.
    """
    return [np.array(self._split(_decode(text)).ids, np.int32)
            for text in texts]

  def tokenize_with_offsets(self, texts: Sequence[str | bytes]
                            ) -> TokenizedTexts:
    """Splits texts into WordPieces and finds the characters they stand for.

    Args:
      texts: The texts. Offsets into bytes count the characters of
        `text.decode('utf-8', 'replace')`.

    Returns:
      The tokens, as `Tokenizer.tokenize_strings_with_offsets` gives them.
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
    spaced = _PERHAPS_LONG.sub(self._replace_long, self._normalize(text))
    return self._spaced.encode(spaced, add_special_tokens=False)

  def _normalize(self, text: str) -> str:
    """Cleans as `Tokenizer` does, and separates single-character words."""
    text = text.translate(self._cleaning)
    if self.lower_case:
      text = unicodedata.normalize('NFD', text.lower())
    return text.translate(self._spacing)

  def _replace_long(self, match: re.Match[str]) -> str:
    """Turns a word of too many bytes into one that is [UNK]."""
    word = match[0]
    if len(word.encode('utf-8')) <= _LONGEST_WORD:
      return word
    return self._unknown * len(word)

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
    """Maps places in the normalized text to places in the text.

    Normalizing treats every character by itself, as far as lengths go.

    Args:
      text: The text.

    Returns:
      The source of each normalized character; and for each character, and the
      end, the next one from there on that is no accent.
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

  BERT removes control and format characters, except tab, newline and carriage
  return, which are white space to it, and U+FFFD. Halves of surrogate pairs are
  no text.
  """

  def __missing__(self, code: int) -> str | None:
    category = unicodedata.category(chr(code))
    removed = (code == 0xfffd or category in ('Cf', 'Cs') or
               (category == 'Cc' and chr(code) not in '\t\n\r'))
    self[code] = None if removed else chr(code)
    return self[code]


class _Spacing(dict):
  """A table that strips accents and puts spaces around single-character words.
  """

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
  """Whether it is an ASCII symbol, which BERT treats as punctuation."""
  return 32 < code < 127 and not chr(code).isalnum()


def _is_chinese(code: int) -> bool:
  return any(first <= code <= last for first, last in _CHINESE)


def _is_plain(text: str) -> bool:
  """Whether a text needs only lower-casing, as most texts do."""
  return text.isascii() and text.isprintable()


def _decode(text: str | bytes) -> str:
  return text.decode('utf-8', 'replace') if isinstance(text, bytes) else text
