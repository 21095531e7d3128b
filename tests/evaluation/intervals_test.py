# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Intervals, against formulas and draws."""

import math

import numpy as np
import tensorflow as tf

from mobilebert_tf.evaluation import intervals


class IntervalsTest(tf.test.TestCase):

  def test_shares_have_wilsons_interval(self):
    # Wilson's formula by hand for 8 of 10, z = 1.959964.
    z2 = 1.959964 ** 2
    centre = (0.8 + z2 / 20) / (1 + z2 / 10)
    reach = math.sqrt(z2 * (0.16 + z2 / 40) / 10) / (1 + z2 / 10)
    found = intervals.group('x', np.array([1.0] * 8 + [0.0] * 2))
    self.assertEqual((found.name, found.count, found.mean), ('x', 10, 0.8))
    self.assertAllClose((found.low, found.high),
                        (centre - reach, centre + reach), atol=1e-6)

  def test_wilsons_interval_is_the_published_one(self):
    # Newcombe 1998, table I: 81 of 263 has the interval 0.2553 to 0.3662.
    self.assertAllClose(intervals.wilson(81, 263), (0.2553, 0.3662), atol=5e-5)
    self.assertAllInRange(intervals.wilson(5, 5), 0.0, 1.0)

  def test_a_difference_of_shares_has_the_normal_interval(self):
    # 1.96 * sqrt((0.53 * 0.47 + 0.47 * 0.53) / n): 13.8 points for 100.
    low, high = intervals.difference(0.53, 0.47, 100)
    self.assertAllClose((low, high), (0.06 - 0.1384, 0.06 + 0.1384), atol=1e-4)

  def test_means_have_students_interval(self):
    # t = 4.302653 for two degrees of freedom; the deviation is 2.
    reach = 4.302653 * 2 / math.sqrt(3)
    found = intervals.group('x', np.array([8.0, 10.0, 12.0]), math.inf)
    self.assertAllClose((found.low, found.high), (10 - reach, 10 + reach),
                        atol=1e-5)

  def test_intervals_stay_where_values_can_be(self):
    found = intervals.group('x', np.array([0.1, 1.0]))
    self.assertEqual((found.low, found.high), (0.0, 1.0))

  def test_errors_of_one_are_not_shares(self):
    found = intervals.group('x', np.array([1.0, 0.0, 1.0, 0.0]), math.inf)
    self.assertGreater(found.high, 1.0)

  def test_one_value_has_no_interval(self):
    found = intervals.group('x', np.array([3.0]), math.inf)
    self.assertTrue(math.isnan(found.low) and math.isnan(found.high))

  def test_bootstrap_of_a_mean_is_near_the_normal_interval(self):
    values = np.random.default_rng(1).normal(size=400)
    low, high = intervals.bootstrap(
        lambda rows: {'mean': values[rows].mean()}, 400, samples=2000)['mean']
    reach = 1.96 * values.std() / 20
    self.assertAllClose((low, high), (values.mean() - reach,
                                      values.mean() + reach), atol=0.02)

  def test_bootstrap_is_repeatable_and_knows_nothing_of_one(self):
    def measure(rows):
      return {'sum': float(rows.sum())}

    self.assertEqual(intervals.bootstrap(measure, 30),
                     intervals.bootstrap(measure, 30))
    self.assertTrue(math.isnan(intervals.bootstrap(measure, 1)['sum'][0]))


if __name__ == '__main__':
  tf.test.main()
