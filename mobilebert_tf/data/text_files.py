# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts of files: a text a line, JSON lines, or a column of a table."""

from mobilebert_tf.common import files
from mobilebert_tf.common import parsing
from mobilebert_tf.data import tables

FIELD = 'text'
_JSON = ('.jsonl', '.json')
_TABLES = ('.tsv', '.csv')


def read(paths: files.Paths, column: str = '') -> list[str]:
  """Reads all texts, without white space around them.

  A line of a file named `.jsonl` is a JSON string, or an object with `"text"`.

  Args:
    paths: Files or globs, as a sequence or with commas; each may be `.gz`.
    column: Column of a table; `text` for files named `.tsv` and `.csv` if
      empty, while other files then hold a text a line.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a text is empty, or a file is not what its name says; names
      the file and the line.

  Example: `read('passages.txt')`
  """
  texts = []
  for path in files.find_files(paths):
    name = path.lower().removesuffix('.gz')
    before = len(texts)
    if column and not name.endswith(_JSON) or name.endswith(_TABLES):
      texts += _read_table(path, column or FIELD)
    else:
      texts += _read_lines(path, name.endswith(_JSON), column or FIELD)
    if len(texts) == before:
      raise files.LineError(path, 1, 'there is no text; the file is empty.')
  return texts


def _read_table(path: str, column: str) -> list[str]:
  bad_rows = tables.BadRows()
  return [row.values[0] for row in tables.read_rows(
      [path], [column], bad_rows)]


def _read_lines(path: str, is_json: bool, field: str) -> list[str]:
  found = []
  for number, line in files.read_lines(path):
    text = _of_json(path, number, line, field) if is_json else line.strip()
    if not text:
      raise files.LineError(path, number, 'there is no text. A text stands on '
                            'each line; take empty ones out.')
    found.append(text)
  return found


def _of_json(path: str, number: int, line: str, field: str) -> str:
  try:
    value = parsing.parse_json(line)
  except parsing.ParseError as error:
    raise files.LineError(path, number, error.what) from error
  if isinstance(value, dict):
    value = value.get(field)
  if not isinstance(value, str):
    raise files.LineError(
        path, number, f'{line[:80]!r} is neither a JSON string nor an object '
        f'with {field!r}.')
  return parsing.replace_surrogates(value).strip()
