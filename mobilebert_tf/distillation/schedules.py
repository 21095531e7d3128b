# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Transfer schedules as data: stages, their learning rates and their models.

A schedule is a list of stages, and that is all that the trainer knows. The
three of the paper (section 3.5) are functions that make such a list.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
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
      student, bottom-up. If empty, they are spread evenly (`pair_blocks`).
    active_multiplier: Multiplier of the learning rate of the block that learns.
    lower_multiplier: Multiplier of the learning rate of the blocks below it.
    first_block: Block of the student that the first stage teaches, only for
      `progressive`; the blocks below come from `task.init_checkpoint`, such as
      a stage's end that another run kept.
    transfer_learning_rate: Peak learning rate of the transfer stages.
    transfer_end_learning_rate: Learning rate at the end of each; None for
      `transfer_end_share` of the peak.
    transfer_end_share: Share of the peak that is left at the end of each.
    transfer_warmup_steps: Warm-up of each transfer stage; None for a tenth of
      it, at most 10,000 steps.
    transfer_decay_power: Exponent of their decay, 1 for linear.
    distillation_learning_rate: Peak learning rate of the distillation.
    distillation_end_learning_rate: Learning rate at its end; None for a
      ten-thousandth of the peak.
    distillation_warmup_steps: Steps of its warm-up; None as for transfer.
  """
  strategy: str = 'progressive'
  steps_per_block: int = 10_000
  distillation_steps: int = 500_000
  teacher_blocks: list[int] = dataclasses.field(default_factory=list)
  first_block: int = 0
  active_multiplier: float = 1.0
  lower_multiplier: float = 0.1
  transfer_learning_rate: float = 1.5e-3
  transfer_end_learning_rate: float | None = None
  transfer_end_share: float = 1.0
  transfer_warmup_steps: int | None = None
  transfer_decay_power: float = 1.0
  distillation_learning_rate: float = 1.5e-3
  distillation_end_learning_rate: float | None = None
  distillation_warmup_steps: int | None = None


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
      transfer_end_share=0.9,
      transfer_decay_power=0.5)


def complete(config: ScheduleConfig, student_depth: int) -> ScheduleConfig:
  """Returns the schedule with the rates and warm-ups that it leaves open.

  Args:
    config: Schedule.
    student_depth: Blocks of the student.

  Example:

  >>> complete(ScheduleConfig(steps_per_block=50), 24).transfer_warmup_steps
  5
  """
  blocks = student_depth * config.steps_per_block
  lengths = {
      'transfer': blocks if config.strategy == 'joint'
                  else config.steps_per_block,
      'distillation': config.distillation_steps
                      + (blocks if config.strategy == 'auxiliary' else 0),
  }
  derived = {
      'transfer_end_learning_rate':
          config.transfer_end_share * config.transfer_learning_rate,
      'distillation_end_learning_rate':
          derive_end(config.distillation_learning_rate),
      **{f'{kind}_warmup_steps': derive_warmup(length)
         for kind, length in lengths.items()},
  }
  return config.replace(**{name: value for name, value in derived.items()
                           if getattr(config, name) is None})


def derive_end(learning_rate: float) -> float:
  """Returns the rate at the end of a training that names none."""
  return learning_rate / 10_000


def derive_warmup(num_steps: int) -> int:
  """Returns the warm-up of a training that names none."""
  return min(num_steps // 10, 10_000)


def check_rates(name: str, learning_rate: float, end_learning_rate: float,
                warmup_steps: int, num_steps: int) -> None:
  """Raises ValueError if a rate rises over a training, or is never reached.

  Args:
    name: Name of what is trained, for the message.
    learning_rate: Peak learning rate.
    end_learning_rate: Learning rate at the end.
    warmup_steps: Steps of the warm-up.
    num_steps: Number of steps.
  """
  if end_learning_rate > learning_rate:
    raise ValueError(
        f'The learning rate of {name} would rise: it is {learning_rate:g} and '
        f'its end {end_learning_rate:g}. Lower the end as well, or leave it '
        'out: it then follows from the rate.')
  if warmup_steps > num_steps:
    raise ValueError(
        f'The warm-up of {name} takes {warmup_steps} steps, and {name} has '
        f'{num_steps}. Shorten it, or leave it out: it is then a tenth.')


def pair_blocks(config: ScheduleConfig, teacher_depth: int,
                student_depth: int) -> list[int]:
  """Returns the teacher's block for each block of the student.

  Args:
    config: Schedule, which may name them; if not, students of another depth
      learn from every n-th block, the last from the last.
    teacher_depth: Blocks of the teacher.
    student_depth: Blocks of the student.

  Raises:
    ValueError: If their number is wrong, the teacher has no such block, or they
      cannot be spread evenly.

  Example:

  >>> pair_blocks(ScheduleConfig(), 6, 3)
  [1, 3, 5]
  """
  blocks = list(config.teacher_blocks)
  if not blocks:
    if teacher_depth % student_depth:
      raise ValueError(
          f'A student of {student_depth} blocks cannot be matched evenly with '
          f'a teacher of {teacher_depth}: name the block of the teacher for '
          'each of the student in schedule.teacher_blocks.')
    stride = teacher_depth // student_depth
    return list(range(stride - 1, teacher_depth, stride))
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
  """Returns the stages of a schedule in order, without empty ones.

  Args:
    config: Schedule by name.
    teacher_depth: Blocks of the teacher.
    student_depth: Blocks of the student.

  Raises:
    ValueError: For an unknown strategy, depths that do not match, or a schedule
      without a step.

  Example:

  >>> stages = build_stages(ScheduleConfig(), 24, 24)
  >>> len(stages), sum(stage.num_steps for stage in stages)
  (25, 740000)
  """
  strategies = {
      'progressive': _progressive,
      'joint': _joint,
      'auxiliary': _auxiliary,
      'none': lambda config, pairs: [_distillation(config)],
  }
  if config.strategy not in strategies:
    raise ValueError(
        f'Unknown transfer strategy {config.strategy!r}; accepted: '
        f'{", ".join(strategies)}.')
  _check_numbers(config)
  _check_first_block(config, student_depth)
  config = complete(config, student_depth)
  pairs = list(enumerate(pair_blocks(config, teacher_depth, student_depth)))
  stages = [stage for stage in strategies[config.strategy](config, pairs)
            if stage.num_steps > 0]
  if not stages:
    raise ValueError(
        'The schedule has no step: steps_per_block and distillation_steps are '
        f'{config.steps_per_block} and {config.distillation_steps}.')
  return stages


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class StagedLearningRate(tf_keras.optimizers.schedules.LearningRateSchedule):
  """Learning rate with a linear warm-up and a decay in each stage.

  At step `t` of a stage of `n` steps it is `peak * t / warmup` up to the last
  step of the warm-up, then `end + (peak - end) * (1 - t / n) ** decay_power`:
  the decay counts from the beginning of the stage, as in BERT. Unless the decay
  is linear, the warm-up ends where it meets the decay, as in the transfer of
  the released TF1 code.

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
    self._stages = [stage if isinstance(stage, Stage) else Stage(**stage)
                    for stage in stages]
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
    is_rising = (done < warmup) & ((power == 1.0) | (rising < decayed))
    return tf.where(is_rising, rising, decayed)

  def get_config(self) -> dict[str, Any]:
    return {'stages': [stage.as_dict() for stage in self._stages]}


def stage_view(model: modeling.MobileBertPretrainer, blocks: Sequence[int],
               heads: bool, all_outputs: bool = False) -> tf_keras.Model:
  """Returns the part of a model that a stage runs, sharing its weights.

  Nothing above the highest requested block is computed.

  Args:
    model: Teacher or student.
    blocks: Blocks whose output and attention scores are compared.
    heads: Whether the masked-LM and next-sentence logits are needed.
    all_outputs: Whether the embedding's and every block's outputs are needed.

  Returns:
    A model of the same inputs with `encoder_outputs` and `attention_scores` of
    the blocks, and what else is needed: `mlm_logits`, `next_sentence`,
    `all_outputs`.
  """
  outputs: dict[str, Any] = {
      name: [model.output[name][block] for block in blocks]
      for name in ('encoder_outputs', 'attention_scores')
  }
  if all_outputs:
    outputs['all_outputs'] = [
        model.output['embedding_output'], *model.output['encoder_outputs']]
  if heads:
    outputs.update({name: model.output[name]
                    for name in ('mlm_logits', 'next_sentence')})
  inputs = model.inputs if heads else model.encoder.inputs
  return tf_keras.Model(inputs, outputs)


def stage_multipliers(model: modeling.MobileBertPretrainer,
                      stage: Stage) -> list[tuple[tf.Variable, float]]:
  """Returns what a stage trains of the student, in the order of the model.

  Each variable comes with its multiplier of the stage's learning rate.
  """
  if stage.train_all:
    return [(variable, 1.0) for variable in model.trainable_variables]
  multipliers = {
      **dict.fromkeys(stage.lower_blocks, stage.lower_multiplier),
      **dict.fromkeys(stage.student_blocks, stage.active_multiplier),
  }
  return [(variable, multiplier)
          for block, multiplier in sorted(multipliers.items())
          for variable in model.encoder.blocks[block].trainable_variables]


def _progressive(config: ScheduleConfig,
                 pairs: list[tuple[int, int]]) -> list[Stage]:
  """PKT: block after block, bottom-up, then distillation."""
  stages = []
  for student, teacher in pairs[config.first_block:]:
    stage = _transfer(config, f'block {student}', [(student, teacher)],
                      config.steps_per_block)
    if config.lower_multiplier:
      stage.override({'lower_blocks': list(range(student)),
                      'lower_multiplier': config.lower_multiplier})
    stages.append(stage)
  return [*stages, _distillation(config)]


def _joint(config: ScheduleConfig,
           pairs: list[tuple[int, int]]) -> list[Stage]:
  """JKT: all blocks together for the steps of PKT, then distillation."""
  steps = config.steps_per_block * len(pairs)
  return [_transfer(config, 'all blocks', pairs, steps), _distillation(config)]


def _auxiliary(config: ScheduleConfig,
               pairs: list[tuple[int, int]]) -> list[Stage]:
  """AKT: one stage as long as PKT, with transfer as an additional loss."""
  stage = _distillation(config)
  stage.override({
      'name': 'transfer and distillation',
      'num_steps': stage.num_steps + config.steps_per_block * len(pairs),
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


def _check_first_block(config: ScheduleConfig, student_depth: int) -> None:
  if not config.first_block:
    return
  if config.strategy != 'progressive':
    raise ValueError(
        f'schedule.first_block is {config.first_block}, but only the strategy '
        f'progressive goes block by block, and schedule.strategy is '
        f'{config.strategy}.')
  if config.first_block >= student_depth:
    raise ValueError(
        f'schedule.first_block is {config.first_block}; the blocks of the '
        f'student are 0 to {student_depth - 1}.')


def _check_numbers(config: ScheduleConfig) -> None:
  for name, value in config.as_dict().items():
    if isinstance(value, (int, float)) and not 0 <= value < float('inf'):
      raise ValueError(f'schedule.{name} is {value}; it cannot be negative, '
                       'and has to be finite.')
