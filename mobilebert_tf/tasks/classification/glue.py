# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The tasks of GLUE: files, columns, labels, metrics, scores and submissions.

GLUE is downloaded as one folder with a folder for each task. Its files are
tab-separated, quotes mean nothing in them, and every task has columns of its
own; two parts of CoLA have no header.

Its server takes one zip with a file for each test part, with a line for each
row of the part in its order: the row's number and the answer, which is a label
or, for STS-B, a number from 0 to 5.
"""

from collections.abc import Mapping, Sequence
import dataclasses
import io
import os
import pathlib
from typing import Any
import zipfile

from absl import logging
import numpy as np
import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.data import tables
from mobilebert_tf.tasks.classification import loader

TEST_PARTS = ('test', 'test_mismatched')


@dataclasses.dataclass(frozen=True)
class GlueTask:
  """A task of GLUE: how it is read, scored and submitted.

  Attributes:
    name: Key in `GLUE_TASKS`.
    title: Name in the paper.
    folder: Folder below the one that GLUE was unpacked to.
    files: File name of each part: `train`, `dev`, `test`, and for MNLI, whose
      dev and test are the matched ones, `dev_mismatched` and `test_mismatched`.
    rows: Official number of rows of each part, without those that cannot be
      read.
    text_field: Column of the text.
    pair_field: Column of the second text; empty for none.
    label_field: Column of the label, in all parts but test.
    index_field: Column of the row's number, in the test part.
    labels: Classes in the order of their ids; None for regression.
    metrics: Official metrics, named as in `evaluation.metrics`.
    submissions: File name of each test part in a submission.
    headers: Columns of the parts whose files have no header.
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
    """The number of logits of its models; 1 is regression."""
    return len(self.labels) if self.labels else 1


def get_task(name: GlueTask | str) -> GlueTask:
  """Returns a task by its key or title; a task is returned as it is.

  >>> get_task('SST-2').name
  'sst2'

  Raises:
    ValueError: If there is no such task.
  """
  if isinstance(name, GlueTask):
    return name
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
    data_dir: Folder that holds the tasks' folders, or the task's own.
    part: One of the task's `files`.

  Raises:
    ValueError: If the task has no such part.
    FileNotFoundError: If there is no such file.
  """
  task = get_task(task)
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
  """Returns the fields of a `TextClassificationDataConfig` that reads a part.

  Test parts are read without labels and with the number of each row. Arguments
  and errors are those of `file_path`.
  """
  return {'input_path': file_path(task, data_dir, part),
          **part_fields(task, part)}


def part_fields(task: GlueTask | str, part: str) -> dict[str, Any]:
  """Returns `data_fields` without the path, for files that need not exist."""
  task = get_task(task)
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
  """Returns the mean of a task's official metrics.

  Raises:
    ValueError: If a metric of the task is missing.
  """
  task = get_task(task)
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
    by_task: Metrics by task, with `mnli_mismatched` as a task of its own.
    leave_out: Tasks that do not count, such as `wnli`; the result is then not
      the official score.

  Raises:
    ValueError: If a task or metric is missing.
  """
  needed = [name for name in (*GLUE_TASKS, 'mnli_mismatched') if name != 'ax'
            and name.removesuffix('_mismatched') not in leave_out]
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


_ENTAILMENT = ('entailment', 'not_entailment')
_MNLI_LABELS = ('entailment', 'neutral', 'contradiction')
_COLA_HEADER = ('source', 'label', 'author_label', 'sentence')


def _task(name: str, title: str, **fields: Any) -> GlueTask:
  """Returns a task with what most tasks have."""
  return GlueTask(name, title, **{
      'folder': title,
      'files': {part: f'{part}.tsv' for part in ('train', 'dev', 'test')},
      'pair_field': '', 'label_field': 'label', 'labels': ('0', '1'),
      'metrics': ('accuracy',), 'submissions': {'test': f'{title}.tsv'},
      **fields})


GLUE_TASKS: dict[str, GlueTask] = {task.name: task for task in (
    _task('cola', 'CoLA', text_field='sentence', metrics=('matthews',),
          rows={'train': 8_551, 'dev': 1_043, 'test': 1_063},
          headers={'train': _COLA_HEADER, 'dev': _COLA_HEADER}),
    _task('sst2', 'SST-2', text_field='sentence',
          rows={'train': 67_349, 'dev': 872, 'test': 1_821}),
    _task('mrpc', 'MRPC', text_field='#1 String', pair_field='#2 String',
          label_field='Quality', metrics=('f1', 'accuracy'),
          rows={'train': 3_668, 'dev': 408, 'test': 1_725}),
    _task('stsb', 'STS-B', text_field='sentence1', pair_field='sentence2',
          label_field='score', labels=None, metrics=('pearson', 'spearman'),
          rows={'train': 5_749, 'dev': 1_500, 'test': 1_379}),
    _task('qqp', 'QQP', text_field='question1', pair_field='question2',
          label_field='is_duplicate', index_field='id',
          metrics=('f1', 'accuracy'),
          rows={'train': 363_846, 'dev': 40_430, 'test': 390_965},
          # A few questions hold tabs or line breaks, and some are empty.
          bad_rows='skip'),
    _task('mnli', 'MNLI', text_field='sentence1', pair_field='sentence2',
          label_field='gold_label', labels=_MNLI_LABELS,
          files={'train': 'train.tsv', 'dev': 'dev_matched.tsv',
                 'dev_mismatched': 'dev_mismatched.tsv',
                 'test': 'test_matched.tsv',
                 'test_mismatched': 'test_mismatched.tsv'},
          rows={'train': 392_702, 'dev': 9_815, 'dev_mismatched': 9_832,
                'test': 9_796, 'test_mismatched': 9_847},
          submissions={'test': 'MNLI-m.tsv', 'test_mismatched': 'MNLI-mm.tsv'}),
    _task('qnli', 'QNLI', text_field='question', pair_field='sentence',
          labels=_ENTAILMENT,
          rows={'train': 104_743, 'dev': 5_463, 'test': 5_463}),
    _task('rte', 'RTE', text_field='sentence1', pair_field='sentence2',
          labels=_ENTAILMENT, rows={'train': 2_490, 'dev': 277, 'test': 3_000}),
    _task('wnli', 'WNLI', text_field='sentence1', pair_field='sentence2',
          rows={'train': 635, 'dev': 71, 'test': 146}),
    # Answered by the model of MNLI; it has no training part of its own.
    _task('ax', 'AX', folder='diagnostic', files={'test': 'diagnostic.tsv'},
          text_field='sentence1', pair_field='sentence2', label_field='',
          labels=_MNLI_LABELS, metrics=('matthews',), rows={'test': 1_104}),
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


# === Submission ===

FILE_NAMES = tuple(name for task in GLUE_TASKS.values()
                   for name in task.submissions.values())
_HEADER = ('index', 'prediction')
_LOWEST, _HIGHEST = 0.0, 5.0
# Zips of the same answers are the same, byte for byte.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def read_test_part(task: GlueTask | str, data_dir: str | os.PathLike,
                   part: str = 'test') -> loader.TextExamples:
  """Reads and checks a test part, preferably before training.

  Args:
    task: The task or its name.
    data_dir: Folder that holds the tasks' folders.
    part: `test`, or `test_mismatched` of MNLI.

  Returns:
    The texts, which may be empty, and `indices`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound or its number is not its place; names the
      file and the line.
  """
  task = _task_with_test(task, part)
  fields = data_fields(task, data_dir, part)
  path = fields.pop('input_path')
  examples = loader.read_examples(path, keep_empty=True, **fields)
  for place, index in enumerate(examples.indices):
    if index != str(place):
      raise ValueError(f'{path}: row {place} has the number {index!r}; the '
                       'rows of an official test part are numbered from 0.')
  return examples


def write_answers(task: GlueTask | str, scores: np.ndarray,
                  folder: str | os.PathLike, *, part: str = 'test',
                  labels: Sequence[str] = ()) -> str:
  """Writes the answers to a test part and returns the path of the file.

  Args:
    task: The task or its name.
    scores: Answers to all rows, in order: probabilities or logits
      `[rows, classes]`, or values `[rows]` of STS-B.
    folder: Folder of the file.
    part: `test`, or `test_mismatched` of MNLI.
    labels: Classes of the model, if their order may differ from the task's.

  Raises:
    ValueError: If the scores do not suit the task or are not finite, or the
      model has other classes.
  """
  task = _task_with_test(task, part)
  scores = np.asarray(scores)
  if not len(scores) or not np.all(np.isfinite(scores)):
    raise ValueError(f'The scores of {task.title} have to be finite, and one '
                     'for each row at least.')
  if task.labels is None:
    answers = _numbers(task, scores)
  else:
    answers = _labels(task, scores, list(labels) or list(task.labels))
  path = os.path.join(os.path.expanduser(folder), task.submissions[part])
  lines = ['\t'.join(_HEADER), *(f'{i}\t{a}' for i, a in enumerate(answers))]
  files.write_text(path, '\n'.join(lines) + '\n')
  return path


def write_zip(folder: str | os.PathLike, path: str | os.PathLike) -> list[str]:
  """Packs the answers to all tasks.

  Args:
    folder: Folder of `write_answers`.
    path: Path of the zip.

  Returns:
    What is missing or not complete, for which the server would refuse the zip;
    logged as well.

  Raises:
    FileNotFoundError: If there are no answers.
    ValueError: If a file holds no answers; names the file and the line.
  """
  folder = pathlib.Path(folder).expanduser()
  found = [name for name in FILE_NAMES if (folder / name).is_file()]
  if not found:
    raise FileNotFoundError(f'{folder} has no answers, such as '
                            f'{FILE_NAMES[0]}.')
  problems = [f'{name} is missing' for name in FILE_NAMES if name not in found]
  buffer = io.BytesIO()
  with zipfile.ZipFile(buffer, 'w') as archive:
    for name in found:
      rows, official = _check(folder / name)
      if rows != official:
        problems.append(f'{name} has {rows:,} rows instead of {official:,}')
      archive.writestr(zipfile.ZipInfo(name, _NO_DATE),
                       (folder / name).read_bytes(), zipfile.ZIP_DEFLATED)
  files.write_bytes(path, buffer.getvalue())
  if problems:
    logging.warning('The server of GLUE will not take %s: %s.', path,
                    '; '.join(problems))
  return problems


def _task_with_test(task: GlueTask | str, part: str) -> GlueTask:
  task = get_task(task)
  if part not in task.submissions:
    raise ValueError(f'{task.title} has no test part {part!r}; it has '
                     f'{", ".join(task.submissions)}.')
  return task


def _numbers(task: GlueTask, scores: np.ndarray) -> list[str]:
  if scores.size != len(scores):
    raise ValueError(f'{task.title} has one value for each row; these scores '
                     f'have shape {list(scores.shape)}.')
  return [f'{value:.3f}'
          for value in np.clip(scores.reshape(-1), _LOWEST, _HIGHEST)]


def _labels(task: GlueTask, scores: np.ndarray,
            labels: list[str]) -> list[str]:
  if sorted(labels) != sorted(task.labels):
    raise ValueError(f'The classes of {task.title} are '
                     f'{", ".join(task.labels)}; the model has '
                     f'{", ".join(labels)}.')
  if scores.ndim != 2 or scores.shape[1] != len(labels):
    raise ValueError(f'{task.title} has {len(labels)} classes; these scores '
                     f'have shape {list(scores.shape)}.')
  return [labels[i] for i in np.argmax(scores, axis=1)]


def _check(path: pathlib.Path) -> tuple[int, int]:
  """Returns how many rows a file of answers has, and should have."""
  task, part = next((task, part) for task in GLUE_TASKS.values()
                    for part, name in task.submissions.items()
                    if name == path.name)
  bad, rows = tables.BadRows(), 0
  for row in tables.read_rows(str(path), _HEADER, bad):
    index, answer = row.values
    if index != str(rows):
      bad.add(row.file, row.line, f'the index is {index!r} instead of {rows}.')
    if task.labels is not None and answer not in task.labels:
      bad.add(row.file, row.line, f'{answer!r} is not one of '
              f'{", ".join(task.labels)}.')
    if task.labels is None and not _is_rating(answer):
      bad.add(row.file, row.line, f'{answer!r} is no number from 0 to 5.')
    rows += 1
  return rows, task.rows[part]


def _is_rating(text: str) -> bool:
  try:
    return _LOWEST <= float(text) <= _HIGHEST
  except ValueError:
    return False
