# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests that variants are those of the paper, with the same steps each."""

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.distillation import schedules
from mobilebert_tf.pipelines import ablation
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib

_SETTINGS = settings_lib.Settings(steps_per_block=30, distillation_steps=100)
_DISTILLED = [variant for variant in ablation.VARIANTS if variant.strategy]


def _stages(variant: pretraining.Variant) -> list[schedules.Stage]:
  schedule = schedules.ScheduleConfig(
      steps_per_block=30, distillation_steps=100)
  schedule.override(variant.schedule(_SETTINGS))
  return schedules.build_stages(schedule, 4, 4)


class VariantsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(*_DISTILLED)
  def test_every_variant_takes_the_same_steps(self, variant):
    self.assertEqual(
        sum(stage.num_steps for stage in _stages(variant)), 4 * 30 + 100)

  @parameterized.parameters(
      (ablation.PD, ['distillation']),
      (ablation.FMT, ['transfer'] * 4 + ['distillation']),
      (ablation.PKT, ['transfer'] * 4 + ['distillation']),
      (ablation.JKT, ['transfer', 'distillation']),
      (ablation.AKT, ['transfer and distillation']))
  def test_the_stages_are_the_papers(self, variant, kinds):
    self.assertEqual([stage.kind for stage in _stages(variant)], kinds)

  def test_only_attention_tells_two_variants_apart(self):
    self.assertEqual(ablation.FMT.loss_weights, {'attention': 0.0})
    self.assertEmpty(ablation.PKT.loss_weights)
    self.assertEqual(*(variant.schedule(_SETTINGS)
                       for variant in (ablation.FMT, ablation.PKT)))

  @parameterized.parameters(
      (ablation.PD, 220), (ablation.AKT, 220), (ablation.JKT, 120))
  def test_one_long_stage_warms_up_for_a_tenth_of_it(self, variant, steps):
    stage = _stages(variant)[0]
    self.assertEqual(stage.num_steps, steps)
    self.assertEqual(stage.warmup_steps, steps // 10)

  def test_the_tables_name_every_variant(self):
    named = {variant.key for table in ablation.TABLES.values()
             for variant in table.values()}
    self.assertEqual(named, {variant.key for variant in ablation.VARIANTS})


if __name__ == '__main__':
  tf.test.main()
