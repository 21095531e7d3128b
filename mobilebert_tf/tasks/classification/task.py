# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fine-tuning on labelled texts, checked before it starts."""

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf import modeling
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import losses
from mobilebert_tf.tasks import fine_tuning
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks.pretraining import task
from official.core import config_definitions as cfg
from official.core import task_factory
from official.modeling import tf_utils
from official.nlp.tasks import sentence_prediction


@dataclasses.dataclass
class SentencePredictionConfig(
    gradient_step.StepConfig, sentence_prediction.SentencePredictionConfig):
  """The Model Garden's config, with our encoder and the raw first token.

  Attributes:
    model: `use_encoder_pooler` leaves pooling to the encoder, which by default
      takes the first token as it is; a dense layer above it harms GLUE
      (google-research issue 287). With one class it is a regression.
    kind: Kind of task in `tasks/registry.py`.
    metrics: What an evaluation reports of the whole validation part, besides
      the loss and what Keras counts: names of `evaluation.metrics`.
    class_weights: Weight of the loss of each class, in the order of the labels;
      empty for 1. See `losses`.
    focal_gamma: Exponent of the focal loss; 0 for the cross-entropy.
  """
  model: sentence_prediction.ModelConfig = dataclasses.field(
      default_factory=lambda: sentence_prediction.ModelConfig(
          num_classes=2,
          use_encoder_pooler=True,
          encoder=task.encoder_config(
              modeling.get_architecture('mobilebert'))))
  kind: str = 'classification'
  metrics: list[str] = dataclasses.field(default_factory=list)
  class_weights: list[float] = dataclasses.field(default_factory=list)
  focal_gamma: float = 0.0


@task_factory.register_task_cls(SentencePredictionConfig)
class SentencePredictionTask(
    fine_tuning.FineTuning, sentence_prediction.SentencePredictionTask):
  """The Model Garden's task; a run that would go wrong does not begin.

  With one class it is a regression, which learns numbers by squared error.

  Raises:
    ValueError: If a metric is unknown or does not suit the labels, or a setting
      of the loss makes no sense.
  """

  problem_type = ''  # Of the classifier.

  def __init__(self, params: cfg.TaskConfig, logging_dir: str | None = None,
               name: str | None = None):
    super().__init__(params, logging_dir, name=name)
    # Whatever the columns of the two parts are called.
    self.label_field = 'label_ids'
    self.is_regression = params.model.num_classes == 1
    self.check_metrics(params.metrics)
    if params.metrics:
      self.metric_type = 'accuracy'  # Others make ids of the logits.
    losses.check(params.class_weights, params.focal_gamma,
                 params.model.num_classes)
    if self.is_regression and (params.class_weights or params.focal_gamma):
      raise ValueError('task.class_weights and task.focal_gamma are of '
                       'classes; a regression has none.')
    if getattr(params.train_data, 'unlabelled_path', ''):
      self.label_weight = loader.LABELLED

  @property
  def labels(self) -> list[str]:
    """The label of each class, read from the training files if need be."""
    return ([] if self.is_regression
            else self.find_labels(self.task_config.train_data))

  def find_labels(
      self, data: loader.TextClassificationDataConfig) -> list[str]:
    """Returns the labels that a config names or its files have."""
    return loader.find_labels(data)

  def build_model(self) -> modeling.MobileBertClassifier:
    """Returns a new classifier, with the labels that training names, if any.

    Raises:
      ValueError: If the config asks for another encoder than ours, or for the
        Model Garden's pooler above it.
    """
    config = self.task_config.model
    if not config.use_encoder_pooler:
      raise ValueError(
          'task.model.use_encoder_pooler is false: the dense layer that the '
          'Model Garden then adds is not part of this model. Leave it true, '
          'and set task.model.encoder.any.use_pooler for a pooler.')
    return modeling.MobileBertClassifier(
        self.build_encoder(), config.num_classes,
        problem_type=self.problem_type,
        labels=getattr(self.task_config.train_data, 'labels', None) or (),
        dropout_rate=getattr(config, 'dropout_rate', 0.1))

  def build_inputs(
      self, params: loader.TextClassificationDataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches, with the labels of the training part.

    Raises:
      ValueError: If labels, vocabulary or lengths do not fit the model, or
        there are texts without labels and no teacher.
    """
    train = self.task_config.train_data
    if params.unlabelled_path and not hasattr(self.task_config, 'teacher'):
      raise ValueError(
          f'{params.unlabelled_path} has no labels, and teaches nothing '
          'without a teacher: task.teacher of an experiment '
          'mobilebert/distilled/..., or --teacher.')
    params = params.replace(
        vocab_file=params.vocab_file or train.vocab_file,
        labels=self._find_labels(params), regression=self.is_regression)
    self.check_data(params)
    return super().build_inputs(params, input_context)

  def _find_labels(
      self, params: loader.TextClassificationDataConfig) -> list[str]:
    """Returns the classes of the training part: what the logits stand for."""
    train = self.task_config.train_data
    num_classes = self.task_config.model.num_classes
    if self.is_regression:
      named = list(train.labels or params.labels)
      if named:
        raise ValueError(
            'task.model.num_classes is 1, which is regression, but there are '
            f'labels: {", ".join(named[:10])}.')
      return []
    # The held-out part may lack a class.
    labels = list(train.labels or params.labels) or self.labels
    if len(labels) != num_classes:
      raise ValueError(
          f'task.model.num_classes is {num_classes}, but there are '
          f'{len(labels)} labels: {", ".join(labels[:10])}.')
    return labels

  def weigh(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns the number of texts, and that of those with a label."""
    weights = super().weigh(inputs)
    if loader.LABELLED in inputs:
      weights[loader.LABELLED] = tf.reduce_sum(inputs[loader.LABELLED])
    return weights

  def build_losses(self, labels: dict[str, tf.Tensor],
                   model_outputs: tf.Tensor,
                   aux_losses: Any = None) -> tf.Tensor:
    """Returns the mean loss of the texts that have labels, in float32.

    It is the cross-entropy, weighted or focal as the config says, or the
    squared error of a regression.
    """
    found = self.text_losses(labels, tf.cast(model_outputs, tf.float32))
    if aux_losses:
      found += tf.add_n(aux_losses)
    if loader.LABELLED not in labels:
      return tf_utils.safe_mean(found)
    labelled = labels[loader.LABELLED]
    return tf.math.divide_no_nan(
        tf.reduce_sum(found * labelled), tf.reduce_sum(labelled))

  def text_losses(self, labels: dict[str, tf.Tensor],
                  logits: tf.Tensor) -> tf.Tensor:
    """Returns the loss of each text, float32 `[texts]`."""
    truth = labels[self.label_field]
    if self.is_regression:
      return tf_keras.losses.mean_squared_error(truth, logits)
    return losses.softmax_loss(
        logits, tf.reshape(truth, [-1]), self.task_config.class_weights,
        self.task_config.focal_gamma)

  def outputs_to_match(self, outputs: tf.Tensor, labels: dict[str, tf.Tensor]
                       ) -> list[fine_tuning.Matched]:
    """Returns the logits, or the values of a regression."""
    del labels
    return [fine_tuning.Matched(
        outputs, activation='linear' if self.is_regression else 'softmax')]

  # === Metrics ===

  def check_metrics(self, names: Sequence[str]) -> None:
    """Raises ValueError if a metric is unknown or of other labels."""
    metrics_lib.check_names(names, self.is_regression)

  def compute_metrics(self, labels: np.ndarray,
                      logits: np.ndarray) -> dict[str, float]:
    """Returns the metrics of the config.

    Args:
      labels: `[texts, 1]`, or `[texts, labels]` of several.
      logits: float32 `[texts, classes]`.
    """
    return metrics_lib.compute(self.task_config.metrics, labels, logits)

  def build_metrics(
      self, training: bool | None = None) -> list[tf_keras.metrics.Metric]:
    """Returns what Keras counts batch by batch."""
    if self.is_regression:
      return [tf_keras.metrics.MeanSquaredError(name='mean_squared_error'),
              *gradient_step.norm_metrics(training)]
    return super().build_metrics(training)

  def process_metrics(self, metrics: list[tf_keras.metrics.Metric],
                      labels: dict[str, tf.Tensor],
                      model_outputs: tf.Tensor) -> None:
    """Updates them by a batch; the Model Garden's forgets regression."""
    truth, outputs = select_labelled(labels, self.label_field, model_outputs)
    if not self.is_regression:
      super().process_metrics(metrics, {self.label_field: truth}, outputs)
      return
    for metric in metrics:
      metric.update_state(truth, outputs)

  def aggregate_logs(self, state: Any = None,
                     step_outputs: dict[str, Any] | None = None) -> Any:
    """Collects labels and logits of the validation part."""
    if not self.task_config.metrics:
      return super().aggregate_logs(state, step_outputs)
    state = state or {'labels': [], 'sentence_prediction': []}
    for name, collected in state.items():
      collected += [part.numpy() for part in step_outputs[name]]
    return state

  def reduce_aggregated_logs(
      self, aggregated_logs: Any,
      global_step: tf.Tensor | None = None) -> dict[str, float]:
    """Returns the metrics of the whole validation part."""
    if not self.task_config.metrics:
      return super().reduce_aggregated_logs(aggregated_logs, global_step)
    return self.compute_metrics(
        np.concatenate(aggregated_logs['labels']),
        np.concatenate(aggregated_logs['sentence_prediction']))


def select_labelled(labels: dict[str, tf.Tensor], field: str,
                    outputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the labels, and the outputs, of the texts that have labels."""
  if loader.LABELLED not in labels:
    return labels[field], outputs
  has_label = labels[loader.LABELLED] > 0
  return (tf.boolean_mask(labels[field], has_label),
          tf.boolean_mask(outputs, has_label))
