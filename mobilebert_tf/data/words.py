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

"""Finds the words of running text, as files of labelled words part them."""

import re
import unicodedata

_CHUNK = re.compile(r'\S+')
_ABBREVIATION = re.compile(r'(?:[^\W\d_]\.){2,}')
_POSSESSIVES = ("'s", '’s', "'S", '’S')
_CJK = '\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f'
_CJK_OR_NOT = re.compile(f'[{_CJK}]|[^{_CJK}]+')


def find_words(text: str) -> list[tuple[int, int]]:
  """Returns where the words of a text begin and end.

  Words are parted by white space. Punctuation and symbols around a word are
  words of their own, a run of the same sign is one; what stands within a word
  stays, as in `U.S.`, `3.5` and `mid-1990s`. A Chinese character is a word, and
  so is a possessive `'s`.

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
