# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The task and the trainer: what each stage computes and changes."""

import dataclasses
import os
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.distillation import compatibility
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import optimizers
from mobilebert_tf.distillation import schedules
from mobilebert_tf.distillation import task as task_lib
from mobilebert_tf.distillation import trainer as trainer_lib
from mobilebert_tf.tasks.pretraining import task as pretraining_task_lib
from official.core import config_definitions as cfg
from official.nlp.configs import bert
from official.nlp.data import pretrain_dataloader
from tests.distillation import tiny_models


def _optimization(optimizer: str,
                  **settings) -> optimizers.OptimizationConfig:
  return optimizers.OptimizationConfig({
      'optimizer': {'type': optimizer, optimizer: settings},
      'learning_rate': {'type': 'constant',
                        'constant': {'learning_rate': 0.0}},
  })


def write_teacher(test_class: type[tf.test.TestCase]) -> str:
  """Writes the checkpoint of a teacher, until the class is torn down."""
  folder = tempfile.mkdtemp()
  test_class.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
  teacher = tiny_models.pretrainer(tiny_models.teacher_config(), seed=1)
  return tf.train.Checkpoint(**teacher.checkpoint_items).write(
      os.path.join(folder, 'teacher'))


def _changed(before: dict[str, np.ndarray],
             after: dict[str, np.ndarray]) -> set[str]:
  return {name for name, value in after.items()
          if not np.array_equal(before[name], value)}


def _snapshot(model) -> dict[str, np.ndarray]:
  return {variable.name: variable.numpy() for variable in model.variables}


@dataclasses.dataclass
class _Run:
  """What is seen of a run, each by the number of steps after which it is."""
  weights: dict[int, dict[str, np.ndarray]]
  logs: dict[int, dict[str, tf.Tensor]]
  moments: dict[int, dict[int, np.ndarray]]
  iterations: dict[int, int]


class TrainerTestCase(tf.test.TestCase, parameterized.TestCase):
  """Trains in three stages, by the Model Garden's AdamW."""

  optimization = _optimization('adamw', weight_decay_rate=0.01)
  compiled = False  # Whether the optimizer compiles its updates.
  # Of every weight in the first step of a stage, in learning rates: Adam
  # corrects the bias of its moments.
  first_move = 1.0
  _seen: _Run | None

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls._seen = None
    cls.teacher = tiny_models.pretrainer(tiny_models.teacher_config(), seed=1)
    cls.checkpoint = write_teacher(cls)

  def _config(self, **schedule) -> task_lib.DistillationConfig:
    data = pretrain_dataloader.BertPretrainDataConfig()
    return task_lib.DistillationConfig(
        model=bert.PretrainerConfig(encoder=pretraining_task_lib.encoder_config(
            tiny_models.student_config())),
        teacher=tiny_models.teacher_config(),
        teacher_checkpoint=self.checkpoint,
        train_data=data, validation_data=data,
        schedule=schedules.ScheduleConfig(**{
            'steps_per_block': 3, 'distillation_steps': 4,
            'transfer_warmup_steps': 0, 'distillation_warmup_steps': 0,
            'transfer_learning_rate': 0.01,
            'distillation_learning_rate': 0.01,
            'lower_multiplier': 0.0, **schedule}))

  def _trainer(self, config=None, **arguments):
    task = task_lib.DistillationTask(config or self._config())
    model = task.build_model()
    experiment = cfg.ExperimentConfig(
        task=task.task_config,
        trainer=cfg.TrainerConfig(
            optimizer_config=self.optimization,
            train_steps=sum(stage.num_steps for stage in task.stages)))
    dataset = tf.data.Dataset.from_tensors(tiny_models.batch()).repeat()
    optimizer = task.create_optimizer(self.optimization)
    optimizer.jit_compile = self.compiled
    trainer = trainer_lib.DistillationTrainer(
        experiment, task, model, optimizer,
        **{'evaluate': False, 'train_dataset': dataset, **arguments})
    trainer.initialize()
    return trainer

  def _run(self) -> _Run:
    """Trains through all stages, once for all tests."""
    cls = type(self)
    if cls._seen is None:
      trainer = self._trainer()
      cls._seen = run = _Run({0: _snapshot(trainer.model)}, {}, {}, {})
      done = 0
      for steps in (3, 1, 2, 1):
        logs = trainer.train(tf.constant(steps))
        done += steps
        run.logs[done] = logs
        run.weights[done] = _snapshot(trainer.model)
        run.moments[done] = {
            id(slot): slot.numpy() for slot in trainer.optimizer.variables()
            if slot is not trainer.optimizer.iterations}
        run.iterations[done] = int(trainer.optimizer.iterations)
    return cls._seen


class OptimizerTest(TrainerTestCase):
  """What depends on the optimizer."""

  def test_a_transfer_stage_changes_its_block_alone(self):
    run = self._run()
    for block in (0, 1):
      changed = _changed(run.weights[3 * block], run.weights[3 * block + 3])
      self.assertEqual({name.split('/')[0] for name in changed},
                       {f'block_{block}'})
    self.assertIn('word_embeddings/embeddings:0',
                  _changed(run.weights[6], run.weights[7]))
    self.assertEqual(int(run.logs[7]['stage']), 2)

  def test_moments_are_forgotten_between_stages(self):
    run = self._run()
    kept = [run.moments[4][name] for name, value in run.moments[3].items()
            if np.any(value)]
    self.assertNotEmpty(kept)
    self.assertFalse(any(map(np.any, kept)))

  def test_a_stage_starts_with_a_fresh_optimizer(self):
    # Adam without a decay moves every weight alike; with old moments or an old
    # count of steps it would move it further.
    run = self._run()
    moves = np.concatenate(
        [np.abs(run.weights[3][name] - after).ravel()
         for name, after in run.weights[4].items()
         if name.startswith('block_1/')])
    move = 0.01 * self.first_move
    self.assertAllClose(np.median(moves), move, rtol=0.02)
    self.assertLess(moves.max(), 1.15 * move)  # At most a weight decay more.
    self.assertEqual(run.iterations[4], 1)


@pytest.mark.slow
class ReferenceAdamTest(OptimizerTest):
  """The optimizer whose learning rates differ from block to block."""

  optimization = _optimization('adamw_reference', epsilon=1e-12)
  first_move = 0.1 / 0.001**0.5

  def test_a_loop_crosses_the_borders_of_stages(self):
    at_once, step_by_step = self._trainer(), self._trainer()
    step_by_step.model.set_weights(at_once.model.get_weights())
    at_once.train(tf.constant(10))
    for _ in range(10):
      step_by_step.train(tf.constant(1))
    self.assertEqual(int(at_once.global_step), 10)
    for one, other in zip(at_once.model.get_weights(),
                          step_by_step.model.get_weights(), strict=True):
      self.assertAllEqual(one, other)

  @pytest.mark.exhaustive
  def test_a_restored_run_goes_on_where_it_was(self):
    whole = self._trainer()
    first = self._trainer()
    first.model.set_weights(whole.model.get_weights())
    whole.train(tf.constant(10))
    for steps in (4, 2):  # Within a stage, and at a stage's end.
      first.train(tf.constant(steps))
      path = first.checkpoint.write(
          os.path.join(self.get_temp_dir(), f'after_{steps}'))
      first = self._trainer()
      first.checkpoint.read(path).assert_existing_objects_matched()
    first.train(tf.constant(4))
    for one, other in zip(whole.model.get_weights(),
                          first.model.get_weights(), strict=True):
      self.assertAllEqual(one, other)


class DistillationTest(TrainerTestCase):

  def test_a_student_starts_with_the_teachers_embeddings_and_heads(self):
    trainer = self._trainer()
    theirs = _snapshot(self.teacher)
    same = {name for name, value in _snapshot(trainer.model).items()
            if name in theirs and np.array_equal(theirs[name], value)}
    self.assertEqual({name.split('/')[0] for name in same}, {
        'word_embeddings', 'embeddings', 'masked_lm_transform', 'masked_lm',
        'next_sentence'})
    self.assertLen(same, 15)

  def test_a_schedule_of_another_length_than_the_training_is_refused(self):
    task = task_lib.DistillationTask(self._config())
    self.assertIs(task.trainer_class, trainer_lib.DistillationTrainer)
    task.check_length(10)
    with self.assertRaisesRegex(ValueError, '10 steps, but .* is 11'):
      task.check_length(11)

  def test_logs_hold_the_terms_of_the_stage(self):
    logs = self._run().logs
    self.assertEqual(set(logs[3]), {
        *losses.TERMS, *(f'{term}/block_0' for term in losses.TERMS),
        'gradient_norm', 'training_loss', 'learning_rate', 'stage'})
    for term in losses.TERMS:
      self.assertAllEqual(logs[3][term], logs[3][f'{term}/block_0'])
    self.assertEqual(set(logs[7]), {'masked_lm', 'next_sentence',
                                    'masked_lm_accuracy', 'training_loss',
                                    'gradient_norm', 'learning_rate', 'stage'})

  def test_the_first_loss_is_what_the_losses_say(self):
    trainer = self._trainer()
    inputs = tiny_models.batch()
    taught, learned = self.teacher(inputs), trainer.model(inputs)
    mask = inputs['input_mask']
    pair = (taught['encoder_outputs'][0], learned['encoder_outputs'][0])
    scores = (taught['attention_scores'][0], learned['attention_scores'][0])
    expected = (100 * losses.feature_map_transfer(*pair, mask)
                + 5000 * losses.mean_transfer(*pair, mask)
                + 5 * losses.variance_transfer(*pair, mask)
                + losses.attention_transfer(*scores, mask))
    logs = trainer.train(tf.constant(1))
    self.assertAllClose(logs['training_loss'], expected, rtol=1e-5)

  @parameterized.parameters('progressive', 'joint', 'auxiliary', 'none')
  @pytest.mark.slow
  def test_every_strategy_learns(self, strategy):
    trainer = self._trainer(self._config(
        strategy=strategy, steps_per_block=40, distillation_steps=60))
    first = trainer.train(tf.constant(1))
    stage = trainer.task.stages[0]
    last = trainer.train(tf.constant(stage.num_steps - 2))
    self.assertLess(float(last['training_loss']),
                    0.8 * float(first['training_loss']))

  def test_a_stage_sees_nothing_above_its_block(self):
    view = schedules.stage_view(self.teacher, [0], heads=False)
    names = {layer.name for layer in view.layers}
    self.assertIn('block_0', names)
    self.assertEmpty(names & {'block_1', 'masked_lm', 'next_sentence'})

  def test_the_teacher_is_neither_trained_nor_saved(self):
    trainer = self._trainer()
    trainer.train(tf.constant(1))
    path = trainer.checkpoint.write(os.path.join(self.get_temp_dir(), 'c'))
    saved = tf.train.load_checkpoint(path).get_variable_to_shape_map()
    widths = {tuple(shape) for shape in saved.values()}
    self.assertNotIn((16, 24), widths)  # A kernel that only the teacher has.
    self.assertEmpty(trainer.task._teacher.trainable_variables)

  def _batches(self, **left_out) -> tf.data.Dataset:
    """Returns batches that all differ."""
    batches = [tiny_models.batch(seed) for seed in range(12)]
    return tf.data.Dataset.from_tensor_slices({
        name: tf.stack([batch[name] for batch in batches])
        for name in batches[0] if name not in left_out})

  @pytest.mark.slow
  def test_a_trial_leaves_nothing_behind(self):
    self.optimization = ReferenceAdamTest.optimization
    data = self._batches()
    plain, tried = (self._trainer(
        self._config(lower_multiplier=0.0), evaluate=True, train_dataset=data,
        validation_dataset=data) for _ in range(2))
    tried.model.set_weights(plain.model.get_weights())
    with self.assertLogs('absl', 'INFO') as logs:
      tried.try_out()
    self.assertIn('tried in', ''.join(logs.output))
    self.assertEqual(int(tried.global_step), 0)
    self.assertEqual(int(tried.optimizer.iterations), 0)
    for one, other in zip(plain.model.get_weights(),
                          tried.model.get_weights(), strict=True):
      self.assertAllEqual(one, other)
    for steps in (2, 3, 3):
      logs = [trainer.train(tf.constant(steps)) for trainer in (plain, tried)]
      self.assertEqual(*({name: float(value) for name, value in each.items()}
                         for each in logs))
    for one, other in zip(plain.model.get_weights(),
                          tried.model.get_weights(), strict=True):
      self.assertAllEqual(one, other)

  def test_a_trial_names_the_stage_that_fails(self):
    config = self._config()
    config.loss_weights.ground_truth_ratio = None
    trainer = self._trainer(config)
    with self.assertRaisesRegex(
        RuntimeError, r'Tried before step 1, stage distillation \(steps 7 on\) '
        'failed: '):
      trainer.try_out()

  @pytest.mark.slow
  def test_without_next_sentence_labels_the_term_is_left_out(self):
    config = self._config(steps_per_block=0)
    config.train_data.use_next_sentence_label = False
    data = self._batches(next_sentence_labels=True)
    trainer = self._trainer(config, evaluate=True, train_dataset=data,
                            validation_dataset=data)
    logs = trainer.train(tf.constant(2))
    self.assertIn('masked_lm', logs)
    self.assertNotIn('next_sentence', logs)
    self.assertAllClose(logs['training_loss'], logs['masked_lm'])
    self.assertNotIn('next_sentence_loss', trainer.evaluate(tf.constant(2)))

  def test_batches_without_inputs_of_a_loss_are_refused(self):
    compatibility.check_inputs(self._batches(next_sentence_labels=True))
    with self.assertRaisesRegex(ValueError, 'no input_type_ids, masked_lm_ids'):
      compatibility.check_inputs(
          self._batches(input_type_ids=True, masked_lm_ids=True))

  def test_errors_say_what_is_wrong(self):
    config = self._config()
    config.teacher_checkpoint = '/nowhere/ckpt'
    with self.assertRaisesRegex(FileNotFoundError, '/nowhere/ckpt'):
      self._trainer(config)
    other = self._config()
    other.teacher = tiny_models.teacher_config()
    other.teacher.intra_block_size = 32
    with self.assertRaisesRegex(
        ValueError, 'teacher does not fit its config: .*attention'):
      self._trainer(other)
    narrow = self._config()
    narrow.model.encoder = pretraining_task_lib.encoder_config(
        tiny_models.student_config(vocab_size=41))
    with self.assertRaisesRegex(ValueError, r'word_embeddings.*\(40, 8\)'):
      self._trainer(narrow)


if __name__ == '__main__':
  tf.test.main()
