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

"""The fine-tuning tasks with a teacher."""

import dataclasses

import tensorflow as tf

from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import teaching
from mobilebert_tf.tasks import sentence_prediction
from official.core import task_factory


@dataclasses.dataclass
class TaughtSentencePredictionConfig(
    sentence_prediction.SentencePredictionConfig):
  """`SentencePredictionConfig` with a teacher.

  Attributes:
    teacher: Who teaches, and how.
  """
  teacher: teaching.TeachingConfig = dataclasses.field(
      default_factory=teaching.TeachingConfig)


@task_factory.register_task_cls(TaughtSentencePredictionConfig)
class TaughtSentencePredictionTask(
    teaching.TaughtTask, sentence_prediction.SentencePredictionTask):
  """Classification or regression with a teacher beside the labels."""

  def build_soft_loss(self, taught: tf.Tensor, learned: tf.Tensor,
                      inputs: dict[str, tf.Tensor],
                      temperature: float) -> tf.Tensor:
    """Returns cross-entropy, or of a regression the mean squared error."""
    del inputs
    if self.task_config.model.num_classes == 1:
      return tf.reduce_mean(tf.square(
          tf.cast(taught, tf.float32) - tf.cast(learned, tf.float32)))
    return losses.soft_cross_entropy(taught, learned, temperature=temperature)
