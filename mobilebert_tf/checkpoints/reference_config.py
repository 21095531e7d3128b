# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The reference's JSON configs, as TF1 and Hugging Face have them."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.modeling import architectures

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
# Defaults of the reference for fields that a JSON lacks. Hugging Face's config
# has a shared bottleneck by default, TF1's has not.
_TF1_DEFAULTS = {
    'num_feedforward_networks': 1,
    'normalization_type': 'layer_norm',
    'use_bottleneck_attention': False,
    'key_query_shared_bottleneck': False,
    'classifier_activation': True,
}
_HUGGING_FACE_DEFAULTS = {
    'num_feedforward_networks': 4,
    'normalization_type': 'no_norm',
    'use_bottleneck_attention': False,
    'key_query_shared_bottleneck': True,
    'classifier_activation': True,
}
# The reference's two switches for the input of attention, and their values.
ATTENTION_FIELDS = ('use_bottleneck_attention', 'key_query_shared_bottleneck')
_ATTENTION_INPUTS = {
    'bottleneck': (True, False),
    'shared_bottleneck': (False, True),
    'block_input': (False, False),
}
_TANH_GELU = ('gelu_new', 'gelu_pytorch_tanh')


def read_config(path: str,
                assumed: architectures.MobileBertConfig | None = None,
                **overrides: Any) -> architectures.MobileBertConfig:
  """Reads a `bert_config.json` (TF1) or a `config.json` (Hugging Face).

  Args:
    path: Path of the file. One with `model_type` counts as Hugging Face's.
    assumed: Architecture to assume if there is no file.
    **overrides: Fields of our architecture to change afterwards.

  Returns:
    The architecture.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not a JSON object, lacks a field, or describes another
      model than a MobileBERT or its teacher.
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
  missing = [name for name in _FIELDS if name not in fields]
  if missing:
    raise ValueError(
        f'{path} lacks {", ".join(missing)}, which a MobileBERT config has. Is '
        'it that of a plain BERT?')
  for name in ('use_bottleneck', 'trigram_input'):
    if not fields.get(name, 'model_type' in fields):
      raise ValueError(
          f'{path} has {name}=false: that is a plain BERT, not a MobileBERT.')
  values = {ours: fields[theirs] for theirs, ours in _FIELDS.items()}
  if 'model_type' in fields:
    values['hidden_activation'] = _hugging_face_activation(
        path, fields['hidden_act'])
  try:
    config = architectures.resolve({**values, **_variants(fields)})
  except ValueError as error:
    raise ValueError(f'{path}, as fields of ours: {error}') from error
  return architectures.resolve({**config.as_dict(), **overrides})


def to_fields(config: architectures.MobileBertConfig) -> dict[str, Any]:
  """Returns an architecture as the fields of a `bert_config.json`.

  Args:
    config: The architecture. `attention_mask` has no field there, since it does
      not describe the weights.

  Returns:
    All fields of the reference, JSON-serializable.
  """
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


def attention_fields(
    config: architectures.MobileBertConfig) -> dict[str, bool]:
  """Returns the input of attention as the reference's fields."""
  return dict(zip(ATTENTION_FIELDS, _ATTENTION_INPUTS[config.attention_input],
                  strict=True))


def attention_input(fields: Mapping[str, Any]) -> str:
  """Returns the input of attention that the reference's fields say."""
  given = [bool(fields[name]) for name in ATTENTION_FIELDS]
  if given[0]:  # The reference does not look at the other one.
    given[1] = False
  return next(name for name, values in _ATTENTION_INPUTS.items()
              if values == tuple(given))


def to_hugging_face_fields(
    config: architectures.MobileBertConfig) -> dict[str, Any]:
  """Returns an architecture as the fields of a Hugging Face `config.json`."""
  fields = to_fields(config)
  if fields['hidden_act'] == 'gelu':  # Hugging Face's is another function.
    fields['hidden_act'] = _TANH_GELU[0]
  return {
      **fields,
      'model_type': 'mobilebert',
      'true_hidden_size': config.intra_block_size,
      'layer_norm_eps': 1e-12,
      'pad_token_id': 0,
      'tie_word_embeddings': True,
      'classifier_dropout': None,
      'dtype': 'float32',
  }


def _hugging_face_activation(path: str, name: Any) -> Any:
  """Returns our name of an activation; only the tanh form of gelu is ours."""
  if name == 'gelu':
    raise ValueError(
        f'{path} has hidden_act=gelu, which Hugging Face computes by erf and '
        'the reference, and this package, by tanh; they differ by up to 7e-4. '
        'If the model was made for the tanh form, write gelu_new.')
  return 'gelu' if name in _TANH_GELU else name


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
