# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Where models fail, against hand counts."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.evaluation import analysis
from tests.evaluation import made_up


class ConfusionTest(tf.test.TestCase):

  def test_confusions_are_sorted_by_count(self):
    matrix = np.array([[5, 1, 0], [7, 5, 2], [0, 0, 5]])
    self.assertEqual(analysis.confusions(matrix),
                     [(1, 0, 7), (1, 2, 2), (0, 1, 1)])

  def test_worst_is_limited(self):
    made = made_up.classification(labels=[1, 0, 1, 0])
    self.assertEqual(analysis.worst(made, 1), [0])


class LengthTest(tf.test.TestCase, parameterized.TestCase):

  def test_texts_of_one_length_stay_together(self):
    groups = analysis.by_length(made_up.classification())
    self.assertEqual([(each.name, each.count, each.mean) for each in groups],
                     [('3', 3, 2 / 3), ('4', 1, 1.0)])

  @parameterized.parameters(1, 2, 7, 100, 1003)
  def test_every_text_is_in_one_group(self, count):
    rng = np.random.default_rng(count)
    made = made_up.classification(
        texts=['a'] * count, labels=rng.integers(2, size=count),
        scores=[[0.6, 0.4]] * count, lengths=rng.integers(3, 999, count))
    groups = analysis.by_length(made)
    self.assertEqual(sum(each.count for each in groups), count)
    self.assertLessEqual(len(groups), 5)
    if count > 100:
      self.assertBetween(min(each.count for each in groups), 180, 220)

  def test_names_are_the_ends_that_occur(self):
    made = made_up.classification(lengths=[3, 5, 90, 1200])
    self.assertEqual([each.name for each in analysis.by_length(made, 2)],
                     ['3–5', '90–1,200'])


if __name__ == '__main__':
  tf.test.main()
