# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The tasks of GLUE: their folders, columns, labels, metrics and file names.

GLUE is downloaded as one folder with a folder for each task. Its files are
tab-separated, quotes mean nothing in them, and every task has columns of its
own; two parts of CoLA have no header.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

TEST_PARTS = ('test', 'test_mismatched')


@dataclasses.dataclass(frozen=True)
class GlueTask:
  """What one has to know of a task to read it, score it and submit it.

  Attributes:
    name: The key in `GLUE_TASKS`.
    title: How the paper writes it.
    folder: The folder below the one that GLUE was unpacked to.
    files: The name of the file of each part: `train`, `dev`, `test`, and for
      MNLI, whose dev and test are the matched ones, `dev_mismatched` and
      `test_mismatched`.
    rows: How many rows each part has officially, those that cannot be read
      left out.
    text_field: The column of the text.
    pair_field: The column of the second text; empty for none.
    label_field: The column of the label, in all parts but test.
    index_field: The column of the row's number, in the test part.
    labels: The classes in the order of their ids; None for regression.
    metrics: The official ones, as `evaluation.metrics` names them.
    submissions: The name of the file of each test part in a submission.
    headers: The columns of the parts whose files have no header.
    bad_rows: `skip` where the official files hold rows that cannot be read.
  """
  name: str
  title: str
  folder: str
  files: Mapping[str, str]
  rows: Mapping[str, int]
  text_field: str
  pair_field: str
  label_field: str
  labels: tuple[str, ...] | None
  metrics: tuple[str, ...]
  submissions: Mapping[str, str]
  index_field: str = 'index'
  headers: Mapping[str, tuple[str, ...]] = dataclasses.field(
      default_factory=dict)
  bad_rows: str = 'error'

  @property
  def num_classes(self) -> int:
    """Logits of a model for it; 1 is regression."""
    return len(self.labels) if self.labels else 1


def get_task(name: str) -> GlueTask:
  """Returns a task by its key or title, in capitals or not.

  >>> get_task('SST-2').name
  'sst2'

  Args:
    name: Such as `sst2` or `SST-2`.

  Raises:
    ValueError: If there is none, naming those there are.
  """
  key = name.lower().replace('-', '')
  if key not in GLUE_TASKS:
    raise ValueError(f'GLUE has no task {name!r}; it has '
                     f'{", ".join(GLUE_TASKS)}.')
  return GLUE_TASKS[key]


def file_path(task: GlueTask | str, data_dir: str | os.PathLike,
              part: str) -> str:
  """Returns the path of the file of a part.

  Args:
    task: The task or its name.
    data_dir: The folder that holds the tasks' folders, or the task's own.
    part: One of the task's `files`.

  Raises:
    ValueError: If the task has no such part.
    FileNotFoundError: If there is no such file, saying where it should be.
  """
  task = get_task(task) if isinstance(task, str) else task
  if part not in task.files:
    raise ValueError(f'{task.title} has no part {part!r}; it has '
                     f'{", ".join(task.files)}.')
  root = os.path.expanduser(os.fspath(data_dir))
  expected = os.path.join(root, task.folder, task.files[part])
  own = os.path.join(root, task.files[part])
  if tf.io.gfile.exists(expected):
    return expected
  # Otherwise any task's `train.tsv` would do.
  if os.path.basename(os.path.abspath(root)) == task.folder and (
      tf.io.gfile.exists(own)):
    return own
  raise FileNotFoundError(
      f'{expected} is missing: the {part} part of {task.title}. data_dir is '
      'the folder that holds the official folders, such as SST-2 and CoLA.')


def data_fields(task: GlueTask | str, data_dir: str | os.PathLike,
                part: str) -> dict[str, Any]:
  """Returns fields of a `TextClassificationDataConfig` that reads a part.

  Example:

    data = TextClassificationDataConfig(
        vocab_file='vocab.txt', **data_fields('sst2', '/data/glue', 'train'))

  Args:
    task: The task or its name.
    data_dir: As for `file_path`.
    part: One of the task's `files`. Test parts have no labels, and are read
      with the number of each row.

  Returns:
    The path, the columns, the labels, and how the file is to be read.

  Raises:
    ValueError: If the task has no such part.
    FileNotFoundError: If there is no such file.
  """
  task = get_task(task) if isinstance(task, str) else task
  path = file_path(task, data_dir, part)
  return {'input_path': path, **part_fields(task, part)}


def part_fields(task: GlueTask | str, part: str) -> dict[str, Any]:
  """Returns what `data_fields` does without the path: a file may not exist."""
  task = get_task(task) if isinstance(task, str) else task
  is_test = part in TEST_PARTS
  return {
      'text_field': task.text_field,
      'pair_field': task.pair_field,
      'label_field': '' if is_test else task.label_field,
      'index_field': task.index_field if is_test else '',
      'labels': list(task.labels or ()),
      'regression': task.labels is None,
      'column_names': list(task.headers.get(part, ())),
      # Every row of a test part has to be answered.
      'bad_rows': 'error' if is_test else task.bad_rows,
  }


def task_score(metrics: Mapping[str, float],
               task: GlueTask | str) -> float:
  """Returns the one number of a task: the mean of its official metrics.

  Args:
    metrics: By name; others than the task's are left out.
    task: The task or its name.

  Raises:
    ValueError: If one of the task's is missing.
  """
  task = get_task(task) if isinstance(task, str) else task
  missing = [name for name in task.metrics if name not in metrics]
  if missing:
    raise ValueError(f'{", ".join(missing)} of {task.title} is missing; there '
                     f'is {", ".join(metrics) or "nothing"}.')
  return float(np.mean([metrics[name] for name in task.metrics]))


def glue_score(by_task: Mapping[str, Mapping[str, float]],
               leave_out: Sequence[str] = ()) -> float:
  """Returns the GLUE score: the mean of nine tasks, as the server defines it.

  Where a task has two metrics, their mean counts; of MNLI the mean of matched
  and mismatched. AX does not count.

  Args:
    by_task: The metrics of each task by its name; of MNLI mismatched as
      `mnli_mismatched`.
    leave_out: Tasks that are not to count, such as `wnli`; the result is then
      not the official score and should not be called so.

  Returns:
    The score, in the unit of the metrics.

  Raises:
    ValueError: If a task or metric is missing.
  """
  needed = [name for name in (*_scored_tasks(), 'mnli_mismatched')
            if name.removesuffix('_mismatched') not in leave_out]
  missing = [name for name in needed if name not in by_task]
  if missing or not needed:
    raise ValueError(
        f'The GLUE score needs {", ".join(missing) or "a task"} as well; there '
        f'is {", ".join(by_task) or "nothing"}.')
  scores = {name: task_score(by_task[name], name.removesuffix('_mismatched'))
            for name in needed}
  if 'mnli' in scores:
    scores['mnli'] = (scores['mnli'] + scores.pop('mnli_mismatched')) / 2
  return float(np.mean(list(scores.values())))


def _scored_tasks() -> list[str]:
  return [name for name in GLUE_TASKS if name != 'ax']


_YES_NO = ('0', '1')
_ENTAILMENT = ('entailment', 'not_entailment')
_MNLI_LABELS = ('entailment', 'neutral', 'contradiction')
_COLA_HEADER = ('source', 'label', 'author_label', 'sentence')


def _files(*parts: str) -> dict[str, str]:
  return {part: f'{part}.tsv' for part in parts}


_PARTS = _files('train', 'dev', 'test')

GLUE_TASKS: dict[str, GlueTask] = {task.name: task for task in (
    GlueTask(
        'cola', 'CoLA', 'CoLA', _PARTS,
        rows={'train': 8_551, 'dev': 1_043, 'test': 1_063},
        text_field='sentence', pair_field='', label_field='label',
        labels=_YES_NO, metrics=('matthews',),
        submissions={'test': 'CoLA.tsv'},
        headers={'train': _COLA_HEADER, 'dev': _COLA_HEADER}),
    GlueTask(
        'sst2', 'SST-2', 'SST-2', _PARTS,
        rows={'train': 67_349, 'dev': 872, 'test': 1_821},
        text_field='sentence', pair_field='', label_field='label',
        labels=_YES_NO, metrics=('accuracy',),
        submissions={'test': 'SST-2.tsv'}),
    GlueTask(
        'mrpc', 'MRPC', 'MRPC', _PARTS,
        rows={'train': 3_668, 'dev': 408, 'test': 1_725},
        text_field='#1 String', pair_field='#2 String', label_field='Quality',
        labels=_YES_NO, metrics=('f1', 'accuracy'),
        submissions={'test': 'MRPC.tsv'}),
    GlueTask(
        'stsb', 'STS-B', 'STS-B', _PARTS,
        rows={'train': 5_749, 'dev': 1_500, 'test': 1_379},
        text_field='sentence1', pair_field='sentence2', label_field='score',
        labels=None, metrics=('pearson', 'spearman'),
        submissions={'test': 'STS-B.tsv'}),
    GlueTask(
        'qqp', 'QQP', 'QQP', _PARTS,
        rows={'train': 363_846, 'dev': 40_430, 'test': 390_965},
        text_field='question1', pair_field='question2',
        label_field='is_duplicate', index_field='id',
        labels=_YES_NO, metrics=('f1', 'accuracy'),
        submissions={'test': 'QQP.tsv'},
        # A few questions hold tabs or line breaks, and some are empty.
        bad_rows='skip'),
    GlueTask(
        'mnli', 'MNLI', 'MNLI',
        {'train': 'train.tsv',
         'dev': 'dev_matched.tsv', 'dev_mismatched': 'dev_mismatched.tsv',
         'test': 'test_matched.tsv', 'test_mismatched': 'test_mismatched.tsv'},
        rows={'train': 392_702, 'dev': 9_815, 'dev_mismatched': 9_832,
              'test': 9_796, 'test_mismatched': 9_847},
        text_field='sentence1', pair_field='sentence2',
        label_field='gold_label',
        labels=_MNLI_LABELS, metrics=('accuracy',),
        submissions={'test': 'MNLI-m.tsv', 'test_mismatched': 'MNLI-mm.tsv'}),
    GlueTask(
        'qnli', 'QNLI', 'QNLI', _PARTS,
        rows={'train': 104_743, 'dev': 5_463, 'test': 5_463},
        text_field='question', pair_field='sentence', label_field='label',
        labels=_ENTAILMENT, metrics=('accuracy',),
        submissions={'test': 'QNLI.tsv'}),
    GlueTask(
        'rte', 'RTE', 'RTE', _PARTS,
        rows={'train': 2_490, 'dev': 277, 'test': 3_000},
        text_field='sentence1', pair_field='sentence2', label_field='label',
        labels=_ENTAILMENT, metrics=('accuracy',),
        submissions={'test': 'RTE.tsv'}),
    GlueTask(
        'wnli', 'WNLI', 'WNLI', _PARTS,
        rows={'train': 635, 'dev': 71, 'test': 146},
        text_field='sentence1', pair_field='sentence2', label_field='label',
        labels=_YES_NO, metrics=('accuracy',),
        submissions={'test': 'WNLI.tsv'}),
    # Answered by the model of MNLI; it has no training part of its own.
    GlueTask(
        'ax', 'AX', 'diagnostic', {'test': 'diagnostic.tsv'},
        rows={'test': 1_104},
        text_field='sentence1', pair_field='sentence2', label_field='',
        labels=_MNLI_LABELS, metrics=('matthews',),
        submissions={'test': 'AX.tsv'}),
)}

# Epochs, batch size and learning rate, from the paper's search: 2 to 10, 16 to
# 48, 1e-5 to 1e-4. It does not say what won, only that MobileBERT needs larger
# rates and more epochs than BERT. docs/finetuning.md has commands and scores.
GLUE_RECIPES = {
    'cola': (10, 16, 5e-5),
    'sst2': (5, 32, 5e-5),
    'mrpc': (10, 16, 5e-5),
    'stsb': (10, 16, 5e-5),
    'qqp': (5, 32, 5e-5),
    'mnli': (5, 32, 5e-5),
    'qnli': (5, 32, 5e-5),
    'rte': (10, 16, 5e-5),
    # The dev part contradicts the train part: nothing beats the majority.
    'wnli': (2, 16, 1e-5),
}
