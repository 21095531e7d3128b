# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labelled data of any task, predictions for it, and their scores.

Misaligned answers, or logits taken for probabilities, make a report that looks
like any other, so inconsistent predictions are rejected here.
"""

import abc
from collections.abc import Callable, Mapping, Sequence
import dataclasses
import os
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.evaluation import metrics as metrics_lib


# === Labelled files ===


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
    texts: Texts or questions.
    pairs: Second text or context of each; or None.
    score: Function from answers (`TaskKind.answers`) to scores; see `score`.
  """
  texts: Sequence[str]
  pairs: Sequence[str] | None
  score: Callable[[Any], list[dict[str, Any]]]


# === Predictions ===


class Predictions(abc.ABC):
  """Base class of a model's answers to labelled examples.

  Each kind of task derives a frozen dataclass, checked when it is created.

  Attributes:
    kind: Name of the kind of task, as in `evaluation.json`.
    less_is_better: Whether `quality` is an error rather than a share.
    task: Title of the task in the report.
  """
  kind: ClassVar[str]
  less_is_better: ClassVar[bool] = False
  task: str

  @abc.abstractmethod
  def quality(self) -> np.ndarray:
    """Returns a share from 0 to 1, or an error, float64 `[examples]`."""

  @abc.abstractmethod
  def sizes(self) -> np.ndarray:
    """Returns the length of each example, int32 `[examples]`."""

  @abc.abstractmethod
  def baseline(self) -> tuple[str, float] | None:
    """Returns the best answer that does not depend on the example, if any.

    It is chosen by the truth of these very examples, so nothing that does not
    read the texts can do better. Returns its name and mean `quality`.
    """

  @abc.abstractmethod
  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns the order of rows, the worst first, and which are wrong."""

  @abc.abstractmethod
  def mistake(self, row: int) -> dict[str, Any]:
    """Returns what the report shows of a wrong answer."""

  @abc.abstractmethod
  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Returns 95% intervals of the official metrics, as far as known.

    Raises:
      ValueError: If the metrics do not belong to these predictions.
    """

  def groups(self) -> dict[str, list[metrics_lib.Group]]:
    """Returns breakdowns of the quality by something else than length."""
    return {}

  def details(self) -> dict[str, Any]:
    """Returns further entries of the report, such as confusions."""
    return {}


def check_metric(name: str, given: float, computed: float) -> None:
  """Raises ValueError if a given metric is not that of the predictions."""
  if abs(given - computed) > 1e-3 * max(1, abs(computed)):
    raise ValueError(
        f'The metric {name} is said to be {given}, but these predictions have '
        f'{computed}. Metrics and predictions have to be of the same answers.')


def check_texts(name: str, texts: Sequence[str], count: int) -> None:
  """Raises ValueError unless a field is a list of `count` texts, 1 or more."""
  if not count:
    raise ValueError('There is nothing to evaluate: no text at all.')
  if isinstance(texts, str) or len(texts) != count:
    raise ValueError(f'{name} has {len(texts)} texts where {count} belong.')
  for row, text in enumerate(texts):
    if not isinstance(text, str):
      raise ValueError(f'{name}[{row}] is {abbreviate(text)}, not a text.')


def to_finite(values: Any, name: str, count: int,
              dimensions: int = 1) -> np.ndarray:
  """Converts the values of a field to float64 `[count]` or `[count, ...]`.

  Args:
    values: Numbers.
    name: Name of the field, for messages.
    count: Number of examples.
    dimensions: 1 or 2.

  Raises:
    ValueError: If the shape differs or a value is not a finite number.
  """
  try:
    array = np.asarray(values)
  except ValueError as error:  # Rows of different lengths.
    raise ValueError(f'{name} is not an array: {error}') from error
  if array.dtype.kind not in 'biuf':
    raise ValueError(f'{name} holds {array.dtype}, not numbers.')
  if array.ndim != dimensions or len(array) != count:
    raise ValueError(
        f'{name} has the shape {list(array.shape)}; there are {count} examples '
        f'and {"two dimensions" if dimensions == 2 else "one dimension"}.')
  array = array.astype(np.float64)
  for row in np.argwhere(~np.isfinite(array)):
    place = ', '.join(map(str, row))
    raise ValueError(
        f'{name}[{place}] is {array[tuple(row)]}. A model that answers this '
        'has diverged, or its checkpoint is damaged: there is nothing to '
        'report.')
  return array


def abbreviate(value: Any) -> str:
  """Returns a value as a message shows it, at most 80 letters."""
  text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
  return text if len(text) <= 80 else f'{text[:79]}…'


# === Scores ===


@dataclasses.dataclass(frozen=True)
class Scored:
  """Everything that a report is written from.

  Attributes:
    predictions: The answers.
    metrics: Metrics by name, as the task reports them.
    facts: Further facts for the report by title.
    write_files: Function that writes further files into a folder, or None.
    fractions: The metrics that results keep, 0 to 1; `metrics` if None.
    task_fields: Fields of the run's task that scoring has found, such as a
      tuned threshold.
    parts: Parts of the report, where they are not those of the kind of task.
  """
  predictions: Predictions
  metrics: Mapping[str, float]
  facts: Mapping[str, str]
  write_files: Callable[[str], None] | None = None
  fractions: Mapping[str, float] | None = None
  task_fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  parts: Any = None


def mean_score(name: str, values: np.ndarray) -> dict[str, Any]:
  """Returns the mean of float64 `[examples]`, 0 to 1, as a score."""
  group = metrics_lib.group(name, values)
  return score(name, group.mean, group.low, group.high)


def score(name: str, value: float, low: float, high: float) -> dict[str, Any]:
  """Returns a score with its 95% interval; ends that are NaN become None."""
  return {'name': name, 'value': float(value),
          'low': low if np.isfinite(low) else None,
          'high': high if np.isfinite(high) else None}
