# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Transfer schedules as data, and their learning rate.

A schedule is a list of stages, and that is all that the trainer knows. The
three of the paper (section 3.5) are functions that make such a list.
"""

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from official.modeling.hyperparams import base_config


@dataclasses.dataclass
class Stage(base_config.Config):
  """A part of training with fixed losses and fixed trained weights.

  Attributes:
    name: Name in logs and reports.
    num_steps: Number of steps.
    teacher_blocks: Blocks of the teacher whose output and attention are
      transferred.
    student_blocks: Blocks of the student that learn from them, pair by pair.
    distill: Whether the heads learn as well: masked-LM distillation and next
      sentence.
    train_all: Whether all weights are trained or only those of blocks.
    lower_blocks: Blocks of earlier stages; not trained if the
      `lower_multiplier` is 0.
    active_multiplier: Multiplier of the learning rate of all trained weights
      outside of the `lower_blocks`.
    lower_multiplier: Multiplier of the learning rate of the `lower_blocks`.
    learning_rate: Peak learning rate.
    end_learning_rate: Learning rate at the end of the decay.
    warmup_steps: Steps of the linear warm-up.
    decay_power: Exponent of the decay, see `StagedLearningRate`; 1 is linear.
  """
  name: str = ''
  num_steps: int = 0
  teacher_blocks: list[int] = dataclasses.field(default_factory=list)
  student_blocks: list[int] = dataclasses.field(default_factory=list)
  distill: bool = False
  train_all: bool = True
  lower_blocks: list[int] = dataclasses.field(default_factory=list)
  active_multiplier: float = 1.0
  lower_multiplier: float = 0.0
  learning_rate: float = 1.5e-3
  end_learning_rate: float = 1.5e-3
  warmup_steps: int = 0
  decay_power: float = 1.0

  @property
  def kind(self) -> str:
    """Kind of the stage: `transfer`, `distillation`, or both."""
    kinds = {'transfer': self.student_blocks, 'distillation': self.distill}
    return ' and '.join(kind for kind, is_so in kinds.items() if is_so)


@dataclasses.dataclass
class ScheduleConfig(base_config.Config):
  """A schedule by name, with the lengths and learning rates of the paper.

  While a block learns, those below go on learning at a tenth of its rate, which
  the paper found to help; with a `lower_multiplier` of 0 they are frozen, and a
  step takes less time. `tf1_reference_schedule` is that of the released code.

  Attributes:
    strategy: `progressive` (PKT), `joint` (JKT) or `auxiliary` (AKT) knowledge
      transfer, or `none`: distillation alone.
    steps_per_block: Transfer steps for each block of the student.
    distillation_steps: Steps of the distillation that follows.
    teacher_blocks: Block of the teacher, counted from 0, for each block of the
      student, bottom-up. If empty, they are spread evenly (`match_blocks`).
    active_multiplier: Multiplier of the learning rate of the block that learns.
    lower_multiplier: Multiplier of the learning rate of the blocks below it.
    transfer_learning_rate: Peak learning rate of the transfer stages.
    transfer_end_learning_rate: Learning rate at the end of each.
    transfer_warmup_steps: Warm-up of each transfer stage.
    transfer_decay_power: Exponent of their decay, 1 for linear.
    distillation_learning_rate: Peak learning rate of the distillation.
    distillation_end_learning_rate: Learning rate at its end.
    distillation_warmup_steps: Steps of its warm-up.
  """
  strategy: str = 'progressive'
  steps_per_block: int = 10_000
  distillation_steps: int = 500_000
  teacher_blocks: list[int] = dataclasses.field(default_factory=list)
  active_multiplier: float = 1.0
  lower_multiplier: float = 0.1
  transfer_learning_rate: float = 1.5e-3
  transfer_end_learning_rate: float = 1.5e-3
  transfer_warmup_steps: int = 1_000
  transfer_decay_power: float = 1.0
  distillation_learning_rate: float = 1.5e-3
  distillation_end_learning_rate: float = 1.5e-7
  distillation_warmup_steps: int = 10_000


def tf1_reference_schedule(steps_per_block: int = 10_000,
                           learning_rate: float = 1.5e-3) -> ScheduleConfig:
  """Returns the schedule of the released TF1 code.

  The block that learns takes three times the learning rate, those below three
  tenths of it; each stage warms up for a tenth of its length and decays with a
  square root to nine tenths (`layer_wise_learning_rate` and its background
  rate, google-research `mobilebert/optimization.py`).

  Args:
    steps_per_block: Number of steps of a stage.
    learning_rate: Base learning rate.

  Returns:
    A config of the progressive strategy.

  Example:

  >>> tf1_reference_schedule().active_multiplier
  3.0
  """
  return ScheduleConfig(
      steps_per_block=steps_per_block,
      active_multiplier=3.0,
      lower_multiplier=0.3,
      transfer_learning_rate=learning_rate,
      transfer_end_learning_rate=0.9 * learning_rate,
      transfer_warmup_steps=steps_per_block // 10,
      transfer_decay_power=0.5)


def match_blocks(teacher_depth: int, student_depth: int) -> list[int]:
  """Returns the teacher's block for each block of the student, spread evenly.

  Students of another depth learn from every n-th block, the last from the last.

  Args:
    teacher_depth: Blocks of the teacher.
    student_depth: Blocks of the student.

  Returns:
    One index of a teacher's block for each student's block.

  Raises:
    ValueError: If the teacher's depth is not a multiple of the student's.

  Example:

  >>> match_blocks(6, 3)
  [1, 3, 5]
  """
  if teacher_depth % student_depth:
    raise ValueError(
        f'A student of {student_depth} blocks cannot be matched evenly with a '
        f'teacher of {teacher_depth}: name the block of the teacher for each '
        'of the student in schedule.teacher_blocks.')
  stride = teacher_depth // student_depth
  return [(block + 1) * stride - 1 for block in range(student_depth)]


def pair_blocks(config: ScheduleConfig, teacher_depth: int,
              student_depth: int) -> list[int]:
  """Returns the teacher's block for each block of the student.

  Args:
    config: Schedule, which may name them; if not, they are spread evenly.
    teacher_depth: Blocks of the teacher.
    student_depth: Blocks of the student.

  Returns:
    One index of a teacher's block for each student's block.

  Raises:
    ValueError: If their number is wrong, or the teacher has no such block.

  Example:

  >>> pair_blocks(ScheduleConfig(teacher_blocks=[0, 5]), 6, 2)
  [0, 5]
  """
  blocks = list(config.teacher_blocks)
  if not blocks:
    return match_blocks(teacher_depth, student_depth)
  if len(blocks) != student_depth:
    raise ValueError(
        f'schedule.teacher_blocks names {len(blocks)} blocks, {blocks}; '
        f'the student has {student_depth}.')
  for block in blocks:
    if not 0 <= block < teacher_depth:
      raise ValueError(
          f'schedule.teacher_blocks names block {block}; the teacher\'s are 0 '
          f'to {teacher_depth - 1}.')
  return blocks


def build_stages(config: ScheduleConfig, teacher_depth: int,
                 student_depth: int) -> list[Stage]:
  """Makes the stages of a schedule.

  Args:
    config: The schedule.
    teacher_depth: Blocks of the teacher.
    student_depth: Blocks of the student.

  Returns:
    The stages in order, without empty ones.

  Raises:
    ValueError: For an unknown strategy, depths that do not match, or a schedule
      without a step.

  Example:

  >>> stages = build_stages(ScheduleConfig(), 24, 24)
  >>> len(stages), sum(stage.num_steps for stage in stages)
  (25, 740000)
  """
  strategies = {
      'progressive': progressive_knowledge_transfer,
      'joint': joint_knowledge_transfer,
      'auxiliary': auxiliary_knowledge_transfer,
      'none': lambda config, pairs: [_distillation(config)],
  }
  if config.strategy not in strategies:
    raise ValueError(
        f'Unknown transfer strategy {config.strategy!r}; accepted: '
        f'{", ".join(strategies)}.')
  _check_numbers(config)
  pairs = list(enumerate(pair_blocks(config, teacher_depth, student_depth)))
  stages = [stage for stage in strategies[config.strategy](config, pairs)
            if stage.num_steps > 0]
  if not stages:
    raise ValueError(
        'The schedule has no step: steps_per_block and distillation_steps are '
        f'{config.steps_per_block} and {config.distillation_steps}.')
  return stages


def progressive_knowledge_transfer(
    config: ScheduleConfig, pairs: list[tuple[int, int]]) -> list[Stage]:
  """PKT: block after block, bottom-up, then distillation.

  Args:
    config: Lengths and learning rates.
    pairs: (student's block, teacher's block), bottom-up.

  Returns:
    A stage for each pair, and distillation.
  """
  stages = []
  for student, teacher in pairs:
    stage = _transfer(config, f'block {student}', [(student, teacher)],
                      config.steps_per_block)
    if config.lower_multiplier:
      stage.override({'lower_blocks': list(range(student)),
                      'lower_multiplier': config.lower_multiplier})
    stages.append(stage)
  return [*stages, _distillation(config)]


def joint_knowledge_transfer(
    config: ScheduleConfig, pairs: list[tuple[int, int]]) -> list[Stage]:
  """JKT: all blocks together for the steps of PKT, then distillation.

  Args:
    config: Lengths and learning rates.
    pairs: (student's block, teacher's block), bottom-up.

  Returns:
    Two stages.
  """
  steps = config.steps_per_block * len(pairs)
  return [_transfer(config, 'all blocks', pairs, steps), _distillation(config)]


def auxiliary_knowledge_transfer(
    config: ScheduleConfig, pairs: list[tuple[int, int]]) -> list[Stage]:
  """AKT: one stage, in which transfer is an additional loss of distillation.

  Args:
    config: Lengths and learning rates.
    pairs: (student's block, teacher's block), bottom-up.

  Returns:
    One stage, as long as all of PKT.
  """
  stage = _distillation(config)
  stage.override({
      'name': 'transfer and distillation',
      'num_steps':
          stage.num_steps + config.steps_per_block * len(pairs),
      'student_blocks': [student for student, _ in pairs],
      'teacher_blocks': [teacher for _, teacher in pairs],
  })
  return [stage]


def _transfer(config: ScheduleConfig, name: str, pairs: list[tuple[int, int]],
              num_steps: int) -> Stage:
  return Stage(
      name=name,
      num_steps=num_steps,
      student_blocks=[student for student, _ in pairs],
      teacher_blocks=[teacher for _, teacher in pairs],
      train_all=False,
      active_multiplier=config.active_multiplier,
      learning_rate=config.transfer_learning_rate,
      end_learning_rate=config.transfer_end_learning_rate,
      warmup_steps=config.transfer_warmup_steps,
      decay_power=config.transfer_decay_power)


def _distillation(config: ScheduleConfig) -> Stage:
  return Stage(
      name='distillation',
      num_steps=config.distillation_steps,
      distill=True,
      learning_rate=config.distillation_learning_rate,
      end_learning_rate=config.distillation_end_learning_rate,
      warmup_steps=config.distillation_warmup_steps)


def _check_numbers(config: ScheduleConfig) -> None:
  for name, value in config.as_dict().items():
    if isinstance(value, (int, float)) and not 0 <= value < float('inf'):
      raise ValueError(f'schedule.{name} is {value}; it cannot be negative, '
                       'and has to be finite.')


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class StagedLearningRate(tf_keras.optimizers.schedules.LearningRateSchedule):
  """Learning rate with a linear warm-up and a decay in each stage.

  At step `t` of a stage of `n` steps it is the lower of `peak * t / warmup` and
  `end + (peak - end) * (1 - t / n) ** decay_power`, so the decay counts from
  the beginning of the stage, as it does in BERT and in the released TF1 code.

  Args:
    stages: The stages in order, or their dicts.

  Attributes:
    first_step: First step of the current stage, added to the optimizer's step,
      which counts within the stage.

  Example:

  >>> schedule = StagedLearningRate([schedules.Stage(
  ...     num_steps=10, warmup_steps=2, learning_rate=1.0,
  ...     end_learning_rate=1.0)])
  >>> [float(schedule(step)) for step in (0, 1, 2)]
  [0.0, 0.5, 1.0]
  """

  def __init__(self, stages: Sequence[Stage | dict[str, Any]]):
    super().__init__()
    self._stages = [
        stage if isinstance(stage, Stage) else Stage(
            **stage) for stage in stages
    ]
    ends = np.cumsum([stage.num_steps for stage in self._stages])
    self._ends = ends.astype(np.int64)
    self._starts = self._ends - [stage.num_steps for stage in self._stages]
    self.first_step = tf.Variable(0, trainable=False, dtype=tf.int64)

  def __call__(self, step: tf.Tensor) -> tf.Tensor:
    step = tf.cast(step, tf.int64) + self.first_step
    last = len(self._stages) - 1
    index = tf.minimum(
        tf.searchsorted(self._ends, [step], side='right')[0], last)

    def at_stage(values):
      return tf.gather(tf.constant(values, tf.float32), index)

    peak = at_stage([stage.learning_rate for stage in self._stages])
    end = at_stage([stage.end_learning_rate for stage in self._stages])
    warmup = at_stage([stage.warmup_steps for stage in self._stages])
    length = at_stage([stage.num_steps for stage in self._stages])
    power = at_stage([stage.decay_power for stage in self._stages])
    done = tf.cast(step, tf.float32) - at_stage(self._starts)
    left = tf.clip_by_value(1.0 - done / length, 0.0, 1.0)
    decayed = end + (peak - end) * left**power
    rising = peak * done / tf.maximum(warmup, 1.0)
    return tf.where(done < warmup, tf.minimum(rising, decayed), decayed)

  def get_config(self) -> dict[str, Any]:
    return {'stages': [stage.as_dict() for stage in self._stages]}
