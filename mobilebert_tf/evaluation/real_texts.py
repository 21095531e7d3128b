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

"""Texts, or pairs of texts, a line each.

Labelled texts or questions of any task, and what answers to them are worth.

Finds real texts to calibrate and check an export of a model with.
"""

from collections.abc import Callable, Sequence
import dataclasses
import itertools
import os
import pathlib
from typing import Any

from absl import logging

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import docstrings
from mobilebert_tf.data import squad
from mobilebert_tf.deployment import agreement
from mobilebert_tf.evaluation import data_files
from mobilebert_tf.evaluation import deployment_scores
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import examples as examples_lib
from mobilebert_tf.tasks.classification import glue


def read(path: str | os.PathLike,
         pairs: bool) -> tuple[list[str], list[str] | None]:
  """Reads a text file.

  Example: `texts, _ = read('sentences.txt', pairs=False)`

  Args:
    path: The file, UTF-8. Lines without text do not count.
    pairs: Whether a line has two texts with a tab between them.

  Returns:
    The texts; and the second text of each, None if there are no pairs.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it has no text, is not UTF-8, or a line is no pair. Names
      the file and the line.
  """
  path = pathlib.Path(path).expanduser()
  numbered = [(number, line.strip())
              for number, line in files_lib.read_lines(str(path))
              if line.strip()]
  if not numbered:
    raise ValueError(f'{path} has no text. It needs a text a line.')
  if not pairs:
    return [line for _, line in numbered], None
  split = []
  for number, line in numbered:
    parts = [part.strip() for part in line.split('\t')]
    if len(parts) != 2 or not all(parts):
      raise ValueError(
          f'{path}:{number}: the model reads two texts, so a line has two with '
          f'a tab between them; this one has {len(list(filter(None, parts)))}.')
    split.append(parts)
  return [first for first, _ in split], [second for _, second in split]


def spread(texts: Sequence[str], pairs: Sequence[str] | None,
           count: int) -> tuple[list[str], list[str] | None]:
  """Returns so many of the texts, evenly over all: a file may be sorted."""
  count = min(count, len(texts))
  rows = [i * len(texts) // count for i in range(count)]
  return ([texts[i] for i in rows],
          None if pairs is None else [pairs[i] for i in rows])


@dataclasses.dataclass(frozen=True)
class Columns:
  """What a labelled file has where, as the flags of `evaluate` say it.

  Attributes:
    task: A task of GLUE, or ''.
    text: The column of the text; '' for the model's own.
    pair: That of the second text.
    label: That of the label.
    labels: Labels of the file in the order of the model's.
    titles: Articles of SQuAD to take; empty for all.
    exclude_titles: Articles to leave out.
  """
  task: str = ''
  text: str = ''
  pair: str = ''
  label: str = ''
  labels: Sequence[str] = ()
  titles: Sequence[str] = ()
  exclude_titles: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Labelled:
  """Texts with labels.

  Attributes:
    texts: The texts, or questions.
    pairs: The second text of each, or its context; or None.
    score: Takes answers as `deployment_scores` has them, and returns what they
      are worth: `name`, `value`, `low` and `high` of each score.
  """
  texts: Sequence[str]
  pairs: Sequence[str] | None
  score: Callable[[Any], list[dict[str, Any]]]


def read_labelled_texts(path: str, trained: loading.TrainedModel,
         columns: Columns) -> Labelled:
  """Reads a labelled file for a model.

  Args:
    path: What `evaluate` reads: TSV or CSV, or JSON of SQuAD.
    trained: The model, of which the weights are not needed.
    columns: What is where.

  Returns:
    The texts, and what scores answers to them.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file, or the model cannot be scored.
  """
  if trained.kind == loading.QUESTION_ANSWERING:
    return _read_questions(path, columns)
  if trained.kind not in (loading.CLASSIFICATION, loading.REGRESSION):
    raise ValueError(f'{path}: no score is defined for artefacts of '
                     f'{trained.kind}. Leave the labelled file out.')
  task = glue.get_task(columns.task) if columns.task else None
  examples = examples_lib.read_examples(path, **data_files.reading_fields(
      trained, task, columns.labels, text_field=columns.text,
      pair_field=columns.pair, label_field=columns.label))
  if trained.kind == loading.REGRESSION:
    return Labelled(
        examples.texts, examples.pairs,
        lambda values: deployment_scores.score_values(examples.values, values))
  return Labelled(
      examples.texts, examples.pairs,
      lambda scores: deployment_scores.score_labels(examples.label_ids, scores))


def _read_questions(path: str, columns: Columns) -> Labelled:
  data = squad.read(path, columns.titles, columns.exclude_titles)
  data.check_answers()
  truths = [[answer.text for answer in question.answers]
            for question in data.questions]
  return Labelled(
      [question.text for question in data.questions],
      [data.context(question) for question in data.questions],
      lambda answers: deployment_scores.score_answers(
          truths, answers, data.has_unanswerable))


COUNT = 256

# Contexts of questions are read in several windows each.
_QUESTIONS = 64
_SHORTEST_DOCSTRING = 400


def find(trained: loading.TrainedModel, path: str = '',
         count: int = COUNT) -> agreement.RealTexts:
  """Returns texts such as a model will be given.

  Args:
    trained: The model.
    path: A file with a text a line, two of them with a tab between for a model
      that reads two; or JSON of SQuAD, for one that answers questions. By
      default what the model was evaluated or trained with, if its run says that
      and it is still there, and the documentation of numpy if not.
    count: How many texts at most; of questions a quarter.

  Returns:
    The texts, evenly from all of the file.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file.

  Example: `find(loading.load('runs/sst2')).source`
  """
  if trained.kind == loading.QUESTION_ANSWERING:
    count = min(count, _QUESTIONS)
  if path:
    texts, pairs = _read(trained, os.path.expanduser(path))
    return _spread(texts, pairs, count, path)
  for data, known in _files_of_run(trained):
    return read_labelled(trained, known, count, data)
  logging.warning(
      'No text of the model is at hand, so the export is calibrated and '
      "checked with numpy's documentation. Give it better with --text_file.")
  return _documentation(trained, count)


def read_labelled(trained: loading.TrainedModel, path: str,
                  count: int = COUNT, data: Any = None
                  ) -> agreement.RealTexts:
  """Returns texts of a labelled file, without the labels.

  Args:
    trained: The model.
    path: What `evaluate` reads.
    count: How many at most.
    data: The data config that names the file, if one does: of SQuAD, only the
      articles that it takes count.

  Returns:
    The texts, evenly from all of the file.
  """
  columns = Columns(
      titles=getattr(data, 'titles', ()),
      exclude_titles=getattr(data, 'exclude_titles', ()))
  labelled = read_labelled_texts(path, trained, columns)
  return _spread(labelled.texts, labelled.pairs, count, path)


def _read(trained: loading.TrainedModel, path: str
          ) -> tuple[list[str], list[str] | None]:
  if trained.kind == loading.QUESTION_ANSWERING and path.endswith('.json'):
    data = squad.read(path)
    return ([question.text for question in data.questions],
            [data.context(question) for question in data.questions])
  return read(path, bool(trained.pairs))


def _files_of_run(trained: loading.TrainedModel) -> list[tuple[Any, str]]:
  """Returns a run's data configs with a labelled file, the best first."""
  if trained.params is None or trained.kind == loading.EMBEDDINGS:
    return []
  task, found = trained.params.task, []
  for data in (task.validation_data, task.train_data):
    try:
      files = files_lib.find_files(files_lib.split_paths(data.input_path))
      found.append((data, files[0]))
    except (FileNotFoundError, ValueError):  # It has been moved, or was none.
      continue
  return found


def _documentation(trained: loading.TrainedModel,
                   count: int) -> agreement.RealTexts:
  texts = [docstring.text for docstring in itertools.islice(
      docstrings.read_docstrings(['numpy'], _SHORTEST_DOCSTRING), count)]
  paragraphs = [text.partition('\n')[0] for text in texts]
  source = "numpy's documentation"
  if trained.pairs:  # The first paragraph stands for the question.
    return agreement.RealTexts(paragraphs, texts, source)
  return agreement.RealTexts(paragraphs, None, source)


def _spread(texts: list[str], pairs: list[str] | None, count: int,
            source: str) -> agreement.RealTexts:
  return agreement.RealTexts(*spread(texts, pairs, count), source)
