# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Fine-tuning on texts with any number of labels: the task and its recipe."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
from scipy import special
import tensorflow as tf, tf_keras

from mobilebert_tf.evaluation import scoring as scoring_lib
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import fine_tuning
from mobilebert_tf.tasks import gradient_step
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.classification import predictor as predictor_lib
from mobilebert_tf.tasks.classification import losses
from mobilebert_tf.tasks.classification import recipes as base_recipes
from mobilebert_tf.tasks.classification import scoring as base_scoring
from mobilebert_tf.tasks.classification import task
from mobilebert_tf.tasks.multi_label_classification import kind as kind_lib
from mobilebert_tf.tasks.multi_label_classification import loader
from mobilebert_tf.tasks.multi_label_classification import scoring
from official.core import config_definitions as cfg
from official.core import task_factory

_KIND = kind_lib.MultiLabelClassification
_USUAL_LENGTH = 128


@dataclasses.dataclass
class MultiLabelConfig(task.SentencePredictionConfig):
  """Config of `MultiLabelTask`.

  Attributes:
    kind: Kind of task in `tasks/registry.py`.
    problem_type: Meaning of the logits in the words of transformers.
    metrics: Metrics of the whole validation part, names of `scoring.METRICS`.
    thresholds: Least probability with which a text has a label, by label, tuned
      on held-out texts; empty for 0.5.
  """
  kind: str = _KIND.name
  problem_type: str = _KIND.name
  metrics: list[str] = dataclasses.field(
      default_factory=lambda: list(_KIND.metrics))
  thresholds: list[float] = dataclasses.field(default_factory=list)


@task_factory.register_task_cls(MultiLabelConfig)
class MultiLabelTask(task.SentencePredictionTask):
  """Learns each label by itself, by its binary cross-entropy.

  Raises:
    ValueError: If there is one label, a metric is unknown, or thresholds are
      not one for each label.
  """

  def __init__(self, params: cfg.TaskConfig, logging_dir: str | None = None,
               name: str | None = None):
    classes = params.model.num_classes
    if classes < 2:
      raise ValueError(f'task.model.num_classes is {classes}; several labels '
                       'are learned, so it is 2 or more.')
    kind_lib.check_thresholds(params.thresholds)
    if params.thresholds and len(params.thresholds) != classes:
      raise ValueError(f'There are {len(params.thresholds)} task.thresholds '
                       f'for {classes} labels.')
    super().__init__(params, logging_dir, name=name)
    self.problem_type = params.problem_type

  def find_labels(self, data: loader.MultiLabelDataConfig) -> list[str]:
    return loader.find_labels(data)

  def text_losses(self, labels: dict[str, tf.Tensor],
                  logits: tf.Tensor) -> tf.Tensor:
    """Returns the mean binary cross-entropy of all labels of each text."""
    return losses.sigmoid_loss(
        logits, labels[self.label_field], self.task_config.class_weights,
        self.task_config.focal_gamma)

  def outputs_to_match(self, outputs: tf.Tensor, labels: dict[str, tf.Tensor]
                       ) -> list[fine_tuning.Matched]:
    """Returns the logits, each of which is a probability of its own."""
    del labels
    return [fine_tuning.Matched(outputs, activation='sigmoid')]

  # === Metrics ===

  def check_metrics(self, names: list[str]) -> None:
    scoring.check_names(names)

  def compute_metrics(self, labels: np.ndarray,
                      logits: np.ndarray) -> dict[str, float]:
    margins = special.expit(logits) - np.array(
        self.task_config.thresholds or kind_lib.THRESHOLD)
    return scoring.compute(self.task_config.metrics, labels, margins)

  def build_metrics(
      self, training: bool | None = None) -> list[tf_keras.metrics.Metric]:
    """Returns the share of right decisions, counted batch by batch."""
    return [tf_keras.metrics.BinaryAccuracy('label_accuracy', threshold=0.0),
            *gradient_step.norm_metrics(training)]

  def process_metrics(self, metrics: list[tf_keras.metrics.Metric],
                      labels: dict[str, tf.Tensor],
                      model_outputs: tf.Tensor) -> None:
    given = task.select_labelled(labels, self.label_field, model_outputs)
    for metric in metrics:
      metric.update_state(*given)


# === Recipe ===


def read_recipe(kind: task_kind.TaskKind, recipe: Any,
                start: recipes.Start) -> recipes.RecipeData:
  """Reads all files that a recipe names.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a row is bad; names the file and the line.
  """
  fields = _fields(recipe)
  labels = loader.find_labels(loader.MultiLabelDataConfig(**fields['train']))
  common = {**recipes.data_fields(recipe, start, _USUAL_LENGTH),
            'labels': labels}
  for each in fields.values():
    each |= common
  unlabelled, unlabelled_count = base_recipes.unlabelled_fields(
      recipe, fields['train'])
  parts = {part: loader.read_data(loader.MultiLabelDataConfig(**each))
           for part, each in fields.items()}
  return recipes.RecipeData(
      experiment=kind.experiment,
      task={'model': {'num_classes': len(labels)},
            **base_recipes.loss_fields(
                recipe, labels, parts['train'].label_ids),
            'train_data': {**fields['train'], **unlabelled},
            'validation_data': fields['dev']},
      num_examples=len(parts['train'].texts) + unlabelled_count,
      skipped={part: each.skipped for part, each in parts.items()},
      parts=parts, decisive_metrics=kind.decisive_metrics,
      watched_metric=kind.decisive_metrics[0])


def score_run(recipe: Any, data: recipes.RecipeData,
              trained: loading.TrainedModel,
              folder: pathlib.Path) -> dict[str, scoring_lib.Scored]:
  """Tunes thresholds on the held-out part, scores it and answers the test part.

  Returns:
    The scores of the held-out part, with the thresholds.
  """
  dev = data.parts['dev']
  probabilities = predictor_lib.TextPredictor(trained).scores(
      dev.texts, dev.pairs)
  tuned = {'thresholds': scoring.tune_thresholds(
      dev.label_ids, probabilities, recipe.wanted_precision,
      recipe.wanted_recall)}
  trained = dataclasses.replace(
      trained, params=trained.params.replace(task=tuned))
  predictor = predictor_lib.TextPredictor(trained)
  if 'test' in data.parts:
    test = data.parts['test']
    base_recipes.write_lines(
        trained, 'test', predictor.scores(test.texts, test.pairs), folder)
  scored = base_scoring.score_texts(predictor, dev, recipe.task)
  facts = {'Thresholds': 'tuned on these texts, so that other texts can get '
                         'slightly worse answers'}
  return {'dev': dataclasses.replace(
      scored, facts={**facts, **scored.facts}, task_fields=tuned)}


def _fields(recipe: Any) -> dict[str, dict[str, Any]]:
  """Returns the fields of each part's loader, apart from the labels."""
  common = {'text_field': recipe.text_column, 'pair_field': recipe.pair_column,
            'label_field': recipe.label_column,
            'label_columns': list(recipe.label_columns),
            'label_separator': recipe.label_separator}
  fields = {'train': {**common, 'input_path': recipe.train_file},
            'dev': {**common, 'input_path': recipe.dev_file}}
  if recipe.test_file:
    fields['test'] = {**common, 'input_path': recipe.test_file,
                      'label_field': '', 'label_columns': []}
  return fields
