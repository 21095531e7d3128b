# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Flags of the programs that read a labelled file."""

from typing import TYPE_CHECKING

from absl import flags

if TYPE_CHECKING:  # Otherwise --help would wait for it.
  from mobilebert_tf.evaluation import scoring

_TASK = flags.DEFINE_string(
    'task', '', 'GLUE task, such as mnli, whose columns, labels and metrics '
    'are then known; or squad_v1 or squad_v2, where a file of questions does '
    'not say which it is.')
_TEXT_COLUMN = flags.DEFINE_string(
    'text_column', '', 'Column of the text; in CoNLL files its number, from 0.')
_PAIR_COLUMN = flags.DEFINE_string(
    'pair_column', '', 'Column of the second text.')
_LABEL_COLUMN = flags.DEFINE_string(
    'label_column', '', 'Column of the label.')
_LABEL_COLUMNS = flags.DEFINE_list(
    'label_columns', [], 'Columns of 0 and 1, one for each label, where a text '
    'can have several labels.')
_LABEL_SEPARATOR = flags.DEFINE_string(
    'label_separator', '', 'Separator of labels that share a column; that of '
    'the model if not given.')
_LABELS = flags.DEFINE_list(
    'labels', [], 'Labels of the file in the order of the classes, for a model '
    'that does not know them.')
_TITLES = flags.DEFINE_list(
    'titles', [], 'Only articles of SQuAD to score.')
_EXCLUDE_TITLES = flags.DEFINE_list(
    'exclude_titles', [], 'Articles of SQuAD to leave out.')


def columns() -> 'scoring.Columns':
  """Returns the location of texts and labels that the flags describe."""
  from mobilebert_tf.evaluation import scoring
  return scoring.Columns(
      task=_TASK.value, text=_TEXT_COLUMN.value, pair=_PAIR_COLUMN.value,
      label=_LABEL_COLUMN.value, labels=_LABELS.value, titles=_TITLES.value,
      exclude_titles=_EXCLUDE_TITLES.value,
      label_columns=_LABEL_COLUMNS.value,
      label_separator=_LABEL_SEPARATOR.value)
