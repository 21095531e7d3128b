# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A tiny teacher, a tiny student, and a batch for them."""

import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling

_SIZES = {
    'vocab_size': 40,
    'embedding_size': 8,
    'max_position_embeddings': 16,
    'num_blocks': 2,
    'inter_block_size': 16,
    'num_attention_heads': 2,
}


def teacher_config() -> modeling.MobileBertConfig:
  """Returns a teacher that is wider inside than between its blocks."""
  return modeling.get_architecture(
      'ib_bert_small', **_SIZES, intra_block_size=24, intermediate_size=32)


def student_config(**overrides) -> modeling.MobileBertConfig:
  """Returns a student that is narrower inside."""
  return modeling.get_architecture(
      'mobilebert_small',
      **{**_SIZES, 'intra_block_size': 8, 'intermediate_size': 16, **overrides})


def pretrainer(config: modeling.MobileBertConfig,
               seed: int) -> modeling.MobileBertPretrainer:
  """Returns a pre-trainer whose weights are spread wide and set by the seed."""
  model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(config))
  rng = np.random.default_rng(seed)
  for variable in model.weights:
    noise = rng.normal(scale=0.3, size=variable.shape)
    variable.assign((1.0 if 'gamma' in variable.name else 0.0) + noise)
  return model


def batch(seed: int = 0, size: int = 4, length: int = 12,
          predictions: int = 3) -> dict[str, tf.Tensor]:
  """Returns a pre-training batch with padding and with an empty slot."""
  rng = np.random.default_rng(seed)
  ids = rng.integers(5, 40, size=[size, length])
  mask = (np.arange(length) < rng.integers(6, length, [size, 1])).astype(int)
  weights = np.ones([size, predictions], np.float32)
  weights[0, -1] = 0
  integers = {
      'input_word_ids': ids * mask,
      'input_mask': mask,
      'input_type_ids': mask * (np.arange(length) > 3),
      'masked_lm_positions': rng.integers(0, 6, [size, predictions]),
      'masked_lm_ids': rng.integers(5, 40, [size, predictions]),
      'next_sentence_labels': rng.integers(0, 2, [size, 1]),
  }
  tensors = {name: tf.constant(value, tf.int32)
             for name, value in integers.items()}
  return {**tensors, 'masked_lm_weights': tf.constant(weights)}
