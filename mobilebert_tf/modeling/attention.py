# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Multi-head attention that also returns its scores."""

import math

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import layers

# So low that a softmax gives exactly 0, and far enough from the end of the type
# that sums with it stay finite. In float16 -1e9 would be infinite, and infinity
# times the 0 of a token NaN.
_HARD_MASK_BIAS = {tf.float32: -1e9, tf.float16: -3e4, tf.float64: -1e9}
# Value of masked scores in the reference's quantization-era code.
_TF1_REFERENCE_SCORE = -6.0


def mask_scores(scores: tf.Tensor, mask: tf.Tensor,
                attention_mask: str) -> tf.Tensor:
  """Returns attention scores in which padding is masked.

  Args:
    scores: `[batch, heads, length, length]`, scaled; float32, or what a model
      for inference computes in.
    mask: `[batch, 1, 1, length]` of the same type, 1 for tokens and 0 for
      padding.
    attention_mask: `hard` adds -1e9 (-3e4 in float16), so that the softmax
      gives padding a weight of exactly 0; `tf1_reference` replaces its scores
      by -6 (google-research `mobilebert/modeling.py` since commit 0c1bbe5f).

  Returns:
    `[batch, heads, length, length]`, before the softmax.

  Example:

  >>> mask = tf.constant([[[[1.0, 0.0]]]])
  >>> probabilities = tf.nn.softmax(
  ...     mask_scores(tf.zeros([1, 1, 2, 2]), mask, 'hard'))
  >>> float(probabilities[0, 0, 0, 1])
  0.0
  """
  if attention_mask == 'tf1_reference':
    return scores * mask + (1.0 - mask) * _TF1_REFERENCE_SCORE
  return scores + (1.0 - mask) * _HARD_MASK_BIAS[scores.dtype]


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertAttention(tf_keras.layers.Layer):
  """Scaled dot-product attention with one width and several heads.

  Unlike `tf_keras.layers.MultiHeadAttention` it returns the scores before the
  softmax, which attention transfer needs (equation 3 of the paper), and keeps
  its kernels two-dimensional as the reference checkpoints have them. Scores and
  softmax are float32 under every dtype policy.

  Args:
    num_heads: Number of heads, which divides `width`.
    width: Width of queries, keys, values and the output.
    dropout_rate: Dropout of the probabilities.
    attention_mask: `hard` or `tf1_reference`, see `mask_scores`.
    initializer_range: Standard deviation of the kernels' initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: query, key, value `[batch, length, any width]` and the mask
  `[batch, length]`. Outputs `[batch, length, width]` and the masked scores
  `[batch, heads, length, length]` in float32.

  Example:

  >>> layer = MobileBertAttention(num_heads=2, width=8)
  >>> x = tf.zeros([1, 3, 4])
  >>> output, scores = layer(x, x, x, tf.ones([1, 3], tf.int32))
  >>> output.shape.as_list(), scores.shape.as_list()
  ([1, 3, 8], [1, 2, 3, 3])
  """

  def __init__(self,
               num_heads: int,
               width: int,
               dropout_rate: float = 0.0,
               attention_mask: str = 'hard',
               initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    architectures.check_heads(num_heads, width)
    architectures.check_accepted(
        'attention_mask', attention_mask, architectures.ATTENTION_MASKS)
    self._config = {
        'num_heads': num_heads,
        'width': width,
        'dropout_rate': dropout_rate,
        'attention_mask': attention_mask,
        'initializer_range': initializer_range,
    }
    self._num_heads = num_heads
    self._head_size = width // num_heads
    self._attention_mask = attention_mask

    def dense(name: str) -> tf_keras.layers.Dense:
      return tf_keras.layers.Dense(
          width, name=name, dtype=self.dtype_policy,
          kernel_initializer=layers.truncated_normal(
              initializer_range))

    self.query, self.key, self.value = map(dense, ('query', 'key', 'value'))
    self.output_projection = dense('output')
    self.dropout = layers.Dropout(
        dropout_rate, dtype=self.dtype_policy)

  def call(self, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor,
           mask: tf.Tensor, training: bool | None = None
           ) -> tuple[tf.Tensor, tf.Tensor]:
    query = self._split_heads(self.query(query))  # [B, N, S, d]
    key = self._split_heads(self.key(key))
    value = self._split_heads(self.value(value))
    scores = tf.cast(tf.matmul(query, key, transpose_b=True), tf.float32)
    scores *= 1.0 / math.sqrt(self._head_size)  # [B, N, S, S]
    mask = tf.cast(mask[:, tf.newaxis, tf.newaxis, :], tf.float32)
    scores = mask_scores(scores, mask, self._attention_mask)
    probabilities = tf.cast(tf.nn.softmax(scores), self.compute_dtype)
    probabilities = self.dropout(probabilities, training=training)
    context = self._join_heads(tf.matmul(probabilities, value))
    return self.output_projection(context), scores

  def _split_heads(self, tensor: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(tensor)
    tensor = tf.reshape(
        tensor, [shape[0], shape[1], self._num_heads, self._head_size])
    return tf.transpose(tensor, [0, 2, 1, 3])

  def _join_heads(self, tensor: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(tensor)
    tensor = tf.transpose(tensor, [0, 2, 1, 3])  # [B, S, N, d]
    return tf.reshape(
        tensor, [shape[0], shape[2], self._num_heads * self._head_size])

  def get_config(self):
    return {**super().get_config(), **self._config}
