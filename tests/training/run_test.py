# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The metrics log and the progress bar of a run."""

import contextlib
import io
import os
from unittest import mock

from absl import logging
import pytest
import tensorflow as tf, tf_keras
from tensorflow.python.framework import convert_to_constants

from mobilebert_tf.training import run
from official.core import train_utils
from tests import tiny_runs


class MetricsLogTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.path = os.path.join(self.get_temp_dir(), f'{self.id()}.jsonl')
    self.step = tf.Variable(0, dtype=tf.int64)

  def _log(self, steps):
    log = run.MetricsLog(self.path, self.step)
    for step in steps:
      self.step.assign(step)
      log({'training_loss': tf.constant(step / 2.0)})

  def test_writes_a_line_for_each_loop(self):
    self._log([2, 4])
    self.assertEqual(run.read_metrics(self.path), [
        {'step': 2, 'training_loss': 1.0}, {'step': 4, 'training_loss': 2.0}])

  def test_a_restart_forgets_what_came_after_its_checkpoint(self):
    self._log([2, 4, 6])
    self._log([4, 8])  # Killed after 6, goes on from the checkpoint of 2.
    lines = run.read_metrics(self.path)
    self.assertEqual([line['step'] for line in lines], [2, 4, 8])

  def test_an_unfinished_last_line_is_left_out(self):
    self._log([2])
    with open(self.path, 'a', encoding='utf-8') as file:
      file.write('{"step": 4, "trai')
    self.assertLen(run.read_metrics(self.path), 1)
    self._log([4])
    self.assertLen(run.read_metrics(self.path), 2)

  def test_no_file_is_no_metrics(self):
    self.assertEqual(run.read_metrics(self.path), [])


class ProgressBarTest(tf.test.TestCase):

  def test_shows_steps_and_loss(self):
    step = tf.Variable(0, dtype=tf.int64)
    shown = io.StringIO()
    with contextlib.redirect_stderr(shown):
      bar = run.ProgressBar('teacher', 4, step)
      for done in (2, 4):
        step.assign(done)
        bar({'training_loss': tf.constant(1.5)})
    self.assertIn('teacher', shown.getvalue())
    self.assertIn('4/4', shown.getvalue())
    self.assertIn('loss=1.500', shown.getvalue())


class WholeRunTest(tiny_runs.TinyRuns, tf.test.TestCase):

  @pytest.mark.slow
  def test_nothing_is_frozen_and_each_evaluation_is_a_line(self):
    params = self.params(tiny_runs.PRETRAIN, self.settings(
        2, strategy=None)).replace(
            runtime={'mixed_precision_dtype': 'bfloat16'})
    printed, told = io.StringIO(), io.StringIO()
    verbosity = logging.get_verbosity()
    self.addCleanup(logging.set_verbosity, verbosity)
    logging.set_verbosity(logging.ERROR)
    with (mock.patch.object(
        convert_to_constants, 'convert_variables_to_constants_v2') as froze,
          mock.patch.object(train_utils, 'try_count_flops') as counted,
          contextlib.redirect_stdout(printed),
          contextlib.redirect_stderr(told)):
      model, metrics = run.run_experiment(
          params, 'train_and_post_eval', self.make_folder())
    froze.assert_not_called()
    counted.assert_not_called()
    self.assertIn('masked_lm_accuracy', metrics)
    self.assertRegex(printed.getvalue(),
                     r'^Evaluation at step 2: masked_lm_accuracy [^\n]+\n$')
    self.assertIn('Training on the CPU in mixed_bfloat16.', told.getvalue())
    self.assertEqual(model.dtype_policy.name, 'mixed_bfloat16')
    # What the process does next has its own precision.
    self.assertEqual(tf_keras.mixed_precision.global_policy().name, 'float32')


if __name__ == '__main__':
  tf.test.main()
