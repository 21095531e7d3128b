# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Splits a labelled table into a training part and a held-out one."""

import collections
from collections.abc import Sequence
import csv
import hashlib
import io
import os

from mobilebert_tf.common import files
from mobilebert_tf.data import tables

_FEWEST = 2  # Rows of a part.


def split(path: str | os.PathLike, train: str | os.PathLike,
          held_out: str | os.PathLike, columns: Sequence[str],
          labels: Sequence[str] = (), share: float = 0.1,
          seed: int = 0) -> tuple[int, int]:
  """Writes the columns of a table into two CSV files.

  Rows of one text are in one file, so that none is learned by heart and then
  scored. Each label is split by itself, so that both files have it where it has
  several texts. The same table, in any order, is split alike.

  Args:
    path: TSV, CSV or JSON lines, see `tables`.
    train: CSV file of the training part.
    held_out: CSV file of the held-out part.
    columns: Columns of both files, the text first.
    labels: Columns of the label, of `columns`; none where it is a number.
    share: Share of texts that is held out.
    seed: Seed of the choice.

  Returns:
    The numbers of rows of both parts.

  Raises:
    FileNotFoundError: If there is no such table.
    ValueError: If it is damaged or has too few texts, or the share is none.

  Example: `split('reviews.csv', 'train.csv', 'dev.csv', ['review', 'stars'],
    ['stars'])`
  """
  if not 0 < share < 1:
    raise ValueError(f'The share of texts to hold out is {share}; it is above '
                     '0 and below 1.')
  path = files.find_file(path)
  # A label or a second text may be empty, as its reader decides.
  rows = [row.values for row in tables.read_rows(
      [path], columns, tables.BadRows(), may_be_empty=columns[1:])]
  chosen = _choose(rows, [columns.index(each) for each in labels], share, seed)
  parts = ([row for row in rows if row[0] not in chosen],
           [row for row in rows if row[0] in chosen])
  for file, part in zip((train, held_out), parts, strict=True):
    if len(part) < _FEWEST:
      raise ValueError(
          f'{path} has {len(rows)} rows, too few to hold out {share:g} of '
          'their texts. Name a file of held-out texts, or a larger share.')
    files.write_text(file, _to_csv([columns, *part]))
  return len(parts[0]), len(parts[1])


def _choose(rows: Sequence[Sequence[str]], labels: Sequence[int],
            share: float, seed: int) -> set[str]:
  """Returns the texts that are held out."""
  texts: dict[tuple[str, ...], set[str]] = collections.defaultdict(set)
  seen: set[str] = set()
  for row in sorted(rows):  # A text of two labels counts for the first.
    if row[0] not in seen:
      seen.add(row[0])
      texts[tuple(row[i] for i in labels)].add(row[0])
  chosen: set[str] = set()
  owed = 0.0  # What rounding left of rare labels.
  for label in sorted(texts):
    ordered = sorted(texts[label], key=lambda text: _place(text, seed))
    owed += share * len(ordered)
    count = min(round(owed), len(ordered) - 1)
    chosen.update(ordered[:max(0, count)])
    owed -= max(0, count)
  return chosen


def _place(text: str, seed: int) -> bytes:
  return hashlib.sha256(
      f'{seed} {text}'.encode('utf-8', 'surrogatepass')).digest()


def _to_csv(rows: Sequence[Sequence[str]]) -> str:
  text = io.StringIO()
  csv.writer(text, lineterminator='\n').writerows(rows)
  return text.getvalue()
