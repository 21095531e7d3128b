# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What all fine-tuning has in common: a checked encoder, its start, a step."""

import dataclasses

import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import vocabulary
from official.core import config_definitions as cfg
from official.nlp.configs import encoders


@dataclasses.dataclass(frozen=True)
class Matched:
  """Outputs of a model that a student matches to those of its teacher.

  A task class returns them from `outputs_to_match(outputs, labels)`.

  Attributes:
    logits: Logits, or the values of a regression, `[..., classes]`.
    weights: Weight of each of them, `[...]`; None for equal weights.
    activation: `softmax`, `sigmoid` for independent classes, or `linear`.
  """
  logits: tf.Tensor
  weights: tf.Tensor | None = None
  activation: str = 'softmax'


class FineTuning(gradient_step.GradientStep):
  """Methods of a fine-tuning task; stands before the Model Garden's class.

  Example:

    class SentencePredictionTask(
        FineTuning, sentence_prediction.SentencePredictionTask): ...
  """

  # Name of the weights over which the loss is a mean.
  loss_weight = gradient_step.TEXTS
  # The same of the loss of the labels, if some texts have none.
  label_weight = ''
  # Fields of data that are the same in training and validation.
  same_fields = (*text_settings.FIELDS, 'pair_field')

  def build_encoder(self) -> modeling.MobileBertEncoder:
    """Returns a new encoder; raises ValueError if it is none of ours."""
    hub = getattr(self.task_config, 'hub_module_url', '')
    if hub:
      raise ValueError(
          f'task.hub_module_url is {hub!r}, but a '
          'hub module is no MobileBERT encoder. Name a checkpoint as '
          'task.init_checkpoint.')
    config = self.task_config.model.encoder
    if not isinstance(config.get(), modeling.MobileBertConfig):
      raise ValueError(
          f'task.model.encoder is of type {config.type!r}, a '
          f'{type(config.get()).__name__}. Set its type to any, and '
          'task.model.encoder.any to a MobileBertConfig.')
    return encoders.build_encoder(config)

  def initialize(self, model: tf_keras.Model) -> None:
    """Restores the encoder from `init_checkpoint`, of any format, if named.

    Raises:
      FileNotFoundError: If there is none.
      ValueError: If it is of another architecture.
    """
    if self.task_config.init_checkpoint:
      checkpoints.restore(model, self.task_config.init_checkpoint,
                          parts=('encoder', 'pooler'))

  def check_data(self, params: cfg.DataConfig) -> None:
    """Checks that data fit the encoder and the training data.

    Args:
      params: Config of training or validation data.

    Raises:
      FileNotFoundError: If there is no such vocabulary.
      ValueError: If they do not fit.
    """
    train = self.task_config.train_data
    for name in self.same_fields:
      theirs, ours = (getattr(data, name, None) for data in (train, params))
      if theirs != ours:
        raise ValueError(
            f'{name} is {theirs!r} in task.train_data and {ours!r} in '
            'task.validation_data: the model would be evaluated on other '
            'inputs than it learns from.')
    encoder = self.task_config.model.encoder.get()
    vocabulary.check_size(params.vocab_file, encoder.vocab_size)
    if params.seq_length >= encoder.max_position_embeddings:
      raise ValueError(
          f'seq_length is {params.seq_length}, and a [PAD] follows the longest '
          f'text, but the model has {encoder.max_position_embeddings} '
          'positions (max_position_embeddings).')

  def compute(self, part: gradient_step.Slice,
              model: tf_keras.Model) -> gradient_step.Computed:
    features, labels = gradient_step.split_inputs(part.inputs)
    outputs = model(features, training=True)
    loss = self.build_losses(labels, outputs)
    return part.share(loss, self.label_weight or self.loss_weight), {}, outputs
