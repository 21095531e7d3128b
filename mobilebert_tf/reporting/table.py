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

"""A table of ready-made text, which the page and the terminal both show."""

import dataclasses
from collections.abc import Sequence

ALIGNMENTS = ('left', 'right')


@dataclasses.dataclass(frozen=True)
class Column:
  """One column of a table.

  Attributes:
    title: Its heading.
    align: `'left'` for words, `'right'` for numbers.
    max_width: Terminal only: longer cells are cut and end in an ellipsis.
      None leaves them whole.

  Raises:
    ValueError: For an unknown alignment or a width below 2.
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

  Example:

  ```python
  sizes = table.Table(
      columns=(table.Column('File'), table.Column('Size', 'right')),
      rows=(('model.tflite', '2.3 MB'),))
  print(terminal.format_table(sizes))
  ```

  Attributes:
    columns: The columns, from left to right.
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
