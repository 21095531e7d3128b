# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A run that is stopped and continued equals the one never interrupted."""

import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf, tf_keras
import yaml

from mobilebert_tf.tasks.pretraining import task
from mobilebert_tf.training import consistency
from mobilebert_tf.training import experiments  # noqa: F401
from mobilebert_tf.training import resuming
from mobilebert_tf.training import run
from official.core import config_definitions as cfg
from official.core import exp_factory
from official.nlp.configs import bert
from tests.data import temporary
from tests.data import written_records
from tests.distillation import tiny_models
from tests.inference import tiny_classifier

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
           *(f'w{i}' for i in range(25)), *(f'##s{i}' for i in range(10)))


class ContinuedRunTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.addCleanup(tf_keras.utils.set_random_seed, 0)
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    self._records = self.make_folder()
    records = written_records.dynamic_records(14, 12, vocab_size=len(_TOKENS))
    written_records.write_folder(
        self._records, [records[:5], records[5:]], self._vocab,
        max_seq_length=12)

  def test_a_damaged_record_is_named_with_its_file(self):
    path = os.path.join(self._records, 'part-1.tfrecord')
    os.truncate(path, os.path.getsize(path) - 1)
    with self.assertRaisesRegex(ValueError, f'{path} is damaged .*record at'):
      run.run_experiment(self._params(9, 0), 'train', self.make_folder())

  def _params(self, train_steps: int, seed: int | None,
              decay_steps: int | None = None) -> cfg.ExperimentConfig:
    params = exp_factory.get_exp_config('mobilebert/pretrain')
    data = {'input_path': self._records, 'vocab_file': self._vocab,
            'seq_length': 13, 'max_predictions_per_seq': 3,
            'global_batch_size': 4, 'shuffle_buffer_size': 5}
    params.task.model = bert.PretrainerConfig(
        encoder=task.encoder_config(tiny_models.student_config(num_blocks=1)))
    params.override({
        'task': {'train_data': {**data, 'seed': seed},
                 'validation_data': data},
        'runtime': {'distribution_strategy': 'off'},
        'trainer': {
            'train_steps': train_steps, 'steps_per_loop': 1,
            'checkpoint_interval': 1,
            'optimizer_config': {
                'optimizer': {'type': 'adamw'},
                'learning_rate': {'polynomial': {'decay_steps': decay_steps}},
                'warmup': {'polynomial': {'warmup_steps': 1}}}},
    })
    params.lock()  # As `train.py` does.
    return params

  def _run(self, folder: str, train_steps: int,
           seed: int | None = None) -> list[np.ndarray]:
    model, _ = run.run_experiment(
        self._params(train_steps, seed, decay_steps=5), 'train', folder)
    return [w.numpy() for w in model.weights]

  def _start(self, params: cfg.ExperimentConfig,
             folder: str) -> cfg.ExperimentConfig:
    """Begins a part of a run, without training; returns its params."""
    part = resuming.start_or_resume(
        consistency.complete(params), tf.distribute.get_strategy(), folder)
    part.write(folder)
    return part.params

  def _save_step(self, folder: str, step: int) -> None:
    tf.train.CheckpointManager(
        tf.train.Checkpoint(global_step=tf.Variable(step, dtype=tf.int64)),
        folder, None).save()

  def _written(self, folder: str) -> dict[str, int]:
    with open(os.path.join(folder, 'params.yaml'), encoding='utf-8') as file:
      return yaml.full_load(file)['task']['train_data']

  def _distance(self, weights, others) -> float:
    return max(np.abs(a - b).max()
               for a, b in zip(weights, others, strict=True))

  @pytest.mark.slow
  def test_weights_equal_those_of_a_run_that_was_not_interrupted(self):
    folder, whole = f'{self.make_folder()}/lr[1e-4]', self.make_folder()
    tf_keras.utils.set_random_seed(1)
    stopped = self._run(folder, train_steps=2)
    # A copy from elsewhere.
    pathlib.Path(folder, 'checkpoint').write_text(
        'model_checkpoint_path: "/home/somebody/run/ckpt-9"\n')
    seed = self._written(folder)['seed']
    self.assertIsInstance(seed, int)
    # A new process has another global seed.
    tf_keras.utils.set_random_seed(2)
    # Across the end of an epoch, which is in the fourth batch.
    continued = self._run(folder, train_steps=5)
    self.assertEqual(self._written(folder)['seed'], seed)
    self.assertEqual(self._written(folder)['start_batch'], 0)
    self.assertLen(list(pathlib.Path(folder).glob('ckpt-*.index')), 5)
    tf_keras.utils.set_random_seed(1)
    expected = self._run(whole, train_steps=5, seed=seed)
    self.assertEqual(self._distance(continued, expected), 0)
    self.assertGreater(self._distance(stopped, expected), 1e-5)

  def test_a_run_killed_before_its_first_checkpoint_keeps_its_seed(self):
    folder = self.make_folder()
    seeds = []
    for _ in range(2):
      params = self._start(self._params(1, None), folder)
      seeds.append(params.task.train_data.seed)
      self.assertEqual(self._written(folder)['seed'], seeds[-1])
    self.assertEqual(*seeds)
    params = self._start(self._params(1, 7), folder)
    self.assertEqual(params.task.train_data.seed, 7)
    self.assertCountEqual(os.listdir(folder), ['params.yaml', 'vocab.txt'])

  def test_a_run_is_not_continued_with_other_settings(self):
    folder = self.make_folder()
    begun = self._params(1, 7)
    self._start(begun, folder)
    self._save_step(folder, 1)
    with open(os.path.join(folder, 'params.yaml'), encoding='utf-8') as file:
      before = file.read()
    for changed, value, name in (
        ({'train_data': {'global_batch_size': 2}}, '4 and is 2',
         'task.train_data.global_batch_size'),
        ({'train_data': {'seed': 8}}, '7 and is 8', 'task.train_data.seed'),
        ({'model': {'encoder': {'any': {'num_feedforward_networks': 1}}}},
         'and is 1', 'task.model.encoder.any.num_feedforward_networks')):
      with self.subTest(name):
        with self.assertRaisesRegex(ValueError, f'{name} was .*{value}'):
          self._start(begun.replace(task=changed), folder)
        with open(os.path.join(folder, 'params.yaml'),
                  encoding='utf-8') as file:
          self.assertEqual(file.read(), before)
    other = begun.replace(trainer={
        'optimizer_config': {'optimizer': {'type': 'lamb_reference'}}})
    with self.assertRaisesRegex(
        ValueError, "optimizer.type was 'adamw' and is 'lamb_reference'"):
      self._start(other, folder)
    longer = begun.replace(trainer={'train_steps': 9})
    params = self._start(longer, folder)
    self.assertEqual(params.task.train_data.start_batch, 1)

  def test_what_lies_ahead_changes_and_each_difference_is_logged(self):
    folder = self.make_folder()
    begun = self._params(8, 7)
    self._start(begun, folder)
    self._save_step(folder, 8)
    rate = {'learning_rate': {'polynomial': {'initial_learning_rate': 1e-4}}}
    with self.assertLogs(level='WARNING') as logs:
      self._start(begun.replace(
          trainer={'train_steps': 12, 'optimizer_config': rate},
          task={'train_data': {'masked_lm_rate': 0.2}}), folder)
    self.assertEqual([line.split(':', 2)[2] for line in logs.output], [
        'task.train_data.masked_lm_rate: 0.15 -> 0.2 from step 8 on.',
        'trainer.optimizer_config.learning_rate.polynomial.decay_steps: '
        '8 -> 12 from step 8 on.',
        'trainer.optimizer_config.learning_rate.polynomial.end_learning_rate: '
        '1.5e-07 -> 1e-08 from step 8 on.',
        'trainer.optimizer_config.learning_rate.polynomial.'
        'initial_learning_rate: 0.0015 -> 0.0001 from step 8 on.',
        'trainer.train_steps: 8 -> 12 from step 8 on.'])
    with self.assertNoLogs(level='WARNING'):
      params = self._start(self._params(12, 7).replace(
          trainer={'optimizer_config': rate},
          task={'train_data': {'masked_lm_rate': 0.2}}), folder)
    self.assertEqual(params.task.train_data.start_batch, 8)

  def test_batches_passed_by_are_passed_by_for_good(self):
    folder = self.make_folder()
    begun = self._params(9, 7)
    self._start(begun, folder)
    self._save_step(folder, 4)
    ahead = begun.replace(task={'train_data': {'start_batch': 2}})
    self.assertEqual(
        self._start(ahead, folder).task.train_data.start_batch, 6)
    self._save_step(folder, 5)
    for params in (ahead, begun):  # Named again or not.
      self.assertEqual(
          self._start(params, folder).task.train_data.start_batch, 7)
    self.assertEqual(self._written(folder)['start_batch'], 2)

  def test_a_run_that_cannot_be_restored_keeps_its_params(self):
    folder = self.make_folder()
    self._start(self._params(9, 7), folder)
    wider = tiny_models.pretrainer(tiny_models.student_config(
        num_blocks=1, intermediate_size=24), seed=0)
    tf.train.CheckpointManager(
        tf.train.Checkpoint(global_step=tf.Variable(4, dtype=tf.int64),
                            model=wider), folder, None).save()
    before = pathlib.Path(folder, 'params.yaml').read_bytes()
    with self.assertRaisesRegex(ValueError, 'shape'):
      run.run_experiment(self._params(12, 7), 'train', folder)
    self.assertEqual(pathlib.Path(folder, 'params.yaml').read_bytes(), before)

  def test_a_folder_of_something_else_is_not_touched(self):
    folder = pathlib.Path(self.make_folder())
    (folder / 'vocab.txt').touch()
    with self.assertRaisesRegex(FileExistsError, 'not the folder of a run'):
      self._run(str(folder), train_steps=1)
    self.assertEqual(os.listdir(folder), ['vocab.txt'])

  def test_paths_are_written_such_that_they_hold_in_another_folder(self):
    folder, here = self.make_folder(), os.getcwd()
    self.addCleanup(os.chdir, here)
    os.chdir(self._records)
    params = self._params(1, 7).replace(task={
        'init_checkpoint': 'google/mobilebert-uncased', 'train_data': {
            'input_path': '*.tfrecord',
            'vocab_file': os.path.relpath(self._vocab)}})
    self._start(params, folder)
    written = self._written(folder)
    self.assertEqual(written['input_path'], f'{os.getcwd()}/*.tfrecord')
    self.assertEqual(written['vocab_file'], self._vocab)
    with open(os.path.join(folder, 'params.yaml'), encoding='utf-8') as file:
      self.assertIn('init_checkpoint: google/mobilebert-uncased', file.read())

  def test_a_run_of_another_experiment_is_not_replaced(self):
    folder = self.make_folder()
    self._start(self._params(1, 7), folder)
    before = self._written(folder)
    for name, difference in (('distill', 'lacks schedule, teacher'),
                             ('squad_v1', 'has scale_loss')):
      with self.subTest(name):
        with self.assertRaisesRegex(
            ValueError, f'run of another experiment, which {difference}'):
          self._start(exp_factory.get_exp_config(f'mobilebert/{name}'), folder)
    self.assertEqual(self._written(folder), before)

  def test_a_run_without_a_known_seed_goes_on_with_a_warning(self):
    folder = self.make_folder()
    self._save_step(folder, 6)
    path = os.path.join(folder, 'params.yaml')
    for content in (None, '', 'task: {train_', 'task: {train_data: {}}',
                    'task: {train_data: {seed: null}}'):
      if content is not None:
        with open(path, 'w', encoding='utf-8') as file:
          file.write(content)
      with self.assertLogs(level='WARNING') as logs:
        params = self._start(self._params(9, None), folder)
      self.assertIn('another order of the data', ''.join(logs.output))
      self.assertIsInstance(params.task.train_data.seed, int)
      self.assertEqual(params.task.train_data.start_batch, 6)
      self.assertEqual(self._written(folder)['start_batch'], 0)


class FineTuningContinuationTest(temporary.TemporaryFiles, tf.test.TestCase):

  def _run(self, folder: str, train_steps: int) -> list[np.ndarray]:
    data = pathlib.Path(self.parent, 'train.tsv')
    vocab_file = tiny_classifier.write_vocabulary(data.parent)
    rows = [f'{tiny_classifier.text(3 + i, i)}\t{"ba"[i % 2]}'
            for i in range(10)]
    data.write_text('\n'.join(['text\tlabel', *rows]) + '\n')
    params = exp_factory.get_exp_config('mobilebert/sentence_prediction')
    params.override({
        'task': {
            'model': {'encoder': task.encoder_config(
                tiny_classifier.architecture()).as_dict()},
            'train_data': {
                'input_path': str(data), 'global_batch_size': 4,
                'seq_length': tiny_classifier.MAX_LENGTH, 'seed': 3,
                'vocab_file': vocab_file}},
        'runtime': {'distribution_strategy': 'off'},
        'trainer': {'train_steps': train_steps, 'steps_per_loop': 1,
                    'checkpoint_interval': 1,
                    'optimizer_config': {'learning_rate': {
                        'polynomial': {'decay_steps': 5}}}}})
    model, _ = run.run_experiment(params, 'train', folder)
    return [w.numpy() for w in model.weights]

  def setUp(self):
    super().setUp()
    self.parent = self.make_folder()

  @pytest.mark.slow
  def test_weights_equal_those_of_a_run_that_was_not_interrupted(self):
    folder = os.path.join(self.parent, 'run')
    self._run(folder, 2)
    tf_keras.utils.set_random_seed(2)  # A new process has another.
    continued = self._run(folder, 5)
    expected = self._run(os.path.join(self.parent, 'whole'), 5)
    for weight, other in zip(continued, expected, strict=True):
      self.assertAllEqual(weight, other)

  def test_labels_that_nobody_named_are_kept(self):
    folder = os.path.join(self.parent, 'run')
    self._run(folder, 1)
    with open(os.path.join(folder, 'params.yaml'), encoding='utf-8') as file:
      written = yaml.full_load(file)['task']['train_data']
    self.assertEqual(written['labels'], ['a', 'b'])


if __name__ == '__main__':
  tf.test.main()
