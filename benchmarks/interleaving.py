# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Times contenders in interleaved runs, each in its own process.

Other load on the machine slows all of them alike, so that ratios hold where
seconds do not.
"""

import concurrent.futures
import dataclasses
import logging as python_logging
import multiprocessing
import os
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from absl import logging

from mobilebert_tf.common import machine

Step = Callable[[], Any]
# Steps of each contender before those that are timed.
WARM_UP = 3


@dataclasses.dataclass(frozen=True)
class Timing:
  """How a contender did.

  Attributes:
    seconds: Of each step that was timed.
    memory: Peak bytes of its process.
    report: What it reported after its first step.
  """
  seconds: list[float]
  memory: int
  report: Any

  @property
  def median(self) -> float:
    """Seconds of a step."""
    return statistics.median(self.seconds)


def time_interleaved(starts: Sequence[Callable[[], tuple[Step, Step]]],
                     rounds: int,
                     peak_memory: Callable[[], int] = machine.peak_memory
                     ) -> list[Timing]:
  """Starts every contender and interleaves their steps.

  Args:
    starts: What to call in a contender's process, such as a
      `functools.partial` of a function of a module. Returns its step, which
      ends when the work is done, and what makes a report after the first one.
    rounds: Steps of each that are timed, after `WARM_UP`.
    peak_memory: Function that returns the peak of a contender, called in its
      process; resident bytes if not given, imports included.

  Returns:
    A timing of each contender.

  Raises:
    Exception: What a contender raised.

  Example: `time_interleaved([start_theirs, start_ours], rounds=5)`
  """
  processes = [new_process() for _ in starts]
  try:
    started = [process.submit(_start, start)
               for process, start in zip(processes, starts, strict=True)]
    reports = [start.result() for start in started]
    timed = [[process.submit(_time_step).result() for process in processes]
             for _ in range(rounds)]
    peaks = [process.submit(peak_memory).result()
             for process in processes]
  finally:
    for process in processes:
      process.shutdown(cancel_futures=True)
  return [Timing(list(seconds), peak, report) for seconds, peak, report in zip(
      zip(*timed, strict=True), peaks, reports, strict=True)]


def new_process() -> concurrent.futures.ProcessPoolExecutor:
  """Returns a pool of one process, which keeps what it started."""
  return concurrent.futures.ProcessPoolExecutor(
      1, multiprocessing.get_context('spawn'), _silence)


# What follows runs in the processes.

_step: Step


def _silence() -> None:
  """Keeps warnings of libraries out of what a benchmark prints."""
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  warnings.simplefilter('ignore')
  logging.set_verbosity(logging.ERROR)
  python_logging.getLogger('tensorflow').setLevel(python_logging.ERROR)


def _start(start: Callable[[], tuple[Step, Step]]) -> Any:
  global _step
  _step, report = start()
  _step()
  reported = report()
  for _ in range(WARM_UP - 1):
    _step()
  return reported


def _time_step() -> float:
  start = time.monotonic()
  _step()
  return time.monotonic() - start
