# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Checkpoints of google-research: training runs, heads, and TF1's own Saver.

That outputs equal the reference is checked in tests/modeling/parity_test.py.
"""

import json
import shutil

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import formats
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf import modeling
from tests.checkpoints import folders
from tests.modeling import contract
from tests import shared_data


class Tf1Test(folders.FolderTestCase, parameterized.TestCase):

  def _training_run(self):
    folder = folders.copy('tf1_student/stage1_train_ckpt', self.folder)
    shutil.copy(
        shared_data.path('golden/tf1_student/bert_config.json'), folder)
    return folder

  # === Reading ===

  def test_a_training_checkpoint_with_all_that_lies_beside_the_weights(self):
    folder = self._training_run()
    prefix = str(folder / 'model.ckpt-14')
    # Optimizer slots and the teacher.
    self.assertGreater(len(tf.train.list_variables(prefix)), 500)
    model = modeling.MobileBertPretrainer.from_pretrained(str(folder))
    rows = {row.ours: row for row in name_map.weight_names(
        model.encoder.architecture)}
    for weight in model.weights:
      row = rows[weight.name.removesuffix(':0')]
      array = tf.train.load_variable(prefix, row.tf1)
      self.assertAllEqual(
          weight, array.T if 'tf1' in row.transposed else array)
    started_from = checkpoints.read(folders.golden('tf1_student'))
    kernel = 'block_0/attention/value/kernel'
    self.assertNotAllClose(
        next(w for w in model.weights if w.name == f'{kernel}:0'),
        started_from.weights[kernel])

  @parameterized.parameters(
      'global_step', 'beta1_power', 'teacher/bert/pooler/dense/kernel',
      'bert/embeddings/word_embeddings/adam_m', 'output_weights/Adam_1',
      'hidden_distill_0/LayerNorm_1/gamma')
  def test_training_state_is_ignored(self, name):
    folder = folders.copy('tf1_tiny', self.folder)
    folders.edit_variables(
        folder, lambda variables: variables.update({name: np.ones([3])}))
    self.assertEmpty(checkpoints.differences(
        checkpoints.read(str(folder)),
        checkpoints.read(folders.golden('tf1_tiny'))))

  @parameterized.parameters(
      ('', (3, 64), 'sequence_classification', 'classifier'),
      ('cls/squad/', (2, 64), 'question_answering', 'span_labeler'))
  def test_heads_of_fine_tuning_travel(self, scope, shape, part, ours):
    """`run_classifier.py` and `run_squad.py` save classes first."""
    folder = folders.copy('tf1_tiny', self.folder)
    kernel = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    bias = np.arange(shape[0], dtype=np.float32)

    def fine_tune(variables):
      for name in [name for name in variables if name.startswith('cls/')]:
        del variables[name]
      variables[f'{scope}output_weights'] = kernel
      variables[f'{scope}output_bias'] = bias

    folders.edit_variables(folder, fine_tune)
    checkpoint = checkpoints.read(str(folder))
    self.assertEqual(checkpoint.parts, ('encoder', part))
    self.assertAllEqual(checkpoint.weights[f'{ours}/kernel'], kernel.T)
    for checkpoint_format in ('hugging_face', 'model_garden', 'tf1'):
      output = str(self.folder / checkpoint_format)
      formats.convert(str(folder), output, checkpoint_format)
      again = checkpoints.read(output)
      self.assertAllEqual(again.weights[f'{ours}/kernel'], kernel.T)
    written = folders.read_variables(f'{output}/{folders.TF1_PREFIX}')
    self.assertAllEqual(written[f'{scope}output_weights'], kernel)
    self.assertAllEqual(written[f'{scope}output_bias'], bias)

  def test_weights_are_float32_under_mixed_bfloat16(self):
    before = tf_keras.mixed_precision.global_policy()
    tf_keras.mixed_precision.set_global_policy('mixed_bfloat16')
    try:
      model = modeling.MobileBertEncoder.from_pretrained(
          folders.golden('tf1_student'))
    finally:
      tf_keras.mixed_precision.set_global_policy(before)
    self.assertEqual({w.dtype for w in model.weights}, {tf.float32})

  def test_loads_inside_a_name_scope_and_a_strategy(self):
    path = folders.golden('tf1_tiny')
    expected = checkpoints.read(path)
    with tf.name_scope('scope'):
      one = modeling.MobileBertPretrainer.from_pretrained(path)
    with tf.distribute.MirroredStrategy(['/cpu:0']).scope():
      other = modeling.MobileBertPretrainer.from_pretrained(path)
    for model in (one, other):
      self.assertEmpty(checkpoints.differences(
          checkpoints.of_model(model), expected))

  # === What google-research's code makes of ours ===

  @parameterized.parameters('student', 'tiny', 'teacher')
  def test_tf1s_saver_restores_what_was_written(self, kind):
    source = shared_data.path(f'golden/tf1_{kind}')
    formats.convert(str(source), str(self.folder / 'ours'))
    output = str(self.folder / 'tf1')
    formats.convert(str(self.folder / 'ours'), output, 'tf1')
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
      graph = {
          entry['name']: tf.compat.v1.get_variable(
              entry['name'], entry['shape'])
          for entry in json.loads((source / 'variables.json').read_text())
      }
      tf.compat.v1.train.Saver().restore(
          session, tf.train.latest_checkpoint(output))
      restored = session.run(graph)
    for name, array in restored.items():
      self.assertAllEqual(array, tf.train.load_variable(
          str(source / folders.TF1_PREFIX), name), name)

  def test_a_folder_that_moved_is_still_found(self):
    formats.convert(
        folders.golden('tf1_student'), str(self.folder / 'one'), 'tf1')
    (self.folder / 'one').rename(self.folder / 'other')
    self.assertEqual(tf.train.latest_checkpoint(str(self.folder / 'other')),
                     str(self.folder / 'other' / folders.TF1_PREFIX))

  def test_a_token_classifier_has_no_name_there(self):
    model = modeling.MobileBertTokenClassifier(
        modeling.MobileBertEncoder(contract.tiny_architecture()), 3)
    with self.assertRaisesRegex(ValueError, 'no token classification'):
      checkpoints.write(
          checkpoints.of_model(model), str(self.folder / 'out'), 'tf1')
    self.assertEmpty(list(self.folder.iterdir()))


if __name__ == '__main__':
  tf.test.main()
