# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Each layer, through the contract and against the numpy oracle."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.modeling import layers
from tests.modeling import contract
from tests.modeling import numpy_oracle as oracle

# The softmax does not change when every score of a row grows alike.
_KEY_BIAS = ('key/bias',)
_MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
_TYPES = np.array([[0, 0, 1, 1, 1], [0, 1, 1, 0, 1]], np.int32)


def _built(layer, *inputs):
  """Returns the layer's outputs with random weights, and the weights."""
  layer(*inputs)
  contract.randomize(layer)
  return layer(*inputs), oracle.Weights.of(layer, f'{layer.name}/')


class NoNormTest(contract.LayerContract, tf.test.TestCase):

  def make_layer(self, **kwargs):
    return modeling.NoNorm(**kwargs)

  def make_inputs(self):
    return [contract.normal(2, 3, 4)]

  def expected_shapes(self):
    return [2, 3, 4]

  def test_equals_the_equation(self):
    x = contract.normal(2, 3, 4)
    layer = modeling.NoNorm()
    self.assertAllEqual(layer(x), x)  # Gamma starts at 1, beta at 0.
    gamma, beta = contract.normal(4, seed=1), contract.normal(4, seed=2)
    layer.set_weights([gamma, beta])
    self.assertAllClose(layer(x), gamma * x + beta, rtol=1e-6, atol=1e-6)

  def test_reads_each_token_alone(self):
    layer = modeling.NoNorm()
    x = contract.normal(2, 3, 4)
    outputs, _ = _built(layer, x)
    self.assertAllClose(layer(x[1:, 2:]), outputs[1:, 2:])


class LayerNormTest(tf.test.TestCase):

  def test_epsilon_is_the_references(self):
    layer = layers.make_normalization(
        'layer_norm', name='norm', dtype='float32')
    self.assertEqual(layer.epsilon, 1e-12)
    # A variance so small that 1e-5, or even 1e-7, would swamp it.
    x = 1e-4 * contract.normal(2, 3, 8)
    outputs, weights = _built(layer, x)
    self.assertAllClose(outputs, oracle.layer_norm(x, weights), 1e-4, 1e-4)
    self.assertNotAllClose(
        outputs, oracle.layer_norm(x, weights, epsilon=1e-7), 1e-2, 1e-2)

  def test_unknown_normalization(self):
    with self.assertRaisesRegex(ValueError, "'nonorm'; accepted: no_norm, la"):
      modeling.Projection(4, normalization='nonorm')


class ActivationsTest(tf.test.TestCase):

  def test_gelu_is_the_tanh_form(self):
    x = np.linspace(-4, 4, 81, dtype=np.float32)
    erf = np.array([0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in x])
    gelu = layers.get_activation('gelu')(tf.constant(x))
    self.assertAllClose(gelu, oracle.gelu_tanh(np.float64(x)), 1e-6, 1e-6)
    self.assertGreater(np.max(np.abs(gelu - erf)), 1e-4)

  def test_relu_and_relu6(self):
    x = tf.constant([-1.0, 0.5, 7.0])
    self.assertAllEqual(layers.get_activation('relu')(x), [0, 0.5, 7])
    self.assertAllEqual(layers.get_activation('relu6')(x), [0, 0.5, 6])

  def test_unknown_activation(self):
    with self.assertRaisesRegex(ValueError, "'rleu'.*Did you mean 'relu'?"):
      modeling.FeedForward(8, 4, activation='rleu')


class WordEmbeddingTest(contract.LayerContract, tf.test.TestCase):

  def make_layer(self, **kwargs):
    return modeling.WordEmbedding(10, 4, **kwargs)

  def make_inputs(self):
    return [np.array([[1, 2, 9], [0, 3, 3]], np.int32)]

  def expected_shapes(self):
    return [2, 3, 4]

  def test_reads_in_both_directions(self):
    layer = modeling.WordEmbedding(10, 4)
    ids = self.make_inputs()[0]
    vectors = layer(ids)
    table = layer.embeddings.numpy()
    self.assertAllEqual(vectors, table[ids])
    states = contract.normal(2, 3, 6)  # Of which the first 4 are read.
    self.assertAllClose(
        layer(states, reverse=True), states[..., :4] @ table.T, 1e-6, 1e-6)
    self.assertLen(layer.weights, 1)


class MobileBertEmbeddingTest(
    contract.LayerContract, tf.test.TestCase, parameterized.TestCase):

  def make_layer(self, **kwargs):
    return modeling.MobileBertEmbedding(
        inter_block_size=6, max_position_embeddings=5, **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 4), _TYPES]

  def expected_shapes(self):
    return [2, 5, 6]

  @parameterized.parameters('no_norm', 'layer_norm')
  def test_equals_the_oracle(self, norm):
    layer = modeling.MobileBertEmbedding(
        6, max_position_embeddings=9, normalization=norm, name='embeddings')
    x = contract.normal(2, 5, 4)
    outputs, weights = _built(layer, x, _TYPES)
    self.assertAllClose(
        outputs, oracle.embedding(x, _TYPES, weights, norm), 1e-5, 1e-5)

  def test_trigram_is_next_current_previous_with_zero_edges(self):
    # With the identity as the projection its channels can be read off.
    layer = modeling.MobileBertEmbedding(3, max_position_embeddings=4)
    x = tf.constant([[[1.0], [2.0], [3.0]]])
    layer(x, tf.zeros([1, 3], tf.int32))
    for weight in layer.weights:
      weight.assign(tf.zeros_like(weight))
    layer.projection.kernel.assign(tf.eye(3))
    layer.norm.gamma.assign(tf.ones([3]))
    self.assertAllEqual(
        layer(x, tf.zeros([1, 3], tf.int32)),
        [[[2, 1, 0], [3, 2, 1], [0, 3, 2]]])

  def test_dropout_acts_in_training_only(self):
    layer = modeling.MobileBertEmbedding(64, 5, dropout_rate=0.5)
    inputs = self.make_inputs()
    layer(*inputs)
    contract.randomize(layer)
    kept = layer(*inputs, training=True).numpy()
    self.assertAllEqual(layer(*inputs), layer(*inputs, training=False))
    self.assertBetween(np.mean(kept == 0), 0.35, 0.65)


class MultiHeadAttentionTest(
    contract.LayerContract, tf.test.TestCase, parameterized.TestCase):

  zero_gradients = _KEY_BIAS
  float32_outputs = (1,)

  def make_layer(self, **kwargs):
    return modeling.MobileBertAttention(num_heads=2, width=6, **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 4), contract.normal(2, 5, 3, seed=1),
            contract.normal(2, 5, 7, seed=2), _MASK]

  def expected_shapes(self):
    return ([2, 5, 6], [2, 2, 5, 5], ([2, 5, 6],) * 3)

  @parameterized.parameters('hard', 'tf1_reference')
  def test_equals_the_oracle(self, kind):
    layer = modeling.MobileBertAttention(
        3, 6, attention_mask=kind, name='attention')
    inputs = self.make_inputs()
    (outputs, scores, vectors), weights = _built(layer, *inputs)
    expected, expected_scores = oracle.attention(
        *inputs, weights, heads=3, kind=kind)
    self.assertAllClose(outputs, expected, 1e-5, 1e-5)
    self.assertAllClose(scores, expected_scores, 1e-5, 1e-5)
    for name, x, found in zip(
        ('query', 'key', 'value'), inputs, vectors, strict=False):
      self.assertAllClose(
          found, oracle.dense(x, weights.below(name)), 1e-5, 1e-5)

  def test_padding_has_no_weight_however_large_the_scores(self):
    layer = modeling.MobileBertAttention(1, 4)
    x = 300 * contract.normal(2, 5, 4)
    layer(x, x, x, _MASK)
    contract.randomize(layer)
    weights = tf.nn.softmax(layer(x, x, x, _MASK)[1]).numpy()
    self.assertAllEqual(weights[0, :, :, 3:], np.zeros([1, 5, 2]))
    self.assertAllClose(weights.sum(-1), np.ones([2, 1, 5]))

  def test_heads_that_do_not_divide_the_width(self):
    with self.assertRaisesRegex(
        ValueError, 'num_attention_heads=3 does not divide.*=8'):
      modeling.MobileBertAttention(3, 8)

  def test_unknown_mask(self):
    with self.assertRaisesRegex(ValueError, "'soft'; accepted: hard, tf1_ref"):
      modeling.MobileBertAttention(2, 8, attention_mask='soft')


class ProjectionTest(contract.LayerContract, tf.test.TestCase):

  def make_layer(self, **kwargs):
    return modeling.Projection(6, **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 4), contract.normal(2, 5, 6, seed=1)]

  def expected_shapes(self):
    return [2, 5, 6]

  def test_residual_is_added_before_the_normalization(self):
    layer = modeling.Projection(6, 'layer_norm', name='projection')
    x, residual = self.make_inputs()
    outputs, weights = _built(layer, x, residual)
    self.assertAllClose(
        outputs, oracle.projection(x, weights, 'layer_norm', residual),
        1e-5, 1e-5)
    self.assertAllClose(
        layer(x), oracle.projection(x, weights, 'layer_norm'), 1e-5, 1e-5)

  def test_dropout_spares_the_residual(self):
    layer = modeling.Projection(6, dropout_rate=0.999)
    x, residual = self.make_inputs()
    layer(x, residual)
    self.assertAllClose(layer(x, residual, training=True), residual, 1e-2, 0.5)


class FeedForwardTest(
    contract.LayerContract, tf.test.TestCase, parameterized.TestCase):

  def make_layer(self, **kwargs):
    return modeling.FeedForward(12, 6, activation='gelu', **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 6)]

  def expected_shapes(self):
    return [2, 5, 6]

  @parameterized.parameters('relu', 'relu6', 'gelu')
  def test_equals_the_oracle(self, activation):
    layer = modeling.FeedForward(
        12, 6, activation, 'layer_norm', name='feed_forward')
    x = 3 * contract.normal(2, 5, 6)
    outputs, weights = _built(layer, x)
    self.assertAllClose(
        outputs, oracle.feed_forward(x, weights, 'layer_norm', activation),
        1e-5, 1e-5)


class MobileBertBlockTest(
    contract.LayerContract, tf.test.TestCase, parameterized.TestCase):

  zero_gradients = _KEY_BIAS
  float32_outputs = (1,)

  def make_layer(self, **kwargs):
    return modeling.MobileBertBlock(
        inter_block_size=8, intra_block_size=6, num_attention_heads=2,
        intermediate_size=10, num_feedforward_networks=2, **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 8), _MASK]

  def expected_shapes(self):
    return ([2, 5, 8], [2, 2, 5, 5], ([2, 5, 6],) * 3)

  @parameterized.product(
      attention_input=['shared_bottleneck', 'bottleneck', 'block_input'],
      variant=[('no_norm', 'relu', 'hard'), ('layer_norm', 'gelu', 'hard'),
               ('no_norm', 'relu', 'tf1_reference')])
  def test_equals_the_oracle(self, attention_input, variant):
    norm, activation, mask = variant
    config = {
        'inter_block_size': 8, 'intra_block_size': 12,
        'num_attention_heads': 3, 'intermediate_size': 10,
        'num_feedforward_networks': 2, 'hidden_activation': activation,
        'normalization': norm, 'attention_input': attention_input,
        'attention_mask': mask,
    }
    layer = modeling.MobileBertBlock(**config, name='block')
    x, _ = self.make_inputs()
    (outputs, scores, _), weights = _built(layer, x, _MASK)
    expected, expected_scores = oracle.block(x, _MASK, weights, config)
    self.assertAllClose(outputs, expected, 1e-4, 1e-4)
    self.assertAllClose(scores, expected_scores, 1e-4, 1e-4)

  def test_unknown_attention_input(self):
    with self.assertRaisesRegex(ValueError, "'shared'; accepted: shared_bott"):
      modeling.MobileBertBlock(attention_input='shared')


class PoolerTest(contract.LayerContract, tf.test.TestCase):

  def make_layer(self, **kwargs):
    return modeling.Pooler(use_dense=True, **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 4)]

  def expected_shapes(self):
    return [2, 4]

  def test_is_the_first_token_or_tanh_of_it(self):
    x = contract.normal(2, 5, 4)
    self.assertAllEqual(modeling.Pooler()(x), x[:, 0])
    outputs, weights = _built(modeling.Pooler(True, name='pooler'), x)
    self.assertAllClose(
        outputs, np.tanh(oracle.dense(x[:, 0], weights.below('dense'))),
        1e-5, 1e-5)


class MaskedLanguageModelTransformTest(
    contract.LayerContract, tf.test.TestCase):

  def make_layer(self, **kwargs):
    return modeling.MaskedLanguageModelTransform(**kwargs)

  def make_inputs(self):
    return [contract.normal(2, 5, 4), np.array([[1, 4, 0], [2, 2, 3]])]

  def expected_shapes(self):
    return [2, 3, 4]

  def test_equals_the_oracle(self):
    layer = modeling.MaskedLanguageModelTransform('gelu', name='transform')
    x, positions = self.make_inputs()
    outputs, weights = _built(layer, x, positions)
    masked = np.stack([x[row][positions[row]] for row in range(2)])
    hidden = oracle.gelu_tanh(oracle.dense(masked, weights.below('dense')))
    self.assertAllClose(
        outputs, oracle.layer_norm(hidden, weights.below('norm')), 1e-4, 1e-4)


class MaskedLanguageModelLogitsTest(
    contract.LayerContract, tf.test.TestCase):

  def make_layer(self, **kwargs):
    return modeling.MaskedLanguageModelLogits(
        vocab_size=9, embedding_size=4, **kwargs)

  def make_inputs(self):
    return [contract.normal(2, 3, 6), contract.normal(2, 3, 9, seed=1)]

  def expected_shapes(self):
    return [2, 3, 9]

  def test_equals_the_joined_table(self):
    table = modeling.WordEmbedding(9, 4)
    states = contract.normal(2, 3, 6)
    layer = self.make_layer(name='masked_lm')
    layer(states, table(states, reverse=True))
    contract.randomize(layer)
    weights = oracle.Weights.of(layer, 'masked_lm/')
    self.assertAllClose(
        layer(states, table(states, reverse=True)),
        oracle.masked_lm_logits(
            states, table.embeddings.numpy(), weights['extra_output_weights'],
            weights['bias']), 1e-5, 1e-5)

  def test_a_table_of_full_width_needs_no_extra_weights(self):
    layer = modeling.MaskedLanguageModelLogits(9, 6)
    states, tied = self.make_inputs()
    layer(states, tied)
    self.assertLen(layer.weights, 1)
    layer.bias.assign(tf.range(9, dtype=tf.float32))
    self.assertAllClose(layer(states, tied), tied + np.arange(9))


class NextSentenceHeadTest(contract.LayerContract, tf.test.TestCase):

  def make_layer(self, **kwargs):
    return modeling.NextSentenceHead(**kwargs)

  def make_inputs(self):
    return [contract.normal(3, 4)]

  def expected_shapes(self):
    return [3, 2]

  def test_is_one_dense_layer(self):
    x = contract.normal(3, 4)
    outputs, weights = _built(modeling.NextSentenceHead(name='head'), x)
    self.assertAllClose(
        outputs, oracle.dense(x, weights.below('dense')), 1e-5, 1e-5)


if __name__ == '__main__':
  tf.test.main()
