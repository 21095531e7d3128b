# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Checkpoints of the TensorFlow Model Garden's MobileBERT.

Its tasks restore them as `task.init_checkpoint`; whole models of its training
runs are read as well.
"""

import os
from typing import Any

import tensorflow as tf

from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import native
from mobilebert_tf.checkpoints import tf1
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.modeling import architectures

TITLE = 'Model Garden'
CONFIG = 'bert_config.json'
MARKER = CONFIG

# Its names of our architecture's fields (`MobileBertEncoderConfig`).
_FIELDS = {
    'word_vocab_size': 'vocab_size',
    'word_embed_size': 'embedding_size',
    'type_vocab_size': 'type_vocab_size',
    'max_sequence_length': 'max_position_embeddings',
    'num_blocks': 'num_blocks',
    'hidden_size': 'inter_block_size',
    'intra_bottleneck_size': 'intra_block_size',
    'num_attention_heads': 'num_attention_heads',
    'intermediate_size': 'intermediate_size',
    'num_feedforward_networks': 'num_feedforward_networks',
    'hidden_activation': 'hidden_activation',
    'hidden_dropout_prob': 'hidden_dropout_rate',
    'attention_probs_dropout_prob': 'attention_dropout_rate',
    'normalization_type': 'normalization',
    'classifier_activation': 'use_pooler',
    'initializer_range': 'initializer_range',
}
_HEAD_POOLER = 'model/layer_with_weights-1/dense'
_ALIASES = {
    # Inside the models that a task evaluates: pre-training, and fine-tuning.
    'model/encoder_network': 'encoder',
    'model/masked_lm': 'masked_lm',
    'model/layer_with_weights-0': 'encoder',
    'masked_lm/embedding_table':
        'encoder/layer_with_weights-0/word_embedding/embeddings',
}


def recognises(location: bundles.Location) -> bool:
  """Returns whether a place holds a Model Garden checkpoint of a MobileBERT."""
  return native.holds(
      location, 'encoder/layer_with_weights-0/word_embedding/embeddings')


def read(location: bundles.Location,
         overrides: dict[str, Any] | None = None,
         assumed: architectures.MobileBertConfig | None = None,
         progress: checkpoint_lib.Progress = checkpoint_lib.silent
         ) -> checkpoint_lib.Checkpoint:
  """Reads weights beside `bert_config.json` or a run's `params.yaml`."""
  path = os.path.join(location.folder, CONFIG)
  if tf.io.gfile.exists(path):
    architecture = tf1.read_config(path, **(overrides or {}))
  else:
    architecture = _read_encoder(location.folder, assumed, overrides or {})
  left_out = ['model/classification_heads', 'next_sentence.pooler_dense']
  moved = {}
  if native.holds(location, f'{_HEAD_POOLER}/kernel'):
    # By default its classifiers have a pooler in their head instead of reading
    # the encoder's.
    architecture = architectures.resolve(
        {**architecture.as_dict(), 'use_pooler': True})
    pooler = f'encoder/layer_with_weights-{architecture.num_blocks + 1}'
    left_out.append(pooler)
    moved[pooler] = _HEAD_POOLER
  weights, parts = native.read_weights(
      location, 'model_garden', architecture, left_out, progress, moved)
  return checkpoint_lib.Checkpoint(
      architecture, weights, parts, source=location.prefix,
      **tokenizer_files.read(location.folder))


def fit(checkpoint: checkpoint_lib.Checkpoint
        ) -> tuple[checkpoint_lib.Checkpoint, list[str]]:
  """Returns the checkpoint, and notes on differences in the Model Garden."""
  checkpoint_lib.check_names(checkpoint, 'model_garden', 'The Model Garden')
  checkpoint_lib.check_heads(checkpoint, 'The Model Garden')
  notes = checkpoint_lib.notes_on_settings(checkpoint)
  if checkpoint.architecture.hidden_activation == 'gelu':
    notes.append(
        'Model Garden tasks compute gelu by erf, this model was made with the '
        'tanh form: outputs differ by up to 2e-3.')
  if 'next_sentence' in checkpoint.parts:
    notes.append(
        'Model Garden tasks have no next-sentence head and ignore its weights; '
        'they are written, and mobilebert_tf reads them.')
  return checkpoint, notes


def write(checkpoint: checkpoint_lib.Checkpoint, folder: str,
          progress: checkpoint_lib.Progress = checkpoint_lib.silent) -> None:
  """Writes a checkpoint that the Model Garden's tasks restore."""
  native.write_weights(checkpoint, folder, 'model_garden', _ALIASES, progress)
  architecture = checkpoint.architecture
  tokenizer_files.write_json(
      os.path.join(folder, CONFIG), tf1.to_fields(architecture))
  values = {theirs: getattr(architecture, ours)
            for theirs, ours in _FIELDS.items()}
  values |= tf1.attention_fields(architecture)
  # Its classifiers would make a pooler of their own otherwise.
  model = {'use_encoder_pooler': True} if (
      'sequence_classification' in checkpoint.parts) else {}
  native.write_encoder_config(folder, 'mobilebert', values, **model)
  tokenizer_files.write(checkpoint, folder)


def _read_encoder(folder: str, assumed: architectures.MobileBertConfig | None,
                  overrides: dict[str, Any]) -> architectures.MobileBertConfig:
  """Reads the encoder of a training run's `params.yaml`."""
  run, path = native.read_run(folder)
  if assumed is not None and not path:
    return architectures.resolve({**assumed.as_dict(), **overrides})
  fields = native.encoder_fields(run, path, folder, 'mobilebert')

  def make() -> architectures.MobileBertConfig:
    missing = sorted({*_FIELDS, *tf1.ATTENTION_FIELDS} - fields.keys())
    if missing:
      raise ValueError(f'the encoder lacks {", ".join(missing)}.')
    values = {ours: fields[theirs] for theirs, ours in _FIELDS.items()}
    values['attention_input'] = tf1.attention_input(fields)
    return architectures.resolve({**values, **overrides})

  return native.as_architecture(make, path)
