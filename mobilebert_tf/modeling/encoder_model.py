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

"""The base of models that put heads on an encoder."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import graph_model


class EncoderModel(graph_model.GraphModel):
  """An encoder with heads on it; its layers become this model's.

  A subclass makes its heads, calls them on `encoder.output`, and names their
  layers in `_heads`. Where its constructor takes more than the encoder and a
  name, it adds that to `constructor_config`.

  Args:
    encoder: The encoder.
    outputs: Nested symbolic tensors, what the model returns.
    name: Name of the model.
    extra_inputs: Symbolic inputs after the encoder's, those of `_extra_inputs`.
  """

  # Names of the layers that are trained anew on the encoder.
  _heads: tuple[str, ...] = ()

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               outputs: Any,
               name: str,
               extra_inputs: Sequence[tf.Tensor] = ()):
    super().__init__(
        inputs=[*encoder.inputs, *extra_inputs], outputs=outputs, name=name)
    self.encoder = encoder

  @property
  def max_length(self) -> int:
    return self.encoder.max_length

  @property
  def checkpoint_items(self) -> dict[str, tf_keras.layers.Layer]:
    """What a checkpoint names, so that other models can restore parts of it."""
    return {
        'encoder': self.encoder,
        **{name: self.get_layer(name) for name in self._heads},
    }

  def constructor_config(self) -> dict[str, Any]:
    return {
        'encoder': {
            'name': self.encoder.name,
            'constructor': self.encoder.constructor_config(),
        }
    }

  @classmethod
  def from_config(cls, config, custom_objects=None):
    constructor = config['constructor']
    encoder = encoder_lib.MobileBertEncoder.from_config(constructor['encoder'])
    return super().from_config(
        {**config, 'constructor': {**constructor, 'encoder': encoder}},
        custom_objects)


class ClassesModel(EncoderModel):
  """An `EncoderModel` whose logits stand for classes, with names if it has any.

  Args:
    encoder: The encoder.
    outputs: Nested symbolic tensors, what the model returns.
    num_classes: How many logits there are.
    labels: Names of the classes, checked (`validation.check_labels`).
    dropout_rate: Dropout before the logits.
    name: Name of the model.
  """

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               outputs: Any,
               num_classes: int,
               labels: tuple[str, ...],
               dropout_rate: float,
               name: str):
    super().__init__(encoder, outputs, name)
    self._num_classes = num_classes
    self._labels = labels
    self._dropout_rate = dropout_rate

  @property
  def num_classes(self) -> int:
    """How many logits there are."""
    return self._num_classes

  @property
  def labels(self) -> tuple[str, ...]:
    """Names of the classes in the order of the logits; empty if not given."""
    return self._labels

  def constructor_config(self) -> dict[str, Any]:
    return {
        **super().constructor_config(),
        'num_classes': self._num_classes,
        'labels': list(self._labels),
        'dropout_rate': self._dropout_rate,
    }
