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

"""Transfer schedules as data: which block learns from which, when, how long.

A schedule is a list of stages and the trainer knows nothing else. The paper's
three (section 3.5) are three ways of making such a list.
"""

import dataclasses

from official.modeling.hyperparams import base_config


@dataclasses.dataclass
class Stage(base_config.Config):
  """A stretch of training in which the losses and the trained part are fixed.

  Attributes:
    name: What the stage is called in logs and reports.
    num_steps: Its length.
    teacher_blocks: Blocks of the teacher whose output and attention are taught.
    student_blocks: The student's blocks that learn from them, pair by pair.
    distill: Whether the heads learn as well: masked-LM distillation and next
      sentence.
    train_all: Whether all weights are trained or the `student_blocks` alone.
    learning_rate: Its peak.
    end_learning_rate: Where it ends, after a linear decay.
    warmup_steps: Steps of its linear warm-up.
  """
  name: str = ''
  num_steps: int = 0
  teacher_blocks: list[int] = dataclasses.field(default_factory=list)
  student_blocks: list[int] = dataclasses.field(default_factory=list)
  distill: bool = False
  train_all: bool = True
  learning_rate: float = 1.5e-3
  end_learning_rate: float = 1.5e-3
  warmup_steps: int = 0


@dataclasses.dataclass
class ScheduleConfig(base_config.Config):
  """A schedule by name; lengths and learning rates are the paper's.

  The released TF1 code differs: it teaches a block at three times the learning
  rate and goes on teaching the blocks below at a tenth of that, where here they
  are frozen.

  Attributes:
    strategy: `progressive` (PKT), `joint` (JKT) or `auxiliary` (AKT) knowledge
      transfer, or `none`: distillation alone.
    steps_per_block: Transfer steps for each block of the student.
    distillation_steps: Steps of the distillation that follows.
    transfer_learning_rate: Learning rate of the transfer stages.
    transfer_warmup_steps: Warm-up of each transfer stage.
    distillation_learning_rate: Peak of the distillation.
    distillation_end_learning_rate: Its end.
    distillation_warmup_steps: Its warm-up.
  """
  strategy: str = 'progressive'
  steps_per_block: int = 10_000
  distillation_steps: int = 500_000
  transfer_learning_rate: float = 1.5e-3
  transfer_warmup_steps: int = 1_000
  distillation_learning_rate: float = 1.5e-3
  distillation_end_learning_rate: float = 1.5e-7
  distillation_warmup_steps: int = 10_000


def match_blocks(teacher_depth: int, student_depth: int) -> list[int]:
  """Returns for each block of the student the teacher's block it learns from.

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
        f'teacher of {teacher_depth}; the teacher\'s depth has to be a '
        'multiple of the student\'s.')
  stride = teacher_depth // student_depth
  return [(block + 1) * stride - 1 for block in range(student_depth)]


def build_stages(config: ScheduleConfig, teacher_depth: int,
                 student_depth: int) -> list[Stage]:
  """Makes the stages of a schedule.

  Args:
    config: The schedule.
    teacher_depth: Blocks of the teacher.
    student_depth: Blocks of the student.

  Returns:
    The stages in order, those of no length left out.

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
  pairs = list(enumerate(match_blocks(teacher_depth, student_depth)))
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

  The blocks below the one that learns are frozen.

  Args:
    config: Lengths and learning rates.
    pairs: (student's block, teacher's block), bottom-up.

  Returns:
    A stage for each pair, and distillation.
  """
  stages = [
      _transfer(config, f'block {student}', [(student, teacher)],
                config.steps_per_block) for student, teacher in pairs
  ]
  return [*stages, _distillation(config)]


def joint_knowledge_transfer(
    config: ScheduleConfig, pairs: list[tuple[int, int]]) -> list[Stage]:
  """JKT: all blocks at once for as many steps as PKT takes, then distillation.

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
      learning_rate=config.transfer_learning_rate,
      end_learning_rate=config.transfer_learning_rate,
      warmup_steps=config.transfer_warmup_steps)


def _distillation(config: ScheduleConfig) -> Stage:
  return Stage(
      name='distillation',
      num_steps=config.distillation_steps,
      distill=True,
      learning_rate=config.distillation_learning_rate,
      end_learning_rate=config.distillation_end_learning_rate,
      warmup_steps=config.distillation_warmup_steps)
