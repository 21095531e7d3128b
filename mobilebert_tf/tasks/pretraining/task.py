# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Pre-training with masked language modelling and next sentence prediction."""

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.data import record_files
from mobilebert_tf.modeling import layers
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.text import vocabulary
from official.core import config_definitions as cfg
from official.core import task_factory
from official.nlp.configs import bert
from official.nlp.configs import encoders
from official.nlp.tasks import masked_lm

GRADIENT_NORM = 'gradient_norm'


def encoder_config(
    architecture: modeling.MobileBertConfig) -> encoders.EncoderConfig:
  """Wraps an architecture for the Model Garden's tasks, as `encoder.any.*`.

  >>> encoder_config(modeling.get_architecture('mobilebert')).type
  'any'
  """
  return encoders.EncoderConfig(type='any', any=architecture)


@dataclasses.dataclass
class PretrainingConfig(masked_lm.MaskedLMConfig):
  """The Model Garden's masked-LM task with our encoder and heads.

  Attributes:
    model: Config of the model, of which only `encoder` is read.
    scale_loss: True, to average the gradients of replicas; summed, they would
      grow with the number of devices.
  """
  model: bert.PretrainerConfig = dataclasses.field(
      default_factory=lambda: bert.PretrainerConfig(
          encoder=encoder_config(modeling.get_architecture('mobilebert'))))
  scale_loss: bool = True


@task_factory.register_task_cls(PretrainingConfig)
class PretrainingTask(masked_lm.MaskedLMTask):
  """Pre-trains any architecture, such as the teacher's."""

  def __init__(self, params: cfg.TaskConfig, logging_dir: str | None = None,
               name: str | None = None):
    super().__init__(params, logging_dir, name)
    if not params.scale_loss:
      raise ValueError('task.scale_loss is false; only true is supported.')

  def describe_step(self, step: int) -> str:
    """Returns the stage of a step, for messages."""
    del step
    return 'pre-training'

  def build_model(self, params: bert.PretrainerConfig | None = None
                  ) -> modeling.MobileBertPretrainer:
    config = params or self.task_config.model
    return modeling.MobileBertPretrainer(
        encoders.build_encoder(config.encoder))

  def build_inputs(
      self, params: cfg.DataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches.

    Raises:
      ValueError: If the model has fewer tokens than the vocabulary, or fewer
        positions than the batches.
    """
    encoder = self.task_config.model.encoder.get()
    if getattr(params, 'vocab_file', ''):
      vocabulary.check_size(params.vocab_file, encoder.vocab_size)
    if getattr(params, 'seq_length', 0) > encoder.max_position_embeddings:
      raise ValueError(
          f'seq_length is {params.seq_length}, but the model has '
          f'{encoder.max_position_embeddings} positions '
          '(max_position_embeddings).')
    return super().build_inputs(params, input_context)

  def find_damage(self) -> str:
    """Returns which file of records is damaged and where, or ''."""
    config = self.task_config
    return record_files.find_damage([
        path for data in (config.train_data, config.validation_data)
        if isinstance(data, loader.MobileBertPretrainDataConfig)
        and data.input_path
        for path in record_files.find_records(data.input_path)])

  def build_losses(self, labels: Mapping[str, tf.Tensor],
                   model_outputs: Mapping[str, tf.Tensor],
                   metrics: Sequence[tf_keras.metrics.Metric],
                   aux_losses: Any = None) -> tf.Tensor:
    """Returns the masked-LM plus next-sentence loss over the global batch."""
    del aux_losses  # Our models have none.
    losses = {'lm_example_loss': mean_over_replicas(
        _cross_entropy(labels['masked_lm_ids'], model_outputs['mlm_logits']),
        labels['masked_lm_weights'])}
    if 'next_sentence_labels' in labels:
      following = _cross_entropy(labels['next_sentence_labels'],
                                 model_outputs['next_sentence'][:, tf.newaxis])
      losses['next_sentence_loss'] = mean_over_replicas(
          following, tf.ones_like(following))
    for metric in metrics:
      if metric.name in losses:
        metric.update_state(losses[metric.name])
    return tf.add_n(list(losses.values()))

  def build_metrics(self, training: bool | None = None
                    ) -> list[tf_keras.metrics.Metric]:
    metrics = super().build_metrics(training)
    if training:
      metrics.append(tf_keras.metrics.Mean(name=GRADIENT_NORM))
    return metrics

  def train_step(self, inputs: dict[str, tf.Tensor],
                 model: modeling.MobileBertPretrainer,
                 optimizer: tf_keras.optimizers.Optimizer,
                 metrics: list[tf_keras.metrics.Metric]
                 ) -> dict[str, tf.Tensor]:
    """Runs one step; its dropout depends only on the seed and the step."""
    variables = model.trainable_variables
    with (layers.step_seed(self.task_config.train_data.seed,
                            optimizer.iterations),
          tf.GradientTape() as tape):
      outputs = model(inputs, training=True)
      loss = self.build_losses(inputs, outputs, metrics)
      # Replicas' gradients are summed; the loss is a mean over the batch.
      scaled = loss / tf.distribute.get_strategy().num_replicas_in_sync
    gradients = tape.gradient(scaled, variables)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    self.process_metrics(metrics, inputs, outputs)
    for metric in metrics:
      if metric.name == GRADIENT_NORM:
        metric.update_state(tf.linalg.global_norm(gradients))
    return {self.loss: loss}

  def initialize(self, model: modeling.MobileBertPretrainer) -> None:
    """Restores `init_checkpoint`, of any format, if it is set."""
    if self.task_config.init_checkpoint:
      checkpoints.restore(model, self.task_config.init_checkpoint)


def share_of_replica(weights: tf.Tensor) -> tf.Tensor:
  """Returns this replica's sum of weights relative to the replicas' mean.

  A replica's weighted mean, times this, averaged over replicas, is the weighted
  mean of the global batch. Without it the loss of a step would depend on how
  many devices share it.

  Args:
    weights: Weights of the replica's mean, of any shape.

  Returns:
    A float32 scalar, 1 on a single device.
  """
  context = tf.distribute.get_replica_context()
  if context is None or context.num_replicas_in_sync == 1:
    return tf.constant(1.0)
  total = tf.reduce_sum(tf.cast(weights, tf.float32))
  mean = context.all_reduce(tf.distribute.ReduceOp.MEAN, total)
  return tf.math.divide_no_nan(total, mean)


def mean_over_replicas(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
  """Returns a weighted mean that, averaged over replicas, is the global one.

  Args:
    values: float32, of any shape.
    weights: Weights, of the same shape.

  Returns:
    A float32 scalar, 0 if all weights are.
  """
  weights = tf.cast(weights, tf.float32)
  mean = tf.math.divide_no_nan(
      tf.reduce_sum(weights * values), tf.reduce_sum(weights))
  return mean * share_of_replica(weights)


def _cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
  return tf.nn.sparse_softmax_cross_entropy_with_logits(
      labels, tf.cast(logits, tf.float32))
