# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fourteen steps of the released TF1 code, taken by our trainer."""

import re
from unittest import mock

import numpy as np
import tensorflow as tf
from official.nlp.configs import bert
from official.nlp.data import pretrain_dataloader

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import task as task_lib
from mobilebert_tf.distillation import trainer as trainer_lib
from mobilebert_tf.modeling import encoder
from mobilebert_tf.tasks.pretraining import task as pretraining_task_lib
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.training import experiments
from tests import shared_data

_STEPS_PER_BLOCK = 10
_NAMES = {'input_ids': 'input_word_ids', 'segment_ids': 'input_type_ids'}


def _inputs(golden: np.lib.npyio.NpzFile) -> dict[str, tf.Tensor]:
  names = {key: key.removeprefix('in_') for key in golden
           if key.startswith('in_')}
  return {_NAMES.get(name, name): tf.constant(golden[key])
          for key, name in names.items()}


class ReferenceRunTest(tf.test.TestCase):

  compiled = False  # Whether the optimizer compiles its updates.

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.golden = np.load(
        shared_data.path('golden/losses/stage1_train_trajectory.npz'))

  def _trainer(self) -> trainer_lib.DistillationTrainer:
    student, teacher = (
        checkpoints.read(
            str(shared_data.path(f'golden/{name}'))).architecture
        for name in ('tf1_student', 'tf1_teacher'))
    data = pretrain_dataloader.BertPretrainDataConfig()
    experiment = experiments.distill_tf1_reference()
    experiment.task = task_lib.DistillationConfig(
        model=bert.PretrainerConfig(
            encoder=pretraining_task_lib.encoder_config(student)),
        teacher=teacher,
        teacher_checkpoint=str(shared_data.path('golden/tf1_teacher')),
        init_checkpoint=str(shared_data.path('golden/tf1_student')),
        train_data=data, validation_data=data, variant='tf1_reference',
        schedule=schedules.tf1_reference_schedule(_STEPS_PER_BLOCK))
    task = task_lib.DistillationTask(experiment.task)
    experiment.trainer.train_steps = sum(
        stage.num_steps for stage in task.stages)
    model = task.build_model()
    optimizer = task.create_optimizer(experiment.trainer.optimizer_config)
    optimizer.jit_compile = self.compiled
    trainer = trainer_lib.DistillationTrainer(
        experiment, task, model, optimizer, evaluate=False,
        train_dataset=tf.data.Dataset.from_tensors(
            _inputs(self.golden)).repeat())
    trainer.initialize()
    return trainer

  def test_losses_and_weights_are_those_of_the_reference(self):
    # That run looked words and segments up, and the norm that TF1 clips then
    # counts the gradient of each token by itself, where ours, as on a TPU,
    # counts that of the table. It differs by 1 %.
    self.enter_context(mock.patch.object(
        gradient_step, 'densify', lambda gradient: gradient))
    self.enter_context(mock.patch.object(
        encoder.MobileBertEmbedding, '_segments',
        lambda layer, ids: tf.gather(layer.type_embeddings, ids)))
    trainer = self._trainer()
    names = {row.tf1: row.ours for row in name_map.weight_names(
        trainer.model.encoder.architecture)}
    variables = {re.sub(':0$', '', v.name): v for v in trainer.model.variables}
    weights = losses.LossWeights().as_dict()
    for step in range(14):
      logs = trainer.train(tf.constant(1))
      expected = self.golden['losses'][step]
      if step % _STEPS_PER_BLOCK:  # At a border the reference has none yet.
        blocks = trainer.model.encoder.architecture.num_blocks
        ours = [float(logs[term]) * weights[term] / blocks
                for term in losses.TERMS]
        self.assertAllClose([*ours, float(logs['training_loss'])], expected,
                            rtol=1e-3)
      for key in self.golden:
        if key.startswith('param/'):
          name = names[key.removeprefix('param/')]
          self.assertAllClose(
              variables[name], self.golden[key][step + 1], rtol=1e-3,
              atol=1e-4, msg=f'{name} after step {step}')
    self.assertEqual(int(logs['stage']), 1)


if __name__ == '__main__':
  tf.test.main()
