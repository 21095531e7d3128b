# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled data of any task, and the scores of answers to it."""

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import os
from typing import Any

import numpy as np

from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import predictions as predictions_lib


@dataclasses.dataclass(frozen=True)
class Columns:
  """Location of texts and labels in a labelled file.

  Attributes:
    task: Name of a task of GLUE, or ''.
    text: Column of the text; '' for the model's own.
    pair: Column of the second text.
    label: Column of the label.
    labels: Labels of the file in the order of the model's.
    titles: Articles of SQuAD to take; empty for all.
    exclude_titles: Articles to leave out.
    label_columns: Columns of 0 and 1, one for each label.
    label_separator: Separator of labels that share a column; '' for the
      model's own.
  """
  task: str = ''
  text: str = ''
  pair: str = ''
  label: str = ''
  labels: Sequence[str] = ()
  titles: Sequence[str] = ()
  exclude_titles: Sequence[str] = ()
  label_columns: Sequence[str] = ()
  label_separator: str = ''


@dataclasses.dataclass(frozen=True)
class Options:
  """Settings of an evaluation.

  Attributes:
    data_file: Path of the labelled file.
    columns: Location of texts and labels in it.
    title: Name of the task in the report; that of the file if empty.
    metrics: Names of metrics; empty for those of the task.
    batch_size: Number of texts that are computed together.
    no_answer_threshold: No-answer score above which a question has no answer;
      None for the model's.
  """
  data_file: str
  columns: Columns = Columns()
  title: str = ''
  metrics: Sequence[str] = ()
  batch_size: int = 32
  no_answer_threshold: float | None = None

  def title_or_file(self) -> str:
    """Returns the title, or the name of the file and of its folder."""
    folder, name = os.path.split(os.path.abspath(self.data_file))
    return self.title or f'{os.path.basename(folder)}/{name}'


@dataclasses.dataclass(frozen=True)
class Labelled:
  """Texts with labels.

  Attributes:
    texts: The texts, or questions.
    pairs: The second text of each, or its context; or None.
    score: Function from answers (`TaskKind.answers`) to scores: `name`,
      `value`, `low` and `high` of each.
  """
  texts: Sequence[str]
  pairs: Sequence[str] | None
  score: Callable[[Any], list[dict[str, Any]]]


@dataclasses.dataclass(frozen=True)
class Scored:
  """Everything that a report is written from.

  Attributes:
    predictions: The answers.
    metrics: Metrics by name, as the task reports them.
    facts: Further facts for the report, title to text.
    write_files: Function that writes further files of the task into a folder,
      or None.
    fractions: The metrics that results keep, 0 to 1; `metrics` if None.
    task_fields: Fields of the run's task that scoring has found, such as a
      tuned threshold.
  """
  predictions: predictions_lib.Predictions
  metrics: Mapping[str, float]
  facts: Mapping[str, str]
  write_files: Callable[[str], None] | None = None
  fractions: Mapping[str, float] | None = None
  task_fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def mean_score(name: str, values: np.ndarray) -> dict[str, Any]:
  """Returns the mean of per-example values with its 95% interval.

  Args:
    name: Name of the score.
    values: float64 `[examples]`, 0 to 1.
  """
  group = intervals.group(name, values)
  return score(name, group.mean, group.low, group.high)


def score(name: str, value: float, low: float, high: float) -> dict[str, Any]:
  """Returns a score as `Labelled.score` does; ends that are NaN are None."""
  return {'name': name, 'value': float(value),
          'low': low if np.isfinite(low) else None,
          'high': high if np.isfinite(high) else None}
