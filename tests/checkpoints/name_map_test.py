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

"""The name map against the names that the reference implementations wrote."""

import json

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.checkpoints import reference_config
from tests import shared_data
from tests.modeling import contract


def _rows(folder: str, config: str) -> list[name_map.WeightName]:
  return name_map.weight_names(reference_config.read_config(
      shared_data.path(f'golden/{folder}/{config}')))


class NameMapTest(tf.test.TestCase, parameterized.TestCase):

  def test_equals_the_measured_map_of_the_student(self):
    measured = json.loads(
        shared_data.path('golden/name_map_student.json').read_text())
    rows = {row.tf1: row for row in _rows('tf1_student', 'bert_config.json')}
    self.assertCountEqual(rows, [entry['tf1'] for entry in measured])
    for entry in measured:
      row = rows[entry['tf1']]
      self.assertEqual(row.hugging_face, entry['hf'], row.tf1)
      # Ours is TF1's layout but for one; the measured map is from TF1 to HF.
      transposed = row.hugging_face_transposed != row.tf1_transposed
      self.assertEqual('transpose' if transposed else 'copy', entry['hf_op'],
                       row.tf1)

  @parameterized.parameters('student', 'tiny', 'teacher')
  def test_names_every_variable_of_google_research(self, kind):
    variables = json.loads(
        shared_data.path(f'golden/tf1_{kind}/variables.json').read_text())
    rows = _rows(f'tf1_{kind}', 'bert_config.json')
    self.assertCountEqual([row.tf1 for row in rows],
                          [variable['name'] for variable in variables])

  @parameterized.parameters('student', 'tiny')
  def test_names_every_tensor_of_hugging_face(self, kind):
    keys = json.loads(
        shared_data.path(f'golden/hf_{kind}/keys.json').read_text())
    rows = _rows(f'hf_{kind}', 'config.json')
    self.assertCountEqual(
        [row.hugging_face for row in rows], keys['safetensors'])

  @parameterized.product(
      architecture=['mobilebert_small', 'mobilebert_tiny', 'ib_bert_small',
                    'mobilebert_paper', 'mobilebert_without_opt'],
      embedding_size=[8, 16])
  def test_names_every_weight_of_ours_once(self, architecture, embedding_size):
    config = contract.tiny_architecture(
        architecture, embedding_size=embedding_size,
        num_feedforward_networks=2)
    model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(config))
    rows = name_map.weight_names(config)
    self.assertCountEqual(
        [row.ours for row in rows],
        [weight.name.removesuffix(':0') for weight in model.weights])
    for checkpoint_format in ('tf1', 'hugging_face'):
      keys = [row.key(checkpoint_format) for row in rows]
      self.assertLen(set(keys), len(keys))

  def test_to_ours_transposes_where_the_layouts_differ(self):
    array = np.arange(6).reshape(2, 3)
    row = name_map.WeightName('a', 'b', 'c', hugging_face_transposed=True)
    self.assertAllEqual(row.to_ours(array, 'hugging_face'), array.T)
    self.assertAllEqual(row.to_ours(array, 'tf1'), array)

  def test_surplus_is_what_blocks_have_more(self):
    rows = name_map.weight_names(contract.tiny_architecture())
    known = [row.tf1 for row in rows]
    beside = ['global_step', 'teacher/bert/encoder/layer_9/output/dense/kernel',
              f'{known[9]}/adam_m', 'bert/pooler/dense/kernel',
              'output_weights']
    self.assertEmpty(name_map.surplus_weights(rows, 'tf1', known + beside))
    deeper = 'bert/encoder/layer_2/output/dense/kernel'
    self.assertEqual(
        name_map.surplus_weights(rows, 'tf1', [*known, deeper]), [deeper])


if __name__ == '__main__':
  tf.test.main()
