# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Splits text into words as files of labelled words do, and into WordPieces.
"""

from collections.abc import Sequence
import dataclasses
import itertools
import re
import unicodedata

import numpy as np
import tensorflow as tf

from mobilebert_tf.text import tokenizer as tokenizer_lib

_CHUNK = re.compile(r'\S+')
_ABBREVIATION = re.compile(r'(?:[^\W\d_]\.){2,}')
_POSSESSIVES = ("'s", '’s', "'S", '’S')
_CJK = '\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f'
_CJK_OR_NOT = re.compile(f'[{_CJK}]|[^{_CJK}]+')


def find_words(text: str) -> list[tuple[int, int]]:
  """Returns where the words of a text begin and end.

  Words are separated by white space. Punctuation and symbols around a word are
  words of their own, a run of the same sign is one word. Signs within a word
  belong to it, as in `U.S.`, `3.5` and `mid-1990s`. A Chinese character is a
  word, and so is a possessive `'s`.

  >>> text = '"Ann is in the U.S.," he said.'
  >>> [text[start:end] for start, end in find_words(text)]
  ['"', 'Ann', 'is', 'in', 'the', 'U.S.', ',', '"', 'he', 'said', '.']

  Args:
    text: The text.

  Returns:
    First character and the one after the last of each word, in order.
  """
  words = []
  for chunk in _CHUNK.finditer(text):
    words += _split(text, chunk.start(), chunk.end())
  return words


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
  """Splits what has no white space."""
  before, after = [], []
  while start < end and _is_sign(text[start]):
    stop = start + 1
    while stop < end and text[stop] == text[start]:
      stop += 1
    before.append((start, stop))
    start = stop
  while start < end and _is_sign(text[end - 1]) and not (
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


def _is_sign(character: str) -> bool:
  return unicodedata.category(character)[0] in 'PS'


@dataclasses.dataclass(frozen=True)
class SentenceParts:
  """Sentences in WordPieces, cut where they are longer than a model reads.

  The first pieces of all parts, one after another, are the words of all
  sentences, each once and in order.

  Attributes:
    pieces: int32 `[parts, (pieces)]`, without special tokens.
    is_first: bool `[parts, (pieces)]`, whether a word begins there.
    sentences: int32 `[parts]`, the number of the sentence.
  """
  pieces: tf.RaggedTensor
  is_first: tf.RaggedTensor
  sentences: np.ndarray


def split_words(tokenizer: tokenizer_lib.Tokenizer,
                sentences: Sequence[Sequence[str]],
                max_length: int) -> SentenceParts:
  """Splits the words of sentences into WordPieces.

  A word without pieces, because it consists of control characters, becomes
  `[UNK]`. A sentence that is too long is cut between words into parts of about
  the same length; a word that is too long by itself loses its end.

  Example:

    parts = split_words(tokenizer, [['Jim', 'lives']], max_length=128)
    parts.is_first.to_list()  # [[True, True]]

  Args:
    tokenizer: The tokenizer.
    sentences: Words of each sentence.
    max_length: Maximum length of a part in tokens, two special ones included.

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


def _pieces(tokenizer: tokenizer_lib.Tokenizer, words: list[str],
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
  # As few as possible, of equal length: a short rest would lack context.
  target = total / -(-total // budget)
  parts, start, size = [], 0, 0
  for place, length in enumerate(lengths):
    if size and (size + length > budget or size >= target):
      parts.append((start, place))
      start, size = place, 0
    size += int(length)
  return [*parts, (start, len(lengths))]
