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

"""The arms are what the paper compares, and all cost the same steps."""

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.distillation import schedules
from mobilebert_tf.pipelines.ablation import variants
from mobilebert_tf.pipelines import settings as settings_lib

_SETTINGS = settings_lib.Settings(steps_per_block=30, distillation_steps=100)
_TAUGHT = [arm for arm in variants.ARMS if arm.strategy]


def _stages(arm: variants.Arm) -> list[schedules.Stage]:
  schedule = schedules.ScheduleConfig(
      steps_per_block=30, distillation_steps=100)
  schedule.override(arm.task_changes(_SETTINGS)['schedule'])
  return schedules.build_stages(schedule, 4, 4)


class ArmsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(*_TAUGHT)
  def test_every_arm_takes_the_same_steps(self, arm):
    self.assertEqual(
        sum(stage.num_steps for stage in _stages(arm)), 4 * 30 + 100)

  @parameterized.parameters(
      (variants.PD, ['distillation']),
      (variants.FMT, ['transfer'] * 4 + ['distillation']),
      (variants.PKT, ['transfer'] * 4 + ['distillation']),
      (variants.JKT, ['transfer', 'distillation']),
      (variants.AKT, ['transfer and distillation']))
  def test_the_stages_are_the_papers(self, arm, kinds):
    self.assertEqual([stage.kind for stage in _stages(arm)], kinds)

  def test_only_attention_tells_two_arms_apart(self):
    self.assertEqual(variants.FMT.task_changes(_SETTINGS)['loss_weights'],
                     {'attention': 0.0})
    self.assertEmpty(variants.PKT.task_changes(_SETTINGS)['loss_weights'])
    self.assertEqual(*(arm.task_changes(_SETTINGS)['schedule']
                       for arm in (variants.FMT, variants.PKT)))

  @parameterized.parameters((variants.PD, 220), (variants.AKT, 220), (variants.JKT, 120))
  def test_one_long_stage_warms_up_for_a_tenth_of_it(self, arm, steps):
    stage = _stages(arm)[0]
    self.assertEqual(stage.num_steps, steps)
    self.assertEqual(stage.warmup_steps, steps // 10)

  def test_the_tables_name_every_arm(self):
    named = {arm.key for table in variants.TABLES.values()
             for arm in table.values()}
    self.assertEqual(named, {arm.key for arm in variants.ARMS})


if __name__ == '__main__':
  tf.test.main()
