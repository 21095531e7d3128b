# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A contender in a process that does nothing else.

All functions run in that process.
"""

from collections.abc import Callable, Sequence
import contextlib
import dataclasses
import importlib
import os
import time
from typing import Any

from benchmarks.engines import contender as contender_lib
from benchmarks.engines import contenders

SENTENCES = 'sentences'
_runs: dict[str, list[Callable[[], Any]]] = {}


@dataclasses.dataclass(frozen=True)
class Started:
  """What is known of a contender that is ready.

  Attributes:
    modes: Names of what can be timed: lengths of full rows, and `SENTENCES`.
    megabytes: Size of its file; None if it has none.
    private_megabytes: Memory that it took, its libraries left out and files
      that are only mapped.
    cosine: Smallest cosine to a token of the Keras model; None for other
      networks.
    error: Relative error; see `closeness`.
  """
  modes: tuple[str, ...]
  megabytes: float | None
  private_megabytes: float
  cosine: float | None
  error: float | None


def start(name: str, settings: contender_lib.Settings) -> Started:
  """Makes ready a contender, and looks at what comes out of it."""
  contender = contenders.CONTENDERS[name]
  for module in contender.imports:
    with contextlib.suppress(ImportError):
      importlib.import_module(module)
  path = settings.path(contender.file) if contender.file else ''
  before = _private_megabytes()
  bind = contender.start(settings, path)
  for length in contender.timed_lengths(settings):
    _runs[str(length)] = [bind(settings.row(length))]
    _runs[str(length)][0]()
  _runs[SENTENCES] = [
      bind(contender_lib.pad(tokens, contender.length(tokens, settings)))
      for tokens in settings.sentences]
  found = [run()[0, :len(tokens)] for run, tokens in zip(
      _runs[SENTENCES], settings.sentences, strict=True)]
  private = _private_megabytes() - before
  return Started(
      tuple(_runs), os.path.getsize(path) / 1e6 if path else None, private,
      *(_compare(settings, found) if contender.shares_weights
        else (None, None)))


def _compare(settings: contender_lib.Settings,
             found: list[Any]) -> tuple[float, float]:
  from benchmarks import closeness
  from benchmarks.engines import weights
  return closeness.compare(found, weights.expected(settings))


def _private_megabytes() -> float:
  import psutil
  return psutil.Process().memory_full_info().uss / 1e6


def prepare(names: Sequence[str], settings: contender_lib.Settings) -> None:
  """Writes the files of contenders that are prepared together."""
  every = [contenders.CONTENDERS[name] for name in names]
  every[0].prepare(settings, {
      settings.path(each.file): each.quantization for each in every})


def measure(mode: str, which: Sequence[int], times: int) -> list[float]:
  """Returns the median seconds of each of some runs of a mode.

  Args:
    mode: One of `Started.modes`.
    which: Indices of the runs.
    times: Times that each is run.
  """
  runs = _runs[mode]
  runs[which[0]]()  # The caches are those of another process.
  return [_median_seconds(runs[index], times) for index in which]


def _median_seconds(run: Callable[[], Any], times: int) -> float:
  seconds = []
  for _ in range(times):
    started = time.perf_counter()
    run()
    seconds.append(time.perf_counter() - started)
  return sorted(seconds)[len(seconds) // 2]


def tokenize(vocab_file: str, texts: Sequence[str],
             most: int) -> list[list[int]]:
  """Returns ids, special tokens included and without padding."""
  from mobilebert_tf.text import tokenizer as tokenizer_lib

  inputs = tokenizer_lib.Tokenizer(vocab_file).encode(texts, max_length=most)
  counts = inputs['input_mask'].numpy().sum(axis=1)
  return [row[:count].tolist() for row, count in zip(
      inputs['input_word_ids'].numpy(), counts, strict=True)]
