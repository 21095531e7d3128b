# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Object-based checkpoints: ours and the Model Garden's have this in common.

TensorFlow 2 saves a graph of objects, whose edges are attribute names. Its keys
depend on the order in which the graph was walked; the edges do not. So
variables are found by walking, and written as a tree with the edges that a
reader walks, without building the models that they belong to.

A folder holds the checkpoint, `encoder.yaml` with the architecture as
`task.model.encoder` of an experiment, and the tokenizer files. The folder of a
training run is read as well, by its `params.yaml`.
"""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Iterable
import os
from typing import Any

from google.protobuf import message
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2
import yaml

from mobilebert_tf.checkpoints import accounting
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.common import files
from mobilebert_tf.modeling import architectures

KEY = '_CHECKPOINTABLE_OBJECT_GRAPH'

# Children of the root that hold the state of a training run.
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
    return self._walk(path.split('/')) is not None

  def find(self, path: str) -> str | None:
    """Returns the key of the variable at a path from the root, if any."""
    node = self._walk(path.split('/'))
    return self._keys[node] or None if node is not None else None

  def shape(self, key: str) -> tuple[int, ...]:
    """Returns the shape of the variable of a key."""
    return tuple(self._shapes[key])

  def model_keys(self, left_out: Iterable[str] = ()) -> set[str]:
    """Returns the keys of all variables except training state.

    Args:
      left_out: Paths whose variables are left out as well.
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
    aliases: Other paths of objects or variables by which readers find them:
      new path to existing one.
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


CONFIG = 'encoder.yaml'
RUN_CONFIG = 'params.yaml'
PREFIX = 'mobilebert.ckpt'
_SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE'

# Places of the parts of a model, of which the first that exists counts: named
# items of a checkpoint, or inside a model that was saved whole.
_PLACES = {
    'encoder': ('encoder', 'model/encoder_network', 'model/_network', 'model'),
    'masked_lm': ('masked_lm', 'model/masked_lm'),
}


class _PlainLoader(yaml.SafeLoader):
  """Reads YAML without aliases, which can make gigabytes of a few lines."""

  def compose_node(self, parent: Any, index: Any) -> Any:
    if self.check_event(yaml.AliasEvent):
      raise yaml.YAMLError('aliases (*name) are not accepted.')
    return super().compose_node(parent, index)


def holds(location: bundles.Location, path: str) -> bool:
  """Returns whether a place holds an object-based checkpoint with a path."""
  if not location.prefix:
    return False
  with bundles.open_reader(location) as reader:
    if not reader.has_tensor(KEY):
      return False
    graph = ObjectGraph(reader, location.prefix)
    return _find(graph, path) is not None


def read_weights(
    location: bundles.Location, checkpoint_format: str,
    architecture: architectures.MobileBertConfig, left_out: Collection[str],
    progress: checkpoint_lib.Progress, moved: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], tuple[str, ...]]:
  """Reads the weights of an object-based checkpoint.

  Args:
    location: Place of the checkpoint.
    checkpoint_format: `'model_garden'` or `'mobilebert_tf'`.
    architecture: Architecture of the encoder.
    left_out: Paths that are neither read nor reported as left over.
    progress: Wraps the loop over the weights.
    moved: Paths of layers that are elsewhere in this checkpoint, to their
      paths there.

  Returns:
    The arrays by our names, and the parts that they belong to.

  Raises:
    ValueError: If weights are missing, left over or of another shape, or the
      checkpoint is damaged.
  """
  names = name_map.weight_names(architecture, name_map.HEADS)
  with bundles.open_reader(location) as reader:
    graph = ObjectGraph(reader, location.prefix)
    keys = {}
    for name in names:
      path = name.key(checkpoint_format)
      layer, _, weight = path.rpartition('/')
      found = _find(graph, f'{(moved or {}).get(layer, layer)}/{weight}')
      if found:
        keys[path] = found
    # Variables without a path go by their key.
    rest = graph.model_keys(left_out) - set(keys.values())
    keys.update({key.removesuffix(_SUFFIX): key for key in rest})
    source = accounting.Source(
        location.prefix, checkpoint_format,
        {path: graph.shape(key) for path, key in keys.items()},
        lambda path: reader.get_tensor(keys[path]))
    names = accounting.account(names, source)
    weights = accounting.read_weights(names, source, progress)
  return weights, name_map.parts_of(names)


def write_weights(checkpoint: checkpoint_lib.Checkpoint, folder: str,
                  checkpoint_format: str, aliases: Mapping[str, str],
                  progress: checkpoint_lib.Progress) -> None:
  """Writes the weights as an object-based checkpoint.

  Args:
    checkpoint: The checkpoint.
    folder: Path of the folder.
    checkpoint_format: `'model_garden'` or `'mobilebert_tf'`.
    aliases: Other paths, as for `write`.
    progress: Wraps the loop over the weights.
  """
  variables = {
      name.key(checkpoint_format): name.from_ours(
          checkpoint.weights[name.ours], checkpoint_format)
      for name in progress(checkpoint.names, 'writing')
  }
  write(os.path.join(folder, PREFIX), variables, aliases)
  bundles.write_state(folder, PREFIX)


def read_run(folder: str) -> tuple[dict[str, Any], str]:
  """Reads the YAML beside a checkpoint.

  Args:
    folder: Folder of the checkpoint. For a run's best checkpoint `params.yaml`
      is one folder up.

  Returns:
    Its fields and its path, both empty if there is none.

  Raises:
    ValueError: If it is no YAML.
  """
  parent = os.path.dirname(os.path.abspath(folder)) if (
      '://' not in folder) else os.path.dirname(folder)
  paths = [os.path.join(folder, CONFIG), os.path.join(folder, RUN_CONFIG),
           os.path.join(parent, RUN_CONFIG)]
  path = next(filter(tf.io.gfile.exists, paths), '')
  if not path:
    return {}, ''
  fields = files.read_yaml(path, _PlainLoader)
  return (fields if isinstance(fields, dict) else {}), path


def encoder_fields(run: Mapping[str, Any], path: str, folder: str,
                   encoder_type: str) -> dict[str, Any]:
  """Returns the fields of the encoder in a YAML.

  Args:
    run: Fields that `read_run` returned.
    path: Path that `read_run` returned.
    folder: Folder of the checkpoint.
    encoder_type: Expected `task.model.encoder.type`.

  Returns:
    The fields.

  Raises:
    FileNotFoundError: If there is no YAML.
    ValueError: If it is of another encoder.
  """
  if not path:
    raise FileNotFoundError(
        f'{folder} has no {CONFIG}, which says the architecture, and no '
        f'{RUN_CONFIG} of a training run.')
  try:
    encoder = run['task']['model']['encoder']
    kind, values = encoder['type'], dict(encoder.get(encoder_type) or {})
  except (AttributeError, KeyError, TypeError, ValueError) as error:
    raise ValueError(
        f'{path} says no task.model.encoder.{encoder_type}, the architecture '
        'of the checkpoint beside it.') from error
  if kind != encoder_type:
    raise ValueError(
        f'{path} is of an encoder of type {kind!r}, not {encoder_type!r}.')
  return values


def write_encoder_config(folder: str, encoder_type: str,
                         values: Mapping[str, Any], **model: Any) -> None:
  """Writes the YAML that `read_run` reads; `model` joins `task.model`."""
  encoder = {'type': encoder_type, encoder_type: dict(values)}
  fields = {'task': {'model': {'encoder': encoder, **model}}}
  with open(os.path.join(folder, CONFIG), 'w', encoding='utf-8') as file:
    file.write(f'# The architecture of {PREFIX}; a --config_file for '
               'experiments that start from it.\n')
    yaml.safe_dump(fields, file, sort_keys=False)


def as_architecture(make: Callable[[], architectures.MobileBertConfig],
                    path: str) -> architectures.MobileBertConfig:
  """Returns the result of `make`, naming the file of its fields in errors."""
  try:
    return make()
  except (TypeError, ValueError) as error:
    raise ValueError(f'{path}: {error}') from error


def _find(graph: ObjectGraph, path: str) -> str | None:
  root, _, rest = path.partition('/')
  # One place for all weights of a part: elsewhere the same numbers may be those
  # of other layers.
  place = next(filter(graph.has, _PLACES.get(root, ())), root)
  return graph.find(f'{place}/{rest}')
