# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""LAMB and AdamW against the reference's own runs and a numpy oracle."""

import os
import re

import numpy as np
import tensorflow as tf, tf_keras
from absl.testing import parameterized
from official.modeling import optimization as library

from mobilebert_tf.distillation import optimizers
from tests import shared_data

_PEAK, _STEPS, _WARMUP = 0.05, 12, 4
_NOT_DECAYED = ['LayerNorm', 'bias']  # The names of TF1's variables.


class _Schedule(tf_keras.optimizers.schedules.LearningRateSchedule):

  def __init__(self, rates):
    super().__init__()
    self._rates = tf.constant(rates, tf.float32)

  def __call__(self, step):
    return self._rates[step]


def _bert_rates() -> list[float]:
  """Warm-up, then BERT's decay to 1e-4 of the peak, counted from step 0."""
  decayed = [_PEAK * (1e-4 + (1 - 1e-4) * (1 - step / _STEPS))
             for step in range(_STEPS)]
  return [_PEAK * step / _WARMUP if step < _WARMUP else rate
          for step, rate in enumerate(decayed)]


def _golden(name: str) -> dict[str, dict[str, np.ndarray]]:
  arrays = np.load(shared_data.path(f'golden/losses/{name}.npz'))
  values = {'param': {}, 'raw_grad': {}}
  for key in arrays:
    kind, _, variable = key.partition('/')
    if kind in values:
      values[kind][variable] = arrays[key]
  return values


class ReferenceTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(('optimizer_lamb', True),
                            ('optimizer_adamw', False))
  def test_steps_equal_the_references(self, name, layer_adaptation):
    golden = _golden(name)
    variables = {name: tf.Variable(values[0], name=name)
                 for name, values in golden['param'].items()}
    optimizer = optimizers.ReferenceLamb(
        _Schedule(_bert_rates()), exclude=_NOT_DECAYED,
        layer_adaptation=layer_adaptation)
    optimizer.build(list(variables.values()))
    for step in range(_STEPS):
      optimizer.apply_gradients([
          (tf.constant(golden['raw_grad'][name][step]), variable)
          for name, variable in variables.items()])
      for name, variable in variables.items():
        self.assertAllClose(variable, golden['param'][name][step + 1],
                            rtol=1e-4, atol=1e-4, msg=f'{name}, step {step}')

  def test_learning_rates_of_blocks_equal_the_references(self):
    golden = _golden('optimizer_lamb_layerwise')
    variables = {name: tf.Variable(values[0], name=name)
                 for name, values in golden['param'].items()}
    length = 6
    background = [min(0.9 + 0.1 * np.sqrt(1 - t / length), 10 * t / length)
                  for t in range(length)] * 2
    optimizer = optimizers.ReferenceLamb(
        _Schedule(np.float32(background) * _PEAK), exclude=_NOT_DECAYED)
    optimizer.build(list(variables.values()))
    for step in range(2 * length):
      active = step // length
      optimizer.set_multipliers({
          variable.ref(): _multiplier(name, active)
          for name, variable in variables.items()})
      if not step % length:  # As the trainer does where a stage begins.
        for slot in optimizer.moments:
          slot.assign(tf.zeros_like(slot))
      optimizer.apply_gradients([
          (tf.constant(golden['raw_grad'][name][step]), variable)
          for name, variable in variables.items()])
      for name, variable in variables.items():
        self.assertAllClose(variable, golden['param'][name][step + 1],
                            rtol=1e-4, atol=1e-4, msg=f'{name}, step {step}')

  def test_steps_equal_an_oracle_in_float64(self):
    rng = np.random.default_rng(0)
    shapes = {'dense/kernel': [4, 3], 'norm/gamma': [3], 'dense/bias': [3]}
    values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    variables = {name: tf.Variable(value.astype(np.float32), name=name)
                 for name, value in values.items()}
    moments = {name: [0.0, 0.0] for name in shapes}
    optimizer = optimizers.ReferenceLamb(0.1, global_clipnorm=2.0)
    for _ in range(5):
      gradients = {name: rng.normal(size=shape) * 3
                   for name, shape in shapes.items()}
      optimizer.apply_gradients([
          (tf.constant(gradients[name], tf.float32), variables[name])
          for name in shapes])
      norm = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
      for name, value in values.items():
        gradient = gradients[name] * min(1, 2.0 / norm)
        m, v = moments[name]
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        moments[name] = [m, v]
        update, ratio = m / (np.sqrt(v) + 1e-6), 1.0
        if name == 'dense/kernel':
          update = update + 0.01 * value
          ratio = np.linalg.norm(value) / np.linalg.norm(update)
        values[name] = value - 0.1 * ratio * update
        self.assertAllClose(variables[name], values[name], rtol=1e-4,
                            atol=1e-5)


class OptimizerTest(tf.test.TestCase, parameterized.TestCase):

  def test_sparse_gradients_count_as_dense(self):
    dense, sparse = (tf.Variable(tf.ones([3, 2]), name='table') for _ in '12')
    values = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    slices = tf.IndexedSlices(values, tf.constant([0, 2, 0]), [3, 2])
    for variable, gradient in ((dense, tf.convert_to_tensor(slices)),
                               (sparse, slices)):
      optimizers.ReferenceLamb(0.1, global_clipnorm=None).apply_gradients(
          [(gradient, variable)])
    self.assertAllClose(dense, sparse)
    self.assertNotAllClose(dense, tf.ones([3, 2]))

  def test_a_multiplier_of_zero_leaves_variable_and_moments(self):
    frozen, free = (tf.Variable([1.0, 2.0], name=name) for name in 'ab')
    optimizer = optimizers.ReferenceLamb(0.1)
    optimizer.build([frozen, free])
    optimizer.set_multipliers({frozen.ref(): 0.0})
    optimizer.apply_gradients([(tf.constant([1.0, 1.0]), frozen),
                               (tf.constant([1.0, 1.0]), free)])
    self.assertAllEqual(frozen, [1.0, 2.0])
    self.assertNotAllClose(free, [1.0, 2.0])
    touched = [variable.name for variable in optimizer.moments
               if np.any(variable.numpy())]
    self.assertTrue(touched and all(re.search('b', name) for name in touched))

  @parameterized.parameters(False, True)
  def test_multipliers_reach_functions_that_were_traced(self, compiled):
    one, other = (tf.Variable([1.0, 2.0], name=name) for name in 'ab')
    optimizer = optimizers.ReferenceLamb(
        0.1, layer_adaptation=False, global_clipnorm=None, weight_decay_rate=0)
    optimizer.jit_compile = compiled  # As where there is a GPU.
    optimizer.build([one, other])
    step = tf.function(lambda: optimizer.apply_gradients(
        [(tf.ones([2]), variable) for variable in (one, other)]))
    first_move = 0.1 * 0.1 / np.sqrt(0.001)  # The rate times m / sqrt(v).
    for multipliers in ((3.0, 0.0), (0.3, 3.0), (0.0, 0.1), None):
      optimizer.set_multipliers({} if multipliers is None else {
          one.ref(): multipliers[0], other.ref(): multipliers[1]})
      for slot in optimizer.moments:
        slot.assign(tf.zeros_like(slot))
      before = one.numpy(), other.numpy()
      step()
      for variable, value, multiplier in zip(
          (one, other), before, multipliers or (1.0, 1.0), strict=True):
        self.assertAllClose(value - variable, [multiplier * first_move] * 2,
                            rtol=1e-3, atol=1e-7)

  @parameterized.parameters(({}, True), ({'b': 1.0}, False))
  def test_a_rate_of_zero_leaves_the_moments_of_named_variables(
      self, multipliers, counts):
    variable = tf.Variable([1.0, 2.0], name='b')
    optimizer = optimizers.ReferenceLamb(0.0)
    optimizer.build([variable])
    optimizer.set_multipliers({variable.ref(): value
                               for value in multipliers.values()})
    optimizer.apply_gradients([(tf.constant([1.0, 1.0]), variable)])
    self.assertAllEqual(variable, [1.0, 2.0])
    self.assertEqual(any(np.any(slot) for slot in optimizer.moments), counts)

  def test_checkpoints_do_without_multipliers(self):
    variable = tf.Variable([1.0, 2.0], name='b')
    optimizer = optimizers.ReferenceLamb(0.1)
    optimizer.build([variable])
    path = tf.train.Checkpoint(optimizer=optimizer).write(
        os.path.join(self.get_temp_dir(), 'checkpoint'))
    names = [name for name, _ in tf.train.list_variables(path)]
    self.assertNotEmpty(names)
    self.assertEmpty([name for name in names if 'multiplier' in name])

  def test_some_of_the_variables_can_be_trained_in_any_order(self):
    first, second = (tf.Variable([1.0, 2.0], name=name) for name in 'ab')
    optimizer = optimizers.ReferenceLamb(0.1)
    optimizer.build([first, second])
    optimizer.apply_gradients([(tf.constant([3.0, 4.0]), second)])
    moments = {v.name: v.numpy() for v in optimizer.moments}
    self.assertLen(moments, 4)
    self.assertEqual({name for name, value in moments.items() if value.any()},
                     {name for name in moments if 'b' in name})

  def test_the_factory_builds_it(self):
    config = optimizers.OptimizationConfig({
        'optimizer': {'type': 'lamb_reference',
                      'lamb_reference': {'weight_decay_rate': 0.25}},
        'learning_rate': {'type': 'constant',
                          'constant': {'learning_rate': 0.5}}})
    optimizer = library.OptimizerFactory(config).build_optimizer(0.5)
    self.assertIsInstance(optimizer, optimizers.ReferenceLamb)
    copy = optimizers.ReferenceLamb.from_config(optimizer.get_config())
    self.assertEqual(copy.get_config(), optimizer.get_config())
    self.assertEqual(copy.get_config()['weight_decay_rate'], 0.25)
    self.assertAllClose(copy.learning_rate, 0.5)


def _multiplier(name: str, active: int) -> float:
  if 'encoder' not in name:
    return 0.0
  block = int(re.search(r'layer_(\d+)', name)[1])
  return {True: 3.0, False: 0.0}[block == active] if block >= active else 0.3


if __name__ == '__main__':
  tf.test.main()
