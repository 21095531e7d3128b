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

"""What the run ran on."""

import glob
import importlib.metadata
import os
import pathlib
import platform
import resource
import sys
from collections.abc import Sequence
from typing import Any

_PACKAGES = ('mobilebert_tf', 'tensorflow', 'tf-keras', 'tf-models-official',
             'tensorflow-text', 'tokenizers', 'ai-edge-litert')


def hardware() -> dict[str, Any]:
  """Returns processor, cores and memory."""
  return {
      'cpu': _cpu_name(),
      'cores': _num_cores(),
      'memory_gb':
          os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9,
  }


def versions() -> dict[str, str]:
  """Returns the versions of Python and of the packages that matter."""
  found = {'python': platform.python_version()}
  for package in _PACKAGES:
    try:
      found[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      found[package] = 'not installed'
  return found


def file_states(globs: Sequence[str]) -> list[list[Any]]:
  """Returns path, size and time of change of the files that globs name."""
  paths = sorted(path for pattern in globs for path in glob.glob(pattern))
  states = [(path, os.stat(path)) for path in paths]
  return [[path, state.st_size, state.st_mtime_ns] for path, state in states]


def peak_memory_gb() -> float:
  """Returns the most memory that this process has held."""
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak * (1 if sys.platform == 'darwin' else 1024) / 1e9


def _num_cores() -> int:
  if hasattr(os, 'sched_getaffinity'):  # Those that this process may use.
    return len(os.sched_getaffinity(0))
  return os.cpu_count()


def _cpu_name() -> str:
  info = pathlib.Path('/proc/cpuinfo')
  if info.exists():
    for line in info.read_text(encoding='utf-8').splitlines():
      if line.startswith('model name'):
        return line.split(':', 1)[1].strip()
  return platform.processor() or platform.machine()
