# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What a killed process was writing is removed, what lives is not."""

import os
import pathlib
import signal
import subprocess
import sys

import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.common import staging
from tests.data import temporary

# Holds a half-written file and a half-written folder until it is killed.
_WRITER = '''
import pathlib, sys
from mobilebert_tf.common import files
folder = pathlib.Path(sys.argv[1])
with files.replacing(folder / 'a.json') as new:
  pathlib.Path(new).write_text('half')
  with files.replace_folder(folder / 'b', 'marker') as new:
    (new / 'marker').write_text('half')
    print('written', flush=True)
    sys.stdin.read()
'''


class StagingTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())

  def test_what_a_killed_process_wrote_is_removed_by_the_next(self):
    with subprocess.Popen(
        [sys.executable, '-c', _WRITER, str(self.folder)], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
      self.assertEqual(process.stdout.readline(), 'written\n')
      written = set(os.listdir(self.folder))
      self.assertLen(written, 2)
      files.write_text(self.folder / 'c', 'of a neighbour')
      self.assertEqual(set(os.listdir(self.folder)), {*written, 'c'})
      process.send_signal(signal.SIGKILL)
    self.assertEqual(set(os.listdir(self.folder)), {*written, 'c'})
    files.write_text(self.folder / 'c', 'of a neighbour')
    self.assertEqual(os.listdir(self.folder), ['c'])

  def test_threads_of_one_process_have_folders_of_their_own(self):
    with (staging.beside(self.folder / 'a') as one,
          staging.beside(self.folder / 'a') as other):
      self.assertNotEqual(one, other)
      self.assertTrue(one.exists())

  def test_folders_of_somebody_else_stay(self):
    (self.folder / '.thesis.tmp').mkdir()
    (self.folder / '.thesis.tmp' / 'text').write_text('years')
    files.write_text(self.folder / 'a', 'text')
    self.assertTrue((self.folder / '.thesis.tmp' / 'text').exists())


if __name__ == '__main__':
  tf.test.main()
