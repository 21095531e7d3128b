# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Rows of tab-separated and comma-separated files with named columns.

Files named `.csv` are comma-separated, with quotes as spreadsheets write them;
files named `.jsonl` hold an object a line, whose names are the columns; all
others are tab-separated, with quotes as ordinary characters, as in GLUE. Each
may be `.gz`.
"""

import csv
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.common import parsing

POLICIES = ('error', 'skip')
_HINTS = {
    'csv': ('Columns are separated by commas; a text with a comma or a line '
            'break stands in double quotes.'),
    'jsonl': 'Columns are the names of the object in the first line.',
    'tsv': 'Columns are separated by tabs; quotes mean nothing.',
}


@dataclasses.dataclass(frozen=True)
class Row:
  """Values of the requested columns in a row.

  Attributes:
    file: The file.
    line: Number of the first line of the row.
    values: Value of each column, without white space around it.
  """
  file: str
  line: int
  values: list[str]

  @property
  def place(self) -> str:
    """The file and the line, in the form of editors."""
    return f'{self.file}:{self.line}'


class BadRows:
  """Policy for rows that cannot be read: an error, or counted skips.

  Example:

    bad = BadRows('skip')
    for row in read_rows('train.tsv', ['text', 'label'], bad):
      if row.values[1] not in labels:
        bad.add(row.file, row.line, 'no such label')
    bad.report()

  Attributes:
    skipped: Number of rows skipped so far.

  Args:
    policy: `error` or `skip`.
  """

  def __init__(self, policy: str = 'error'):
    if policy not in POLICIES:
      raise ValueError(f'bad_rows is {policy!r}; it can be '
                       f'{" or ".join(POLICIES)}.')
    self._policy = policy
    self._first: files.LineError | None = None
    self._rows = 0
    self.skipped = 0

  def count_row(self) -> None:
    """Counts a row, good or bad."""
    self._rows += 1

  def add(self, file: str, line: int, what: str) -> None:
    """Counts a bad row, or raises ValueError if the policy is `error`."""
    error = files.LineError(file, line, what)
    if self._policy == 'error':
      raise error
    self._first = self._first or error
    self.skipped += 1

  def report(self) -> None:
    """Tells how many rows were skipped; raises ValueError if too many."""
    if not self._first:
      return
    counts = f'{self.skipped:,} of {self._rows:,} rows'
    if notices.is_too_much(self.skipped, self._rows):
      raise ValueError(f'{counts} cannot be read, which is too many to skip. '
                       f'The first: {self._first}')
    notices.tell(f'Skipped {counts} that cannot be read. The first: '
                 f'{self._first}')


def read_rows(path: files.Paths, fields: Sequence[str], bad_rows: BadRows, *,
              column_names: Sequence[str] = (),
              may_be_empty: Sequence[str] = ()) -> Iterator[Row]:
  """Yields the rows of files, in order.

  Args:
    path: Files or globs, as a sequence or with commas.
    fields: Names of the columns to read.
    bad_rows: Policy for rows with other columns or empty values.
    column_names: Columns of files without a header.
    may_be_empty: Members of `fields` that may be empty.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a column is missing, or a file not UTF-8 or without rows.
      Names the file and the line.
  """
  for file in files.find_files(path):
    lines = _read_cells(file)
    header, first = list(column_names), 1
    if not header:
      first, header = next(lines, (1, []))
    places = _find_columns(file, first, header, fields)
    is_empty = True
    for line, cells in lines:
      is_empty = False
      bad_rows.count_row()
      if len(cells) != len(header):
        bad_rows.add(file, line, _wrong_count(file, cells, header,
                                              bool(column_names)))
        continue
      if column_names and cells == header:
        raise files.LineError(
            file, line, 'this is a header, but column_names names the columns '
            'of a file that has none. Leave column_names empty.')
      row = Row(file, line, [cells[place].strip() for place in places])
      if not all(row.values):
        empty = [field for field, value in zip(fields, row.values, strict=True)
                 if not value and field not in may_be_empty]
        if empty:
          bad_rows.add(file, line, f'the column {empty[0]!r} is empty.')
          continue
      yield row
    if is_empty:
      raise files.LineError(
          file, 1, 'there is no row' + (
              '.' if column_names else ' below the header.'))


def read_header(path: str) -> list[str]:
  """Returns the names of the columns of a file; none if it is empty."""
  return next(_read_cells(path), (1, []))[1]


def is_csv(path: str) -> bool:
  """Whether a file is comma-separated, by its name."""
  return _format(path) == 'csv'


def _format(file: str) -> str:
  """Returns the format of a file by its name, a key of `_HINTS`."""
  name = file.lower().removesuffix('.gz')
  return next((each for each in _HINTS if name.endswith(f'.{each}')), 'tsv')


def _find_columns(file: str, line: int, header: list[str],
                  fields: Sequence[str]) -> list[int]:
  if not header:
    raise files.LineError(file, 1, 'there is no row; the file is empty.')
  for field in fields:
    if header.count(field) != 1:
      shown = ', '.join(map(repr, header[:20]))
      raise files.LineError(
          file, line, f'there has to be one column {field!r}; the header has '
          f'{shown[:1000]}. {_HINTS[_format(file)]}')
  return [header.index(field) for field in fields]


def _wrong_count(file: str, cells: list[str], header: list[str],
                 is_named: bool) -> str:
  what = 'column_names' if is_named else 'the header'
  return (f'{len(cells)} columns where {what} has {len(header)}. '
          f'{_HINTS[_format(file)]}')


def _read_cells(file: str) -> Iterator[tuple[int, list[str]]]:
  """Yields number and cells of lines, without blank ones at the end."""
  blank: list[int] = []
  readers = {'csv': _read_csv, 'jsonl': _read_json_lines, 'tsv': _read_tsv}
  for number, cells in readers[_format(file)](file):
    if cells == ['']:
      blank.append(number)
      continue
    for line in blank:
      yield line, ['']
    blank.clear()
    yield number, cells


def _read_tsv(file: str) -> Iterator[tuple[int, list[str]]]:
  quoted = []
  for number, line in files.read_lines(file):
    cells = line.split('\t')
    if '""' in line and any(map(_is_quoted, cells)):
      quoted.append(number)
    yield number, cells
  if quoted:
    notices.tell(
        f'{file}:{quoted[0]}: a cell is quoted as spreadsheets and pandas do, '
        f'with "" for a quote ({len(quoted):,} such lines). In TSV quotes mean '
        'nothing, so they stay in the text. Write CSV to a file named .csv, or '
        'TSV without quoting.')


def _is_quoted(cell: str) -> bool:
  """Whether a cell is in quotes, with two for each within."""
  inner = cell[1:-1]
  return (cell == f'"{inner}"' and '""' in inner
          and '"' not in inner.replace('""', ''))


def _read_csv(file: str) -> Iterator[tuple[int, list[str]]]:
  csv.field_size_limit(files.LONGEST_LINE)  # Not 131,072 characters.
  reader = csv.reader(
      (f'{line}\n' for _, line in files.read_lines(file)), strict=True)
  first = 1
  try:
    for cells in reader:
      yield first, cells or ['']
      first = reader.line_num + 1
  except csv.Error as error:
    raise files.LineError(
        file, first, f'the row that begins here is no CSV ({error}). '
        f'{_HINTS["csv"]}') from error


def _read_json_lines(file: str) -> Iterator[tuple[int, list[str]]]:
  """Yields the names of the first object, and the values of each."""
  names: list[str] = []
  for number, line in files.read_lines(file):
    if not line.strip():
      yield number, ['']
      continue
    try:
      value = parsing.parse_json(line, allow_nan=False)
    except parsing.ParseError as error:
      raise files.LineError(file, number, error.what) from error
    if not isinstance(value, dict) or not value:
      raise files.LineError(file, number, f'{line[:80]!r} is no JSON object '
                            'with a value for each column.')
    if not names:
      names = list(value)
      yield number, names
    # A column that an object lacks is empty.
    yield number, [_cell(file, number, name, value.get(name, ''))
                   for name in names]


def _cell(file: str, line: int, name: str, value: Any) -> str:
  if isinstance(value, str):
    return parsing.replace_surrogates(value)
  if isinstance(value, int | float) and not isinstance(value, bool):
    return repr(value)
  raise files.LineError(file, line, f'{name!r} is {value!r:.60}; a column '
                        'holds texts or numbers.')
