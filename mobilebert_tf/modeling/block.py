# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The bottleneck block, one class for the teacher and all students."""

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import attention as attention_lib
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import layers as dropout_lib
from mobilebert_tf.modeling import layers as normalization_lib


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Projection(tf_keras.layers.Layer):
  """A dense layer and, after an optional residual, a normalization.

  Every linear map of a block that ends in a normalization is one of these: the
  bottlenecks, and the second half of a feed-forward network.

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
    self.dense = tf_keras.layers.Dense(
        width, name='dense', dtype=self.dtype_policy,
        kernel_initializer=layers.truncated_normal(
            initializer_range))
    self.dropout = dropout_lib.Dropout(
        dropout_rate, dtype=self.dtype_policy)
    self.norm = normalization_lib.make_normalization(
        normalization, name='norm', dtype=self.dtype_policy)

  def call(self, inputs: tf.Tensor, residual: tf.Tensor | None = None,
           training: bool | None = None) -> tf.Tensor:
    hidden = self.dropout(self.dense(inputs), training=training)
    return self.norm(hidden if residual is None else hidden + residual)

  def get_config(self):
    return {**super().get_config(), **self._config}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class FeedForward(tf_keras.layers.Layer):
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
    self.intermediate = tf_keras.layers.Dense(
        intermediate_size, activation=layers.get_activation(activation),
        name='intermediate', dtype=self.dtype_policy,
        kernel_initializer=layers.truncated_normal(
            initializer_range))
    self.output_projection = Projection(
        width, normalization, initializer_range=initializer_range,
        name='output', dtype=self.dtype_policy)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    return self.output_projection(self.intermediate(inputs), residual=inputs)

  def get_config(self):
    return {**super().get_config(), **self._config}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertBlock(tf_keras.layers.Layer):
  """One block: bottleneck in, attention, feed-forward networks, bottleneck out.

  With an `intra_block_size` above the input's width it is the inverted
  bottleneck of the teacher. Paper, figure 1 and table 1; `transformer_model` in
  google-research `mobilebert/modeling.py`. All arguments are the fields of the
  same name in `architectures.MobileBertConfig`.

  Inputs: hidden states `[batch, length, inter_block_size]` and the mask
  `[batch, length]`. Outputs: the same shape, and the attention scores (masked,
  before the softmax, float32) `[batch, heads, length, length]`.

  Example:

  >>> block = MobileBertBlock(inter_block_size=8, intra_block_size=4,
  ...                         num_attention_heads=2, intermediate_size=16)
  >>> hidden, scores = block(tf.zeros([1, 3, 8]), tf.ones([1, 3], tf.int32))
  >>> hidden.shape.as_list(), scores.shape.as_list()
  ([1, 3, 8], [1, 2, 3, 3])
  """

  def __init__(self,
               inter_block_size: int = 512,
               intra_block_size: int = 128,
               num_attention_heads: int = 4,
               intermediate_size: int = 512,
               num_feedforward_networks: int = 4,
               hidden_activation: str = 'relu',
               normalization: str = 'no_norm',
               attention_input: str = 'shared_bottleneck',
               attention_mask: str = 'hard',
               hidden_dropout_rate: float = 0.0,
               attention_dropout_rate: float = 0.1,
               initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'inter_block_size': inter_block_size,
        'intra_block_size': intra_block_size,
        'num_attention_heads': num_attention_heads,
        'intermediate_size': intermediate_size,
        'num_feedforward_networks': num_feedforward_networks,
        'hidden_activation': hidden_activation,
        'normalization': normalization,
        'attention_input': attention_input,
        'attention_mask': attention_mask,
        'hidden_dropout_rate': hidden_dropout_rate,
        'attention_dropout_rate': attention_dropout_rate,
        'initializer_range': initializer_range,
    }
    architectures.check_accepted(
        'attention_input', attention_input, architectures.ATTENTION_INPUTS)
    self._attention_input = attention_input
    common = {
        'initializer_range': initializer_range, 'dtype': self.dtype_policy
    }
    self.input_bottleneck = Projection(
        intra_block_size, normalization, name='input_bottleneck', **common)
    if attention_input == 'shared_bottleneck':
      self.shared_bottleneck = Projection(
          intra_block_size, normalization, name='shared_bottleneck', **common)
    self.attention = attention_lib.MobileBertAttention(
        num_attention_heads, intra_block_size, attention_dropout_rate,
        attention_mask, name='attention', **common)
    self.attention_norm = normalization_lib.make_normalization(
        normalization, name='attention_norm', dtype=self.dtype_policy)
    self.feed_forwards = [
        FeedForward(intermediate_size, intra_block_size, hidden_activation,
                    normalization, name=f'feed_forward_{i}', **common)
        for i in range(num_feedforward_networks)
    ]
    self.output_bottleneck = Projection(
        inter_block_size, normalization, hidden_dropout_rate,
        name='output_bottleneck', **common)

  def call(self, inputs: tf.Tensor, mask: tf.Tensor,
           training: bool | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    hidden = self.input_bottleneck(inputs)  # [B, S, I]
    query_and_key, value = self._attention_inputs(inputs, hidden)
    attended, scores = self.attention(
        query_and_key, query_and_key, value, mask, training=training)
    # The residual is the narrow stream, not the block's input.
    hidden = self.attention_norm(attended + hidden)
    for feed_forward in self.feed_forwards:
      hidden = feed_forward(hidden)
    outputs = self.output_bottleneck(
        hidden, residual=inputs, training=training)  # [B, S, D]
    return outputs, scores

  def _attention_inputs(self, inputs: tf.Tensor, hidden: tf.Tensor
                        ) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns what queries and keys read, and what values read."""
    if self._attention_input == 'shared_bottleneck':
      return self.shared_bottleneck(inputs), inputs
    if self._attention_input == 'bottleneck':
      return hidden, hidden
    return inputs, inputs

  def get_config(self):
    return {**super().get_config(), **self._config}
