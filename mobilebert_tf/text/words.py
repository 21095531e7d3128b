# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Words of running text, and sentences cut into parts, without TensorFlow."""

from collections.abc import Callable, Sequence
import dataclasses
import itertools
import re
import types
from typing import Any
import unicodedata

import numpy as np

SPECIAL_TOKENS = 2  # [CLS] words [SEP]
APOSTROPHES, POSSESSIVE = "'’", 'sS'  # Both ends of a possessive.
# Characters that BERT makes words of, as their scripts have no spaces.
CJK = ((0x3400, 0x4dbf), (0x4e00, 0x9fff), (0xf900, 0xfaff),
       (0x20000, 0x2a6df), (0x2a700, 0x2ceaf), (0x2f800, 0x2fa1f))

_CHUNK = re.compile(r'\S+')
_ABBREVIATION = re.compile(r'(?:[^\W\d_]\.){2,}')
_POSSESSIVES = tuple(a + b for a in APOSTROPHES for b in POSSESSIVE)
_CJK = ''.join(f'{chr(first)}-{chr(last)}' for first, last in CJK)
_CJK_OR_NOT = re.compile(f'[{_CJK}]|[^{_CJK}]+')


def find_words(text: str) -> list[tuple[int, int]]:
  """Returns the first character and the one after the last of each word.

  Words are separated by white space. Punctuation and symbols around a word are
  words of their own, a run of the same sign is one word. Signs within a word
  belong to it, as in `U.S.`, `3.5` and `mid-1990s`. A Chinese character is a
  word, and so is a possessive `'s`.

  >>> text = '"Ann is in the U.S.," he said.'
  >>> [text[start:end] for start, end in find_words(text)]
  ['"', 'Ann', 'is', 'in', 'the', 'U.S.', ',', '"', 'he', 'said', '.']
  """
  words = []
  for chunk in _CHUNK.finditer(text):
    words += _split(text, chunk.start(), chunk.end())
  return words


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
  """Splits what has no white space."""
  before, after = [], []
  while start < end and is_sign(text[start]):
    stop = start + 1
    while stop < end and text[stop] == text[start]:
      stop += 1
    before.append((start, stop))
    start = stop
  while start < end and is_sign(text[end - 1]) and not (
      text[end - 1] == '.' and _ABBREVIATION.fullmatch(text, start, end)):
    stop = end - 1
    while stop > start and text[stop - 1] == text[end - 1]:
      stop -= 1
    after.append((stop, end))
    end = stop
  if text.startswith(_POSSESSIVES, max(end - 2, start), end) and (
      end - start > 2):
    after.append((end - 2, end))
    end -= 2
  middle = [found.span() for found in _CJK_OR_NOT.finditer(text, start, end)]
  return [*before, *middle, *reversed(after)]


def is_sign(character: str) -> bool:
  """Whether a character is punctuation or a symbol."""
  return unicodedata.category(character)[0] in 'PS'


@dataclasses.dataclass(frozen=True)
class SentenceParts:
  """Sentences in WordPieces, cut where they are longer than a model reads.

  Attributes:
    pieces: int32 `[pieces]`, those of all parts, without special tokens.
    is_first: bool `[pieces]`, whether a word begins there; every word of the
      sentences does once, in order.
    splits: int64 `[parts + 1]`, first piece of each part, and number of all.
    sentences: int32 `[parts]`, the number of the sentence.
    cut: Numbers of the sentences with a word that lost its end.
  """
  pieces: np.ndarray
  is_first: np.ndarray
  splits: np.ndarray
  sentences: np.ndarray
  cut: frozenset[int] = frozenset()

  def __len__(self) -> int:
    return len(self.sentences)

  @property
  def lengths(self) -> np.ndarray:
    """Number of pieces of each part, int64 `[parts]`."""
    return np.diff(self.splits)


def split_words(tokenize: Callable[[list[str]], list[np.ndarray]],
                unknown_id: int, sentences: Sequence[Sequence[str]],
                max_length: int) -> SentenceParts:
  """Splits the words of sentences into WordPieces.

  A word without pieces, because it consists of control characters, becomes
  `[UNK]`. A sentence that is too long is cut between words into parts of about
  the same length; a word that is too long by itself loses its end.

  Args:
    tokenize: Function from words to the WordPieces of each.
    unknown_id: Id of [UNK].
    sentences: Words of each sentence.
    max_length: Maximum length of a part in tokens, two special ones included.
  """
  budget = max_length - SPECIAL_TOKENS
  words = list(itertools.chain.from_iterable(sentences))
  pieces, too_long = _pieces(tokenize, unknown_id, words, budget)
  # Pieces before each word, and of all.
  before = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
  splits, numbers, last = [0], [], 0
  for number, sentence in enumerate(sentences):
    first, last = last, last + len(sentence)
    for end in _part_ends(before[first:last + 1] - before[first], budget):
      splits.append(before[first + end])
      numbers.append(number)
  is_first = np.zeros(before[-1], bool)
  is_first[before[:-1]] = True
  return SentenceParts(
      np.concatenate([np.zeros([0], np.int32), *pieces]), is_first,
      np.array(splits, np.int64), np.array(numbers, np.int32),
      frozenset(number for number, sentence in enumerate(sentences)
                if too_long and not too_long.isdisjoint(sentence)))


def part_length(total: Any, budget: int, ops: types.ModuleType = np) -> Any:
  """Returns the number of pieces after which a part of a sentence ends.

  Parts are as few as possible, and of about the same length: a short rest would
  lack context.

  Args:
    total: int64, number of pieces of each sentence.
    budget: Maximum number of pieces of a part.
    ops: `numpy` or `tensorflow`, the library of `total`.
  """
  return -(-total // ops.maximum(-(-total // budget), 1))


def next_part(before: Any, target: Any, budget: int,
              ops: types.ModuleType = np) -> Any:
  """Returns the word after a part that begins with each word, int `[words]`.

  It may lie beyond the end of the sentence.

  Args:
    before: int64 `[words + 1]`, number of pieces before each word, and of all.
    target: `part_length` of the sentence, or of that of each word.
    budget: Maximum number of pieces of a part.
    ops: `numpy` or `tensorflow`, the library of `before`.
  """
  full = ops.searchsorted(before, before[:-1] + budget, side='right') - 1
  return ops.minimum(full, ops.searchsorted(
      before, before[:-1] + target, side='left'))


def _pieces(tokenize: Callable[[list[str]], list[np.ndarray]], unknown_id: int,
            words: list[str], budget: int
            ) -> tuple[list[np.ndarray], set[str]]:
  """Returns one to `budget` pieces of each word, and the words with more."""
  unknown = np.array([unknown_id], np.int32)
  distinct = list(dict.fromkeys(words))
  known = dict(zip(distinct, tokenize(distinct), strict=True))
  too_long = {word for word, found in known.items() if len(found) > budget}
  return [known[word][:budget] if len(known[word]) else unknown
          for word in words], too_long


def _part_ends(before: np.ndarray, budget: int) -> list[int]:
  """Returns where the parts of a sentence end, in words."""
  last = len(before) - 1
  if before[-1] <= budget:
    return [last] if last else []
  ends = next_part(before, part_length(before[-1], budget), budget)
  parts = [0]
  while parts[-1] < last:
    parts.append(min(int(ends[parts[-1]]), last))
  return parts[1:]
