# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Every weight is accounted for, by its name in the file."""

import shutil

from absl.testing import parameterized
import numpy as np
import tensorflow as tf
import yaml

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.checkpoints import bundles
from tests.checkpoints import folders
from tests import shared_data

_STEM = 'bert/encoder/layer_1/attention/self/query/bias'


class NamedWeightsTest(folders.FolderTestCase, parameterized.TestCase):
  """TF1 and Hugging Face; the configs say one thing, the weights another."""

  def _assert_refused(self, folder, *parts):
    with self.assertRaises(ValueError) as caught:
      checkpoints.read(str(folder))
    for part in parts:
      self.assertIn(part, str(caught.exception))

  @parameterized.parameters(
      ({'vocab_size': 999},
       'word_embeddings is (1000, 16), the config says (999, 16)'),
      ({'num_hidden_layers': 4}, 'lacks 46 of 199 weights: '
       'bert/encoder/layer_3/bottleneck/input/dense/kernel', 'and 36 more'),
      ({'num_hidden_layers': 2}, 'has 46 weights that its config does not '
       'describe: bert/encoder/layer_2/attention/output'),
      ({'num_feedforward_networks': 2}, 'has 36 weights', 'ffn_layer_1'),
      ({'num_feedforward_networks': 5}, 'lacks 18 of', 'ffn_layer_3'),
      ({'key_query_shared_bottleneck': False}, 'has 12 weights',
       'layer_0/bottleneck/attention/FakeLayerNorm/beta'),
      ({'normalization_type': 'layer_norm'}, 'lacks', 'LayerNorm/gamma'),
      ({'classifier_activation': True},
       'lacks 2 of 155 weights: bert/pooler/dense/kernel, bert/pooler/dense/'
       'bias. Is it'),
  )
  def test_a_tf1_config_of_other_weights(self, fields, *parts):
    folder = folders.copy('tf1_student', self.folder)
    folders.edit(folder / 'bert_config.json', **fields)
    self._assert_refused(folder, folders.TF1_PREFIX, *parts)

  @parameterized.parameters(
      ({'vocab_size': 999}, 'mobilebert.embeddings.word_embeddings.weight is '
       '(1000, 16), the config says (999, 16)',
       'cls.predictions.dense.weight is (48, 1000), the config says (48, 999)'),
      ({'num_hidden_layers': 2}, 'has 46 weights', 'encoder.layer.2.'),
      ({'num_hidden_layers': 4}, 'lacks 46 of 199', 'encoder.layer.3.'),
      ({'num_feedforward_networks': 2}, 'has 36 weights', '.ffn.1.'),
      ({'use_bottleneck_attention': True}, 'attention.self.value.weight is '
       '(32, 64), the config says (32, 32)'),
      ({'classifier_activation': True}, 'lacks 2 of 155',
       'mobilebert.pooler.dense.weight'),
      ({'intra_bottleneck_size': 16}, 'does not fit its config', ' more.'),
  )
  def test_a_hugging_face_config_of_other_weights(self, fields, *parts):
    folder = folders.copy('hf_student', self.folder)
    folders.edit(folder / 'config.json', **fields)
    self._assert_refused(folder, 'model.safetensors', *parts)

  def test_weights_missing_left_over_and_of_another_shape(self):
    def rename(variables):
      variables[f'{_STEM}_'] = variables.pop(_STEM)

    def add(variables):
      variables['bert/extra'] = np.ones([2])

    def reshape(variables):
      variables[_STEM] = variables[_STEM][:, None]

    for change, message in (
        (rename, f'lacks 1 of 105 weights: {_STEM}. Is it'),
        (add, 'has 1 weights that its config does not describe: bert/extra.'),
        (reshape, f'{_STEM} is (32, 1), the config says (32,).')):
      folder = folders.copy('tf1_tiny', self.folder)
      folders.edit_variables(folder, change)
      self._assert_refused(folder, message)

  def test_half_a_head_is_no_head(self):
    folder = folders.copy('hf_seqcls', self.folder)
    folders.edit_tensors(
        folder, lambda tensors: tensors.pop('classifier.bias'))
    self._assert_refused(folder, 'lacks 1 of', ': classifier.bias.')

  def test_a_head_of_another_shape(self):
    folder = folders.copy('hf_seqcls', self.folder)
    folders.edit_tensors(folder, lambda tensors: tensors.update(
        {'classifier.weight': np.ones([3, 32], np.float32)}))
    self._assert_refused(
        folder,
        'classifier.weight is (3, 32), the config says (classes, 64).')

  @parameterized.parameters('TF1', 'Hugging Face')
  def test_numbers_that_are_no_weights(self, kind):
    for value, message in (
        (np.zeros([32], np.int32), 'is of int32'),
        (np.full([32], np.nan, np.float32), 'holds NaN or infinity'),
        (np.full([32], -np.inf, np.float32), 'holds NaN or infinity')):
      if kind == 'TF1':
        name, folder = _STEM, folders.copy('tf1_tiny', self.folder)
        folders.edit_variables(
            folder, lambda old, name=name, value=value: old.update(
                {name: value}))
      else:
        name = 'mobilebert.encoder.layer.1.attention.self.query.bias'
        folder = folders.copy('hf_tiny', self.folder)
        folders.edit_tensors(
            folder, lambda old, name=name, value=value: old.update(
                {name: value}))
      self._assert_refused(folder, f'{name} {message}')

  def test_long_lists_are_cut(self):
    self.assertEqual(checkpoint_lib.listed(['a', 'b']), 'a, b')
    names = [str(i) for i in range(12)]
    self.assertEqual(
        checkpoint_lib.listed(names), '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more')


class ObjectsTest(folders.FolderTestCase, parameterized.TestCase):
  """The two object-based formats, edited as a tree of paths."""

  def _edited(self, checkpoint_format, change):
    """Converts a golden folder and writes its weights again, changed."""
    folder = self.folder / checkpoint_format
    shutil.rmtree(folder, ignore_errors=True)
    formats.convert(
        folders.golden('tf1_tiny'), str(folder), checkpoint_format)
    checkpoint = checkpoints.read(str(folder))
    arrays = {
        name.key(checkpoint_format): name.from_ours(
            checkpoint.weights[name.ours], checkpoint_format)
        for name in checkpoint.names
    }
    change(arrays)
    bundles.write_objects(str(folder / 'mobilebert.ckpt'), arrays, {})
    return folder

  @parameterized.parameters(
      ('mobilebert_tf', 'encoder/layer_with_weights-2/attention/query/bias',
       '(32,)'),
      ('model_garden',
       'encoder/layer_with_weights-1/block_layers/attention/0/_query_dense/'
       'bias', '(4, 8)'))
  def test_missing_left_over_and_of_another_shape(
      self, checkpoint_format, path, shape):
    def add(arrays):
      arrays['encoder/layer_with_weights-1/extra'] = np.ones([2], np.float32)

    for change, message in (
        (lambda arrays: arrays.pop(path), f'lacks 1 of 105 weights: {path}.'),
        (add, 'has 1 weights that its config does not describe: '
         'encoder/layer_with_weights-1/extra.'),
        (lambda arrays: arrays.update({path: np.ones([7], np.float32)}),
         f'{path} is (7,), the config says {shape}.')):
      folder = self._edited(checkpoint_format, change)
      with self.assertRaises(ValueError) as caught:
        checkpoints.read(str(folder))
      self.assertIn(message, str(caught.exception))

  def test_training_state_of_ours_is_ignored(self):
    def add(arrays):
      for name in ('optimizer/_variables/0', 'global_step/x'):
        arrays[name] = np.ones([3], np.float32)

    self.assertEmpty(checkpoints.differences(
        checkpoints.read(str(self._edited('mobilebert_tf', add))),
        checkpoints.read(folders.golden('tf1_tiny'))))

  def test_a_yaml_of_other_weights(self):
    folder = self._edited('mobilebert_tf', lambda arrays: None)
    path = folder / 'encoder.yaml'
    fields = yaml.safe_load(path.read_text())
    fields['task']['model']['encoder']['any']['num_blocks'] = 4
    path.write_text(yaml.safe_dump(fields))
    with self.assertRaisesRegex(ValueError, 'lacks 30 of 135 weights'):
      checkpoints.read(str(folder))

  def test_where_the_json_and_the_yaml_of_the_model_garden_disagree(self):
    """The JSON is that of its downloads; it is read where there are both."""
    folder = self._edited('model_garden', lambda arrays: None)
    shutil.copy(shared_data.path('golden/tf1_student/bert_config.json'), folder)
    with self.assertRaisesRegex(ValueError, 'lacks 48 of 153'):
      checkpoints.read(str(folder))


if __name__ == '__main__':
  tf.test.main()
