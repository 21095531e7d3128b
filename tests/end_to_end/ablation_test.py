# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The ablation from text to report, at a size of minutes, and on from there."""

import json
import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

from mobilebert_tf.pipelines import ablation

_FLAGS = (
    '--vocab_size=150', '--max_seq_length=32', '--teacher_steps=4',
    '--steps_per_block=2', '--distillation_steps=4',
    '--pretraining_batch_size=8', '--task_steps=4', '--task_batch_size=8',
)
_COMMON = 5


def _sentence(i: int) -> str:
  return f'The function number {i} {("reads", "writes")[i % 2]} the list.'


def _run(folder: pathlib.Path, *flags: str) -> subprocess.CompletedProcess:
  return subprocess.run(
      [sys.executable, '-m', 'mobilebert_tf.ablation',
       f'--output_dir={folder / "output"}', f'--text_files={folder}/text.txt',
       f'--task_train={folder}/train.tsv', f'--task_dev={folder}/dev.tsv',
       *flags], capture_output=True, text=True, check=False, timeout=1500)


class AblationTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.get_temp_dir())
    documents = ['\n'.join(_sentence(10 * i + j) for j in range(10))
                 for i in range(60)]
    (self.folder / 'text.txt').write_text('\n\n'.join(documents) + '\n')
    for part, numbers in (('train', range(80)), ('dev', range(80, 100))):
      rows = [f'{_sentence(i)}\t{i % 2}' for i in numbers]
      (self.folder / f'{part}.tsv').write_text(
          '\n'.join(['text\tlabel', *rows]) + '\n')

  @pytest.mark.exhaustive
  def test_every_variant_is_trained_once(self):
    finished = _run(self.folder, *_FLAGS, '--seeds=7')
    self.assertEqual(finished.returncode, 0, finished.stderr[-3000:])
    results = json.loads((self.folder / 'output/results.json').read_text())
    self.assertEqual([run['variant'] for run in results['runs']],
                     [variant.key for variant in ablation.VARIANTS])
    parameters = {run['model']['parameters'] for run in results['runs']}
    self.assertLen(parameters, 1)
    self.assertIn('image/svg+xml',
                  (self.folder / 'output/ablation.html').read_text())

    again = _run(self.folder, *_FLAGS, '--seeds=7')
    self.assertEqual(again.stdout.count('done before'),
                     _COMMON + 2 * len(ablation.VARIANTS))

  @pytest.mark.slow
  def test_bad_flags_and_files_are_said_in_a_line(self):
    for flags, message in (
        (('--seeds=1,1',), 'one or more different whole numbers'),
        (('--seeds=x',), '--seeds=x'),
        (('--task_dev=nowhere.tsv',), 'nowhere.tsv')):
      finished = _run(self.folder, *_FLAGS, *flags)
      self.assertNotEqual(finished.returncode, 0)
      self.assertIn(message, finished.stderr)
      self.assertNotIn('Traceback', finished.stderr)


if __name__ == '__main__':
  tf.test.main()
