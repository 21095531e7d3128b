# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labelled words become a model, files and entities, as a user runs it."""

import json
import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

from mobilebert_tf.deployment import saved_model_runner
from mobilebert_tf.tasks import registry

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.', '##s',
           *(f'w{i}' for i in range(30)))


def _sentence(i: int) -> list[tuple[str, str]]:
  """Returns words and labels: every seventh and the one after is a person."""
  words = [(7 * i + 3 * j) % 30 for j in range(4 + i % 9)]
  return [(f'w{n}', {0: 'B-PER', 1: 'I-PER'}.get(n % 7, 'O')) for n in words
          ] + [('.', 'O')]


@pytest.mark.exhaustive
class WordsTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.get_temp_dir())
    (self.folder / 'vocab.txt').write_text('\n'.join(_TOKENS))
    for part, numbers in (('train', range(60)), ('dev', range(60, 90))):
      (self.folder / f'{part}.conll').write_text('\n\n'.join(
          '\n'.join(map(' '.join, _sentence(i))) for i in numbers) + '\n')

  def _run(self, module: str, *flags: str) -> str:
    finished = subprocess.run(
        [sys.executable, '-m', f'mobilebert_tf.{module}', *flags],
        cwd=self.folder, capture_output=True, text=True, check=False,
        timeout=600)
    output = finished.stdout + finished.stderr
    self.assertEqual(finished.returncode, 0, output[-3000:])
    return output

  def test_from_labelled_words_to_entities(self):
    overrides = [
        'task.model.encoder.any.architecture=mobilebert_small',
        f'task.model.encoder.any.vocab_size={len(_TOKENS)}',
        *(f'task.{part}_data.{field}' for part in ('train', 'validation')
          for field in ('vocab_file=vocab.txt', 'global_batch_size=8',
                        'seq_length=12')),
        'task.train_data.input_path=train.conll',
        'task.validation_data.input_path=dev.conll',
        'trainer.train_steps=4', 'trainer.steps_per_loop=2',
        'trainer.validation_interval=4', 'trainer.checkpoint_interval=4']
    self._run('train', '--experiment=mobilebert/token_classification',
              '--mode=train_and_eval', '--model_dir=run',
              '--params_override=' + ','.join(overrides))
    self._run('export.export_saved_model', '--model_dir=run',
              '--output_dir=saved')
    self._run('export.export_tflite', '--model_dir=run', '--lengths=8',
              '--output_file=model.tflite', '--quantization=none')
    (self.folder / 'texts.txt').write_text('\n'.join(
        ' '.join(word for word, _ in _sentence(i)) for i in range(20)))
    self._run('export.export_tflite', '--model_dir=run', '--lengths=8',
              '--output_file=int8.tflite', '--quantization=int8',
              '--text_file=texts.txt', '--largest_disagreement=0.5')
    self._run('export.benchmark', '--models=saved,model.tflite',
              '--text_file=texts.txt', '--data_file=dev.conll',
              '--model_dir=run', '--output_dir=benchmark', '--threads=1',
              '--batch_sizes=1', '--texts=3', '--rounds=1')
    self._check_benchmark()
    texts = ['w0 w1 w2.', 'w3 (w7) ' * 30, '']
    served = saved_model_runner.SavedModelRunner(
        self.folder / 'saved/1', registry.KINDS)
    lite = registry.TFLiteRunner(self.folder / 'model.tflite')
    self.assertEqual(lite.metadata.labels, ('O', 'B-PER', 'I-PER'))
    self.assertEqual(lite.comparable(texts), served.comparable(texts))
    self.assertEqual([word.text for word in lite.answer(texts[0]).words],
                     ['w0', 'w1', 'w2', '.'])

  def _check_benchmark(self) -> None:
    results = json.loads(
        (self.folder / 'benchmark/benchmark.json').read_text())
    self.assertEqual(results['task'], 'token_classification')
    self.assertEqual(results['examples'], 30)
    for each in results['models']:
      self.assertEqual(each['agreement']['share'], 1.0)
      self.assertEqual([score['name'] for score in each['scores']],
                       ['f1', 'precision', 'recall', 'accuracy'])
    page = (self.folder / 'benchmark/benchmark.html').read_text()
    self.assertIn('Agreement is with the Keras model', page)


if __name__ == '__main__':
  tf.test.main()
