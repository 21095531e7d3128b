# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Training of all sub-networks of a model at once, by a fixed teacher.

The two stages of DynaBERT (Hou et al. 2020, algorithms 1 and 2) are settings of
one task: in the first all widths of full depth learn from the whole model, in
the second all widths and depths from the first stage's model of their width.
"""

from collections.abc import Sequence
import dataclasses
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf.compression.adaptive_width_depth import elastic
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf.distillation import losses
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.pretraining import task as pretraining
from official.core import config_definitions as cfg
from official.core import task_factory

_MASKED_LM, _NEXT_SENTENCE = 'mlm_logits', 'next_sentence'


@dataclasses.dataclass
class AdaptiveConfig(fine_tuning.TeacherConfig):
  """Teacher of all sub-networks, and which these are.

  Attributes:
    checkpoint: Folder of the teacher's run, or a checkpoint of any format, of
      the same architecture.
    ground_truth_ratio: Weight of the loss of the labels; the rest is the weight
      of the teacher's outputs. 0 in both stages, 1 in the final fine-tuning.
    hidden_weight: Weight of the sum of feature map transfers over embeddings
      and blocks: 0.1 for widths and 1 for depths in the paper, whose hidden
      states are normalized by themselves.
    widths: Shares of heads and units, 1 among them.
    depths: Shares of blocks, 1 among them.
    rule: Blocks that a depth keeps; see `sizes.kept_blocks`.
    order: All blocks, the most needed first, in place of a rule.
    variant: `paper` compares outputs of the same block, `reference` its inputs.
    by_width: Whether the teacher has the width of the student, as it has in the
      second stage of the paper, or its full width.
  """
  ground_truth_ratio: float = 0.0
  hidden_weight: float = 0.1
  widths: list[float] = dataclasses.field(
      default_factory=lambda: [1.0, 0.75, 0.5, 0.25])
  depths: list[float] = dataclasses.field(default_factory=lambda: [1.0])
  rule: str = sizes.PAPER
  order: list[int] = dataclasses.field(default_factory=list)
  variant: str = sizes.PAPER
  by_width: bool = False


def adaptive(config: cfg.TaskConfig) -> cfg.TaskConfig:
  """Returns the config of a task with a teacher of all sub-networks.

  Args:
    config: Config of a fine-tuning task.

  Raises:
    ValueError: If the task does not say which outputs a student matches.
  """
  return fine_tuning.with_teacher(config, AdaptiveConfig, AdaptiveTask)


def pretraining_outputs(model: tf_keras.Model) -> dict[str, Any]:
  """Returns the symbolic outputs of a pre-trainer that losses read."""
  return {name: model.output[name] for name in (_MASKED_LM, _NEXT_SENTENCE)}


class AllSizes:
  """Mixin of a task: each step sums the gradients of all sub-networks.

  The model is started from `init_checkpoint`, head included. Neither teacher
  nor student has dropout, as in the reference. The task has the methods
  `label_loss` and `teacher_loss` of `fine_tuning.TaughtTask`.

  Raises:
    ValueError: If a size is none, or the teacher is of another architecture.
  """

  def build_model(self) -> tf_keras.Model:
    model, config = super().build_model(), self.task_config.teacher
    teacher = fine_tuning.restore_teacher(config.checkpoint, model)
    ours, theirs = (each.encoder.architecture for each in (model, teacher))
    if ours.block_fields() != theirs.block_fields() or (
        ours.num_blocks != theirs.num_blocks):
      raise ValueError(
          f'{config.checkpoint} has another architecture than the model: '
          f'sub-networks learn from one of their own.')
    if config.variant not in sizes.VARIANTS:
      raise ValueError(f'task.teacher.variant is {config.variant!r}; accepted: '
                       f'{", ".join(sizes.VARIANTS)}.')
    self.sizes = sizes.grid(ours, config.widths, config.depths, config.rule,
                            config.order)
    self._teacher, self._student = (
        elastic.ElasticModel(each, self.wanted_outputs(each))
        for each in (teacher, model))
    return model

  def wanted_outputs(self, model: tf_keras.Model) -> Any:
    """Returns the symbolic outputs of a model that losses read."""
    return model.output

  def initialize(self, model: tf_keras.Model) -> None:
    """Restores all of the model from `init_checkpoint`."""
    if self.task_config.init_checkpoint:
      checkpoints.restore(model, self.task_config.init_checkpoint)

  def compute(self, part: gradient_step.Slice,
              model: tf_keras.Model) -> gradient_step.Computed:
    """Runs all sub-networks, and the teacher at each of its widths once.

    What sub-networks have in common is computed once: the embeddings, and for
    depths of one width the blocks up to the first that one leaves out.
    """
    features, _ = gradient_step.split_inputs(part.inputs)
    config, losses_of, outputs = self.task_config.teacher, [], None
    whole = sizes.size(model.encoder.architecture)
    taught: dict[tuple[int, int], elastic.Computed] = {}  # By its width.
    theirs, ours = {}, {}
    for size in self.sizes:
      at = dataclasses.replace(size, blocks=whole.blocks) if (
          config.by_width) else whole
      width = at.num_heads, at.num_units
      if width not in taught:
        taught[width] = self._teacher(features, at, theirs)
      student = self._student(features, size, ours)
      losses_of.append(self._loss(
          part, features, taught[width], student, size.blocks))
      if outputs is None:  # Metrics are those of the whole.
        outputs = student.outputs
    return tf.add_n(losses_of), {}, outputs

  def _loss(self, part: gradient_step.Slice, features: Any,
            teacher: elastic.Computed, student: elastic.Computed,
            blocks: Sequence[int]) -> tf.Tensor:
    """Returns the loss of one sub-network."""
    config, found = self.task_config.teacher, []
    if config.ground_truth_ratio:
      found.append(config.ground_truth_ratio * self.label_loss(
          part, student.outputs))
    if config.ground_truth_ratio < 1:
      found.append((1 - config.ground_truth_ratio) * self.teacher_loss(
          part, teacher.outputs, student.outputs))
    if config.hidden_weight:
      def compare(theirs: tf.Tensor, ours: tf.Tensor) -> tf.Tensor:
        return losses.feature_map_transfer(
            theirs, ours, features['input_mask'])

      found.append(config.hidden_weight * part.share(
          elastic.losses(teacher, student, blocks, compare, config.variant),
          fine_tuning.TOKENS))
    return tf.add_n(found)


class AdaptiveTask(AllSizes, fine_tuning.TaughtTask):
  """Mixin of a fine-tuning task whose sub-networks all learn."""


@dataclasses.dataclass
class AdaptivePretrainingConfig(pretraining.PretrainingConfig):
  """Pre-training of all sub-networks at once.

  Attributes:
    teacher: Teacher of all sub-networks, and which these are.
  """
  teacher: AdaptiveConfig = dataclasses.field(default_factory=AdaptiveConfig)


@task_factory.register_task_cls(AdaptivePretrainingConfig)
class AdaptivePretrainingTask(AllSizes, pretraining.PretrainingTask):
  """Pre-trains all sub-networks, which makes a family for any task."""

  def wanted_outputs(self, model: tf_keras.Model) -> dict[str, Any]:
    return pretraining_outputs(model)

  def label_loss(self, part: gradient_step.Slice,
                 student: dict[str, tf.Tensor]) -> tf.Tensor:
    """Returns the losses of masked LM and of the next sentence."""
    loss, _ = pretraining.losses(part, student)
    return loss

  def teacher_loss(self, part: gradient_step.Slice,
                   teacher: dict[str, tf.Tensor],
                   student: dict[str, tf.Tensor]) -> tf.Tensor:
    """Returns the soft cross-entropies of both heads."""
    inputs, temperature = part.inputs, self.task_config.teacher.temperature
    found = [part.share(losses.soft_cross_entropy(
        teacher[_MASKED_LM], student[_MASKED_LM], inputs['masked_lm_weights'],
        temperature), pretraining.PREDICTIONS)]
    if 'next_sentence_labels' in inputs:
      found.append(part.share(losses.soft_cross_entropy(
          teacher[_NEXT_SENTENCE], student[_NEXT_SENTENCE], None, temperature),
                              gradient_step.TEXTS))
    return tf.add_n(found)
