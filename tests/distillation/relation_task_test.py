# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Students that learn relations: of a plain BERT and of a teacher of ours."""

import os
from typing import Any

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import relation_task
from mobilebert_tf.distillation import relations
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.training import run
from official.core import task_factory
from tests.checkpoints import tiny_bert
from tests.data import written_records
from tests.distillation import tiny_models
from tests import tiny_runs

_RELATIONS = 'mobilebert/distill_relations'


def _whole(task: relation_task.RelationTask,
           batch: dict[str, tf.Tensor]) -> gradient_step.Slice:
  return gradient_step.Slice(batch, dict.fromkeys(task.weigh(batch), 1.0))


class RelationTaskTest(
    parameterized.TestCase, tiny_runs.TinyRuns, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    with open(self.vocab_file, encoding='utf-8') as file:
      self.tokens = tuple(file.read().split('\n'))
    self.bert = tiny_bert.write(f'{self.make_folder()}/bert', self.tokens)

  def _params(self, steps: int = 6, **task: Any):
    sizes = {'vocab_size': task.pop('vocab_size', 40)}
    settings = self.settings(
        steps, tiny_models.student_config(**sizes).as_dict(),
        optimizer='adamw', **{'teacher_checkpoint': self.bert,
                              'relation_heads': 4, **task})
    settings['trainer']['optimizer_config']['learning_rate'] = {
        'polynomial': {'initial_learning_rate': 0.01, 'decay_steps': steps}}
    settings['trainer']['optimizer_config']['warmup']['polynomial'] = {
        'warmup_steps': 1}
    return self.params(_RELATIONS, settings)

  def _task(self, **task: Any) -> relation_task.RelationTask:
    return task_factory.get_task(self._params(**task).task)

  def _ours(self, **changes: Any) -> str:
    """Returns the folder of a teacher of ours."""
    teacher = tiny_models.pretrainer(
        modeling.MobileBertConfig(**self.teacher(**changes)), seed=2)
    folder = f'{self.make_folder()}/ours'
    checkpoints.write(checkpoints.of_model(teacher, self.vocab_file), folder,
                      'mobilebert_tf')
    return folder

  # === Losses ===

  def test_the_loss_is_the_weighted_sum_of_its_terms(self):
    weights = {'queries': 2.0, 'keys': 3.0, 'values': 0.5, 'pretraining': 0.25,
               'soft_masked_lm': 4.0}
    task = self._task(loss_weights=weights, teacher_block=1)
    model, batch = task.build_model(), tiny_models.batch()
    loss, found, outputs = task.evaluate(_whole(task, batch), model, [])
    teacher = tiny_bert.run(tiny_bert.tensors(len(self.tokens)), {
        name: value.numpy() for name, value in batch.items()})
    expected = {
        f'{name}_relations': relations.relation_transfer(
            tf.constant(teacher[name][1], tf.float32), outputs[name][-1],
            batch['input_mask'], 4) for name in relations.VECTORS}
    expected['soft_masked_lm'] = losses.soft_cross_entropy(
        tf.gather(tf.constant(teacher['mlm_logits'], tf.float32),
                  batch['masked_lm_positions'], batch_dims=1),
        outputs['mlm_logits'], batch['masked_lm_weights'])
    for name, value in expected.items():
      self.assertAllClose(found[name], value, rtol=1e-4, msg=name)
    total = 0.25 * (found['lm_example_loss'] + found['next_sentence_loss'])
    total += sum(weights[name.removesuffix('_relations')] * float(value)
                 for name, value in expected.items())
    self.assertAllClose(loss, total, rtol=1e-4)

  def test_every_trained_weight_learns_and_the_teacher_stays(self):
    task = self._task()
    model = task.build_model()
    before = [weight.numpy() for weight in model.weights]
    optimizer = tf_keras.optimizers.Adam(0.01)
    task.train_step(tiny_models.batch(), model, optimizer, [])
    names = [weight.name for weight, old in zip(
        model.weights, before, strict=True)
             if np.array_equal(weight.numpy(), old)]
    self.assertEmpty([name for name in names if 'key/bias' not in name])
    weights = tiny_bert.tensors(len(self.tokens))
    table = task._teacher_view.get_layer('word_embeddings').embeddings
    self.assertAllEqual(
        table, weights['bert.embeddings.word_embeddings.weight'])
    self.assertEmpty(task._teacher_view.trainable_weights)

  def test_relations_alone_run_no_heads(self):
    task = self._task(loss_weights={'pretraining': 0.0})
    model = task.build_model()
    metrics = task.build_metrics(training=True)
    self.assertEqual(
        {metric.name for metric in metrics},
        {'queries_relations', 'keys_relations', 'values_relations',
         'gradient_norm'})
    optimizer = tf_keras.optimizers.Adam(0.02)
    step = tf.function(lambda batch: task.train_step(
        batch, model, optimizer, metrics)[task.loss])
    found = [float(step(tiny_models.batch())) for _ in range(20)]
    self.assertLess(found[-1], 0.7 * found[0])

  def test_padding_does_not_matter(self):
    task = self._task()
    model, batch = task.build_model(), tiny_models.batch()
    longer = {name: tf.pad(value, [[0, 0], [0, 3]])
              if name.startswith('input_') else value
              for name, value in batch.items()}
    one, other = (task.evaluate(_whole(task, each), model, [])[0]
                  for each in (batch, longer))
    self.assertAllClose(one, other, rtol=1e-5)

  # === Runs ===

  @parameterized.parameters('bert', 'ours')
  @pytest.mark.slow
  def test_a_run_learns_and_is_evaluated(self, teacher):
    # Relations of such short vectors would be flat, as of a new student.
    weights = {name: array * (2 if '.self.' in name else 1) for name, array
               in tiny_bert.tensors(len(self.tokens)).items()}
    self.bert = tiny_bert.write(
        f'{self.make_folder()}/sharp', self.tokens, weights)
    task: dict[str, Any] = {'loss_weights': {'pretraining': 0.0}}
    if teacher == 'ours':
      task['teacher_checkpoint'] = self._ours(
          num_blocks=3, intra_block_size=32)
      task['loss_weights'] = {'soft_masked_lm': 1.0}
    folder = self.make_folder()
    _, logs = run.run_experiment(
        self._params(100, **task), 'train_and_post_eval', folder)
    lines = self.metrics(folder)
    first, last = (
        np.mean([line[f'{name}_relations'] for line in part
                 for name in relations.VECTORS])
        for part in (lines[:5], lines[-5:]))
    self.assertLess(last, first)
    self.assertIn('keys_relations', logs)
    self.assertEqual('soft_masked_lm' in logs, teacher == 'ours')
    student = modeling.MobileBertPretrainer.from_pretrained(folder)
    self.assertEqual(student.encoder.architecture,
                     tiny_models.student_config())

  @pytest.mark.slow
  def test_a_resumed_run_ends_with_the_weights_of_one_that_was_not(self):
    whole, parts = self.make_folder(), self.make_folder()
    expected, _ = run.run_experiment(self._params(8), 'train', whole)
    short = self._params(8).replace(trainer={'train_steps': 4})
    run.run_experiment(short, 'train', parts)
    found, _ = run.run_experiment(self._params(8), 'train', parts)
    for one, other in zip(found.weights, expected.weights, strict=True):
      self.assertAllEqual(one, other)

  @pytest.mark.slow
  def test_the_program(self):
    folder = self.make_folder()
    settings = self.settings(
        4, tiny_models.student_config().as_dict(),
        teacher_checkpoint=self.bert, relation_heads=4)
    process = self.start(
        self.train_command(_RELATIONS, self.write(settings), folder))
    _, errors = process.communicate(timeout=240)
    self.assertEqual(process.returncode, 0, errors.decode()[-2000:])
    self.assertTrue(os.path.exists(f'{folder}/vocab.txt'))

  # === Refused ===

  @parameterized.parameters(
      ({'relation_heads': 3}, "=3 does not divide 8, the width of the student"),
      ({'relation_heads': 8}, "=8 does not divide 12, the width of the teache"),
      ({'teacher_block': 3}, 'teacher_block is 3; the teacher, .*has 3 blocks, '
       '0 to 2, or -1 to -3'),
      ({'teacher_block': -4}, 'teacher_block is -4'),
      ({'teacher_checkpoint': ''}, 'task.teacher_checkpoint is not set'),
      ({'vocab_size': 41},
       'vocabulary of 40 tokens, the student of 41'),
  )
  def test_what_does_not_fit_is_refused(self, changes, message):
    with self.assertRaisesRegex(ValueError, message):
      self._task(**changes).build_model()

  def test_a_soft_masked_lm_needs_a_head(self):
    weights = {name: array for name, array in tiny_bert.tensors(40).items()
               if name.startswith('bert.')}
    folder = tiny_bert.write(
        f'{self.make_folder()}/body', self.tokens, weights)
    with self.assertRaisesRegex(
        ValueError, 'soft_masked_lm is 0.5.*no masked-LM head: it has encoder, '
        'pooler'):
      self._task(teacher_checkpoint=folder,
                 loss_weights={'soft_masked_lm': 0.5}).build_model()

  def _refuse(self, message: str, folder: str, **settings: Any) -> None:
    """Asserts that no run starts, and nothing is written."""
    if settings:
      self.records = self.make_folder()
      records = written_records.dynamic_records(10, 12, len(self.tokens))
      written_records.write_folder(
          self.records, [records], self.vocab_file, max_seq_length=12,
          **settings)
    params = self._params(teacher_checkpoint=folder)
    with self.assertRaisesRegex(ValueError, message):
      run.run_experiment(params, 'train', self.make_folder())

  @parameterized.parameters(
      ({'do_lower_case': False}, {'lower_case': True},
       'lower_case is false in the tokenizer of the teacher, .*but true in '),
      ({'do_lower_case': True, 'strip_accents': False}, {'lower_case': True},
       'lower_case is keep_accents in the tokenizer of the teacher'),
      ({'max_input_chars_per_word': 100}, {'max_word_length': 200},
       'max_word_length is 100 in .*, but 200 in the records, '),
  )
  def test_a_teacher_of_another_tokenizer_is_refused(
      self, tokenizer, records, message):
    folder = tiny_bert.write(
        f'{self.make_folder()}/other', self.tokens, tokenizer=tokenizer)
    self._refuse(message, folder, **records)

  def test_a_teacher_of_another_vocabulary_is_refused(self):
    tokens = (*self.tokens[:10], 'other', *self.tokens[11:])
    folder = tiny_bert.write(f'{self.make_folder()}/other', tokens)
    self._refuse("Token 10 is 'w5' in .*vocab.txt, but 'other' in", folder)

  def test_a_teacher_without_a_vocabulary_is_refused(self):
    folder = tiny_bert.write(
        f'{self.make_folder()}/none', (), vocab_size=len(self.tokens))
    self._refuse('No vocabulary lies with the teacher, .*safetensors', folder)

  def test_batches_longer_than_the_teachers_positions_are_refused(self):
    folder = self._ours(max_position_embeddings=12)
    self._refuse('seq_length is 13, but the teacher, .* has 12 positions',
                 folder)


if __name__ == '__main__':
  tf.test.main()
