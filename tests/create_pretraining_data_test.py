# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The program that makes records, as a user runs it and mistakes its flags."""

import json
import pathlib
import subprocess
import sys

from absl.testing import parameterized
import pytest
import tensorflow as tf

from tests.data import temporary

_VOCABULARY = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n.\n' + ''.join(
    f'w{i}\n' for i in range(50))
_TEXT = '\n\n'.join('\n'.join(f'w{d} w{s} w{d + s}.' for s in range(20))
                    for d in range(25))


class CreatePretrainingDataTest(
    parameterized.TestCase, temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.make_file('vocab.txt', _VOCABULARY)
    self.make_file('text.txt', _TEXT)
    self.folder = pathlib.Path(self._files)

  def _run(self, *flags: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, '-m', 'mobilebert_tf.create_pretraining_data',
         '--vocab_file=vocab.txt', *flags],
        cwd=self.folder, capture_output=True, text=True, check=False,
        timeout=300)

  def _assert_fails(self, message: str, *flags: str):
    """Asserts that the error is one line, in the user's words."""
    finished = self._run(*flags)
    self.assertEqual(finished.returncode, 1, finished.stderr)
    self.assertNotIn('Traceback', finished.stderr)
    last = finished.stderr.strip().splitlines()[-1]
    self.assertStartsWith(last, 'create_pretraining_data: ')
    self.assertRegex(last, message)
    self.assertFalse((self.folder / 'records').exists())

  @parameterized.parameters(
      (('--input_files=text.txt',), 'output_dir'),
      (('--input_files=text.txt', '--output_dir=records', '--masking=no'),
       'masking'),
      (('--input_files=text.txt', '--output_dir=records', '--dupe_factor=0'),
       'dupe_factor'),
      (('--input_files=text.txt', '--output_dir=records',
        '--num_shards=4'), 'num_shards'),
      (('--input_files=text.txt', '--output_dir=records', 'more.txt'),
       'more.txt'),
  )
  def test_bad_flags(self, flags: tuple[str, ...], message: str):
    finished = self._run(*flags)
    self.assertEqual(finished.returncode, 1)
    self.assertIn(message, finished.stderr + finished.stdout)
    self.assertNotIn('Traceback', finished.stderr)
    self.assertFalse((self.folder / 'records').exists())

  @pytest.mark.slow
  def test_run_and_run_again(self):
    flags = ('--input_files=text.txt,more.txt', '--output_dir=records',
             '--max_seq_length=32', '--masking=static', '--dupe_factor=2',
             '--whole_word_masking', '--shard_megabytes=0.002', '--compress',
             '--num_workers=1')
    self.make_file('more.txt')
    finished = self._run(*flags)
    self.assertEqual(finished.returncode, 0, finished.stderr)
    manifest = json.loads(
        (self.folder / 'records' / 'manifest.json').read_text())
    counts, files = manifest['counts'], manifest['files']
    self.assertGreater(len(files), 2)
    self.assertIn(
        f'records: {counts["examples"]:,} examples in {len(files)} files, from '
        '25 documents, 500 sentences, ', finished.stdout)
    self.assertIn('1 empty files.', finished.stdout)
    self.assertIn('Records: 100%', finished.stderr)
    self.assertEqual(manifest['settings'], {
        'max_seq_length': 32, 'masking': 'static', 'dupe_factor': 2,
        'short_seq_prob': 0.1, 'max_predictions_per_seq': 20,
        'masked_lm_rate': 0.15, 'whole_word_masking': True, 'lower_case': True,
        'language': 'en', 'sentence_per_line': False, 'seed': 0,
        'max_word_length': 200})
    again = self._run(*flags)
    self.assertEqual(again.returncode, 0, again.stderr)
    self.assertEqual(again.stdout, finished.stdout)
    self.assertNotIn('Records:', again.stderr)

  def test_an_error_in_a_worker_is_one_line(self):
    self.make_file('bad.txt', _TEXT.encode() + b'\ncaf\xe9\n')
    self._assert_fails(
        r'bad\.txt:525: not UTF-8', '--input_files=text.txt,bad.txt',
        '--output_dir=records', '--num_workers=2')

  @pytest.mark.slow
  def test_errors_are_one_line(self):
    common = ('--input_files=text.txt', '--output_dir=records',
              '--num_workers=1')
    self._assert_fails('task.train_data.whole_word_masking', *common,
                       '--whole_word_masking')
    self._assert_fails('/proc/records', *common, '--output_dir=/proc/records')

    self.make_file('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n')
    self._assert_fails(r'vocab\.txt:5: .*lacks \[MASK\]', *common)


if __name__ == '__main__':
  tf.test.main()
