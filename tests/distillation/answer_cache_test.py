# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A teacher's answers in records: what it says, written once, read as often."""

import dataclasses
import os
import pathlib
import shutil

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.data import answer_records
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.distillation import answer_cache
from mobilebert_tf.distillation import losses
from mobilebert_tf.distillation import task as task_lib
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.training import experiments  # noqa: F401
from mobilebert_tf.training import run as run_lib
from tests import tiny_runs
from tests.data import written_records
from tests.distillation import tiny_models

_LENGTH, _PREDICTIONS, _K = 12, 3, 4
_SIZES = {'vocab_size': len(written_records.TOKENS)}
_KEYS = (answer_records.IDS, answer_records.LOG_PROBABILITIES,
         answer_records.REST)


class AnswerCacheTest(tiny_runs.TinyRuns, tf.test.TestCase,
                      parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.vocab_file = self.make_file(
        'all.txt', ''.join(f'{token}\n' for token in written_records.TOKENS))
    self.records = self.make_folder()
    records = written_records.static_records(40, _LENGTH, _PREDICTIONS)
    written_records.write_folder(
        self.records, [records[:15], records[15:]], self.vocab_file,
        max_seq_length=_LENGTH, masking='static',
        max_predictions_per_seq=_PREDICTIONS)
    self.model = tiny_models.pretrainer(dataclasses.replace(
        tiny_models.teacher_config(), **_SIZES), seed=1)
    self.teacher = os.path.join(self.make_folder(), 'teacher')
    checkpoints.save(self.model, self.teacher, vocab_file=self.vocab_file)
    self.output = os.path.join(self.make_folder(), 'answers')

  def _write(self, **arguments):
    return answer_cache.write(self.records, self.teacher, self.output, **{
        'top_k': _K, 'batch_size': 7, 'records_per_file': 10, **arguments})

  def _read(self, folder, **settings):
    config = loader.MobileBertPretrainDataConfig(
        input_path=folder, vocab_file=self.vocab_file, is_training=False,
        global_batch_size=16, seq_length=_LENGTH + 1,
        max_predictions_per_seq=_PREDICTIONS + 2, **settings)
    return list(loader.MobileBertPretrainDataLoader(config).load())

  # === What is written ===

  @parameterized.parameters(('float32', 0.0), ('float16', 0.01))
  def test_answers_are_those_of_the_teacher(self, precision, error):
    manifest = self._write(precision=precision)
    self.assertEqual([each['examples'] for each in manifest['files'].values()],
                     [10, 5, 10, 10, 5])
    for batch, plain in zip(
        self._read(self.output, use_teacher_answers=True),
        self._read(self.records), strict=True):
      self.assertEqual(set(batch) - set(plain), set(_KEYS))
      for name, values in plain.items():
        self.assertAllEqual(batch[name], values)
      live = losses.top_answers(self.model({
          name: plain[name] for name in self.model.input_names})['mlm_logits'],
                                _K)
      used = plain['masked_lm_weights'] > 0
      for name, expected in zip(_KEYS, live, strict=True):
        self.assertEqual(batch[name].dtype, expected.dtype)
        self.assertAllClose(batch[name][used], expected[used], rtol=0,
                            atol=max(error, 1e-5), msg=name)

  def _contents(self):
    return {path.name: path.read_bytes()
            for path in pathlib.Path(self.output).iterdir()}

  def test_a_stopped_run_is_resumed_and_workers_share(self):
    self._write()
    expected = self._contents()
    shutil.rmtree(self.output)
    self.assertIsNone(self._write(worker=0, workers=2))
    self.assertFalse(os.path.exists(self.output))
    # A file that was being written has no statistics yet.
    os.remove(f'{self.output}.unfinished/worker-0/'
              'part-00002-of-00005.tfrecord.json')
    self.assertIsNone(self._write(worker=1, workers=2))
    self.assertIsNotNone(self._write(worker=0, workers=2))
    self.assertEqual(self._contents(), expected)
    self.assertFalse(os.path.exists(f'{self.output}.unfinished'))
    before = os.stat(self.output).st_mtime_ns
    self._write()  # It is done.
    self.assertEqual(os.stat(self.output).st_mtime_ns, before)
    with self.assertRaisesRegex(FileExistsError, 'holds other records'):
      self._write(top_k=5)

  def test_unfinished_answers_of_other_settings(self):
    self._write(worker=0, workers=2)
    with self.assertRaisesRegex(FileExistsError, 'unfinished answers of other'):
      self._write(top_k=5)

  @parameterized.parameters(
      ({'top_k': 300}, 'top_k is 300; it has to be from 1 to 204'),
      ({'precision': 'int8'}, "precision is 'int8'; accepted"))
  def test_settings_that_cannot_be(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      self._write(**settings)
    self.assertFalse(os.path.exists(self.output))

  def test_records_that_are_masked_anew(self):
    self.records = self.make_folder()
    written_records.write_folder(
        self.records, [written_records.dynamic_records(4, _LENGTH)],
        self.vocab_file, max_seq_length=_LENGTH)
    with self.assertRaisesRegex(ValueError, '--masking=static, and --dupe'):
      self._write()

  def test_a_teacher_that_diverged(self):
    for each in self.model.weights:
      if 'gamma' in each.name:
        each.assign(tf.fill(each.shape, 3e38))
    self.teacher = os.path.join(self.make_folder(), 'diverged')
    checkpoints.save(self.model, self.teacher, vocab_file=self.vocab_file)
    with self.assertRaisesRegex(ValueError, 'answers no numbers to records of'):
      self._write()
    self.assertFalse(os.path.exists(self.output))

  # === Distillation ===

  def _params(self, records, steps=4, **settings):
    fields = self.settings(steps, modeling.get_architecture(
        'mobilebert_small', **{
            **tiny_models.student_config().as_dict(), **_SIZES}).as_dict())
    task = fields['task']
    task['model'] = {'encoder': {'type': 'any', 'any': {
        **tiny_models.student_config().as_dict(), **_SIZES}}}
    for name in ('train_data', 'validation_data'):
      task[name]['input_path'] = self.records
      task[name]['vocab_file'] = self.vocab_file
    task['train_data'] |= {'input_path': records,
                           'use_teacher_answers': records == self.output}
    task |= {'teacher': self.model.encoder.architecture.as_dict(),
             'teacher_checkpoint': self.teacher,
             'schedule': {'strategy': 'none', 'distillation_steps': steps,
                          'distillation_warmup_steps': 1}, **settings}
    return self.params(tiny_runs.DISTILL, fields)

  def _train(self, records, **settings):
    folder = os.path.join(self.make_folder(), 'run')
    model, _ = run_lib.run_experiment(
        self._params(records, **settings), 'train_and_eval', folder)
    return model, self.metrics(folder)

  def test_distillation_without_a_teacher_is_that_with_one(self):
    self._write(records_per_file=100)  # Files, and so order, as the records'.
    model, metrics = self._train(self.output)
    live, expected = self._train(self.records, top_k=_K)
    for line, other in zip(metrics, expected, strict=True):
      for name in ('masked_lm', 'next_sentence', 'gradient_norm'):
        self.assertAllClose(line[name], other[name], rtol=1e-5, msg=name)
    for variable, other in zip(model.weights, live.weights, strict=True):
      self.assertAllClose(variable, other, atol=1e-5, msg=variable.name)

  def test_no_teacher_is_built(self):
    self._write()
    params = self._params(self.output)
    task = task_lib.DistillationTask(params.task)
    model = task.build_model()
    task.initialize(model)
    optimizer = task.create_optimizer(params.trainer.optimizer_config)
    optimizer.build(model.trainable_variables)
    task.enter_stage(0, model, optimizer)
    self.assertEqual(task.graph.teach({}), {})
    self.assertAllEqual(
        model.get_layer('word_embeddings').weights[0],
        self.model.get_layer('word_embeddings').weights[0])
    self.assertNotIn('transfer', [
        metric.name for metric in task.build_metrics(training=False)])

  def test_transfer_needs_the_teacher(self):
    with self.assertRaisesRegex(ValueError, 'transfer needs the teacher'):
      task_lib.DistillationTask(self._params(
          self.output, schedule={'steps_per_block': 1,
                                 'distillation_steps': 2}).task)

  def test_records_without_answers(self):
    params = self._params(self.records)
    params = params.replace(task={'train_data': {'use_teacher_answers': True}})
    with self.assertRaisesRegex(ValueError, 'has no answers of a teacher'):
      run_lib.run_experiment(params, 'train', self.make_folder())

  def test_a_damaged_manifest_is_named(self):
    self._write()
    path = os.path.join(self.output, pretraining_records.MANIFEST)
    text = pathlib.Path(path).read_text()
    pathlib.Path(path).write_text(text.replace('"top_k": 4', '"top_k": 0'))
    with self.assertRaisesRegex(ValueError, f'of {self.output} says of the'):
      self._read(self.output, use_teacher_answers=True)


if __name__ == '__main__':
  tf.test.main()
