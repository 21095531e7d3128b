# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Recomputed blocks have the same gradients, and take less memory."""

import subprocess
import sys

from absl.testing import parameterized
import pytest
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import recomputation
from tests.modeling import contract

_PEAK = '''
import sys
import tensorflow as tf
from mobilebert_tf import modeling
from mobilebert_tf.common import machine
from mobilebert_tf.modeling import recomputation
from tests.modeling import contract
encoder = modeling.MobileBertEncoder(contract.tiny_architecture(
    num_blocks=12, max_position_embeddings=512, intra_block_size=64,
    intermediate_size=128, inter_block_size=128))
ids = tf.ones([8, 512], tf.int32)

@tf.function
def step():
  with (recomputation.of_blocks(sys.argv[1] == 'True'),
        tf.GradientTape() as tape):
    loss = tf.reduce_mean(encoder([ids, ids, ids * 0])['sequence_output'])
  return tf.linalg.global_norm(
      tape.gradient(loss, encoder.blocks[0].trainable_variables))

step.get_concrete_function()
before = machine.peak_memory()
step()
print(machine.peak_memory() - before)
'''


class RecomputationTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters('float32', 'mixed_bfloat16')
  def test_gradients_are_the_same_with_dropout(self, policy):
    encoder = modeling.MobileBertEncoder(contract.tiny_architecture(
        attention_dropout_rate=0.2, hidden_dropout_rate=0.2), dtype=policy)
    inputs = contract.token_inputs()
    variables = encoder.trainable_variables

    @tf.function
    def gradients(enabled):
      with (layers.step_seed(1, 7), recomputation.of_blocks(enabled),
            tf.GradientTape() as tape):
        outputs = encoder(inputs, training=True)
        loss = (tf.reduce_mean(outputs['sequence_output'] ** 2) + tf.cast(
            tf.reduce_mean(outputs['attention_scores'][1] ** 2),
            outputs['sequence_output'].dtype))
      return list(map(tf.convert_to_tensor, tape.gradient(loss, variables)))

    for one, other, variable in zip(
        gradients(True), gradients(False), variables, strict=True):
      self.assertAllEqual(one, other, msg=variable.name)

  @pytest.mark.slow
  def test_they_take_less_memory(self):
    peaks = [int(subprocess.run(
        [sys.executable, '-c', _PEAK, enabled], check=True, text=True,
        capture_output=True).stdout) for enabled in ('True', 'False')]
    self.assertLess(peaks[0], 0.7 * peaks[1])


if __name__ == '__main__':
  tf.test.main()
