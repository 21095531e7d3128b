# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A step is the same in slices and on several devices, for every task."""

import functools
import gc
import pathlib
import subprocess
import sys
import tempfile

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import layers
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.pretraining import task as pretraining
from tests.tasks import tiny_steps


# Kinds whose evaluation is in slices.
_EVALUATED = ('pretraining', 'auxiliary', 'relations', 'transfer as in TF1')
# Kinds whose losses are not means over texts, each in a way of its own.
_ON_TWO_DEVICES = ('pretraining', 'transfer', 'teacher', 'words', 'family')


@functools.cache
def _take_whole(kind, evaluate=False):
  with tempfile.TemporaryDirectory() as folder:
    return tiny_steps.take(kind, folder, 1, evaluate=evaluate)


@functools.cache
def _on_two_devices(slices, *kinds):
  with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.executable, '-m', 'tests.tasks.tiny_steps', folder,
                    str(slices), *kinds], check=True)
    return {path.stem: dict(np.load(path))
            for path in pathlib.Path(folder).glob('*.npz')}


class GradientStepTest(tf.test.TestCase, parameterized.TestCase):

  def tearDown(self):
    super().tearDown()
    tf_keras.backend.clear_session()
    gc.collect()

  def _check_equal(self, actual, expected):
    self.assertSameElements(actual, expected)
    for name in expected:
      self.assertAllClose(actual[name], expected[name], rtol=2e-4, atol=2e-6,
                          msg=name)

  def _take(self, kind, slices, **settings):
    folder = tempfile.mkdtemp(dir=self.get_temp_dir())
    return tiny_steps.take(kind, folder, slices, **settings)

  @parameterized.parameters('words', 'transfer')
  def test_slices_take_the_step_of_the_whole_batch(self, kind):
    self._check_equal(self._take(kind, 4), _take_whole(kind))

  @pytest.mark.slow
  def test_so_do_slices_of_a_batch_of_unknown_size(self):
    self._check_equal(self._take('teacher', 3, dynamic=True),
                      _take_whole('teacher'))

  @parameterized.parameters(
      *((kind, False) for kind in tiny_steps.KINDS),
      *((kind, True) for kind in _EVALUATED))
  @pytest.mark.slow
  def test_so_do_slices_of_which_some_are_empty(self, kind, evaluate):
    slices = tiny_steps.SIZE + 3
    self._check_equal(
        self._take(kind, slices, dynamic=True, evaluate=evaluate),
        _take_whole(kind, evaluate))

  @parameterized.parameters(*_EVALUATED)
  @pytest.mark.slow
  def test_an_evaluation_in_slices_gives_the_same(self, kind):
    self._check_equal(self._take(kind, 2, evaluate=True),
                      _take_whole(kind, True))

  @parameterized.parameters('pretraining', 'transfer', 'family')
  @pytest.mark.slow
  def test_recomputed_blocks_take_the_same_step(self, kind):
    self._check_equal(self._take(kind, 2, recompute=True), _take_whole(kind))

  @parameterized.parameters(*_ON_TWO_DEVICES)
  @pytest.mark.slow
  def test_so_do_two_devices(self, kind):
    self._check_equal(_on_two_devices(2, *_ON_TWO_DEVICES)[kind],
                      _take_whole(kind))

  @parameterized.product(kind=tuple(tiny_steps.KINDS), slices=(1, 2))
  @pytest.mark.exhaustive
  def test_so_do_two_devices_in_every_task(self, kind, slices):
    self._check_equal(_on_two_devices(slices, *tiny_steps.KINDS)[kind],
                      _take_whole(kind))

  @pytest.mark.slow
  def test_texts_are_compared_with_those_of_all_devices(self):
    found = _on_two_devices(1, *tiny_steps.WHOLE_BATCH)
    for kind in tiny_steps.WHOLE_BATCH:
      self._check_equal(found[kind], _take_whole(kind))

  def test_slices_draw_masks_of_their_own_that_can_be_drawn_again(self):
    layer = layers.Dropout(0.5)
    masks = []
    for part in (0, 1, 0, None):
      with layers.step_seed(1, 7, part):
        masks.append(layer(tf.ones([4, 32]), training=True).numpy())
    self.assertAllEqual(masks[0], masks[2])
    for one, other in ((0, 1), (0, 3), (1, 3)):
      self.assertNotAllEqual(masks[one], masks[other])

  def test_what_reaches_the_optimizer_is_dense_and_has_the_logged_norm(self):
    seen = []

    class Optimizer(tf_keras.optimizers.SGD):

      def apply_gradients(self, grads_and_vars, *args, **kwargs):
        pairs = list(grads_and_vars)
        seen.extend(pairs)
        return super().apply_gradients(pairs, *args, **kwargs)

    task, batch = tiny_steps.KINDS['pretraining'](self.get_temp_dir())
    model = task.build_model()
    metrics = task.build_metrics(training=True)
    task.train_step(batch, model, Optimizer(0.1), metrics)
    self.assertLen(seen, len(model.trainable_variables))
    for gradient, variable in seen:
      self.assertIsInstance(gradient, tf.Tensor, variable.name)
    [norm] = [metric.result() for metric in metrics
              if metric.name == gradient_step.GRADIENT_NORM]
    self.assertAllClose(
        norm, np.sqrt(sum(np.sum(np.square(gradient))
                          for gradient, _ in seen)), rtol=1e-5)

  @parameterized.parameters(
      (0, 1, 'accumulation_steps is 0'),
      (3, 1, r'global_batch_size is 32, which 1 x 3 \(devices x'),
      (8, 3, 'global_batch_size is 32, which 3 x 8 .* divisor of 10'))
  def test_a_batch_that_does_not_divide_is_refused(
      self, slices, replicas, message):
    config = pretraining.PretrainingConfig(accumulation_steps=slices)
    config.train_data.global_batch_size = 32
    with self.assertRaisesRegex(ValueError, message):
      gradient_step.check(config, replicas)
    config.accumulation_steps = 4
    gradient_step.check(config, 2)


if __name__ == '__main__':
  tf.test.main()
