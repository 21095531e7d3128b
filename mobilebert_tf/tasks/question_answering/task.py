# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fine-tuning on SQuAD v1.1 and v2.0, scored by the official metric."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.tasks import fine_tuning
from mobilebert_tf.tasks.pretraining import task
from mobilebert_tf.tasks.question_answering import loader as loader_lib
from mobilebert_tf.tasks.question_answering import metrics as metrics_lib
from mobilebert_tf.tasks.question_answering import spans as spans_lib
from official.core import base_task
from official.core import task_factory
from official.nlp.tasks import question_answering

_MASKED = -1e9


@dataclasses.dataclass
class QuestionAnsweringConfig(question_answering.QuestionAnsweringConfig):
  """The Model Garden's config, with our encoder and data.

  Attributes:
    kind: Kind of task in `tasks/registry.py`.
    n_best_size: Number of answers to keep for each question.
    max_answer_length: Maximum length of an answer in tokens.
    null_score_diff_threshold: No-answer score above which a question has no
      answer (v2.0). Evaluation reports the best one.
  """
  kind: str = 'question_answering'
  model: question_answering.ModelConfig = dataclasses.field(
      default_factory=lambda: question_answering.ModelConfig(
          encoder=task.encoder_config(
              modeling.get_architecture('mobilebert'))))
  train_data: loader_lib.QuestionAnsweringDataConfig = (
      dataclasses.field(default_factory=(
          loader_lib.QuestionAnsweringDataConfig)))
  validation_data: loader_lib.QuestionAnsweringDataConfig = (
      dataclasses.field(default_factory=lambda: (
          loader_lib.QuestionAnsweringDataConfig(
              is_training=False))))


def squad_config(version_2: bool) -> QuestionAnsweringConfig:
  """Returns the config for SQuAD v1.1 or v2.0."""
  data = loader_lib.QuestionAnsweringDataConfig
  return QuestionAnsweringConfig(
      train_data=data(is_training=True, global_batch_size=32,
                      version_2_with_negative=version_2),
      validation_data=data(is_training=False, global_batch_size=32,
                           version_2_with_negative=version_2))


@task_factory.register_task_cls(QuestionAnsweringConfig)
class QuestionAnsweringTask(
    fine_tuning.FineTuning, question_answering.QuestionAnsweringTask):
  """The Model Garden's task on our windows, with padding masked."""

  def __init__(self, params: QuestionAnsweringConfig,
               logging_dir: str | None = None, name: str | None = None):
    # Not the Model Garden's, which writes the validation data as records.
    base_task.Task.__init__(self, params, logging_dir, name=name)
    self._validation = None

  def build_model(self) -> modeling.MobileBertQuestionAnswering:
    """Returns a new question-answering model.

    Raises:
      ValueError: If the config asks for another encoder than ours.
    """
    return modeling.MobileBertQuestionAnswering(self.build_encoder())

  def build_inputs(
      self, params: loader_lib.QuestionAnsweringDataConfig,
      input_context: tf.distribute.InputContext | None = None
  ) -> tf.data.Dataset:
    """Returns the batches; see the loader.

    Raises:
      FileNotFoundError: If a file is missing.
      ValueError: If a file cannot be used, or vocabulary or length do not fit
        the model.
    """
    loader = loader_lib.QuestionAnsweringDataLoader(params)
    self.check_data(params)
    if not params.is_training:
      self._validation = (loader.prepared, params.version_2_with_negative)
    return loader.load(input_context)

  def build_losses(self, labels: dict[str, tf.Tensor],
                   model_outputs: list[tf.Tensor],
                   aux_losses: Any = None) -> tf.Tensor:
    """Returns the mean cross entropy of start and end, with padding masked.

    Unmasked, a window's loss would depend on the length of its batch.
    """
    matched = self.outputs_to_match(model_outputs, labels)
    return super().build_losses(
        labels, [each.logits for each in matched], aux_losses)

  def outputs_to_match(self, outputs: list[tf.Tensor],
                       labels: dict[str, tf.Tensor]
                       ) -> list[fine_tuning.Matched]:
    """Returns the logits of start and end, with padding masked."""
    padding = _MASKED * (1.0 - tf.cast(labels['input_mask'], tf.float32))
    return [fine_tuning.Matched(tf.cast(logits, tf.float32) + padding)
            for logits in outputs]

  # === Evaluation ===

  def validation_step(self, inputs: tuple[dict[str, tf.Tensor], ...],
                      model: tf_keras.Model,
                      metrics: list[tf_keras.metrics.Metric] | None = None
                      ) -> dict[str, tf.Tensor]:
    """Returns the rows of a batch and their logits."""
    features, labels = inputs
    start_logits, end_logits = self.inference_step(features, model)
    return {'rows': labels['rows'], 'start_logits': start_logits,
            'end_logits': end_logits}

  def aggregate_logs(self, state: Any = None,
                     step_outputs: dict[str, Any] | None = None) -> Any:
    """Collects the spans of a step's windows."""
    config = self.task_config
    prepared, _ = self._validation
    finder = state or spans_lib.SpanFinder(
        prepared.windows, spans_lib.SpanSettings(
            config.n_best_size, config.max_answer_length))
    names = ('rows', 'start_logits', 'end_logits')
    # Each output has a tensor for each replica.
    for replica in zip(*(step_outputs[name] for name in names), strict=True):
      rows, *logits = (np.asarray(value) for value in replica)
      for row, start, end in zip(rows, *logits, strict=True):
        finder.add(int(row), start, end)
    return finder

  def reduce_aggregated_logs(self, aggregated_logs: Any,
                             global_step: tf.Tensor | None = None
                             ) -> dict[str, float]:
    """Returns the official scores, in percent; see `metrics.evaluate`.

    For v2.0 they are those at `null_score_diff_threshold`.
    """
    prepared, version_2 = self._validation
    predictions, null_odds = {}, {}
    for i, question in enumerate(prepared.questions):
      spans = aggregated_logs.spans(i)
      predictions[question.id] = ''
      null_odds[question.id] = 0.0
      if spans.best and question.text.strip():
        best, context = spans.best[0], prepared.data.context(question)
        predictions[question.id] = context[best.start:best.end]
        null_odds[question.id] = spans.null_odds
    data = dataclasses.replace(prepared.data, questions=prepared.questions)
    return metrics_lib.evaluate(
        data, predictions, null_odds if version_2 else None,
        self.task_config.null_score_diff_threshold, version_2)
