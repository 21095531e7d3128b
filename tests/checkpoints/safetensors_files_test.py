# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Weights in several files, and under other names than today's."""

import json
import pathlib
import shutil

from absl.testing import parameterized
import numpy as np
import safetensors.numpy
import tensorflow as tf

from mobilebert_tf import checkpoints
from tests.checkpoints import folders

_TABLE = 'mobilebert.embeddings.word_embeddings.weight'
_BIAS = 'cls.predictions.bias'
_DECODER = 'cls.predictions.decoder'
_PARTS = [f'model-0000{i}-of-00003.safetensors' for i in (1, 2, 3)]


class _Case(folders.FolderTestCase, parameterized.TestCase):

  def _copy(self, name='hf_student'):
    return folders.copy(name, self.folder)

  def _assert_equals_golden(self, folder, name='hf_student'):
    checkpoint = checkpoints.read(str(folder))
    self.assertEmpty(checkpoints.differences(
        checkpoint, checkpoints.read(folders.golden(name))))
    return checkpoint

  def _assert_refused(self, folder, message, error=ValueError):
    with self.assertRaisesRegex(error, message) as caught:
      checkpoints.read(str(folder))
    self.assertNotIn('\n', str(caught.exception))


class SeveralFilesTest(_Case):

  def _split(self) -> pathlib.Path:
    """Returns a copy with its weights in three files."""
    folder = self._copy()
    tensors = safetensors.numpy.load_file(folder / 'model.safetensors')
    (folder / 'model.safetensors').unlink()
    places = {name: _PARTS[i % 3] for i, name in enumerate(tensors)}
    for part in _PARTS:
      safetensors.numpy.save_file(
          {name: tensors[name] for name in tensors if places[name] == part},
          folder / part, metadata={'format': 'pt'})
    self._write_index(folder, places)
    return folder

  def _write_index(self, folder, places):
    (folder / 'model.safetensors.index.json').write_text(
        json.dumps({'metadata': {}, 'weight_map': places}))

  def _places(self, folder):
    return json.loads((folder / 'model.safetensors.index.json').read_text())[
        'weight_map']

  def test_they_are_one_model(self):
    self._assert_equals_golden(self._split())

  def test_a_part_that_is_missing(self):
    folder = self._split()
    (folder / _PARTS[1]).unlink()
    self._assert_refused(
        folder, f'index.json names {_PARTS[1]}, which is not there',
        FileNotFoundError)

  def test_a_part_that_the_index_does_not_name(self):
    folder = self._split()
    name = 'model-00004-of-00004.safetensors'
    shutil.copy(folder / _PARTS[0], folder / name)
    self._assert_refused(folder, f'does not name {name}')

  def test_a_weight_in_two_parts(self):
    folder = self._split()
    places = self._places(folder)
    name = next(name for name in places if places[name] == _PARTS[0])
    tensors = safetensors.numpy.load_file(folder / _PARTS[1])
    safetensors.numpy.save_file(
        {**tensors, name: np.zeros(3, np.float32)}, folder / _PARTS[1])
    self._assert_refused(
        folder, f'{_PARTS[1]} .*has besides {name}.* weight in two parts')

  def test_a_weight_that_is_not_where_the_index_says(self):
    folder = self._split()
    places = self._places(folder)
    self._write_index(folder, {**places, 'extra.weight': _PARTS[2]})
    self._assert_refused(folder, f'{_PARTS[2]} .*lacks extra.weight')

  @parameterized.parameters(
      '/etc/passwd', '../model.safetensors', 'a/b.safetensors', 'model.bin',
      'a\\b.safetensors', '', 3, None)
  def test_a_place_outside_of_the_folder(self, place):
    folder = self._split()
    self._write_index(folder, {**self._places(folder), 'a.weight': place})
    self._assert_refused(folder, 'a.weight is in .*, which is no safetensors')

  @parameterized.parameters('{}', '{"weight_map": []}', '{"weight_map": {}}')
  def test_an_index_of_nothing(self, content):
    folder = self._split()
    (folder / 'model.safetensors.index.json').write_text(content)
    self._assert_refused(folder, 'index.json has no weight_map')


class NamesTest(_Case):

  def _change(self, change, name='hf_student'):
    folder = self._copy(name)
    folders.edit_tensors(folder, change)
    return folder

  def _rename(self, rename, name='hf_student'):
    def change(tensors):
      for key in list(tensors):
        tensors[rename(key)] = tensors.pop(key)
    return self._change(change, name)

  @parameterized.parameters((_TABLE, 'weight'), (_BIAS, 'bias'))
  def test_tied_weights_have_either_name(self, first, second):
    def change(tensors):
      tensors[f'{_DECODER}.{second}'] = tensors.pop(first)
    self._assert_equals_golden(self._change(change))

  def test_norms_have_old_names(self):
    checkpoint = self._assert_equals_golden(self._rename(
        lambda key: key.replace('LayerNorm.weight', 'LayerNorm.gamma').replace(
            'LayerNorm.bias', 'LayerNorm.beta')))
    [note] = checkpoint.notes
    self.assertRegex(note, r'^\d+ weights of norms have the old names gamma')

  def test_norms_of_both_names(self):
    name = 'mobilebert.embeddings.LayerNorm'
    self._assert_refused(
        self._change(lambda tensors: tensors.update(
            {f'{name}.gamma': tensors[f'{name}.weight']})),
        f'twice: {name}.* are both {name}.weight')

  @parameterized.parameters(
      ('module.{}', 'module.mobilebert.'),
      ('_orig_mod.module.{}', '_orig_mod.module.mobilebert.'),
      ('model.{}', 'model.mobilebert.'))
  def test_wrapped_models(self, wrapper, said):
    for golden in ('hf_student', 'hf_seqcls'):
      checkpoint = self._assert_equals_golden(
          self._rename(wrapper.format, golden), golden)
      self.assertEqual(checkpoint.notes, (
          f'The weights are called {said}*, and read as those of '
          'mobilebert.*.',))

  def test_an_encoder_of_another_name(self):
    self._assert_equals_golden(self._rename(
        lambda key: key.replace('mobilebert.', 'bert.')))

  def test_a_wrapper_of_some_weights(self):
    self._assert_refused(
        self._rename(lambda key: key.replace(
            'mobilebert.encoder', 'module.mobilebert.encoder')),
        r'lacks .* mobilebert\.encoder\.')

  def test_two_encoders_are_named(self):
    def change(tensors):
      for key in list(tensors):
        if key.startswith('mobilebert.'):
          tensors[f'teacher.{key}'] = tensors[key]
    self._assert_refused(
        self._change(change),
        "encoder twice, as 'mobilebert.' and 'teacher.mobilebert.'; save one")


class OtherFilesTest(_Case):

  @parameterized.parameters('model.safetensors', 'config.json', 'vocab.txt')
  def test_a_pointer_of_git_lfs_is_named(self, name):
    folder = self._copy()
    (folder / name).write_text(
        'version https://git-lfs.github.com/spec/v1\n'
        f'oid sha256:{"0" * 64}\nsize 12345\n')
    self._assert_refused(folder, f'{name} is not the file, but its pointer of '
                         'Git LFS: `git lfs pull`')

  @parameterized.parameters(
      ('tf_model.h5', 'weights of TensorFlow'), ('flax_model.msgpack', 'Flax'),
      ('pytorch_model.bin', 'a pickle'))
  def test_files_of_other_kinds_are_named(self, name, said):
    folder = self._copy()
    (folder / 'model.safetensors').rename(folder / name)
    self._assert_refused(folder, f'only a {name}: .*{said}', FileNotFoundError)

  def test_byte_order_marks(self):
    folder = self._copy('hf_seqcls')
    path = folder / 'config.json'
    folders.edit(path, id2label={'0': 'a', '1': 'b', '2': 'c'})
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    self.assertEqual(checkpoints.read(str(folder)).labels, ('a', 'b', 'c'))


if __name__ == '__main__':
  tf.test.main()
