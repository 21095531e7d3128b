# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Our networks inside the Model Garden's own tasks."""

import os

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from official.core import exp_factory
from official.core import task_factory
from official.core import train_lib
from official.nlp import tasks  # noqa: F401  Registers the tasks.
from official.nlp.configs import encoders
from official.nlp.configs import finetuning_experiments  # noqa: F401
from official.nlp.data import pretrain_dataloader
from official.nlp.tasks import masked_lm
from official.nlp.tasks import sentence_prediction
from tests.modeling import contract


def _encoder_config() -> encoders.EncoderConfig:
  return encoders.EncoderConfig(
      type='any', any=contract.tiny_architecture(num_blocks=1))


def _write_records(path: str) -> None:
  """Writes examples whose label is whether the first token is above 25."""
  rng = np.random.default_rng(0)
  with tf.io.TFRecordWriter(path) as writer:
    for _ in range(16):
      ids = rng.integers(1, 50, 10)
      columns = {
          'input_ids': ids, 'input_mask': np.ones(10), 'segment_ids':
              np.zeros(10), 'label_ids': [int(ids[0] > 25)],
      }
      writer.write(tf.train.Example(features=tf.train.Features(feature={
          name: tf.train.Feature(int64_list=tf.train.Int64List(
              value=np.asarray(values, np.int64)))
          for name, values in columns.items()
      })).SerializeToString())


class SentencePredictionTest(tf.test.TestCase):

  def _experiment(self):
    records = os.path.join(self.get_temp_dir(), 'train.tf_record')
    _write_records(records)
    config = exp_factory.get_exp_config('bert/sentence_prediction')
    config.override({
        'task': {
            'train_data': {'input_path': records, 'seq_length': 10,
                           'global_batch_size': 8},
            'validation_data': {'input_path': records, 'seq_length': 10,
                                'global_batch_size': 8},
        },
        'trainer': {
            'train_steps': 3, 'validation_steps': 2, 'validation_interval': 3,
            'steps_per_loop': 3, 'summary_interval': 3,
            'checkpoint_interval': 3,
            'optimizer_config': {
                'learning_rate': {'polynomial': {
                    'initial_learning_rate': 1e-2, 'decay_steps': 3}},
                'warmup': {'polynomial': {'warmup_steps': 1}},
            },
        },
    })
    config.task.model = sentence_prediction.ModelConfig(
        num_classes=2, encoder=_encoder_config())
    return config

  def test_its_own_experiment_trains_our_encoder(self):
    config = self._experiment()
    built = []

    class Watched(sentence_prediction.SentencePredictionTask):

      def build_model(self):
        built.append(super().build_model())
        built.append(built[0].get_weights())
        return built[0]

    model_dir = os.path.join(self.get_temp_dir(), 'run')
    model, logs = train_lib.run_experiment(
        distribution_strategy=tf.distribute.get_strategy(),
        task=Watched(config.task), mode='train_and_eval', params=config,
        model_dir=model_dir, run_post_eval=True)

    encoder = [layer for layer in model.layers
               if isinstance(layer, modeling.MobileBertEncoder)]
    self.assertLen(encoder, 1)
    self.assertTrue(np.isfinite(logs['validation_loss']))
    self.assertIn('cls_accuracy', logs)
    self.assertLen(tf.io.gfile.glob(f'{model_dir}/ckpt-3.index'), 1)
    moved = {
        weight.name: not np.array_equal(before, weight)
        for before, weight in zip(built[1], model.weights, strict=True)
    }
    unmoved = [name for name, changed in moved.items()
               if not changed and 'key/bias' not in name]
    self.assertEmpty(unmoved)

  def test_the_encoder_survives_its_yaml(self):
    """`EncoderConfig.any` is a plain config there: fields, without a class."""
    config = self._experiment()
    as_dict = config.task.model.encoder.as_dict()
    self.assertEqual(as_dict['any']['inter_block_size'], 16)
    encoder = modeling.MobileBertEncoder(as_dict['any'])
    self.assertEqual(encoder.architecture, config.task.model.encoder.any)

  def test_its_task_factory_finds_the_encoder(self):
    task = task_factory.get_task(self._experiment().task)
    model = task.build_model()
    dataset = task.build_inputs(self._experiment().task.train_data)
    self.assertEqual(model(next(iter(dataset))).shape, (8, 2))


class MaskedLanguageModelTest(tf.test.TestCase):

  def test_its_task_trains_our_pretrainer(self):

    class Pretraining(masked_lm.MaskedLMTask):

      def build_model(self, params=None):
        return modeling.MobileBertPretrainer(
            encoders.build_encoder(self.task_config.model.encoder))

    config = masked_lm.MaskedLMConfig(
        train_data=pretrain_dataloader.BertPretrainDataConfig())
    config.model.encoder = _encoder_config()
    task = Pretraining(config)
    tf_keras.utils.set_random_seed(0)  # Other tests leave seeds of theirs.
    model = task.build_model()
    inputs = {
        **contract.token_inputs(),
        'masked_lm_positions': np.array([[1, 4], [3, 0], [6, 6]], np.int32),
        'masked_lm_ids': np.array([[7, 9], [1, 2], [4, 5]], np.int32),
        'masked_lm_weights': np.ones([3, 2], np.float32),
        'next_sentence_labels': np.array([[0], [1], [0]], np.int32),
    }
    inputs = {name: tf.constant(value) for name, value in inputs.items()}
    metrics = task.build_metrics()
    optimizer = tf_keras.optimizers.Adam(1e-2)
    losses = [float(task.train_step(inputs, model, optimizer, metrics)['loss'])
              for _ in range(5)]
    self.assertAllClose(losses[0], np.log(50) + np.log(2), rtol=0.02)
    self.assertLess(losses[-1], losses[0])
    logs = {metric.name: float(metric.result()) for metric in metrics}
    self.assertIn('masked_lm_accuracy', logs)
    self.assertIn('next_sentence_accuracy', logs)


if __name__ == '__main__':
  tf.test.main()
