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

"""Folders of Hugging Face: damage, other dtypes, and other models.

That outputs equal the reference is checked in tests/modeling/parity_test.py.
"""

from absl.testing import parameterized
import ml_dtypes
import numpy as np
import safetensors.numpy
import tensorflow as tf

from mobilebert_tf import checkpoints
from tests import shared_data
from tests.checkpoints import folders


class HuggingFaceTest(tf.test.TestCase, parameterized.TestCase):

  def _copy(self):
    return folders.copy('hf_student', self.get_temp_dir())

  def _assert_refused(self, folder, message, error=ValueError, **overrides):
    with self.assertRaisesRegex(error, message):
      checkpoints.load_hugging_face(folder, **overrides)

  def test_architecture_is_read(self):
    student = checkpoints.load_hugging_face(
        shared_data.path('golden/hf_student')).encoder.architecture
    self.assertEqual(
        (student.num_blocks, student.inter_block_size, student.intra_block_size,
         student.attention_input, student.use_pooler),
        (3, 64, 32, 'shared_bottleneck', False))
    tiny = checkpoints.load_hugging_face(
        shared_data.path('golden/hf_tiny')).encoder.architecture
    self.assertEqual((tiny.attention_input, tiny.num_feedforward_networks),
                     ('bottleneck', 2))

  @parameterized.parameters((np.float16, 1e-3), (ml_dtypes.bfloat16, 1e-2))
  def test_weights_saved_in_half_precision(self, dtype, tolerance):
    expected = checkpoints.load_hugging_face(
        shared_data.path('golden/hf_student'))
    folder = self._copy()
    path = folder / 'model.safetensors'
    safetensors.numpy.save_file(
        {name: array.astype(dtype)
         for name, array in safetensors.numpy.load_file(path).items()}, path)
    model = checkpoints.load_hugging_face(str(folder))
    for one, other in zip(model.weights, expected.weights, strict=True):
      self.assertEqual(one.dtype, tf.float32)
      self.assertAllClose(one, other, tolerance, tolerance)

  def test_tensors_of_other_parts_are_left_alone(self):
    """Older files hold the tied decoder and position ids as well."""
    folder = self._copy()
    path = folder / 'model.safetensors'
    tensors = safetensors.numpy.load_file(path)
    tensors['cls.predictions.decoder.weight'] = np.zeros(
        [1000, 16], np.float32)
    tensors['mobilebert.embeddings.position_ids'] = np.arange(40)[None]
    safetensors.numpy.save_file(tensors, path)
    expected = checkpoints.load_hugging_face(
        shared_data.path('golden/hf_student'))
    for one, other in zip(checkpoints.load_hugging_face(folder).weights,
                          expected.weights, strict=True):
      self.assertAllEqual(one, other)

  def test_missing_files(self):
    self._assert_refused('/absent', '/absent/config.json', FileNotFoundError)
    folder = self._copy()
    (folder / 'model.safetensors').rename(folder / 'pytorch_model.bin')
    self._assert_refused(
        folder, 'has no model.safetensors.*pickle.*safe_serialization',
        FileNotFoundError)

  @parameterized.parameters(0, 5_000, 100_000)
  def test_truncated_weights(self, size):
    folder = self._copy()
    folders.truncate(folder / 'model.safetensors', size)
    self._assert_refused(folder, 'model.safetensors cannot be read')

  def test_truncated_config(self):
    folder = self._copy()
    folders.truncate(folder / 'config.json', 30)
    self._assert_refused(folder, 'config.json is no JSON')

  def test_a_model_for_another_task(self):
    self._assert_refused(
        shared_data.path('golden/hf_seqcls'),
        'lacks 8 of 153 weights: cls.predictions.*a MobileBERT pre-training')

  def test_plain_bert(self):
    folder = self._copy()
    folders.edit(folder / 'config.json', model_type='bert', embedding_size=None,
                 intra_bottleneck_size=None)
    self._assert_refused(folder, 'lacks embedding_size, intra_bottleneck_size')

  @parameterized.parameters(
      ({'vocab_size': 999}, r'\(1000, 16\), the config says \(999, 16\)'),
      ({'num_hidden_layers': 2}, 'has 46 weights in its blocks .*layer.2'),
      ({'num_hidden_layers': 4}, 'lacks 46 of 199 weights: .*layer.3'),
      ({'num_feedforward_networks': 2}, 'has 36 weights .*ffn.1'),
      ({'use_bottleneck_attention': True}, 'bottleneck.attention'),
      ({'classifier_activation': True}, 'lacks 2 of 155 .*pooler.dense'),
  )
  def test_config_that_does_not_fit_the_weights(self, fields, message):
    folder = self._copy()
    folders.edit(folder / 'config.json', **fields)
    self._assert_refused(folder, message)

  def test_gelu_is_ours_in_its_tanh_form_alone(self):
    folder = folders.copy('hf_student', self.get_temp_dir())
    folders.edit(folder / 'config.json', hidden_act='gelu_new')
    model = checkpoints.load_hugging_face(folder)
    self.assertEqual(model.encoder.architecture.hidden_activation, 'gelu')
    folders.edit(folder / 'config.json', hidden_act='gelu')
    self._assert_refused(folder, 'by erf')

  def test_unknown_override(self):
    self._assert_refused(shared_data.path('golden/hf_student'),
                         "Unknown architecture field 'blocks'", blocks=2)


if __name__ == '__main__':
  tf.test.main()
