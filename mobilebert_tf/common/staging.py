# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folders in which files are written before they have their place.

They lie beside that place, on the same disk, so that a rename publishes what is
in them. What a killed process leaves there, the next writer beside it removes.
"""

from collections.abc import Iterator
import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile

_SUFFIX = '.tmp'
# Locked while its process lives. An identifier of a process would not tell: a
# disk may be shared by several hosts.
_LOCK = 'writing.lock'


@contextlib.contextmanager
def beside(path: str | os.PathLike) -> Iterator[pathlib.Path]:
  """Makes a folder beside a local path, and removes it at the end.

  Args:
    path: The file or folder that will be replaced. Its parent is made if
      needed; abandoned folders of this kind in it are removed.

  Yields:
    The folder, empty but for a lock.
  """
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  _remove_abandoned(path.parent)
  with tempfile.TemporaryDirectory(
      prefix=f'.{path.name}.', suffix=_SUFFIX, dir=path.parent,
      ignore_cleanup_errors=True) as name:
    folder = pathlib.Path(name)
    with open(folder / 'new.lock', 'wb') as lock:
      with contextlib.suppress(OSError):  # A file system without locks.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
      # Only now: others take what they can lock for abandoned.
      os.rename(folder / 'new.lock', folder / _LOCK)
      yield folder


def _remove_abandoned(parent: pathlib.Path) -> None:
  """Removes folders of processes that have ended."""
  with os.scandir(parent) as entries:
    found = [entry.path for entry in entries if entry.name.startswith('.')
             and entry.name.endswith(_SUFFIX)]
  for folder in found:
    with (contextlib.suppress(OSError),
          open(os.path.join(folder, _LOCK), 'rb+') as lock):
      fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
      shutil.rmtree(folder)
