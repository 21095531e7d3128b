# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Importance by hand, an order that changes nothing, and cuts beside masks."""

import dataclasses

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.compression.adaptive_width_depth import cutting
from mobilebert_tf.compression.adaptive_width_depth import elastic
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.modeling import layout as layout_lib
from tests.modeling import contract

_FEATURES = contract.token_inputs()


def _model(**overrides) -> modeling.MobileBertClassifier:
  model = modeling.MobileBertClassifier(modeling.MobileBertEncoder(
      contract.tiny_architecture(**{
          'num_attention_heads': 4, 'num_blocks': 3, 'intermediate_size': 12,
          **overrides})), num_classes=2)
  contract.randomize(model)
  return model


def _answers(checkpoint) -> np.ndarray:
  return checkpoints.build(
      modeling.MobileBertClassifier, checkpoint)(_FEATURES).numpy()


class ImportanceTest(tf.test.TestCase):

  def test_a_unit_by_hand(self):
    # x = (1, 2), relu, y = W2 . relu(x W1 + b1), L = (y - 3)^2 / 2:
    # h = (2, 1.5), y = 5.5, dL/dh = (5, 2.5), h dL/dh = (10, 3.75), once by
    # W1 and b1 and once by W2.
    w1 = tf.Variable([[1.0, -1.0], [0.5, 1.0]])
    b1, w2 = tf.Variable([0.0, 0.5]), tf.Variable([[2.0], [1.0]])
    with tf.GradientTape() as tape:
      y = tf.nn.relu(tf.constant([[1.0, 2.0]]) @ w1 + b1) @ w2
      loss = tf.reduce_sum(tf.square(y - 3.0)) / 2
    gradients = tape.gradient(loss, [w1, b1, w2])
    names = [f'block_0/feed_forward_0/{name}' for name in (
        'intermediate/kernel', 'intermediate/bias', 'output/dense/kernel')]
    weights, slopes = (dict(zip(names, values, strict=True)) for values in (
        [each.numpy() for each in (w1, b1, w2)],
        [each.numpy() for each in gradients]))
    weights['block_0/attention/output/kernel'] = np.ones([4, 4])
    slopes['block_0/attention/output/kernel'] = np.diag([1.0, 2.0, 3.0, -3.0])
    for activation, expected in (('relu', [10.0, 3.75]), ('gelu', [20.0, 7.5])):
      found = cutting.importance(modeling.get_architecture(
          'mobilebert_small', num_blocks=1, num_attention_heads=2,
          num_feedforward_networks=1, hidden_activation=activation),
                                 weights, slopes)
      self.assertAllClose(found.units['block_0/feed_forward_0'], expected)
      self.assertAllClose(found.heads, [[3.0, 0.0]])

  def test_a_head_is_the_slope_of_a_factor_of_its_probabilities(self):
    model = _model()
    factors = [tf.Variable(tf.ones([4])) for _ in model.encoder.blocks]
    attends = [block.attention for block in model.encoder.blocks]
    for attention, factor in zip(attends, factors, strict=True):
      attention.dropout = (
          lambda probabilities, training, factor=factor:
          probabilities * factor[:, tf.newaxis, tf.newaxis])
    with tf.GradientTape(persistent=True) as tape:
      loss = tf.reduce_sum(model(_FEATURES)[:, 0])
    variables = {weight.name.removesuffix(':0'): weight
                 for weight in model.encoder.weights}
    gradients = tape.gradient(loss, variables)
    found = cutting.importance(
        model.encoder.architecture,
        {name: weight.numpy() for name, weight in variables.items()},
        {name: tf.convert_to_tensor(each).numpy()
         for name, each in gradients.items()})
    for heads, slope in zip(
        found.heads, tape.gradient(loss, factors), strict=True):
      self.assertAllClose(heads, np.abs(slope), 1e-4, 1e-6)


class CuttingTest(parameterized.TestCase, tf.test.TestCase):

  def _random(self, checkpoint) -> cutting.Importance:
    rng = np.random.default_rng(1)
    config = checkpoint.architecture
    networks = cutting.networks(layout_lib.block_layout(config))
    return cutting.Importance(
        [rng.uniform(size=config.num_attention_heads)
         for _ in range(config.num_blocks)],
        {f'block_{i}/{name}': rng.uniform(size=config.intermediate_size)
         for i in range(config.num_blocks) for name in networks})

  @parameterized.parameters(
      {}, {'attention_input': 'bottleneck', 'normalization': 'layer_norm'},
      {'attention_input': 'block_input', 'hidden_activation': 'gelu'})
  def test_any_order_answers_the_same(self, **overrides):
    checkpoint = checkpoints.of_model(_model(**overrides))
    found = self._random(checkpoint)
    rewired = cutting.rewire(checkpoint, found)
    self.assertAllClose(_answers(rewired), _answers(checkpoint), 1e-5, 1e-5)
    self.assertNotAllEqual(
        rewired.weights['block_0/attention/query/kernel'],
        checkpoint.weights['block_0/attention/query/kernel'])
    order = np.argsort(-found.units['block_1/feed_forward_0'])
    self.assertAllEqual(
        rewired.weights['block_1/feed_forward_0/intermediate/bias'],
        checkpoint.weights[
            'block_1/feed_forward_0/intermediate/bias'][order])

  @parameterized.product(width=(0.25, 0.5, 0.75, 1.0), depth=(2 / 3, 1.0))
  def test_a_cut_a_mask_and_a_run_on_its_variables_are_one(self, width, depth):
    model = _model()
    whole = checkpoints.of_model(model)
    size = sizes.size(whole.architecture, width, depth)
    found = cutting.cut(whole, size)
    answers = _answers(found)
    self.assertAllClose(
        elastic.ElasticModel(model)(_FEATURES, size).outputs, answers, 1e-5,
        1e-5)
    # Rows of what goes, set to zero, in a model of all blocks that stay.
    masked = dict(cutting.cut(whole, dataclasses.replace(
        size, num_heads=4, num_units=12)).weights)
    for name in list(masked):
      if name.endswith('attention/output/kernel'):
        masked[name] = masked[name].copy()
        masked[name][2 * size.num_heads:] = 0
      if 'feed_forward' in name and name.endswith('output/dense/kernel'):
        masked[name] = masked[name].copy()
        masked[name][size.num_units:] = 0
    self.assertAllClose(_answers(dataclasses.replace(
        whole, weights=masked, architecture=modeling.get_architecture(
            'mobilebert', **{**whole.architecture.as_dict(),
                             'num_blocks': len(size.blocks)}))), answers, 1e-5,
                        1e-5)
    self.assertEqual(
        sum(array.size for name, array in found.weights.items()
            if not name.startswith('classifier')),
        modeling.count_parameters(found.architecture))

  def test_a_cut_model_is_saved_and_read_as_any_other(self):
    whole = checkpoints.of_model(_model())
    found = cutting.cut(whole, sizes.size(whole.architecture, 0.5, 2 / 3))
    folder = f'{self.get_temp_dir()}/half'
    checkpoints.write(found, folder, 'mobilebert_tf')
    read = checkpoints.read(folder)
    self.assertEqual(read.architecture, found.architecture)
    self.assertAllEqual(_answers(read), _answers(found))

  def test_gradients_reach_what_a_size_has(self):
    model = _model()
    run = elastic.ElasticModel(model)
    kernel = model.encoder.blocks[0].feed_forwards[0].intermediate.kernel
    def slope(*widths):
      with tf.GradientTape() as tape:
        loss = tf.add_n([tf.reduce_sum(run(_FEATURES, sizes.size(
            model.encoder.architecture, width)).outputs[:, 0])
                         for width in widths])
      return tape.gradient(loss, kernel).numpy()
    half = slope(0.5)
    self.assertAllEqual(half[:, 6:], np.zeros_like(half[:, 6:]))
    self.assertGreater(np.abs(half[:, :6]).max(), 0)
    self.assertAllClose(slope(0.5, 1.0), half + slope(1.0), 1e-4, 1e-4)

  @pytest.mark.slow
  def test_the_gradient_of_a_step_is_the_sum_of_twelve(self):
    model = _model(num_blocks=4)
    run, whole = elastic.ElasticModel(model), checkpoints.of_model(model)
    family = sizes.grid(whole.architecture, (1.0, 0.75, 0.5, 0.25),
                        (1.0, 0.75, 0.5))
    self.assertLen(family, 12)
    variables = {weight.name.removesuffix(':0'): weight
                 for weight in model.trainable_weights}

    def slopes(answer, weights):
      with tf.GradientTape() as tape:
        loss = answer()
      return {name: tf.convert_to_tensor(each).numpy() for name, each in
              tape.gradient(loss, weights).items()}

    shared = {}
    found = slopes(lambda: tf.add_n([
        tf.reduce_sum(run(_FEATURES, size, shared).outputs[:, 0] ** 2)
        for size in family]), variables)
    # Blocks 0 1 2 3, 0 1 3 and 1 3 of each width, and the embeddings.
    self.assertLen(shared, 4 * (4 + 1 + 2) + 1)
    expected = {name: np.zeros(weight.shape)
                for name, weight in variables.items()}
    for size in family:
      cut = checkpoints.build(
          modeling.MobileBertClassifier, cutting.cut(whole, size))
      own = {weight.name.removesuffix(':0'): weight
             for weight in cut.trainable_weights}
      for name, slope in slopes(
          lambda cut=cut: tf.reduce_sum(cut(_FEATURES)[:, 0] ** 2),
          own).items():
        block, _, rest = name.partition('/')
        if block.startswith('block_'):
          number = size.blocks[int(block.removeprefix('block_'))]
          name = f'block_{number}/{rest}'
        expected[name][tuple(map(slice, slope.shape))] += slope
    for name, slope in found.items():  # That of a key's bias is 0.
      self.assertAllClose(slope, expected[name], 1e-3,
                          1e-3 + 1e-5 * np.abs(slope).max(), msg=name)

  def test_the_whole_is_the_model(self):
    for overrides in ({}, {'normalization': 'layer_norm',
                           'hidden_activation': 'gelu', 'use_pooler': True}):
      model = _model(**overrides)
      found = elastic.ElasticModel(model)(
          _FEATURES, sizes.size(model.encoder.architecture))
      encoded = model.encoder(_FEATURES)
      self.assertAllClose(found.outputs, model(_FEATURES), 1e-5, 1e-5)
      self.assertAllClose(found.embeddings, encoded['embedding_output'])
      for one, other in zip(
          found.hidden, encoded['encoder_outputs'], strict=True):
        self.assertAllClose(one, other, 1e-4, 1e-4)


if __name__ == '__main__':
  tf.test.main()
