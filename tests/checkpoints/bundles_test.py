# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Where the checkpoint of a path is."""

import os

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.checkpoints import bundles
from tests.checkpoints import folders


class LocateTest(folders.FolderTestCase, parameterized.TestCase):

  def _touch(self, *names):
    for name in names:
      (self.folder / name).touch()

  def _locate(self, name=''):
    location = bundles.locate(os.path.join(self.folder, name))
    self.assertEqual(location.folder, str(self.folder))
    return os.path.basename(location.prefix)

  def test_the_only_one_of_a_folder(self):
    self._touch('model.ckpt.index', 'model.ckpt.data-00000-of-00001', 'a.txt')
    self.assertEqual(self._locate(), 'model.ckpt')
    self.assertEqual(bundles.locate(f'{self.folder}/').folder, str(self.folder))
    self.assertEqual(bundles.locate(self.folder).prefix,
                     str(self.folder / 'model.ckpt'))

  def test_one_of_several_by_its_prefix(self):
    self._touch('ckpt-1.index', 'ckpt-11.index')
    self.assertEqual(self._locate('ckpt-1'), 'ckpt-1')
    self.assertEqual(self._locate('ckpt-11'), 'ckpt-11')
    with self.assertRaisesRegex(
        FileNotFoundError, "There is no folder and no checkpoint '.*ckpt-2'"):
      bundles.locate(self.folder / 'ckpt-2')

  def test_the_latest_that_tensorflow_wrote(self):
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(a=tf.Variable(1.0)), str(self.folder), 5)
    for number in (9, 10, 8):
      manager.save(number)
    self.assertEqual(self._locate(), 'ckpt-8')

  def test_several_without_a_word_which(self):
    self._touch('b.index', 'a.index')
    location = bundles.locate(self.folder)
    self.assertEqual(location.prefix, '')
    self.assertIn('should hold one checkpoint', location.problem)
    self.assertIn('found: a, b.', location.problem)
    with self.assertRaisesRegex(FileNotFoundError, 'found: a, b'):
      with bundles.open_reader(location):
        self.fail('There is nothing to open.')

  @parameterized.parameters('', '\x00\xff', 'model_checkpoint_path: "c"',
                            'model_checkpoint_path: "../../etc/passwd"')
  def test_a_state_file_of_no_use(self, content):
    self._touch('a.index', 'b.index')
    (self.folder / 'checkpoint').write_bytes(content.encode('latin-1'))
    self.assertEqual(bundles.locate(self.folder).prefix, '')

  def test_none(self):
    location = bundles.locate(self.folder)
    self.assertEqual(location.prefix, '')
    self.assertEndsWith(location.problem, 'found: none.')

  @parameterized.parameters('/absent/folder', '', 'https://a/b')
  def test_no_folder(self, path):
    with self.assertRaises(FileNotFoundError) as caught:
      bundles.locate(path)
    self.assertIn(repr(path), str(caught.exception))

  def test_a_file_is_no_folder(self):
    self._touch('file')
    with self.assertRaises(FileNotFoundError):
      bundles.locate(self.folder / 'file')

  def test_a_prefix_in_the_working_directory(self):
    before = os.getcwd()
    self._touch('ckpt-1.index')
    os.chdir(self.folder)
    try:
      self.assertEqual(
          bundles.locate('ckpt-1'), bundles.Location('.', 'ckpt-1'))
      self.assertEqual(bundles.locate('.').prefix, './ckpt-1')
    finally:
      os.chdir(before)


class ReaderTest(folders.FolderTestCase):

  def test_reads_what_tensorflow_wrote(self):
    prefix = str(self.folder / 'ckpt')
    folders.write_variables(prefix, {'a': np.float32([1, 2])})
    with bundles.open_reader(bundles.locate(prefix)) as reader:
      self.assertAllEqual(reader.get_tensor('a'), [1, 2])

  def test_what_fails_while_it_is_open_is_damage(self):
    prefix = str(self.folder / 'ckpt')
    folders.write_variables(prefix, {'a': np.ones([100], np.float32)})
    folders.truncate(self.folder / 'ckpt.data-00000-of-00001', 40)
    with self.assertRaisesRegex(ValueError, 'ckpt cannot be read .*copy its'):
      with bundles.open_reader(bundles.locate(prefix)) as reader:
        reader.get_tensor('a')

  def test_other_errors_pass(self):
    folders.write_variables(self.folder / 'ckpt', {'a': np.float32([1])})
    with self.assertRaises(KeyError):
      with bundles.open_reader(bundles.locate(self.folder)):
        raise KeyError('mine')

  def test_state_is_what_tensorflow_reads(self):
    (self.folder / 'x.index').touch()
    bundles.write_state(str(self.folder), 'x')
    self.assertEqual(
        tf.train.latest_checkpoint(str(self.folder)), str(self.folder / 'x'))


if __name__ == '__main__':
  tf.test.main()
