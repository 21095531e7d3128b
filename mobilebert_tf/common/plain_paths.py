# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Paths for readers of TensorFlow's that take names for patterns.

Its checkpoints and SavedModels are written to `lr[1e-4]/ckpt-4` and then looked
for as a pattern, which matches nothing. Symbolic links with plain names lead to
them.
"""

import atexit
import functools
import glob
import os
import re
import shutil
import tempfile

_PATTERN = re.compile(r'[*?\[\\]')


def is_plain(path: str | os.PathLike) -> bool:
  """Returns whether no part of a path looks like a pattern."""
  return not _PATTERN.search(os.fspath(path))


def folder(path: str | os.PathLike) -> str:
  """Returns a path of a folder, itself or a link, that is no pattern.

  The folder need not exist yet. The link lasts as long as the process.

  Raises:
    ValueError: If there can be no link.
  """
  path = os.fspath(path)
  return path if is_plain(path) else _link(os.path.abspath(_local(path)))


def prefix(path: str) -> str:
  """Returns a prefix of a checkpoint's files, as `folder` does."""
  parent, name = os.path.split(path)
  if is_plain(name):
    return os.path.join(folder(parent), name) if parent else name
  links = tempfile.mkdtemp(dir=temporary_folder())
  for file in glob.glob(f'{glob.escape(_local(path))}.*'):
    os.symlink(os.path.abspath(file), os.path.join(
        links, f'checkpoint{file.removeprefix(path)}'))
  return os.path.join(links, 'checkpoint')


@functools.cache
def temporary_folder() -> str:
  """Returns a folder that is removed when the process ends."""
  made = tempfile.mkdtemp(prefix='mobilebert_tf-')
  atexit.register(shutil.rmtree, made, ignore_errors=True)
  if not is_plain(made):
    raise ValueError(
        'TensorFlow takes * ? [ and \\ in a name for a pattern, and the folder '
        f'of temporary files has one, too: {made}. Set TMPDIR to another one.')
  return made


def _local(path: str) -> str:
  if '://' in path:
    raise ValueError(
        f'{path}: TensorFlow takes * ? [ and \\ in a name for a pattern. '
        'Rename the folder or file.')
  return path


@functools.cache
def _link(path: str) -> str:
  link = os.path.join(tempfile.mkdtemp(dir=temporary_folder()), 'folder')
  os.symlink(path, link)
  return link
