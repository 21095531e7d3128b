# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The quick start from text to answer, at a size of seconds."""

import json
import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

_SUBJECTS = ('matrix', 'vector', 'tensor', 'array', 'frame', 'figure')
_VERBS = ('returns', 'reads', 'writes', 'sorts', 'draws', 'copies')
_FLAGS = (
    '--vocab_size=150', '--max_seq_length=32', '--teacher_steps=4',
    '--steps_per_block=2', '--distillation_steps=4',
    '--pretraining_batch_size=8', '--task_steps=4', '--task_batch_size=8',
)


def _sentence(i: int) -> str:
  subject, verb = _SUBJECTS[i % 6], _VERBS[(i // 6) % 6]
  return f'The function {verb} the {subject} number {i} of the given list.'


class QuickstartTest(tf.test.TestCase):

  def _run(self, folder: pathlib.Path) -> str:
    finished = subprocess.run(
        [sys.executable, '-m', 'mobilebert_tf.quickstart',
         f'--output_dir={folder / "output"}',
         f'--text_files={folder / "text.txt"}',
         f'--task_train={folder / "train.tsv"}',
         f'--task_dev={folder / "dev.tsv"}', *_FLAGS, 'Sort the vector.'],
        capture_output=True, text=True, check=False, timeout=900)
    self.assertEqual(finished.returncode, 0, finished.stderr[-3000:])
    return finished.stdout

  @pytest.mark.slow
  def test_from_text_to_answer_and_on_from_there(self):
    folder = pathlib.Path(self.get_temp_dir())
    documents = ['\n'.join(_sentence(10 * i + j) for j in range(10))
                 for i in range(60)]
    (folder / 'text.txt').write_text('\n\n'.join(documents) + '\n')
    for part, numbers in (('train', range(80)), ('dev', range(80, 100))):
      rows = [f'{_sentence(i)}\t{_SUBJECTS[i % 6]}' for i in numbers]
      (folder / f'{part}.tsv').write_text(
          '\n'.join(['text\tlabel', *rows]) + '\n')

    shown = self._run(folder)
    output = folder / 'output'
    results = json.loads((output / 'results.json').read_text())
    self.assertEqual(results['task']['labels'], sorted(_SUBJECTS))
    self.assertIn(results['answers'][0]['label'], _SUBJECTS)
    self.assertEqual([stage['name'] for stage in results['stages']],
                     [f'block {i}' for i in range(4)] + ['distillation'])
    confusion = results['task']['models']['student']['confusion']
    self.assertEqual(sum(map(sum, confusion)), 20)
    for export in results['exports']:
      self.assertGreaterEqual(export['agreement'], 0.9, export['name'])
    self.assertIn('image/svg+xml', (output / 'report.html').read_text())
    self.assertIn('Sort the vector.', shown)

    again = self._run(folder)
    self.assertEqual(again.count('done before'), 10)


if __name__ == '__main__':
  tf.test.main()
