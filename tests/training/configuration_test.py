# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The configuration of a run, and the checks before anything is made."""

import os

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import word_tables
from mobilebert_tf.training import configuration
from mobilebert_tf.training import run
from tests.data import temporary
from tests.inference import tiny_classifier


class StartTest(temporary.TemporaryFiles, tf.test.TestCase):

  def test_a_student_starts_with_a_teachers_words(self):
    folder = self.make_folder()
    vocab_file = tiny_classifier.write_vocabulary(folder)
    teacher = os.path.join(folder, 'teacher')
    modeling.MobileBertEncoder(tiny_classifier.architecture()).save_pretrained(
        teacher, vocab_file=vocab_file)
    params = configuration.read('mobilebert/sentence_prediction')
    architecture = tiny_classifier.architecture(embedding_size=4)
    params = params.replace(task={
        'model': {'encoder': {'any': architecture.as_dict()}},
        'train_data': {'vocab_file': vocab_file, 'seed': 3}})
    run_folder = os.path.join(folder, 'run')
    started = configuration.with_start(params, teacher, f'{run_folder}/')
    self.assertEqual(started.task.init_checkpoint, f'{run_folder}_start')
    self.assertEmpty(checkpoints.differences(
        checkpoints.read(f'{run_folder}_start'), word_tables.start(
            architecture, checkpoints.read(teacher), seed=3)))
    with self.assertRaisesRegex(ValueError, 'starts with one of them'):
      configuration.with_start(started, teacher, run_folder)


class ReadTest(temporary.TemporaryFiles, tf.test.TestCase,
               parameterized.TestCase):

  def test_later_settings_win(self):
    path = self.make_file('mine.yaml', 'trainer: {train_steps: 7}\n')
    params = configuration.read(
        'mobilebert/pretrain', ['pretrain_small', path],
        'trainer.validation_interval=3,runtime.num_gpus=2', {'num_gpus': -1})
    self.assertEqual(params.trainer.steps_per_loop, 20)
    self.assertEqual(params.trainer.train_steps, 7)
    self.assertEqual(params.trainer.validation_interval, 3)
    self.assertEqual(params.runtime.num_gpus, -1)

  def test_overrides_may_be_a_file(self):
    path = self.make_file('mine.yaml', 'trainer: {train_steps: 7}\n')
    params = configuration.read('mobilebert/pretrain', overrides=path)
    self.assertEqual(params.trainer.train_steps, 7)

  @parameterized.product(
      experiment=('pretrain', 'distill', 'glue/sst2', 'squad_v1',
                  'token_classification', 'multi_label_classification'),
      lower_case=(False, 'keep_accents'))
  def test_the_case_is_that_of_all_parts(self, experiment, lower_case):
    params = configuration.read(
        f'mobilebert/{experiment}', lower_case=lower_case)
    self.assertEqual(params.task.train_data.lower_case, lower_case)
    self.assertEqual(params.task.validation_data.lower_case, lower_case)

  @parameterized.parameters(
      ('mobilebert/distil', "Did you mean 'mobilebert/distill'?"),
      ('mobilebert/glue', 'mobilebert/glue/cola, '),
      ('mobilebert/glue/sst', "Did you mean 'mobilebert/glue/sst2'?"),
      ('zzz', "There is no experiment 'zzz'. There are mobilebert/distill"))
  def test_an_unknown_experiment_gets_the_nearest(self, name, message):
    with self.assertRaises(LookupError) as raised:
      configuration.read(name)
    self.assertIn(message, str(raised.exception))
    self.assertLen(str(raised.exception).splitlines(), 1)


class CheckTest(temporary.TemporaryFiles, tf.test.TestCase,
                parameterized.TestCase):

  @parameterized.parameters(
      ('pretrain', 'train', '', 'task.train_data.input_path is not set'),
      ('squad_v1', 'train', '', 'task.train_data.input_path is not set'),
      ('glue/sst2', 'train', '', 'task.train_data.input_path is not set'),
      ('token_classification', 'train', '',
       'task.train_data.input_path is not set'),
      ('multi_label_classification', 'train', '',
       'task.train_data.input_path is not set'),
      ('pretrain', 'eval', '', 'task.validation_data.input_path is not set'),
      ('distill', 'train_and_eval',
       'task.train_data.input_path=x,task.train_data.vocab_file=y',
       'task.validation_data.input_path is not set'),
      ('pretrain', 'train', 'trainer.steps_per_loop=300',
       'trainer.summary_interval is 1000, which is no multiple of '
       'trainer.steps_per_loop, 300'),
      ('pretrain', 'train_and_validate', '', "mode is 'train_and_validate'"))
  def test_nothing_is_made_before(self, experiment, mode, overrides, message):
    params = configuration.read(f'mobilebert/{experiment}', overrides=overrides)
    folder = os.path.join(self.make_folder(), 'run')
    with self.assertRaisesRegex(ValueError, message):
      run.run_experiment(params, mode, folder)
    self.assertFalse(os.path.exists(folder))


if __name__ == '__main__':
  tf.test.main()
