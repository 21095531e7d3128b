# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Predicted classes and values, against hand counts."""

import math

import numpy as np
import tensorflow as tf

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.tasks.classification import scoring
from tests.evaluation import made_up


def _matrix(made) -> np.ndarray:
  return np.array(made.details()['confusion'])


def _calibration(made) -> analysis.Calibration:
  return made.details()['calibration']


class ClassificationTest(tf.test.TestCase):

  def test_confusion_matrix_has_the_truth_in_rows(self):
    matrix = _matrix(made_up.classification())
    self.assertAllEqual(matrix, [[1, 1], [0, 2]])
    self.assertEqual(analysis.confusions(matrix), [(0, 1, 1)])

  def test_classes_that_do_not_occur_are_counted_too(self):
    made = made_up.classification(
        label_names=['no', 'yes', 'never'],
        scores=[[0.9, 0.1, 0], [0.2, 0.8, 0], [0.4, 0.6, 0], [0.3, 0.7, 0]])
    self.assertAllEqual(_matrix(made),
                        [[1, 1, 0], [0, 2, 0], [0, 0, 0]])
    scores = scoring.class_scores(made)
    self.assertEqual(scores[0]['precision'], 1.0)
    self.assertEqual(scores[0]['recall'], 0.5)
    self.assertAlmostEqual(scores[1]['precision'], 2 / 3)
    self.assertEqual(scores[2]['count'], 0)
    self.assertTrue(math.isnan(scores[2]['recall']))

  def test_calibration_by_hand(self):
    found = _calibration(made_up.classification())
    # Confidences 0.9, 0.8, 0.55 right and 0.7 wrong, each in a bin of its own:
    # (0.1 + 0.2 + 0.45 + 0.7) / 4.
    self.assertAlmostEqual(found.error, 0.3625)
    self.assertAlmostEqual(found.confidence, 2.95 / 4)
    self.assertEqual(found.accuracy, 0.75)
    self.assertEqual([each.count for each in found.bins],
                     [0, 0, 0, 0, 0, 1, 1, 1, 1, 0])

  def test_perfectly_calibrated_answers_have_no_error(self):
    made = made_up.classification(scores=[[0.75, 0.25], [0.25, 0.75]] * 2)
    self.assertAlmostEqual(
        _calibration(made_up.classification(
            labels=[0, 1, 0, 0], scores=made.scores)).error, 0.0)

  def test_calibration_error_of_random_answers_is_numpys(self):
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([1, 1, 1], 500)
    labels = rng.integers(3, size=500)
    made = made_up.classification(
        texts=['a'] * 500, lengths=[3] * 500, label_names=['a', 'b', 'c'],
        labels=labels, scores=scores)
    confidence, right = scores.max(1), scores.argmax(1) == labels
    expected = sum(
        abs(right[inside].mean() - confidence[inside].mean()) * inside.mean()
        for i in range(10)
        if (inside := (confidence > i / 10) & (confidence <= (i + 1) / 10)
            ).any())
    self.assertAlmostEqual(_calibration(made).error, expected)

  def test_worst_mistakes_are_those_whose_truth_is_least_likely(self):
    made = made_up.classification(labels=[1, 0, 1, 0])
    # The truth of text 0 got 0.1, of 1 0.2, of 3 0.3; 2 is right.
    self.assertEqual(analysis.worst(made), [0, 1, 3])
    self.assertEqual(analysis.worst(made, 1), [0])

  def test_baseline_is_the_most_frequent_label(self):
    made = made_up.classification(labels=[1, 1, 1, 0])
    self.assertEqual(made.baseline(), ('always “yes”', 0.75))


class RegressionTest(tf.test.TestCase):

  def test_errors_are_absolute(self):
    self.assertAllEqual(made_up.regression().quality(), [1, 0, 0.5])

  def test_worst_are_furthest_off_and_what_is_right_is_left_out(self):
    self.assertEqual(analysis.worst(made_up.regression()), [0, 2])

  def test_baseline_is_the_median(self):
    name, value = made_up.regression(labels=[0, 1, 8]).baseline()
    self.assertEqual(name, 'always the median (1)')
    self.assertAlmostEqual(value, 8 / 3)

  def test_ranges_of_negative_values_can_be_read(self):
    made = made_up.regression(labels=[-2.0, -1.0, 4.0])
    groups = analysis.by_size(made, made.labels, 2)
    self.assertEqual([each.name for each in groups], ['-2 to -1', '4'])

  def test_knows_constants(self):
    self.assertTrue(scoring.is_constant([2.5, 2.5]))
    self.assertFalse(scoring.is_constant([2.5, 2.6]))


if __name__ == '__main__':
  tf.test.main()
