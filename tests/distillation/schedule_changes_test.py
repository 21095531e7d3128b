# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What of a schedule may change when a run resumes."""

import dataclasses

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.distillation import schedule_changes
from mobilebert_tf.distillation import schedules


def _stages(**fields) -> list[schedules.Stage]:
  """Returns blocks of 10 steps to 30, then 50 of distillation."""
  return schedules.build_stages(schedules.ScheduleConfig(
      **{'steps_per_block': 10, 'distillation_steps': 50, **fields}), 6, 3)


class ScheduleChangesTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      (25, {'transfer_learning_rate': 1e-4, 'transfer_warmup_steps': 3,
            'lower_multiplier': 0.0, 'active_multiplier': 3.0}),
      (35, {'distillation_steps': 70}),
      (30, {'strategy': 'progressive', 'distillation_steps': 0}),
      (80, {'distillation_steps': 90}),  # A finished run is extended.
      (9, {'steps_per_block': 12}),
      (10, {'steps_per_block': 12}),
      (0, {'strategy': 'joint'}),
  )
  def test_what_lies_ahead_may_change(self, step, fields):
    schedule_changes.check(_stages(), _stages(**fields), step)

  @parameterized.parameters(
      (25, {'steps_per_block': 12}, "stage 1 was 'block 1' from step 10 .*"
       "would be 'block 1' from step 12"),
      (5, {'strategy': 'joint'}, "'block 0'.*'all blocks'"),
      (5, {'teacher_blocks': [0, 3, 5]}, r'blocks \[1\] .*blocks \[0\]'),
      (35, {'strategy': 'none'}, "'block 0' from .*'distillation' from step 0"),
      (25, {'first_block': 1}, "'block 0'.*'block 1' from step 0"),
      (35, {'distillation_steps': 0}, "'distillation' from .* would be none"),
      (11, {'steps_per_block': 11}, "stage 1 .* would be none"),
  )
  def test_what_lies_behind_may_not(self, step, fields, message):
    with self.assertRaisesRegex(
        ValueError, f'cannot change behind step {step}.*{message}'):
      schedule_changes.check(_stages(), _stages(**fields), step)

  def test_a_run_begun_without_some_fields_has_their_defaults(self):
    config = schedules.ScheduleConfig(steps_per_block=7)
    params = {f'task.schedule.{name}': value
              for name, value in dataclasses.asdict(config).items()
              if name not in ('first_block', 'transfer_end_share')}
    read = schedule_changes.read_schedule({**params, 'task.variant': 'paper'})
    self.assertEqual(read, config)


if __name__ == '__main__':
  tf.test.main()
