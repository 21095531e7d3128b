# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The program that evaluates, as a user runs it."""

import json
import pathlib
import subprocess
import sys

import tensorflow as tf

from mobilebert_tf.evaluation import metrics
from mobilebert_tf.serving import text_predictor
from tests.data import temporary
from tests.serving import tiny_classifier


class EvaluateTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())
    self.trained = tiny_classifier.build(self.folder)
    self.trained.model.save_pretrained(
        str(self.folder / 'model'), vocab_file=self.trained.vocab_file)
    self.texts = [tiny_classifier.text(i % 9 + 1, first=i) for i in range(30)]
    self._write(lambda i: tiny_classifier.LABELS[i % 3])

  def _write(self, label) -> None:
    rows = [f'{text}\t{label(i)}' for i, text in enumerate(self.texts)]
    (self.folder / 'dev.tsv').write_text(
        '\n'.join(['sentence\tmood', *rows]) + '\n')

  def _run(self, *flags: str) -> tuple[int, str]:
    finished = subprocess.run(
        [sys.executable, '-m', 'mobilebert_tf.evaluate',
         f'--model_dir={self.folder}/model',
         f'--data_file={self.folder}/dev.tsv',
         f'--output_dir={self.folder}/report', '--label_column=mood', *flags],
        capture_output=True, text=True, check=False, timeout=300)
    return finished.returncode, finished.stdout + finished.stderr

  def test_writes_the_report_of_a_checkpoint(self):
    code, output = self._run('--text_column=sentence', '--title=moods')
    self.assertEqual(code, 0, output)
    self.assertIn('moods: 30 labelled texts of 3 classes', output)
    self.assertTrue((self.folder / 'report/evaluation.html').exists())
    results = json.loads((self.folder / 'report/evaluation.json').read_text())
    scores = text_predictor.TextPredictor(self.trained).scores(self.texts)
    expected = metrics.compute(['accuracy', 'f1'],
                               [i % 3 for i in range(30)], scores)
    self.assertAllClose(results['metrics'], expected)
    self.assertIn('--title=moods', results['facts']['Command'])

  def test_says_in_a_line_what_is_wrong(self):
    self._write(lambda i: 'odd' if i == 4 else 'yes')
    code, output = self._run('--text_column=sentence')
    self.assertNotEqual(code, 0)
    self.assertRegex(output, r"evaluate: .*dev.tsv:6: .*'odd'")
    self.assertNotIn('Traceback', output)
    self.assertFalse((self.folder / 'report').exists())


if __name__ == '__main__':
  tf.test.main()
