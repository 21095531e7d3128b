# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Counts the floating-point operations of a training stage."""

import dataclasses

from mobilebert_tf.distillation import schedules
from mobilebert_tf import modeling
from mobilebert_tf.modeling import layout


@dataclasses.dataclass(frozen=True)
class StageCost:
  """Operations of one text in one step of a stage.

  Attributes:
    teacher: Operations of the teacher's forward pass.
    student: Operations of the student's forward and backward pass.
  """
  teacher: int
  student: int

  @property
  def total(self) -> int:
    """Operations of both."""
    return self.teacher + self.student


def count_stage(stage: schedules.Stage, teacher: modeling.MobileBertConfig,
                student: modeling.MobileBertConfig, length: int,
                predictions: int) -> StageCost:
  """Counts what the trainer computes in a stage.

  Both models run up to the highest block that is compared, in distillation to
  the end; the gradient goes down to the student's lowest trained block.

  Args:
    stage: The stage.
    teacher: Architecture of the teacher.
    student: Architecture of the student.
    length: Length of a text in tokens.
    predictions: Number of masked tokens of a text.

  Returns:
    The operations of one text.

  Example:

  >>> stages = schedules.build_stages(schedules.ScheduleConfig(), 24, 24)
  >>> cost = count_stage(stages[0], modeling.get_architecture('ib_bert_large'),
  ...                    modeling.get_architecture('mobilebert'), 512, 76)
  >>> cost.teacher > 10 * cost.student
  True
  """
  forward = [
      _count_forward(config, blocks, stage.distill, length, predictions)
      for config, blocks in ((teacher, stage.teacher_blocks),
                             (student, stage.student_blocks))
  ]
  block = layout.count_block_operations(student, length)
  backward = layout.BACKWARD * (
      forward[1] if stage.train_all else _trained_depth(stage) * block)
  return StageCost(forward[0], forward[1] + backward)


def count_pretraining(architecture: modeling.MobileBertConfig, length: int,
                      predictions: int) -> int:
  """Counts one text in one step of pre-training, forward and backward.

  Args:
    architecture: Architecture that is trained.
    length: Length of a text in tokens.
    predictions: Number of masked tokens of a text.

  Returns:
    Floating-point operations.
  """
  forward = _count_forward(architecture, [], True, length, predictions)
  return (1 + layout.BACKWARD) * forward


def _count_forward(config: modeling.MobileBertConfig, blocks: list[int],
                   to_the_end: bool, length: int, predictions: int) -> int:
  if to_the_end:
    return (layout.count_operations(config, length)
            + layout.count_head_operations(config, predictions))
  return layout.count_operations(config, length, max(blocks) + 1)


def _trained_depth(stage: schedules.Stage) -> int:
  """Returns the number of blocks that a gradient passes through."""
  trained = [*stage.lower_blocks, *stage.student_blocks]
  return max(trained) + 1 - min(trained)
