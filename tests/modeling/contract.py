# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What every layer and model of ours keeps to, as tests to inherit.

A test case names how its layer is made and called, and inherits the checks:

  class NoNormTest(contract.LayerContract, tf.test.TestCase):

    def make_layer(self, **kwargs):
      return modeling.NoNorm(**kwargs)

    def make_inputs(self):
      return [contract.normal(2, 3, 4)]

    def expected_shapes(self):
      return [2, 3, 4]
"""

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling

_POLICIES = ('float32', 'mixed_bfloat16')


def normal(*shape: int, seed: int = 0) -> np.ndarray:
  """Returns float32 draws of the standard normal distribution."""
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def tiny_architecture(name: str = 'mobilebert_small', **overrides: Any
                      ) -> modeling.MobileBertConfig:
  """Returns an architecture that is built and run in a moment."""
  return modeling.get_architecture(name, **{
      'vocab_size': 50, 'embedding_size': 8, 'max_position_embeddings': 12,
      'num_blocks': 2, 'inter_block_size': 16, 'intra_block_size': 8,
      'num_attention_heads': 2, 'intermediate_size': 12, **overrides})


def token_inputs(batch: int = 3, length: int = 7,
                 padding: int = 2) -> dict[str, np.ndarray]:
  """Returns inputs of an encoder; the first row ends with padding."""
  rng = np.random.default_rng(0)
  word_ids = rng.integers(1, 50, [batch, length]).astype(np.int32)
  mask = np.ones_like(word_ids)
  if padding:
    word_ids[:1, -padding:] = 0
    mask[:1, -padding:] = 0
  types = np.zeros_like(word_ids)
  types[:, length // 2:] = mask[:, length // 2:]
  return {
      'input_word_ids': word_ids, 'input_mask': mask, 'input_type_ids': types
  }


def randomize(layer: tf_keras.layers.Layer, seed: int = 1) -> None:
  """Gives every weight values of a seed, so that each one counts.

  They scatter around 1 where the weight starts at 1, else around 0.
  """
  rng = np.random.default_rng(seed)
  layer.set_weights([
      np.round(np.mean(value, dtype=np.float32))
      + 0.3 * rng.normal(size=value.shape)
      for value in layer.get_weights()
  ])


def arrays(outputs: Any) -> list[np.ndarray]:
  """Returns nested outputs as a flat list of numpy arrays."""
  return [np.asarray(output) for output in tf.nest.flatten(outputs)]


def all_layers(layer: tf_keras.layers.Layer) -> list[tf_keras.layers.Layer]:
  """Returns the layer and those inside it that have a dtype policy."""
  containers = (tf_keras.Model, tf_keras.layers.InputLayer)
  return [module for module in (layer, *layer.submodules)
          if isinstance(module, tf_keras.layers.Layer)
          and not isinstance(module, containers)]


class LayerContract:
  """The checks. Inherit before `tf.test.TestCase`.

  Attributes:
    zero_gradients: Endings of the names of variables whose gradient is zero by
      mathematics; everything else has to learn.
    float32_outputs: Flat positions of outputs that are float32 under every
      dtype policy.
  """

  zero_gradients: tuple[str, ...] = ()
  float32_outputs: tuple[int, ...] = ()

  def make_layer(self, **kwargs: Any) -> tf_keras.layers.Layer:
    """Returns a new layer; passes `dtype` and `name` on."""
    raise AssertionError('A contract test says how its layer is made.')

  def make_inputs(self) -> list[np.ndarray]:
    """Returns the layer's positional inputs."""
    raise AssertionError('A contract test says what its layer is given.')

  def expected_shapes(self) -> Any:
    """Returns the shape of each output, nested as the outputs are."""
    raise AssertionError('A contract test says what its layer returns.')

  def call(self, layer: tf_keras.layers.Layer, inputs: list[Any],
           **kwargs: Any) -> Any:
    """Calls the layer with the inputs, eager or symbolic."""
    return layer(*inputs, **kwargs)

  def learning_signal(self, outputs: Any) -> Any:
    """Returns the output that a loss reads; attention scores are not."""
    return outputs[0] if isinstance(outputs, tuple) else outputs

  # === Checks ===

  def test_output_shapes(self):
    outputs = self.call(self.make_layer(), self.make_inputs())
    shapes = tf.nest.map_structure(lambda t: t.shape.as_list(), outputs)
    self.assertEqual(shapes, self.expected_shapes())

  def test_dtype_policy(self):
    for policy in _POLICIES:
      self._check_policy(self.make_layer(dtype=policy), policy)

  def test_global_dtype_policy(self):
    before = tf_keras.mixed_precision.global_policy()
    tf_keras.mixed_precision.set_global_policy('mixed_bfloat16')
    try:
      self._check_policy(self.make_layer(), 'mixed_bfloat16')
    finally:
      tf_keras.mixed_precision.set_global_policy(before)

  def test_config_round_trip(self):
    for policy in _POLICIES:
      layer, inputs = self._built(dtype=policy)
      config = json.loads(json.dumps(layer.get_config()))
      copy = type(layer).from_config(config)
      outputs = self.call(layer, inputs)
      self.call(copy, inputs)  # Builds it.
      copy.set_weights(layer.get_weights())
      self._assert_same(self.call(copy, inputs), outputs)
      self.assertEqual(json.loads(json.dumps(copy.get_config())), config)
      self.assertEqual([w.name for w in copy.weights],
                       [w.name for w in layer.weights])

  def test_saved_model_and_keras_file(self):
    layer, inputs = self._built()
    model = self._functional(layer, inputs)
    expected = model(inputs)
    for name in ('model.keras', 'saved_model'):
      path = os.path.join(self.get_temp_dir(), name)
      model.save(path)
      loaded = tf_keras.models.load_model(path)
      self._assert_same(loaded(inputs), expected)
      self.assertIn(type(layer), [type(part) for part in loaded.layers], name)

  def test_weights_round_trip(self):
    layer, inputs = self._built()
    model = self._functional(layer, inputs)
    expected = model(inputs)
    for name in ('checkpoint', 'model.weights.h5'):
      path = os.path.join(self.get_temp_dir(), name)
      model.save_weights(path)
      copy = self._functional(self.make_layer(), inputs)
      copy.load_weights(path)
      self._assert_same(copy(inputs), expected)

  def test_every_trainable_variable_has_a_gradient(self):
    layer, inputs = self._built()
    with tf.GradientTape() as tape:
      outputs = tf.nest.flatten(
          self.learning_signal(self.call(layer, inputs)))
      loss = tf.add_n([
          tf.reduce_sum(output * normal(*output.shape, seed=i))
          for i, output in enumerate(outputs)
      ])
    names = [variable.name for variable in layer.trainable_variables]
    gradients = tape.gradient(loss, layer.trainable_variables)
    for name, gradient in zip(names, gradients, strict=True):
      self.assertIsNotNone(gradient, name)
      largest = np.max(np.abs(tf.convert_to_tensor(gradient)))
      if name.removesuffix(':0').endswith(self.zero_gradients or ('\0',)):
        self.assertLess(largest, 1e-3, name)
      else:
        self.assertGreater(largest, 1e-4, name)

  def test_weights_of_equal_shape_start_differently(self):
    layer, _ = self._built(random=False)
    drawn = [w for w in layer.weights if np.std(w.numpy()) > 0]
    for i, one in enumerate(drawn):
      for other in drawn[:i]:
        if one.shape == other.shape:
          self.assertNotAllEqual(one, other, f'{one.name} = {other.name}')

  # === What the checks share ===

  def _built(self, random: bool = True, **kwargs):
    """Returns a layer that has weights, and inputs."""
    layer, inputs = self.make_layer(**kwargs), self.make_inputs()
    self.call(layer, inputs)
    if random:
      randomize(layer)
    return layer, inputs

  def _functional(self, layer, inputs):
    symbols = [tf_keras.Input(array.shape[1:], dtype=array.dtype)
               for array in map(np.asarray, inputs)]
    return tf_keras.Model(symbols, self.call(layer, symbols))

  def _check_policy(self, layer, policy):
    outputs = self.call(layer, self.make_inputs())
    expected = tf_keras.mixed_precision.Policy(policy)
    for part in all_layers(layer):
      self.assertEqual(part.dtype_policy.name, policy, part.name)
    for variable in layer.weights:
      self.assertEqual(variable.dtype, expected.variable_dtype, variable.name)
    for i, output in enumerate(tf.nest.flatten(outputs)):
      dtype = ('float32' if i in self.float32_outputs
               else expected.compute_dtype)
      self.assertEqual(output.dtype.name, dtype, f'output {i}')
      self.assertTrue(np.all(np.isfinite(np.asarray(output, np.float32))))

  def _assert_same(self, actual, expected):
    for one, other in zip(arrays(actual), arrays(expected), strict=True):
      self.assertAllClose(one, other, rtol=1e-6, atol=1e-6)
