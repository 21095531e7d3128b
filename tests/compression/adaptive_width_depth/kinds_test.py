# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Families of every kind of fine-tuning task that can have a teacher."""

from absl.testing import parameterized
import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.compression.adaptive_width_depth import cutting
from mobilebert_tf.compression.adaptive_width_depth import task as task_lib
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks import registry
from tests.tasks import tiny_steps


class FamilyOfKindTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.parameters('regression', 'answers')
  @pytest.mark.slow
  def test_all_sizes_learn_the_outputs_of_the_whole(self, kind):
    self._check(kind)

  @parameterized.parameters('classification', 'multi-label', 'words')
  @pytest.mark.exhaustive
  def test_so_do_those_of_other_kinds(self, kind):
    self._check(kind)

  def _check(self, kind):
    task, batch = tiny_steps.FAMILIES[kind](self.get_temp_dir())
    teacher, model = task.build_model(), task.build_model()
    tiny_steps.spread(teacher)  # As the one that it reads.
    for index, weight in enumerate(model.weights):
      weight.assign(teacher.weights[index] * 1.2)
    self.assertLen(task.sizes, 4)
    part = gradient_step.Slice(batch, dict.fromkeys(
        task.weigh(batch), tf.constant(1.0)))
    features, _ = gradient_step.split_inputs(batch)
    whole, found = checkpoints.of_model(model), []
    for size in task.sizes:
      student = checkpoints.build(type(model), cutting.cut(whole, size))
      found.append(task.teacher_loss(
          part, teacher(features), student(features)).numpy())
    loss, _, _ = task.compute(part, model)
    self.assertAllClose(loss, sum(found), 1e-4)
    self.assertGreater(len(set(found)), 2)  # Sizes differ.

  def test_no_other_kind_has_families(self):
    found = set()
    for name, kind in registry.KINDS.items():
      try:
        task_lib.adaptive(kind.task_config())
      except ValueError as error:
        self.assertRegex(
            str(error), 'cannot have a teacher|has no training task')
      else:
        found.add(name)
    self.assertEqual(found, {
        'classification', 'regression', 'multi_label_classification',
        'token_classification', 'question_answering'})


if __name__ == '__main__':
  tf.test.main()
