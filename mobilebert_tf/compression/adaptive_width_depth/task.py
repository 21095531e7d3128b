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
from official.core import config_definitions as cfg


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


class AdaptiveTask(fine_tuning.DistilledTask):
  """Mixin of a task: each step sums the gradients of all sub-networks.

  The model is started from `init_checkpoint`, head included. Neither teacher
  nor student has dropout, as in the reference.

  Raises:
    ValueError: If a size is none, or the teacher is of another architecture.
  """

  def build_model(self) -> tf_keras.Model:
    model = super(fine_tuning.DistilledTask, self).build_model()
    config, teacher = self.task_config.teacher, self.restore_teacher(model)
    ours, theirs = (each.encoder.architecture for each in (model, teacher))
    if ours.block_fields() != theirs.block_fields() or (
        ours.num_blocks != theirs.num_blocks):
      raise ValueError(
          f'{config.checkpoint} has another architecture than the model: '
          f'sub-networks learn from one of their own.')
    if config.variant not in sizes.VARIANTS:
      raise ValueError(f'task.teacher.variant is {config.variant!r}; accepted: '
                       f'{", ".join(sizes.VARIANTS)}.')
    self.sizes = sizes.grid(ours, config.widths, config.depths, config.rule)
    self._teacher = elastic.ElasticModel(teacher)
    self._student = elastic.ElasticModel(model)
    return model

  def initialize(self, model: tf_keras.Model) -> None:
    """Restores all of the model from `init_checkpoint`."""
    if self.task_config.init_checkpoint:
      checkpoints.restore(model, self.task_config.init_checkpoint)

  def compute(self, part: gradient_step.Slice,
              model: tf_keras.Model) -> gradient_step.Computed:
    """Runs all sub-networks, and the teacher at each of its widths once."""
    features, labels = gradient_step.split_inputs(part.inputs)
    config, losses_of, outputs = self.task_config.teacher, [], None
    whole = sizes.size(model.encoder.architecture)
    taught: dict[int, elastic.Computed] = {}
    for size in self.sizes:
      at = dataclasses.replace(size, blocks=whole.blocks) if (
          config.by_width) else whole
      if at.num_heads not in taught:
        taught[at.num_heads] = self._teacher(features, at)
      student = self._student(features, size)
      losses_of.append(self._loss(
          part, features, labels, taught[at.num_heads], student, size.blocks))
      if outputs is None:  # Metrics are those of the whole.
        outputs = student.outputs
    return tf.add_n(losses_of), {}, outputs

  def _loss(self, part: gradient_step.Slice, features: Any, labels: Any,
            teacher: elastic.Computed, student: elastic.Computed,
            blocks: Sequence[int]) -> tf.Tensor:
    """Returns the loss of one sub-network."""
    config, found = self.task_config.teacher, []
    if config.ground_truth_ratio:
      found.append(config.ground_truth_ratio * part.share(
          self.build_losses(labels, student.outputs),
          self.label_weight or self.loss_weight))
    if config.ground_truth_ratio < 1:
      found.append((1 - config.ground_truth_ratio) * part.share(
          self.build_soft_loss(teacher.outputs, student.outputs, labels),
          self.loss_weight))
    if config.hidden_weight:
      def compare(theirs: tf.Tensor, ours: tf.Tensor) -> tf.Tensor:
        return losses.feature_map_transfer(
            theirs, ours, features['input_mask'])

      found.append(config.hidden_weight * part.share(
          elastic.losses(teacher, student, blocks, compare, config.variant),
          fine_tuning.TOKENS))
    return tf.add_n(found)
