# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Kills programs at random moments, and prints a table by stage.

Each stage runs once without interruption. Then it is started anew, killed with
SIGKILL while it works, and the same command is run to its end. Its files or
weights have to be those of the first, to the last bit; or it says in a line
why not. Anything else makes the exit code 1. Moments follow from --seed.

  python -m tests.kills --kills=50 --stage=data --stage=search
"""

import contextlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from absl import app
from absl import flags
import tabulate

from tests.kills import stages as stages_lib

_KILLS = flags.DEFINE_integer('kills', 50, 'Kills over all stages.')
_STAGES = flags.DEFINE_multi_string('stage', [], 'Stages; all if not given.')
_SEED = flags.DEFINE_integer('seed', 5, 'Seed of the moments.')

_SECONDS = 600
_ENVIRONMENT = {'TF_CPP_MIN_LOG_LEVEL': '3'}


class _Tried:
  """A stage, with the counts of what became of it."""

  def __init__(self, stage: stages_lib.Stage, folder: pathlib.Path):
    self._stage, self._folder = stage, folder
    self.kills = self.identical = 0
    self.said: list[str] = []
    self.wrong: list[str] = []
    began = time.monotonic()
    process = self._start(folder)
    _wait_for_files(process, folder)
    self._idle = time.monotonic() - began
    self._error(process)
    self._working = time.monotonic() - began - self._idle
    self._expected = stage.result(str(folder))

  def kill(self, number: int, rng: random.Random) -> None:
    """Kills a new run, runs the command to its end, and compares."""
    folder = self._folder.with_name(f'{self._folder.name}_{number}')
    folder.mkdir()
    process = self._start(folder)
    # Starting takes most of the time, and nothing is at stake then.
    if rng.random() < 0.1:
      seconds = rng.uniform(0, self._idle)
    else:
      _wait_for_files(process, folder)
      seconds = rng.uniform(0, 0.95 * self._working)
    with contextlib.suppress(subprocess.TimeoutExpired):
      process.wait(seconds)  # It may be faster than the first was.
    with contextlib.suppress(ProcessLookupError):
      os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    self.kills += process.returncode == -signal.SIGKILL
    error = self._error(self._start(folder))
    if error:
      (self.wrong if 'Traceback' in error else self.said).append(
          error.strip().splitlines()[-1])
      return
    found = self._stage.result(str(folder))
    changed = [name for name in {**self._expected, **found}
               if self._expected.get(name) != found.get(name)]
    self.identical += not changed
    if changed:
      self.wrong.append(f'other {", ".join(sorted(changed)[:3])}')

  def _start(self, folder: pathlib.Path) -> subprocess.Popen:
    return subprocess.Popen(
        self._stage.command(str(folder)), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, **_ENVIRONMENT})

  def _error(self, process: subprocess.Popen) -> str:
    _, errors = process.communicate(timeout=_SECONDS)
    return errors.decode() if process.returncode else ''


def _wait_for_files(process: subprocess.Popen, folder: pathlib.Path) -> None:
  while process.poll() is None and not any(folder.glob('*')):
    time.sleep(0.005)


def main(argv: list[str]) -> None:
  del argv
  made = stages_lib.Stages()
  chosen = made.build()
  names = _STAGES.value or list(chosen)
  first = {'pre-training': made.teacher, 'fine-tuning': made.model}
  rng, rows, failed = random.Random(_SEED.value), [], False
  kills = {name: _KILLS.value // len(names) + (
      names.index(name) < _KILLS.value % len(names)) for name in names}
  for name, stage in chosen.items():
    if name not in first and name not in names:
      continue
    began = time.monotonic()
    folder = first.get(name, made.folder / name.replace(', ', '_'))
    folder.mkdir()
    tried = _Tried(stage, folder)
    for number in range(kills.get(name, 0)):
      tried.kill(number, rng)
      print(f'kills: {name} {number + 1}: {tried.identical} identical',
            file=sys.stderr, flush=True)
    for what in (*tried.said, *tried.wrong):
      print(f'kills: {name}: {what}', file=sys.stderr, flush=True)
    failed |= bool(tried.wrong)
    rows.append([name, tried.kills, tried.identical, len(tried.said),
                 len(tried.wrong), f'{time.monotonic() - began:.0f} s'])
  made.close()
  print(tabulate.tabulate(rows, [
      'Stage', 'Kills', 'Identical', 'Said otherwise', 'Wrong', 'Time']))
  sys.exit(failed)


if __name__ == '__main__':
  app.run(main)
