# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Contents of reports, and where models fail, against hand counts."""

import json

from absl.testing import parameterized
import numpy as np
from scipy import stats
import tensorflow as tf

from mobilebert_tf.evaluation import analysis
from tests.evaluation import made_up

_CLASSES = {'accuracy': 0.75, 'f1': 0.8}
_ANSWERS = {'exact': 50.0, 'f1': 200 / 3, 'total': 4}


class ResultsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      (made_up.classification, _CLASSES), (made_up.regression, {}),
      (made_up.answers, _ANSWERS))
  def test_is_json_without_nan(self, make, metrics):
    found = analysis.collect(make(), metrics, {'Model': 'm', 'n': 3})
    self.assertEqual(json.loads(json.dumps(found, allow_nan=False)), found)
    self.assertEqual(found['facts'], {'Model': 'm', 'n': '3'})

  def test_classes(self):
    found = analysis.collect(made_up.classification(), _CLASSES, {})
    self.assertEqual(found['confusion'], [[1, 1], [0, 2]])
    self.assertEqual(found['num_mistakes'], 1)
    [mistake] = found['mistakes']
    self.assertEqual(mistake, {
        'row': 4, 'text': 'four', 'truth': 'no', 'answer': 'yes',
        'truth_probability': 0.3, 'probability': 0.7})
    self.assertBetween(0.75, *found['intervals']['accuracy'])
    self.assertBetween(0.8, *found['intervals']['f1'])

  def test_the_interval_of_a_correlation_is_near_fishers(self):
    rng = np.random.default_rng(0)
    labels = rng.normal(size=300)
    scores = labels + rng.normal(size=300)
    pearson = stats.pearsonr(labels, scores)
    made = made_up.regression(texts=['a'] * 300, pairs=None, labels=labels,
                              scores=scores, lengths=[3] * 300)
    found = analysis.collect(made, {'pearson': pearson.statistic}, {})
    self.assertAllClose(found['intervals']['pearson'],
                        list(pearson.confidence_interval()), atol=0.03)

  def test_metrics_of_other_answers_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'accuracy is said to be 0.9, but '
                                'these predictions have 0.75'):
      analysis.collect(made_up.classification(), {'accuracy': 0.9}, {})
    with self.assertRaisesRegex(ValueError, 'exact is said to be 0.5'):
      analysis.collect(made_up.answers(), {'exact': 0.5}, {})

  def test_other_metrics_are_taken_as_they_are(self):
    found = analysis.collect(
        made_up.classification(), {'own': 12.5, 'unknown': float('nan')}, {})
    self.assertEqual(found['metrics'], {'own': 12.5, 'unknown': None})

  def test_many_classes_have_no_matrix(self):
    names = [f'c{i}' for i in range(41)]
    scores = np.full([41, 41], 1 / 41)
    found = analysis.collect(made_up.classification(
        texts=names, label_names=names, labels=range(41), scores=scores,
        lengths=[3] * 41), {}, {})
    self.assertIsNone(found['confusion'])
    self.assertEqual(found['confusions'][0],
                     {'truth': 'c1', 'answer': 'c0', 'count': 1})
    self.assertLen(found['mistakes'], 20)
    self.assertEqual(found['num_mistakes'], 40)

  def test_points_are_thinned_out(self):
    count = 5001
    found = analysis.collect(made_up.regression(
        texts=['a'] * count, pairs=None, labels=range(count),
        scores=np.zeros(count), lengths=[3] * count), {}, {})
    self.assertLen(found['points'], 1667)
    self.assertEqual(found['points'][1], [3.0, 0.0])
    self.assertTrue(found['constant_answers'])

  def test_long_texts_are_cut_and_contexts_shown_around_the_answer(self):
    found = analysis.collect(made_up.classification(
        texts=['x' * 10**6] * 4), {}, {})
    self.assertLen(found['mistakes'][0]['text'], 1000)
    context = 'a ' * 5000 + 'needle' + ' b' * 5000
    found = analysis.collect(made_up.answers(
        contexts=[context] * 4, truths=[['needle']] * 4,
        answers=['hay'] * 4, exact=[0] * 4, f1=[0] * 4), {}, {})
    shown = found['mistakes'][0]['context']
    self.assertIn('needle', shown)
    self.assertLess(len(shown), 310)
    self.assertStartsWith(shown, '…')


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
