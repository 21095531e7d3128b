# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Writes the Unicode tables of the C++ tokenizer, as Python knows them.

  python -m tests.examples.unicode_tables
"""

from collections.abc import Callable, Iterator
import itertools
import textwrap
from typing import Any
import unicodedata

from absl import app

from mobilebert_tf.common import files
from mobilebert_tf.text import words
from tests import python_files

PATH = python_files.ROOT / 'examples/mobilebert_text/unicode_tables.h'

_CODES = range(0x110000)
_HANGUL = range(0xac00, 0xd7a4)  # Decomposed by arithmetic.
_LONGEST_DECOMPOSITION = 4
# In the order of their bits.
_FLAGS: dict[str, Callable[[str], bool]] = {}


def _flag(test: Callable[[str], bool]) -> Callable[[str], bool]:
  _FLAGS[test.__name__] = test
  return test


@_flag
def removed(character: str) -> bool:
  """Whether BERT removes it: control and format characters, U+FFFD."""
  category = unicodedata.category(character)
  return character == '\ufffd' or category in ('Cf', 'Cs') or (
      category == 'Cc' and character not in '\t\n\r')


@_flag
def space(character: str) -> bool:
  """Whether it separates words."""
  return character.isspace()


@_flag
def alone(character: str) -> bool:
  """Whether BERT makes a word of it: punctuation, ASCII signs, Chinese."""
  return (unicodedata.category(character)[0] == 'P' or chinese(character) or
          ' ' < character < '\x7f' and not character.isalnum())


@_flag
def mark(character: str) -> bool:
  """Whether it is an accent, which lower-casing strips."""
  return unicodedata.category(character) == 'Mn'


@_flag
def sign(character: str) -> bool:
  """Whether words of running text begin and end at it."""
  return words.is_sign(character)


@_flag
def letter(character: str) -> bool:
  """Whether it may stand before the full stops of an abbreviation."""
  return character.isalnum() and not character.isdecimal()


@_flag
def chinese(character: str) -> bool:
  """Whether it is a word of running text."""
  return any(first <= ord(character) <= last for first, last in words.CJK)


@_flag
def ignorable(character: str) -> bool:
  """Whether a sigma's place in its word does not depend on it."""
  return f'A{character}Σ'.lower()[-1] == 'ς' and not cased(character)


@_flag
def cased(character: str) -> bool:
  """Whether a sigma after it may be the last letter of its word."""
  return f'{character}Σ'.lower()[-1] == 'ς'


def build() -> str:
  """Returns the content of the header."""
  lowered = [(chr(code), _points(chr(code).lower())) for code in _CODES
             if chr(code).lower() != chr(code)]
  decomposed = [(chr(code), _points(unicodedata.normalize('NFD', chr(code))))
                for code in _CODES if code not in _HANGUL and
                not unicodedata.is_normalized('NFD', chr(code))]
  return '\n'.join([
      '// Copyright 2026 The mobilebert_tf Authors',
      '// SPDX-License-Identifier: Apache-2.0',
      '',
      '// Written by `python -m tests.examples.unicode_tables`: '
      f'Unicode {unicodedata.unidata_version}.',
      '',
      '#ifndef MOBILEBERT_TEXT_UNICODE_TABLES_H_',
      '#define MOBILEBERT_TEXT_UNICODE_TABLES_H_',
      '',
      '#include <cstdint>',
      '',
      'namespace mobilebert_text {',
      '',
      f'inline constexpr char kUnicodeVersion[] = '
      f'"{unicodedata.unidata_version}";',
      '',
      'enum Flag : uint16_t {',
      *(f'  k{name.capitalize()} = {1 << bit},'
        for bit, name in enumerate(_FLAGS)),
      '};',
      '',
      '// The value of the characters from `first` to the next one\'s `first`.',
      'struct Run {',
      '  uint32_t first;',
      '  uint16_t value;',
      '};',
      '',
      '// What a character becomes, filled up with zeros.',
      'struct Mapping {',
      '  uint32_t from;',
      f'  uint32_t to[{_LONGEST_DECOMPOSITION}];',
      '};',
      '',
      *_table('Run', 'kFlags', _runs(_flags)),
      *_table('Run', 'kCombiningClasses', _runs(unicodedata.combining)),
      *_table('Mapping', 'kLower', _mappings(lowered)),
      *_table('Mapping', 'kDecompositions', _mappings(decomposed)),
      '}  // namespace mobilebert_text',
      '',
      '#endif  // MOBILEBERT_TEXT_UNICODE_TABLES_H_',
      '',
  ])


def _flags(character: str) -> int:
  return sum(test(character) << bit
             for bit, test in enumerate(_FLAGS.values()))


def _runs(value: Callable[[str], int]) -> Iterator[str]:
  for number, codes in itertools.groupby(
      _CODES, lambda code: value(chr(code))):
    yield f'{{{next(codes):#x}, {number}}}'


def _points(text: str) -> list[int]:
  return list(map(ord, text))


def _mappings(pairs: list[tuple[str, list[int]]]) -> Iterator[str]:
  for character, points in pairs:
    if len(points) > _LONGEST_DECOMPOSITION:
      raise ValueError(f'{character!r} becomes {points}: enlarge Mapping.')
    to = ', '.join(f'{point:#x}' for point in points)
    yield f'{{{ord(character):#x}, {{{to}}}}}'


def _table(kind: str, name: str, rows: Iterator[str]) -> Iterator[str]:
  yield f'inline constexpr {kind} {name}[] = {{'
  yield textwrap.indent(textwrap.fill(
      ', '.join(row.replace(' ', '\xa0') for row in rows), 78,
      break_long_words=False).replace('\xa0', ' '), '  ')
  yield '};'
  yield ''


def main(argv: list[str]) -> Any:
  if len(argv) > 1:
    raise app.UsageError(f'It takes no arguments: {argv[1:]}.')
  files.write_text(PATH, build())


if __name__ == '__main__':
  app.run(main)
