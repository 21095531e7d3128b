# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The programs of fine-tuning, as a user runs them."""

import json
import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

from tests.pipelines import tiny


class FinetuningProgramsTest(tf.test.TestCase):

  def _run(self, program: str, *flags: str, text: str | None = None,
           code: int = 0) -> tuple[str, str]:
    """Returns what a program prints, on its output and on its error stream."""
    finished = subprocess.run(
        [sys.executable, '-m', f'mobilebert_tf.{program}', *flags],
        input=text, capture_output=True, text=True, check=False, timeout=300,
        cwd=self.get_temp_dir())
    self.assertEqual(finished.returncode, code, finished.stderr[-3000:])
    return finished.stdout, finished.stderr

  @pytest.mark.slow
  def test_from_a_table_to_answers(self):
    folder = pathlib.Path(self.get_temp_dir())
    tiny.write_table(folder / 'train.csv', 48)
    tiny.write_table(folder / 'dev.csv', 20)
    common = ['--task=classification', '--train_file=train.csv',
              '--dev_file=dev.csv', '--text_column=review',
              '--label_column=stars',
              f'--init_checkpoint={tiny.write_start(folder)}']
    with self.subTest('a typing error of a teacher'):
      _, errors = self._run(
          'finetune', *common, '--teacher=nowhere', '--output_dir=run', code=1)
      self.assertIn('nowhere', errors.splitlines()[-1])
      self.assertNotIn('Traceback', errors)
    with self.subTest('the command put right, in the same folder'):
      output, _ = self._run(
          'finetune', *common, '--output_dir=run', '--learning_rate=1e-2',
          '--batch_size=8', '--epochs=4')
      self.assertIn('accuracy', output.lower())
      results = json.loads((folder / 'run/results.json').read_text())
      self.assertGreater(results['score'], 0.9)
    with self.subTest('another recipe'):
      _, errors = self._run(
          'finetune', *common, '--output_dir=run', '--epochs=1', code=1)
      self.assertIn('holds the run of another recipe', errors)
    with self.subTest('answers'):
      output, _ = self._run('predict', '--model_dir=run',
                            text='w1 w2 w3 w7, w8\nw4 w5 w6 w8, w8\n')
      self.assertEqual([json.loads(line)['label']
                        for line in output.splitlines()], ['bad', 'good'])
    with self.subTest('a search'):
      output, _ = self._run(
          'finetune_search', *common, '--output_dir=search',
          '--batch_sizes=8', '--learning_rates=1e-2', '--epochs=1,2',
          '--seeds=1')
      self.assertIn('2 settings in 2 runs', output)
      self.assertTrue((folder / 'search/search.html').exists())
      self.assertTrue((folder / 'search/best/checkpoint').exists())
    with self.subTest('a run that is not of GLUE'):
      _, errors = self._run('glue_submission', '--runs=run',
                            '--output=zip.zip', code=1)
      self.assertIn('run is of classification, which is no task of GLUE',
                    errors)


if __name__ == '__main__':
  tf.test.main()
