# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Times a model with early exits as a file on this machine, text by text."""

from collections.abc import Sequence
import pathlib
import time
from typing import Any

import numpy as np

from mobilebert_tf.compression import exported
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import predictor
from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib
from mobilebert_tf.tasks.early_exit_classification import scoring

_TEXTS = 200  # That are timed at most.
_ROUNDS = 5  # The median of which counts, of each text.
_OWN = 'exits'  # Name of the file with exits.
_SURE = 1e9  # Entropy that every text is below.

# A file, and the settings that it is run with.
_Turn = tuple[tflite_runner.TFLiteRunner, dict[str, Any]]


def measure(trained: loading.TrainedModel, examples: loader.TextExamples,
            folder: pathlib.Path, quantization: str,
            beside: Sequence[str] = (),
            largest_disagreement: float = agreement.LARGEST_DISAGREEMENT
            ) -> scoring.Times:
  """Returns how long texts take to each exit, and in other models.

  A text is timed once for each exit, as if it left there, and in the unbroken
  model; tokenizer included, on one thread. All take turns, so that other load
  slows all of them.

  Args:
    trained: The model with exits.
    examples: Labelled texts, of which some are timed.
    folder: Folder of the files, which are written once.
    quantization: One of `none`, `float16` and `dynamic`.
    beside: Runs on the same task, such as of fewer blocks, to be timed and
      scored as well.
    largest_disagreement: See `agreement.check`.

  Raises:
    FileNotFoundError: If there is no such run.
    ValueError: If a run beside cannot be compared, see `read_beside`; or if a
      file would answer otherwise than its model.
  """
  def write(name: str, model: loading.TrainedModel) -> pathlib.Path:
    return exported.write_once(
        model, folder / f'{name}.{quantization}.tflite',
        trained.params.task.validation_data, quantization,
        largest_disagreement)

  runner, last = registry.TFLiteRunner(
      write(_OWN, trained)), len(trained.model.exit_blocks)

  def leave_at(number: int | None) -> _Turn:
    thresholds = [] if number is None else (
        [0.0] * number + [_SURE] * (last - number))
    return runner, {'criterion': rule_lib.ENTROPY, 'thresholds': thresholds}

  models = read_beside(trained, beside)
  others = [registry.TFLiteRunner(write(name, model))
            for name, model in models.items()]
  rows = np.sort(np.random.default_rng(0).permutation(
      len(examples.texts))[:_TEXTS])
  found = _time([*map(leave_at, range(last + 1)), leave_at(None),
                 *((each, {}) for each in others)],
                examples.take(rows))
  return scoring.Times(
      quantization, rows, found[:, :last + 1], found[:, last + 1], tuple(
          scoring.Beside(name, _score(model, examples), float(column.mean()))
          for (name, model), column in zip(
              models.items(), found[:, last + 2:].T, strict=True)))


def read_beside(trained: loading.TrainedModel, paths: Sequence[str]
                ) -> dict[str, loading.TrainedModel]:
  """Returns models that can be compared, by the names of their folders.

  Args:
    trained: The model with exits, or the one that gets them.
    paths: Folders of runs.

  Raises:
    FileNotFoundError: If there is no such run.
    ValueError: If one is no run of a classifier with the same labels, which
      reads as many texts; or of the same name as another.
  """
  found = {}
  for path in paths:
    model, name = registry.load(path), pathlib.Path(path).resolve().name
    if (not isinstance(trained.kind, type(model.kind))
        or model.params is None or bool(model.pairs) != bool(trained.pairs)
        or list(model.labels) != list(trained.labels)):
      raise ValueError(f'{path} is no run of a classifier that reads what the '
                       'model reads and has its labels, so that they cannot be '
                       'compared.')
    if name in (_OWN, *found):
      raise ValueError(f'Two models would be called {name}. Name the folder '
                       f'{path} otherwise.')
    found[name] = model
  return found


def _time(turns: Sequence[_Turn], examples: loader.TextExamples) -> np.ndarray:
  """Returns milliseconds, float64 `[texts, turns]`."""
  found = np.zeros([len(examples.texts), len(turns), _ROUNDS])
  for number in range(_ROUNDS):
    for row, text in enumerate(examples.texts):
      pair = None if examples.pairs is None else examples.pairs[row]
      for column, (runner, settings) in enumerate(turns):
        runner.change_settings(settings)
        start = time.perf_counter()
        runner.answer(text, pair)
        found[row, column, number] = 1e3 * (time.perf_counter() - start)
  return np.median(found, axis=-1)


def _score(model: loading.TrainedModel,
           examples: loader.TextExamples) -> float:
  """Returns the accuracy of a model, as those of exits are: not of its file."""
  logits = predictor.TextPredictor(model).logits(examples.texts, examples.pairs)
  return float((logits.argmax(-1) == examples.label_ids).mean())
