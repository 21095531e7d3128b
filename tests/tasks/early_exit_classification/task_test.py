# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The step that trains exits: dropout, and what learns."""

import tensorflow as tf

from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.early_exit_classification import task as task_lib
from mobilebert_tf.tasks.pretraining import task as pretraining
from tests.modeling import contract


def _task(**exits) -> task_lib.EarlyExitTask:
  config = task_lib.EarlyExitConfig()
  config.model.num_classes = 2
  config.model.encoder = pretraining.encoder_config(contract.tiny_architecture(
      num_blocks=2, hidden_dropout_rate=0.5))
  config.exits.override(exits)
  return task_lib.EarlyExitTask(config)


class EarlyExitTaskTest(tf.test.TestCase):

  def test_the_frozen_encoder_has_dropout_if_that_is_wanted(self):
    batch = {**contract.token_inputs(8),
             'label_ids': tf.zeros([8, 1], tf.int32)}
    for dropout in (False, True):
      task = _task(dropout=dropout)
      model = task.build_model()
      contract.randomize(model)
      part = gradient_step.Slice(batch, dict.fromkeys(
          task.weigh(batch), tf.constant(1.0)))
      first, again = (float(task.compute(part, model)[0]) for _ in range(2))
      self.assertEqual(first == again, not dropout)

  def test_exits_alone_learn_poolers_included(self):
    task = _task(pooler=True)
    names = [weight.name for weight in task.trained_variables(
        task.build_model())]
    self.assertCountEqual(names, [
        'exits/kernel:0', 'exits/bias:0', 'exits/pooler_kernel:0',
        'exits/pooler_bias:0'])


if __name__ == '__main__':
  tf.test.main()
