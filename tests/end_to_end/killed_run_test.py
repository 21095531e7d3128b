# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A training killed with SIGKILL ends as one that never was, bit for bit."""

import random
import signal
import time

import numpy as np
import pytest
import tensorflow as tf

from tests import tiny_runs

_STEPS = 60
_SECONDS = 180


@pytest.mark.exhaustive
class KilledRunTest(tiny_runs.TinyRuns, tf.test.TestCase):

  def _settings(self, **settings) -> dict:
    return self.settings(_STEPS, **settings, trainer={
        'steps_per_loop': 2, 'summary_interval': 2, 'checkpoint_interval': 6,
        'validation_interval': 30, 'max_to_keep': 3})

  def _finish(self, command: list[str], folder: str) -> None:
    _, errors = self.start(command).communicate(timeout=_SECONDS)
    self.assertEqual(self.metrics(folder)[-1]['step'], _STEPS,
                     errors.decode()[-3000:])

  def _kill_at(self, step: int, delay: float, command: list[str],
               folder: str) -> int:
    """Kills a run some time after it has logged a step; returns the last."""
    process = self.start(command)
    deadline = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < deadline:
      lines = self.metrics(folder)
      if lines and lines[-1]['step'] >= step:
        time.sleep(delay)
        break
      time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    self.assertEqual(process.returncode, -signal.SIGKILL,
                     errors.decode()[-3000:])
    return self.metrics(folder)[-1]['step']

  def _saved(self, folder: str) -> dict[str, np.ndarray]:
    """Returns weights, optimizer and step of the last checkpoint."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder))
    names = [name for name in reader.get_variable_to_shape_map()
             if name not in ('_CHECKPOINTABLE_OBJECT_GRAPH',
                             'save_counter/.ATTRIBUTES/VARIABLE_VALUE')]
    self.assertIn('global_step/.ATTRIBUTES/VARIABLE_VALUE', names)
    return {name: reader.get_tensor(name) for name in names}

  def _check(self, experiment: str, settings: dict,
             kill_at: tuple[int, ...]) -> str:
    whole, killed = self.make_folder(), self.make_folder()
    config = self.write(settings)
    self._finish(self.train_command(experiment, config, whole), whole)
    command = self.train_command(experiment, config, killed)
    rng = random.Random(5)
    reached = [self._kill_at(step, rng.uniform(0, 0.05), command, killed)
               for step in kill_at]
    self.assertLess(max(reached), _STEPS, 'killed too late to be of use')
    self._finish(command, killed)
    expected, actual = self._saved(whole), self._saved(killed)
    self.assertEqual(expected.keys(), actual.keys())
    for name, value in expected.items():
      np.testing.assert_array_equal(value, actual[name], name)
    self.assertEqual(self.metrics(whole), self.metrics(killed))
    return whole

  def test_pretraining_and_the_distillation_from_it(self):
    teacher = self.teacher(hidden_dropout_rate=0.1, attention_dropout_rate=0.1)
    folder = self._check(
        tiny_runs.PRETRAIN,
        self._settings(model=teacher, optimizer='adamw'), (8, 40))
    # Two stages of a block, of 13 steps, so that they end between checkpoints
    # and between loops, and 34 steps of distillation.
    self._check(
        tiny_runs.DISTILL,
        self._settings(**self.student(teacher, folder, 13, _STEPS)),
        (12, 26))


if __name__ == '__main__':
  tf.test.main()
