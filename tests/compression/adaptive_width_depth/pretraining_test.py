# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A family that is made in pre-training, for any task."""

import pathlib

import pytest
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.compression.adaptive_width_depth import choosing
from mobilebert_tf.compression.adaptive_width_depth import cutting
from mobilebert_tf.compression.adaptive_width_depth import sources
from mobilebert_tf.compression.adaptive_width_depth import training
from mobilebert_tf.distillation import losses
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.training import run
from official.core import task_factory
from tests import tiny_runs
from tests.distillation import tiny_models

_OPTIONS = training.Options(
    widths=(1.0, 0.5), depths=(1.0, 0.5), epochs=0.4, batch_size=4,
    importance_batches=4)


@pytest.mark.slow
class PretrainedFamilyTest(tiny_runs.TinyRuns, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.run = str(pathlib.Path(self.get_temp_dir(), 'run'))
    run.run_experiment(self.params(tiny_runs.PRETRAIN, self.settings(
        4, model=tiny_models.student_config().as_dict())), 'train', self.run)
    self.family = pathlib.Path(self.get_temp_dir(), 'family')

  def test_a_family_of_a_pretrained_model(self):
    results = training.adapt(self.run, self.family, _OPTIONS)
    self.assertEqual(
        [(row['width'], row['depth']) for row in results['sizes']],
        [(1.0, 1.0), (0.5, 1.0), (1.0, 0.5), (0.5, 0.5)])
    for row in results['sizes']:
      [score] = row['scores']
      self.assertEqual(score['name'], 'masked_lm_accuracy')
      self.assertBetween(score['value'], 0.0, 1.0)
    member = training.extract(self.family, 0.5, 0.5)
    self.assertEqual(member.architecture.num_blocks, 1)
    model = checkpoints.build(modeling.MobileBertPretrainer, member)
    self.assertAllEqual(
        model(tiny_models.batch())['mlm_logits'].shape, [4, 3, 40])

    with self.subTest('the loss of a step is that of all members, by hand'):
      self._check_step()

    with self.subTest('blocks are chosen by the loss of masked LM'):
      source = sources.read(f'{self.run}/ckpt-4')
      order = training.measure_order(source, 'greedy', 4)
      self.assertCountEqual(order, [0, 1])

    with self.subTest('they answer nothing, and are not chosen from'):
      with self.assertRaisesRegex(ValueError, 'family of pre-trained models'):
        choosing.choose(self.family, self.family.with_name('files'),
                        choosing.Limits())

  def _check_step(self):
    source = sources.read(self.run)
    config = source.adaptive()
    config.override({'teacher': {
        'checkpoint': self.run, 'widths': [1.0, 0.5], 'hidden_weight': 0.0,
        'depths': [1.0, 0.5]}})
    task = task_factory.get_task(config)
    model = task.build_model()
    batch, expected = tiny_models.batch(), 0.0
    whole = checkpoints.of_model(model)
    teacher = source.model(batch)
    for size in task.sizes:
      student = checkpoints.build(type(model), cutting.cut(whole, size))(batch)
      expected += losses.soft_cross_entropy(
          teacher['mlm_logits'], student['mlm_logits'],
          batch['masked_lm_weights'])
      expected += losses.soft_cross_entropy(
          teacher['next_sentence'], student['next_sentence'])
    part = gradient_step.Slice(batch, dict.fromkeys(
        task.weigh(batch), tf.constant(1.0)))
    loss, _, outputs = task.compute(part, model)
    self.assertAllClose(loss, expected, 1e-4)
    self.assertAllClose(
        outputs['mlm_logits'], model(batch)['mlm_logits'], 1e-5, 1e-5)


if __name__ == '__main__':
  tf.test.main()
