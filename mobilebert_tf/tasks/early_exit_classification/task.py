# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Training of early exits on a fine-tuned classifier, which stays as it is."""

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.modeling import early_exit
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.classification import task as classification
from mobilebert_tf.tasks.early_exit_classification import rule
from official.core import config_definitions as cfg
from official.core import task_factory
from official.modeling import tf_utils
from official.modeling.hyperparams import base_config

KIND = 'early_exit_classification'
# Texts whose first tokens' mean and deviation exits are standardised by.
_STANDARDISED_BY = 2048


@dataclasses.dataclass
class TunedConfig(base_config.Config):
  """What thresholds gave on the texts that they were chosen on.

  Attributes:
    thresholds: Thresholds of all exits.
    accuracies: Share of right answers of each.
    mean_blocks: Mean number of blocks of a text of each.
  """
  thresholds: list[float] = dataclasses.field(default_factory=list)
  accuracies: list[float] = dataclasses.field(default_factory=list)
  mean_blocks: list[float] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class ExitConfig(base_config.Config):
  """Early exits of a classifier, and when a text leaves.

  Attributes:
    blocks: Numbers of the blocks with an exit after them, counted from 1; empty
      for all below the last.
    criterion: One of `rule.CRITERIA`.
    thresholds: Threshold of all exits, or of each; empty if no text leaves
      early.
    tuned: Results of others, for those who open a file with others.
    pooler: Whether each exit has a pooler, as DeeBERT's have; it begins as a
      copy of the fine-tuned encoder's, if that has one.
    dropout: Whether the encoder, which is frozen, has dropout while exits
      learn, as in DeeBERT's code.
  """
  blocks: list[int] = dataclasses.field(default_factory=list)
  criterion: str = rule.ENTROPY
  thresholds: list[float] = dataclasses.field(default_factory=list)
  tuned: TunedConfig = dataclasses.field(default_factory=TunedConfig)
  pooler: bool = False
  dropout: bool = False


@dataclasses.dataclass
class EarlyExitConfig(classification.SentencePredictionConfig):
  """Config of `EarlyExitTask`; `init_checkpoint` is a fine-tuned classifier.

  Attributes:
    exits: The exits.
  """
  kind: str = KIND
  exits: ExitConfig = dataclasses.field(default_factory=ExitConfig)


@task_factory.register_task_cls(EarlyExitConfig)
class EarlyExitTask(classification.SentencePredictionTask):
  """Trains exits alone: the second stage of DeeBERT (Xin et al. 2020, 3.1).

  The loss is the sum of the exits' mean cross-entropies. Encoder and classifier
  are frozen, so that their answers do not change.

  Raises:
    ValueError: If the classifier has one logit, or a setting of the exits or of
      the loss makes no sense.
  """

  outputs_to_match = None  # Exits have no teacher.

  def __init__(self, params: cfg.TaskConfig, logging_dir: str | None = None,
               name: str | None = None):
    super().__init__(params, logging_dir, name=name)
    exit_rule(params)  # Checked.

  def build_model(self) -> modeling.EarlyExitClassifier:
    """Returns a new model; raises ValueError if it cannot be built."""
    config = self.task_config.model
    return modeling.EarlyExitClassifier(
        self.build_encoder(), config.num_classes,
        exit_blocks=self.task_config.exits.blocks,
        labels=getattr(self.task_config.train_data, 'labels', None) or (),
        dropout_rate=getattr(config, 'dropout_rate', 0.1),
        exit_pooler=self.task_config.exits.pooler)

  def initialize(self, model: modeling.EarlyExitClassifier) -> None:
    """Restores encoder and classifier, and standardises the exits.

    Raises:
      FileNotFoundError: If there is no such checkpoint.
      ValueError: If it has no classifier, or another one.
    """
    path = self.task_config.init_checkpoint
    if not path:
      raise ValueError('task.init_checkpoint is not set. Name the folder of a '
                       'classifier, whose exits are to be trained.')
    checkpoint = checkpoints.read(
        path, assumed=model.encoder.architecture)
    if 'sequence_classification' not in checkpoint.parts:
      raise ValueError(f'{path} has no classifier, so that exits have nothing '
                       'to come before. Fine-tune it first.')
    checkpoints.assign(model, checkpoint)
    model.exits.standardise(*self._measure_first_tokens(model))
    if model.exits.has_pooler and model.encoder.architecture.use_pooler:
      model.exits.set_poolers(
          *model.encoder.get_layer('pooler').dense.get_weights())

  def _measure_first_tokens(self, model: modeling.EarlyExitClassifier
                            ) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and deviation of channels after each block with an exit."""
    view = tf_keras.Model(model.inputs, [
        model.encoder.output['encoder_outputs'][block - 1]
        for block in model.exit_blocks])

    @tf.function(reduce_retracing=True)
    def compute(features: Any) -> tf.Tensor:
      return early_exit.first_tokens(
          tf.nest.flatten(view(features, training=False)))

    data = self.task_config.train_data
    found, count = [], 0
    for batch in self.build_inputs(data):
      features, _ = gradient_step.split_inputs(batch)
      found.append(compute(
          [features[name] for name in view.input_names]).numpy())
      count += len(found[-1])
      if count >= _STANDARDISED_BY:
        break
    rows = np.concatenate(found).astype(np.float64)
    return rows.mean(0), rows.std(0)

  def trained_variables(
      self, model: modeling.EarlyExitClassifier) -> list[tf.Variable]:
    return model.exits.trainable_variables

  def compute(self, part: gradient_step.Slice,
              model: tf_keras.Model) -> gradient_step.Computed:
    features, labels = gradient_step.split_inputs(part.inputs)
    outputs = model(features, training=self.task_config.exits.dropout)
    loss = self.build_losses(labels, outputs)
    return part.share(loss, self.loss_weight), {}, outputs

  def build_losses(self, labels: dict[str, tf.Tensor],
                   model_outputs: tf.Tensor,
                   aux_losses: Any = None) -> tf.Tensor:
    """Returns the sum of the mean losses of all exits but the last."""
    del aux_losses  # Of layers that are frozen.
    exits = tf.unstack(tf.cast(model_outputs, tf.float32), axis=1)[:-1]
    return tf.add_n([tf_utils.safe_mean(self.text_losses(labels, logits))
                     for logits in exits])

  # === Metrics ===

  def build_metrics(
      self, training: bool | None = None) -> list[tf_keras.metrics.Metric]:
    """Returns the accuracy of each exit."""
    blocks = early_exit.check_blocks(
        self.task_config.exits.blocks,
        self.task_config.model.encoder.get().num_blocks)
    names = [*(f'accuracy_{block}' for block in blocks), 'accuracy_last']
    return [*(tf_keras.metrics.SparseCategoricalAccuracy(name=name)
              for name in names), *gradient_step.norm_metrics(training)]

  def process_metrics(self, metrics: list[tf_keras.metrics.Metric],
                      labels: dict[str, tf.Tensor],
                      model_outputs: tf.Tensor) -> None:
    counted = [metric for metric in metrics
               if metric.name.startswith('accuracy_')]
    for metric, logits in zip(
        counted, tf.unstack(model_outputs, axis=1), strict=True):
      metric.update_state(labels[self.label_field], logits)

  def validation_step(self, inputs: Any, model: tf_keras.Model,
                      metrics: Sequence[tf_keras.metrics.Metric] | None = None
                      ) -> dict[str, Any]:
    """Returns the loss, and counts the accuracy of each exit."""
    outputs = self.inference_step(inputs, model)
    if metrics:
      self.process_metrics(list(metrics), inputs, outputs)
    return {self.loss: self.build_losses(inputs, outputs)}

  def aggregate_logs(self, state: Any = None,
                     step_outputs: dict[str, Any] | None = None) -> Any:
    return None

  def reduce_aggregated_logs(
      self, aggregated_logs: Any,
      global_step: tf.Tensor | None = None) -> dict[str, float]:
    return {}


def exit_rule(config: EarlyExitConfig) -> rule.Rule:
  """Returns the rule of a config; raises ValueError if it makes no sense."""
  exits = config.exits
  blocks = early_exit.check_blocks(
      exits.blocks, config.model.encoder.get().num_blocks)
  try:
    return rule.Rule(exits.criterion, blocks, tuple(exits.thresholds))
  except ValueError as error:
    raise ValueError(f'task.exits: {error}') from error
