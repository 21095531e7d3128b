# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A folded encoder gives the encoder's outputs, whatever its gammas."""

from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from benchmarks import reparametrization
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.inference import folding
from mobilebert_tf.inference import rewriting
from mobilebert_tf import modeling
from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import layout as layout_lib
from tests.modeling import contract
from tests.modeling import numpy_oracle as oracle

_VARIANTS = (
    ('released', {}),
    ('tiny', {'attention_input': 'bottleneck'}),
    ('paper', {'attention_input': 'block_input'}),
    ('relu6', {'hidden_activation': 'relu6'}),
    ('gelu', {'hidden_activation': 'gelu', 'attention_input': 'bottleneck'}),
    ('reference_mask', {'attention_mask': 'tf1_reference'}),
    ('reference_mask_tiny', {'attention_mask': 'tf1_reference',
                             'attention_input': 'bottleneck'}),
    ('without_opt', {'normalization': 'layer_norm',
                     'hidden_activation': 'gelu'}),
    ('teacher', {'normalization': 'layer_norm', 'hidden_activation': 'gelu',
                 'attention_input': 'block_input', 'intra_block_size': 24}),
    ('layer_norm_tiny', {'normalization': 'layer_norm',
                         'attention_input': 'bottleneck'}),
)


def _encoder(**overrides) -> modeling.MobileBertEncoder:
  encoder = modeling.MobileBertEncoder(contract.tiny_architecture(**overrides))
  contract.randomize(encoder)
  return encoder


def _expected(encoder: modeling.MobileBertEncoder) -> np.ndarray:
  return oracle.encoder(contract.token_inputs(), oracle.Weights.of(encoder),
                        encoder.architecture.as_dict())


def _run(folded: folding.FoldedEncoder, dtype=tf.float64) -> np.ndarray:
  inputs = contract.token_inputs()
  return folding.InferenceEncoder(folded, dtype)(
      *map(tf.constant, inputs.values())).numpy()


def _rescale(folded: folding.FoldedEncoder) -> folding.FoldedEncoder:
  batch = {name: tf.constant(value)
           for name, value in contract.token_inputs().items()}
  return rewriting.rescale(folded, rewriting.measure_ranges(folded, [batch]))


def _gammas(encoder: modeling.MobileBertEncoder) -> list[tf.Variable]:
  return [weight for weight in encoder.weights if 'gamma' in weight.name]


class FoldingTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.named_parameters(*_VARIANTS)
  def test_outputs_are_those_of_the_encoder(self, overrides):
    encoder = _encoder(**overrides)
    expected, folded = _expected(encoder), folding.fold(encoder)
    self.assertEmpty(folded.kept)
    # TensorFlow's gelu has a constant of float32.
    exact = 1e-7 if encoder.architecture.hidden_activation == 'gelu' else 1e-10
    self.assertAllClose(_run(folded), expected, exact, exact)
    error = np.abs(_run(folded, tf.float32) - expected).max()
    keras = np.abs(encoder(contract.token_inputs())['sequence_output'].numpy()
                   - expected).max()
    self.assertLess(error, 4 * keras + 1e-5 * np.abs(expected).max())

  @parameterized.named_parameters(*_VARIANTS)
  def test_rescaling_by_powers_of_two_changes_no_bit(self, overrides):
    folded = folding.fold(_encoder(**overrides))
    rescaled = _rescale(folded)
    changed = [np.any(a != b) for a, b in zip(
        _arrays(folded), _arrays(rescaled), strict=True)]
    self.assertGreater(sum(changed), 0)
    self.assertAllEqual(_run(rescaled, tf.float32), _run(folded, tf.float32))

  def test_a_variant_of_attention_is_one_row_of_the_layout(self):
    reads = {'shared_values': (layout_lib.SHARED, layout_lib.SHARED)}
    with mock.patch.dict(layout_lib._ATTENTION_READS, reads), (
        mock.patch.object(architectures, 'ATTENTION_INPUTS', tuple(reads))):
      encoder = _encoder(attention_input='shared_values')
      folded = folding.fold(encoder)
      rescaled = _rescale(folded)
      self.assertAllClose(
          _run(folded, tf.float32),
          encoder(contract.token_inputs())['sequence_output'], 1e-4, 1e-4)
      self.assertAllEqual(_run(rescaled, tf.float32), _run(folded, tf.float32))
      self.assertEqual(modeling.count_parameters(encoder.architecture),
                       encoder.count_params())
      names = name_map.weight_names(encoder.architecture, ())
      self.assertCountEqual(
          [f'{name.ours}:0' for name in names],
          [weight.name for weight in encoder.weights])

  @parameterized.parameters(
      ([0.0], True), ([-1.0], False), ([-0.5, 2.0], False), ([1e-8], True),
      ([1e6], True), ([1e-3], False), ([0.0, 1e6, -1e-8, 1.0], True),
      ([1e13, 1e-13], True))
  def test_hostile_gammas(self, values, keeps):
    encoder = _encoder(num_blocks=2)
    for gamma in _gammas(encoder):
      array = gamma.numpy()
      array[:len(values)] = values
      gamma.assign(array)
    expected, folded = _expected(encoder), folding.fold(encoder)
    self.assertEqual(bool(folded.kept), keeps)
    scale = np.abs(expected).max(axis=(0, 1))
    error = np.abs(_run(folded) - expected).max(axis=(0, 1))
    self.assertAllLessEqual(error / np.maximum(scale, 1e-30), 1e-9)

  def test_a_single_zero_keeps_only_what_follows_it(self):
    encoder = _encoder()
    norm = encoder.blocks[1].attention_norm
    norm.gamma.assign(tf.tensor_scatter_nd_update(norm.gamma, [[3]], [0.0]))
    folded = folding.fold(encoder)
    self.assertEqual(folded.kept, ['block_1/attention_norm'])
    kept = folded.blocks[1]['attention/output'].keep
    self.assertEqual(np.flatnonzero(kept != 1).tolist(), [3])
    self.assertAllClose(_run(folded), _expected(encoder), 1e-10, 1e-10)

  @parameterized.parameters(
      ('shared_bottleneck', {'wide': (16, 24), 'shared': (8, 16)}),
      ('bottleneck', {'wide': (16, 8), 'narrow': (8, 24)}),
      ('block_input', {'wide': (16, 32)}))
  def test_only_reads_of_one_tensor_are_joined(self, attention_input, shapes):
    folded = folding.fold(_encoder(attention_input=attention_input))
    self.assertFalse(folded.blocks[0]['attention/key'].dense.bias.any())
    [block, _] = folding.InferenceEncoder(folded)._blocks
    self.assertEqual(
        {name: tuple(weights['kernel'].shape)
         for name, weights in block['projections'].items()}, shapes)

  @parameterized.parameters(np.nan, np.inf)
  def test_weights_that_are_not_finite(self, value):
    encoder = _encoder()
    gamma = encoder.blocks[1].attention_norm.gamma
    gamma.assign(tf.fill(gamma.shape, value))
    with self.assertRaisesRegex(
        ValueError, 'block_1/attention_norm/gamma:0 has values that are not'):
      folding.fold(encoder)


class RescalingTest(parameterized.TestCase, tf.test.TestCase):

  def test_no_channel_is_far_from_the_others(self):
    encoder = _encoder(num_blocks=3)
    outliers(encoder, {2: 2.0 ** 23, 5: 2.0 ** -9})
    folded = folding.fold(encoder)
    rescaled = _rescale(folded)
    before, after = (self._ranges(f) for f in (folded, rescaled))
    self.assertGreater(before['wide'].max(), 1e6)
    for name, largest in after.items():
      if name.split('/')[-1] not in ('query', 'key', 'scores'):
        self.assertAllInRange(
            largest[largest > 0], rewriting._TARGET / 1.5,
            rewriting._TARGET * 1.5)
    self.assertAllClose(after['0/query'] * after['0/key'],
                        before['0/query'] * before['0/key'])

  @parameterized.parameters('bottleneck', 'block_input')
  def test_channels_of_other_variants(self, attention_input):
    encoder = _encoder(attention_input=attention_input)
    plain = _expected(encoder)
    outliers(encoder, {2: 2.0 ** 24})
    self.assertAllClose(_expected(encoder), plain, 1e-6, 1e-6)

  def test_channels_with_layer_norm_are_not_enlarged(self):
    with self.assertRaisesRegex(ValueError, 'this one has layer_norm'):
      outliers(_encoder(normalization='layer_norm'), {2: 2.0})

  def test_float16_where_activations_reach_ten_millions(self):
    encoder = _encoder(num_blocks=3)
    plain = _expected(encoder)
    outliers(encoder, {2: 2.0 ** 24, 5: 2.0 ** 20})
    self.assertAllClose(_expected(encoder), plain, 1e-6, 1e-6)
    folded = folding.fold(encoder)
    self.assertFalse(np.isfinite(_run(folded, tf.float16)).all())
    exact, rounded = plain, _run(_rescale(folded), tf.float16)
    self.assertLess(np.abs(rounded - exact).max() / exact.std(), 0.05)

  def test_without_text(self):
    with self.assertRaisesRegex(ValueError, 'no text to calibrate with'):
      rewriting.measure_ranges(folding.fold(_encoder()), [])

  def _ranges(self, folded):
    batch = {name: tf.constant(value)
             for name, value in contract.token_inputs().items()}
    return rewriting.measure_ranges(folded, [batch])


def _arrays(folded: folding.FoldedEncoder) -> list[np.ndarray]:
  encoder = folding.InferenceEncoder(folded, tf.float64)
  return [variable.numpy() for variable in encoder.variables]


def outliers(encoder: modeling.MobileBertEncoder,
             factors: dict[int, float]) -> None:
  """Makes channels of the wide stream larger, without a change of outputs."""
  scale = np.ones(encoder.architecture.inter_block_size, np.float32)
  for channel, factor in factors.items():
    scale[channel] = factor
  reparametrization.enlarge_channels(encoder, scale)


if __name__ == '__main__':
  tf.test.main()
