# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What students copy of teachers, and teachers in bfloat16."""

import numpy as np
import pytest
import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf import modeling
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import teachers
from tests.distillation import tiny_models

_INPUTS = [tf.constant([[2, 7, 9, 3], [2, 8, 3, 0]]),
           tf.constant([[1, 1, 1, 1], [1, 1, 1, 0]]),
           tf.zeros([2, 4], tf.int32)]


def _pretrainers(teacher: dict, student: dict
                 ) -> tuple[modeling.MobileBertPretrainer,
                            modeling.MobileBertPretrainer]:
  configs = (tiny_models.teacher_config(), tiny_models.student_config())
  for config, changes in zip(configs, (teacher, student), strict=True):
    config.override(changes)
  taught = tiny_models.pretrainer(configs[0], seed=1)
  return taught, tiny_models.pretrainer(configs[1], seed=2)


class CopyToStudentTest(tf.test.TestCase, parameterized.TestCase):

  def _copied(self, teacher: modeling.MobileBertPretrainer,
              student: modeling.MobileBertPretrainer) -> set[str]:
    teachers.copy_to_student(teacher, student)
    theirs = {variable.name: variable for variable in teacher.variables}
    return {'/'.join(variable.name.split('/')[:2])
            for variable in student.variables if variable.name in theirs
            and np.array_equal(variable, theirs[variable.name])}

  @parameterized.parameters('no_norm', 'layer_norm')
  def test_a_student_of_the_same_normalization_starts_equal(self, kind):
    teacher, student = _pretrainers(
        {'normalization': kind}, {'normalization': kind})
    self.assertIn('embeddings/norm', self._copied(teacher, student))
    self.assertAllClose(student.encoder(_INPUTS)['embedding_output'],
                        teacher.encoder(_INPUTS)['embedding_output'])

  @parameterized.parameters('no_norm', 'layer_norm')
  def test_a_normalization_of_another_kind_is_left_out(self, kind):
    [other] = {'no_norm', 'layer_norm'} - {kind}
    copied = self._copied(*_pretrainers(
        {'normalization': kind}, {'normalization': other}))
    self.assertIn('embeddings/projection', copied)
    self.assertNotIn('embeddings/norm', copied)

  @parameterized.parameters((True, True), (True, False), (False, True))
  def test_the_pooler_is_copied_if_both_have_one(self, theirs, ours):
    copied = self._copied(*_pretrainers(
        {'use_pooler': theirs}, {'use_pooler': ours}))
    self.assertEqual('pooler/dense' in copied, theirs and ours)
    self.assertFalse([name for name in copied if name.startswith('block_')])


class CastTest(tf.test.TestCase):

  def test_normalizations_alone_stay_float32_in_bfloat16(self):
    cast = teachers.cast(tiny_models.pretrainer(
        tiny_models.teacher_config(), seed=1), 'bfloat16')
    for weight in cast.weights:
      self.assertEqual(weight.dtype, tf.float32 if 'norm/' in weight.name
                       else tf.bfloat16, weight.name)

  @pytest.mark.slow
  def test_variances_of_a_deep_teacher_have_no_bias_in_bfloat16(self):
    config = tiny_models.teacher_config()
    config.override({
        'normalization': 'layer_norm', 'num_blocks': 12,
        'num_feedforward_networks': 1, 'inter_block_size': 256,
        'intra_block_size': 32})
    teacher = tiny_models.pretrainer(config, seed=1)
    rng = np.random.default_rng(0)
    for variable in teacher.weights:  # As spread as those of a trained one.
      if 'gamma' in variable.name:
        variable.assign(np.exp(rng.normal(scale=0.2, size=variable.shape)))
      elif 'kernel' in variable.name:
        scale = 1.2 / np.sqrt(variable.shape[0])
        variable.assign(rng.normal(scale=scale, size=variable.shape))
    cast = teachers.cast(teacher, 'bfloat16')
    outputs = teacher.encoder(_INPUTS), cast.encoder(_INPUTS)
    for expected, actual in zip(
        *(each['encoder_outputs'] for each in outputs), strict=True):
      difference = losses.variance_transfer(
          expected, tf.cast(actual, tf.float32), _INPUTS[1])
      self.assertGreater(difference, 0)
      # Weighted by 5: with bfloat16 statistics 0.016 to 0.020 in every block.
      self.assertLess(5 * difference, 0.008)


if __name__ == '__main__':
  tf.test.main()
