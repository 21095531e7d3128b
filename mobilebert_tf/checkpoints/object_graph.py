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

"""Object-based checkpoints by the paths of their variables.

TensorFlow 2 saves a graph of objects, whose edges are attribute names. Its keys
depend on which way it walked that graph; the edges do not. So variables are
found by walking, and written as a tree with the edges that a reader will walk,
without building the models that they belong to.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import message
from tensorflow.core.protobuf import trackable_object_graph_pb2

KEY = '_CHECKPOINTABLE_OBJECT_GRAPH'

# Children of a root that hold the state of a training run, not a model.
_TRAINING_STATE = ('optimizer', 'global_step', 'save_counter')


class ObjectGraph:
  """The variables of an object-based checkpoint.

  Args:
    reader: A `tf.train.CheckpointReader`.
    name: The checkpoint's path, for messages.

  Raises:
    ValueError: If the checkpoint is not object-based, or its graph is damaged.
  """

  def __init__(self, reader: Any, name: str = 'The checkpoint'):
    self._shapes = reader.get_variable_to_shape_map()
    if KEY not in self._shapes:
      raise ValueError(f'{name} is not object-based; is it TF1\'s?')
    graph = _parse(reader.get_tensor(KEY), name)
    # Edges and keys that lead nowhere, in a damaged graph, are none.
    self._children = [
        {child.local_name: child.node_id for child in node.children
         if 0 <= child.node_id < len(graph.nodes)} for node in graph.nodes
    ]
    self._keys = [
        key if key in self._shapes else ''
        for key in map(_variable_key, graph.nodes)
    ]

  def has(self, path: str) -> bool:
    """Whether there is an object, or a variable, at a path from the root."""
    return self._walk(path.split('/')) is not None

  def find(self, path: str) -> str | None:
    """Returns the key of the variable at a path from the root, if any."""
    node = self._walk(path.split('/'))
    return self._keys[node] or None if node is not None else None

  def shape(self, key: str) -> tuple[int, ...]:
    """Returns the shape of the variable of a key."""
    return tuple(self._shapes[key])

  def model_keys(self, left_out: Iterable[str] = ()) -> set[str]:
    """Returns the keys of all variables but those of training state.

    Args:
      left_out: Paths whose variables do not count either.
    """
    roots = [
        node for name, node in self._children[0].items()
        if name not in _TRAINING_STATE
    ]
    hidden = {
        key for path in left_out for key in self._below(path.split('/'))
    }
    return self._reachable(roots) - hidden

  def _below(self, names: list[str]) -> set[str]:
    node = self._walk(names)
    return self._reachable([node]) if node is not None else set()

  def _walk(self, names: list[str]) -> int | None:
    node = 0
    for name in names:
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


def write(prefix: str, variables: Mapping[str, np.ndarray],
          aliases: Mapping[str, str]) -> None:
  """Writes an object-based checkpoint.

  Args:
    prefix: Path without `.index`.
    variables: Arrays by path from the root.
    aliases: Further paths of objects or variables, by which readers find them
      as well: new path to existing one.
  """
  tree: dict[str, Any] = {}
  for path, array in variables.items():
    _put(tree, path, tf.Variable(array, trainable=False))
  objects = _as_objects(tree)
  for alias, path in aliases.items():
    target = _get(objects, path)
    if target is not None:
      _put_object(objects, alias, target)
  objects.write(prefix)


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


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
  *scopes, name = path.split('/')
  for scope in scopes:
    tree = tree.setdefault(scope, {})
  tree[name] = value


def _as_objects(tree: Any) -> Any:
  if not isinstance(tree, dict):
    return tree
  return tf.train.Checkpoint(
      **{name: _as_objects(branch) for name, branch in tree.items()})


def _get(objects: Any, path: str) -> Any:
  for name in path.split('/'):
    objects = getattr(objects, name, None)
  return objects


def _put_object(objects: Any, path: str, value: Any) -> None:
  *scopes, name = path.split('/')
  for scope in scopes:
    if not hasattr(objects, scope):
      setattr(objects, scope, tf.train.Checkpoint())
    objects = getattr(objects, scope)
  setattr(objects, name, value)
