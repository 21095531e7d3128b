# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Operations counted by formula, against other counts of the same."""

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.modeling import flops
from tests.modeling import contract


class FlopsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ('mobilebert', 5.39), ('mobilebert_paper', 5.59),
      ('mobilebert_tiny', 3.07), ('ib_bert_large', 75.7))
  def test_known_counts_of_128_tokens(self, name, billions):
    """Derived from the released code (paper_spec.md, section 1.1)."""
    self.assertAlmostEqual(
        flops.count_encoder(name, 128) / 1e9, billions, delta=0.05)

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
    self.assertEqual(flops.count_encoder(config, length), operations)

  def test_blocks_are_counted_one_by_one(self):
    whole = flops.count_encoder('mobilebert', 128)
    half = flops.count_encoder('mobilebert', 128, num_blocks=12)
    self.assertEqual(whole - half, 12 * flops.count_block('mobilebert', 128))

  def test_heads_are_of_masked_tokens_alone(self):
    self.assertEqual(flops.count_heads('mobilebert', 1),
                     2 * 512 * (512 + 30522))


def _count_product(op) -> int:
  left, output = op.inputs[0].shape, op.outputs[0].shape
  inner = left[-2] if op.get_attr(
      'transpose_a' if op.type == 'MatMul' else 'adj_x') else left[-1]
  return 2 * output.num_elements() * inner


if __name__ == '__main__':
  tf.test.main()
