# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Thresholds at a wanted precision or recall, against trying all of them."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from mobilebert_tf.evaluation import thresholds


def _try_all(truth, scores, wanted, is_precision):
  """Returns the best other share, and whether what is wanted is reached."""
  pairs = []
  for threshold in np.unique(scores):
    given = scores >= threshold
    pairs.append(((truth & given).sum() / given.sum(),
                  (truth & given).sum() / truth.sum()))
  pairs = [pair if is_precision else pair[::-1] for pair in pairs]
  enough = [other for one, other in pairs if one >= wanted - 1e-12]
  most = max(one for one, _ in pairs)
  return (max(enough), True) if enough else (
      max(other for one, other in pairs if one >= most - 1e-12), False)


class ThresholdsTest(parameterized.TestCase):

  @parameterized.product(seed=list(range(20)), name=['precision', 'recall'],
                         wanted=[0.3, 0.8, 0.95, 1.0])
  def test_the_best_of_all_thresholds_is_found(self, seed, name, wanted):
    rng = np.random.default_rng(seed)
    truth = rng.random(40) < 0.4
    truth[0] = True
    # Some are equal.
    scores = np.round(np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0, 1), 1 + (
        seed % 2))
    found = thresholds.find(truth, scores, **{name: wanted})
    given = scores >= found.value
    self.assertAlmostEqual(found.precision, truth[given].mean())
    self.assertAlmostEqual(found.recall, given[truth].mean())
    other, is_reached = _try_all(truth, scores, wanted, name == 'precision')
    self.assertEqual(found.is_reached, is_reached)
    self.assertAlmostEqual(
        found.recall if name == 'precision' else found.precision, other)

  def test_it_lies_between_two_probabilities(self):
    found = thresholds.find([1, 0, 1, 0], [0.9, 0.3, 0.5, 0.1], precision=1.0)
    self.assertEqual(found, thresholds.Threshold(0.4, 1.0, 1.0, True))

  def test_what_cannot_be_wanted_is_refused(self):
    for message, truth, wanted in (
        ('No held-out text is positive', [0, 0], {'recall': 0.5}),
        ('Either a precision or a recall', [1, 0], {}),
        ('Leave one out', [1, 0], {'recall': 0.5, 'precision': 0.5}),
        ('wanted recall is 95', [1, 0], {'recall': 95})):
      with self.assertRaisesRegex(ValueError, message):
        thresholds.find(np.array(truth), np.array([0.5, 0.4]), **wanted)


if __name__ == '__main__':
  absltest.main()
