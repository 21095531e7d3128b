# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests of the comparison of attention, against numbers worked out by hand."""

import math

import numpy as np
import tensorflow as tf

from mobilebert_tf.reporting import quickstart_networks as networks


def _one_row(*probabilities) -> np.ndarray:
  """One block, one head, one query."""
  return np.array(probabilities).reshape(1, 1, 1, -1)


class SimilarityTest(tf.test.TestCase):

  def test_equal_attention(self):
    attention = np.random.default_rng(0).dirichlet(np.ones(5), (3, 2, 5))
    found = networks.compare_attention(attention, attention)
    self.assertAllClose(found.divergence, np.zeros(3))
    self.assertAllClose(found.cosine, np.ones(3))
    self.assertTrue(found.by_head)

  def test_a_case_by_hand(self):
    found = networks.compare_attention(
        _one_row(0.5, 0.5, 0.0, 0.0), _one_row(0.25, 0.75, 0.0, 0.0))
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    self.assertAllClose(found.divergence, [expected])
    self.assertAllClose(found.uniform_divergence, [math.log(2)])
    self.assertAllClose(
        found.cosine, [0.5 / (math.sqrt(0.5) * math.sqrt(0.625))])

  def test_a_key_that_the_student_ignores_stays_finite(self):
    found = networks.compare_attention(_one_row(0.5, 0.5), _one_row(1., 0.))
    self.assertAllEqual(np.isfinite(found.divergence), [True])
    self.assertGreater(found.divergence[0], 5)

  def test_heads_are_averaged_where_their_numbers_differ(self):
    teacher = np.concatenate([_one_row(1., 0.), _one_row(0., 1.)], axis=1)
    found = networks.compare_attention(teacher, _one_row(0.5, 0.5))
    self.assertFalse(found.by_head)
    self.assertAllClose(found.divergence, [0.0])

  def test_what_cannot_be_compared_is_refused(self):
    with self.assertRaisesRegex(ValueError, r'\(1, 1, 1, 2\).*\(1, 1, 1, 3\)'):
      networks.compare_attention(_one_row(0.5, 0.5), _one_row(1., 0., 0.))


if __name__ == '__main__':
  tf.test.main()
