# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Heads whose width is no equal share of a block, as a model that was cut has.
"""

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.inference import folding
from tests.modeling import contract
from tests.modeling import numpy_oracle as oracle

_THREE_OF_FOUR = {'num_attention_heads': 3, 'head_size': 2,
                  'intermediate_size': 9}


def _encoder(**overrides) -> modeling.MobileBertEncoder:
  encoder = modeling.MobileBertEncoder(
      contract.tiny_architecture(**_THREE_OF_FOUR, **overrides))
  contract.randomize(encoder)
  return encoder


class HeadSizeTest(parameterized.TestCase, tf.test.TestCase):

  # Encoder parameters of MobileBERT by width and depth, of the brief on
  # DynaBERT, which counted them by another program.
  @parameterized.parameters(
      (4, 512, (24_581_888, 19_528_448, 14_475_008)),
      (3, 384, (20_733_440, 16_642_112, 12_550_784)),
      (2, 256, (16_884_992, 13_755_776, 10_626_560)),
      (1, 128, (13_036_544, 10_869_440, 8_702_336)))
  def test_parameters(self, heads, units, expected):
    for num_blocks, count in zip((24, 18, 12), expected, strict=True):
      self.assertEqual(modeling.count_parameters({
          'num_attention_heads': heads, 'head_size': 32,
          'intermediate_size': units, 'num_blocks': num_blocks}), count)

  @parameterized.parameters('shared_bottleneck', 'bottleneck', 'block_input')
  def test_an_encoder_equals_the_oracle(self, attention_input):
    encoder = _encoder(attention_input=attention_input)
    inputs = contract.token_inputs()
    outputs = encoder(inputs)
    expected = oracle.encoder(
        inputs, oracle.Weights.of(encoder), encoder.architecture.as_dict())
    self.assertAllClose(outputs['sequence_output'], expected, 1e-4, 1e-4)
    self.assertEqual(outputs['attention_scores'][0].shape, [3, 3, 7, 7])
    self.assertEqual(outputs['queries'][0].shape, [3, 7, 6])
    self.assertEqual(encoder.count_params(), modeling.count_parameters(
        encoder.architecture))

  @parameterized.parameters('shared_bottleneck', 'bottleneck', 'block_input')
  def test_it_is_folded(self, attention_input):
    encoder = _encoder(attention_input=attention_input)
    inputs = [tf.constant(each) for each in contract.token_inputs().values()]
    folded = folding.InferenceEncoder(folding.fold(encoder))
    self.assertAllClose(
        folded(*inputs), encoder(inputs)['sequence_output'], 1e-4, 1e-4)

  def test_our_checkpoints_hold_it_and_others_refuse(self):
    encoder = _encoder()
    checkpoint = checkpoints.of_model(encoder)
    folder = self.get_temp_dir()
    checkpoints.write(checkpoint, f'{folder}/ours', 'mobilebert_tf')
    read = checkpoints.read(f'{folder}/ours')
    self.assertEqual(read.architecture.head_size, 2)
    inputs = contract.token_inputs()
    again = checkpoints.build(modeling.MobileBertEncoder, read)
    self.assertAllEqual(again(inputs)['sequence_output'],
                        encoder(inputs)['sequence_output'])
    for other in ('tf1', 'hugging_face', 'model_garden'):
      with self.assertRaisesRegex(
          ValueError, '3 heads of 2 in a block of 8.*format mobilebert_tf'):
        checkpoints.write(checkpoint, f'{folder}/{other}', other)

  def test_an_equal_share_is_the_same_model(self):
    plain, named = (modeling.MobileBertEncoder(contract.tiny_architecture(
        **fields)) for fields in ({}, {'head_size': 4}))
    named.set_weights(plain.get_weights())
    inputs = contract.token_inputs()
    self.assertAllEqual(plain(inputs)['sequence_output'],
                        named(inputs)['sequence_output'])

  @parameterized.parameters(-1, 1.5, True, '8')
  def test_what_is_no_width(self, size):
    with self.assertRaisesRegex(ValueError, 'head_size is a whole number'):
      modeling.get_architecture('mobilebert', head_size=size)

  def test_heads_that_do_not_fill_a_block_need_a_width(self):
    with self.assertRaisesRegex(ValueError, '3 does not divide.*128'):
      modeling.get_architecture('mobilebert', num_attention_heads=3)
    self.assertEqual(modeling.get_architecture(
        'mobilebert', num_attention_heads=3, head_size=32).attention_size, 96)


if __name__ == '__main__':
  tf.test.main()
