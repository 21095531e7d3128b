# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tables of texts with any number of labels that follow from their words."""

from collections.abc import Sequence
import pathlib
from typing import Any

import tensorflow as tf

from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from tests.pipelines import tiny

LABELS = ('film', 'music', 'sport')
_WORDS = {'film': 'w1 w2 w3', 'music': 'w4 w5 w6', 'sport': 'w26 w27 w28'}


def labels_of(row: int) -> list[str]:
  """Returns the labels of a row: each set of labels in turn."""
  return [label for i, label in enumerate(LABELS) if row >> i & 1]


def text(labels: Sequence[str], other: int = 0) -> str:
  """Returns a text with these labels, and a word that says nothing."""
  return ' '.join([*(_WORDS[label] for label in labels), f'w{7 + other % 19}'])


def write_cells(path: pathlib.Path, rows: int, separator: str = '|') -> str:
  """Writes a TSV file whose labels share a cell."""
  lines = ['review\ttopics', *(
      f'{text(labels_of(i), i)}\t{separator.join(labels_of(i))}'
      for i in range(rows))]
  path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
  return str(path)


def write_columns(path: pathlib.Path, rows: int) -> str:
  """Writes a CSV file with a column for each label."""
  lines = [','.join(['review', *LABELS]), *(
      ','.join([text(labels_of(i), i),
                *(str(int(label in labels_of(i))) for label in LABELS)])
      for i in range(rows))]
  path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
  return str(path)


def recipe(test: tf.test.TestCase, **fields: Any) -> recipe_lib.Recipe:
  """Returns a recipe of tables in a test's folder."""
  folder = pathlib.Path(test.get_temp_dir())
  return recipe_lib.Recipe(**{
      'task': 'multi_label_classification', 'text_column': 'review',
      'label_column': 'topics', 'label_separator': '|',
      'train_file': write_cells(folder / 'train.tsv', 96),
      'dev_file': write_cells(folder / 'dev.tsv', 32),
      'init_checkpoint': tiny.write_start(folder),
      'learning_rate': 5e-3, 'batch_size': 8, 'epochs': 12.0, **fields})
