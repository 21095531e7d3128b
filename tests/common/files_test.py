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

"""Files and folders that are written whole or not at all."""

import os
import pathlib
from unittest import mock

import tensorflow as tf

from mobilebert_tf.common import files
from tests.data import temporary


class FilesTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.parent = pathlib.Path(self.make_folder())
    self.folder = self.parent / 'bundle'

  def _fill(self, content: str) -> None:
    with files.replace_folder(self.folder, 'marker') as new:
      (new / 'marker').write_text('')
      (new / 'content').write_text(content)

  def _names(self) -> list[str]:
    return sorted(path.name for path in self.parent.iterdir())

  def test_write_text_makes_folders_and_replaces(self):
    path = self.parent / 'a' / 'b.json'
    files.write_text(path, 'ä\n')
    files.write_text(str(path), '日本\n')
    self.assertEqual(path.read_bytes(), '日本\n'.encode())
    self.assertEqual(os.listdir(path.parent), ['b.json'])

  def test_write_bytes_replaces(self):
    path = self.parent / 'a' / 'b.zip'
    files.write_bytes(path, b'old')
    files.write_bytes(path, b'\x00\r\n\xff')
    self.assertEqual(path.read_bytes(), b'\x00\r\n\xff')

  def test_a_failing_write_keeps_the_old_file(self):
    path = self.parent / 'file'
    files.write_text(path, 'old')
    with self.assertRaises(UnicodeEncodeError):
      files.write_text(path, 'new \ud800')  # Half a character.
    with mock.patch.object(os, 'replace', side_effect=OSError('disk')):
      with self.assertRaisesRegex(OSError, 'disk'):
        files.write_text(path, 'new')
    self.assertEqual(path.read_text(), 'old')
    self.assertEqual(self._names(), ['file'])

  def test_a_folder_of_its_kind_is_replaced_as_a_whole(self):
    self._fill('old')
    (self.folder / 'extra').write_text('')
    self._fill('new')
    self.assertEqual((self.folder / 'content').read_text(), 'new')
    self.assertFalse((self.folder / 'extra').exists())
    self.assertEqual(self._names(), ['bundle'])

  def test_the_old_folder_stands_until_the_new_one_is_complete(self):
    self._fill('old')
    with files.replace_folder(self.folder, 'marker') as new:
      self.assertEmpty(list(new.iterdir()))
      self.assertEqual(new.stat().st_dev, self.folder.stat().st_dev)
      self.assertEqual((self.folder / 'content').read_text(), 'old')

  def test_an_empty_folder_and_a_new_parent_are_accepted(self):
    self.folder.mkdir()
    self._fill('new')
    self.folder = self.parent / 'a' / 'b'
    self._fill('new')
    self.assertEqual((self.folder / 'content').read_text(), 'new')

  def test_a_foreign_folder_is_named_and_not_touched(self):
    self.folder.mkdir()
    (self.folder / 'thesis').write_text('years')
    with self.assertRaisesRegex(FileExistsError, f'{self.folder}.*no marker'):
      self._fill('new')
    self.assertEqual((self.folder / 'thesis').read_text(), 'years')
    self.assertEqual(self._names(), ['bundle'])

  def test_a_file_in_the_place_is_not_touched(self):
    self.folder.write_text('file')
    with self.assertRaisesRegex(FileExistsError, str(self.folder)):
      self._fill('new')
    self.assertEqual(self.folder.read_text(), 'file')

  def test_a_failure_leaves_the_old_folder_alone(self):
    self._fill('old')
    with self.assertRaisesRegex(RuntimeError, 'half way'):
      with files.replace_folder(self.folder, 'marker') as new:
        (new / 'content').write_text('half')
        raise RuntimeError('half way')
    self.assertEqual((self.folder / 'content').read_text(), 'old')
    self.assertEqual(self._names(), ['bundle'])

  def test_a_failure_of_the_last_step_puts_the_old_folder_back(self):
    self._fill('old')
    rename = os.rename

    def fail_to_publish(source, target):
      if pathlib.Path(source).name == 'new':
        raise OSError('network')
      rename(source, target)

    with mock.patch.object(os, 'rename', fail_to_publish):
      with self.assertRaisesRegex(OSError, 'network'):
        self._fill('new')
    self.assertEqual((self.folder / 'content').read_text(), 'old')
    self.assertEqual(self._names(), ['bundle'])


if __name__ == '__main__':
  tf.test.main()
