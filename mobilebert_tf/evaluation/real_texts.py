# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Real texts to calibrate and check an export of a model with."""

from collections.abc import Sequence
import itertools
import os
from typing import Any

from absl import logging

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import docstrings
from mobilebert_tf.deployment import agreement
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading

_SHORTEST_DOCSTRING = 400


def read(path: str | os.PathLike,
         pairs: bool) -> tuple[list[str], list[str] | None]:
  """Reads a text file.

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
  path = files_lib.find_file(path)
  numbered = [(number, line.strip())
              for number, line in files_lib.read_lines(path)
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
  """Returns up to `count` texts, evenly over all: a file may be sorted."""
  count = min(count, len(texts))
  rows = [i * len(texts) // count for i in range(count)]
  return ([texts[i] for i in rows],
          None if pairs is None else [pairs[i] for i in rows])


def find(trained: loading.TrainedModel, path: str = '',
         count: int | None = None) -> agreement.RealTexts:
  """Returns texts such as a model will be given.

  Args:
    trained: The model.
    path: A file as `TaskKind.read_texts` reads it; '' for the file that the
      model was evaluated or trained with, or numpy's documentation if that
      file is not known or gone.
    count: Maximum number of texts; None for that of the kind of task.

  Returns:
    The texts, evenly from all of the file.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file.

  Example: `find(registry.load('runs/sst2')).source`
  """
  count = min(count or trained.kind.sample_size, trained.kind.sample_size)
  if path:
    texts, pairs = trained.kind.read_texts(
        path, bool(trained.pairs))
    return agreement.RealTexts(*spread(texts, pairs, count), path)
  for data, known in _files_of_run(trained):
    return read_labelled(trained, known, count, data)
  logging.warning(
      'No text of the model is at hand, so the export is calibrated and '
      "checked with numpy's documentation. Give it better with --text_file.")
  return _documentation(trained, count)


def read_labelled(trained: loading.TrainedModel, path: str,
                  count: int | None = None, data: Any = None
                  ) -> agreement.RealTexts:
  """Returns texts of a labelled file, without the labels.

  Args:
    trained: The model.
    path: Path of the file.
    count: Maximum number of texts; None for that of the kind of task.
    data: Data config of the file, whose selection of articles of SQuAD holds.
  """
  columns = scoring.Columns(
      titles=getattr(data, 'titles', ()),
      exclude_titles=getattr(data, 'exclude_titles', ()))
  labelled = trained.kind.read_labelled(path, trained, columns)
  return agreement.RealTexts(
      *spread(labelled.texts, labelled.pairs,
              count or trained.kind.sample_size), path)


def _files_of_run(trained: loading.TrainedModel) -> list[tuple[Any, str]]:
  """Returns a run's data configs with a labelled file, the best first."""
  if trained.params is None or not trained.kind.has_score:
    return []
  task, found = trained.params.task, []
  for data in (task.validation_data, task.train_data):
    try:
      files = files_lib.find_files(data.input_path)
      found.append((data, files[0]))
    except (FileNotFoundError, ValueError):  # It has been moved, or was none.
      continue
  return found


def _documentation(trained: loading.TrainedModel,
                   count: int) -> agreement.RealTexts:
  texts = [docstring.text for docstring in itertools.islice(
      docstrings.read_docstrings(['numpy'], _SHORTEST_DOCSTRING), count)]
  paragraphs = [text.partition('\n')[0] for text in texts]
  # Of a pair, the first paragraph stands for the question.
  return agreement.RealTexts(paragraphs, texts if trained.pairs else None,
                             "numpy's documentation")
