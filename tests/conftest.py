# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Keeps the memory of a pytest process bounded, and reports its peak."""

import ctypes
import functools
import gc
import sys
import unittest

import pytest

from mobilebert_tf.common import machine

_PEAKS = pytest.StashKey[dict[str, float]]()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
  """Gives each file to one worker, since what a file builds is shared."""
  if config.getoption('numprocesses', None) and config.option.dist == 'no':
    config.option.dist = 'loadfile'


def pytest_collection_finish() -> None:
  """Spares collections of garbage the million objects that were imported."""
  gc.collect()
  gc.freeze()


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
  for value in vars(request.module).values():
    if isinstance(value, functools._lru_cache_wrapper):
      value.cache_clear()
  if keras := sys.modules.get('tf_keras'):
    keras.backend.clear_session()
  gc.collect()
  if sys.platform == 'linux':
    ctypes.CDLL(None).malloc_trim(0)  # Returns freed memory to the system.


# === The peak ===


def pytest_configure(config: pytest.Config) -> None:
  config.stash[_PEAKS] = {}


def pytest_sessionfinish(session: pytest.Session) -> None:
  config = session.config
  if hasattr(config, 'workeroutput'):  # A worker of pytest-xdist.
    config.workeroutput['peak'] = machine.peak_memory() / 1e9
  elif not config.stash[_PEAKS]:
    config.stash[_PEAKS]['pytest'] = machine.peak_memory() / 1e9


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
