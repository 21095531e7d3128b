# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers to GLUE's test parts in the format of its server.

The server takes one zip of a file for each test part, with a line for each row
of the part in its order: the row's number and the answer, which is a label or,
for STS-B, a number from 0 to 5.
"""

import io
import os
import pathlib
import zipfile
from collections.abc import Sequence

from absl import logging
import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.data import tables
from mobilebert_tf.tasks.classification import examples as examples_lib
from mobilebert_tf.tasks.classification import glue

FILE_NAMES = tuple(name for task in glue.GLUE_TASKS.values()
                   for name in task.submissions.values())
_HEADER = ('index', 'prediction')
_LOWEST, _HIGHEST = 0.0, 5.0
# Zips of the same answers are the same, byte for byte.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def read_test_part(task: glue.GlueTask | str, data_dir: str | os.PathLike,
                   part: str = 'test') -> examples_lib.TextExamples:
  """Reads and checks a test part, which is wise to do before training.

  Args:
    task: The task or its name.
    data_dir: The folder that holds the tasks' folders.
    part: `test`, or `test_mismatched` of MNLI.

  Returns:
    Its texts, some of which may be empty, and `indices`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If a row is not sound, naming file and line, or has another
      number than its place.
  """
  task = glue.get_task(task) if isinstance(task, str) else task
  if part not in task.submissions:
    raise ValueError(f'{task.title} has no test part {part!r}; it has '
                     f'{", ".join(task.submissions)}.')
  fields = glue.data_fields(task, data_dir, part)
  path = fields.pop('input_path')
  examples = examples_lib.read_examples(path, keep_empty=True, **fields)
  for place, index in enumerate(examples.indices):
    if index != str(place):
      raise ValueError(f'{path}: row {place} has the number {index!r}; the '
                       'rows of an official test part are numbered from 0.')
  return examples


def write_answers(task: glue.GlueTask | str, scores: np.ndarray,
                  folder: str | os.PathLike, *, part: str = 'test',
                  labels: Sequence[str] = ()) -> str:
  """Writes the answers to a test part.

  Example:

    examples = read_test_part('sst2', 'glue')
    write_answers('sst2', predictor.scores(examples.texts), 'submission',
                  labels=predictor.trained.labels)

  Args:
    task: The task or its name.
    scores: What a model said of each row, in order: probabilities or logits
      `[rows, classes]`, or values `[rows]` of STS-B.
    folder: Gets the file, under the name that the server wants.
    part: `test`, or `test_mismatched` of MNLI.
    labels: The model's classes, if their order could be another than the
      task's.

  Returns:
    The path of the file.

  Raises:
    ValueError: If the scores do not suit the task or are not finite, or the
      model has other classes.
  """
  task = glue.get_task(task) if isinstance(task, str) else task
  if part not in task.submissions:
    raise ValueError(f'{task.title} has no test part {part!r}; it has '
                     f'{", ".join(task.submissions)}.')
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
    folder: Where `write_answers` wrote them.
    path: The zip to write.

  Returns:
    Why the server would refuse it: the files that are missing or not complete.
    They are logged as well.

  Raises:
    FileNotFoundError: If there are no answers.
    ValueError: If a file is not one of answers, naming file and line.
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


def _numbers(task: glue.GlueTask, scores: np.ndarray) -> list[str]:
  if scores.size != len(scores):
    raise ValueError(f'{task.title} has one value for each row; these scores '
                     f'have shape {list(scores.shape)}.')
  return [f'{value:.3f}'
          for value in np.clip(scores.reshape(-1), _LOWEST, _HIGHEST)]


def _labels(task: glue.GlueTask, scores: np.ndarray,
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
  task, part = next(
      (task, part) for task in glue.GLUE_TASKS.values()
      for part, name in task.submissions.items() if name == path.name)
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
