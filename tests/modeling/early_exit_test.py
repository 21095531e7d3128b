# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Classifiers with early exits: what they compute, and what they refuse."""

import os

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.modeling import early_exit
from tests.modeling import contract


def _model(**fields) -> modeling.EarlyExitClassifier:
  model = modeling.EarlyExitClassifier(
      modeling.MobileBertEncoder(contract.tiny_architecture(num_blocks=3)),
      **{'num_classes': 2, **fields})
  contract.randomize(model)
  return model


class EarlyExitClassifierTest(parameterized.TestCase, tf.test.TestCase):

  def test_exits_are_dense_layers_of_standardised_first_tokens(self):
    model, inputs = _model(), contract.token_inputs()
    mean, deviation = contract.normal(2, 16), np.abs(contract.normal(2, 16)) + 1
    model.exits.standardise(mean, deviation)
    hidden = model.encoder(inputs)['encoder_outputs']
    found = model(inputs).numpy()
    kernel, bias = model.exits.kernel.numpy(), model.exits.bias.numpy()
    for i in range(2):
      first = (hidden[i][:, 0].numpy() - mean[i]) / deviation[i]
      self.assertAllClose(found[:, i], first @ kernel[i] + bias[i], 1e-4, 1e-4)
      [(plain, shifted)] = model.exits.as_dense_layers(i)
      self.assertAllClose(
          found[:, i], hidden[i][:, 0].numpy() @ plain + shifted, 1e-4, 1e-4)

  def test_exits_with_poolers(self):
    model, inputs = _model(exit_pooler=True), contract.token_inputs()
    model.exits.standardise(
        contract.normal(2, 16), np.abs(contract.normal(2, 16)) + 1)
    pooler = contract.normal(16, 16) / 4, contract.normal(16)
    model.exits.set_poolers(*pooler)
    hidden = model.encoder(inputs)['encoder_outputs']
    found = model(inputs).numpy()
    kernel, bias = model.exits.kernel.numpy(), model.exits.bias.numpy()
    for i in range(2):
      first = np.tanh(hidden[i][:, 0].numpy() @ pooler[0] + pooler[1])
      self.assertAllClose(found[:, i], first @ kernel[i] + bias[i], 1e-4, 1e-4)
      one, other = model.exits.as_dense_layers(i)
      first = np.tanh(hidden[i][:, 0].numpy() @ one[0] + one[1])
      self.assertAllClose(found[:, i], first @ other[0] + other[1], 1e-4, 1e-4)

  def test_the_last_exit_is_the_classifier(self):
    model, inputs = _model(exit_blocks=[2]), contract.token_inputs()
    whole = modeling.MobileBertClassifier(model.encoder, 2)
    whole.checkpoint_items['classifier'].set_weights(
        model.checkpoint_items['classifier'].get_weights())
    self.assertAllClose(model(inputs)[:, -1], whole(inputs), 1e-6, 1e-6)
    self.assertEqual(model(inputs).shape, [3, 2, 2])

  def test_a_channel_that_does_not_vary_is_not_divided_by_nothing(self):
    model = _model()
    model.exits.standardise(np.zeros([2, 16]), np.zeros([2, 16]))
    self.assertAllEqual(model.exits.deviation, np.ones([2, 16]))

  def test_a_copy_has_the_same_exits(self):
    model = _model(exit_blocks=[1], labels=['a', 'b'], exit_pooler=True)
    copy = modeling.EarlyExitClassifier.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    path = os.path.join(self.get_temp_dir(), 'model.keras')
    model.save(path)
    for each in (copy, tf_keras.models.load_model(path)):
      self.assertEqual(each.exit_blocks, (1,))
      self.assertEqual(each.labels, ('a', 'b'))
      inputs = contract.token_inputs()
      self.assertAllEqual(each(inputs), model(inputs))

  def test_exits_are_float32_under_every_policy(self):
    encoder = modeling.MobileBertEncoder(
        contract.tiny_architecture(num_blocks=2), dtype='mixed_bfloat16')
    model = modeling.EarlyExitClassifier(encoder, num_classes=2)
    contract.randomize(model)
    inputs = contract.token_inputs()
    found = model(inputs)
    self.assertEqual(found.dtype, tf.float32)
    first = tf.cast(encoder(inputs)['encoder_outputs'][0][:, 0], tf.float32)
    [(kernel, bias)] = model.exits.as_dense_layers(0)
    self.assertAllClose(found[:, 0], first.numpy() @ kernel + bias, 1e-4, 1e-4)

  @parameterized.parameters(
      ({'exit_blocks': [3]}, '3 blocks.*1 to 2'),
      ({'exit_blocks': [0]}, '0; the encoder has 3'),
      ({'exit_blocks': [2, 1]}, 'have to ascend'),
      ({'exit_blocks': [1, 1]}, 'have to ascend'),
      ({'num_classes': 1}, 'regression cannot have early exits'))
  def test_what_has_no_exits(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      _model(**fields)

  def test_one_block_has_no_earlier_exit(self):
    with self.assertRaisesRegex(ValueError, 'one block has no earlier'):
      early_exit.check_blocks(None, 1)


if __name__ == '__main__':
  tf.test.main()
