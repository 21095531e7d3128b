# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tables of text for pages, terminals and Markdown, and safe lines of text."""

import dataclasses
import io
import math
import unicodedata
from collections.abc import Mapping, Sequence

import tabulate
from rich import cells as cells_lib
from rich import console as console_lib
from rich import table as rich_table
from rich import text as rich_text

ALIGNMENTS = ('left', 'right')


@dataclasses.dataclass(frozen=True)
class Column:
  """One column of a table.

  Attributes:
    title: Heading.
    align: `'left'` for words, `'right'` for numbers.
    max_width: Width of the widest cell in a terminal; longer cells end in an
      ellipsis. None for no limit.

  Raises:
    ValueError: If the alignment is unknown or the width below 2.
  """
  title: str
  align: str = 'left'
  max_width: int | None = None

  def __post_init__(self):
    if self.align not in ALIGNMENTS:
      raise ValueError(
          f'Column {self.title!r} has align={self.align!r}. '
          f'Use one of {ALIGNMENTS}.')
    if self.max_width is not None and self.max_width < 2:
      raise ValueError(
          f'Column {self.title!r} has max_width={self.max_width}. '
          'Use 2 or more, or None for no limit.')


@dataclasses.dataclass(frozen=True)
class Table:
  """Columns and rows of text.

  Attributes:
    columns: Columns from left to right.
    rows: Rows of one text per column.

  Raises:
    ValueError: If a row is longer or shorter than the columns.
  """
  columns: Sequence[Column]
  rows: Sequence[Sequence[str]]

  def __post_init__(self):
    for number, row in enumerate(self.rows):
      if len(row) != len(self.columns):
        raise ValueError(
            f'Row {number} has {len(row)} cells, the table has '
            f'{len(self.columns)} columns: {row!r}.')


def make_table(titles: Sequence[str], rows: Sequence[Sequence[str]],
               left: int = 1, words: Sequence[str] = (),
               widths: Mapping[str, int] | None = None) -> Table:
  """Creates a table whose first columns hold words and the others numbers.

  Example:

  ```python
  sizes = text.make_table(('File', 'Size'), [('model.tflite', '2.3 MB')])
  print(text.format_table(sizes))
  ```

  Args:
    titles: Headings of the columns.
    rows: Rows of one text per column.
    left: Number of first columns that are aligned left.
    words: Headings of further columns that are aligned left.
    widths: `Column.max_width` by heading.
  """
  return Table(
      tuple(Column(title, 'left' if i < left or title in words else 'right',
                   (widths or {}).get(title))
            for i, title in enumerate(titles)), tuple(map(tuple, rows)))


def clean(text: str) -> str:
  """Returns one line, with U+FFFD for control and format characters.

  Text of unknown origin could otherwise move the cursor, recolour the terminal
  or break a row in two. Unpaired surrogates are replaced as well.
  """
  line = ' '.join(str(text).split())
  return ''.join(
      '\ufffd' if unicodedata.category(letter) in ('Cc', 'Cf', 'Cs') else letter
      for letter in line)


def shorten(text: str, width: float) -> str:
  """Cuts `text` to at most `width` terminal cells, with an ellipsis if cut."""
  if cells_lib.cell_len(text) <= width:
    return text
  return cells_lib.set_cell_size(text, width - 1).rstrip() + '…'


def format_table(table: Table) -> str:
  """Formats a table for the terminal, with a rule below the heading.

  Example:

  ```
  File            Size
  ------------  ------
  model.tflite  2.3 MB
  ```
  """
  rows = [
      [shorten(clean(text), column.max_width or math.inf)
       for text, column in zip(row, table.columns, strict=True)]
      for row in ([column.title for column in table.columns], *table.rows)]
  widths = [max(map(cells_lib.cell_len, column))
            for column in zip(*rows, strict=True)]
  grid = rich_table.Table.grid(padding=(0, 2))
  for column in table.columns:
    grid.add_column(justify=column.align, no_wrap=True)
  for row in (rows[0], ['-' * width for width in widths], *rows[1:]):
    grid.add_row(*map(rich_text.Text, row))
  output = io.StringIO()
  console_lib.Console(
      file=output, width=sum(widths) + 2 * len(widths), color_system=None,
      legacy_windows=False).print(grid)
  return '\n'.join(line.rstrip() for line in output.getvalue().splitlines())


def format_markdown(table: Table) -> str:
  """Formats a table as Markdown."""
  titles, *rows = (
      [clean(cell).replace('|', '\\|') for cell in row]
      for row in ([column.title for column in table.columns], *table.rows))
  return tabulate.tabulate(
      rows, titles, tablefmt='pipe', disable_numparse=True,
      colalign=[column.align for column in table.columns])
