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

"""Finds real texts to calibrate and check an export of a model with."""

import itertools
import os
from typing import Any

from absl import logging

from mobilebert_tf.data import corpus
from mobilebert_tf.data import docstrings
from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import labelled_texts
from mobilebert_tf.evaluation import text_lines
from mobilebert_tf.serving import agreement
from mobilebert_tf.serving import loading

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
  columns = labelled_texts.Columns(
      titles=getattr(data, 'titles', ()),
      exclude_titles=getattr(data, 'exclude_titles', ()))
  labelled = labelled_texts.read(path, trained, columns)
  return _spread(labelled.texts, labelled.pairs, count, path)


def _read(trained: loading.TrainedModel, path: str
          ) -> tuple[list[str], list[str] | None]:
  if trained.kind == loading.QUESTION_ANSWERING and path.endswith('.json'):
    data = squad.read(path)
    return ([question.text for question in data.questions],
            [data.context(question) for question in data.questions])
  return text_lines.read(path, bool(trained.pairs))


def _files_of_run(trained: loading.TrainedModel) -> list[tuple[Any, str]]:
  """Returns a run's data configs with a labelled file, the best first."""
  if trained.params is None or trained.kind == loading.EMBEDDINGS:
    return []
  task, found = trained.params.task, []
  for data in (task.validation_data, task.train_data):
    try:
      files = corpus.find_files(corpus.split_paths(data.input_path))
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
  return agreement.RealTexts(*text_lines.spread(texts, pairs, count), source)
