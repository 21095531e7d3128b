# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Metrics against numpy, thresholds against all thresholds, predictions."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.tasks.multi_label_classification import scoring

_NAMES = ('micro_f1', 'macro_f1', 'macro_auc', 'subset_accuracy')


def _random(texts: int = 40, labels: int = 5, seed: int = 0):
  """Returns labels, and probabilities that follow them to some degree."""
  rng = np.random.default_rng(seed)
  truth = (rng.random([texts, labels]) < [0.1, 0.3, 0.5, 0.6, 0.9]).astype(int)
  return truth, np.clip(0.3 * truth + 0.7 * rng.random(truth.shape), 0, 1)


def _f1(truth: np.ndarray, given: np.ndarray) -> float:
  both = (truth * given).sum()
  return 2 * both / max(1, truth.sum() + given.sum())


def _auc(truth: np.ndarray, values: np.ndarray) -> float:
  """Returns the share of pairs in the right order, ties counting half."""
  apart = values[truth == 1][:, np.newaxis] - values[truth == 0]
  return ((apart > 0) + 0.5 * (apart == 0)).mean()


def _predictions(**fields) -> scoring.LabelPredictions:
  truth, probabilities = _random()
  count = len(truth)
  return scoring.LabelPredictions(**{
      'task': 'topics', 'texts': [f'text {i}' for i in range(count)],
      'pairs': None, 'labels': truth, 'scores': probabilities,
      'lengths': np.arange(count) + 3, 'label_names': list('abcde'),
      'thresholds': [0.5, 0.4, 0.5, 0.5, 0.3], **fields})


class MetricsTest(parameterized.TestCase, tf.test.TestCase):

  def test_they_are_numpys(self):
    truth, probabilities = _random()
    margins = probabilities - [0.5, 0.4, 0.5, 0.5, 0.3]
    given = (margins >= 0).astype(int)
    found = scoring.compute(_NAMES, truth, margins)
    self.assertEqual(tuple(found), _NAMES)
    self.assertAllClose(list(found.values()), [
        _f1(truth, given),
        np.mean([_f1(*each) for each in zip(truth.T, given.T, strict=True)]),
        np.mean([_auc(*each) for each in zip(
            truth.T, margins.T, strict=True)]),
        (truth == given).all(1).mean()])

  def test_labels_without_both_classes_are_left_out_of_auc(self):
    truth, margins = _random()
    expected = np.mean([_auc(truth[:, i], margins[:, i]) for i in (1, 2, 3)])
    truth[:, 0], truth[:, 4] = 0, 1
    self.assertAllClose(
        scoring.compute(['macro_auc'], truth, margins)['macro_auc'], expected)
    self.assertNotIn('macro_auc', scoring.compute(
        _NAMES, truth[:, [0, 4]], margins[:, [0, 4]]))
    self.assertIn('a, e: ', _predictions(labels=truth).facts(['macro_auc'])[
        'Left out of AUC'])

  def test_a_label_that_is_neither_true_nor_given_counts_0(self):
    found = scoring.compute(
        ['macro_f1', 'micro_f1'], [[1, 0]], [[0.2, -0.4]])
    self.assertEqual(found, {'macro_f1': 0.5, 'micro_f1': 1.0})

  def test_an_unknown_metric(self):
    with self.assertRaisesRegex(ValueError, "no metric 'f1'.*micro_f1"):
      scoring.compute(['f1'], [[1]], [[1]])

  def test_intervals_hold_the_metrics(self):
    truth, margins = _random()
    margins = margins - 0.5
    found = scoring.compute(_NAMES, truth, margins)
    ends = scoring.metric_intervals(_NAMES, truth, margins)
    for name, (low, high) in ends.items():
      self.assertLess(low, found[name], name)
      self.assertGreater(high, found[name], name)


class ThresholdsTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.parameters(*range(5))
  def test_none_is_better(self, seed):
    truth, probabilities = _random(seed=seed)
    tuned = scoring.tune_thresholds(truth, probabilities)
    for i, threshold in enumerate(tuned):
      best = max(_f1(truth[:, i], (probabilities[:, i] >= each).astype(int))
                 for each in np.linspace(0, 1, 1001))
      self.assertGreaterEqual(
          _f1(truth[:, i], (probabilities[:, i] >= threshold).astype(int)),
          best - 1e-12)

  @parameterized.parameters(
      ([1, 0], [0.4, 0.2], 0.3),
      ([0, 0], [0.4, 0.2], 0.5),  # No text has it.
      ([1, 1], [0.9, 0.8], 0.4),  # Every text has it.
      ([1, 0, 1], [0.7, 0.7, 0.7], 0.35),  # They cannot be told apart.
      ([1, 0], [1.0, 0.0], 0.5),
      ([0, 1], [1.0, 0.0], 0.0))
  def test_they_lie_in_the_middle(self, truth, probabilities, expected):
    self.assertAllClose(scoring.tune_thresholds(
        np.array([truth]).T, np.array([probabilities]).T), [expected])


class PredictionsTest(parameterized.TestCase, tf.test.TestCase):

  def test_what_the_report_shows(self):
    predictions = _predictions()
    truth, given = predictions.labels, predictions.answers.astype(int)
    metrics = scoring.compute(_NAMES, truth, predictions.margins)
    found = analysis.collect(predictions, metrics, {})
    self.assertEqual(set(found['intervals']), set(_NAMES))
    self.assertAllClose(found['quality']['mean'],
                        (truth == given).all(1).mean())
    self.assertEqual(found['num_mistakes'],
                     40 - (truth == given).all(1).sum())
    self.assertEqual(sum(group['count'] for group in found['groups']['labels']),
                     40)
    one = found['classes'][1]
    both = (truth[:, 1] * given[:, 1]).sum()
    self.assertAllClose(
        [one['count'], one['threshold'], one['precision'], one['recall'],
         one['f1'], one['auc']],
        [truth[:, 1].sum(), 0.4, both / given[:, 1].sum(),
         both / truth[:, 1].sum(), _f1(truth[:, 1], given[:, 1]),
         _auc(truth[:, 1], predictions.scores[:, 1])])
    worst = found['mistakes'][0]
    self.assertTrue(worst['wrong'])
    wrong = [abs(each['probability'] - each['threshold'])
             for each in worst['wrong']]
    errors = np.where(truth != given, np.abs(predictions.margins), 0).sum(1)
    self.assertAllClose(sum(wrong), errors.max())

  def test_no_label_has_a_name(self):
    predictions = _predictions(labels=np.zeros([40, 5]))
    name, share = predictions.baseline()
    self.assertEqual((name, share), ('always “no label”', 1.0))
    scores = scoring.label_scores(predictions)
    self.assertTrue(math.isnan(scores[0]['recall']))
    self.assertTrue(math.isnan(scores[0]['auc']))

  @parameterized.parameters(
      ({'scores': np.full([40, 5], 1.5)}, r'scores\[0\] .*Are they logits'),
      ({'labels': np.full([40, 5], 2)}, 'something else than 0 and 1'),
      ({'thresholds': [0.5]}, 'thresholds has 1 columns for 5'),
      ({'label_names': ['a']}, 'scores has 5 columns for 1'))
  def test_what_makes_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      _predictions(**fields)

  def test_other_metrics_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'micro_f1 is said to be 0.1'):
      _predictions().metric_intervals({'micro_f1': 0.1})


if __name__ == '__main__':
  tf.test.main()
