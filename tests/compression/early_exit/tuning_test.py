# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Thresholds: what is wanted is kept, and no text is used twice."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.compression.early_exit import tuning
from mobilebert_tf.tasks.early_exit_classification import rule
from mobilebert_tf.tasks.early_exit_classification import scoring


class TuningTest(parameterized.TestCase, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self.labels = rng.integers(0, 2, 400)
    truth = np.eye(2)[self.labels]
    # Later exits know more, and what an exit is sure of it knows.
    self.logits = np.stack([
        strength * rng.exponential(size=[400, 1]) * truth
        + rng.normal(size=[400, 2]) for strength in (1, 2, 4)], 1)

  def _tune(self, wanted, **options):
    return tuning.tune(self.logits, self.labels, rule.Rule('entropy', (1, 2)),
                       3, wanted, **options)

  def _score(self, tuned):
    return scoring.Scorer(
        self.logits, self.labels, tuned, 3).score(tuned.thresholds)

  def test_a_loss_is_kept_and_a_larger_one_saves_more(self):
    whole = np.mean(self.logits[:, -1].argmax(-1) == self.labels)
    blocks = []
    for loss in (0.0, 0.01, 0.05):
      point = self._score(self._tune(tuning.Wanted(loss=loss)))
      self.assertGreaterEqual(point.accuracy, whole - loss)
      blocks.append(point.mean_blocks)
    self.assertEqual(blocks, sorted(blocks, reverse=True))
    self.assertLess(blocks[-1], 3)

  def test_a_number_of_blocks_is_kept(self):
    for blocks in (1.0, 1.5, 2.5):
      point = self._score(self._tune(tuning.Wanted(blocks=blocks)))
      self.assertLessEqual(point.mean_blocks, blocks)

  def test_thresholds_of_their_own_are_no_worse(self):
    wanted = tuning.Wanted(loss=0.02)
    one, each = (self._score(self._tune(wanted, each_exit=own))
                 for own in (False, True))
    self.assertLessEqual(each.mean_blocks, one.mean_blocks)

  def test_halves_share_no_text(self):
    one, other = tuning.split(11, seed=3)
    self.assertEqual(sorted([*one, *other]), list(range(11)))
    with self.assertRaisesRegex(ValueError, 'there is 1'):
      tuning.split(1, seed=0)

  @parameterized.parameters(
      ({}, 'name one'), ({'loss': 0.1, 'blocks': 2.0}, 'name one'),
      ({'loss': -0.1}, 'is -0.1; it is a share'),
      ({'blocks': 0.5}, 'at least 1'))
  def test_wishes_that_make_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      tuning.Wanted(**fields)


if __name__ == '__main__':
  tf.test.main()
