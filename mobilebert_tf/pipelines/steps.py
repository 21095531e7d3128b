# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs the steps of a chain in order, each once."""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import shutil
import time
import uuid
from collections.abc import Callable
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import machine


@dataclasses.dataclass
class Pipeline:
  """A chain of steps whose results survive an interruption.

  A step is done when its record holds results, which are written last and
  atomically. It is done again, in an emptied folder, when its settings have
  changed, or when any step before it was done again.

  The output of a step goes to a log beside its record, except for progress
  bars, which are written to standard error.

  Attributes:
    folder: Folder of the run, with a folder for each step, and `steps` for
      their records.
    num_steps: Number of steps, for the display.
  """
  folder: pathlib.Path
  num_steps: int
  _records: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
  _chain: str = ''

  def run(self, name: str, function: Callable[[pathlib.Path], dict[str, Any]],
          settings: dict[str, Any]) -> dict[str, Any]:
    """Runs a step, or returns its results if it is done.

    Args:
      name: Name of the step and of its folder.
      function: Work of the step. It is given the folder, resumes from what is
        there, and returns JSON-serializable results.
      settings: Values that the results depend on, beside the earlier steps.

    Returns:
      The step's results.

    Raises:
      FileExistsError: If the step's folder holds files that no step made.
    """
    title = f'[{len(self._records) + 1}/{self.num_steps}] {name}'
    fingerprint = hashlib.sha256(json.dumps(
        [self._chain, name, settings], sort_keys=True).encode()).hexdigest()
    record = self._read(name)
    if record.get('fingerprint') == fingerprint and 'results' in record:
      print(f'{title}: done before, in {_duration(record["seconds"])}',
            flush=True)
    else:
      print(f'{title} ...', flush=True)
      record = self._do(name, function, fingerprint, record)
      print(f'{title}: done in {_duration(record["seconds"])}', flush=True)
    self._records[name] = record
    self._chain = record['run']
    return record['results']

  @property
  def seconds(self) -> dict[str, float]:
    """Seconds of each step in its last process, in the order of steps."""
    return {name: record['seconds'] for name, record in self._records.items()}

  @property
  def peak_memory_gb(self) -> float:
    """Largest peak memory of the processes that finished a step."""
    return max(record['peak_memory_gb'] for record in self._records.values())

  def _do(self, name: str, function: Callable[[pathlib.Path], dict[str, Any]],
          fingerprint: str, record: dict[str, Any]) -> dict[str, Any]:
    folder = self.folder / name
    if record.get('fingerprint') != fingerprint:
      if not record and folder.exists() and any(folder.iterdir()):
        raise FileExistsError(
            f'{folder} was not made by this program, and will not be '
            'emptied. Name another --output_dir.')
      record = {'fingerprint': fingerprint, 'run': uuid.uuid4().hex}
      # Record before folder: a run stopped in between finds a step that is not
      # done.
      self._write(name, record)
      if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with (self._path(name).with_suffix('.log').open('a') as log,
          contextlib.redirect_stdout(log)):
      results = function(folder)
    record = {
        **record,
        'seconds': time.monotonic() - started,
        'peak_memory_gb': machine.peak_memory() / 1e9,
        'results': results,
    }
    self._write(name, record)
    return record

  def _path(self, name: str) -> pathlib.Path:
    return self.folder / 'steps' / f'{name}.json'

  def _read(self, name: str) -> dict[str, Any]:
    if not self._path(name).exists():
      return {}
    return files.read_json(self._path(name))

  def _write(self, name: str, record: dict[str, Any]) -> None:
    files.write_text(self._path(name), json.dumps(record, indent=1))


def _duration(seconds: float) -> str:
  minutes, rest = divmod(round(seconds), 60)
  return f'{minutes} min {rest} s' if minutes else f'{rest} s'
