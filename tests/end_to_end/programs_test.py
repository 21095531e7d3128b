# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The programs, one after another, as a user runs them by their verbs."""

import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 The SavedModel's operations.

from mobilebert_tf.tasks import registry
from mobilebert_tf.training.run import read_metrics

_LABELS = ('array', 'frame', 'matrix')


def _sentence(i: int) -> str:
  verb = ('returns', 'reads', 'writes', 'sorts')[i % 4]
  return f'The function {verb} the {_LABELS[i % 3]} number {i} of the list.'


class ProgramsTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.get_temp_dir())
    documents = ['\n'.join(_sentence(10 * i + j) for j in range(10))
                 for i in range(20)]
    (self.folder / 'text.txt').write_text('\n\n'.join(documents) + '\n')
    for part, numbers in (('train', range(40)), ('dev', range(40, 60))):
      rows = [f'{_sentence(i)}\t{_LABELS[i % 3]}' for i in numbers]
      (self.folder / f'{part}.tsv').write_text(
          '\n'.join(['text\tlabel', *rows]) + '\n')

  def _run(self, verb: str, *flags: str, fails: bool = False) -> str:
    finished = subprocess.run(
        [sys.executable, '-m', 'mobilebert_tf', verb, *flags],
        cwd=self.folder, capture_output=True, text=True, check=False,
        timeout=600)
    output = finished.stdout + finished.stderr
    self.assertEqual(finished.returncode != 0, fails, output[-3000:])
    return output

  def _train(self, experiment: str, model_dir: str, model: str, *overrides: str,
             **arguments) -> str:
    """Trains for four steps with an architecture for the tiny vocabulary."""
    vocab_size = len((self.folder / 'vocab.txt').read_text().splitlines())
    common = [
        f'task.model.encoder.any.architecture={model}',
        f'task.model.encoder.any.vocab_size={vocab_size}',
        *(f'task.{part}_data.{field}' for part in ('train', 'validation')
          for field in ('vocab_file=vocab.txt', 'global_batch_size=8')),
        'trainer.train_steps=4', 'trainer.steps_per_loop=2',
        'trainer.validation_interval=4', 'trainer.checkpoint_interval=2']
    return self._run(
        'train', f'--experiment=mobilebert/{experiment}',
        '--mode=train_and_eval', f'--model_dir={model_dir}',
        '--params_override=' + ','.join([*common, *overrides]), **arguments)

  def _pretraining_data(self) -> list[str]:
    return [f'task.{part}_data.{field}' for part in ('train', 'validation')
            for field in ('input_path=records', 'seq_length=33',
                          'max_predictions_per_seq=5')]

  @pytest.mark.slow
  def test_from_text_to_exports(self):
    self._run('learn_vocabulary', '--input_files=text.txt',
              '--output_file=vocab.txt', '--vocab_size=120')
    self._run('create_pretraining_data', '--input_files=text.txt',
              '--vocab_file=vocab.txt', '--output_dir=records',
              '--max_seq_length=32')
    self._train('pretrain', 'teacher', 'ib_bert_small',
                *self._pretraining_data())
    vocab_size = len((self.folder / 'vocab.txt').read_text().splitlines())
    self._train(
        'distill', 'student', 'mobilebert_small', *self._pretraining_data(),
        'task.teacher_checkpoint=teacher', 'task.schedule.steps_per_block=1',
        'task.schedule.distillation_steps=0',
        'task.teacher.architecture=ib_bert_small',
        f'task.teacher.vocab_size={vocab_size}')
    stages = [line['stage'] for line in read_metrics(
        str(self.folder / 'student' / 'metrics.jsonl'))]
    self.assertEqual(stages, [0, 1, 2, 3])  # A loop ends with its stage.
    self.assertRegex((self.folder / 'student' / 'README.md').read_text(),
                     r'\| Teacher \| `.+/teacher` \|')
    task = ['task.init_checkpoint=student', 'task.model.num_classes=3',
            'task.train_data.input_path=train.tsv',
            'task.validation_data.input_path=dev.tsv',
            'task.train_data.seq_length=40',
            'task.validation_data.seq_length=40']
    self._train('sentence_prediction', 'classifier', 'mobilebert_small', *task)

    self._run('export_saved_model', '--model_dir=classifier',
              '--output_dir=saved_model')
    self._run('export_tflite', '--model_dir=classifier',
              '--output_file=model.tflite', '--lengths=16,32',
              '--quantization=none')
    texts = [_sentence(i) for i in range(6)]
    loaded = tf.saved_model.load(str(self.folder / 'saved_model/1'))
    served = loaded.signatures['serve_text'](text=tf.constant(texts))
    lite = registry.TFLiteRunner(self.folder / 'model.tflite')
    self.assertEqual(lite.metadata.labels, _LABELS)
    # Fixed lengths, one by one, and a dynamic length, together: the answers
    # are the same, because none depends on its padding.
    self.assertAllClose(
        lite.scores(texts), served['probabilities'], atol=1e-5)
    self.assertEqual([label.decode() for label in served['label'].numpy()],
                     [answer.label for answer in lite.answer(texts)])

  @pytest.mark.slow
  def test_errors_reach_the_user(self):
    (self.folder / 'vocab.txt').write_text(
        '\n'.join(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a']))
    self.assertIn('nowhere', self._run(
        'create_pretraining_data', '--input_files=nowhere*.txt',
        '--vocab_file=vocab.txt', '--output_dir=records', fails=True))
    self.assertFalse((self.folder / 'records').exists())
    self.assertIn("There is no folder 'nothing'", self._run(
        'export_tflite', '--model_dir=nothing', '--output_file=out',
        fails=True))
    self.assertIn('float16', self._train(
        'pretrain', 'model', 'ib_bert_small', *self._pretraining_data(),
        'runtime.mixed_precision_dtype=float16', fails=True))


if __name__ == '__main__':
  tf.test.main()
