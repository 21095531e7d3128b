# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests of how numbers are written."""

import math

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.common import formatting


class FormattingTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      (0.8144, '81.4%'), (1.0, '100.0%'), (0.0, '0.0%'), (1, '100.0%'),
      (0.9996, '99.96%'), (0.99996, '99.996%'), (0.0004, '0.04%'),
      (-0.1, '-10.0%'), (1e-12, '0.000000%'))
  def test_percent_never_rounds_a_near_miss_away(self, value, expected):
    self.assertEqual(formatting.percent(value), expected)

  @parameterized.parameters(
      (8.14, '8.1 s'), (59.94, '59.9 s'), (59.96, '1 min 00 s'),
      (552.4, '9 min 12 s'), (3599.4, '59 min 59 s'), (3600, '1 h 00 min'),
      (3780, '1 h 03 min'))
  def test_duration(self, seconds, expected):
    self.assertEqual(formatting.duration(seconds), expected)

  @parameterized.parameters(
      (0.341, '0.34 ms'), (0.999, '1.0 ms'), (5.21, '5.2 ms'),
      (1234.4, '1,234 ms'))
  def test_quantity(self, value, expected):
    self.assertEqual(formatting.quantity(value, 'ms'), expected)

  def test_counts(self):
    self.assertEqual(formatting.count(24581888), '24,581,888')
    self.assertEqual(formatting.count(np.int64(7)), '7')
    self.assertEqual(formatting.approximate_count(24581888), '24.6 million')
    self.assertEqual(formatting.approximate_count(999_000), '999,000')

  def test_points(self):
    self.assertEqual(formatting.points(-0.045), '4.5 points')
    self.assertEqual(formatting.points(0.01), '1.0 point')
    self.assertEqual(formatting.points(0.0004), '0.04 points')

  @parameterized.parameters(
      math.nan, math.inf, -math.inf, None, 'text', '1', True, ([1.0],),
      np.float32('nan'))
  def test_what_is_no_finite_number_is_not_available(self, value):
    for write in (formatting.decimal, formatting.count, formatting.percent,
                  formatting.duration, formatting.points,
                  formatting.approximate_count):
      self.assertEqual(write(value), 'n/a')
    self.assertEqual(formatting.quantity(value, 'MB'), 'n/a')

  def test_listing(self):
    self.assertEqual(formatting.listing([]), '')
    self.assertEqual(formatting.listing(['a']), 'a')
    self.assertEqual(formatting.listing(['a', 'b', 'c']), 'a, b and c')


if __name__ == '__main__':
  tf.test.main()
