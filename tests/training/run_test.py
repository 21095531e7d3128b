# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The metrics log and the progress bar of a run."""

import contextlib
import io
import os

import tensorflow as tf

from mobilebert_tf.training import run


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


if __name__ == '__main__':
  tf.test.main()
