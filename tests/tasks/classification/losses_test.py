# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Weighted and focal losses against numpy, and their gradients."""

from absl.testing import parameterized
import numpy as np
from scipy import special
from sklearn.utils import class_weight
import tensorflow as tf

from mobilebert_tf.tasks.classification import losses

_RNG = np.random.default_rng(0)
_LOGITS = _RNG.normal(scale=4, size=[50, 3]).astype(np.float32)
_CLASSES = _RNG.integers(0, 3, 50).astype(np.int32)
_SETS = _RNG.integers(0, 2, [50, 3]).astype(np.int32)


class LossesTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.product(weights=[(), (0.5, 1.0, 4.0)], gamma=[0.0, 0.5, 2.0])
  def test_softmax_loss_is_that_of_numpy(self, weights, gamma):
    p = special.softmax(np.float64(_LOGITS), -1)[np.arange(50), _CLASSES]
    expected = -(1 - p)**gamma * np.log(p)
    expected *= np.array(weights or [1, 1, 1])[_CLASSES]
    self.assertAllClose(
        losses.softmax_loss(_LOGITS, _CLASSES, weights, gamma), expected,
        rtol=1e-4, atol=1e-6)

  @parameterized.product(weights=[(), (0.5, 1.0, 4.0)], gamma=[0.0, 0.5, 2.0])
  def test_sigmoid_loss_is_that_of_numpy(self, weights, gamma):
    p = special.expit(np.float64(np.where(_SETS, _LOGITS, -_LOGITS)))
    expected = -(1 - p)**gamma * np.log(p)
    expected *= np.where(_SETS, weights or [1, 1, 1], 1)
    self.assertAllClose(
        losses.sigmoid_loss(_LOGITS, _SETS, weights, gamma), expected.mean(1),
        rtol=1e-4, atol=1e-6)

  @parameterized.product(loss=[losses.softmax_loss, losses.sigmoid_loss],
                         gamma=[0.5, 1.0, 2.0])
  def test_gradients_are_finite_where_the_model_is_sure(self, loss, gamma):
    logits = tf.constant([[200.0, -200.0], [-200.0, 200.0], [0.0, 0.0]])
    labels = [0, 0, 1] if loss is losses.softmax_loss else [[1, 0]] * 3
    with tf.GradientTape() as tape:
      tape.watch(logits)
      values = loss(logits, tf.constant(labels), (1.0, 2.0), gamma)
    gradient = tape.gradient(values, logits)
    self.assertTrue(np.isfinite(values).all())
    self.assertTrue(np.isfinite(gradient).all())
    self.assertAllClose(gradient[0], [0, 0])
    self.assertGreater(np.abs(gradient[1]).max(), 0)

  def test_balanced_weights_are_those_of_scikit_learn(self):
    self.assertAllClose(
        losses.balanced_weights(_CLASSES, 3), class_weight.compute_class_weight(
            'balanced', classes=np.arange(3), y=_CLASSES))
    weights = losses.balanced_weights(_SETS, 3)
    self.assertAllClose(weights, (_SETS == 0).sum(0) / (_SETS == 1).sum(0))

  def test_weights_that_make_no_sense_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'cannot be balanced'):
      losses.balanced_weights(np.array([0, 0]), 2)
    with self.assertRaisesRegex(ValueError, '2 class_weights for 3 classes'):
      losses.check([1.0, 1.0], 0.0, 3)
    with self.assertRaisesRegex(ValueError, r'class_weights are \[1.0, 0.0\]'):
      losses.check([1.0, 0.0], 0.0, 2)
    with self.assertRaisesRegex(ValueError, 'focal_gamma is nan'):
      losses.check([], float('nan'), 2)


if __name__ == '__main__':
  tf.test.main()
