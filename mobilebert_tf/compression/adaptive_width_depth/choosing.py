# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Measures the members of a family as files on this machine, and picks one."""

from collections.abc import Iterator, Sequence
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
from mobilebert_tf.common import outputs
from mobilebert_tf.compression import exported
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.compression.adaptive_width_depth import sources
from mobilebert_tf.compression.adaptive_width_depth import training
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import text_runner
from mobilebert_tf.inference import loading
from mobilebert_tf.reporting import family as report
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
    score: Score of the file on the held-out part.
    milliseconds: Latency of a text on one thread.
    megabytes: Size of the file.
    low: Low end of the score's 95% interval, if it is known.
    high: High end of it.
    is_best: Whether no member that is as fast has a better score.
    is_member: Whether it is of the family, not a model beside it.
  """
  name: str
  parameters: int
  score: float
  milliseconds: float
  megabytes: float
  low: float | None = None
  high: float | None = None
  is_best: bool = False
  is_member: bool = True


def choose(model_dir: str | os.PathLike, folder: str | os.PathLike,
           limits: Limits, *, length: int = 32, quantization: str = 'dynamic',
           rounds: int = 5, beside: Sequence[str] = (),
           largest_disagreement: float = agreement.LARGEST_DISAGREEMENT
           ) -> tuple[dict[str, Any], Member]:
  """Exports and times all members, and picks the best that costs no more.

  Files that are there already are not written again. All take turns, so that
  other load slows all of them.

  Args:
    model_dir: Folder that `training.adapt` wrote, of a fine-tuning run.
    folder: Folder of the files, of `choice.json`, its page and `chosen.tflite`.
    limits: Limits of latency and size.
    length: Length of the text that is timed, in tokens.
    quantization: One of `tflite_file.QUANTIZATIONS`.
    rounds: Rounds of timing.
    beside: Runs on the same task, whose models are measured as well.
    largest_disagreement: Largest share of texts to which a file may give
      another answer than its model; see `agreement.check`.

  Returns:
    The content of `choice.json`, with `members`, the fastest first; and the one
    that is picked.

  Raises:
    FileNotFoundError: If the folder holds no family, or a run is missing.
    FileExistsError: If the output folder holds something else.
    ValueError: If no member costs so little, or none has a score; if a run
      beside is of another task; if two models would have one name; or if the
      text to time is longer than the models read.
  """
  model_dir = pathlib.Path(model_dir).expanduser()
  folder = pathlib.Path(folder).expanduser()
  family, whole = _read_family(model_dir)
  if length > whole.max_length:
    raise ValueError(f'The text to time has {length} tokens, and the models '
                     f'read {whole.max_length}.')
  with outputs.claimed(
      folder, (exported.FILES, RESULTS), 'the folder of a choice'):
    if not (folder / exported.FILES).exists():
      files.write_json(folder / exported.FILES, {})
    found = [*_members(whole, family), *_beside(whole, beside)]
    titles = [name for name, _ in found]
    if len(set(titles)) < len(titles):
      raise ValueError(f'Two models have one name: {", ".join(titles)}.')
    paths = [exported.write_once(
        trained, folder / f'{name}.tflite', whole.params.task.validation_data,
        quantization, largest_disagreement) for name, trained in found]
    runners = [registry.TFLiteRunner(each) for each in paths]
    seconds = _time(runners, length, rounds)
    scored = _score(whole, runners)
    members = _with_front([
        Member(name, trained.model.count_params(), _mean(scores, 'value'),
               1e3 * of_file, path.stat().st_size / 1e6, _mean(scores, 'low'),
               _mean(scores, 'high'), is_member=place < len(family))
        for place, ((name, trained), path, of_file, scores) in enumerate(
            zip(found, paths, seconds, scored, strict=True))])
    names = [each['name'] for each in scored[0]]
    chosen = best(members, limits)
    results = {
        'members': [dataclasses.asdict(each) for each in members],
        'chosen': chosen and chosen.name, 'limits': dataclasses.asdict(limits),
        'metric': ('mean of ' if len(names) > 1 else '') + ', '.join(names),
        'family': str(model_dir), 'length': length, 'rounds': rounds,
        'quantization': quantization, 'hardware': machine.hardware()}
    files.write_json(folder / RESULTS, results, indent=1)
    report.write_report(results, folder)
    if chosen is None:
      raise _nothing(members, folder)
    with files.replacing(folder / CHOSEN) as new:
      shutil.copyfile(folder / f'{chosen.name}.tflite', new)
  return results, chosen


def _members(whole: loading.TrainedModel, family: Sequence[dict[str, Any]]
             ) -> Iterator[tuple[str, loading.TrainedModel]]:
  """Yields name and model of each member."""
  for row in family:
    size = sizes.size(whole.model.encoder.architecture, row['width'],
                      row['depth'], row['blocks'])
    yield size.name, sources.member(whole, size)


def _beside(whole: loading.TrainedModel, paths: Sequence[str]
            ) -> Iterator[tuple[str, loading.TrainedModel]]:
  """Yields the same of other runs; raises ValueError if they do not compare."""
  for path in paths:
    trained = registry.load(path)
    title = pathlib.Path(path).expanduser().resolve().name
    if f'{title}.tflite' == CHOSEN:
      raise ValueError(f'{path} would be written as {CHOSEN}, as the chosen '
                       'model is. Name the run otherwise.')
    if trained.params is None or (trained.kind.name, trained.labels) != (
        whole.kind.name, whole.labels):
      raise ValueError(f'{path} is no run on the task of the family, with its '
                       'labels, so that they cannot be compared.')
    yield title, trained


def _score(whole: loading.TrainedModel,
           runners: Sequence[text_runner.TextRunner]
           ) -> list[list[dict[str, Any]]]:
  """Returns the scores of files on the held-out part of the family's run."""
  labelled = sources.read_labelled(whole, whole.params.task.validation_data)
  return [labelled.score(each.comparable(labelled.texts, labelled.pairs))
          for each in runners]


def _read_family(model_dir: pathlib.Path
                 ) -> tuple[list[dict[str, Any]], loading.TrainedModel]:
  """Returns the rows of a family, and its model."""
  results = training.read_results(model_dir)
  if results is None:
    raise FileNotFoundError(f'{model_dir} holds no family that is done: it has '
                            f'no {training.RESULTS}. mobilebert adapt makes '
                            'one.')
  model = str(model_dir / results['model'])
  if not loading.is_run(model, registry.KINDS):
    raise ValueError(f'{model_dir} is a family of pre-trained models, which '
                     'answer nothing. Fine-tune members that mobilebert extract'
                     ' cuts out, and compare their runs.')
  if not all(row['scores'] for row in results['sizes']):
    raise ValueError(f'The members of {model_dir} have no scores: its run has '
                     'no held-out part.')
  return results['sizes'], registry.load(model)


def best(members: Sequence[Member], limits: Limits) -> Member | None:
  """Returns the member with the best score that costs no more, if there is one.
  """
  return max((each for each in members if each.is_member and limits.hold(each)),
             key=lambda each: (each.score, -each.milliseconds), default=None)


def _nothing(members: Sequence[Member], folder: pathlib.Path) -> ValueError:
  """Returns what says that no member costs so little."""
  members = [each for each in members if each.is_member]
  fastest = min(members, key=lambda each: each.milliseconds)
  smallest = min(members, key=lambda each: each.megabytes)
  return ValueError(
      f'No member costs so little: the fastest takes '
      f'{fastest.milliseconds:.2f} ms ({fastest.name}), the smallest has '
      f'{smallest.megabytes:.2f} MB ({smallest.name}). {folder / RESULTS} has '
      'all.')


def _with_front(models: Sequence[Member]) -> list[Member]:
  """Returns models, the fastest first, with members marked that are best."""
  found, best = [], -float('inf')
  for each in sorted(models, key=lambda each: (
      each.milliseconds, -each.score)):
    found.append(dataclasses.replace(
        each, is_best=each.is_member and each.score > best))
    if each.is_member:
      best = max(best, each.score)
  return found


def _mean(scores: Sequence[dict[str, Any]], part: str) -> float | None:
  """Returns the mean of a part of scores; of ends only if there is one."""
  values = [each[part] for each in scores]
  if part != 'value' and (len(values) > 1 or None in values):
    return None
  return float(np.mean(values))


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

