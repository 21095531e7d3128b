# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Scores and submission of runs of GLUE's tasks."""

import os
import pathlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.pipelines.finetuning import run as run_lib
from mobilebert_tf.reporting import text as text_lib
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import recipes

_OTHER_PARTS = {'dev_mismatched': '_mismatched'}


def collect(folders: Sequence[pathlib.Path]) -> dict[str, dict[str, Any]]:
  """Returns the results of finished runs by task, each with its `folder`.

  Raises:
    FileNotFoundError: If a run is not done.
    ValueError: If one is not of GLUE, or a task is duplicated.
  """
  runs: dict[str, dict[str, Any]] = {}
  for folder in folders:
    results = run_lib.read_results(folder)
    if results is None:
      raise FileNotFoundError(f'{folder} holds no run that is done: it has no '
                              f'{run_lib.RESULTS}.')
    task = results['recipe']['task']
    if task not in glue.GLUE_TASKS:
      raise ValueError(f'{folder} is of {task}, which is no task of GLUE.')
    if task in runs:
      raise ValueError(f'{folder} and {runs[task]["folder"]} are both of '
                       f'{task}; name one.')
    runs[task] = {**results, 'folder': folder}
  return runs


def metrics_by_task(
    runs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
  """Returns metrics by task as `glue.glue_score` takes them."""
  return {
      task + _OTHER_PARTS.get(part, ''): metrics
      for task, results in runs.items()
      for part, metrics in results['metrics'].items()
  }


def format_scores(runs: Mapping[str, Mapping[str, Any]],
                  leave_out: Sequence[str] = ()) -> str:
  """Returns the scores for the terminal, the GLUE score if all are there.

  Args:
    runs: Result of `collect`.
    leave_out: Tasks that do not count in the GLUE score.
  """
  by_task = metrics_by_task(runs)
  rows = [(name, ', '.join(f'{metric} {formatting.percent(value)}'
                           for metric, value in metrics.items()))
          for name, metrics in by_task.items()]
  text = text_lib.format_table(text_lib.Table(
      (text_lib.Column('Held-out part of'), text_lib.Column('Metrics')),
      tuple(rows)))
  try:
    score = glue.glue_score(by_task, leave_out=leave_out)
  except ValueError as error:
    return f'{text}\n\n{error}'
  name = 'GLUE score'
  if leave_out:
    name = f'Mean without {", ".join(leave_out)}'
  return f'{text}\n\n{name}: {formatting.percent(score)}'


def write_submission(runs: Mapping[str, Mapping[str, Any]],
                     path: str | os.PathLike) -> list[str]:
  """Packs the answers of all runs.

  Args:
    runs: Result of `collect`.
    path: Path of the zip file.

  Returns:
    Tasks that the server would miss.

  Raises:
    FileNotFoundError: If no run has answers.
  """
  answers = [folder for results in runs.values()
             if (folder := results['folder'] / recipes.SUBMISSION).is_dir()]
  if not answers:
    raise FileNotFoundError(
        'None of these runs has answered a test part: '
        f'{", ".join(str(results["folder"]) for results in runs.values())}.')
  with tempfile.TemporaryDirectory() as together:
    for folder in answers:
      shutil.copytree(folder, together, dirs_exist_ok=True)
    return glue.write_zip(together, path)
