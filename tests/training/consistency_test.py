# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A whole experiment is completed and checked before anything is built."""

import os
import pathlib

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.training import consistency
from mobilebert_tf.training import experiments
from mobilebert_tf.training import run
from official.core import task_factory
from tests import tiny_runs


def _rates(params) -> tuple[float, int, int]:
  optimizer = params.trainer.optimizer_config
  decay = optimizer.learning_rate.polynomial
  return (decay.end_learning_rate, decay.decay_steps,
          optimizer.warmup.polynomial.warmup_steps)


class CompleteTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ('pretrain', 500_000, (1.5e-7, 500_000, 10_000)),
      ('distill', 740_000, (1.5e-7, 740_000, 10_000)),
      ('glue/sst2', 10_525, (5e-9, 10_525, 1_052)),
      ('squad_v1', None, (0.0, None, None)),
  )
  def test_registered_experiments_have_the_references_lengths(
      self, name, steps, rates):
    params = consistency.complete(experiments.get(f'mobilebert/{name}'))
    end, decay, warmup = _rates(params)
    if steps is None:
      steps = params.trainer.train_steps
      rates = (rates[0], steps, steps // 10)
    self.assertEqual(params.trainer.train_steps, steps)
    self.assertAllClose((end, decay, warmup), rates)

  def test_what_is_named_stays(self):
    params = experiments.get('mobilebert/pretrain').replace(trainer={
        'train_steps': 50, 'optimizer_config': {
            'learning_rate': {'polynomial': {
                'end_learning_rate': 1e-5, 'decay_steps': 40}},
            'warmup': {'polynomial': {'warmup_steps': 0}}}})
    self.assertEqual(_rates(consistency.complete(params)), (1e-5, 40, 0))


class CheckTest(tiny_runs.TinyRuns, tf.test.TestCase, parameterized.TestCase):

  def _check(self, experiment: str, *overrides: dict) -> None:
    settings = self.settings(0, **(
        self.student(self.teacher(), '/no/teacher', 3, 10)
        if experiment == tiny_runs.DISTILL else {}))
    settings['trainer'].pop('optimizer_config')
    if experiment == tiny_runs.PRETRAIN:
      settings['trainer']['train_steps'] = 10
    params = self.params(experiment, settings)
    for each in overrides:
      params = params.replace(**each)
    params = consistency.complete(params)
    consistency.check(params, task_factory.get_task(params.task))

  def test_tiny_experiments_pass(self):
    self._check(tiny_runs.PRETRAIN)
    self._check(tiny_runs.DISTILL)

  @parameterized.parameters(
      ({'task': {'schedule': {'transfer_learning_rate': 1e-4,
                              'transfer_end_learning_rate': 1.5e-3}}},
       'stage block 0 would rise: it is 0.0001 and its end 0.0015'),
      ({'task': {'schedule': {'transfer_warmup_steps': 4}}},
       'stage block 0 takes 4 steps, and stage block 0 has 3'),
      ({'trainer': {'train_steps': 9}}, '3 stages takes 10 .* is 9'),
      ({'task': {'teacher': {'num_attention_heads': 1}}},
       'teacher.num_attention_heads is 1 and .* is 2; .* attention'),
      ({'task': {'teacher': {'inter_block_size': 24}}},
       'teacher.inter_block_size is 24 and .* is 16'),
      ({'task': {'teacher': {'vocab_size': 41}}},
       'teacher.vocab_size is 41 and .* is 40'),
      ({'task': {'teacher': {'max_position_embeddings': 12},
                 'init_checkpoint': '/no/student'}},
       'train_data.seq_length is 13, but the teacher has 12 positions'),
      ({'task': {'train_data': {'seq_length': 17}}},
       'seq_length is 17, but the model has 16 positions'),
      ({'task': {'schedule': {'first_block': 1}}},
       'first_block is 1, but task.init_checkpoint is not set'),
  )
  def test_contradictions_are_refused_with_both_values(self, change, message):
    with self.assertRaisesRegex(ValueError, message):
      self._check(tiny_runs.DISTILL, change)

  @parameterized.parameters(
      ({'learning_rate': {'polynomial': {'end_learning_rate': 1.0}}},
       'the training would rise: it is 0.0015 and its end 1'),
      ({'warmup': {'polynomial': {'warmup_steps': 11}}},
       'the training takes 11 steps, and the training has 10'),
  )
  def test_rates_of_pretraining_are_checked(self, change, message):
    with self.assertRaisesRegex(ValueError, message):
      self._check(tiny_runs.PRETRAIN,
                  {'trainer': {'optimizer_config': change}})

  def test_sizes_that_nothing_compares_may_differ(self):
    self._check(tiny_runs.DISTILL, {'task': {
        'teacher': {'num_attention_heads': 1, 'inter_block_size': 24},
        'schedule': {'strategy': 'none'}, 'init_checkpoint': '/no/student'}})

  def test_a_teacher_of_another_vocabulary_is_refused(self):
    folder = pathlib.Path(self.make_folder())
    (folder / 'vocab.txt').write_text('[PAD]\n[UNK]\n')
    for teacher in (folder, folder / 'ckpt-1'):
      with self.assertRaisesRegex(ValueError, f'trained with {folder}/vocab'):
        self._check(tiny_runs.DISTILL,
                    {'task': {'teacher_checkpoint': str(teacher)}})
    (folder / 'vocab.txt').write_bytes(
        pathlib.Path(self.vocab_file).read_bytes())
    self._check(tiny_runs.DISTILL,
                {'task': {'teacher_checkpoint': str(folder)}})

  def test_a_run_refused_leaves_nothing_and_builds_nothing(self):
    folder = os.path.join(self.make_folder(), 'run')
    settings = self.settings(
        0, **self.student(self.teacher(num_attention_heads=1),
                          '/no/teacher', 3, 10))
    with self.assertRaisesRegex(ValueError, 'num_attention_heads is 1 and'):
      run.run_experiment(
          self.params(tiny_runs.DISTILL, settings), 'train', folder)
    self.assertFalse(os.path.exists(folder))


if __name__ == '__main__':
  tf.test.main()
