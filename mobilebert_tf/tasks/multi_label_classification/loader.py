# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts with any number of labels, of TSV and CSV files: reading, batching.

Labels share a cell (`sport,politics`), or have a column of 0 and 1 each.
"""

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np
from official.nlp.data import data_loader_factory

from mobilebert_tf.tasks.classification import loader as base

# What a data config says of a labelled file.
FIELDS = ('text_field', 'pair_field', 'label_field', 'label_columns',
          'label_separator', 'column_names', 'bad_rows')
_SHOWN = 20


# === Reading ===


def read_examples(path: str | Sequence[str], *, text_field: str = 'text',
                  pair_field: str = '', label_field: str = 'label',
                  label_columns: Sequence[str] = (), label_separator: str = ',',
                  labels: Sequence[str] = (), index_field: str = '',
                  column_names: Sequence[str] = (), bad_rows: str = 'error',
                  keep_empty: bool = False) -> base.TextExamples:
  """Reads and checks all rows of TSV or CSV files.

  Other arguments are those of `classification.loader.read_examples`.

  Args:
    label_field: Column of the labels, empty for a text that has none; '' for
      texts without labels.
    label_columns: Columns of 0 and 1, one for each label, in place of
      `label_field`.
    label_separator: Separator of labels that share a cell.
    labels: Names of the labels, in the order of the columns unless these have
      the same names; empty for those that the files have.

  Returns:
    The columns; `label_ids` are `[rows, labels]`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound; names the file and the line.

  Example: `read_examples('dev.tsv', label_separator='|').label_ids[0]`
  """
  base.check_unique_labels(labels)
  columns = _order(label_columns, labels)
  names = [f'label_columns[{i}]' for i in range(len(columns))]
  fields = base.check_fields({
      'text_field': text_field, 'pair_field': pair_field,
      'label_field': '' if columns else label_field, 'index_field': index_field,
      **dict(zip(names, columns, strict=True))})
  checks: dict[str, base.Check] = {
      name: _check_flag(column)
      for name, column in zip(names, columns, strict=True)}
  if 'label_field' in fields:
    checks['label_field'] = _check_labels(label_separator, labels)
  optional = [label_field] if 'label_field' in fields else []
  if keep_empty:
    optional += [field for field in (text_field, pair_field) if field]
  found, skipped = base.read_columns(
      path, fields, checks, bad_rows, column_names, may_be_empty=optional)
  if columns:
    labels = list(labels) or list(columns)
    ids = np.array([found[name] for name in names]).T.astype(np.int32)
  else:
    labels, ids = _encode(found.get('label_field'), label_separator, labels)
  return base.TextExamples(
      found['text_field'], found.get('pair_field'), labels, ids, None,
      found.get('index_field'), skipped)


def read_labels(path: str | Sequence[str], *, label_field: str = 'label',
                label_columns: Sequence[str] = (), label_separator: str = ',',
                **reading: Any) -> list[str]:
  """Returns the labels of files: the columns, or the sorted set of the cells.

  Arguments are those of `read_examples`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound, or there are fewer than two labels.
  """
  # The column of labels stands for the text.
  labels = list(label_columns) or read_examples(
      path, text_field=label_field, label_field='', keep_empty=True, **reading
  ).texts
  if not label_columns:
    labels = sorted({label for cell in labels
                     for label in _split(cell, label_separator)})
  if len(labels) < 2:
    raise ValueError(
        f'{path} has {"the label " + repr(labels[0]) if labels else "no label"}'
        f'{" alone" if labels else ""}, but several labels are learned. Name '
        'the column of labels (label_column) and what separates them '
        f'(label_separator, now {label_separator!r}), or a column for each '
        'label (label_columns).')
  return labels


def _order(columns: Sequence[str], labels: Sequence[str]) -> list[str]:
  """Returns the columns in the order of the labels."""
  if columns and labels and len(columns) != len(labels):
    raise ValueError(
        f'There are {len(columns)} label_columns ({", ".join(columns)}) for '
        f'{len(labels)} labels ({", ".join(labels[:_SHOWN])}); a column '
        'belongs to each.')
  return list(labels if set(columns) == set(labels) else columns)


def _split(cell: str, separator: str) -> list[str]:
  return [label.strip() for label in cell.split(separator)] if cell else []


def _encode(cells: Sequence[str] | None, separator: str, labels: Sequence[str]
            ) -> tuple[list[str], np.ndarray | None]:
  """Returns the labels and int32 `[rows, labels]`, 1 where a row has one."""
  if cells is None:
    return list(labels), None
  rows = [_split(cell, separator) for cell in cells]
  labels = list(labels) or sorted({label for row in rows for label in row})
  places = {label: i for i, label in enumerate(labels)}
  ids = np.zeros([len(rows), len(labels)], np.int32)
  for i, row in enumerate(rows):
    ids[i, [places[label] for label in row]] = 1
  return labels, ids


def _check_flag(column: str) -> base.Check:
  def check(value: str, _: str) -> str:
    return '' if value in ('0', '1') else (
        f'the column {column!r} of a label holds {value[:60]!r}; it has to '
        'hold 0 or 1.')
  return check


def _check_labels(separator: str, labels: Sequence[str]) -> base.Check:
  if not separator:
    raise ValueError("label_separator is ''; name what stands between the "
                     'labels of a text, such as a comma.')
  known, shown = set(labels), ', '.join(labels[:_SHOWN])

  def check(cell: str, _: str) -> str:
    seen: set[str] = set()
    for label in _split(cell, separator):
      if not label:
        return (f'a label is empty in {cell[:60]!r}; {separator!r} stands '
                'between two labels.')
      if label in seen:
        return f'the label {label[:60]!r} is duplicated in {cell[:60]!r}.'
      if known and label not in known:
        return (f'the label {label[:60]!r} is not one of {shown}. Labels are '
                f'separated by {separator!r}.')
      seen.add(label)
    return ''
  return check


# === Batching ===


@dataclasses.dataclass
class MultiLabelDataConfig(base.TextClassificationDataConfig):
  """Texts, or pairs of texts, with labels in TSV or CSV files.

  Attributes:
    label_columns: Columns of 0 and 1, one for each label, in place of
      `label_field`.
    label_separator: Separator of labels that share the cell of `label_field`.
  """
  label_columns: list[str] = dataclasses.field(default_factory=list)
  label_separator: str = ','


@data_loader_factory.register_data_loader_cls(MultiLabelDataConfig)
class MultiLabelDataLoader(base.TextClassificationDataLoader):
  """Batches whose `label_ids` are float32 `[batch, labels]`, 0 or 1."""

  def read(self):
    return read_data(self._params)

  def targets(self, examples):
    return examples.label_ids.astype(np.float32)


def read_data(params: MultiLabelDataConfig) -> base.TextExamples:
  """Returns the examples that a config names; see `read_examples`.

  Without `label_field` and `label_columns` every text is to be answered, so
  empty ones are kept.
  """
  return read_examples(
      params.input_path, labels=params.labels, index_field=params.index_field,
      keep_empty=not (params.label_field or params.label_columns),
      **{name: getattr(params, name) for name in FIELDS})


def find_labels(params: MultiLabelDataConfig) -> list[str]:
  """Returns the labels of a config: those it names, or those of its files."""
  return list(params.labels) or read_labels(
      params.input_path, label_field=params.label_field,
      label_columns=params.label_columns,
      label_separator=params.label_separator,
      column_names=params.column_names, bad_rows=params.bad_rows)
