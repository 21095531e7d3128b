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

"""The token classifier: an encoder with a decision for each token."""

from collections.abc import Sequence

import tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import dropout as dropout_lib
from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import encoder_model
from mobilebert_tf.modeling import initialization
from mobilebert_tf.modeling import validation


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertTokenClassifier(encoder_model.ClassesModel):
  """An encoder that classifies tokens, for entities or parts of speech.

  Its output carries the name that the Model Garden's `TaggingTask` reads.

  Args:
    encoder: The encoder; its layers become this model's.
    num_classes: Logits of a token.
    labels: Names of the classes in the order of the logits, or none.
    dropout_rate: Dropout of the sequence output.
    name: Name of the model.

  Inputs: the encoder's.

  Outputs, a dict:
    logits: `[batch, length, num_classes]`, those of padding too.

  Raises:
    ValueError: For fewer than one class, labels that are not as many as the
      classes or not distinct, or a rate outside [0, 1).

  Example:

  >>> model = MobileBertTokenClassifier(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'), num_classes=3,
  ...     labels=['O', 'B', 'I'])
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> model([ids, ids // 5, ids * 0])['logits'].shape.as_list()
  [1, 4, 3]
  """

  _heads = ('token_classifier',)

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               num_classes: int,
               labels: Sequence[str] = (),
               dropout_rate: float = 0.1,
               name: str = 'mobilebert_token_classifier'):
    architectures.check_positive_integer('num_classes', num_classes)
    architectures.check_dropout_rate('dropout_rate', dropout_rate)
    labels = validation.check_labels(labels, num_classes)
    policy = encoder.word_embeddings.dtype_policy

    # === Layers ===
    dropout = dropout_lib.Dropout(
        dropout_rate, name='dropout', dtype=policy)
    classifier = tf_keras.layers.Dense(
        num_classes, name='token_classifier', dtype=policy,
        kernel_initializer=initialization.truncated_normal(
            encoder.architecture.initializer_range))

    # === Functional graph ===
    logits = classifier(dropout(encoder.output['sequence_output']))
    super().__init__(encoder, {'logits': logits}, num_classes, labels,
                     dropout_rate, name)
