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

"""The span labeler: an encoder that finds where an answer starts and ends."""

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import encoder_model
from mobilebert_tf.modeling import initialization


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Column(tf_keras.layers.Layer):
  """Picks one entry of the last axis.

  Args:
    index: Which one.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs `[..., width]`, outputs `[...]`.

  Example:

  >>> Column(1)(tf.constant([[3.0, 4.0]])).numpy().tolist()
  [4.0]
  """

  def __init__(self, index: int, **kwargs):
    super().__init__(**kwargs)
    self._index = index

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    return inputs[..., self._index]

  def get_config(self):
    return {**super().get_config(), 'index': self._index}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertSpanLabeler(encoder_model.EncoderModel):
  """An encoder that marks a span of a text, as SQuAD asks for.

  Its outputs are what the Model Garden's `QuestionAnsweringTask` reads, and are
  named as there, `start_positions` and `end_positions`, for Keras's `fit`.

  Args:
    encoder: The encoder; its layers become this model's.
    name: Name of the model.

  Inputs: the encoder's.

  Outputs, a list:
    start_logits: `[batch, length]`, column 0 of the head, as in the reference.
    end_logits: `[batch, length]`, column 1; those of padding too in both.

  Example:

  >>> model = MobileBertSpanLabeler(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'))
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> start_logits, end_logits = model([ids, ids // 5, ids * 0])
  >>> start_logits.shape.as_list()
  [1, 4]
  """

  _heads = ('span_labeler',)

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               name: str = 'mobilebert_span_labeler'):
    policy = encoder.word_embeddings.dtype_policy

    # === Layers ===
    labeler = tf_keras.layers.Dense(
        2, name='span_labeler', dtype=policy,
        kernel_initializer=initialization.truncated_normal(
            encoder.architecture.initializer_range))
    columns = [
        Column(index, name=output_name, dtype=policy)
        for index, output_name in enumerate(('start_positions',
                                             'end_positions'))
    ]

    # === Functional graph ===
    logits = labeler(encoder.output['sequence_output'])  # [B, L, 2]
    super().__init__(encoder, [column(logits) for column in columns], name)
