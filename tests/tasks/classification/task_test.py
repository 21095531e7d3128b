# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The fine-tuning task: labels, metrics, what it restores and refuses."""

import os
import shutil
import tempfile
from collections.abc import Sequence

from absl.testing import parameterized
import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import task as classification_task
from mobilebert_tf.tasks.pretraining import task as pretraining_task
from official.nlp.configs import encoders
from official.nlp.tasks import sentence_prediction as official_task
from tests.data import temporary
from tests.distillation import tiny_models

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c')


class SentencePredictionTest(parameterized.TestCase, temporary.TemporaryFiles,
                             tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.mkdtemp()
    cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    cls.saved = tiny_models.pretrainer(tiny_models.student_config(), seed=1)
    checkpoint = tf.train.Checkpoint(
        model=cls.saved, **cls.saved.checkpoint_items)
    cls.checkpoint = checkpoint.save(os.path.join(folder, 'ckpt'))

  def setUp(self):
    super().setUp()
    self.train = self._data(self.make_file(
        'train.tsv', 'text\tlabel\na\tx\nb\ty\nc\tz\n'))
    self.dev = self._data(self.make_file(
        'dev.tsv', 'text\tlabel\na\tz\nb\tx\n'))

  def _data(self, path: str, **fields
            ) -> loader.TextClassificationDataConfig:
    vocab_file = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    return loader.TextClassificationDataConfig(**{
        'input_path': path, 'vocab_file': vocab_file, 'seq_length': 15,
        'global_batch_size': 3, 'is_training': False, **fields})

  def _task(self, num_classes: int = 3, checkpoint: str = '',
            metrics: Sequence[str] = (), metric_type: str = 'accuracy',
            **architecture) -> classification_task.SentencePredictionTask:
    encoder = pretraining_task.encoder_config(
        tiny_models.student_config(**architecture))
    model = official_task.ModelConfig(
        num_classes=num_classes, use_encoder_pooler=True, encoder=encoder)
    return classification_task.SentencePredictionTask(
        classification_task.SentencePredictionConfig(
            model=model, train_data=self.train, validation_data=self.dev,
            init_checkpoint=checkpoint, metrics=list(metrics),
            metric_type=metric_type))

  def _label_ids(self, data) -> list[int]:
    [batch] = self._task().build_inputs(data)
    return batch['label_ids'].numpy()[:, 0].tolist()

  # === Labels ===

  def test_a_part_that_lacks_a_class_keeps_the_training_parts_ids(self):
    self.assertEqual(self._label_ids(self.train), [0, 1, 2])
    self.assertEqual(self._label_ids(self.dev), [2, 0])

  def test_labels_named_for_training_alone_hold_for_both_parts(self):
    self.train = self.train.replace(labels=['z', 'y', 'x'])
    self.assertEqual(self._label_ids(self.train), [2, 1, 0])
    self.assertEqual(self._label_ids(self.dev), [0, 2])

  def test_the_parts_may_name_their_columns_differently(self):
    self.dev = self._data(
        self.make_file('dev.tsv', 'text\tgold\na\tz\n'), label_field='gold')
    self.assertEqual(self._label_ids(self.dev), [2])

  def test_a_label_that_training_lacks_is_named(self):
    self.dev = self._data(self.make_file('dev.tsv', 'text\tlabel\na\tnew\n'))
    with self.assertRaisesRegex(ValueError, "dev.tsv:2.*'new'.*x, y, z"):
      self._label_ids(self.dev)

  @parameterized.parameters(2, 4)
  def test_classes_are_as_many_as_labels(self, num_classes):
    with self.assertRaisesRegex(
        ValueError, f'num_classes is {num_classes}.*3 labels: x, y, z'):
      self._task(num_classes).build_inputs(self.train)

  # === Regression and official metrics ===

  def _regression(self) -> classification_task.SentencePredictionTask:
    self.train = self._data(self.make_file(
        'train.csv', 'text,label\na,4.5\nb,-1\nc,2\n'))
    self.dev = self.train.replace(vocab_file='')
    return self._task(num_classes=1, metrics=['pearson', 'spearman'])

  def _evaluate(self, task, model, data) -> dict[str, float]:
    """Runs an evaluation as the Model Garden's trainer does on one device."""
    metrics, state = task.build_metrics(training=False), None
    for batch in task.build_inputs(data):
      logs = task.validation_step(batch, model, metrics)
      state = task.aggregate_logs(
          state, {name: (value,) for name, value in logs.items()})
    return {metric.name: float(metric.result()) for metric in metrics} | (
        task.reduce_aggregated_logs(state) or {})

  def test_numbers_are_learned_by_their_squared_error(self):
    task = self._regression()
    model, [batch] = task.build_model(), task.build_inputs(self.train)
    self.assertAllEqual(batch['label_ids'], [[4.5], [-1], [2]])
    outputs = model(batch)
    self.assertEqual(outputs.shape, [3, 1])
    self.assertAllClose(
        task.build_losses(batch, outputs),
        np.mean((outputs.numpy()[:, 0] - [4.5, -1, 2])**2))
    before = model(batch).numpy()
    task.train_step(batch, model, tf_keras.optimizers.SGD(0.1),
                    task.build_metrics())
    self.assertNotAllClose(model(batch), before)

  def test_an_evaluation_of_numbers(self):
    task = self._regression()
    model = task.build_model()
    model.checkpoint_items['classifier'].kernel.assign_add(
        tf.random.stateless_normal([16, 1], [1, 2]))
    [batch] = task.build_inputs(self.train)
    said = model(batch).numpy()[:, 0]
    found = self._evaluate(
        task, model, self.dev.replace(global_batch_size=2))
    self.assertAllClose(found['pearson'],
                        np.corrcoef([4.5, -1, 2], said)[0, 1], atol=1e-5)
    self.assertAllClose(found['mean_squared_error'],
                        np.mean((said - [4.5, -1, 2])**2), rtol=1e-5)
    self.assertIn('spearman', found)

  def test_an_evaluation_of_classes_is_of_the_whole_part(self):
    self.train = self._data(self.make_file(
        'train.tsv', 'text\tlabel\na\tx\nb\ty\n'))
    # Called otherwise, as the two parts may.
    self.dev = self._data(self.make_file(
        'dev.tsv', 'text\tgold\na\ty\na b\tx\nc\ty\nb\ty\nb c\tx\n'),
                          label_field='gold', global_batch_size=2)
    task = self._task(num_classes=2, metrics=['matthews', 'f1', 'accuracy'])
    model = task.build_model()
    # Says y whatever it reads.
    model.checkpoint_items['classifier'].bias.assign([-1e6, 1e6])
    found = self._evaluate(task, model, self.dev)
    self.assertAllClose(
        {name: found[name] for name in ('matthews', 'f1', 'accuracy')},
        {'matthews': 0, 'f1': 2 * 3 / (2 * 3 + 2), 'accuracy': 3 / 5})
    self.assertAllClose(found['cls_accuracy'], 3 / 5)

  def test_the_model_gardens_metric_gives_way(self):
    task = self._task(metrics=['matthews'], metric_type='matthews_corrcoef')
    found = self._evaluate(task, task.build_model(), self.train)
    self.assertIn('matthews', found)
    task = self._task(metric_type='matthews_corrcoef')
    found = self._evaluate(task, task.build_model(), self.train)
    self.assertIn('matthews_corrcoef', found)

  @parameterized.parameters(
      (1, ['accuracy'], 'accuracy is a metric of classes, and labels are num'),
      (3, ['pearson'], 'pearson is a metric of numbers, and labels are class'),
      (3, ['bleu'], "no metric 'bleu'"))
  def test_metrics_that_do_not_suit(self, num_classes, metrics, message):
    with self.assertRaisesRegex(ValueError, message):
      self._task(num_classes, metrics=metrics)

  def test_regression_has_no_labels(self):
    self.train = self.train.replace(labels=['x', 'y'])
    with self.assertRaisesRegex(ValueError, 'is regression, but.*labels: x, y'):
      self._task(1).build_inputs(self.train)

  @parameterized.parameters('nan', 'inf', 'two', '')
  def test_a_bad_number_stops_before_training(self, value):
    task = self._regression()
    path = self.make_file('dev.csv', f'text,label\na,1\n"b, c",{value}\n')
    with self.assertRaisesRegex(ValueError, 'dev.csv:3: '):
      task.build_inputs(self.dev.replace(input_path=path))

  # === Sizes ===

  def test_a_vocabulary_larger_than_the_model_is_refused(self):
    with self.assertRaisesRegex(
        ValueError, r'vocab.txt has 8 tokens.*7 rows.*vocab_size'):
      self._task(vocab_size=7).build_inputs(self.train)

  def test_texts_longer_than_the_positions_are_refused(self):
    long = self.train.replace(seq_length=16)
    with self.assertRaisesRegex(
        ValueError, 'seq_length is 16.*16 positions.*max_position_embeddings'):
      self._task().build_inputs(long)

  @parameterized.parameters(('lower_case', False), ('pair_field', 'other'))
  def test_an_evaluation_of_other_inputs_than_were_learned(self, name, value):
    other = self.dev.replace(**{name: value})
    with self.assertRaisesRegex(ValueError, f'{name} is .* in task.train_data'):
      self._task().build_inputs(other)

  def test_the_longest_text_fits(self):
    self.train = self._data(self.make_file(
        'train.tsv', f'text\tlabel\n{"a " * 50}\tx\nb\ty\nc\tz\n'))
    task = self._task()
    [batch] = task.build_inputs(self.train)
    self.assertEqual(batch['input_word_ids'].shape, [3, 16])
    self.assertEqual(task.build_model()(batch).shape, [3, 3])

  # === The model ===

  def test_the_model_is_our_classifier(self):
    self.train = self.train.replace(labels=['z', 'y', 'x'])
    model = self._task().build_model()
    self.assertIsInstance(model, modeling.MobileBertClassifier)
    self.assertEqual((model.num_classes, model.labels), (3, ('z', 'y', 'x')))
    self.assertEqual(model.constructor_config()['dropout_rate'], 0.1)
    self.assertEqual(model.encoder.architecture.inter_block_size, 16)

  def test_labels_that_were_not_named_are_left_out(self):
    self.assertEqual(self._task().build_model().labels, ())

  def test_labels_that_are_too_many_are_named(self):
    self.train = self.train.replace(labels=['z', 'y', 'x'])
    with self.assertRaisesRegex(
        ValueError, 'num_classes is 2.*3 labels: z, y, x'):
      self._task(num_classes=2).build_model()

  def test_trains_and_evaluates(self):
    task = self._task()
    model, [batch] = task.build_model(), task.build_inputs(self.train)
    metrics = task.build_metrics()
    before = model(batch).numpy()
    task.train_step(batch, model, tf_keras.optimizers.SGD(0.1), metrics)
    self.assertNotAllClose(model(batch), before)
    self.assertAllClose(
        task.validation_step(batch, model, metrics)['sentence_prediction'],
        model(batch), 1e-5, 1e-5)
    self.assertEqual([metric.name for metric in metrics], ['cls_accuracy'])
    self.assertEqual(metrics[0].count, 6)

  @parameterized.named_parameters(
      ('pooler', {'model': {'use_encoder_pooler': False}},
       r'use_encoder_pooler is false.*encoder\.any\.use_pooler'),
      ('hub', {'hub_module_url': '/hub'},
       "hub_module_url is '/hub'.*init_checkpoint"),
      ('bert', {'model': {'encoder': {'type': 'bert'}}},
       "is of type 'bert', a BertEncoderConfig.*to any"),
      ('no_classes', {'model': {'num_classes': 0}},
       'num_classes is a whole number above 0; got 0'),
  )
  def test_what_it_cannot_build_is_refused(self, overrides, message):
    config = self._task().task_config
    config.override(overrides)
    with self.assertRaisesRegex(ValueError, message):
      classification_task.SentencePredictionTask(config).build_model()

  def test_an_encoder_without_a_builder_is_refused(self):
    config = self._task().task_config
    config.model = official_task.ModelConfig(
        num_classes=3, use_encoder_pooler=True,
        encoder=encoders.EncoderConfig(type='any'))
    with self.assertRaisesRegex(ValueError, "'any', a Config"):
      classification_task.SentencePredictionTask(config).build_model()

  # === Checkpoints ===

  def test_the_encoder_comes_from_the_checkpoint(self):
    task = self._task(checkpoint=self.checkpoint)
    model = task.build_model()
    encoder = model.checkpoint_items['encoder']
    head = model.checkpoint_items['classifier'].kernel.numpy()
    task.initialize(model)
    saved = self.saved.checkpoint_items['encoder']
    for restored, weight in zip(encoder.weights, saved.weights, strict=True):
      self.assertAllEqual(restored, weight)
    self.assertAllEqual(model.checkpoint_items['classifier'].kernel, head)
    # The classifier runs these very weights.
    batch = tiny_models.batch()
    inputs = [batch[name] for name in (
        'input_word_ids', 'input_mask', 'input_type_ids')]
    self.assertAllClose(encoder(inputs)['pooled_output'],
                        saved(inputs)['pooled_output'], atol=1e-6)
    before = model(batch, training=False)
    encoder.weights[0].assign_add(tf.ones_like(encoder.weights[0]))
    self.assertNotAllClose(model(batch, training=False), before)

  def test_a_misspelt_checkpoint_is_named(self):
    path = f'{self.checkpoint}1'
    task = self._task(checkpoint=path)
    with self.assertRaisesRegex(FileNotFoundError, f"no checkpoint '{path}'"):
      task.initialize(task.build_model())

  @parameterized.parameters(
      {'intermediate_size': 24}, {'num_blocks': 1})
  def test_a_checkpoint_of_another_architecture_is_refused(self, **other):
    path = self.checkpoint
    task = self._task(checkpoint=path, **other)
    with self.assertRaisesRegex(
        ValueError, f'{path} (has 34 weights that|does not fit) its config'):
      task.initialize(task.build_model())


if __name__ == '__main__':
  tf.test.main()
