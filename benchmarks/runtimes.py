# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Compares the answers of every runtime with those of the Keras model.

pip install 'mobilebert_tf[onnx]' openvino ai-edge-quantizer
pip install --no-deps mediapipe
python benchmarks/runtimes.py --data_dir=../shared/data \
  --output_dir=runtimes_output

A small model of each kind of task is trained for a minute, exported in each
format, and asked real texts and texts of all of Unicode. A cell of the table
has the share of texts with the same answer, as the exports count them, and the
largest difference of a number in the answers. What a column lacks is named
below.

Models, files and cells that are there are not made again: a run that was
stopped goes on where it was.
"""

import dataclasses
import functools
import pathlib
import sys
from typing import Any

from absl import app
from absl import flags
from absl import logging
import numpy as np

from benchmarks import runtime_columns
from benchmarks import runtime_table
from benchmarks import runtime_texts
from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.deployment import formats
from mobilebert_tf.tasks import registry

_DATA_DIR = flags.DEFINE_string(
    'data_dir', None, 'Holds corpus/, glue/, squad/ and vocab/.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets data, models and results.', required=True)
_ROWS_WANTED = flags.DEFINE_list('rows', None, 'Rows to show, or all.')
_COLUMNS_WANTED = flags.DEFINE_list('columns', None, 'Columns, or all.')

_REAL, _UNICODE, _CALIBRATION = 500, 300, 128
_AT_ONCE = 250  # Texts that a runtime answers together, if it does.


class Row:
  """A trained model, its exports, and their answers beside its own.

  Args:
    name: Name in `runtime_texts.ROWS`.
    folder: Folder of all results.
  """

  def __init__(self, name: str, folder: pathlib.Path):
    self._fields = dict(runtime_texts.ROWS[name])
    self._data = folder / 'data'
    self._folder = folder / name
    self._file = self._fields.pop('file')

  def cell(self, column: runtime_columns.Column) -> dict[str, Any]:
    """Returns `real` and `Unicode`, or a `note` why there are none."""
    path = self._folder / 'cells' / f'{column.title}.json'
    if path.exists():
      return files.read_json(path)
    print(f'{self._folder.name}: {column.title}', file=sys.stderr, flush=True)
    _ = self._expected  # Without a model there is nothing to note.
    try:
      found = self._compare(column)
    except Exception as error:  # Of each runtime's own classes.
      return {'note': f'{column.title}: {_first_sentence(str(error))}'}
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(path, found)
    return found

  def _compare(self, column: runtime_columns.Column) -> dict[str, Any]:
    runner = (column.open(self._export(column)) if column.file
              else runtime_columns.Keras(self._trained))
    return {name: self._compare_answers(runner, name) for name in self._texts}

  def _compare_answers(self, runner: Any, name: str) -> dict[str, float]:
    kind, texts = self._trained.kind, self._texts[name]
    found = _in_parts(runner.comparable, texts)
    same = np.asarray(kind.differ(found, self._expected[name])) == 0
    largest = kind.agreement(found, self._expected[name]).get(
        'largest_difference')
    if largest is None:  # These are words; answers have numbers as well.
      largest = runtime_table.largest_difference(
          _in_parts(runner.answer, texts), self._expected_answers[name])
    return {'share': float(same.mean()), 'largest': float(largest)}

  @functools.cached_property
  def _trained(self) -> Any:
    from mobilebert_tf.pipelines.finetuning import recipe
    from mobilebert_tf.pipelines.finetuning import run

    run.run(recipe.Recipe(**{
        **self._fields,
        'vocab_file': str(pathlib.Path(_DATA_DIR.value, 'vocab/vocab.txt')),
        'train_file': str(self._data / 'train' / self._file),
        'dev_file': str(self._data / 'dev' / self._file),
    }), self._folder / 'run')
    return registry.load(str(self._folder / 'run'))

  def _export(self, column: runtime_columns.Column) -> pathlib.Path:
    path = self._folder / column.file
    if not formats.locate(path):
      formats.for_output(path).write(
          self._trained, path, self._read('train', _CALIBRATION),
          largest_disagreement=1.0, report=lambda line: None, **column.options)
    return formats.locate(path)

  def _read(self, part: str, count: int) -> Any:
    from mobilebert_tf.evaluation import real_texts
    return real_texts.read_labelled(
        self._trained, str(self._data / part / self._file), count)

  @functools.cached_property
  def _texts(self) -> dict[str, Any]:
    """Real texts, and texts made of them of all of Unicode."""
    real = self._read('dev', _REAL)
    strange = dataclasses.replace(
        real, texts=runtime_texts.to_unicode(real.texts, _UNICODE),
        pairs=real.pairs and runtime_texts.to_unicode(
            real.pairs, _UNICODE, seed=1))
    return {'real': real, 'Unicode': strange}

  @functools.cached_property
  def _expected(self) -> dict[str, Any]:
    keras = runtime_columns.Keras(self._trained)
    return {name: keras.comparable(texts.texts, texts.pairs)
            for name, texts in self._texts.items()}

  @functools.cached_property
  def _expected_answers(self) -> dict[str, list[Any]]:
    keras = runtime_columns.Keras(self._trained)
    return {name: keras.answer(texts.texts, texts.pairs)
            for name, texts in self._texts.items()}


def _in_parts(answer: runtime_columns.Answers, texts: Any) -> Any:
  """Returns answers to all texts, some at a time."""
  parts = [texts.take(range(len(texts))[i:i + _AT_ONCE])
           for i in range(0, len(texts), _AT_ONCE)]
  found = [answer(part.texts, part.pairs) for part in parts]
  if isinstance(found[0], np.ndarray):
    return np.concatenate(found)
  return [each for part in found for each in part]


def _first_sentence(text: str) -> str:
  return ' '.join(text.split()).partition('. ')[0].rstrip('.') + '.'


def main(argv: list[str]) -> None:
  del argv
  logging.set_verbosity(logging.ERROR)
  folder = pathlib.Path(_OUTPUT_DIR.value)
  runtime_texts.write(pathlib.Path(_DATA_DIR.value), folder / 'data')
  names = [each for each in runtime_texts.ROWS
           if each in (_ROWS_WANTED.value or [each])]
  columns = [each for each in runtime_columns.COLUMNS
             if each.title in (_COLUMNS_WANTED.value or [each.title])]
  cells = [[row.cell(column) for column in columns]
           for row in (Row(name, folder) for name in names)]
  print(machine.describe_hardware())
  print(f'{_REAL} real texts, {_UNICODE} of Unicode: same answers, largest '
        'difference.\n')
  print(runtime_table.tabulate([each.title for each in columns], names, cells))


if __name__ == '__main__':
  app.run(main)
