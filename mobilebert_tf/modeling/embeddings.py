# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Embeddings: the word table, and the trigram projection above it."""

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import layers


def project_to_rows(vectors: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
  """Returns the product of each vector with each row of a table.

  It is one matrix product. `tf.matmul` of a batch with a table, and
  `tf.einsum`, compute and differentiate one for each text of the batch, which
  takes most of a small model's training step.

  Args:
    vectors: `[batch, length, width]`.
    table: `[rows, width]`.

  Returns:
    `[batch, length, rows]`.

  Example:

  >>> project_to_rows(tf.ones([1, 2, 4]), tf.ones([9, 4])).shape.as_list()
  [1, 2, 9]
  """
  rows, width = table.shape
  flat = tf.matmul(tf.reshape(vectors, [-1, width]), table, transpose_b=True)
  shape = tf.shape(vectors)
  return tf.reshape(flat, [shape[0], shape[1], rows])


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class WordEmbedding(tf_keras.layers.Embedding):
  """The word table, which also maps vectors back to logits.

  One layer does both, so that the masked-LM head shares the table with the
  embedding in the graph itself, and every way of saving or cloning a model
  keeps it shared.

  Inputs: int `[batch, length]`, outputs `[batch, length, embedding_size]`. With
  `reverse=True`, inputs `[..., at least embedding_size]`, of which the first
  `embedding_size` channels are read, outputs `[..., vocab_size]`.

  Example:

  >>> table = WordEmbedding(10, 4)
  >>> vectors = table(tf.zeros([1, 3], tf.int32))
  >>> table(vectors, reverse=True).shape.as_list()
  [1, 3, 10]
  """

  def call(self, inputs: tf.Tensor, reverse: bool = False) -> tf.Tensor:
    if not reverse:
      return super().call(inputs)
    table = tf.cast(self.embeddings, self.compute_dtype)
    return project_to_rows(inputs[..., :self.output_dim], table)


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertEmbedding(tf_keras.layers.Layer):
  """Maps word vectors to the first block's input.

  The vectors of the next, the current and the previous token are joined, with
  zeros outside the sequence, and projected to `inter_block_size` (a
  convolution of width 3); segment and position vectors are added; then
  normalization and dropout. Paper, section 3.4, `MobileBertEmbedding` in
  google-research `mobilebert/modeling.py`.

  Args:
    inter_block_size: Width of the output.
    max_position_embeddings: Number of rows of the position table.
    type_vocab_size: Number of rows of the segment table.
    normalization: `no_norm` or `layer_norm`.
    dropout_rate: Dropout of the output.
    initializer_range: Standard deviation of the initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: word vectors `[batch, length, embedding_size]` and segments
  `[batch, length]`. Outputs `[batch, length, inter_block_size]`.

  Example:

  >>> layer = MobileBertEmbedding(inter_block_size=8)
  >>> layer(tf.zeros([1, 3, 4]), tf.zeros([1, 3], tf.int32)).shape.as_list()
  [1, 3, 8]
  """

  def __init__(self,
               inter_block_size: int = 512,
               max_position_embeddings: int = 512,
               type_vocab_size: int = 2,
               normalization: str = 'no_norm',
               dropout_rate: float = 0.0,
               initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'inter_block_size': inter_block_size,
        'max_position_embeddings': max_position_embeddings,
        'type_vocab_size': type_vocab_size,
        'normalization': normalization,
        'dropout_rate': dropout_rate,
        'initializer_range': initializer_range,
    }
    self.projection = tf_keras.layers.Dense(
        inter_block_size, name='projection', dtype=self.dtype_policy,
        kernel_initializer=layers.truncated_normal(initializer_range))
    self.norm = layers.make_normalization(
        normalization, name='norm', dtype=self.dtype_policy)
    self.dropout = layers.Dropout(
        dropout_rate, dtype=self.dtype_policy)

  def build(self, input_shape):
    width = self._config['inter_block_size']
    self.position_embeddings = self._add_table(
        'position_embeddings', self._config['max_position_embeddings'], width)
    self.type_embeddings = self._add_table(
        'type_embeddings', self._config['type_vocab_size'], width)
    super().build(input_shape)

  def _add_table(self, name: str, rows: int, width: int) -> tf.Variable:
    return self.add_weight(
        name, shape=[rows, width],
        initializer=layers.truncated_normal(
            self._config['initializer_range']))

  def call(self, word_vectors: tf.Tensor, type_ids: tf.Tensor,
           training: bool | None = None) -> tf.Tensor:
    before = tf.pad(word_vectors[:, :-1], [[0, 0], [1, 0], [0, 0]])
    after = tf.pad(word_vectors[:, 1:], [[0, 0], [0, 1], [0, 0]])
    trigram = tf.concat([after, word_vectors, before], axis=-1)  # [B, S, 3E]
    types = tf.cast(self.type_embeddings, self.compute_dtype)
    hidden = (self.projection(trigram) + tf.gather(types, type_ids)
              + self._positions(word_vectors))  # [B, S, D]
    return self.dropout(self.norm(hidden), training=training)

  def _positions(self, word_vectors: tf.Tensor) -> tf.Tensor:
    """Returns the position vectors of a sequence, [S, D]."""
    rows = self._config['max_position_embeddings']
    length = tf.shape(word_vectors)[1]
    checks = []
    if word_vectors.shape[1] is None:  # Too early for validation.py to tell.
      checks.append(tf.debugging.assert_less_equal(
          length, rows, f'The sequence is longer than the {rows} positions of '
          'this model (max_position_embeddings).'))
    with tf.control_dependencies(checks):
      table = tf.cast(self.position_embeddings, self.compute_dtype)
      return table[:length]

  def get_config(self):
    return {**super().get_config(), **self._config}
