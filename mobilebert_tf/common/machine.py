# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Facts about the machine and the run, for results and reports."""

import datetime
import functools
import glob
import importlib.metadata
import os
import pathlib
import platform
import re
import resource
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

_PACKAGES = ('mobilebert_tf', 'tensorflow', 'tf-keras', 'tf-models-official',
             'tensorflow-text', 'tokenizers', 'ai-edge-litert')
# The speed of float32, bfloat16 and int8 products depends on these.
_INSTRUCTIONS = ('avx2', 'avx512f', 'avx512_bf16', 'avx512_vnni', 'avx_vnni',
                 'amx_bf16', 'amx_int8', 'asimddp', 'bf16', 'i8mm')
_HIGH_WATER = re.compile(r'^VmHWM:\s+(\d+) kB$', re.MULTILINE)


@functools.cache
def hardware() -> dict[str, Any]:
  """Returns the processor, its instruction set, usable cores and memory."""
  # A process that reads `peak_memory` alone imports neither.
  import cpuinfo
  import psutil
  info = cpuinfo.get_cpu_info()
  flags = info.get('flags', ())
  return {
      'cpu': (info.get('brand_raw') or platform.processor()
              or platform.machine()),
      'instruction_set': [name for name in _INSTRUCTIONS if name in flags],
      # The cores that this process may use.
      'cores': (len(os.sched_getaffinity(0))
                if hasattr(os, 'sched_getaffinity') else psutil.cpu_count()),
      'memory_gb': psutil.virtual_memory().total / 1e9,
  }


def describe_hardware(facts: Mapping[str, Any] | None = None) -> str:
  """Returns the hardware as one line: `2 cores of Xeon (avx2), 8 GB`.

  Args:
    facts: Result of `hardware`, perhaps of an older release; None for this
      machine.
  """
  facts = hardware() if facts is None else facts
  instructions = ' '.join(facts.get('instruction_set', ()))
  return (f'{facts["cores"]} cores of {facts["cpu"]}'
          + (f' ({instructions})' if instructions else '')
          + f', {facts["memory_gb"]:.0f} GB')


def versions() -> dict[str, str]:
  """Returns the versions of Python and of the packages that matter."""
  found = {'python': platform.python_version()}
  for package in _PACKAGES:
    try:
      found[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      found[package] = 'not installed'
  return found


def run_facts(program: str) -> dict[str, Any]:
  """Returns `command`, `date`, `hardware` and `versions` to repeat a run with.

  Args:
    program: Module of the program, such as `mobilebert_tf.quickstart`.
  """
  return {
      'command': shlex.join(['python', '-m', program, *sys.argv[1:]]),
      'date': datetime.datetime.now().astimezone().isoformat(
          timespec='seconds'),
      'hardware': hardware(),
      'versions': versions(),
  }


def report_facts(program: str) -> dict[str, str]:
  """Returns the facts of `run_facts` as lines of a report, by their titles."""
  facts = run_facts(program)
  return {
      'Machine': describe_hardware(facts['hardware']),
      'Command': facts['command'],
      'Versions': ', '.join(
          f'{name} {version}' for name, version in facts['versions'].items()),
  }


def file_states(globs: Sequence[str]) -> list[list[Any]]:
  """Returns path, size and time of change of the files that globs name."""
  paths = sorted(path for pattern in globs for path in glob.glob(pattern))
  states = [(path, os.stat(path)) for path in paths]
  return [[path, state.st_size, state.st_mtime_ns] for path, state in states]


def peak_memory() -> int:
  """Returns the peak memory of this process in bytes."""
  status = pathlib.Path('/proc/self/status')
  # On Linux a child inherits `ru_maxrss` from its parent, but not VmHWM.
  if found := status.exists() and _HIGH_WATER.search(status.read_text()):
    return 1024 * int(found[1])
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak * (1 if sys.platform == 'darwin' else 1024)
