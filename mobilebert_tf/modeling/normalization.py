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

"""Normalizations: NoNorm, and LayerNorm as the reference sets it."""

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures

# tf.contrib's value, which the reference was trained with.
LAYER_NORM_EPSILON = 1e-12


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class NoNorm(tf_keras.layers.Layer):
  """Element-wise linear map in the place of a layer normalization.

  `gamma * x + beta` with one gamma and one beta a channel: no mean, no
  variance, and therefore no reduction at inference (equation 1 of the paper).

  Inputs `[..., channels]`, outputs the same shape.

  Example:

  >>> float(NoNorm()(tf.ones([1, 1]))[0, 0])
  1.0
  """

  def build(self, input_shape):
    channels = input_shape[-1]
    self.gamma = self.add_weight(
        'gamma', shape=[channels], initializer='ones')
    self.beta = self.add_weight(
        'beta', shape=[channels], initializer='zeros')
    super().build(input_shape)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    return inputs * self.gamma + self.beta


def make_normalization(
    normalization: str, *, name: str,
    dtype: tf_keras.mixed_precision.Policy) -> tf_keras.layers.Layer:
  """Returns a new normalization layer.

  Args:
    normalization: `no_norm` or `layer_norm`.
    name: Name of the layer.
    dtype: Its dtype policy.

  Returns:
    A layer that maps `[..., channels]` to the same shape.

  Raises:
    ValueError: If there is no normalization of that name.

  Example:

  >>> make_normalization('no_norm', name='norm', dtype='float32').name
  'norm'
  """
  architectures.check_accepted(
      'normalization', normalization, architectures.NORMALIZATIONS)
  if normalization == 'no_norm':
    return NoNorm(name=name, dtype=dtype)
  return tf_keras.layers.LayerNormalization(
      epsilon=LAYER_NORM_EPSILON, name=name, dtype=dtype)
