# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What of a schedule may change when a run resumes: what lies ahead of it."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mobilebert_tf.distillation import schedules

# What makes a stage the same one.
_IDENTITY = ('name', 'student_blocks', 'teacher_blocks', 'distill')
_Begun = tuple[int, dict[str, Any]]


def read_schedule(params: Mapping[str, Any]) -> schedules.ScheduleConfig:
  """Returns the schedule among the params of a run, by their dotted names.

  Fields that the run was begun without have their defaults.
  """
  names = {field.name: f'task.schedule.{field.name}'
           for field in dataclasses.fields(schedules.ScheduleConfig)}
  return schedules.ScheduleConfig(**{
      field: params[name] for field, name in names.items() if name in params})


def check(then: Sequence[schedules.Stage], now: Sequence[schedules.Stage],
          step: int) -> None:
  """Checks that the stages begun at a step are those of the run so far.

  Later stages may be others. Of the begun ones, rates, warm-ups and multipliers
  may change, and the end of the current one.

  Args:
    then: Stages with which the run was begun.
    now: Stages with which it is to resume.
    step: Number of steps done.

  Raises:
    ValueError: If a begun stage differs in its beginning or its blocks.

  Example:

  >>> stages = [schedules.Stage('block 0', 5), schedules.Stage('block 1', 5)]
  >>> check(stages, [*stages[:1], schedules.Stage('block 1', 9)], step=8)
  """
  before, after = (list(_begun(stages, step)) for stages in (then, now))
  for index, (was, would_be) in enumerate(
      itertools.zip_longest(before, after)):
    if was != would_be:
      raise ValueError(
          f'task.schedule cannot change behind step {step}, where this run is: '
          f'its stage {index} was {_describe(was)} and would be '
          f'{_describe(would_be)}. Rates, warm-ups and multipliers may change, '
          'and all of later stages.')


def _begun(stages: Sequence[schedules.Stage], step: int) -> Iterator[_Begun]:
  """Yields the first step and the identity of each stage that has begun."""
  start = 0
  for stage in stages:
    if start < step:
      yield start, {name: getattr(stage, name) for name in _IDENTITY}
    start += stage.num_steps


def _describe(begun: _Begun | None) -> str:
  if begun is None:
    return 'none'
  start, stage = begun
  blocks = stage['teacher_blocks']
  taught_by = f' (blocks {blocks} of the teacher)' if blocks else ''
  return f'{stage["name"]!r} from step {start} on{taught_by}'
