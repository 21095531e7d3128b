# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Gradients in bfloat16 on a CPU, where sums are long."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf import modeling
from tests.modeling import contract

_TEXTS, _LENGTH = 128, 64


def _inputs() -> dict[str, np.ndarray]:
  positions = np.zeros([_TEXTS, 2], np.int32)
  return {**contract.token_inputs(_TEXTS, _LENGTH),
          'masked_lm_positions': positions + [3, 7]}


def _gradients(normalization: str, dtype: str) -> dict[str, np.ndarray]:
  architecture = contract.tiny_architecture(
      num_blocks=1, max_position_embeddings=_LENGTH + 1, use_pooler=True,
      normalization=normalization)
  model = modeling.MobileBertPretrainer(
      modeling.MobileBertEncoder(architecture, dtype=dtype))
  contract.randomize(model)
  with tf.GradientTape() as tape:
    outputs = model(_inputs())
    loss = tf.add_n([
        tf.reduce_mean(tf.square(tf.cast(outputs[name], tf.float32) - 1))
        for name in ('sequence_output', 'mlm_logits', 'next_sentence')])
  variables = model.trainable_variables
  return {variable.name: tf.convert_to_tensor(gradient).numpy()
          for variable, gradient in zip(
              variables, tape.gradient(loss, variables), strict=True)}


class GradientsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters('no_norm', 'layer_norm')
  def test_gradients_of_8192_tokens_equal_those_of_float32(self, kind):
    expected, actual = (_gradients(kind, dtype)
                        for dtype in ('float32', 'mixed_bfloat16'))
    for name, gradient in expected.items():
      if name.endswith('attention/key/bias:0'):
        continue  # It changes no probability, so its gradient is noise.
      error = np.linalg.norm(actual[name] - gradient)
      self.assertLess(error, 0.05 * np.linalg.norm(gradient), name)


if __name__ == '__main__':
  tf.test.main()
