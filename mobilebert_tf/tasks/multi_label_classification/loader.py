# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0
"""Model Garden data loader of texts with any number of labels."""

import dataclasses

import numpy as np
from official.nlp.data import data_loader_factory

from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.multi_label_classification import (
    examples as examples_lib)


@dataclasses.dataclass
class MultiLabelDataConfig(loader.TextClassificationDataConfig):
  """Texts, or pairs of texts, with labels in TSV or CSV files.

  Attributes:
    label_columns: Columns of 0 and 1, one for each label, in place of
      `label_field`.
    label_separator: Separator of labels that share the cell of `label_field`.
  """
  label_columns: list[str] = dataclasses.field(default_factory=list)
  label_separator: str = ','


@data_loader_factory.register_data_loader_cls(MultiLabelDataConfig)
class MultiLabelDataLoader(loader.TextClassificationDataLoader):
  """Batches whose `label_ids` are float32 `[batch, labels]`, 0 or 1."""

  def read(self):
    return read_data(self._params)

  def targets(self, examples):
    return examples.label_ids.astype(np.float32)


def read_data(params: MultiLabelDataConfig) -> examples_lib.TextExamples:
  """Returns the examples that a config names.

  Args:
    params: The config; without `label_field` and `label_columns` it is for
      texts to be answered, all of them, so that empty ones are kept.
  """
  return examples_lib.read_examples(
      params.input_path, text_field=params.text_field,
      pair_field=params.pair_field, label_field=params.label_field,
      label_columns=params.label_columns,
      label_separator=params.label_separator, labels=params.labels,
      index_field=params.index_field, column_names=params.column_names,
      bad_rows=params.bad_rows,
      keep_empty=not (params.label_field or params.label_columns))


def find_labels(params: MultiLabelDataConfig) -> list[str]:
  """Returns the labels of a config: those it names, or those of its files."""
  return list(params.labels) or examples_lib.read_labels(
      params.input_path, label_field=params.label_field,
      label_columns=params.label_columns,
      label_separator=params.label_separator,
      column_names=params.column_names, bad_rows=params.bad_rows)
