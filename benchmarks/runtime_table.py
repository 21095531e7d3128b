# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Differences of answers, and tables of what was found."""

from collections.abc import Iterator, Mapping, Sequence
import dataclasses
from typing import Any

import numpy as np

from mobilebert_tf.reporting import text as text_lib

_SIDE_BY_SIDE = 7  # Columns of a table.


def largest_difference(found: Sequence[Any], expected: Sequence[Any]) -> float:
  """Returns the largest difference of numbers at the same place of answers."""
  largest = 0.0
  for one, other in zip(found, expected, strict=True):
    one, other = dict(find_numbers(one)), dict(find_numbers(other))
    largest = max([largest, *(abs(one[place] - other[place])
                              for place in one.keys() & other.keys())])
  return largest


def find_numbers(answer: Any,
                 place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, float]]:
  """Yields the finite floats within an answer, with their places."""
  if isinstance(answer, float | np.floating):
    if np.isfinite(answer):
      yield place, float(answer)
  elif dataclasses.is_dataclass(answer):
    for field in dataclasses.fields(answer):
      yield from find_numbers(getattr(answer, field.name), (*place, field.name))
  elif isinstance(answer, tuple | list):
    for i, each in enumerate(answer):
      yield from find_numbers(each, (*place, i))


def tabulate(titles: Sequence[str], names: Sequence[str],
             cells: Sequence[Sequence[Mapping[str, Any]]]) -> str:
  """Returns tables of cells, a row for each kind of texts, and their notes."""
  notes: dict[str, int] = {}
  rows = []
  for name, row in zip(names, cells, strict=True):
    for texts in ('real', 'Unicode'):
      rows.append((f'{name}, {texts}', *(
          _show(cell, texts, notes) for cell in row)))
  tables = []
  for start in range(1, len(titles) + 1, _SIDE_BY_SIDE):
    part = slice(start, start + _SIDE_BY_SIDE)
    tables.append(text_lib.format_table(text_lib.make_table(
        ('Texts', *('Texts', *titles)[part]),
        [(row[0], *row[part]) for row in rows])))
  return '\n\n'.join(
      [*tables, '\n'.join(f'[{n}] {note}' for note, n in notes.items())])


def _show(cell: Mapping[str, Any], texts: str, notes: dict[str, int]) -> str:
  if 'note' in cell:
    return f'[{notes.setdefault(cell["note"], len(notes) + 1)}]'
  share, largest = cell[texts]['share'], cell[texts]['largest']
  return f'{100 * share:.1f}% {largest:.0e}'
