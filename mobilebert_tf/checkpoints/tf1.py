# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Checkpoints of the google-research (TensorFlow 1) implementation.

A folder with `bert_config.json`, `vocab.txt` and variables under `bert/` and
`cls/`. Other formats use the same fields in their configs.
"""

import os
import re
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.modeling import architectures

TITLE = 'TF1 (google-research)'
CONFIG = 'bert_config.json'
PREFIX = 'mobilebert_variables.ckpt'
MARKER = CONFIG

# Names of a training run's state: slots, steps, the teacher, and the frozen
# norms of the feature-map loss.
_TRAINING_STATE = re.compile(
    r'global_step$|beta[12]_power$|.*/(adam_[mv]|Adam(_1)?|Momentum)$'
    r'|teacher/|hidden_distill_\d+/')
# Its names of the architecture's fields.
_FIELDS = {
    'vocab_size': 'vocab_size',
    'embedding_size': 'embedding_size',
    'type_vocab_size': 'type_vocab_size',
    'max_position_embeddings': 'max_position_embeddings',
    'num_hidden_layers': 'num_blocks',
    'hidden_size': 'inter_block_size',
    'intra_bottleneck_size': 'intra_block_size',
    'num_attention_heads': 'num_attention_heads',
    'intermediate_size': 'intermediate_size',
    'hidden_act': 'hidden_activation',
    'hidden_dropout_prob': 'hidden_dropout_rate',
    'attention_probs_dropout_prob': 'attention_dropout_rate',
    'initializer_range': 'initializer_range',
}
# Fields that matter for training alone.
_OF_TRAINING = ('hidden_dropout_prob', 'attention_probs_dropout_prob',
                'initializer_range')
# Defaults of fields that a JSON lacks.
_TF1_DEFAULTS = {
    'num_feedforward_networks': 1,
    'normalization_type': 'layer_norm',
    'use_bottleneck_attention': False,
    'key_query_shared_bottleneck': False,
    'classifier_activation': True,
}
_HUGGING_FACE_DEFAULTS = {
    **_TF1_DEFAULTS,
    'num_feedforward_networks': 4,
    'normalization_type': 'no_norm',
    'key_query_shared_bottleneck': True,
}
# The reference's two switches for the input of attention, and their values.
ATTENTION_FIELDS = ('use_bottleneck_attention', 'key_query_shared_bottleneck')
_ATTENTION_INPUTS = {
    'bottleneck': (True, False),
    'shared_bottleneck': (False, True),
    'block_input': (False, False),
}
_SWITCHES = ('use_bottleneck', 'trigram_input')  # Off in a plain BERT.
# All fields of a JSON that are read.
FIELDS = (*_FIELDS, *_TF1_DEFAULTS, *_SWITCHES)
# Hugging Face's names; its `gelu` is the erf form.
TANH_GELU = ('gelu_new', 'gelu_pytorch_tanh')


def recognises(location: bundles.Location) -> bool:
  """Returns whether a place holds a checkpoint of named variables."""
  if not location.prefix:
    return False
  with bundles.open_reader(location) as reader:
    return not reader.has_tensor(bundles.KEY)


def read(location: bundles.Location,
         overrides: dict[str, Any] | None = None,
         assumed: architectures.MobileBertConfig | None = None,
         progress: checkpoint_lib.Progress = checkpoint_lib.silent
         ) -> checkpoint_lib.Checkpoint:
  """Reads a TF1 checkpoint folder; see `native.read`."""
  architecture = read_config(
      os.path.join(location.folder, CONFIG), assumed, **(overrides or {}))
  names = [name for name in name_map.weight_names(
      architecture, name_map.HEADS) if name.tf1]
  with bundles.open_reader(location) as reader:
    shapes = {
        name: shape
        for name, shape in reader.get_variable_to_shape_map().items()
        if not _TRAINING_STATE.match(name)
    }
    source = checkpoint_lib.Source(
        location.prefix, 'tf1', shapes, reader.get_tensor)
    weights, parts = checkpoint_lib.read_weights(names, source, progress)
  return checkpoint_lib.Checkpoint(
      architecture, weights, parts, source=location.prefix,
      **tokenizer_files.read(location.folder))


def fit(checkpoint: checkpoint_lib.Checkpoint
        ) -> tuple[checkpoint_lib.Checkpoint, list[str]]:
  """Returns the part that the format holds, and notes; see `native.fit`."""
  checkpoint_lib.check_names(checkpoint, 'tf1', 'google-research')
  checkpoint_lib.check_heads(checkpoint, 'google-research')
  return checkpoint, checkpoint_lib.notes_on_settings(checkpoint)


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          progress: checkpoint_lib.Progress = checkpoint_lib.silent) -> None:
  """Writes a checkpoint that google-research's code restores."""
  tensors = {
      name.tf1: name.from_ours(checkpoint.weights[name.ours], 'tf1')
      for name in progress(checkpoint.names, 'writing')
  }
  # The op of TF1's Saver; it needs no graph and no second copy.
  tf.raw_ops.SaveV2(
      prefix=os.path.join(folder, PREFIX), tensor_names=list(tensors),
      shape_and_slices=[''] * len(tensors), tensors=list(tensors.values()))
  bundles.write_state(folder, PREFIX)
  tokenizer_files.write_json(
      os.path.join(folder, CONFIG), to_fields(checkpoint.architecture))
  tokenizer_files.write(checkpoint, folder)


def read_config(path: str,
                assumed: architectures.MobileBertConfig | None = None,
                **overrides: Any) -> architectures.MobileBertConfig:
  """Reads the architecture of a `bert_config.json` or a `config.json`.

  Args:
    path: Path of the file. One with `model_type` counts as Hugging Face's.
    assumed: Architecture if there is no file.
    **overrides: Fields of the architecture to change.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is no JSON object of a MobileBERT or its teacher.
  """
  if assumed is not None and not tf.io.gfile.exists(path):
    return architectures.resolve({**assumed.as_dict(), **overrides})
  return from_fields(tokenizer_files.read_json(path), path, **overrides)


def from_fields(fields: dict[str, Any], path: str,
                **overrides: Any) -> architectures.MobileBertConfig:
  """Returns the architecture of JSON fields; see `read_config`."""
  model_type = fields.get('model_type', 'mobilebert')
  if model_type != 'mobilebert':
    raise ValueError(
        f'{path} describes a model of type {model_type!r}, not a MobileBERT.')
  missing = [name for name in _FIELDS
             if name not in fields and name not in _OF_TRAINING]
  if missing:
    raise ValueError(
        f'{path} lacks {", ".join(missing)}, which a MobileBERT config has. Is '
        'it that of a plain BERT?')
  for name in (*_SWITCHES, *ATTENTION_FIELDS, 'classifier_activation'):
    if not isinstance(fields.get(name, True), bool):
      raise ValueError(f'{path}: {name} is true or false; got '
                       f'{fields[name]!r:.80}.')
  for name in _SWITCHES:
    if not fields.get(name, 'model_type' in fields):
      raise ValueError(
          f'{path} has {name}=false: that is a plain BERT, not a MobileBERT.')
  values = {ours: fields[theirs] for theirs, ours in _FIELDS.items()
            if theirs in fields}
  if 'model_type' in fields:
    values['hidden_activation'] = _hugging_face_activation(
        path, fields['hidden_act'])
  try:
    config = architectures.resolve({**values, **_variants(fields)})
  except ValueError as error:
    raise ValueError(f'{path}, as fields of ours: {error}') from error
  return architectures.resolve({**config.as_dict(), **overrides})


def to_fields(config: architectures.MobileBertConfig) -> dict[str, Any]:
  """Returns the fields of a `bert_config.json`, without `attention_mask`."""
  fields = {theirs: getattr(config, ours) for theirs, ours in _FIELDS.items()}
  return {
      **fields,
      'use_bottleneck': True,
      'trigram_input': True,
      'num_feedforward_networks': config.num_feedforward_networks,
      'normalization_type': config.normalization,
      **attention_fields(config),
      'classifier_activation': config.use_pooler,
  }


def attention_fields(config: architectures.MobileBertConfig) -> dict[str, bool]:
  """Returns the input of attention as the reference's fields."""
  return dict(zip(ATTENTION_FIELDS, _ATTENTION_INPUTS[config.attention_input],
                  strict=True))


def attention_input(fields: Mapping[str, Any]) -> str:
  """Returns the input of attention of the reference's fields."""
  given = [bool(fields[name]) for name in ATTENTION_FIELDS]
  if given[0]:  # The reference ignores the other one then.
    given[1] = False
  return next(name for name, values in _ATTENTION_INPUTS.items()
              if values == tuple(given))


def _hugging_face_activation(path: str, name: Any) -> Any:
  """Returns our name of an activation, and refuses the erf form of gelu."""
  if name == 'gelu':
    raise ValueError(
        f'{path} has hidden_act=gelu, which Hugging Face computes by erf and '
        'the reference, and this package, by tanh; they differ by up to 7e-4. '
        'If the model was made for the tanh form, write gelu_new.')
  return 'gelu' if name in TANH_GELU else name


def _variants(fields: dict[str, Any]) -> dict[str, Any]:
  defaults = (_HUGGING_FACE_DEFAULTS if 'model_type' in fields
              else _TF1_DEFAULTS)
  fields = {**defaults, **fields}
  return {
      'num_feedforward_networks': fields['num_feedforward_networks'],
      'normalization': fields['normalization_type'],
      'attention_input': attention_input(fields),
      'use_pooler': fields['classifier_activation'],
  }
