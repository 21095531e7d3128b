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

"""Checkpoints of google-research: training runs, damage, and other models.

That outputs equal the reference is checked in tests/modeling/parity_test.py.
"""

import shutil

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import name_map
from tests import shared_data
from tests.checkpoints import folders

_PREFIX = 'mobilebert_variables.ckpt'


class Tf1Test(tf.test.TestCase, parameterized.TestCase):

  def _copy(self):
    return folders.copy('tf1_student', self.get_temp_dir())

  def _assert_refused(self, folder, message, error=ValueError, **overrides):
    with self.assertRaisesRegex(error, message):
      checkpoints.load_tf1(folder, **overrides)

  def test_a_training_checkpoint_with_all_that_lies_beside_the_weights(self):
    folder = folders.copy(
        'tf1_student/stage1_train_ckpt', self.get_temp_dir())
    shutil.copy(
        shared_data.path('golden/tf1_student/bert_config.json'), folder)
    names = dict(tf.train.list_variables(str(folder / 'model.ckpt-14')))
    self.assertGreater(len(names), 500)  # Optimizer slots and the teacher.
    model = checkpoints.load_tf1(str(folder))
    rows = {row.ours: row for row in name_map.weight_names(
        model.encoder.architecture)}
    for weight in model.weights:
      row = rows[weight.name.removesuffix(':0')]
      array = tf.train.load_variable(str(folder / 'model.ckpt-14'), row.tf1)
      self.assertAllEqual(weight, array.T if row.tf1_transposed else array)
    started_from = checkpoints.load_tf1(shared_data.path('golden/tf1_student'))
    kernel = 'block_0/attention/value/kernel:0'
    self.assertNotAllClose(*(
        next(w for w in each.weights if w.name == kernel)
        for each in (model, started_from)))

  def test_every_weight_comes_from_the_file(self):
    folder = shared_data.path('golden/tf1_teacher')
    model = checkpoints.load_tf1(folder)
    sums = sorted(
        float(np.abs(tf.train.load_variable(str(folder / _PREFIX), name)).sum())
        for name, _ in tf.train.list_variables(str(folder / _PREFIX)))
    ours = sorted(
        float(np.abs(weight.numpy()).sum()) for weight in model.weights)
    self.assertAllClose(ours, sums, 1e-5, 1e-5)

  def test_overrides(self):
    folder = shared_data.path('golden/tf1_student')
    model = checkpoints.load_tf1(folder, attention_mask='tf1_reference',
                                 attention_dropout_rate=0.0)
    self.assertEqual(model.encoder.architecture.attention_mask, 'tf1_reference')
    self._assert_refused(folder, "field 'atention_mask'.*mean 'attention_mask'",
                         atention_mask='hard')
    self._assert_refused(folder, "'soft'; accepted: hard, tf1_reference",
                         attention_mask='soft')

  def test_weights_are_float32_under_mixed_bfloat16(self):
    before = tf_keras.mixed_precision.global_policy()
    tf_keras.mixed_precision.set_global_policy('mixed_bfloat16')
    try:
      model = checkpoints.load_tf1(shared_data.path('golden/tf1_student'))
    finally:
      tf_keras.mixed_precision.set_global_policy(before)
    self.assertEqual({w.dtype for w in model.weights}, {tf.float32})

  def test_loads_inside_a_name_scope_and_a_strategy(self):
    folder = shared_data.path('golden/tf1_student')
    with tf.name_scope('scope'):
      one = checkpoints.load_tf1(folder)
    with tf.distribute.MirroredStrategy(['/cpu:0']).scope():
      other = checkpoints.load_tf1(folder)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
      self.assertAllEqual(a, b)

  # === What is missing or damaged ===

  def test_missing_files(self):
    self._assert_refused('/absent', '/absent/bert_config.json',
                         FileNotFoundError)
    folder = self._copy()
    (folder / 'bert_config.json').unlink()
    self._assert_refused(folder, 'bert_config.json', FileNotFoundError)
    folder = self._copy()
    (folder / f'{_PREFIX}.index').unlink()
    self._assert_refused(
        folder, 'should hold one checkpoint.*found: none', FileNotFoundError)
    folder = self._copy()
    (folder / f'{_PREFIX}.data-00000-of-00001').unlink()
    self._assert_refused(folder, f'{_PREFIX} cannot be read')

  def test_two_checkpoints(self):
    folder = self._copy()
    shutil.copy(folder / f'{_PREFIX}.index', folder / 'other.ckpt.index')
    self._assert_refused(
        folder, f'found: {_PREFIX}, other.ckpt', FileNotFoundError)

  @parameterized.parameters('index', 'data-00000-of-00001')
  def test_truncated_checkpoint(self, part):
    folder = self._copy()
    folders.truncate(folder / f'{_PREFIX}.{part}', 700)
    self._assert_refused(folder, f'{_PREFIX} cannot be read .*copy its .index')

  @parameterized.parameters(0, 50)
  def test_truncated_config(self, size):
    folder = self._copy()
    folders.truncate(folder / 'bert_config.json', size)
    self._assert_refused(folder, 'bert_config.json is no JSON')

  def test_config_that_is_no_object(self):
    folder = self._copy()
    (folder / 'bert_config.json').write_text('[1]')
    self._assert_refused(folder, 'holds a list, not a JSON object')

  # === Configs of other models ===

  @parameterized.parameters(
      ({'use_bottleneck': None}, 'use_bottleneck=false: that is a plain BERT'),
      ({'use_bottleneck': False}, 'use_bottleneck=false: that is a plain'),
      ({'trigram_input': False}, 'trigram_input=false: that is a plain BERT'),
      ({'intra_bottleneck_size': None, 'hidden_act': None},
       'lacks intra_bottleneck_size, hidden_act'),
      ({'vocab_size': '1000'},
       "bert_config.json, as fields of ours: vocab_size .* got '1000'"),
      ({'normalization_type': 'batch'}, "bert_config.json.*'batch'; accepted"),
      ({'num_attention_heads': 5}, 'bert_config.json.*=5 does not divide'),
  )
  def test_config_of_another_model(self, fields, message):
    folder = self._copy()
    folders.edit(folder / 'bert_config.json', **fields)
    self._assert_refused(folder, message)

  @parameterized.parameters(
      ({'vocab_size': 999},
       r'embeddings is \(1000, 16\), the config says \(999, 16\)'),
      ({'num_hidden_layers': 4}, 'lacks 46 of 199 weights: .*layer_3.* more'),
      ({'num_hidden_layers': 2}, 'has 46 weights in its blocks .*layer_2'),
      ({'num_feedforward_networks': 2}, 'has 36 weights .*ffn_layer_1'),
      ({'num_feedforward_networks': 5}, 'lacks 18 .*ffn_layer_3'),
      ({'key_query_shared_bottleneck': False},
       'has 12 weights .*bottleneck/attention'),
      ({'normalization_type': 'layer_norm'}, 'lacks .*LayerNorm/gamma'),
      ({'classifier_activation': True}, 'lacks 2 of 155 .*bert/pooler/dense'),
  )
  def test_config_that_does_not_fit_the_weights(self, fields, message):
    folder = self._copy()
    folders.edit(folder / 'bert_config.json', **fields)
    self._assert_refused(folder, message)


if __name__ == '__main__':
  tf.test.main()
