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

"""The pre-trainer: an encoder with masked-LM and next-sentence heads."""

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import heads
from mobilebert_tf.modeling import task_models


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertPretrainer(task_models.EncoderModel):
  """An encoder with the two heads of BERT's pre-training.

  Its outputs carry the names that the Model Garden's `MaskedLMTask` reads.

  Args:
    encoder: The encoder; its layers become this model's.
    name: Name of the model.

  Inputs: the encoder's, and after them
    masked_lm_positions: int `[batch, predictions]`, the positions to predict.

  Outputs: the encoder's dict, and in it
    mlm_logits: `[batch, predictions, vocab_size]`.
    next_sentence: `[batch, 2]`, class 0 is "the second segment follows".

  Example:

  >>> model = MobileBertPretrainer(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'))
  >>> ids = tf.constant([[2, 4, 3]])
  >>> model([ids, ids // ids, ids * 0, ids[:, 1:2] // 4]
  ...      )['mlm_logits'].shape.as_list()
  [1, 1, 8000]
  """

  _extra_inputs = {'masked_lm_positions': (tf.int32, tf.int64)}
  _heads = ('masked_lm_transform', 'masked_lm', 'next_sentence')

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               name: str = 'mobilebert_pretrainer'):
    config = encoder.architecture
    policy = encoder.word_embeddings.dtype_policy

    # === Layers ===
    transform = heads.MaskedLanguageModelTransform(
        config.hidden_activation, config.initializer_range,
        name='masked_lm_transform', dtype=policy)
    masked_lm = heads.MaskedLanguageModelLogits(
        config.vocab_size, config.embedding_size, config.initializer_range,
        name='masked_lm', dtype=policy)
    next_sentence = heads.NextSentenceHead(
        config.initializer_range, name='next_sentence', dtype=policy)

    # === Functional graph ===
    positions = tf_keras.Input(
        [None], dtype=tf.int32, name='masked_lm_positions')
    outputs = dict(encoder.output)
    transformed = transform(outputs['sequence_output'], positions)
    outputs['mlm_logits'] = masked_lm(
        transformed, encoder.word_embeddings(transformed, reverse=True))
    outputs['next_sentence'] = next_sentence(outputs['pooled_output'])
    super().__init__(encoder, outputs, name, extra_inputs=[positions])
