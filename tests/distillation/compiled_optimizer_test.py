# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Distillation with an optimizer that compiles its updates, as on a GPU.

`tf_keras` compiles the update of each variable once, for the whole run, if
there is a GPU; `jit_compile` does the same on a CPU.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from absl.testing import parameterized
from official.core import config_definitions as cfg
from official.nlp.configs import bert
from official.nlp.data import pretrain_dataloader

from mobilebert_tf.distillation import optimizers
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import task as task_lib
from mobilebert_tf.distillation import trainer as trainer_lib
from mobilebert_tf.tasks.pretraining import task as pretraining_task_lib
from tests.distillation import reference_run_test
from tests.distillation import tiny_models
from tests.distillation import trainer_test

_SCHEDULES = {
    'paper': schedules.ScheduleConfig(
        steps_per_block=3, transfer_learning_rate=1e-3,
        transfer_end_learning_rate=1e-3, transfer_warmup_steps=1),
    'tf1_reference': schedules.tf1_reference_schedule(3, learning_rate=1e-3),
}
_TWO_DEVICES = '''
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices('CPU')[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.distillation import compiled_optimizer_test
variant, teacher, output = sys.argv[1:]
with tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1']).scope():
  compiled_optimizer_test.train(variant, teacher, output, compiled=True)
'''


def train(variant: str, teacher: str, output: str, compiled: bool) -> None:
  """Trains two blocks and all weights; writes the weights of each stage."""
  data = pretrain_dataloader.BertPretrainDataConfig()
  schedule = _SCHEDULES[variant].replace(
      distillation_steps=2, distillation_warmup_steps=0,
      distillation_learning_rate=1e-3)
  task = task_lib.DistillationTask(task_lib.DistillationConfig(
      model=bert.PretrainerConfig(encoder=pretraining_task_lib.encoder_config(
          tiny_models.student_config())),
      teacher=tiny_models.teacher_config(), teacher_checkpoint=teacher,
      train_data=data, validation_data=data, variant=variant,
      schedule=schedule))
  optimization = optimizers.OptimizationConfig({
      'optimizer': {'type': 'lamb_reference'},
      'learning_rate': {'type': 'constant'}})
  model = task.build_model()
  optimizer = task.create_optimizer(optimization)
  optimizer.jit_compile = compiled
  trainer = trainer_lib.DistillationTrainer(
      cfg.ExperimentConfig(task=task.task_config, trainer=cfg.TrainerConfig(
          optimizer_config=optimization, train_steps=8)),
      task, model, optimizer, evaluate=False,
      train_dataset=tf.data.Dataset.from_tensors(tiny_models.batch()).repeat())
  trainer.initialize()
  for index, variable in enumerate(model.weights):
    rng = np.random.default_rng(index)
    variable.assign(rng.normal(scale=0.2, size=variable.shape))
  weights = {}
  for stage in task.stages:
    trainer.train(tf.constant(stage.num_steps))
    weights |= {f'{stage.name} {variable.name}': variable.numpy()
                for variable in model.weights}
  np.savez(output, **weights)


class CompiledStagesTest(tf.test.TestCase, parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.teacher = trainer_test.write_teacher(cls)

  def _train(self, variant: str, compiled: bool) -> dict[str, np.ndarray]:
    output = os.path.join(self.get_temp_dir(), f'compiled_{compiled}.npz')
    train(variant, self.teacher, output, compiled)
    return np.load(output)

  @parameterized.parameters('paper', 'tf1_reference')
  @pytest.mark.slow
  def test_every_stage_has_its_own_learning_rates(self, variant):
    expected = self._train(variant, compiled=False)
    self._check_equal(self._train(variant, compiled=True), expected)

  @pytest.mark.slow
  @pytest.mark.exhaustive
  def test_two_devices_learn_what_one_does(self):
    output = os.path.join(self.get_temp_dir(), 'two_devices.npz')
    subprocess.run([sys.executable, '-c', _TWO_DEVICES, 'paper', self.teacher,
                    output], check=True)
    self._check_equal(np.load(output), self._train('paper', compiled=False))

  def _check_equal(self, actual, expected):
    self.assertSameElements(actual, expected)
    for name in expected:
      self.assertAllClose(actual[name], expected[name], rtol=1e-4, atol=1e-5,
                          msg=name)


@pytest.mark.slow
class CompiledTrainerTest(trainer_test.OptimizerTest):

  optimization = trainer_test.ReferenceAdamTest.optimization
  first_move = trainer_test.ReferenceAdamTest.first_move
  compiled = True


@pytest.mark.slow
class CompiledReferenceRunTest(reference_run_test.ReferenceRunTest):

  compiled = True


if __name__ == '__main__':
  tf.test.main()
