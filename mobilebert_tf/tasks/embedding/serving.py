# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Served modules that turn texts into vectors."""

from typing import Any

import tensorflow as tf

from mobilebert_tf.deployment import served_module


class TextEmbedding(served_module.ServedModule):
  """Turns texts into vectors.

  Outputs (D = `inter_block_size`):
    `pooled_output`: float32 `[batch, D]`, of the first token, through the
      pooler if the encoder has one.
    `mean_output`: float32 `[batch, D]`, the mean over a text's tokens.
    `sequence_output`: float32 `[batch, length, D]`, from ids and examples
      only; of padding it is 0 or not defined.

  Args: Those of `ServedModule`; the model is `rewriting.rewrite(encoder)`.

  Example: `module.serve_text(text=tf.constant(['a text']))['mean_output']`
  """

  def _summarize(self, outputs: dict[str, tf.Tensor], mask: tf.Tensor
                 ) -> dict[str, tf.Tensor]:
    return embed(outputs, mask)

  def _describe_tokens(self, outputs: Any,
                       mask: tf.Tensor) -> dict[str, tf.Tensor]:
    return {'sequence_output': tf.cast(outputs['sequence_output'], tf.float32)}


class SentenceVectors(served_module.ServedModule):
  """Turns texts into the vectors that a sentence encoder has learned.

  Output: `vector`, float32 `[batch, size]`.

  Args: Those of `ServedModule`.

  Example: `module.serve_text(text=tf.constant(['a text']))['vector']`
  """

  def _summarize(self, outputs: tf.Tensor, mask: tf.Tensor
                 ) -> dict[str, tf.Tensor]:
    return {'vector': tf.cast(outputs, tf.float32)}


def embed(outputs: dict[str, tf.Tensor], mask: tf.Tensor
          ) -> dict[str, tf.Tensor]:
  """Returns the `pooled_output` and `mean_output` of an encoder's outputs."""
  hidden = tf.cast(outputs['sequence_output'], tf.float32)
  weights = tf.cast(mask, tf.float32)[:, :, tf.newaxis]
  total = tf.reduce_sum(hidden * weights, axis=1)
  return {
      'pooled_output': tf.cast(outputs['pooled_output'], tf.float32),
      'mean_output': total / tf.maximum(tf.reduce_sum(weights, axis=1), 1.0),
  }
