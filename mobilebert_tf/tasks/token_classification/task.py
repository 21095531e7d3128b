# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fine-tuning on labelled words: entities, parts of speech."""

import dataclasses
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.data import conll
from mobilebert_tf import modeling
from mobilebert_tf.tasks import fine_tuning
from mobilebert_tf.tasks.pretraining import task
from mobilebert_tf.tasks.token_classification import evaluation
from mobilebert_tf.tasks.token_classification import loader
from official.core import task_factory
from official.nlp.tasks import tagging


@dataclasses.dataclass
class TokenClassificationConfig(tagging.TaggingConfig):
  """The Model Garden's config, with our encoder.

  Attributes:
    kind: Kind of task in `tasks/registry.py`.
    class_names: The label of each class; if None, those that the training data
      names as `labels`, or those found in its files.
  """
  kind: str = 'token_classification'
  model: tagging.ModelConfig = dataclasses.field(
      default_factory=lambda: tagging.ModelConfig(
          encoder=task.encoder_config(
              modeling.get_architecture('mobilebert'))))


@task_factory.register_task_cls(TokenClassificationConfig)
class TokenClassificationTask(fine_tuning.FineTuning, tagging.TaggingTask):
  """The Model Garden's task, evaluated sentence by sentence.

  The Model Garden's own runs the words of a batch together, where an entity at
  the end of a sentence merges with one at the beginning of the next.
  """

  def __init__(self, params: TokenClassificationConfig, *args: Any,
               **kwargs: Any):
    super().__init__(params, *args, **kwargs)
    # A list would become one of TensorFlow's, which `replace` cannot copy.
    self._labels: tuple[str, ...] = ()

  @property
  def labels(self) -> tuple[str, ...]:
    """The label of each class, read from the training files if need be."""
    config = self.task_config
    if not self._labels:
      self._labels = tuple(config.class_names or (
          loader.find_labels(config.train_data)))
    return self._labels

  def build_model(self) -> modeling.MobileBertTokenClassifier:
    """Returns a new token classifier that knows its labels.

    Raises:
      FileNotFoundError: If nobody names the labels and there is no training
        file.
      ValueError: If the config asks for another encoder than ours.
    """
    return modeling.MobileBertTokenClassifier(
        self.build_encoder(), len(self.labels), labels=self.labels,
        dropout_rate=self.task_config.model.head_dropout)

  def build_inputs(
      self, params: loader.TokenClassificationDataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches, with the labels of the training part.

    Raises:
      ValueError: If labels, vocabulary or lengths do not fit the model.
    """
    self.check_data(params)
    return super().build_inputs(
        params.replace(labels=list(self.labels)), input_context)

  def outputs_to_match(self, outputs: dict[str, tf.Tensor], labels: tf.Tensor
                       ) -> list[fine_tuning.Matched]:
    """Returns the logits, weighted by whether a token has a label."""
    return [fine_tuning.Matched(
        outputs['logits'], labels != loader.IGNORED)]

  def validation_step(self, inputs: tuple[dict[str, tf.Tensor], tf.Tensor],
                      model: tf_keras.Model,
                      metrics: list[tf_keras.metrics.Metric] | None = None
                      ) -> dict[str, tf.Tensor]:
    """Returns the loss and what `aggregate_logs` needs of a batch."""
    features, labels = inputs
    outputs = self.inference_step(features, model)
    return {
        self.loss: self.build_losses(labels=labels, model_outputs=outputs),
        'predict_ids': outputs['predict_ids'],
        'label_ids': labels,
        'sentence_ids': features['sentence_ids'],
        'part_ids': features['part_ids'],
    }

  def aggregate_logs(self, state: list[tuple] | None = None,
                     step_outputs: dict[str, tuple] | None = None
                     ) -> list[tuple]:
    """Keeps the words of each part of a sentence, true and predicted."""
    state = state or []
    names = ('sentence_ids', 'part_ids', 'label_ids', 'predict_ids')
    for replica in zip(*(step_outputs[name] for name in names), strict=True):
      for sentence, part, labels, predicted in zip(
          *(tensor.numpy() for tensor in replica), strict=True):
        is_word = labels != loader.IGNORED
        state.append((sentence, part, labels[is_word], predicted[is_word]))
    return state

  def reduce_aggregated_logs(self, aggregated_logs: list[tuple],
                             global_step: tf.Tensor | None = None
                             ) -> dict[str, float]:
    """Returns the scores; see `scoring.score`."""
    labels: dict[int, list[str]] = {}
    predicted: dict[int, list[str]] = {}
    for sentence, _, true_ids, predicted_ids in sorted(
        aggregated_logs, key=lambda entry: entry[1]):
      for names, ids in ((labels, true_ids), (predicted, predicted_ids)):
        names.setdefault(sentence, []).extend(self.labels[i] for i in ids)
    return evaluation.score(list(labels.values()), list(predicted.values()),
                 conll.are_entities(self.labels))
