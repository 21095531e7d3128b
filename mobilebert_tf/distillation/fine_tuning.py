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

"""Fine-tuning with a fine-tuned teacher beside the labels.

The fine-tuning tasks with a teacher.
"""

import dataclasses
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import schedules
from mobilebert_tf.modeling import layers
from mobilebert_tf.tasks.classification import task as classification_task
from mobilebert_tf.tasks.question_answering import task as question_answering_task
from mobilebert_tf.tasks.token_classification import loader
from mobilebert_tf.tasks.token_classification import task as token_classification_task
from official.core import config_definitions as cfg
from official.core import task_factory
from official.modeling.hyperparams import base_config


@dataclasses.dataclass
class TeachingConfig(base_config.Config):
  """Who teaches in fine-tuning, and how much the teacher's word counts.

  Attributes:
    checkpoint: A model fine-tuned on the same task, with the same labels and
      vocabulary: the folder of its run, or a checkpoint of any format. Its
      architecture may be another. Empty: nobody teaches.
    ground_truth_ratio: Weight of the loss of the labels; what is left is that
      of the teacher's outputs.
    temperature: Softens both distributions, see `losses.soft_cross_entropy`.
    hidden_weight: Weight of the feature maps' transfer (equation 2 of the
      paper), averaged over the student's blocks; 0 leaves it out. Needs the
      same `inter_block_size`.
    blocks: For each block of the student the teacher's it is compared with;
      empty for every n-th.
  """
  checkpoint: str = ''
  ground_truth_ratio: float = 0.5
  temperature: float = 1.0
  hidden_weight: float = 0.0
  blocks: list[int] = dataclasses.field(default_factory=list)

  def __post_init__(self, *args: Any, **kwargs: Any):
    super().__post_init__(*args, **kwargs)
    if not 0 <= self.ground_truth_ratio <= 1:
      raise ValueError(f'ground_truth_ratio is {self.ground_truth_ratio}; it '
                       'is a share, 0 to 1.')
    for name, least in (('temperature', 'above 0'), ('hidden_weight', '0')):
      value = getattr(self, name)
      if not 0 <= value < float('inf') or (value == 0 and least != '0'):
        raise ValueError(f'{name} is {value}; it has to be a number, '
                         f'{least} or more.')


class TaughtTask:
  """Mixin of a fine-tuning task whose config has a `teacher`.

  The task it is put before builds model, inputs and the loss of the labels. A
  subclass says how outputs are compared, by `build_soft_loss(taught, learned,
  labels, temperature)`, which returns a scalar.
  """

  def build_model(self) -> tf_keras.Model:
    """Builds the student, and restores the teacher.

    Raises:
      ValueError: If the teacher is of another task, or does not fit.
    """
    model = super().build_model()
    config = self.task_config.teacher
    if not config.checkpoint:
      raise ValueError('task.teacher.checkpoint is not set. Name the folder of '
                       'a model that was fine-tuned on the same task.')
    teacher = checkpoints.build(
        type(model), checkpoints.read(config.checkpoint), new_heads=False)
    _check_same_task(teacher, model, config.checkpoint)
    longest = getattr(self.task_config.train_data, 'seq_length', 0)
    if longest >= teacher.max_length:
      raise ValueError(
          f'task.train_data.seq_length is {longest}, but {config.checkpoint} '
          f'has {teacher.max_length} positions, and a [PAD] follows a text.')
    teacher.trainable = False
    pairs = _match_blocks(config, teacher, model)
    self._teacher_view = _view(teacher, [pair[0] for pair in pairs])
    self._student_view = _view(model, [pair[1] for pair in pairs])
    return model

  def train_step(self, inputs: Any, model: tf_keras.Model,
                 optimizer: tf_keras.optimizers.Optimizer,
                 metrics: list[tf_keras.metrics.Metric]
                 ) -> dict[str, tf.Tensor]:
    """Runs one step; the student has dropout and the teacher has not."""
    features, labels = inputs if isinstance(inputs, tuple) else (inputs,) * 2
    config, variables = self.task_config.teacher, model.trainable_variables
    taught = self._teacher_view(_inputs_of(self._teacher_view, features),
                                training=False)
    seed = getattr(self.task_config.train_data, 'seed', None)
    with (layers.step_seed(seed, optimizer.iterations),
          tf.GradientTape() as tape):
      learned = self._student_view(_inputs_of(self._student_view, features),
                                   training=True)
      loss = config.ground_truth_ratio * self.build_losses(
          labels, learned['outputs'])
      loss += (1 - config.ground_truth_ratio) * self.build_soft_loss(
          taught['outputs'], learned['outputs'], labels, config.temperature)
      if config.hidden_weight:
        loss += config.hidden_weight * tf.add_n([
            losses.feature_map_transfer(*pair, features['input_mask'])
            for pair in zip(taught['hidden'], learned['hidden'], strict=True)
        ]) / len(learned['hidden'])
      # Replicas' gradients are summed; the loss is a mean over the batch.
      scaled = loss / tf.distribute.get_strategy().num_replicas_in_sync
    gradients = tape.gradient(scaled, variables)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    self.process_metrics(metrics, labels, learned['outputs'])
    return {self.loss: loss}


def _view(model: tf_keras.Model, blocks: list[int]) -> tf_keras.Model:
  """Returns the model with the outputs of some of its blocks beside its own."""
  hidden = model.encoder.output['encoder_outputs']
  return tf_keras.Model(model.inputs, {
      'outputs': model.output, 'hidden': [hidden[block] for block in blocks]})


def _inputs_of(view: tf_keras.Model,
               features: dict[str, tf.Tensor]) -> list[tf.Tensor]:
  return [features[name] for name in view.input_names]


def _match_blocks(config: TeachingConfig, teacher: tf_keras.Model,
                  student: tf_keras.Model) -> list[tuple[int, int]]:
  """Returns pairs of blocks, the teacher's first; none if none is compared."""
  if not config.hidden_weight:
    return []
  theirs, ours = teacher.encoder.architecture, student.encoder.architecture
  if theirs.inter_block_size != ours.inter_block_size:
    raise ValueError(
        'task.teacher.hidden_weight needs blocks of one width, but '
        f'inter_block_size is {theirs.inter_block_size} in the teacher and '
        f'{ours.inter_block_size} in the student. Set it to 0.')
  blocks = schedules.taught_by(
      schedules.ScheduleConfig(teacher_blocks=list(config.blocks)),
      theirs.num_blocks, ours.num_blocks)
  return list(zip(blocks, range(ours.num_blocks), strict=True))


def _check_same_task(teacher: tf_keras.Model, student: tf_keras.Model,
                     path: str) -> None:
  """Raises ValueError if the two models' outputs mean something else."""
  for what, read in (
      ('tokens', lambda model: model.encoder.architecture.vocab_size),
      ('classes', lambda model: getattr(model, 'num_classes', None))):
    theirs, ours = read(teacher), read(student)
    if theirs != ours:
      raise ValueError(f'{path} has {theirs} {what}, the student {ours}: they '
                       'have to be the same.')
  theirs, ours = (getattr(model, 'labels', ()) for model in (teacher, student))
  if theirs and ours and theirs != ours:
    raise ValueError(
        f'{path} has the labels {", ".join(theirs)}, the student '
        f'{", ".join(ours)}: they have to be the same, in the same order.')


@dataclasses.dataclass
class TaughtSentencePredictionConfig(
    classification_task.SentencePredictionConfig):
  """`SentencePredictionConfig` with a teacher.

  Attributes:
    teacher: Who teaches, and how.
  """
  teacher: TeachingConfig = dataclasses.field(
      default_factory=TeachingConfig)


@task_factory.register_task_cls(TaughtSentencePredictionConfig)
class TaughtSentencePredictionTask(
    TaughtTask, classification_task.SentencePredictionTask):
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
    question_answering_task.QuestionAnsweringConfig):
  """`QuestionAnsweringConfig` with a teacher.

  Attributes:
    teacher: Who teaches, and how.
  """
  teacher: TeachingConfig = dataclasses.field(
      default_factory=TeachingConfig)


@task_factory.register_task_cls(TaughtQuestionAnsweringConfig)
class TaughtQuestionAnsweringTask(
    TaughtTask, question_answering_task.QuestionAnsweringTask):
  """Question answering with a teacher beside the labels."""

  def build_soft_loss(self, taught: list[tf.Tensor], learned: list[tf.Tensor],
                      labels: dict[str, tf.Tensor],
                      temperature: float) -> tf.Tensor:
    """Returns the mean cross-entropy of start and end, padding left out."""
    padding = question_answering_task.padding_bias(labels['input_mask'])
    return tf.add_n([
        losses.soft_cross_entropy(
            *(tf.cast(logits, tf.float32) + padding for logits in pair),
            temperature=temperature)
        for pair in zip(taught, learned, strict=True)]) / 2


@dataclasses.dataclass
class TaughtTokenClassificationConfig(
    token_classification_task.TokenClassificationConfig):
  """`TokenClassificationConfig` with a teacher.

  Attributes:
    teacher: Who teaches, and how.
  """
  teacher: TeachingConfig = dataclasses.field(
      default_factory=TeachingConfig)


@task_factory.register_task_cls(TaughtTokenClassificationConfig)
class TaughtTokenClassificationTask(
    TaughtTask, token_classification_task.TokenClassificationTask):
  """Classification of words with a teacher beside the labels."""

  def build_soft_loss(self, taught: dict[str, tf.Tensor],
                      learned: dict[str, tf.Tensor], labels: tf.Tensor,
                      temperature: float) -> tf.Tensor:
    """Returns the mean cross-entropy of the tokens that have labels."""
    return losses.soft_cross_entropy(
        taught['logits'], learned['logits'],
        labels != loader.IGNORED, temperature)


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
        classification_task.SentencePredictionConfig,
    TaughtQuestionAnsweringConfig:
        question_answering_task.QuestionAnsweringConfig,
    TaughtTokenClassificationConfig:
        token_classification_task.TokenClassificationConfig,
}
