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

"""Keeps the memory of a pytest process bounded, and reports its peak."""

import ctypes
import gc
import sys
import unittest

import psutil
import pytest

_PEAKS = pytest.StashKey[dict[str, float]]()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
  """Gives each file to one worker, since what a file builds is shared."""
  if config.getoption('numprocesses', None) and config.option.dist == 'no':
    config.option.dist = 'loadfile'


@pytest.fixture(scope='module', autouse=True)
def release_memory(request: pytest.FixtureRequest):
  """Drops, after each file, what its test classes and Keras hold."""
  classes = [value for value in vars(request.module).values()
             if isinstance(value, type) and issubclass(value, unittest.TestCase)
             and value.__module__ == request.module.__name__]
  before = {cls: set(vars(cls)) for cls in classes}
  yield
  for cls, names in before.items():
    for name in set(vars(cls)) - names:
      delattr(cls, name)
  if keras := sys.modules.get('tf_keras'):
    keras.backend.clear_session()
  gc.collect()
  if sys.platform == 'linux':
    ctypes.CDLL(None).malloc_trim(0)  # Returns freed memory to the system.


# === The peak ===


def _peak() -> float:
  """Returns the peak memory of this process in GB."""
  memory = psutil.Process().memory_info()
  if sys.platform == 'linux':
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
  return getattr(memory, 'peak_wset', memory.rss) / 1e9


def pytest_configure(config: pytest.Config) -> None:
  config.stash[_PEAKS] = {}


def pytest_sessionfinish(session: pytest.Session) -> None:
  config = session.config
  if hasattr(config, 'workeroutput'):  # A worker of pytest-xdist.
    config.workeroutput['peak'] = _peak()
  elif not config.stash[_PEAKS]:
    config.stash[_PEAKS]['pytest'] = _peak()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error) -> None:
  del error
  if 'peak' in (output := getattr(node, 'workeroutput', {})):
    node.config.stash[_PEAKS][node.gateway.id] = output['peak']


def pytest_terminal_summary(terminalreporter, exitstatus, config) -> None:
  del exitstatus
  peaks = ', '.join(f'{name} {peak:.2f} GB'
                    for name, peak in sorted(config.stash[_PEAKS].items()))
  terminalreporter.write_line(f'Peak memory: {peaks}')
