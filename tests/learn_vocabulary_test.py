# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The program that learns a vocabulary, as a user runs it."""

import gzip
import json
import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

from mobilebert_tf.text import vocabulary
from tests.data import temporary

# Runs the program, and shows the most memory it had.
_MEASURED = '''
import atexit
from mobilebert_tf import learn_vocabulary
from mobilebert_tf.common import machine
from mobilebert_tf.common import program
atexit.register(lambda: print('KB', machine.peak_memory() // 1024))
program.run(learn_vocabulary.main)
'''


class LearnVocabularyTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.make_file('text.txt', 'The cat sat. The cats sit.\n\nOn mats. ' * 20)
    self.folder = pathlib.Path(self._files)

  def _run(self, *flags: str,
           program=('-m', 'mobilebert_tf.learn_vocabulary')):
    return subprocess.run(
        [sys.executable, *program, *flags], cwd=self.folder,
        capture_output=True, text=True, check=False, timeout=300)

  def _assert_fails(self, message: str, *flags: str):
    finished = self._run(*flags)
    self.assertEqual(finished.returncode, 1, finished.stderr)
    self.assertNotIn('Traceback', finished.stderr)
    last = finished.stderr.strip().splitlines()[-1]
    self.assertStartsWith(last, 'learn_vocabulary: ')
    self.assertRegex(last, message)
    self.assertFalse((self.folder / 'vocab.txt').exists())

  def test_a_file_of_another_kind_is_not_replaced(self):
    text = (self.folder / 'text.txt').read_bytes()
    done = self._run('--input_files=text.txt', '--output_file=text.txt')
    self.assertEqual(done.returncode, 1)
    self.assertIn('text.txt exists and is not a vocabulary', done.stderr)
    self.assertEqual((self.folder / 'text.txt').read_bytes(), text)

  def test_learns_from_all_kinds_of_files(self):
    self.make_file('a.txt.gz', gzip.compress(b'zebra zebra zebra\n'))
    self.make_file('b.jsonl', json.dumps({'text': 'quokka\nquokka'}))
    finished = self._run('--input_files=text.txt,a.txt.gz',
                         '--input_files=b.jsonl', '--output_file=vocab.txt',
                         '--vocab_size=200')
    self.assertEqual(finished.returncode, 0, finished.stderr)
    learned = vocabulary.Vocabulary.read(self.folder / 'vocab.txt')
    self.assertIn(f'vocab.txt: {len(learned)} tokens.', finished.stdout)
    self.assertContainsSubset(['the', 'cat', 'zebra', 'quokka'], learned.tokens)

  @pytest.mark.slow
  def test_memory_does_not_hold_the_text(self):
    small = self.make_file('small.txt', 'the cat sat on mats.\n\n' * 100)
    # 45 MB, of the same words.
    line = b'the cat sat on mats.\n' * 50
    large = self.make_file('large.txt', (line + b'\n') * 45_000)
    peaks = []
    for path in (small, large):
      finished = self._run(
          f'--input_files={path}', '--output_file=vocab.txt',
          '--vocab_size=100', program=('-c', _MEASURED))
      self.assertEqual(finished.returncode, 0, finished.stderr)
      peaks.append(int(finished.stdout.split('KB')[1]))
    self.assertLess(peaks[1] - peaks[0], 20_000)

  @pytest.mark.slow
  def test_errors_are_one_line(self):
    self.make_file('bad.txt', b'fine\ncaf\xe9\n')
    self._assert_fails(r'bad\.txt:2: not UTF-8', '--input_files=bad.txt',
                       '--output_file=vocab.txt')
    self._assert_fails('/proc', '--input_files=text.txt',
                       '--output_file=/proc/vocab.txt')


if __name__ == '__main__':
  tf.test.main()
