# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The layout says what the layers compute, and counts it, for every variant."""

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.modeling import layout as layout_lib
from tests.modeling import contract

_VARIANTS = (
    {}, {'attention_input': 'bottleneck'}, {'attention_input': 'block_input'},
    {'normalization': 'layer_norm', 'hidden_activation': 'gelu'},
    {'num_feedforward_networks': 1, 'intra_block_size': 24,
     'use_pooler': True})


class LayoutTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(*_VARIANTS)
  def test_names_every_weight_of_a_block_with_its_shape(self, **fields):
    config = contract.tiny_architecture(**fields)
    block = modeling.MobileBertEncoder(config).blocks[1]
    expected = {}
    for product in layout_lib.block_layout(config).products:
      width = product.shape[1]
      expected[f'{product.name}/kernel'] = product.shape
      expected[f'{product.name}/bias'] = (width,)
      if product.norm:
        expected[f'{product.norm.name}/gamma'] = (width,)
        expected[f'{product.norm.name}/beta'] = (width,)
    self.assertEqual(
        {name: tuple(weight.shape)
         for name, weight in block.named_weights.items()}, expected)
    self.assertLen(block.named_weights, len(block.weights))

  @parameterized.parameters(*_VARIANTS)
  def test_counts_the_parameters_of_the_model(self, **fields):
    config = contract.tiny_architecture(**fields)
    self.assertEqual(modeling.count_parameters(config),
                     modeling.MobileBertEncoder(config).count_params())

  @parameterized.parameters(
      ('shared_bottleneck', 'shared', 'wide'), ('bottleneck', *['narrow'] * 2),
      ('block_input', *['wide'] * 2))
  def test_what_attention_reads(self, attention_input, queries, values):
    layout = layout_lib.block_layout(
        contract.tiny_architecture(attention_input=attention_input))
    self.assertEqual(
        [layout.writing(name)[0].reads for name in ('query', 'key', 'value')],
        [queries, queries, values])

  @parameterized.parameters(
      ('no_norm', 'relu', True, True), ('no_norm', 'gelu', True, False),
      ('layer_norm', 'relu', False, True))
  def test_what_scales_pass(self, normalization, activation, norm, network):
    layout = layout_lib.block_layout(contract.tiny_architecture(
        normalization=normalization, hidden_activation=activation))
    self.assertEqual(layout.writing('wide')[0].passes_scales, norm)
    self.assertEqual(layout.writing('feed_forward_0')[0].passes_scales, network)

  def test_every_tensor_is_written_before_it_is_read(self):
    for name in modeling.ARCHITECTURES:
      layout = layout_lib.encoder_layout(name).block
      known = {'wide'}
      for product in layout.products:
        if {'query', 'key', 'value'} <= known:
          known.add('context')
        self.assertIn(product.reads, known, name)
        self.assertEqual(product.residual, product.writes in known, name)
        known.add(product.writes)
      self.assertCountEqual(
          [*layout.after_attention,
           *(product for products in layout.projections.values()
             for product in products)], layout.products)


class OperationsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ('mobilebert', 5.39), ('mobilebert_paper', 5.59),
      ('mobilebert_tiny', 3.07), ('ib_bert_large', 75.7))
  def test_known_counts_of_128_tokens(self, name, billions):
    """Derived from the released code (paper_spec.md, section 1.1)."""
    self.assertAlmostEqual(
        layout_lib.count_operations(name, 128) / 1e9, billions, delta=0.05)

  @parameterized.parameters('shared_bottleneck', 'bottleneck', 'block_input')
  def test_equals_the_matrix_products_of_the_graph(self, attention_input):
    """Doubles what every product of the traced encoder multiplies."""
    config = contract.tiny_architecture(attention_input=attention_input)
    encoder = modeling.MobileBertEncoder(config)
    length = 5
    spec = tf.TensorSpec([1, length], tf.int32)
    traced = tf.function(lambda *inputs: encoder(list(inputs)))
    graph = traced.get_concrete_function(spec, spec, spec).graph
    operations = sum(
        _count_product(op) for op in graph.get_operations()
        if op.type in ('MatMul', 'BatchMatMulV2'))
    self.assertEqual(layout_lib.count_operations(config, length), operations)

  def test_blocks_are_counted_one_by_one(self):
    whole = layout_lib.count_operations('mobilebert', 128)
    half = layout_lib.count_operations('mobilebert', 128, num_blocks=12)
    block = layout_lib.count_block_operations('mobilebert', 128)
    self.assertEqual(whole - half, 12 * block)

  def test_heads_are_of_masked_tokens_alone(self):
    self.assertEqual(layout_lib.count_head_operations('mobilebert', 1),
                     2 * 512 * (512 + 30522))


def _count_product(op) -> int:
  left, output = op.inputs[0].shape, op.outputs[0].shape
  inner = left[-2] if op.get_attr(
      'transpose_a' if op.type == 'MatMul' else 'adj_x') else left[-1]
  return 2 * output.num_elements() * inner


if __name__ == '__main__':
  tf.test.main()
