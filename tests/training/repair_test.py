# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A distillation that diverged goes on as docs/distillation.md says."""

import os
import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.training import resuming
from mobilebert_tf.training import run
from tests import tiny_runs
from tests.distillation import tiny_models


class RepairTest(tiny_runs.TinyRuns, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    teacher = tiny_models.pretrainer(tiny_models.teacher_config(), seed=1)
    self._teacher = tf.train.Checkpoint(**teacher.checkpoint_items).write(
        os.path.join(self.make_folder(), 'teacher'))

  def _settings(self, interval: int = 4, **schedule) -> dict:
    """Returns 3 steps for each of two blocks, and 5 of distillation."""
    settings = self.settings(0, trainer={
        'checkpoint_interval': interval, 'validation_interval': 20,
    }, **self.student(self.teacher(), self._teacher, 3, 11))
    settings['task']['schedule'].update(schedule)
    return settings

  def _run(self, settings: dict, folder: str) -> dict[str, np.ndarray]:
    model, _ = run.run_experiment(
        self.params(tiny_runs.DISTILL, settings), 'train', folder)
    return {weight.name: weight.numpy() for weight in model.weights}

  def _diverge(self, settings: dict, folder: str) -> str:
    with self.assertRaises(run.DivergenceError) as raised:
      self._run(settings, folder)
    return str(raised.exception)

  def _kept(self, folder: str) -> str:
    return pathlib.Path(folder, 'params.yaml').read_text('utf-8')

  @pytest.mark.slow
  def test_a_lower_rate_goes_on_from_the_last_checkpoint(self):
    folder = self.make_folder()
    message = self._diverge(
        self._settings(interval=5, distillation_learning_rate=1e12), folder)
    last = resuming.latest_checkpoint(folder)
    self.assertIn(f'The last checkpoint is {last}, of step 6.', message)
    self.assertIn('a lower task.schedule.distillation_learning_rate', message)
    self.assertNotIn('remove the files', message)
    with self.assertLogs(level='WARNING') as logs:
      weights = self._run(
          self._settings(interval=5, distillation_learning_rate=1e-3), folder)
    self.assertTrue(all(np.isfinite(each).all() for each in weights.values()))
    self.assertEqual([line['step'] for line in self.metrics(folder)],
                     list(range(1, 12)))
    self.assertIn('task.schedule.distillation_learning_rate: '
                  '1000000000000.0 -> 0.001 from step 6 on.',
                  '\n'.join(logs.output))
    self.assertIn('distillation_learning_rate: 0.001', self._kept(folder))
    # Finished, it is extended.
    self._run(self._settings(interval=5, distillation_learning_rate=1e-3,
                             distillation_steps=7), folder)
    self.assertEqual(self.metrics(folder)[-1]['step'], 13)

  @pytest.mark.slow
  def test_a_checkpoint_that_was_spoilt_already_is_removed(self):
    folder = self.make_folder()
    message = self._diverge(
        self._settings(interval=7, distillation_learning_rate=1e10), folder)
    last = resuming.latest_checkpoint(folder)
    self.assertIn(f'{last}, of step 8.', message)
    self.assertIn('remove the files of that checkpoint', message)
    lower = self._settings(interval=7, distillation_learning_rate=1e-3)
    self._diverge(lower, folder)
    for path in pathlib.Path(folder).glob(f'{os.path.basename(last)}.*'):
      path.unlink()
    weights = self._run(lower, folder)
    self.assertTrue(all(np.isfinite(each).all() for each in weights.values()))
    self.assertEqual(self.metrics(folder)[-1]['step'], 11)

  @pytest.mark.slow
  def test_another_run_starts_at_a_stage_of_this_one(self):
    folder, other = self.make_folder(), self.make_folder()
    self._run(self._settings(lower_multiplier=0.0), folder)
    stages = sorted(path.stem for path in pathlib.Path(
        folder, 'stages').glob('*.index'))
    self.assertEqual(stages, ['block_0-3', 'block_1-6', 'distillation-11'])
    settings = self._settings(
        first_block=1, distillation_steps=0, lower_multiplier=0.0)
    start = f'{folder}/stages/block_0-3'
    settings['task']['init_checkpoint'] = start
    after = self._run(settings, other)
    student = tiny_models.pretrainer(tiny_models.student_config(), seed=0)
    checkpoints.restore(student, start)
    changed = {weight.name.split('/')[0] for weight in student.weights
               if not np.array_equal(weight.numpy(), after[weight.name])}
    self.assertEqual(changed, {'block_1'})
    self.assertEqual([line['stage'] for line in self.metrics(other)], [0] * 3)

  def test_what_lies_behind_is_refused_in_one_line(self):
    folder = self.make_folder()
    params = self.params(tiny_runs.DISTILL, self._settings())
    strategy = tf.distribute.get_strategy()
    resuming.start_or_resume(params, strategy, folder).write(folder)
    tf.train.CheckpointManager(
        tf.train.Checkpoint(global_step=tf.Variable(5, dtype=tf.int64)),
        folder, None).save()
    before = self._kept(folder)
    changed = params.replace(task={'schedule': {'strategy': 'joint'}})
    with self.assertRaisesRegex(
        ValueError, "behind step 5.* 'block 0' .* 'all blocks' .*params.yaml"):
      resuming.start_or_resume(changed, strategy, folder)
    self.assertEqual(self._kept(folder), before)

  def test_a_run_of_an_older_version_resumes(self):
    folder = self.make_folder()
    params = self.params(tiny_runs.DISTILL, self._settings())
    strategy = tf.distribute.get_strategy()
    resuming.start_or_resume(params, strategy, folder).write(folder)
    tf.train.CheckpointManager(
        tf.train.Checkpoint(global_step=tf.Variable(5, dtype=tf.int64)),
        folder, None).save()
    path = pathlib.Path(folder, 'params.yaml')
    path.write_text(re.sub(
        r' +(first_block|transfer_end_share): .*\n', '', self._kept(folder)))
    part = resuming.start_or_resume(params, strategy, folder)
    self.assertEqual(part.params.task.train_data.start_batch, 5)


if __name__ == '__main__':
  tf.test.main()
