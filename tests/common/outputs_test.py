# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Programs touch no folder of another kind, and never one at the same time."""

import os
import pathlib
import signal
import subprocess
import sys
import threading

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf.common import outputs
from tests.data import temporary

_HOLD = """
import sys
from mobilebert_tf.common import outputs
with outputs.locked(sys.argv[1]):
  print('locked', flush=True)
  sys.stdin.readline()
"""


class FolderTest(parameterized.TestCase, temporary.TemporaryFiles):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())

  def _check(self):
    outputs.check_folder(self.folder, ('run.json', 'done.json'), 'a run')

  @parameterized.parameters(
      '.lock', '.run.json.17.tmp', 'lost+found', 'run.json', 'done.json')
  def test_what_may_lie_in_it(self, name):
    self._check()
    (self.folder / name).touch()
    self._check()

  def test_a_new_folder_is_not_made(self):
    self.folder.rmdir()
    self._check()
    self.assertFalse(self.folder.exists())

  @parameterized.parameters('thesis.tex', '.git', 'x.tmp', 'run.json.bak')
  def test_other_content_is_named(self, name):
    (self.folder / name).touch()
    with self.assertRaisesRegex(
        FileExistsError, 'is not a run: it has no run.json or done.json, but '
        f'{name}. Nothing in it was changed. Name a new folder'):
      self._check()

  def test_a_file_that_the_kind_does_not_have(self):
    (self.folder / 'run.json').touch()
    (self.folder / 'params.yaml').touch()
    self._check()
    with self.assertRaisesRegex(FileExistsError, 'not a run: it has params'):
      outputs.check_folder(self.folder, ['run.json'], 'a run', ['params.yaml'])

  def test_a_file_in_its_place(self):
    self.folder = self.folder / 'file'
    self.folder.touch()
    with self.assertRaisesRegex(FileExistsError, 'file is a file'):
      self._check()

  def test_files(self):
    path = self.folder / 'vocab.txt'
    def check():
      outputs.check_file(path, lambda data: data.startswith(b'[PAD]'),
                         'a vocabulary')
    check()
    path.touch()
    check()
    path.write_bytes(b'[PAD]\n')
    check()
    path.write_bytes(b'My thesis\n')
    with self.assertRaisesRegex(FileExistsError, 'txt exists and is not a voc'):
      check()


class LockTest(temporary.TemporaryFiles, absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = os.path.join(self.make_folder(), 'runs', 'a')

  def _hold(self) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, '-c', _HOLD, self.folder], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE)
    self.addCleanup(process.communicate)
    self.addCleanup(process.kill)
    self.assertEqual(process.stdout.readline(), b'locked\n')
    return process

  def test_the_second_process_names_the_folder_and_the_first(self):
    process = self._hold()
    with self.assertRaisesRegex(
        FileExistsError, f'writing to {self.folder}: -c, process {process.pid} '
        r'on \S+ since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\. Wait for it'):
      with outputs.locked(self.folder):
        pass
    process.communicate(b'\n')
    self.assertFalse(os.path.exists(self.folder))  # It was new and is empty.
    with outputs.locked(self.folder):
      pathlib.Path(self.folder, 'result').touch()
    self.assertEqual(os.listdir(self.folder), ['result'])

  def test_a_killed_process_leaves_no_lock(self):
    process = self._hold()
    process.send_signal(signal.SIGKILL)
    process.wait()
    self.assertEqual(os.listdir(self.folder), [outputs.LOCK])
    with outputs.locked(self.folder):
      pass
    self.assertEqual(os.listdir(self.folder), [])

  def test_a_thread_may_lock_again_and_another_may_not(self):
    errors = []
    def lock():
      try:
        with outputs.locked(self.folder):
          pass
      except FileExistsError as error:
        errors.append(str(error))
    with outputs.locked(self.folder):
      with outputs.locked(os.path.join(self.folder, '.')):
        pass
      self.assertTrue(os.path.exists(os.path.join(self.folder, outputs.LOCK)))
      thread = threading.Thread(target=lock)
      thread.start()
      thread.join()
    self.assertLen(errors, 1)
    self.assertIn(f'process {os.getpid()}', errors[0])

  def test_many_writers_are_never_two_at_once(self):
    inside, most, entered = [], [], []
    def write():
      for _ in range(50):
        try:
          with outputs.locked(self.folder):
            inside.append(1)
            most.append(len(inside))
            entered.append(1)
            inside.pop()
        except FileExistsError:
          pass
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    self.assertNotEmpty(entered)
    self.assertEqual(max(most), 1)


if __name__ == '__main__':
  absltest.main()
