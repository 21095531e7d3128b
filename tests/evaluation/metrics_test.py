# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Metrics and intervals, against hand counts, formulas and publications."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.evaluation import metrics
from mobilebert_tf.tasks.classification import glue

# True: 0 0 0 1 1 1; said: 0 0 1 1 1 0.
_LABELS = np.array([0, 0, 0, 1, 1, 1])
_SCORES = np.array([[3, 1], [2, 1], [0, 1], [0, 4], [1, 2], [7, -7]])


class MetricsTest(parameterized.TestCase, tf.test.TestCase):

  def test_two_classes_by_hand(self):
    found = metrics.compute(
        ['f1', 'accuracy', 'matthews'], _LABELS, _SCORES)
    self.assertEqual(list(found), ['f1', 'accuracy', 'matthews'])
    # tp = tn = 2, fp = fn = 1.
    self.assertAllClose(list(found.values()), [2 / 3, 4 / 6, 3 / 9])

  def test_ids_and_columns_do_as_well(self):
    for labels, scores in ((_LABELS[:, None], _SCORES),
                           (_LABELS, np.argmax(_SCORES, 1))):
      found = metrics.compute(['accuracy', 'f1'], labels, scores)
      self.assertAllClose(found, {'accuracy': 2 / 3, 'f1': 2 / 3})

  def test_f1_is_of_class_one_or_the_mean(self):
    labels, ids = [1, 1, 0, 0], np.array([0, 0, 0, 0])
    self.assertEqual(metrics.compute(['f1'], labels, ids), {'f1': 0.0})
    scores = np.eye(3)[[0, 0, 1, 2]]
    # By class: 2 * 1 / (2 + 1), 0 (not one right of one said), 1.
    self.assertAllClose(metrics.compute(['f1'], [0, 1, 0, 2], scores)['f1'],
                        np.mean([2 / 4, 0, 1]))

  def test_matthews_of_three_classes(self):
    # Gorodkin's R_K by its definition.
    labels, said = np.array([0, 1, 2, 2, 1, 0, 2]), np.array(
        [0, 2, 2, 1, 1, 0, 0])
    x, y = np.eye(3)[labels], np.eye(3)[said]
    x, y = x - x.mean(0), y - y.mean(0)
    expected = (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum())
    self.assertAllClose(
        metrics.compute(['matthews'], labels, said)['matthews'], expected)

  def test_correlations_by_numpy(self):
    rng = np.random.default_rng(0)
    labels = rng.normal(size=50)
    scores = np.exp(labels + rng.normal(scale=0.5, size=50))
    found = metrics.compute(['pearson', 'spearman'], labels, scores[:, None])
    ranks = [np.argsort(np.argsort(v)) for v in (labels, scores)]
    self.assertAllClose(found, {
        'pearson': np.corrcoef(labels, scores)[0, 1],
        'spearman': np.corrcoef(*ranks)[0, 1]})

  def test_spearman_shares_ranks_among_equals(self):
    # Ranks 1 2.5 2.5 4 and 1 2 3 4.
    found = metrics.compute(['spearman'], [0, 2, 2, 5], np.array([1, 2, 3, 4]))
    self.assertAllClose(
        found['spearman'],
        np.corrcoef([1, 2.5, 2.5, 4], [1, 2, 3, 4])[0, 1])

  def test_what_does_not_vary_correlates_with_nothing(self):
    ones = np.ones(4)
    self.assertEqual(
        metrics.compute(['pearson', 'spearman'], [1, 2, 3, 4], ones),
        {'pearson': 0.0, 'spearman': 0.0})
    self.assertEqual(
        metrics.compute(['matthews'], [1, 1], np.array([1, 1])),
        {'matthews': 0.0})

  @parameterized.named_parameters(
      ('unknown', ['bleu'], [0], [[1, 2]], "no metric 'bleu'.*accuracy, f1"),
      ('none', ['accuracy'], [], [], '0 answers to 0 labels'),
      ('fewer', ['accuracy'], [0, 1], [[1, 2]], '1 answers to 2 labels'),
      ('nan', ['accuracy'], [0, 1], [[1, 2], [0, np.nan]],
       r'answer of row 1 is \[ *0. nan\], not finite'),
      ('nan_label', ['pearson'], [0, np.inf], [1, 2], 'label of row 1 is inf'),
      ('probabilities_of_one', ['accuracy'], [0, 1], [0.2, 0.7], 'classes'),
      ('one_column', ['accuracy'], [0, 1], [[0.2], [0.7]], 'classes'),
      ('few_classes', ['f1'], [0, 2], [[0, 1], [1, 0]], 'a label 2'),
      ('classes_for_numbers', ['pearson'], [0, 2], [[0, 1], [1, 0]],
       r'\[n\]; these have \[2, 2\]'),
  )
  def test_what_cannot_be_scored_is_refused(
      self, names, labels, scores, message):
    with self.assertRaisesRegex(ValueError, message):
      metrics.compute(names, labels, np.array(scores))


class GlueScoreTest(parameterized.TestCase, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    # BERT-large on the official leaderboard, which gives it 80.5.
    self.bert_large = {
        'cola': {'matthews': 60.5}, 'sst2': {'accuracy': 94.9},
        'mrpc': {'f1': 89.3, 'accuracy': 85.4},
        'stsb': {'pearson': 87.6, 'spearman': 86.5},
        'qqp': {'f1': 72.1, 'accuracy': 89.3}, 'mnli': {'accuracy': 86.7},
        'mnli_mismatched': {'accuracy': 85.9}, 'qnli': {'accuracy': 92.7},
        'rte': {'accuracy': 70.1}, 'wnli': {'accuracy': 65.1},
        'ax': {'matthews': 39.6}}

  def test_gives_what_the_leaderboard_says(self):
    self.assertAlmostEqual(glue.glue_score(self.bert_large), 80.5, delta=.05)

  def test_without_wnli(self):
    self.bert_large.pop('wnli')
    self.assertAlmostEqual(
        glue.glue_score(self.bert_large, leave_out=['wnli']),
        (60.5 + 94.9 + 87.35 + 87.05 + 80.7 + 86.3 + 92.7 + 70.1) / 8)

  @parameterized.parameters(
      ({'rte', 'mnli_mismatched'}, 'needs rte, mnli_mismatched as well'),
      ({'wnli'}, 'needs wnli'))
  def test_missing_tasks_are_named(self, missing, message):
    for name in missing:
      self.bert_large.pop(name)
    with self.assertRaisesRegex(ValueError, message):
      glue.glue_score(self.bert_large)

  def test_a_missing_metric_is_named(self):
    with self.assertRaisesRegex(ValueError, 'f1 of MRPC is missing.*accuracy'):
      glue.task_score({'accuracy': 0.5}, 'mrpc')


class IntervalsTest(tf.test.TestCase):

  def test_shares_have_wilsons_interval(self):
    # Wilson's formula by hand for 8 of 10, z = 1.959964.
    z2 = 1.959964 ** 2
    centre = (0.8 + z2 / 20) / (1 + z2 / 10)
    reach = math.sqrt(z2 * (0.16 + z2 / 40) / 10) / (1 + z2 / 10)
    found = metrics.group('x', np.array([1.0] * 8 + [0.0] * 2))
    self.assertEqual((found.name, found.count, found.mean), ('x', 10, 0.8))
    self.assertAllClose((found.low, found.high),
                        (centre - reach, centre + reach), atol=1e-6)

  def test_wilsons_interval_is_the_published_one(self):
    # Newcombe 1998, table I: 81 of 263 has the interval 0.2553 to 0.3662.
    self.assertAllClose(metrics.wilson(81, 263), (0.2553, 0.3662), atol=5e-5)
    self.assertAllInRange(metrics.wilson(5, 5), 0.0, 1.0)

  def test_a_difference_of_shares_has_the_normal_interval(self):
    # 1.96 * sqrt((0.53 * 0.47 + 0.47 * 0.53) / n): 13.8 points for 100.
    low, high = metrics.difference(0.53, 0.47, 100)
    self.assertAllClose((low, high), (0.06 - 0.1384, 0.06 + 0.1384), atol=1e-4)

  def test_means_have_students_interval(self):
    # t = 4.302653 for two degrees of freedom; the deviation is 2.
    reach = 4.302653 * 2 / math.sqrt(3)
    found = metrics.group('x', np.array([8.0, 10.0, 12.0]), math.inf)
    self.assertAllClose((found.low, found.high), (10 - reach, 10 + reach),
                        atol=1e-5)

  def test_intervals_stay_where_values_can_be(self):
    found = metrics.group('x', np.array([0.1, 1.0]))
    self.assertEqual((found.low, found.high), (0.0, 1.0))

  def test_errors_of_one_are_not_shares(self):
    found = metrics.group('x', np.array([1.0, 0.0, 1.0, 0.0]), math.inf)
    self.assertGreater(found.high, 1.0)

  def test_one_value_has_no_interval(self):
    found = metrics.group('x', np.array([3.0]), math.inf)
    self.assertTrue(math.isnan(found.low) and math.isnan(found.high))

  def test_bootstrap_of_a_mean_is_near_the_normal_interval(self):
    values = np.random.default_rng(1).normal(size=400)
    low, high = metrics.bootstrap(
        lambda rows: {'mean': values[rows].mean()}, 400, samples=2000)['mean']
    reach = 1.96 * values.std() / 20
    self.assertAllClose((low, high), (values.mean() - reach,
                                      values.mean() + reach), atol=0.02)

  def test_bootstrap_is_repeatable_and_knows_nothing_of_one(self):
    def measure(rows):
      return {'sum': float(rows.sum())}

    self.assertEqual(metrics.bootstrap(measure, 30),
                     metrics.bootstrap(measure, 30))
    self.assertTrue(math.isnan(metrics.bootstrap(measure, 1)['sum'][0]))


if __name__ == '__main__':
  tf.test.main()
