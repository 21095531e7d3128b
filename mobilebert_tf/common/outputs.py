# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folders and files that programs write: of their kind, by one at a time."""

from collections.abc import Callable, Collection, Iterator
import contextlib
import errno
import fcntl
import os
import pathlib
import re
import socket
import sys
import threading
import time
from typing import TextIO
import warnings

LOCK = '.lock'
# What may lie in an empty folder: of this module, of `files.replacing` in a
# process that was killed, of file systems and their browsers.
_NOTHING = re.compile(
    r'\.lock|\..*\.tmp|lost\+found|\.nfs\w+|\.DS_Store|Thumbs\.db')
_NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK)
_NAMES = 3  # In an error message.
# Folders that a thread of this process has locked.
_held: set[tuple[str, int]] = set()


def check_folder(folder: str | os.PathLike, markers: Collection[str],
                 kind: str, without: Collection[str] = ()) -> None:
  """Checks that a folder is new, empty or of the kind of what is written.

  Args:
    folder: The folder, local or remote; a remote one is not looked at.
    markers: Names of files of which each folder of the kind has one.
    kind: Kind of the folder, such as `'a run of finetune'`.
    without: Names of files that no folder of the kind has.

  Raises:
    FileExistsError: If it holds something else; names it.
  """
  if '://' in os.fspath(folder):
    return
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    if folder.exists():
      raise FileExistsError(f'{folder} is a file. Name a folder.')
    return
  foreign = [name for name in without if (folder / name).exists()]
  if foreign:
    raise FileExistsError(
        f'{folder} is not {kind}: it has {foreign[0]}. Nothing in it was '
        'changed. Name a new folder, such as one within it.')
  if any((folder / marker).exists() for marker in markers):
    return
  held = sorted(path.name for path in folder.iterdir()
                if not _NOTHING.fullmatch(path.name))
  if held:
    more = f' and {len(held) - _NAMES} more' if len(held) > _NAMES else ''
    raise FileExistsError(
        f'{folder} is not {kind}: it has no {" or ".join(markers)}, but '
        f'{", ".join(held[:_NAMES])}{more}. Nothing in it was changed. Name a '
        'new folder, or an empty one.')


def check_file(path: str | os.PathLike, is_of_kind: Callable[[bytes], bool],
               kind: str) -> None:
  """Checks that a file is new, empty or of the kind of what is written.

  Args:
    path: The file, local or remote; a remote one is not looked at.
    is_of_kind: Function from the first 4 kB of a file to whether it is.
    kind: Kind of the file, such as `'a vocabulary'`.

  Raises:
    FileExistsError: If it is of another kind.
  """
  if '://' in os.fspath(path):
    return
  path = pathlib.Path(path)
  if path.is_dir():
    raise FileExistsError(f'{path} is a folder. Name a file.')
  if not path.is_file():  # Such as /dev/null.
    return
  with path.open('rb') as file:
    beginning = file.read(4096)
  if beginning and not is_of_kind(beginning):
    raise FileExistsError(
        f'{path} exists and is not {kind}, so it is not replaced. Name another '
        'file.')


@contextlib.contextmanager
def claimed(folder: str | os.PathLike, markers: Collection[str],
            kind: str) -> Iterator[None]:
  """Checks a folder, makes it and locks it.

  Args and errors are those of `check_folder` and `locked`. A folder that this
  thread has locked was checked then.
  """
  if _key(folder) not in _held:
    check_folder(folder, markers, kind)
  with locked(folder):
    yield


@contextlib.contextmanager
def locked(folder: str | os.PathLike) -> Iterator[None]:
  """Makes a folder and keeps other writers out of it.

  The lock ends with its process, however that ends. A thread may lock a folder
  several times; a new folder that is still empty at the end is removed. A
  remote folder is not locked.

  Raises:
    FileExistsError: If another process or thread writes to it; names both.
  """
  folder, key = os.fspath(folder), _key(folder)
  if '://' in folder or key in _held:
    yield
    return
  is_new = not os.path.exists(folder)
  lock = os.path.join(folder, LOCK)
  with _open_lock(folder, lock):
    _held.add(key)
    try:
      yield
    finally:
      _held.discard(key)
      with contextlib.suppress(OSError):
        os.remove(lock)
        if is_new:
          os.rmdir(folder)


def _key(folder: str | os.PathLike) -> tuple[str, int]:
  return os.path.realpath(folder), threading.get_ident()


@contextlib.contextmanager
def _open_lock(folder: str, path: str) -> Iterator[None]:
  """Opens and locks a file that says who holds the lock."""
  while True:
    os.makedirs(folder or '.', exist_ok=True)
    try:
      file = open(path, 'a+', encoding='utf-8')  # pylint: disable=consider-using-with
    except FileNotFoundError:  # The last holder removed its empty folder.
      continue
    with file:
      _lock(folder, file)
      if not _is_at(file, path):  # Removed between opening and locking.
        continue
      file.truncate(0)
      file.write(f'{pathlib.Path(sys.argv[0]).stem}, process {os.getpid()} on '
                 f'{socket.gethostname()} since '
                 f'{time.strftime("%Y-%m-%d %H:%M:%S")}')
      file.flush()
      yield
      return


def _is_at(file: TextIO, path: str) -> bool:
  with contextlib.suppress(FileNotFoundError):
    return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
  return False


def _lock(folder: str, file: TextIO) -> None:
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError as error:
    file.seek(0)
    holder = file.read(400) or 'a process that has just begun'
    raise FileExistsError(
        f'Another run is writing to {folder}: {holder}. Wait for it, stop it, '
        'or name another folder.') from error
  except OSError as error:
    if error.errno not in _NO_LOCKS:
      raise
    warnings.warn(f'The file system of {folder} has no locks, so nothing keeps '
                  'another run out of it.', stacklevel=2)
