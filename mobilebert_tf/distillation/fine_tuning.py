# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Distillation in fine-tuning: a fine-tuned teacher beside the labels.

`with_teacher` gives any fine-tuning task a teacher. Its task class offers

  outputs_to_match(outputs, labels) -> Sequence[tasks.fine_tuning.Matched]

which says what of its model's outputs a student matches.
"""

import dataclasses
import functools
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import schedules
from mobilebert_tf.tasks import fine_tuning
from mobilebert_tf.tasks import gradient_step
from official.core import config_definitions as cfg
from official.core import task_factory
from official.modeling.hyperparams import base_config

_HOOK = 'outputs_to_match'
TOKENS = 'tokens'
_LOSSES = {
    'softmax': losses.soft_cross_entropy,
    'sigmoid': losses.soft_binary_cross_entropy,
    'linear': losses.squared_error,
}


@dataclasses.dataclass
class TeacherConfig(base_config.Config):
  """Teacher of a fine-tuning task, and the weight of its outputs.

  Attributes:
    checkpoint: Folder of a fine-tuning run on the same task, with the same
      labels and vocabulary, or a checkpoint of any format. The architecture may
      be another.
    ground_truth_ratio: Weight of the loss of the labels; the rest is the weight
      of the teacher's outputs.
    temperature: Divisor that softens the logits of both, see
      `losses.soft_cross_entropy`.
    hidden_weight: Weight of the feature map transfer (equation 2 of the
      paper), averaged over the student's blocks; 0 leaves it out. Needs the
      same `inter_block_size`.
    blocks: Teacher's block that each block of the student is compared with;
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


def with_teacher(config: cfg.TaskConfig,
                 teacher_class: type[TeacherConfig] = TeacherConfig,
                 task_class: type | None = None) -> cfg.TaskConfig:
  """Returns the config of a task with a further field, an empty `teacher`.

  Args:
    config: Config of a registered fine-tuning task.
    teacher_class: Class of that field.
    task_class: Mixin of the task that has it; `DistilledTask` if None.

  Returns:
    A config whose task is registered as well.

  Raises:
    ValueError: If the task does not say which outputs a student matches.
  """
  config_class = _distilled_config_class(
      type(config), teacher_class, task_class or DistilledTask)
  return config_class(**{field.name: getattr(config, field.name)
                         for field in dataclasses.fields(config)})


@functools.cache
def _distilled_config_class(
    config_class: type[cfg.TaskConfig], teacher_class: type[TeacherConfig],
    mixin: type) -> type[cfg.TaskConfig]:
  """Returns the config class with a teacher, once registered with its task."""
  task_class = task_factory.get_task_cls(config_class)
  if not callable(getattr(task_class, _HOOK, None)):
    raise ValueError(f'{config_class.__name__} cannot have a teacher: '
                     f'{task_class.__name__} has no method {_HOOK}.')
  kind = mixin.__name__.removesuffix('Task')
  distilled = dataclasses.make_dataclass(
      f'{kind}{config_class.__name__}',
      [('teacher', teacher_class,
        dataclasses.field(default_factory=teacher_class))],
      bases=(config_class,), namespace={
          '__module__': __name__,
          '__doc__': f'`{config_class.__name__}` with a teacher.'})
  task_factory.register_task_cls(distilled)(type(
      f'{kind}{task_class.__name__}', (mixin, task_class), {
          '__module__': __name__,
          '__doc__': f'`{task_class.__name__}` with a teacher.'}))
  return distilled


class TaughtTask:
  """Mixin of a fine-tuning task whose config has a `teacher`.

  The task that it stands before builds the model, the inputs and the loss of
  the labels, and has the method `outputs_to_match`.
  """

  def weigh(self, inputs: Any) -> dict[str, tf.Tensor]:
    """Returns the number of tokens, and what else losses are means over."""
    features, _ = gradient_step.split_inputs(inputs)
    return {**super().weigh(inputs), TOKENS: tf.reduce_sum(
        tf.cast(features['input_mask'], tf.float32))}

  def label_loss(self, part: gradient_step.Slice,
                 student: Any) -> tf.Tensor:
    """Returns the loss of the labels; texts without labels have none."""
    _, labels = gradient_step.split_inputs(part.inputs)
    return part.share(self.build_losses(labels, student),
                      self.label_weight or self.loss_weight)

  def teacher_loss(self, part: gradient_step.Slice, teacher: Any,
                   student: Any) -> tf.Tensor:
    """Returns the loss of a student's outputs against its teacher's."""
    _, labels = gradient_step.split_inputs(part.inputs)
    return part.share(self.build_soft_loss(teacher, student, labels),
                      self.loss_weight)

  def build_soft_loss(self, teacher: Any, student: Any,
                      labels: Any) -> tf.Tensor:
    """Returns the mean loss of the student's outputs against the teacher's."""
    pairs = list(zip(self.outputs_to_match(teacher, labels),
                     self.outputs_to_match(student, labels), strict=True))
    temperature = self.task_config.teacher.temperature
    return tf.add_n([_match(*pair, temperature) for pair in pairs]) / len(pairs)


class DistilledTask(TaughtTask):
  """Mixin of a fine-tuning task with a teacher of any architecture."""

  def build_model(self) -> tf_keras.Model:
    """Builds the student and restores the teacher.

    Raises:
      ValueError: If the teacher is of another task, or does not fit.
    """
    model = super().build_model()
    config = self.task_config.teacher
    teacher = restore_teacher(config.checkpoint, model)
    longest = getattr(self.task_config.train_data, 'seq_length', 0)
    if longest >= teacher.max_length:
      raise ValueError(
          f'task.train_data.seq_length is {longest}, but {config.checkpoint} '
          f'has {teacher.max_length} positions, and a [PAD] follows a text.')
    pairs = _pair_blocks(config, teacher, model)
    self._teacher_view = _view(teacher, [pair[0] for pair in pairs])
    self._student_view = _view(model, [pair[1] for pair in pairs])
    return model

  def compute(self, part: gradient_step.Slice,
              model: tf_keras.Model) -> gradient_step.Computed:
    """Runs the student with dropout, and the teacher without."""
    features, _ = gradient_step.split_inputs(part.inputs)
    config = self.task_config.teacher
    teacher = self._teacher_view(_inputs_of(self._teacher_view, features),
                                 training=False)
    student = self._student_view(_inputs_of(self._student_view, features),
                                 training=True)
    loss = config.ground_truth_ratio * self.label_loss(
        part, student['outputs'])
    loss += (1 - config.ground_truth_ratio) * self.teacher_loss(
        part, teacher['outputs'], student['outputs'])
    if config.hidden_weight:
      hidden = tf.add_n([
          losses.feature_map_transfer(*pair, features['input_mask'])
          for pair in zip(teacher['hidden'], student['hidden'], strict=True)
      ]) / len(student['hidden'])
      loss += config.hidden_weight * part.share(hidden, TOKENS)
    return loss, {}, student['outputs']


def restore_teacher(path: str, model: tf_keras.Model) -> tf_keras.Model:
  """Returns a teacher for a student, frozen.

  Args:
    path: Folder of a run on the same task, or a checkpoint of any format.
    model: The student.

  Raises:
    ValueError: If none is named, or it is of another task.
  """
  if not path:
    raise ValueError('task.teacher.checkpoint is not set. Name the folder of '
                     'a model that was trained on the same task.')
  teacher = checkpoints.build(
      type(model), checkpoints.read(path), new_heads=False)
  _check_same_task(teacher, model, path)
  teacher.trainable = False
  return teacher


def _match(teacher: fine_tuning.Matched, student: fine_tuning.Matched,
           temperature: float) -> tf.Tensor:
  return _LOSSES[student.activation](
      teacher.logits, student.logits, student.weights, temperature)


def _view(model: tf_keras.Model, blocks: list[int]) -> tf_keras.Model:
  """Returns the model with the outputs of some of its blocks beside its own."""
  hidden = model.encoder.output['encoder_outputs']
  return tf_keras.Model(model.inputs, {
      'outputs': model.output, 'hidden': [hidden[block] for block in blocks]})


def _inputs_of(view: tf_keras.Model,
               features: dict[str, tf.Tensor]) -> list[tf.Tensor]:
  return [features[name] for name in view.input_names]


def _pair_blocks(config: TeacherConfig, teacher: tf_keras.Model,
                 student: tf_keras.Model) -> list[tuple[int, int]]:
  """Returns pairs of compared blocks, the teacher's first."""
  if not config.hidden_weight:
    return []
  theirs, ours = teacher.encoder.architecture, student.encoder.architecture
  if theirs.inter_block_size != ours.inter_block_size:
    raise ValueError(
        'task.teacher.hidden_weight needs blocks of one width, but '
        f'inter_block_size is {theirs.inter_block_size} in the teacher and '
        f'{ours.inter_block_size} in the student. Set it to 0.')
  blocks = schedules.pair_blocks(
      schedules.ScheduleConfig(teacher_blocks=list(config.blocks)),
      theirs.num_blocks, ours.num_blocks)
  return list(zip(blocks, range(ours.num_blocks), strict=True))


def _check_same_task(teacher: tf_keras.Model, student: tf_keras.Model,
                     path: str) -> None:
  """Raises ValueError unless the outputs of both models mean the same."""
  for what, read in (
      ('tokens', lambda model: model.encoder.architecture.vocab_size),
      ('classes', lambda model: getattr(model, 'num_classes', None))):
    theirs, ours = read(teacher), read(student)
    if theirs != ours:
      raise ValueError(f'{path} has {theirs} {what}, the student {ours}: they '
                       'have to be the same.')
  theirs, ours = (getattr(model, 'problem_type', '')
                  for model in (teacher, student))
  if theirs != ours:
    raise ValueError(f'{path} is of the problem type {theirs!r}, the student '
                     f'of {ours!r}: they have to be the same.')
  theirs, ours = (getattr(model, 'labels', ()) for model in (teacher, student))
  if theirs and ours and theirs != ours:
    raise ValueError(
        f'{path} has the labels {", ".join(theirs)}, the student '
        f'{", ".join(ours)}: they have to be the same, in the same order.')
