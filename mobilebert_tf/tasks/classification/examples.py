# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labelled texts, or pairs of texts, from files with named columns."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from mobilebert_tf.data import tables

_LARGEST_NUMBER = float(np.finfo(np.float32).max)


@dataclasses.dataclass(frozen=True)
class TextExamples:
  """The columns of files, one entry for each row.

  Attributes:
    texts: The text of each row.
    pairs: The second text of each row, or None.
    labels: The label of each class; none for regression.
    label_ids: int32 `[rows]`; or `[rows, labels]` of 0 and 1, where a text can
      have several; or None where no label column was asked for, or where labels
      are numbers.
    values: The labels of regression, float32 `[rows]`, or None.
    indices: The id of each row, or None where no such column was asked for.
    skipped: How many rows were left out, because they cannot be read.
  """
  texts: list[str]
  pairs: list[str] | None
  labels: list[str]
  label_ids: np.ndarray | None
  values: np.ndarray | None = None
  indices: list[str] | None = None
  skipped: int = 0


def read_examples(path: str | Sequence[str],
                  *,
                  text_field: str = 'text',
                  pair_field: str = '',
                  label_field: str = 'label',
                  index_field: str = '',
                  labels: Sequence[str] = (),
                  regression: bool = False,
                  column_names: Sequence[str] = (),
                  bad_rows: str = 'error',
                  keep_empty: bool = False) -> TextExamples:
  """Reads and checks all rows of TSV or CSV files; `tables` says how.

  Example:

    examples = read_examples('dev.tsv')
    examples.labels[examples.label_ids[0]]

  Args:
    path: A file or glob, or several, as a sequence or with commas.
    text_field: The column of the text.
    pair_field: The column of the second text; empty for none.
    label_field: The column of the label; empty for texts without labels.
    index_field: The column of an id that no two rows share; empty for none.
    labels: The label of each class; empty for the sorted set found.
    regression: Whether labels are numbers instead of classes.
    column_names: The columns of files without a header.
    bad_rows: `skip` leaves out rows that cannot be read, and says how many;
      `error` stops at the first.
    keep_empty: Whether texts may be empty, because every row is to be answered.

  Returns:
    The columns.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a column is missing, or a file not UTF-8 or without rows. If
      a row has more or fewer columns than the header, a text is empty, a label
      unknown or no finite number, or an id there twice, and `bad_rows` is
      `error`. Names the file and the line.
  """
  if len(set(labels)) < len(labels):
    raise ValueError(f'A label is there twice in {list(labels)}.')
  if regression and labels:
    raise ValueError('Labels of regression are numbers, so no classes can be '
                     f'named for them: {", ".join(labels)}.')
  fields = check_fields({
      'text_field': text_field, 'pair_field': pair_field,
      'label_field': label_field, 'index_field': index_field})
  checks: dict[str, Callable] = {}
  if label_field and regression:
    checks['label_field'] = _check_number
  elif label_field and labels:
    checks['label_field'] = _check_label(labels)
  if index_field:
    checks['index_field'] = check_unique()
  texts = {field for field in (text_field, pair_field) if field}
  columns, skipped = read_columns(
      path, fields, checks, bad_rows, column_names,
      may_be_empty=texts if keep_empty else ())
  found = columns.get('label_field')
  label_ids = values = None
  labels = list(labels)
  if regression and found is not None:
    values = np.array([float(value) for value in found], np.float32)
  elif found is not None:
    labels = labels or sorted(set(found))
    ids = {label: i for i, label in enumerate(labels)}
    label_ids = np.array([ids[label] for label in found], np.int32)
  return TextExamples(
      columns['text_field'], columns.get('pair_field'), labels, label_ids,
      values, columns.get('index_field'), skipped)


def read_labels(path: str | Sequence[str],
                label_field: str = 'label',
                *,
                column_names: Sequence[str] = (),
                bad_rows: str = 'error') -> list[str]:
  """Returns the sorted labels that occur in TSV or CSV files.

  Args:
    path: Files, as for `read_examples`.
    label_field: The column.
    column_names: As for `read_examples`.
    bad_rows: As for `read_examples`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound; names the file and the line.
  """
  columns, _ = read_columns(
      path, {'label_field': label_field}, {}, bad_rows, column_names)
  return sorted(set(columns['label_field']))


def check_fields(fields: dict[str, str]) -> dict[str, str]:
  """Returns the fields that name a column; no two may name the same.

  Args:
    fields: Column of each field; '' for none.

  Raises:
    ValueError: If two are the same, or `text_field` is not set.
  """
  fields = {name: column for name, column in fields.items() if column}
  names: dict[str, str] = {}
  for name, column in fields.items():
    if column in names:
      raise ValueError(f'{names[column]} and {name} are the same column, '
                       f'{column!r}.')
    names[column] = name
  if 'text_field' not in fields:
    raise ValueError('text_field is not set.')
  return fields


def read_columns(
    path: str | Sequence[str], fields: dict[str, str],
    checks: dict[str, Callable[[str, str], str]], bad_rows: str,
    column_names: Sequence[str], may_be_empty: Sequence[str] = ()
) -> tuple[dict[str, list[str]], int]:
  """Reads columns of TSV or CSV files.

  Args:
    path: Files, as for `read_examples`.
    fields: Column of each field.
    checks: Function of a value and its place, by field, that returns what is
      wrong with it, or ''.
    bad_rows: As for `read_examples`.
    column_names: As for `read_examples`.
    may_be_empty: Columns whose values may be empty.

  Returns:
    The values by field, and the number of rows that were left out.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound; names the file and the line.
  """
  bad = tables.BadRows(bad_rows)
  columns: dict[str, list[str]] = {name: [] for name in fields}
  positions = [(list(fields).index(name), check)
               for name, check in checks.items()]
  for row in tables.read_rows(
      path, list(fields.values()), bad, column_names=column_names,
      may_be_empty=may_be_empty):
    wrong = next(filter(None, (
        check(row.values[i], row.place) for i, check in positions)), None)
    if wrong:
      bad.add(row.file, row.line, wrong)
      continue
    for column, value in zip(columns.values(), row.values, strict=True):
      column.append(value)
  bad.report()
  return columns, bad.skipped


# What is wrong with a value, or nothing.


def _check_label(labels: Sequence[str]) -> Callable[[str, str], str]:
  known = set(labels)
  shown = ', '.join(labels[:20])

  def check(label: str, _: str) -> str:
    if label in known:
      return ''
    return f'the label {label[:60]!r} is not one of {shown}.'
  return check


def _check_number(value: str, _: str) -> str:
  try:
    # Python reads 1_000 as well.
    if abs(float(value)) <= _LARGEST_NUMBER and '_' not in value:
      return ''
  except ValueError:
    pass
  return (f'the label {value[:60]!r} is not a finite number, as regression '
          'needs, such as 3.5.')


def check_unique() -> Callable[[str, str], str]:
  """Returns a check that no two rows have the same id."""
  seen: dict[str, str] = {}

  def check(index: str, place: str) -> str:
    first = seen.setdefault(index, place)
    return '' if first == place else (
        f'the id {index[:60]!r} is there already, at {first}.')
  return check
