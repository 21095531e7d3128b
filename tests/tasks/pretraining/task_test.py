# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The pre-training task: what it restores and what it refuses."""

import os
import shutil
import tempfile

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.tasks.pretraining import task as task_lib
from official.nlp.configs import bert
from tests.data import temporary
from tests.distillation import tiny_models


def _task(checkpoint: str = '', **architecture) -> task_lib.PretrainingTask:
  encoder = task_lib.encoder_config(
      tiny_models.student_config(**architecture))
  return task_lib.PretrainingTask(task_lib.PretrainingConfig(
      model=bert.PretrainerConfig(encoder=encoder),
      init_checkpoint=checkpoint))


class PretrainingTest(parameterized.TestCase, temporary.TemporaryFiles,
                      tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.mkdtemp()
    cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    cls.saved = tiny_models.pretrainer(tiny_models.student_config(), seed=1)
    checkpoint = tf.train.Checkpoint(
        model=cls.saved, **cls.saved.checkpoint_items)
    cls.checkpoint = checkpoint.save(os.path.join(folder, 'ckpt'))

  @parameterized.parameters(False, True)
  def test_every_weight_comes_from_the_checkpoint(self, by_folder):
    path = self.checkpoint
    task = _task(os.path.dirname(path) if by_folder else path)
    model = task.build_model()
    task.initialize(model)
    for restored, saved in zip(model.weights, self.saved.weights, strict=True):
      self.assertAllEqual(restored, saved)

  @parameterized.parameters('tf1', 'hugging_face', 'mobilebert_tf')
  def test_a_checkpoint_of_another_format(self, checkpoint_format):
    folder = f'{self.make_folder()}/converted'
    checkpoints.write(
        checkpoints.of_model(self.saved), folder, checkpoint_format)
    task = _task(folder)
    model = task.build_model()
    task.initialize(model)
    for restored, saved in zip(model.weights, self.saved.weights, strict=True):
      self.assertAllEqual(restored, saved)

  @parameterized.parameters('/nowhere/ckpt', 'empty', 'ckpt-11')
  def test_a_misspelt_checkpoint_is_named(self, path):
    if path == 'empty':
      path = self.make_folder()
    elif path == 'ckpt-11':
      path = f'{self.checkpoint}1'
    task = _task(path)
    with self.assertRaisesRegex(
        FileNotFoundError, f"(no checkpoint '{path}'|{path} holds no check)"):
      task.initialize(task.build_model())

  @parameterized.parameters(
      ({'vocab_size': 41}, r'is \(40, 8\), the config says \(41, 8\)'),
      ({'num_blocks': 3}, 'lacks 34 of 117 weights: .*weights-4/input_bott'),
      ({'num_blocks': 1}, 'has 34 weights that its config does not describe'),
      ({'use_pooler': True}, 'lacks 2 of 85 weights: .*weights-4/dense/kernel'),
  )
  def test_a_checkpoint_of_another_architecture_is_refused(
      self, other, message):
    task = _task(self.checkpoint, **other)
    with self.assertRaisesRegex(ValueError, f'{self.checkpoint} .*{message}'):
      task.initialize(task.build_model())

  def test_a_damaged_checkpoint_is_named(self):
    folder = shutil.copytree(
        os.path.dirname(self.checkpoint), f'{self.make_folder()}/copy')
    with open(f'{folder}/ckpt-1.data-00000-of-00001', 'r+b') as data:
      data.truncate(100)
    task = _task(f'{folder}/ckpt-1')
    with self.assertRaisesRegex(ValueError, f'{folder}/ckpt-1 cannot be read'):
      task.initialize(task.build_model())

  def test_a_vocabulary_larger_than_the_model_is_refused(self):
    tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
              *(f'w{i}' for i in range(36))]
    data = loader.MobileBertPretrainDataConfig(
        vocab_file=self.make_file('vocab.txt', '\n'.join(tokens)),
        input_path=self.make_folder(), seq_length=16)
    with self.assertRaisesRegex(
        ValueError, r'vocab.txt has 41 tokens.*40 rows.*vocab_size'):
      _task().build_inputs(data)

  def test_batches_longer_than_the_positions_are_refused(self):
    data = loader.MobileBertPretrainDataConfig(
        vocab_file=self.make_file(
            'vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n'),
        input_path=self.make_folder(), seq_length=17)
    with self.assertRaisesRegex(
        ValueError, 'seq_length is 17.*16 positions.*max_position_embeddings'):
      _task().build_inputs(data)


if __name__ == '__main__':
  tf.test.main()
