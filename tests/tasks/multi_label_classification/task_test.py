# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The fine-tuning task: its loss, its teacher, its metrics."""

from absl.testing import parameterized
import numpy as np
from scipy import special
import tensorflow as tf

from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf.tasks.multi_label_classification import kind as kind_lib
from mobilebert_tf.tasks.multi_label_classification import loader
from mobilebert_tf.tasks.multi_label_classification import scoring
from mobilebert_tf.tasks.multi_label_classification import task as task_lib
from mobilebert_tf.tasks.pretraining import task as pretraining
from mobilebert_tf.tasks import registry
from official.core import task_factory
from tests.data import temporary
from tests.inference import tiny_classifier

_LABELS = np.array([[1, 0, 1], [0, 0, 0]], np.float32)
_LOGITS = np.array([[2.0, -1.0, 0.3], [-3.0, 0.5, 0.0]], np.float32)
_THEIRS = np.array([[1.0, 1.0, -0.3], [-2.0, -0.5, 1.0]], np.float32)


def _cross_entropy(probabilities: np.ndarray, logits: np.ndarray) -> float:
  given = special.expit(logits)
  return -np.mean(probabilities * np.log(given)
                  + (1 - probabilities) * np.log(1 - given))


class TaskTest(parameterized.TestCase, temporary.TemporaryFiles,
               tf.test.TestCase):

  def _config(self, **fields) -> task_lib.MultiLabelConfig:
    config = task_lib.MultiLabelConfig(**fields)
    config.model.num_classes = 3
    config.model.encoder = pretraining.encoder_config(
        tiny_classifier.architecture())
    return config

  def _data(self, text: str, **fields) -> loader.MultiLabelDataConfig:
    return loader.MultiLabelDataConfig(**{
        'input_path': self.make_file('x.tsv', text), 'seq_length': 15,
        'vocab_file': tiny_classifier.write_vocabulary(self.get_temp_dir()),
        'global_batch_size': 4, 'is_training': False, **fields})

  @parameterized.parameters(tf.float32, tf.bfloat16)
  def test_the_loss_is_the_mean_binary_cross_entropy(self, dtype):
    task = task_factory.get_task(self._config())
    loss = task.build_losses(
        {'label_ids': _LABELS}, tf.cast(_LOGITS, dtype))
    self.assertEqual(loss.dtype, tf.float32)
    rounded = tf.cast(tf.cast(_LOGITS, dtype), tf.float32).numpy()
    self.assertAllClose(loss, _cross_entropy(_LABELS, rounded))
    self.assertAllClose(
        task.build_losses({'label_ids': _LABELS}, _LOGITS, [tf.constant(1.5)]),
        _cross_entropy(_LABELS, _LOGITS) + 1.5)

  @parameterized.parameters(1.0, 2.0)
  def test_a_student_matches_the_probability_of_each_label(self, temperature):
    config = fine_tuning.with_teacher(self._config())
    config.teacher.temperature = temperature
    task = task_factory.get_task(config)
    loss = task.build_soft_loss(
        tf.constant(_THEIRS), tf.constant(_LOGITS), {'label_ids': _LABELS})
    self.assertAllClose(loss, temperature**2 * _cross_entropy(
        special.expit(_THEIRS / temperature), _LOGITS / temperature))

  def test_batches_hold_0_and_1_for_each_label(self):
    data = self._data('text\tlabel\nw1\tb,c\nw2 w3\t\nw4\ta\n')
    config = self._config(train_data=data)
    task = task_factory.get_task(config)
    self.assertEqual(task.labels, ['a', 'b', 'c'])
    [batch] = task.build_inputs(data)
    self.assertEqual(batch['label_ids'].dtype, tf.float32)
    self.assertAllEqual(batch['label_ids'], [[0, 1, 1], [0, 0, 0], [1, 0, 0]])

  def test_validation_reports_the_metrics_at_the_thresholds(self):
    data = self._data('text\tlabel\nw1\tb,c\nw2 w3\t\nw4\ta\n')
    task = task_factory.get_task(
        self._config(train_data=data, thresholds=[0.3, 0.5, 0.6]))
    model = task.build_model()
    self.assertEqual(model.problem_type, 'multi_label_classification')
    metrics, state = task.build_metrics(training=False), None
    [batch] = task.build_inputs(data)
    logs = task.validation_step(batch, model, metrics)
    state = task.aggregate_logs(None, {
        name: [logs[name]] for name in ('labels', 'sentence_prediction')})
    logits = model(batch).numpy()
    self.assertAllClose(task.reduce_aggregated_logs(state), scoring.compute(
        task.task_config.metrics, batch['label_ids'].numpy(),
        special.expit(logits) - [0.3, 0.5, 0.6]))
    [accuracy] = metrics
    self.assertAllClose(
        accuracy.result(),
        np.mean((logits > 0) == (batch['label_ids'].numpy() > 0)))

  @parameterized.parameters(
      ({'thresholds': [0.5]}, '1 task.thresholds for 3 labels'),
      ({'thresholds': [0.5, 2.0, 0.1]}, r'thresholds are \[0.5, 2.0, 0.1\]'),
      ({'metrics': ['accuracy']}, "no metric 'accuracy'"))
  def test_what_makes_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      task_factory.get_task(self._config(**fields))

  def test_one_label_is_too_few(self):
    config = self._config()
    config.model.num_classes = 1
    with self.assertRaisesRegex(ValueError, 'num_classes is 1; several'):
      task_factory.get_task(config)

  @parameterized.parameters(
      ((0.5,), '1 thresholds for 2 labels'),
      ((0.5, float('nan')), 'list of numbers from 0 to 1'),
      ((0.5, 'x'), 'list of numbers from 0 to 1'))
  def test_a_file_whose_thresholds_do_not_fit(self, thresholds, message):
    with self.assertRaisesRegex(ValueError, message):
      tflite_file.TFLiteMetadata(
          kind=registry.get('multi_label_classification'), lengths=(16,),
          max_length=15, lower_case=True, quantization='none',
          checkpoint_sha256='', labels=('a', 'b'),
          settings=kind_lib.Settings(thresholds))


if __name__ == '__main__':
  tf.test.main()
