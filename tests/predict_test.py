# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Lines in, JSON lines out: the program itself, and what it does with rubbish.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest
import tensorflow as tf

from mobilebert_tf import modeling
from tests.inference import tiny_classifier

_LINES = 10_000


def _run(model_dir: str, text: bytes) -> subprocess.CompletedProcess:
  return subprocess.run(
      [sys.executable, '-m', 'mobilebert_tf.predict',
       f'--model_dir={model_dir}'], input=text, capture_output=True,
      check=False, timeout=600)


class PredictTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    temporary = tempfile.TemporaryDirectory()
    cls.addClassCleanup(temporary.cleanup)
    folder = pathlib.Path(temporary.name)
    vocab_file = tiny_classifier.write_vocabulary(str(folder))
    cls.model_dir = str(folder / 'model')
    modeling.MobileBertClassifier(
        modeling.MobileBertEncoder(tiny_classifier.architecture()),
        num_classes=3, labels=tiny_classifier.LABELS,
    ).save_pretrained(cls.model_dir, vocab_file=vocab_file)

  @pytest.mark.slow
  def test_many_lines_in_order_and_bad_ones_among_them(self):
    lines = [f'w{i % 30} w{i % 7}'.encode() for i in range(_LINES)]
    lines[5], lines[6], lines[7] = b'', b'\xff\xfe', b'w1 ' * 400_000
    finished = _run(self.model_dir, b'\n'.join(lines) + b'\n')
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    self.assertEqual([answer['line'] for answer in answers],
                     list(range(1, _LINES + 1)))
    self.assertEqual(finished.returncode, 2, finished.stderr[-2000:])
    self.assertIn('error', answers[5])
    for answer in (answers[0], answers[-1]):
      self.assertIn(answer['label'], tiny_classifier.LABELS)
      self.assertAllClose(sum(answer['probabilities'].values()), 1.0)
    self.assertEqual(answers[8]['label'], answers[8 + 210]['label'])

  @pytest.mark.slow
  def test_a_reader_that_goes_away_ends_it_quietly(self):
    with subprocess.Popen(
        [sys.executable, '-m', 'mobilebert_tf.predict',
         f'--model_dir={self.model_dir}'], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
      process.stdout.close()
      errors = process.communicate(b'w1 w2\n' * 2000, timeout=600)[1]
    self.assertNotIn(b'Traceback', errors)
    self.assertNotEqual(process.returncode, 0)

  @pytest.mark.slow
  def test_what_is_no_model_is_said_in_a_line(self):
    for folder in (self.get_temp_dir(), os.path.join(self.model_dir, 'none')):
      finished = _run(folder, b'w1\n')
      self.assertEqual(finished.returncode, 1)
      self.assertEqual(finished.stdout, b'')
      self.assertNotIn(b'Traceback', finished.stderr)
      self.assertIn(b'predict: ', finished.stderr)


if __name__ == '__main__':
  tf.test.main()
