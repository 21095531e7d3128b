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

"""Aligned text tables for the terminal."""

import unicodedata

from mobilebert_tf.reporting import table as table_lib

_GAP = '  '
_ELLIPSIS = '…'


def clean(text: str) -> str:
  """Returns one line without control characters.

  Text of unknown origin could otherwise move the cursor, recolour the terminal
  or break a row in two.

  Args:
    text: Any text.

  Returns:
    The text with runs of white space as one space, and control and format
    characters and unpaired surrogates replaced by U+FFFD.
  """
  line = ' '.join(str(text).split())
  return ''.join(
      '\ufffd' if unicodedata.category(letter) in ('Cc', 'Cf', 'Cs') else letter
      for letter in line)


def display_width(text: str) -> int:
  """Counts the terminal's cells that `text` takes (East Asian letters: 2)."""
  return sum(_letter_width(letter) for letter in text)


def shorten(text: str, width: int) -> str:
  """Cuts `text` to at most `width` cells, ending in an ellipsis if cut."""
  if display_width(text) <= width:
    return text
  kept, used = [], 0
  for letter in text:
    used += _letter_width(letter)
    if used > width - 1:
      break
    kept.append(letter)
  return ''.join(kept).rstrip() + _ELLIPSIS


def format_table(table: table_lib.Table) -> str:
  """Lays a table out in columns of equal width, a rule below the heading.

  Example:

  ```
  File            Size
  ------------  ------
  model.tflite  2.3 MB
  ```

  Args:
    table: The table. Its cells may come from anywhere: see `clean`.

  Returns:
    Lines without trailing spaces, joined by newlines.
  """
  limits = [column.max_width for column in table.columns]
  lines = [_cells([column.title for column in table.columns], limits)]
  lines += [_cells(row, limits) for row in table.rows]
  widths = [max(display_width(cell) for cell in cells)
            for cells in zip(*lines, strict=True)]
  lines.insert(1, ['-' * width for width in widths])
  return '\n'.join(_join(cells, widths, table.columns) for cells in lines)


def _letter_width(letter: str) -> int:
  if unicodedata.combining(letter):
    return 0
  return 2 if unicodedata.east_asian_width(letter) in 'WF' else 1


def _cells(row, limits) -> list[str]:
  cells = [clean(cell) for cell in row]
  return [cell if limit is None else shorten(cell, limit)
          for cell, limit in zip(cells, limits, strict=True)]


def _join(cells, widths, columns) -> str:
  padded = []
  for cell, width, column in zip(cells, widths, columns, strict=True):
    spaces = ' ' * (width - display_width(cell))
    padded.append(
        spaces + cell if column.align == 'right' else cell + spaces)
  return _GAP.join(padded).rstrip()
