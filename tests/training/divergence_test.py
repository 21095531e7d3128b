# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A training whose loss is not finite stops, says where, and saves nothing."""

import os

import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.training import run
from tests.distillation import tiny_models
from tests import tiny_runs


class DivergenceTest(tiny_runs.TinyRuns, tf.test.TestCase):

  def _message(self, experiment: str, settings: dict, folder: str) -> str:
    with self.assertRaises(run.DivergenceError) as raised:
      run.run_experiment(
          self.params(experiment, settings), 'train', folder)
    return str(raised.exception)

  def test_pretraining_keeps_its_last_good_checkpoint(self):
    # The warm-up of 6 steps begins at 0, so the first steps are harmless.
    settings = self.settings(20, optimizer='adamw', trainer={
        'steps_per_loop': 2, 'summary_interval': 2, 'checkpoint_interval': 2,
        'optimizer_config': {
            'optimizer': {'type': 'adamw'},
            'learning_rate': {'type': 'stepwise', 'stepwise': {
                'boundaries': [3], 'values': [0.0, 1e30]}},
            'warmup': {'type': None}}})
    folder = self.make_folder()
    message = self._message(tiny_runs.PRETRAIN, settings, folder)
    self.assertRegex(message, r'between steps [57] and [68] \(pre-training\)')
    self.assertIn('weights word_embeddings/embeddings', message)
    last = tf.train.latest_checkpoint(folder)
    self.assertIn(f'The last checkpoint is {last}, of step ', message)
    self.assertIn('a lower trainer.optimizer_config.learning_rate, ', message)
    model = tiny_models.pretrainer(tiny_models.teacher_config(), seed=0)
    checkpoints.restore(model, last)
    # It may hold weights that are far off, but none that is not a number.
    self.assertFalse(any(np.isnan(w).any() for w in model.get_weights()))
    self.assertGreater(self.metrics(folder)[-1]['step'], 4)

  @pytest.mark.slow
  def test_distillation_names_stage_term_and_block(self):
    teacher = tiny_models.pretrainer(tiny_models.teacher_config(), seed=1)
    # A teacher that is broken in one place.
    gamma = next(variable for variable in teacher.weights
                 if variable.name.startswith('block_1/')
                 and 'gamma' in variable.name)
    gamma.assign(1e30 * tf.ones_like(gamma))
    path = tf.train.Checkpoint(**teacher.checkpoint_items).write(
        os.path.join(self.make_folder(), 'teacher'))
    settings = self.settings(
        10, **self.student(self.teacher(), path, 3, 10))
    folder = self.make_folder()
    message = self._message(tiny_runs.DISTILL, settings, folder)
    self.assertIn('between steps 4 and 4 (stage ', message)
    self.assertIn('mean/block_1, variance/block_1', message)
    self.assertNotIn('block_0', message.split('weights')[0])


class ReportTest(tf.test.TestCase):

  def test_finite_logs_pass_and_others_are_named(self):
    encoder = modeling.MobileBertEncoder(tiny_models.student_config())
    check = run.StopWhenNotFinite(
        encoder, tf.Variable(8), 4, lambda step: f'stage of {step}',
        lambda first, last: f'Repair {first} to {last}.')
    check({'loss': tf.constant(1.0), 'table': tf.fill([2], np.nan)})
    with self.assertRaisesRegex(
        run.DivergenceError,
        r'between steps 5 and 8 \(stage of 7\): not finite: masked_lm; all '
        r'weights are still finite. Repair 5 to 8.'):
      check({'loss': 1.0, 'masked_lm': tf.constant(np.inf)})
    encoder.weights[0].assign(np.inf * tf.ones_like(encoder.weights[0]))
    with self.assertRaisesRegex(
        run.DivergenceError, r'not finite: the weights word_embeddings\S+ \(1'):
      check({'loss': tf.constant(1.0)})


if __name__ == '__main__':
  tf.test.main()
