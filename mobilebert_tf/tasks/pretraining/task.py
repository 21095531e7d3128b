# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Pre-training with masked language modelling and next sentence prediction."""

from collections.abc import Sequence
import dataclasses

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.data import record_files
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.pretraining import loader
from mobilebert_tf.text import vocabulary
from official.core import config_definitions as cfg
from official.core import task_factory
from official.nlp.configs import bert
from official.nlp.configs import encoders
from official.nlp.tasks import masked_lm

# Names of weights: of masked tokens, and of all that are no padding.
PREDICTIONS = 'predictions'
TOKENS = 'tokens'


def encoder_config(
    architecture: modeling.MobileBertConfig) -> encoders.EncoderConfig:
  """Wraps an architecture for the Model Garden's tasks, as `encoder.any.*`.

  >>> encoder_config(modeling.get_architecture('mobilebert')).type
  'any'
  """
  return encoders.EncoderConfig(type='any', any=architecture)


@dataclasses.dataclass
class PretrainingConfig(gradient_step.StepConfig, masked_lm.MaskedLMConfig):
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
class PretrainingTask(gradient_step.GradientStep, masked_lm.MaskedLMTask):
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

  def check_experiment(self, params: cfg.ExperimentConfig) -> None:
    """Raises ValueError if the model cannot read some of the data."""
    del params  # The task knows its own.
    for data in (self.task_config.train_data, self.task_config.validation_data):
      if getattr(data, 'input_path', ''):
        self._check_data(data)

  def _check_data(self, data: cfg.DataConfig) -> None:
    encoder = self.task_config.model.encoder.get()
    if getattr(data, 'vocab_file', ''):
      vocabulary.check_size(data.vocab_file, encoder.vocab_size)
    if getattr(data, 'seq_length', 0) > encoder.max_position_embeddings:
      raise ValueError(
          f'seq_length is {data.seq_length}, but the model has '
          f'{encoder.max_position_embeddings} positions '
          '(max_position_embeddings).')

  def build_inputs(
      self, params: cfg.DataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches.

    Raises:
      ValueError: If the model has fewer tokens than the vocabulary, or fewer
        positions than the batches.
    """
    self._check_data(params)
    return super().build_inputs(params, input_context)

  def find_damage(self) -> str:
    """Returns which file of records is damaged and where, or ''."""
    config = self.task_config
    return record_files.find_damage([
        path for data in (config.train_data, config.validation_data)
        if isinstance(data, loader.MobileBertPretrainDataConfig)
        and data.input_path
        for path in record_files.find_records(data.input_path)])

  def weigh(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns the number of texts, of masked and of all tokens."""
    return {**super().weigh(inputs), **{
        name: tf.reduce_sum(tf.cast(inputs[weights], tf.float32))
        for name, weights in ((PREDICTIONS, 'masked_lm_weights'),
                              (TOKENS, 'input_mask'))}}

  def compute(self, part: gradient_step.Slice,
              model: modeling.MobileBertPretrainer) -> gradient_step.Computed:
    outputs = model(part.inputs, training=True)
    return *losses(part, outputs), outputs

  def evaluate(self, part: gradient_step.Slice,
               model: modeling.MobileBertPretrainer,
               metrics: Sequence[tf_keras.metrics.Metric]
               ) -> gradient_step.Computed:
    """Runs the forward pass of an evaluation on a slice.

    Args:
      part: The slice.
      model: The model.
      metrics: Metrics of the evaluation, which say what is needed.
    """
    del metrics
    outputs = self.inference_step(part.inputs, model)
    return *losses(part, outputs), outputs

  def validation_step(self, inputs: dict[str, tf.Tensor],
                      model: modeling.MobileBertPretrainer,
                      metrics: Sequence[tf_keras.metrics.Metric]
                      ) -> dict[str, tf.Tensor]:
    """Evaluates a batch, in as many slices as one of training."""

    def evaluate(part: gradient_step.Slice) -> list[tf.Tensor]:
      loss, terms, outputs = self.evaluate(part, model, metrics)
      self.update_metrics(metrics, part, terms, outputs)
      return [loss * (part.portion or 1.0)]

    loss, = gradient_step.sum_over_slices(
        evaluate, inputs, self.weigh, self.task_config.accumulation_steps,
        [tf.zeros([])])
    return {self.loss: loss}

  def initialize(self, model: modeling.MobileBertPretrainer) -> None:
    """Restores `init_checkpoint`, of any format, if it is set."""
    if self.task_config.init_checkpoint:
      checkpoints.restore(model, self.task_config.init_checkpoint)


def losses(part: gradient_step.Slice, outputs: dict[str, tf.Tensor]
           ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
  """Returns the masked-LM plus next-sentence loss of a slice, and both.

  Args:
    part: The slice.
    outputs: Logits by name, as `MobileBertPretrainer` returns them.
  """
  inputs, weights = part.inputs, part.inputs['masked_lm_weights']
  values = _cross_entropy(inputs['masked_lm_ids'], outputs['mlm_logits'])
  terms = {'lm_example_loss': part.share(tf.math.divide_no_nan(
      tf.reduce_sum(weights * values), tf.reduce_sum(weights)), PREDICTIONS)}
  if 'next_sentence_labels' in inputs:
    values = _cross_entropy(inputs['next_sentence_labels'],
                            outputs['next_sentence'][:, tf.newaxis])
    terms['next_sentence_loss'] = part.share(
        tf.reduce_mean(values), gradient_step.TEXTS)
  return tf.add_n(list(terms.values())), terms


def _cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
  return tf.nn.sparse_softmax_cross_entropy_with_logits(
      labels, tf.cast(logits, tf.float32))
