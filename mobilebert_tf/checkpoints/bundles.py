# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Finds and opens TensorFlow's checkpoint files."""

import contextlib
import dataclasses
import os
import re
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

# End of the names of a checkpoint's files, after the prefix.
_PART = re.compile(r'\.(index|data-\d+-of-\d+)$')


@dataclasses.dataclass(frozen=True)
class Location:
  """The place of a checkpoint.

  Attributes:
    folder: Folder of the weights and of the small files beside them.
    prefix: Path of TensorFlow's checkpoint without `.index`; empty if there is
      none.
    problem: Reason why there is no prefix, for formats that need one.
  """
  folder: str
  prefix: str = ''
  problem: str = ''


def locate(path: str) -> Location:
  """Finds the checkpoint of a path.

  Args:
    path: A folder, or a prefix in one (`.../model.ckpt-14`), local or any that
      `tf.io.gfile` reads.

  Returns:
    Its location. If a folder has several checkpoints, it is that of the latest,
    which the folder's `checkpoint` file names.

  Raises:
    FileNotFoundError: If nothing of that name exists.
  """
  path = os.path.expanduser(os.fspath(path))
  try:
    if tf.io.gfile.exists(f'{path}.index'):
      return Location(os.path.dirname(path) or '.', path)
    is_folder = tf.io.gfile.isdir(path)
  except tf.errors.OpError as error:  # Such as https://.
    raise FileNotFoundError(f'{path!r} cannot be read: {error}') from error
  if not is_folder and tf.io.gfile.exists(path):  # Perhaps a file of one.
    if _PART.search(path):
      return locate(_PART.sub('', path))
    if path.endswith(('.json', '.safetensors')):
      return locate(os.path.dirname(path) or '.')
  if not is_folder:
    raise FileNotFoundError(
        f'There is no folder and no checkpoint {path!r}.')
  path = path.rstrip('/') or '/'
  prefixes = sorted(
      os.path.join(path, name.removesuffix('.index'))
      for name in tf.io.gfile.listdir(path) if name.endswith('.index'))
  if len(prefixes) == 1:
    return Location(path, prefixes[0])
  latest = _latest(path)
  if latest in prefixes:
    return Location(path, latest)
  found = ', '.join(map(os.path.basename, prefixes)) or 'none'
  return Location(path, problem=(
      f'{path} should hold one checkpoint, PREFIX.index and PREFIX.data-*, or '
      f'a file "checkpoint" that names the latest; found: {found}.'))


@contextlib.contextmanager
def open_reader(location: Location) -> Iterator[Any]:
  """Opens a checkpoint; errors while it is open are reported as damage.

  Args:
    location: Place of the checkpoint.

  Yields:
    A `tf.train.CheckpointReader`.

  Raises:
    FileNotFoundError: If there is no checkpoint.
    ValueError: If it cannot be read.
  """
  if not location.prefix:
    raise FileNotFoundError(location.problem)
  try:
    yield tf.train.load_checkpoint(location.prefix)
  except (tf.errors.OpError, IndexError, UnicodeDecodeError) as error:
    raise ValueError(
        f'{location.prefix} cannot be read ({error}); copy its .index and '
        '.data-* files again.') from error


def write_state(folder: str, prefix: str) -> None:
  """Writes the file by which `tf.train.latest_checkpoint` finds a checkpoint.

  Args:
    folder: The checkpoint's folder, which may be moved afterwards.
    prefix: Name of the checkpoint in it.
  """
  with open(os.path.join(folder, 'checkpoint'), 'w', encoding='utf-8') as file:
    file.write(f'model_checkpoint_path: "{prefix}"\n')


def _latest(folder: str) -> str | None:
  """Returns the prefix that the folder's `checkpoint` file names, if any."""
  try:
    return tf.train.latest_checkpoint(folder)
  except (tf.errors.OpError, ValueError):
    return None
