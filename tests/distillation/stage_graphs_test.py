# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""One graph serves all stages that teach a block each."""

import functools
import gc
import os
import tempfile

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.distillation import optimizers
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import stage_graphs
from mobilebert_tf.distillation import task as task_lib
from mobilebert_tf.distillation import trainer as trainer_lib
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.tasks.pretraining import task as pretraining
from official.core import config_definitions as cfg
from official.nlp.configs import bert
from tests.distillation import tiny_models

_STEPS = 2  # Of a stage.


def _trainer(folder: str, blocks: int, variant: str = 'paper',
             lower_multiplier: float = 0.1, recompute: bool = False
             ) -> trainer_lib.DistillationTrainer:
  student = tiny_models.student_config(num_blocks=blocks)
  teacher = tiny_models.teacher_config()
  teacher.num_blocks = blocks
  data = loader.MobileBertPretrainDataConfig()
  task = task_lib.DistillationTask(task_lib.DistillationConfig(
      model=bert.PretrainerConfig(encoder=pretraining.encoder_config(student)),
      teacher=teacher, variant=variant, train_data=data, validation_data=data,
      recompute=recompute,
      teacher_checkpoint=tf.train.Checkpoint(
          **tiny_models.pretrainer(teacher, seed=1).checkpoint_items).write(
              os.path.join(folder, 'teacher')),
      schedule=schedules.ScheduleConfig(
          steps_per_block=_STEPS, distillation_steps=_STEPS,
          transfer_warmup_steps=0, distillation_warmup_steps=0,
          lower_multiplier=lower_multiplier)))
  optimization = optimizers.OptimizationConfig({
      'optimizer': {'type': 'lamb_reference'},
      'learning_rate': {'type': 'constant'}})
  model = task.build_model()
  trainer = trainer_lib.DistillationTrainer(
      cfg.ExperimentConfig(task=task.task_config, trainer=cfg.TrainerConfig(
          optimizer_config=optimization, train_steps=_STEPS * (blocks + 1))),
      task, model, task.create_optimizer(optimization), evaluate=False,
      train_dataset=tf.data.Dataset.from_tensors(tiny_models.batch()).repeat())
  trainer.initialize()
  for index, variable in enumerate(model.weights):
    rng = np.random.default_rng(index)
    variable.assign(rng.normal(scale=0.2, size=variable.shape))
  return trainer


def _live_graphs() -> int:
  gc.collect()
  # Others' objects may break when asked for their class.
  return sum(type(each).__name__ == 'FuncGraph' for each in gc.get_objects())


def _resident_megabytes() -> float:
  with open('/proc/self/statm') as statm:
    return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6


@functools.cache
def _train(variant: str, lower_multiplier: float, recompute: bool = False,
           shares: bool = True) -> dict[str, np.ndarray]:
  """Returns logs and weights of all stages, whose graphs may be shared."""
  with pytest.MonkeyPatch.context() as patch, (
      tempfile.TemporaryDirectory()) as folder:
    if not shares:
      patch.setattr(stage_graphs, 'can_share', lambda *_: False)
    trainer = _trainer(folder, 2, variant, lower_multiplier, recompute)
    values = {}
    for stage in trainer.task.stages:
      logs = trainer.train(tf.constant(_STEPS))
      values |= {f'{stage.name} {name}': value.numpy()
                 for name, value in logs.items()}
      values |= {f'{stage.name} {index}': value for index, value in
                 enumerate(trainer.model.get_weights())}
    return values


class StageGraphsTest(tf.test.TestCase, parameterized.TestCase):

  def _check_equal(self, actual, expected):
    self.assertSameElements(actual, expected)
    for name, value in expected.items():
      self.assertAllClose(actual[name], value, rtol=1e-5, atol=1e-6, msg=name)

  @parameterized.parameters(
      ('paper', 0.0), ('paper', 0.3), ('tf1_reference', 0.3))
  @pytest.mark.slow
  def test_a_shared_graph_computes_what_those_of_single_stages_do(
      self, variant, lower_multiplier):
    self._check_equal(_train(variant, lower_multiplier),
                      _train(variant, lower_multiplier, shares=False))

  @parameterized.parameters('paper', 'tf1_reference')
  @pytest.mark.slow
  def test_recomputed_blocks_learn_the_same(self, variant):
    self._check_equal(_train(variant, 0.3, recompute=True),
                      _train(variant, 0.3))

  def test_stages_that_teach_a_block_share_a_graph(self):
    trainer = _trainer(self.get_temp_dir(), 2)
    trainer.try_out()  # What it traces serves the stages themselves.
    graphs, live = [trainer.task.graph], [_live_graphs()]
    for _ in trainer.task.stages:
      trainer.train(tf.constant(_STEPS))
      graphs.append(trainer.task.graph)
      live.append(_live_graphs())
    self.assertIs(graphs[1], graphs[2])
    self.assertIs(graphs[0], graphs[3])
    self.assertEqual(live[:3], live[:1] * 3)
    self.assertLessEqual(live[3], live[0])

  @pytest.mark.exhaustive
  def test_memory_stays_as_it_is_over_24_stages(self):
    trainer = _trainer(self.get_temp_dir(), 24)
    live, resident = [], []
    for _ in range(24):
      trainer.train(tf.constant(_STEPS))
      live.append(_live_graphs())
      resident.append(_resident_megabytes())
    self.assertEqual(live, live[:1] * 24)
    self.assertLess(resident[-1] - resident[1], 100)


if __name__ == '__main__':
  tf.test.main()
