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

"""A Keras model as a plain module, to be saved by its weights alone."""

from typing import Any

import tensorflow as tf, tf_keras


class InferenceModel(tf.Module):
  """Runs a model in inference mode and tracks nothing but its weights.

  A SavedModel with a Keras model in it holds a traced function for each of its
  layers as well; with a thousand layers that takes minutes, and serving calls
  none of them.

  Args:
    model: The model, an encoder with a head or alone.

  Example: `InferenceModel(classifier)([ids, mask, types])`
  """

  def __init__(self, model: tf_keras.Model):
    super().__init__()
    self.weights = model.weights
    self.architecture = getattr(
        getattr(model, 'encoder', model), 'architecture', None)

    def call(inputs: Any) -> Any:  # A closure, which tf.Module does not track.
      return model(inputs, training=False)

    self._call = call

  def __call__(self, inputs: Any) -> Any:
    return self._call(inputs)
