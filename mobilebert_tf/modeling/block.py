# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The bottleneck block of teacher and students, with its attention."""

import functools
import math
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import layout as layout_lib
from mobilebert_tf.modeling import recomputation

# So low that a softmax gives exactly 0, yet sums with it stay finite. In
# float16 -1e9 is infinite, and infinity times the 0 of a token NaN.
_HARD_MASK_BIAS = {tf.float32: -1e9, tf.float16: -3e4, tf.float64: -1e9}
# Value of masked scores in the reference's quantization-era code.
_TF1_REFERENCE_SCORE = -6.0


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertBlock(tf_keras.layers.Layer):
  """One block: bottleneck in, attention, feed-forward networks, bottleneck out.

  With an `intra_block_size` above the input's width it is the inverted
  bottleneck of the teacher. Paper, figure 1 and table 1; `transformer_model` in
  google-research `mobilebert/modeling.py`. `layout.block_layout` lists its
  products.

  Args:
    name: Name of the layer.
    dtype: Dtype policy.
    trainable: Whether its weights are trained.
    **fields: Fields of `architectures.BlockConfig`.

  Inputs: hidden states `[batch, length, inter_block_size]` and the mask
  `[batch, length]`. Outputs: the same shape, the attention scores (masked,
  before the softmax, float32) `[batch, heads, length, length]`, and the
  queries, keys and values `[batch, length, attention_size]`.

  Example:

  >>> block = MobileBertBlock(inter_block_size=8, intra_block_size=4,
  ...                         num_attention_heads=2, intermediate_size=16)
  >>> hidden, scores, _ = block(tf.zeros([1, 3, 8]), tf.ones([1, 3], tf.int32))
  >>> hidden.shape.as_list(), scores.shape.as_list()
  ([1, 3, 8], [1, 2, 3, 3])
  """

  def __init__(self, *, name: str | None = None, dtype: Any = None,
               trainable: bool = True, **fields: Any):
    super().__init__(name=name, dtype=dtype, trainable=trainable)
    config = architectures.BlockConfig(**fields)
    self._config = config
    self.layout = layout_lib.block_layout(config)
    common = {
        'initializer_range': config.initializer_range,
        'dtype': self.dtype_policy,
    }
    self.input_bottleneck = Projection(
        config.intra_block_size, config.normalization, name='input_bottleneck',
        **common)
    if self.layout.writing(layout_lib.SHARED):
      self.shared_bottleneck = Projection(
          config.intra_block_size, config.normalization,
          name='shared_bottleneck', **common)
    self.attention = MobileBertAttention(
        config.num_attention_heads, config.intra_block_size,
        config.attention_dropout_rate, config.attention_mask,
        head_size=config.head_size, name='attention', **common)
    self.attention_norm = layers.make_normalization(
        config.normalization, name='attention_norm', dtype=self.dtype_policy)
    self.feed_forwards = [
        FeedForward(config.intermediate_size, config.intra_block_size,
                    config.hidden_activation, config.normalization,
                    name=f'feed_forward_{i}', **common)
        for i in range(config.num_feedforward_networks)
    ]
    self.output_bottleneck = Projection(
        config.inter_block_size, config.normalization,
        config.hidden_dropout_rate, name='output_bottleneck', **common)

  @property
  def named_weights(self) -> dict[str, tf.Variable]:
    """The weights by their names in the layout, as `attention/query/kernel`."""
    return {
        weight.name.partition('/')[2].removesuffix(':0'): weight
        for weight in self.weights
    }

  def call(self, inputs: tf.Tensor, mask: tf.Tensor,
           training: bool | None = None
           ) -> tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]:
    compute = functools.partial(self._compute, mask=mask, training=training)
    # A frozen block keeps nothing that could be recomputed.
    return (recomputation.run(compute, inputs) if self.trainable
            else compute(inputs))

  def _compute(self, inputs: tf.Tensor, mask: tf.Tensor, training: bool | None
               ) -> tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]:
    hidden = self.input_bottleneck(inputs)  # [B, S, I]
    attended, scores, vectors = self.attention(
        *self._attention_inputs(inputs, hidden), mask, training=training)
    # The residual is the narrow stream, not the block's input.
    hidden = self.attention_norm(attended + hidden)
    for feed_forward in self.feed_forwards:
      hidden = feed_forward(hidden)
    outputs = self.output_bottleneck(
        hidden, residual=inputs, training=training)  # [B, S, D]
    return outputs, scores, vectors

  def _attention_inputs(self, inputs: tf.Tensor,
                        hidden: tf.Tensor) -> list[tf.Tensor]:
    """Returns the inputs of query, key and value."""
    tensors = {layout_lib.WIDE: inputs, layout_lib.NARROW: hidden}
    if self.layout.writing(layout_lib.SHARED):
      tensors[layout_lib.SHARED] = self.shared_bottleneck(inputs)
    return [tensors[self.layout.writing(name)[0].reads]
            for name in (layout_lib.QUERY, layout_lib.KEY, layout_lib.VALUE)]

  def get_config(self):
    return {**super().get_config(), **self._config.as_dict()}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertAttention(layers.ConfiguredLayer):
  """Scaled dot-product attention with one width and several heads.

  Unlike `tf_keras.layers.MultiHeadAttention` it returns the scores before the
  softmax, which attention transfer needs (equation 3 of the paper), and the
  queries, keys and values, whose relations can be taught. It keeps its kernels
  two-dimensional as the reference checkpoints have them. Scores and softmax are
  float32 under every dtype policy.

  Args:
    num_heads: Number of heads, which divides `width`.
    width: Width of the output.
    dropout_rate: Dropout of the probabilities.
    attention_mask: `hard` or `tf1_reference`, see `mask_scores`.
    initializer_range: Standard deviation of the kernels' initializer.
    head_size: Width of one head; 0 for an equal share of `width`.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: query, key, value `[batch, length, any width]` and the mask
  `[batch, length]`. Outputs `[batch, length, width]`, the masked scores
  `[batch, heads, length, length]` in float32, and the queries, keys and values
  of all heads side by side, `[batch, length, num_heads * head size]` each.

  Example:

  >>> layer = MobileBertAttention(num_heads=2, width=8)
  >>> x = tf.zeros([1, 3, 4])
  >>> output, scores, _ = layer(x, x, x, tf.ones([1, 3], tf.int32))
  >>> output.shape.as_list(), scores.shape.as_list()
  ([1, 3, 8], [1, 2, 3, 3])
  """

  def __init__(self,
               num_heads: int,
               width: int,
               dropout_rate: float = 0.0,
               attention_mask: str = 'hard',
               initializer_range: float = 0.02,
               head_size: int = 0,
               **kwargs):
    super().__init__(**kwargs)
    architectures.check_heads(num_heads, width, head_size)
    architectures.check_accepted(
        'attention_mask', attention_mask, architectures.ATTENTION_MASKS)
    self._config = {
        'num_heads': num_heads,
        'width': width,
        'dropout_rate': dropout_rate,
        'attention_mask': attention_mask,
        'initializer_range': initializer_range,
        'head_size': head_size,
    }
    self._head_shape = [num_heads, head_size or width // num_heads]

    heads = math.prod(self._head_shape)
    self.query, self.key, self.value, self.output_projection = (
        layers.make_dense(
            size, initializer_range, name=name, dtype=self.dtype_policy)
        for name, size in (('query', heads), ('key', heads), ('value', heads),
                           ('output', width)))
    self.dropout = layers.Dropout(dropout_rate, dtype=self.dtype_policy)

  def call(self, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor,
           mask: tf.Tensor, training: bool | None = None
           ) -> tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]:
    vectors = self.query(query), self.key(key), self.value(value)
    query, key, value = map(self._split_heads, vectors)  # [B, N, S, d]
    scores = tf.cast(tf.matmul(query, key, transpose_b=True), tf.float32)
    scores *= 1.0 / math.sqrt(self._head_shape[1])  # [B, N, S, S]
    mask = tf.cast(mask[:, tf.newaxis, tf.newaxis, :], tf.float32)
    scores = mask_scores(scores, mask, self._config['attention_mask'])
    probabilities = tf.cast(tf.nn.softmax(scores), self.compute_dtype)
    probabilities = self.dropout(probabilities, training=training)
    context = self._join_heads(tf.matmul(probabilities, value))
    return self.output_projection(context), scores, vectors

  def _split_heads(self, tensor: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(tensor)
    tensor = tf.reshape(tensor, [shape[0], shape[1], *self._head_shape])
    return tf.transpose(tensor, [0, 2, 1, 3])

  def _join_heads(self, tensor: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(tensor)
    tensor = tf.transpose(tensor, [0, 2, 1, 3])  # [B, S, N, d]
    return tf.reshape(
        tensor, [shape[0], shape[2], math.prod(self._head_shape)])


def mask_scores(scores: tf.Tensor, mask: tf.Tensor,
                attention_mask: str,
                hard_bias: float | None = None) -> tf.Tensor:
  """Masks padding in attention scores.

  Args:
    scores: `[batch, heads, length, length]`, scaled; float32, or the type in
      which a model for inference computes.
    mask: `[batch, 1, 1, length]` of the same type, 1 for tokens, 0 for padding.
    attention_mask: `hard` adds -1e9 (-3e4 in float16), so that the softmax
      gives padding a weight of exactly 0; `tf1_reference` replaces its scores
      by -6 (google-research `mobilebert/modeling.py` since commit 0c1bbe5f).
    hard_bias: Number that `hard` adds; None for the above.

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
  if hard_bias is None:
    hard_bias = _HARD_MASK_BIAS[scores.dtype]
  return scores + (1.0 - mask) * hard_bias


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Projection(layers.ConfiguredLayer):
  """A dense layer and, after an optional residual, a normalization.

  The bottlenecks of a block and the second map of a feed-forward network.

  Args:
    width: Width of the output.
    normalization: `no_norm` or `layer_norm`.
    dropout_rate: Dropout between the dense layer and the residual.
    initializer_range: Standard deviation of the kernel's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs `[batch, length, any width]` and, optionally, a residual of the
  output's shape. Outputs `[batch, length, width]`.

  Example:

  >>> Projection(8)(tf.zeros([1, 3, 4])).shape.as_list()
  [1, 3, 8]
  """

  def __init__(self,
               width: int,
               normalization: str = 'no_norm',
               dropout_rate: float = 0.0,
               initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'width': width,
        'normalization': normalization,
        'dropout_rate': dropout_rate,
        'initializer_range': initializer_range,
    }
    self.dense = layers.make_dense(
        width, initializer_range, name='dense', dtype=self.dtype_policy)
    self.dropout = layers.Dropout(dropout_rate, dtype=self.dtype_policy)
    self.norm = layers.make_normalization(
        normalization, name='norm', dtype=self.dtype_policy)

  def call(self, inputs: tf.Tensor, residual: tf.Tensor | None = None,
           training: bool | None = None) -> tf.Tensor:
    hidden = self.dropout(self.dense(inputs), training=training)
    return self.norm(hidden if residual is None else hidden + residual)


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class FeedForward(layers.ConfiguredLayer):
  """One of the stacked feed-forward networks of a block (paper, section 3.2).

  Args:
    intermediate_size: Inner width.
    width: Width of input and output.
    activation: Name of the activation between the two maps.
    normalization: `no_norm` or `layer_norm`.
    initializer_range: Standard deviation of the kernels' initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs and outputs `[batch, length, width]`.

  Example:

  >>> FeedForward(16, 8)(tf.zeros([1, 3, 8])).shape.as_list()
  [1, 3, 8]
  """

  def __init__(self,
               intermediate_size: int,
               width: int,
               activation: str = 'relu',
               normalization: str = 'no_norm',
               initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'intermediate_size': intermediate_size,
        'width': width,
        'activation': activation,
        'normalization': normalization,
        'initializer_range': initializer_range,
    }
    self.intermediate = layers.make_dense(
        intermediate_size, initializer_range, name='intermediate',
        activation=layers.get_activation(activation), dtype=self.dtype_policy)
    self.output_projection = Projection(
        width, normalization, initializer_range=initializer_range,
        name='output', dtype=self.dtype_policy)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    return self.output_projection(self.intermediate(inputs), residual=inputs)
