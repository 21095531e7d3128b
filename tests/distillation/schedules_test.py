# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Schedules and their learning rate."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.distillation import schedules
from tests import shared_data


def _config(**fields) -> schedules.ScheduleConfig:
  return schedules.ScheduleConfig(
      steps_per_block=10, distillation_steps=50, **fields)


class SchedulesTest(tf.test.TestCase, parameterized.TestCase):

  def test_progressive_teaches_block_after_block(self):
    stages = schedules.build_stages(_config(), 3, 3)
    self.assertEqual([stage.name for stage in stages],
                     ['block 0', 'block 1', 'block 2', 'distillation'])
    self.assertEqual([stage.student_blocks for stage in stages],
                     [[0], [1], [2], []])
    self.assertEqual([stage.train_all for stage in stages],
                     [False, False, False, True])
    self.assertEqual([stage.distill for stage in stages],
                     [False, False, False, True])

  def test_all_strategies_take_the_same_steps(self):
    totals = {
        strategy: sum(stage.num_steps for stage in schedules.build_stages(
            _config(strategy=strategy), 4, 4))
        for strategy in ('progressive', 'joint', 'auxiliary')
    }
    self.assertEqual(
        totals, {'progressive': 90, 'joint': 90, 'auxiliary': 90})

  def test_the_papers_run(self):
    stages = schedules.build_stages(schedules.ScheduleConfig(), 24, 24)
    self.assertLen(stages, 25)
    self.assertEqual(sum(stage.num_steps for stage in stages), 740_000)

  def test_rates_and_warm_ups_follow_from_what_is_named(self):
    paper, tf1 = (
        schedules.complete(config, 24) for config in
        (schedules.ScheduleConfig(), schedules.tf1_reference_schedule()))
    for config, end in ((paper, 1.5e-3), (tf1, 1.35e-3)):
      self.assertEqual(
          [config.transfer_end_learning_rate, config.transfer_warmup_steps,
           config.distillation_end_learning_rate,
           config.distillation_warmup_steps], [end, 1_000, 1.5e-7, 10_000])
    for strategy, warmups in (('joint', (4, 5)), ('auxiliary', (1, 9))):
      config = schedules.complete(_config(strategy=strategy), 4)
      self.assertEqual((config.transfer_warmup_steps,
                        config.distillation_warmup_steps), warmups)
    lower = schedules.complete(_config(transfer_learning_rate=1e-4), 4)
    self.assertEqual(lower.transfer_end_learning_rate, 1e-4)

  @parameterized.parameters(
      ((1e-4, 1.5e-3, 0, 10), 'would rise: it is 0.0001 and its end 0.0015'),
      ((1.0, 0.0, 11, 10), 'takes 11 steps, and stage 1 has 10'),
  )
  def test_rates_that_contradict_themselves(self, values, message):
    with self.assertRaisesRegex(ValueError, message):
      schedules.check_rates('stage 1', *values)

  def test_a_first_block_leaves_out_the_stages_before(self):
    stages = schedules.build_stages(_config(first_block=2), 3, 3)
    self.assertEqual([stage.name for stage in stages],
                     ['block 2', 'distillation'])
    self.assertEqual(stages[0].lower_blocks, [0, 1])

  def test_shallower_students_learn_from_every_nth_block(self):
    # The Model Garden's example for a student of 6 blocks.
    self.assertEqual(schedules.pair_blocks(
        schedules.ScheduleConfig(), 24, 6), [3, 7, 11, 15, 19, 23])

  @parameterized.parameters(
      ({'strategy': 'sideways'}, 4, 4, 'sideways'),
      ({}, 4, 3, 'teacher_blocks'),
      ({'teacher_blocks': [1]}, 4, 2, r'names 1 blocks, \[1\]; .* has 2'),
      ({'teacher_blocks': [1, 4]}, 4, 2, 'names block 4; .* 0 to 3'),
      ({'first_block': 4}, 4, 4, 'first_block is 4; .* are 0 to 3'),
      ({'first_block': 1, 'strategy': 'joint'}, 4, 4, 'strategy is joint'),
      ({'transfer_warmup_steps': -1}, 4, 4, 'transfer_warmup_steps is -1'),
      ({'transfer_learning_rate': float('nan')}, 4, 4, 'is nan'),
  )
  def test_errors_say_what_is_wrong(self, fields, teacher, student, message):
    with self.assertRaisesRegex(ValueError, message):
      schedules.build_stages(_config(**fields), teacher, student)

  def test_a_schedule_without_steps_is_refused(self):
    config = schedules.ScheduleConfig(steps_per_block=0, distillation_steps=0)
    with self.assertRaisesRegex(ValueError, 'no step'):
      schedules.build_stages(config, 2, 2)

  def test_learning_rate_warms_up_and_decays_in_each_stage(self):
    schedule = schedules.StagedLearningRate([
        schedules.Stage(num_steps=10, warmup_steps=5, learning_rate=1.0,
                        end_learning_rate=1.0),
        schedules.Stage(num_steps=20, warmup_steps=10, learning_rate=2.0,
                        end_learning_rate=0.0),
    ])
    # The second stage's warm-up crosses its decay, and goes on to its end.
    expected = {0: 0.0, 1: 0.2, 5: 1.0, 9: 1.0, 10: 0.0, 15: 1.0, 19: 1.8,
                20: 1.0, 25: 0.5, 29: 0.1, 30: 0.0, 99: 0.0}
    for step, value in expected.items():
      self.assertAllClose(schedule(step), value, msg=f'step {step}')
    copy = schedules.StagedLearningRate.from_config(schedule.get_config())
    self.assertAllClose(copy(15), 1.0)

  def test_rates_of_the_published_runs_equal_the_formulas_of_the_code(self):
    stages = schedules.build_stages(schedules.tf1_reference_schedule(), 24, 24)
    schedule = schedules.StagedLearningRate(stages)
    # `get_background_lr`: the lower of both lines.
    for t in (0, 1, 500, 990, 994, 996, 999, 1_000, 5_000, 9_999):
      expected = 1.5e-3 * min(0.9 + 0.1 * np.sqrt(1 - t / 10_000), t / 1_000)
      self.assertAllClose(schedule(10_000 + t), expected, rtol=1e-6, atol=1e-9)
    # `create_optimizer`: the rising line until the warm-up is over.
    for t in (0, 1, 5_000, 9_900, 9_999, 10_000, 250_000, 499_999):
      decayed = 1.5e-7 + (1.5e-3 - 1.5e-7) * (1 - t / 500_000)
      self.assertAllClose(
          schedule(240_000 + t), 1.5e-7 * t if t < 10_000 else decayed,
          rtol=1e-6, atol=1e-9)

  def test_the_blocks_below_go_on_learning(self):
    stages = schedules.build_stages(_config(), 3, 3)
    self.assertEqual([stage.lower_blocks for stage in stages],
                     [[], [0], [0, 1], []])
    self.assertEqual({stage.lower_multiplier for stage in stages[:3]}, {0.1})

  def test_the_blocks_below_can_be_frozen(self):
    stages = schedules.build_stages(_config(lower_multiplier=0.0), 3, 3)
    self.assertEqual([stage.lower_blocks for stage in stages], [[]] * 4)

  def test_a_students_blocks_learn_from_those_that_are_named(self):
    stages = schedules.build_stages(_config(teacher_blocks=[0, 4]), 5, 2)
    self.assertEqual([stage.teacher_blocks for stage in stages],
                     [[0], [4], []])

  def test_learning_rates_of_the_reference(self):
    golden = np.load(shared_data.path('golden/losses/schedule.npz'))
    length = int(golden['steps_per_phase'])
    stages = schedules.build_stages(
        schedules.tf1_reference_schedule(length, learning_rate=1.0), 3, 3)[:3]
    schedule = schedules.StagedLearningRate(stages)
    for step in range(3 * length):
      stage = stages[step // length]
      rates = np.zeros(3)
      rates[stage.lower_blocks] = stage.lower_multiplier
      rates[stage.student_blocks] = stage.active_multiplier
      self.assertAllClose(rates * schedule(step),
                          golden['layer_lr_multiplier'][step], rtol=1e-5)


if __name__ == '__main__':
  tf.test.main()
