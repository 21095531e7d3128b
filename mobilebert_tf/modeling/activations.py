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

"""Activations by name, gelu in the form that the reference computes."""

from collections.abc import Callable

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
def gelu(inputs: tf.Tensor) -> tf.Tensor:
  """The tanh form of gelu, as in google-research `mobilebert/modeling.py`.

  `tf_keras` resolves the string 'gelu' to the erf form, up to 7e-4 off.
  """
  return tf.nn.gelu(inputs, approximate=True)


def get_activation(name: str) -> Callable[[tf.Tensor], tf.Tensor]:
  """Returns the activation of that name: `relu`, `relu6` or `gelu`.

  Args:
    name: One of `architectures.ACTIVATIONS`.

  Returns:
    A function of one tensor.

  Raises:
    ValueError: If there is none.

  Example:

  >>> float(get_activation('relu6')(tf.constant(7.0)))
  6.0
  """
  architectures.check_accepted(
      'hidden_activation', name, architectures.ACTIVATIONS)
  return {'relu': tf.nn.relu, 'relu6': tf.nn.relu6, 'gelu': gelu}[name]
