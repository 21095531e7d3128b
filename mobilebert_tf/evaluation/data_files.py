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

"""Which columns and labels a data file has, as far as the model's run tells."""

import re
from collections.abc import Sequence
from typing import Any

from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import glue

_UNNAMED = re.compile(r'LABEL_\d+')
_FIELDS = ('text_field', 'pair_field', 'label_field', 'column_names',
           'bad_rows')
_WORD_FIELDS = ('word_column', 'label_column', 'tags', 'comment')


def reading_fields(trained: loading.TrainedModel,
                   task: glue.GlueTask | None = None,
                   labels: Sequence[str] = (),
                   **columns: str) -> dict[str, Any]:
  """Returns how `read_examples` reads a labelled file for a model.

  Example:

    trained = loading.load('runs/sst2')
    examples = text_examples.read_examples(
        'dev.tsv', **reading_fields(trained))

  Args:
    trained: The model. Of a run, the file has the columns of its validation
      data, or of its training data if there is none.
    task: A task of GLUE, if the file is one of its.
    labels: The labels of the file in the order of the model's classes, where
      they are not those that the model knows.
    **columns: `text_field`, `pair_field` and `label_field`, where they are
      others. The file then has a header.

  Returns:
    Keywords of `read_examples`.

  Raises:
    ValueError: If the labels are not as many as the model's classes, or
      others than a task has, or the kind of model does not suit the task.
  """
  is_regression = trained.kind == loading.REGRESSION
  fields = {'text_field': 'text', 'label_field': 'label'}
  if trained.params:
    data = trained.params.task.validation_data
    if not data.input_path:
      data = trained.params.task.train_data
    fields = {name: getattr(data, name) for name in _FIELDS}
  if task:
    if (task.labels is None) != is_regression:
      raise ValueError(f'{task.title} is not for a model of {trained.kind}.')
    fields = glue.part_fields(task, 'dev')
    fields = {name: fields[name] for name in _FIELDS}
  given = {name: value for name, value in columns.items() if value}
  if given:
    fields = {**fields, 'column_names': (), **given}
  return {**fields, 'regression': is_regression,
          'labels': _labels(trained, task, labels)}


def sentence_fields(trained: loading.TrainedModel, word_column: str = '',
                    label_column: str = '') -> dict[str, Any]:
  """Returns how `conll.read_sentences` reads a labelled file for a model.

  Args:
    trained: The model. Of a run, the file has the columns of its data.
    word_column: The number of the column of the word, if it is another.
    label_column: The number of that of the label.

  Returns:
    Keywords of `read_sentences`.

  Raises:
    ValueError: If a column is not a number.
  """
  fields = {}
  if trained.params:
    data = trained.params.task.validation_data
    if not data.input_path:
      data = trained.params.task.train_data
    fields = {name: getattr(data, name) for name in _WORD_FIELDS}
  for name, value in (('word_column', word_column),
                      ('label_column', label_column)):
    if not value:
      continue
    if not re.fullmatch(r'-?\d+', value):
      raise ValueError(
          'Columns of such files are numbered, from 0 or from -1 for the last; '
          f'there is none {value!r}.')
    fields[name] = int(value)
  return fields


def _labels(trained: loading.TrainedModel, task: glue.GlueTask | None,
            labels: Sequence[str]) -> list[str]:
  if trained.kind == loading.REGRESSION:
    if labels:
      raise ValueError('The model rates texts with a number; there are no '
                       f'labels to name, such as {labels[0]!r}.')
    return []
  known = list(trained.labels)
  if not labels and task:
    if set(known) == set(task.labels):
      return known  # The order may be another.
    if not all(_UNNAMED.fullmatch(label) for label in known):
      raise ValueError(
          f'{task.title} has the labels {", ".join(task.labels)}, the model '
          f'{", ".join(known)}. Name those of the file in the order of the '
          "model's.")
    labels = task.labels
  if labels and len(labels) != len(known):
    raise ValueError(
        f'There are {len(labels)} labels ({", ".join(labels)}) for the '
        f'{len(known)} classes of the model ({", ".join(known)}).')
  return list(labels) or known
