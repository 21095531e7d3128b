# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Training stops when evaluations get no better, also after a restart."""

import itertools
import json
import os

from absl.testing import absltest
from absl.testing import parameterized
from official.core import config_definitions as cfg
import tensorflow as tf

from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.training import early_stopping

_NAN = float('nan')


def _params(patience: int = 2, steps: int = 100,
            **trainer) -> cfg.ExperimentConfig:
  task = cfg.TaskConfig()
  task.early_stopping = patience
  return cfg.ExperimentConfig(task=task, trainer=cfg.TrainerConfig(**{
      'train_steps': steps, 'best_checkpoint_eval_metric': 'accuracy',
      'best_checkpoint_export_subdir': 'best', **trainer}))


class ShouldStopTest(parameterized.TestCase):

  @parameterized.parameters(1, 2, 3)
  def test_it_stops_as_soon_as_the_best_is_that_long_ago(self, patience):
    for values in itertools.product([0.1, 0.2, 0.3], repeat=5):
      stops = [early_stopping.should_stop(values[:n], patience, True)
               for n in range(1, 6)]
      expected = [n - 1 - values[:n].index(max(values[:n])) >= patience
                  for n in range(1, 6)]
      self.assertEqual(stops, expected, values)

  def test_lower_can_be_better_and_what_is_no_number_never_is(self):
    self.assertTrue(early_stopping.should_stop([1.0, 2.0], 1, False))
    self.assertFalse(early_stopping.should_stop([2.0, 1.0], 1, False))
    self.assertTrue(early_stopping.should_stop([0.5, _NAN, _NAN], 2, True))
    self.assertFalse(early_stopping.should_stop([_NAN, 0.5], 1, True))

  def test_a_config_has_it(self):
    self.assertEqual(gradient_step.StepConfig().early_stopping, 0)

  def test_settings_that_could_not_stop_are_refused(self):
    early_stopping.check(_params(), 'train_and_eval')
    early_stopping.check(_params(), 'eval')
    early_stopping.check(_params(0, best_checkpoint_eval_metric=''), 'train')
    for message, params, mode in (
        ('--mode=train_and_eval, not train', _params(), 'train'),
        ('early_stopping is -1', _params(-1), 'train'),
        ('best_checkpoint_eval_metric is not set',
         _params(best_checkpoint_eval_metric=''), 'train_and_eval')):
      with self.assertRaisesRegex(ValueError, message):
        early_stopping.check(params, mode)


class EarlyStoppingTest(tf.test.TestCase):

  def _action(self, step: tf.Variable, params=None, is_chief=True):
    return early_stopping.of(params or _params(), self.folder, step, is_chief)

  def setUp(self):
    super().setUp()
    self.folder = os.path.join(self.get_temp_dir(), self.id())
    os.makedirs(self.folder)
    self.step = tf.Variable(0, dtype=tf.int64)

  def _evaluate(self, action, step: int, accuracy: float) -> None:
    self.step.assign(step)
    action({'accuracy': tf.constant(accuracy, tf.float64), 'loss': 1.0})

  def _lines(self) -> list[tuple[int, float]]:
    with open(os.path.join(self.folder, early_stopping.EVALUATIONS)) as file:
      return [tuple(json.loads(line).values()) for line in file]

  def test_a_killed_run_decides_as_one_that_was_not(self):
    action = self._action(self.step)
    self._evaluate(action, 10, 0.5)
    self._evaluate(action, 20, 0.4)
    resumed = self._action(self.step)  # From a checkpoint before step 20.
    self.assertFalse(resumed.is_done())
    self._evaluate(resumed, 20, 0.45)
    self.assertEqual(self._lines(), [(10, 0.5), (20, 0.45)])
    with self.assertRaises(early_stopping.StopTraining):
      self._evaluate(resumed, 30, 0.5)
    self.assertTrue(resumed.is_done())
    self.assertTrue(self._action(self.step).is_done())

  def test_the_last_step_is_the_end(self):
    action = self._action(self.step, _params(steps=20))
    self._evaluate(action, 10, 0.5)
    with self.assertRaises(early_stopping.StopTraining):
      self._evaluate(action, 20, 0.6)

  def test_another_worker_stops_but_writes_nothing(self):
    action = self._action(self.step, _params(1), is_chief=False)
    self._evaluate(action, 10, 0.5)
    with self.assertRaises(early_stopping.StopTraining):
      self._evaluate(action, 20, 0.5)
    self.assertEmpty(os.listdir(self.folder))

  def test_a_metric_that_is_not_there_is_named(self):
    with self.assertRaisesRegex(ValueError, "'accuracy'; the evaluation has "
                                'loss'):
      self._action(self.step)({'loss': 1.0})

  def test_the_best_becomes_the_latest(self):
    weight = tf.Variable(0.0)
    checkpoint = tf.train.Checkpoint(weight=weight, global_step=self.step)
    best = tf.train.CheckpointManager(
        checkpoint, os.path.join(self.folder, 'best'), 1)
    manager = tf.train.CheckpointManager(
        checkpoint, self.folder, 1, step_counter=self.step,
        checkpoint_interval=10)
    action = self._action(self.step)
    for step, accuracy in ((10, 0.5), (20, 0.7), (30, 0.6), (40, 0.6)):
      weight.assign(step)
      self.step.assign(step)
      if accuracy == 0.7:
        best.save()
      self.assertTrue(manager.save(checkpoint_number=step))
      if step == 40:
        with self.assertRaises(early_stopping.StopTraining):
          self._evaluate(action, step, accuracy)
      else:
        self._evaluate(action, step, accuracy)
    action.restore_best(checkpoint, manager)
    self.assertEqual((float(weight), int(self.step)), (20, 20))
    self.assertEndsWith(manager.latest_checkpoint, 'ckpt-20')

  def test_without_the_setting_there_is_none(self):
    self.assertIsNone(early_stopping.of(_params(0), self.folder, None, True))


if __name__ == '__main__':
  absltest.main()
