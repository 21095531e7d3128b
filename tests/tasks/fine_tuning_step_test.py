# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A step of fine-tuning against what the reference's optimizer computes."""

import numpy as np
import tensorflow as tf
from official.modeling import optimization

from mobilebert_tf import modeling
from mobilebert_tf.training import experiments
from tests.modeling import contract

_RATE = 5e-5


class FineTuningStepTest(tf.test.TestCase):

  def test_steps_equal_adamw_without_bias_correction(self):
    config = experiments.get('mobilebert/glue/rte').trainer.optimizer_config
    optimizer = optimization.OptimizerFactory(config).build_optimizer(_RATE)
    model = modeling.MobileBertClassifier(
        modeling.MobileBertEncoder(contract.tiny_architecture(num_blocks=1)), 2)
    contract.randomize(model)
    variables = model.trainable_variables
    values = [variable.numpy().astype(np.float64) for variable in variables]
    moments = [(0.0, 0.0)] * len(values)
    for _ in range(3):
      with tf.GradientTape() as tape:
        logits = model(contract.token_inputs())
        loss = tf.reduce_sum(tf.square(logits - 3.0))
      gradients = [tf.convert_to_tensor(gradient) for gradient
                   in tape.gradient(loss, variables)]
      optimizer.apply_gradients(zip(gradients, variables, strict=True))
      norm = np.sqrt(sum(np.sum(np.square(g, dtype=np.float64))
                         for g in gradients))
      self.assertGreater(norm, 1.0)  # They are clipped.
      for i, gradient in enumerate(gradients):
        gradient = gradient.numpy().astype(np.float64) / norm
        m, v = moments[i]
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        moments[i] = m, v
        update = m / (np.sqrt(v) + 1e-6)
        if not any(part in variables[i].name for part in ('norm', 'bias')):
          update += 0.01 * values[i]
        values[i] -= _RATE * update
    for variable, value in zip(variables, values, strict=True):
      self.assertAllClose(variable, value, rtol=1e-5, atol=2e-7,
                          msg=variable.name)


if __name__ == '__main__':
  tf.test.main()
