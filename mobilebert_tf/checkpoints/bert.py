# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Hugging Face folders of a plain BERT, which are read to teach.

They are no format of `formats`: only as sentence encoders are they written.
"""

import os
from typing import Any

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import hugging_face
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import safetensors_files
from mobilebert_tf.checkpoints import tf1
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.modeling import architectures

MODEL_TYPE = 'bert'
_FIELDS = {
    'vocab_size': 'vocab_size',
    'hidden_size': 'width',
    'num_hidden_layers': 'num_blocks',
    'num_attention_heads': 'num_attention_heads',
    'intermediate_size': 'intermediate_size',
    'max_position_embeddings': 'max_position_embeddings',
    'type_vocab_size': 'type_vocab_size',
}
_ACTIVATIONS = {'gelu': 'gelu_erf', 'relu': 'relu',
                **dict.fromkeys(tf1.TANH_GELU, 'gelu')}
_POOLER = f'{safetensors_files.BASE}pooler.dense.weight'


def recognises(location: bundles.Location) -> bool:
  """Returns whether a folder is one of transformers with a plain BERT."""
  path = os.path.join(location.folder, hugging_face.CONFIG)
  return os.path.exists(path) and (
      tokenizer_files.read_json(path).get('model_type') == MODEL_TYPE)


def read(location: bundles.Location,
         progress: checkpoint_lib.Progress = checkpoint_lib.silent
         ) -> checkpoint_lib.Checkpoint:
  """Reads a folder of `save_pretrained`, with the heads that it has.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a file is damaged or does not fit the others, or the model
      computes something that is not computed here.
  """
  path = os.path.join(location.folder, hugging_face.CONFIG)
  fields = tokenizer_files.read_json(path)
  hugging_face.check_only(fields, path)
  architecture = _architecture(fields, path)
  with safetensors_files.open_folder(location.folder) as tensors:
    shapes = tensors.shapes
    if _POOLER not in shapes:
      architecture.use_pooler = False
    source = checkpoint_lib.Source(
        tensors.path, 'hugging_face', shapes, tensors.read)
    weights, parts = checkpoint_lib.read_weights(
        name_map.weight_names(architecture, _possible_heads(fields)), source,
        progress)
  said = tokenizer_files.read(location.folder)
  said.pop('labels', None)
  return checkpoint_lib.Checkpoint(
      architecture, weights, parts, source=tensors.path, **said)


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str) -> None:
  """Writes an encoder as a folder that transformers loads as a `BertModel`."""
  hugging_face.write_weights(checkpoint, folder)
  write_settings(checkpoint, folder)


def write_settings(checkpoint: checkpoint_lib.Checkpoint, folder: str) -> None:
  """Writes `config.json` and the files of the tokenizer alone."""
  architecture = checkpoint.architecture
  activation = next(theirs for theirs, ours in _ACTIVATIONS.items()
                    if ours == architecture.hidden_activation)
  tokenizer_files.write_json(os.path.join(folder, hugging_face.CONFIG), {
      **{theirs: getattr(architecture, ours)
         for theirs, ours in _FIELDS.items()},
      'architectures': ['BertModel'], 'hidden_act': activation,
      'initializer_range': architecture.initializer_range,
      'layer_norm_eps': 1e-12, 'model_type': MODEL_TYPE, 'pad_token_id': 0})
  tokenizer_files.write(checkpoint, folder, for_transformers=True)


def _architecture(fields: dict[str, Any],
                  path: str) -> architectures.BertConfig:
  missing = [name for name in (*_FIELDS, 'hidden_act') if name not in fields]
  if missing:
    raise ValueError(f'{path} lacks {", ".join(missing)}, which the config of '
                     'a BERT has.')
  activation = fields['hidden_act']
  if not isinstance(activation, str) or activation not in _ACTIVATIONS:
    raise ValueError(f'{path} has hidden_act={activation!r:.80}; accepted: '
                     f'{", ".join(_ACTIVATIONS)}.')
  config = architectures.BertConfig(
      **{ours: fields[theirs] for theirs, ours in _FIELDS.items()},
      hidden_activation=_ACTIVATIONS[activation])
  try:
    architectures.check_bert_config(config)
  except ValueError as error:
    raise ValueError(f'{path}, as fields of ours: {error}') from error
  return config


def _possible_heads(fields: dict[str, Any]) -> list[str]:
  """Returns the heads of a class, BertForMaskedLM as MobileBertForMaskedLM."""
  classes = fields.get('architectures')
  names = [f'Mobile{name}' for name in classes if isinstance(name, str)
           ] if isinstance(classes, list) else []
  return hugging_face.possible_heads({'architectures': names})
