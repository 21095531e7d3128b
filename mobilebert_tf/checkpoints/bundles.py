# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""TensorFlow's checkpoint files: finds, opens and writes them.

TensorFlow 2 saves a graph of objects, whose edges are attribute names. Its keys
depend on the order in which the graph was walked, so variables are found by
their edges, and written as a tree without building the models that they belong
to.
"""

import contextlib
import dataclasses
import functools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from google.protobuf import message
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.common import plain_paths

KEY = '_CHECKPOINTABLE_OBJECT_GRAPH'

# End of the names of a checkpoint's files, after the prefix.
_PART = re.compile(r'\.(index|data-\d+-of-\d+)$')
_READ = ('.safetensors', '.json', '.txt', '.yaml', '.index', '-of-00001')
_STATE = 'checkpoint'  # File with the name of the latest one.
# Children of the root that hold the state of a training run.
_TRAINING_STATE = ('optimizer', 'global_step', 'save_counter')


@dataclasses.dataclass(frozen=True)
class Location:
  """The place of a checkpoint.

  Attributes:
    folder: Folder of the weights and of the files beside them.
    prefix: Path of TensorFlow's checkpoint without `.index`; empty without one.
    problem: Reason why there is no prefix.
  """
  folder: str
  prefix: str = ''
  problem: str = ''


def locate(path: str) -> Location:
  """Returns the location of a checkpoint.

  Args:
    path: A prefix (`.../model.ckpt-14`), or a folder of which the latest
      checkpoint counts; local, or any path that `tf.io.gfile` reads.

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
  prefix = latest(path)
  if prefix:
    return Location(path, prefix)
  found = ', '.join(map(os.path.basename, _prefixes(path))) or 'none'
  return Location(path, problem=(
      f'{path} should hold one checkpoint, PREFIX.index and PREFIX.data-*, or '
      f'a file "checkpoint" that names the latest; found: {found}.'))


def latest(folder: str) -> str | None:
  """Returns the prefix of the latest checkpoint that a folder holds, if any.

  It is the one that the file `checkpoint` names. If that names none of the
  folder's, as in a copy from another machine, the highest number counts, and a
  warning says so. Unlike `tf.train.latest_checkpoint`, it takes no name for a
  pattern, and does not leave the folder.
  """
  prefixes = _prefixes(folder)
  named = _named(folder)
  if named and _is_in(named, folder):
    prefix = os.path.join(folder, os.path.basename(named))
    if prefix in prefixes:
      return prefix
  found = _last(prefixes)
  if found and named is not None:
    warn(f'{folder}/{_STATE} names {named or "no checkpoint"}, which is not '
          f'in that folder: {os.path.basename(found)} is read, its last one.')
  elif found and len(prefixes) > 1:
    warn(f'{folder} has no file {_STATE!r}, which names the latest '
          f'checkpoint: {os.path.basename(found)} is read, its last one.')
  return found


def repair_state(folder: str) -> None:
  """Makes a folder's `checkpoint` name the folder's own checkpoints alone.

  TensorFlow resumes the one that the file names, and deletes old ones of its
  list, wherever they are.
  """
  found, state = latest(folder), _read_state(folder)
  if not found or state and all(
      _is_in(path, folder)
      for path in (state.model_checkpoint_path,
                   *state.all_model_checkpoint_paths)) and (
                       os.path.basename(state.model_checkpoint_path)
                       == os.path.basename(found)):
    return
  write_state(folder, found, sorted(
      _prefixes(folder), key=lambda path: (path == found, _number(path))))


def check_pointers(location: Location) -> None:
  """Raises ValueError if a file of a checkpoint is a pointer of Git LFS."""
  for name in tf.io.gfile.listdir(location.folder):
    path = os.path.join(location.folder, name)
    if name.endswith(_READ) and not files.is_folder(path):
      with files.open_binary(path):
        pass


@contextlib.contextmanager
def open_reader(location: Location) -> Iterator[Any]:
  """Opens a `tf.train.CheckpointReader`.

  Raises:
    FileNotFoundError: If there is no checkpoint.
    ValueError: If it cannot be read, now or inside the context.
  """
  if not location.prefix:
    raise FileNotFoundError(location.problem)
  try:
    yield tf.train.load_checkpoint(plain_paths.prefix(location.prefix))
  except (tf.errors.OpError, IndexError, UnicodeDecodeError) as error:
    raise ValueError(
        f'{location.prefix} cannot be read ({error}); copy its .index and '
        '.data-* files again.') from error


def write_state(folder: str, latest_prefix: str,
                managed: Sequence[str] = ()) -> None:
  """Writes a folder's `checkpoint`, by which TensorFlow finds the latest.

  Args:
    folder: The folder.
    latest_prefix: Prefix of the latest checkpoint.
    managed: Prefixes that training may delete, oldest first.
  """
  def quoted(prefix: str) -> str:
    return json.dumps(os.path.basename(prefix), ensure_ascii=False)

  lines = [f'model_checkpoint_path: {quoted(latest_prefix)}']
  for number, prefix in enumerate(managed, 1):
    lines += [f'all_model_checkpoint_paths: {quoted(prefix)}',
              f'all_model_checkpoint_timestamps: {number}']
  files.write_text(os.path.join(folder, _STATE), '\n'.join([*lines, '']))


@functools.cache
def warn(message: str) -> None:
  """Warns once: a checkpoint is located by each of several readers."""
  notices.tell(message)


class ObjectGraph:
  """The variables of an object-based checkpoint.

  Args:
    reader: A `tf.train.CheckpointReader`.
    name: The checkpoint's path, for messages.

  Raises:
    ValueError: If there is no graph, or it is damaged.
  """

  def __init__(self, reader: Any, name: str = 'The checkpoint'):
    self._shapes = reader.get_variable_to_shape_map()
    if KEY not in self._shapes:
      raise ValueError(f"{name} is not object-based; is it TF1's?")
    graph = _parse(reader.get_tensor(KEY), name)
    # A damaged graph may have edges and keys that lead nowhere.
    self._children = [
        {child.local_name: child.node_id for child in node.children
         if 0 <= child.node_id < len(graph.nodes)} for node in graph.nodes
    ]
    self._keys = [
        key if key in self._shapes else ''
        for key in map(_variable_key, graph.nodes)
    ]

  def has(self, path: str) -> bool:
    """Returns whether an object or variable is at a path from the root."""
    return self._walk(path) is not None

  def find(self, path: str) -> str | None:
    """Returns the key of the variable at a path from the root, if any."""
    node = self._walk(path)
    return self._keys[node] or None if node is not None else None

  def shape(self, key: str) -> tuple[int, ...]:
    """Returns the shape of the variable of a key."""
    return tuple(self._shapes[key])

  def model_keys(self, left_out: Iterable[str] = ()) -> set[str]:
    """Returns the keys of all variables but training state and some paths."""
    roots = [
        node for name, node in self._children[0].items()
        if name not in _TRAINING_STATE
    ]
    hidden = [node for node in map(self._walk, left_out) if node is not None]
    return self._reachable(roots) - self._reachable(hidden)

  def _walk(self, path: str) -> int | None:
    node = 0
    for name in path.split('/'):
      node = self._children[node].get(name)
      if node is None:
        return None
    return node

  def _reachable(self, roots: list[int]) -> set[str]:
    seen, stack = set(), list(roots)
    while stack:
      node = stack.pop()
      if node in seen:
        continue
      seen.add(node)
      stack.extend(self._children[node].values())
    return {self._keys[node] for node in seen} - {''}


def write_objects(prefix: str, variables: Mapping[str, np.ndarray],
                  aliases: Mapping[str, str]) -> None:
  """Writes arrays by path from the root, and `aliases` from other paths to
  them.
  """
  root = tf.train.Checkpoint()
  for path in sorted(variables, key=lambda path: path.split('/')):
    _put(root, path, tf.Variable(variables[path], trainable=False))
  for alias, path in aliases.items():
    target = functools.reduce(
        lambda parent, name: getattr(parent, name, None), path.split('/'), root)
    if target is not None:
      _put(root, alias, target)
  root.write(prefix)


def _prefixes(folder: str) -> list[str]:
  return sorted(
      os.path.join(folder, name.removesuffix('.index'))
      for name in tf.io.gfile.listdir(folder) if name.endswith('.index'))


def _named(folder: str) -> str | None:
  """Returns what a folder's `checkpoint` names; None without such a file."""
  if not tf.io.gfile.exists(os.path.join(folder, _STATE)):
    return None
  state = _read_state(folder)
  return state.model_checkpoint_path if state else ''


def _read_state(folder: str) -> Any:
  """Returns a folder's `checkpoint`, or None if there is none of use."""
  try:
    return tf.train.get_checkpoint_state(folder)
  except (tf.errors.OpError, ValueError):  # Such as text that is not UTF-8.
    return None


def _is_in(path: str, folder: str) -> bool:
  return os.path.realpath(os.path.dirname(path)) == os.path.realpath(folder)


def _last(prefixes: list[str]) -> str | None:
  """Returns the only prefix, or the highest number of those of one name."""
  names = {prefix.rpartition('-')[0] for prefix in prefixes}
  if len(prefixes) > 1 and (
      len(names) > 1 or min(map(_number, prefixes)) < 0):
    return None
  return max(prefixes, key=_number, default=None)


def _number(prefix: str) -> int:
  """Returns the number at the end of a prefix, or -1."""
  number = prefix.rpartition('-')[2]
  return int(number) if number.isdecimal() else -1


def _parse(serialized: Any,
           name: str) -> trackable_object_graph_pb2.TrackableObjectGraph:
  graph = trackable_object_graph_pb2.TrackableObjectGraph()
  try:
    graph.ParseFromString(serialized)
  except (message.DecodeError, TypeError) as error:
    raise ValueError(
        f'The object graph of {name} is damaged: {error}.') from error
  if not graph.nodes:
    raise ValueError(f'The object graph of {name} is damaged: it is empty.')
  return graph


def _variable_key(node: Any) -> str:
  for attribute in node.attributes:
    if attribute.name == 'VARIABLE_VALUE':
      return attribute.checkpoint_key
  return ''


def _put(root: tf.train.Checkpoint, path: str, value: Any) -> None:
  """Sets the object at a path, and creates the objects above it."""
  *scopes, name = path.split('/')
  for scope in scopes:
    if not hasattr(root, scope):
      setattr(root, scope, tf.train.Checkpoint())
    root = getattr(root, scope)
  setattr(root, name, value)
