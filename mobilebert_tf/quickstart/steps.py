# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Runs steps in order, and none twice."""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import time
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass
class Pipeline:
  """A chain of steps whose results outlive an interruption.

  A step is done when its result file stands, which is written last and at once.
  A step is done again when its settings, or those of any step before it, are
  others than those it was done with; its folder is then emptied first.

  What a step prints goes to a log beside its results; progress bars, which are
  written to standard error, are seen.

  Attributes:
    folder: Each step gets a folder of its name in it; results go to `steps`.
    num_steps: Steps in all, for the display.
  """
  folder: pathlib.Path
  num_steps: int
  _seconds: dict[str, float] = dataclasses.field(default_factory=dict)
  _fingerprint: str = ''

  def run(self, name: str, function: Callable[[pathlib.Path], dict[str, Any]],
          settings: dict[str, Any]) -> dict[str, Any]:
    """Runs a step or returns what it returned before.

    Args:
      name: Name of the step and of its folder.
      function: Does it, in the folder it is given, going on from what it finds
        there, and returns JSON-serializable results.
      settings: What the results depend on, beside the steps before.

    Returns:
      The step's results.
    """
    self._fingerprint = hashlib.sha256(json.dumps(
        [self._fingerprint, name, settings], sort_keys=True).encode()
    ).hexdigest()
    step_folder = self.folder / name
    record = self._read(name)
    title = f'[{len(self._seconds) + 1}/{self.num_steps}] {name}'
    if record.get('fingerprint') != self._fingerprint:
      shutil.rmtree(step_folder, ignore_errors=True)
      self._write(name, {'fingerprint': self._fingerprint})
    elif 'results' in record:
      self._seconds[name] = record['seconds']
      print(f'{title}: done before, in {_duration(record["seconds"])}',
            flush=True)
      return record['results']
    print(f'{title} ...', flush=True)
    started = time.monotonic()
    step_folder.mkdir(parents=True, exist_ok=True)
    with (self._path(name).with_suffix('.log').open('a') as log,
          contextlib.redirect_stdout(log)):
      results = function(step_folder)
    seconds = self._seconds[name] = time.monotonic() - started
    self._write(name, {'fingerprint': self._fingerprint, 'seconds': seconds,
                       'results': results})
    print(f'{title}: done in {_duration(seconds)}', flush=True)
    return results

  @property
  def seconds(self) -> dict[str, float]:
    """How long each step took, in the order of the steps."""
    return dict(self._seconds)

  def _path(self, name: str) -> pathlib.Path:
    return self.folder / 'steps' / f'{name}.json'

  def _read(self, name: str) -> dict[str, Any]:
    if not self._path(name).exists():
      return {}
    return json.loads(self._path(name).read_text(encoding='utf-8'))

  def _write(self, name: str, record: dict[str, Any]) -> None:
    path = self._path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix('.tmp')
    temporary.write_text(json.dumps(record, indent=1), encoding='utf-8')
    os.replace(temporary, path)


def _duration(seconds: float) -> str:
  minutes, rest = divmod(round(seconds), 60)
  return f'{minutes} min {rest} s' if minutes else f'{rest} s'
