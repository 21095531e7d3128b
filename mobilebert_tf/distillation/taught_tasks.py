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

from mobilebert_tf.data import token_classification_loader
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import teaching
from mobilebert_tf.tasks import question_answering
from mobilebert_tf.tasks import sentence_prediction
from mobilebert_tf.tasks import token_classification
from official.core import config_definitions as cfg
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
                      labels: dict[str, tf.Tensor],
                      temperature: float) -> tf.Tensor:
    """Returns cross-entropy, or of a regression the mean squared error."""
    del labels
    if self.task_config.model.num_classes == 1:
      return tf.reduce_mean(tf.square(
          tf.cast(taught, tf.float32) - tf.cast(learned, tf.float32)))
    return losses.soft_cross_entropy(taught, learned, temperature=temperature)


@dataclasses.dataclass
class TaughtQuestionAnsweringConfig(
    question_answering.QuestionAnsweringConfig):
  """`QuestionAnsweringConfig` with a teacher.

  Attributes:
    teacher: Who teaches, and how.
  """
  teacher: teaching.TeachingConfig = dataclasses.field(
      default_factory=teaching.TeachingConfig)


@task_factory.register_task_cls(TaughtQuestionAnsweringConfig)
class TaughtQuestionAnsweringTask(
    teaching.TaughtTask, question_answering.QuestionAnsweringTask):
  """Question answering with a teacher beside the labels."""

  def build_soft_loss(self, taught: list[tf.Tensor], learned: list[tf.Tensor],
                      labels: dict[str, tf.Tensor],
                      temperature: float) -> tf.Tensor:
    """Returns the mean cross-entropy of start and end, padding left out."""
    padding = question_answering.padding_bias(labels['input_mask'])
    return tf.add_n([
        losses.soft_cross_entropy(
            *(tf.cast(logits, tf.float32) + padding for logits in pair),
            temperature=temperature)
        for pair in zip(taught, learned, strict=True)]) / 2


@dataclasses.dataclass
class TaughtTokenClassificationConfig(
    token_classification.TokenClassificationConfig):
  """`TokenClassificationConfig` with a teacher.

  Attributes:
    teacher: Who teaches, and how.
  """
  teacher: teaching.TeachingConfig = dataclasses.field(
      default_factory=teaching.TeachingConfig)


@task_factory.register_task_cls(TaughtTokenClassificationConfig)
class TaughtTokenClassificationTask(
    teaching.TaughtTask, token_classification.TokenClassificationTask):
  """Classification of words with a teacher beside the labels."""

  def build_soft_loss(self, taught: dict[str, tf.Tensor],
                      learned: dict[str, tf.Tensor], labels: tf.Tensor,
                      temperature: float) -> tf.Tensor:
    """Returns the mean cross-entropy of the tokens that have labels."""
    return losses.soft_cross_entropy(
        taught['logits'], learned['logits'],
        labels != token_classification_loader.IGNORED, temperature)


def with_teacher(config: cfg.TaskConfig) -> cfg.TaskConfig:
  """Returns the config of the same task with a teacher, not named yet.

  Args:
    config: Of a fine-tuning task of ours.

  Raises:
    ValueError: If nobody can teach that task.
  """
  for taught, task in _TAUGHT.items():
    if type(config) is task:
      return taught(**{field.name: getattr(config, field.name)
                       for field in dataclasses.fields(task)})
  raise ValueError(f'{type(config).__name__} cannot have a teacher; accepted: '
                   f'{", ".join(task.__name__ for task in _TAUGHT.values())}.')


_TAUGHT = {
    TaughtSentencePredictionConfig:
        sentence_prediction.SentencePredictionConfig,
    TaughtQuestionAnsweringConfig:
        question_answering.QuestionAnsweringConfig,
    TaughtTokenClassificationConfig:
        token_classification.TokenClassificationConfig,
}
