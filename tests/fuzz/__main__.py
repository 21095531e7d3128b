# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Fuzzes every reader, and prints a table of inputs and outcomes.

An input is right if it is answered, or refused in one line. A traceback of
another kind, a crash, more than 10 s or more than 1 GB is not: the smallest
such input is kept in the folder `--keep`, and the exit code is 1. The inputs
are the same in each run.

  python -m tests.fuzz --inputs=10000 --targets=TSV,tflite

`--engine=atheris` mutates by coverage instead, where atheris is installed; its
inputs differ from run to run.
"""

import faulthandler
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from absl import app
from absl import flags
import hypothesis
import tabulate

from tests.fuzz import mutations
from tests.fuzz import targets

_INPUTS = flags.DEFINE_integer('inputs', 10_000, 'Inputs a target.')
_TARGETS = flags.DEFINE_list('targets', list(targets.TARGETS), 'Targets.')
_ENGINE = flags.DEFINE_enum(
    'engine', 'hypothesis', ['hypothesis', 'atheris'], 'What mutates.')
_KEEP = flags.DEFINE_string(
    'keep', 'fuzz_output', 'Folder for inputs that were neither.')
_CHILD = flags.DEFINE_string('child', '', 'Used by the program itself.')

_SECONDS = 10
_BYTES = 10**9
_LONGEST_MESSAGE = 2000


class _Fuzzed:
  """A reader, with the counts of what became of its inputs."""

  def __init__(self, name: str, folder: pathlib.Path):
    self.path, self._read = targets.TARGETS[name](folder)
    self.seed = self.path.read_bytes()
    self._read()  # The seed itself has to be read.
    self.answered = self.refused = 0

  def try_input(self, data: bytes) -> None:
    """Reads an input, and raises what is neither an answer nor one line."""
    self.path.write_bytes(data)
    before = _reset_peak()
    # In native code, too, where no signal of Python arrives.
    faulthandler.dump_traceback_later(_SECONDS, exit=True)
    try:
      self._read()
      self.answered += 1
    except (ValueError, OSError) as error:
      message = str(error)
      if '\n' in message or len(message) > _LONGEST_MESSAGE:
        raise AssertionError(
            f'not one line: {message[:300]!r}') from error
      self.refused += 1
    finally:
      faulthandler.cancel_dump_traceback_later()
    if (grown := _memory('VmHWM') - before) > _BYTES:
      raise AssertionError(f'it took {grown / 1e9:.1f} GB more')


def _memory(field: str) -> int:
  """Returns a field of the process's status in bytes."""
  status = pathlib.Path('/proc/self/status').read_text(encoding='ascii')
  return 1024 * int(status.partition(f'{field}:')[2].split()[0])


def _reset_peak() -> int:
  """Makes the peak of memory the present one; returns it."""
  pathlib.Path('/proc/self/clear_refs').write_text('5', encoding='ascii')
  return _memory('VmRSS')


def _limit_memory() -> None:
  """Makes a hostile allocation fail, before it takes the machine's memory."""
  limit = _memory('VmSize') + 9 * _BYTES  # Stacks of threads, too.
  resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _run_hypothesis(fuzzed: _Fuzzed, inputs: int) -> None:
  @hypothesis.settings(
      max_examples=inputs, deadline=None, derandomize=True, database=None,
      suppress_health_check=list(hypothesis.HealthCheck))
  @hypothesis.given(mutations.mutations())
  def run(changes: list[mutations.Mutation]) -> None:
    data = fuzzed.seed
    for change in changes:
      data = change.apply(data)
    fuzzed.try_input(data)
  run()


def _run_atheris(fuzzed: _Fuzzed, inputs: int) -> None:
  import atheris
  corpus = tempfile.mkdtemp()
  pathlib.Path(corpus, 'seed').write_bytes(fuzzed.seed)
  atheris.instrument_all()
  atheris.Setup([sys.argv[0], f'-runs={inputs}', f'-timeout={_SECONDS}',
                 corpus], fuzzed.try_input)
  atheris.Fuzz()


def _child(name: str) -> None:
  folder = pathlib.Path(os.environ['FUZZ_FOLDER'])
  fuzzed = _Fuzzed(name, folder)
  (folder / 'path').write_text(str(fuzzed.path))
  _limit_memory()
  try:
    (_run_atheris if _ENGINE.value == 'atheris' else _run_hypothesis)(
        fuzzed, _INPUTS.value)
  finally:
    (folder / 'counts').write_text(f'{fuzzed.answered} {fuzzed.refused}')


def _run_target(name: str) -> list[object]:
  """Fuzzes a target in a process of its own; returns a row of the table."""
  with tempfile.TemporaryDirectory() as parent:
    folder = pathlib.Path(parent)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, '-m', 'tests.fuzz', f'--child={name}',
         f'--inputs={_INPUTS.value}', f'--engine={_ENGINE.value}'],
        env={**os.environ, 'FUZZ_FOLDER': parent, 'TF_CPP_MIN_LOG_LEVEL': '3'},
        capture_output=True, text=True, check=False)
    counts = folder / 'counts'
    answered, refused = (counts.read_text().split()
                         if counts.exists() else ('?', '?'))
    outcome = 'right'
    if done.returncode:
      outcome = _explain(done)
      _keep(name, folder, done.stderr)
    return [name, answered, refused, outcome,
            f'{time.monotonic() - start:.0f} s']


def _explain(done: subprocess.CompletedProcess) -> str:
  if done.returncode < 0:
    return f'crash (signal {-done.returncode})'
  if 'Timeout (' in done.stderr:
    return f'more than {_SECONDS} s'
  lines = [line for line in done.stderr.splitlines()
           if line and not line[0].isspace()]
  errors = [line for line in lines if 'Error' in line.partition(':')[0]]
  return (errors or lines or ['?'])[0][:80]


def _keep(name: str, folder: pathlib.Path, log: str) -> None:
  kept = pathlib.Path(_KEEP.value, name.replace(' ', '_'))
  kept.mkdir(parents=True, exist_ok=True)
  (kept / 'log.txt').write_text(log)
  if (folder / 'path').exists():
    path = pathlib.Path((folder / 'path').read_text())
    if path.exists():
      shutil.copy(path, kept / path.name)


def main(argv: list[str]) -> None:
  del argv
  if _CHILD.value:
    _child(_CHILD.value)
    return
  rows = []
  for name in _TARGETS.value:
    rows.append(_run_target(name))
    print(f'fuzz: {name}: {rows[-1][3]}', file=sys.stderr, flush=True)
  print(tabulate.tabulate(
      rows, ['Input', 'Answered', 'Refused in a line', 'Outcome', 'Time']))
  sys.exit(any(row[3] != 'right' for row in rows))


if __name__ == '__main__':
  app.run(main)
