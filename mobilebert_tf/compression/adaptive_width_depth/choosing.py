# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Measures the members of a family as files on this machine, and picks one."""

from collections.abc import Sequence
import dataclasses
import os
import pathlib
import shutil
import statistics
import time
from typing import Any

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.compression.adaptive_width_depth import sources
from mobilebert_tf.compression.adaptive_width_depth import training
from mobilebert_tf.deployment import text_runner
from mobilebert_tf.deployment import tflite
from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import registry

RESULTS, CHOSEN = 'choice.json', 'chosen.tflite'
_RUNS = 20  # Of a file in a round; the median of a round counts.


@dataclasses.dataclass(frozen=True)
class Limits:
  """What a member may cost.

  Attributes:
    milliseconds: Largest latency of a text; None for any.
    megabytes: Largest size of the file; None for any.
  """
  milliseconds: float | None = None
  megabytes: float | None = None

  def __post_init__(self):
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      if value is not None and not 0 < value < float('inf'):
        raise ValueError(f'The limit of {field.name} is {value}; it is a '
                         'number above 0.')

  def hold(self, row: 'Member') -> bool:
    """Returns whether a member costs no more."""
    return (row.milliseconds <= (self.milliseconds or float('inf'))
            and row.megabytes <= (self.megabytes or float('inf')))


@dataclasses.dataclass(frozen=True)
class Member:
  """A member of a family, measured.

  Attributes:
    name: Width and depth, such as `0.5x0.75`.
    parameters: Number of parameters.
    score: Score on the held-out part.
    milliseconds: Latency of a text on one thread.
    megabytes: Size of the file.
    is_best: Whether none that is as fast has a better score.
  """
  name: str
  parameters: int
  score: float
  milliseconds: float
  megabytes: float
  is_best: bool = False


def choose(model_dir: str | os.PathLike, folder: str | os.PathLike,
           limits: Limits, *, length: int = 32, quantization: str = 'dynamic',
           rounds: int = 5) -> tuple[list[Member], Member]:
  """Exports and times all members, and picks the best that costs no more.

  Files that are there already are not written again. All take turns, so that
  other load slows all of them.

  Args:
    model_dir: Folder that `training.adapt` wrote.
    folder: Folder of the files, of `choice.json` and of `chosen.tflite`.
    limits: Limits of latency and size.
    length: Length of the text that is timed, in tokens.
    quantization: One of `tflite_file.QUANTIZATIONS`.
    rounds: Rounds of timing.

  Returns:
    All members, the fastest first, and the one that is picked.

  Raises:
    FileNotFoundError: If the folder holds no family.
    ValueError: If no member costs so little, or none has a score.
  """
  model_dir = pathlib.Path(model_dir).expanduser()
  folder = pathlib.Path(folder).expanduser()
  path = model_dir / training.RESULTS
  if not path.exists():
    raise FileNotFoundError(f'{model_dir} holds no family that is done: it has '
                            f'no {training.RESULTS}. mobilebert adapt makes '
                            'one.')
  results = files.read_json(path)
  if not all(row['scores'] for row in results['sizes']):
    raise ValueError(f'The members of {model_dir} have no scores: its run has '
                     'no held-out part.')
  whole = registry.load(str(model_dir / results['model']))
  paths = [_export(whole, row, folder, quantization)
           for row in results['sizes']]
  seconds = _time([registry.TFLiteRunner(each) for each in paths], length,
                  rounds)
  members = _with_front([
      Member(each.stem, row['parameters'], _score(row), 1e3 * of_file,
             each.stat().st_size / 1e6)
      for row, each, of_file in zip(
          results['sizes'], paths, seconds, strict=True)])
  chosen = pick(members, limits)
  shutil.copyfile(folder / f'{chosen.name}.tflite', folder / f'{CHOSEN}.new')
  os.replace(folder / f'{CHOSEN}.new', folder / CHOSEN)
  files.write_json(folder / RESULTS, {
      'members': [dataclasses.asdict(each) for each in members],
      'chosen': chosen.name, 'limits': dataclasses.asdict(limits),
      'length': length, 'quantization': quantization,
      'hardware': machine.hardware()}, indent=1)
  return members, chosen


def pick(members: Sequence[Member], limits: Limits) -> Member:
  """Returns the member with the best score that costs no more.

  Raises:
    ValueError: If there is none.
  """
  affordable = [each for each in members if limits.hold(each)]
  if not affordable:
    fastest = min(members, key=lambda each: each.milliseconds)
    smallest = min(members, key=lambda each: each.megabytes)
    raise ValueError(
        f'No member costs so little: the fastest takes '
        f'{fastest.milliseconds:.2f} ms ({fastest.name}), the smallest has '
        f'{smallest.megabytes:.2f} MB ({smallest.name}).')
  return max(affordable, key=lambda each: (each.score, -each.milliseconds))


def _with_front(members: Sequence[Member]) -> list[Member]:
  """Returns members, the fastest first, with those marked that are best."""
  found, best = [], -float('inf')
  for each in sorted(members, key=lambda each: (
      each.milliseconds, -each.score)):
    found.append(dataclasses.replace(each, is_best=each.score > best))
    best = max(best, each.score)
  return found


def _score(row: dict[str, Any]) -> float:
  """Returns the mean of a member's scores."""
  return float(np.mean([each['value'] for each in row['scores']]))


def _export(whole: loading.TrainedModel, row: dict[str, Any],
            folder: pathlib.Path, quantization: str) -> pathlib.Path:
  """Returns the file of a member, written if it is not there."""
  size = sizes.size(whole.model.encoder.architecture, row['width'],
                    row['depth'], row['blocks'])
  path = folder / f'{size.name}.tflite'
  if not path.exists():
    folder.mkdir(parents=True, exist_ok=True)
    texts = real_texts.read_labelled(
        whole, whole.params.task.validation_data.input_path, 256,
        whole.params.task.validation_data)
    tflite.write(sources.member(whole, size), path, texts,
                 quantization=quantization)
  return path


def _time(runners: Sequence[text_runner.TextRunner], length: int,
          rounds: int) -> list[float]:
  """Returns seconds of a text of a length, of each file."""
  segments = [1 + bool(runner.metadata.pairs) for runner in runners]
  rows = []
  for runner, count in zip(runners, segments, strict=True):
    tokens = max(count, min(length, runner.metadata.max_length) - count - 1)
    ids = np.random.default_rng(0).integers(
        0, len(runner.vocabulary), tokens).astype(np.int32)
    rows.append(np.array_split(ids, count))
    runner.run(rows[-1])  # Makes the signature ready.
  found: list[list[float]] = [[] for _ in runners]
  for _ in range(rounds):
    for runner, row, seconds in zip(runners, rows, found, strict=True):
      start = time.perf_counter()
      for _ in range(_RUNS):
        runner.run(row)
      seconds.append((time.perf_counter() - start) / _RUNS)
  return list(map(statistics.median, found))

