# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Our own checkpoints: converted folders, and the folders of training runs.

A folder holds an object-based checkpoint, `encoder.yaml` (or a run's
`params.yaml`) with the architecture as `task.model.encoder`, and the tokenizer
files. The Model Garden's checkpoints share the functions.
"""

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

import tensorflow as tf
import yaml

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.common import files
from mobilebert_tf.modeling import architectures
from mobilebert_tf.text import settings as settings_lib
from mobilebert_tf.text import vocabulary as vocabulary_lib

TITLE = 'mobilebert_tf'
CONFIG = 'encoder.yaml'
MARKER = CONFIG
RUN_CONFIG = 'params.yaml'
PREFIX = 'mobilebert.ckpt'
_SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE'

# Places of the parts of a model, of which the first that exists counts: named
# items of a checkpoint, or inside a model that was saved whole.
_PLACES = {
    'encoder': ('encoder', 'model/encoder_network', 'model/_network', 'model'),
    'masked_lm': ('masked_lm', 'model/masked_lm'),
}


def recognises(location: bundles.Location) -> bool:
  """Returns whether a place holds a checkpoint of this format."""
  return holds(location, 'encoder/layer_with_weights-0/embeddings')


def read(location: bundles.Location,
         overrides: dict[str, Any] | None = None,
         assumed: architectures.MobileBertConfig | None = None,
         progress: checkpoint_lib.Progress = checkpoint_lib.silent
         ) -> checkpoint_lib.Checkpoint:
  """Reads a folder that `write` wrote, or that of a training run.

  Args:
    location: Place of the checkpoint.
    overrides: Fields of the architecture to change.
    assumed: Architecture if no config is beside the weights.
    progress: Wrapper of the loop over the weights.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a file is damaged or does not fit the others, or an override
      is not accepted.
  """
  run, path = read_run(location.folder)
  if path or assumed is None:
    values = encoder_fields(run, path, location.folder, 'any')
  else:
    values = assumed.as_dict()
  architecture = as_architecture(
      lambda: architectures.resolve({**values, **(overrides or {})}), path)
  weights, parts = read_weights(
      location, 'mobilebert_tf', architecture, (), progress)
  return checkpoint_lib.Checkpoint(
      architecture, weights, parts, source=location.prefix,
      **_agreed(_run_settings(run, path), path, location.folder))


def fit(checkpoint: checkpoint_lib.Checkpoint
        ) -> tuple[checkpoint_lib.Checkpoint, list[str]]:
  """Returns what the format holds, and notes; raises ValueError for others."""
  return checkpoint, []


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          progress: checkpoint_lib.Progress = checkpoint_lib.silent) -> None:
  """Writes an empty folder that `task.init_checkpoint` accepts."""
  write_weights(checkpoint, folder, 'mobilebert_tf', {}, progress)
  write_encoder_config(folder, 'any', checkpoint.architecture.as_dict())
  tokenizer_files.write(checkpoint, folder)


# === Shared with the Model Garden ===


def holds(location: bundles.Location, path: str) -> bool:
  """Returns whether a place holds an object-based checkpoint with a path."""
  if not location.prefix:
    return False
  with bundles.open_reader(location) as reader:
    if not reader.has_tensor(bundles.KEY):
      return False
    graph = bundles.ObjectGraph(reader, location.prefix)
    return _find(graph, path) is not None


def read_weights(
    location: bundles.Location, checkpoint_format: str,
    architecture: architectures.MobileBertConfig, left_out: Collection[str],
    progress: checkpoint_lib.Progress, moved: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], tuple[str, ...]]:
  """Reads arrays and parts of an object-based checkpoint.

  Args:
    location: Place of the checkpoint.
    checkpoint_format: `'model_garden'` or `'mobilebert_tf'`.
    architecture: Architecture of the encoder.
    left_out: Paths that are neither read nor reported as left over.
    progress: Wrapper of the loop over the weights.
    moved: Paths of layers to their other paths in this checkpoint.
  """
  names = name_map.weight_names(architecture, name_map.HEADS)
  with bundles.open_reader(location) as reader:
    graph = bundles.ObjectGraph(reader, location.prefix)
    keys = {}
    for name in names:
      path = name.key(checkpoint_format)
      if path is None:
        continue
      layer, _, weight = path.rpartition('/')
      found = _find(graph, f'{(moved or {}).get(layer, layer)}/{weight}')
      if found:
        keys[path] = found
    # Variables without a path go by their key.
    rest = graph.model_keys(left_out) - set(keys.values())
    keys.update({key.removesuffix(_SUFFIX): key for key in rest})
    source = checkpoint_lib.Source(
        location.prefix, checkpoint_format,
        {path: graph.shape(key) for path, key in keys.items()},
        lambda path: reader.get_tensor(keys[path]))
    return checkpoint_lib.read_weights(names, source, progress)


def write_weights(checkpoint: checkpoint_lib.Checkpoint, folder: str,
                  checkpoint_format: str, aliases: Mapping[str, str],
                  progress: checkpoint_lib.Progress) -> None:
  """Writes an object-based checkpoint, with `aliases` of `write_objects`."""
  variables = {
      name.key(checkpoint_format): name.from_ours(
          checkpoint.weights[name.ours], checkpoint_format)
      for name in progress(checkpoint.names, 'writing')
  }
  bundles.write_objects(os.path.join(folder, PREFIX), variables, aliases)
  bundles.write_state(folder, PREFIX)


def find_config(folder: str) -> str:
  """Returns the path of a checkpoint's YAML, '' if there is none.

  It lies in the folder, or is the `params.yaml` one folder up.
  """
  parent = os.path.dirname(folder if '://' in folder
                           else os.path.abspath(folder))
  paths = [os.path.join(folder, CONFIG), os.path.join(folder, RUN_CONFIG),
           os.path.join(parent, RUN_CONFIG)]
  return next(filter(tf.io.gfile.exists, paths), '')


def read_run(folder: str) -> tuple[dict[str, Any], str]:
  """Returns the fields and path of what `find_config` finds, or empty ones."""
  path = find_config(folder)
  if not path:
    return {}, ''
  fields = files.read_yaml(path)
  return (fields if isinstance(fields, dict) else {}), path


def encoder_fields(run: Mapping[str, Any], path: str, folder: str,
                   encoder_type: str) -> dict[str, Any]:
  """Returns the fields of an encoder in the result of `read_run`.

  Raises:
    FileNotFoundError: If there is no YAML.
    ValueError: If it is of another encoder than `encoder_type`.
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


def _run_settings(run: Mapping[str, Any], path: str) -> dict[str, Any]:
  """Returns labels, their meaning and vocabulary from a run's params."""
  data = run['task'].get('train_data') if 'task' in run else None
  settings: dict[str, Any] = {}
  if not isinstance(data, Mapping) or os.path.basename(path) != RUN_CONFIG:
    return settings
  if isinstance(data.get('labels'), list | tuple):
    settings['labels'] = tuple(map(str, data['labels']))
  if isinstance(run['task'].get('problem_type'), str):
    settings['problem_type'] = run['task']['problem_type']
  # A run may have moved, and its vocabulary with it.
  for vocab_file in (
      os.path.join(os.path.dirname(path), tokenizer_files.VOCABULARY),
      data.get('vocab_file')):
    if isinstance(vocab_file, str) and tf.io.gfile.exists(vocab_file) and (
        '://' in vocab_file or os.path.isfile(vocab_file)):
      settings['vocabulary'] = vocabulary_lib.Vocabulary.read(vocab_file)
      break
  settings |= {name: data[name] for name in settings_lib.FIELDS
               if data.get(name) is not None}
  return settings


def _agreed(run: dict[str, Any], path: str, folder: str) -> dict[str, Any]:
  """Returns the settings of a run and of the tokenizer files beside it."""
  beside = tokenizer_files.read(folder)
  for name in settings_lib.FIELDS:
    settings_lib.agree(name, {
        path: run.get(name),
        os.path.join(folder, tokenizer_files.TOKENIZER_CONFIG):
            beside.get(name)}, None)
  return {**run, **beside}


def _find(graph: bundles.ObjectGraph, path: str) -> str | None:
  root, _, rest = path.partition('/')
  # All weights of a part have one place: elsewhere the same numbers may belong
  # to other layers.
  place = next(filter(graph.has, _PLACES.get(root, ())), root)
  return graph.find(f'{place}/{rest}')
