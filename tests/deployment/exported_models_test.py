# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What counts as an exported model, and what it is called."""

import pathlib

from absl.testing import absltest

from mobilebert_tf.deployment import formats
from tests.data import temporary


class ExportedModelsTest(temporary.TemporaryFiles, absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())

  def _write(self, path: str, size: int = 10) -> pathlib.Path:
    file = self.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b'x' * size)
    return file

  def test_a_saved_model_is_as_large_as_all_of_its_files(self):
    self._write('model/saved_model.pb', 100)
    self._write('model/variables/variables.index', 20)
    self._write('model/assets/vocab.txt', 3)
    [found] = formats.find([self.folder / 'model'])
    self.assertEqual((found.name, found.format, found.num_bytes),
                     ('model', 'saved_model', 123))

  def test_the_latest_version_is_the_one_with_the_highest_number(self):
    for version in ('2', '10', '9'):
      self._write(f'model/{version}/saved_model.pb')
    self._write('model/11/other.txt')  # It is not complete.
    self._write('model/backup/saved_model.pb')
    [found] = formats.find([self.folder / 'model'])
    self.assertEqual(found.path, self.folder / 'model' / '10')
    self.assertEqual(found.name, 'model')

  def test_names_are_as_long_as_it_takes_to_tell_them_apart(self):
    for path in ('a/one/model.tflite', 'a/two/model.tflite', 'b/x.tflite'):
      self._write(path)
    found = formats.find([self.folder / path for path in (
        'a/one/model.tflite', 'a/two/model.tflite', 'b/x.tflite')])
    self.assertEqual([each.name for each in found],
                     ['one/model.tflite', 'two/model.tflite', 'x.tflite'])
    self.assertEqual(found[0].format, 'tflite')

  def test_what_is_no_exported_model_is_named(self):
    text = self._write('notes.txt')
    (self.folder / 'empty').mkdir()
    for path in (text, self.folder / 'empty'):
      with self.assertRaisesRegex(ValueError, f'{path} is no exported model'):
        formats.find([path])
    with self.assertRaisesRegex(FileNotFoundError, 'nowhere does not exist'):
      formats.find([self.folder / 'nowhere'])

  def test_the_folder_of_a_tflite_file_says_which_file(self):
    file = self._write('bundle/model.tflite')
    with self.assertRaisesRegex(ValueError, f'name the file in it: {file}'):
      formats.find([file.parent])

  def test_of_a_folder_of_onnx_files_the_most_exact_one(self):
    self._write('hub/onnx/model.onnx')  # Somebody else's.
    for name in ('model_quantized', 'model_fp16'):
      self._write(f'hub/onnx/{name}.onnx').write_bytes(
          b'\x08\x08\x12\x0dmobilebert_tf')
    [found] = formats.find([self.folder / 'hub'])
    self.assertEqual(found.path, self.folder / 'hub/onnx/model_fp16.onnx')
    self.assertEqual((found.name, found.format), ('hub', 'onnx'))

  def test_the_same_twice_is_refused(self):
    self._write('model/3/saved_model.pb')
    with self.assertRaisesRegex(ValueError, 'is named twice'):
      formats.find([self.folder / 'model', self.folder / 'model/3'])


if __name__ == '__main__':
  absltest.main()
