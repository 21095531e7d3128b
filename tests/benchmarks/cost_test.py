# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What a stage costs, counted by hand."""

import tensorflow as tf

from benchmarks import cost
from mobilebert_tf.distillation import schedules
from mobilebert_tf import modeling
from mobilebert_tf.modeling import layout

_LENGTH, _PREDICTIONS = 16, 3


class CostTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.teacher = modeling.get_architecture('ib_bert_large', num_blocks=4)
    self.student = modeling.get_architecture('mobilebert', num_blocks=4)
    self.block = layout.count_block_operations(self.student, _LENGTH)
    self.embeddings = layout.count_embedding_operations(self.student, _LENGTH)

  def _count(self, index: int, **schedule) -> cost.StageCost:
    stages = schedules.build_stages(
        schedules.ScheduleConfig(**schedule), 4, 4)
    return cost.count_stage(stages[index], self.teacher, self.student, _LENGTH,
                            _PREDICTIONS)

  def test_the_teacher_runs_to_the_block_that_is_taught(self):
    self.assertEqual(
        self._count(1).teacher,
        layout.count_operations(self.teacher, _LENGTH, num_blocks=2))

  def test_a_gradient_passes_through_what_is_trained(self):
    forward = self.embeddings + 3 * self.block
    self.assertEqual(self._count(2, lower_multiplier=0.0).student,
                     forward + 2 * self.block)
    self.assertEqual(self._count(2, lower_multiplier=0.1).student,
                     forward + 2 * 3 * self.block)

  def test_distillation_runs_all_of_both(self):
    forward = (self.embeddings + 4 * self.block
               + 2 * _PREDICTIONS * 512 * (512 + 30522))
    counted = self._count(-1)
    self.assertEqual(counted.student, 3 * forward)
    self.assertEqual(counted.total, counted.student + counted.teacher)
    self.assertEqual(
        cost.count_pretraining(self.student, _LENGTH, _PREDICTIONS),
        3 * forward)


if __name__ == '__main__':
  tf.test.main()
