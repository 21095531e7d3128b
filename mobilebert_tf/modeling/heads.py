# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Heads: the pooler, masked language model, and next sentence."""

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import embeddings
from mobilebert_tf.modeling import layers


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Pooler(tf_keras.layers.Layer):
  """Pools a text into one vector, the first token's.

  Args:
    use_dense: Whether to apply `tanh(dense)` (`classifier_activation` of the
      reference); the released student does not.
    initializer_range: Standard deviation of the kernel's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs `[batch, length, width]`, outputs `[batch, width]`.

  Example:

  >>> Pooler()(tf.ones([1, 3, 4])).shape.as_list()
  [1, 4]
  """

  def __init__(self, use_dense: bool = False, initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'use_dense': use_dense, 'initializer_range': initializer_range
    }

  def build(self, input_shape):
    if self._config['use_dense']:
      self.dense = tf_keras.layers.Dense(
          input_shape[-1], activation='tanh', name='dense',
          dtype=self.dtype_policy,
          kernel_initializer=layers.truncated_normal(
              self._config['initializer_range']))
    super().build(input_shape)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    first_token = inputs[:, 0]
    return self.dense(first_token) if self._config['use_dense'] else first_token

  def get_config(self):
    return {**super().get_config(), **self._config}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MaskedLanguageModelTransform(tf_keras.layers.Layer):
  """Gathers the masked positions and transforms them for the vocabulary.

  Gather, dense, activation, and a true LayerNorm even if the encoder has NoNorm
  (`get_masked_lm_output` of the reference).

  Args:
    hidden_activation: Name of the activation.
    initializer_range: Standard deviation of the kernel's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: hidden states `[batch, length, width]` and positions
  `[batch, predictions]`. Outputs `[batch, predictions, width]`.

  Example:

  >>> layer = MaskedLanguageModelTransform()
  >>> layer(tf.ones([1, 3, 4]), tf.constant([[2]])).shape.as_list()
  [1, 1, 4]
  """

  def __init__(self, hidden_activation: str = 'relu',
               initializer_range: float = 0.02, **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'hidden_activation': hidden_activation,
        'initializer_range': initializer_range,
    }

  def build(self, input_shape):
    self.dense = tf_keras.layers.Dense(
        input_shape[-1], name='dense', dtype=self.dtype_policy,
        activation=layers.get_activation(
            self._config['hidden_activation']),
        kernel_initializer=layers.truncated_normal(
            self._config['initializer_range']))
    self.norm = layers.make_normalization(
        'layer_norm', name='norm', dtype=self.dtype_policy)
    super().build(input_shape)

  def call(self, sequence_output: tf.Tensor,
           positions: tf.Tensor) -> tf.Tensor:
    masked = tf.gather(sequence_output, positions, batch_dims=1)  # [B, P, D]
    return self.norm(self.dense(masked))

  def get_config(self):
    return {**super().get_config(), **self._config}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MaskedLanguageModelLogits(tf_keras.layers.Layer):
  """Adds the logits of the extra output weights to the word table's.

  The word table is narrower than the hidden states; its logits come from their
  first channels (`WordEmbedding`, reversed), and this layer adds those of the
  remaining channels, from a table of its own, and the bias.

  Args:
    vocab_size: Number of rows of the word table and of the extra one.
    embedding_size: Number of channels that the word table reads.
    initializer_range: Standard deviation of the extra table's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: transformed states `[batch, predictions, width]` and the word table's
  logits `[batch, predictions, vocab_size]`. Outputs: the latter's shape.

  Example:

  >>> layer = MaskedLanguageModelLogits(vocab_size=9, embedding_size=2)
  >>> layer(tf.ones([1, 1, 4]), tf.ones([1, 1, 9])).shape.as_list()
  [1, 1, 9]
  """

  def __init__(self, vocab_size: int, embedding_size: int,
               initializer_range: float = 0.02, **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'vocab_size': vocab_size,
        'embedding_size': embedding_size,
        'initializer_range': initializer_range,
    }
    self.extra_output_weights = None

  def build(self, input_shape):
    vocab_size = self._config['vocab_size']
    extra_channels = input_shape[-1] - self._config['embedding_size']
    if extra_channels:
      self.extra_output_weights = self.add_weight(
          'extra_output_weights', shape=[vocab_size, extra_channels],
          initializer=layers.truncated_normal(
              self._config['initializer_range']))
    self.bias = self.add_weight(
        'bias', shape=[vocab_size], initializer='zeros')
    super().build(input_shape)

  def call(self, transformed: tf.Tensor, tied_logits: tf.Tensor) -> tf.Tensor:
    logits = tied_logits + self.bias  # [B, P, V]
    if self.extra_output_weights is not None:
      extra = tf.cast(self.extra_output_weights, self.compute_dtype)
      logits += embeddings.project_to_rows(
          transformed[..., self._config['embedding_size']:], extra)
    return logits

  def get_config(self):
    return {**super().get_config(), **self._config}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class NextSentenceHead(tf_keras.layers.Layer):
  """Predicts whether the second segment follows the first; class 0 is yes.

  One dense layer on the pooled output, `cls/seq_relationship` of the reference.

  Args:
    initializer_range: Standard deviation of the kernel's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs `[batch, width]`, outputs logits `[batch, 2]`.

  Example:

  >>> NextSentenceHead()(tf.ones([1, 4])).shape.as_list()
  [1, 2]
  """

  def __init__(self, initializer_range: float = 0.02, **kwargs):
    super().__init__(**kwargs)
    self._config = {'initializer_range': initializer_range}
    self.dense = tf_keras.layers.Dense(
        2, name='dense', dtype=self.dtype_policy,
        kernel_initializer=layers.truncated_normal(
            initializer_range))

  def call(self, pooled_output: tf.Tensor) -> tf.Tensor:
    return self.dense(pooled_output)

  def get_config(self):
    return {**super().get_config(), **self._config}
