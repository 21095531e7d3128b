# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0
"""Classification and regression of texts, as the engines see them."""

from __future__ import annotations

from collections.abc import Sequence
import typing
from typing import Any, NamedTuple

import numpy as np

from mobilebert_tf.tasks import text_kind

if typing.TYPE_CHECKING:
  from mobilebert_tf.inference import loading

_OTHER_VALUE = 0.1  # Of the standard deviation of all values.
_ROUNDING = 1e-3


class Label(NamedTuple):
  """The most probable label of a text, and its probability, 0 to 1."""
  label: str
  probability: float


def name_probabilities(probabilities: np.ndarray,
                       labels: Sequence[str]) -> dict[str, float]:
  """Returns the probability of each label, rounded for JSON."""
  return {label: round(float(each), 6)
          for label, each in zip(labels, probabilities, strict=True)}


class TextAnswers(text_kind.TextKind):
  """A kind whose models have logits of a whole text."""

  title = 'classifier'
  head = 'sequence_classification'
  experiment = 'mobilebert/sentence_prediction'
  decisive_metrics: Sequence[str] = ()

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.MobileBertClassifier

  def task_config(self):
    from mobilebert_tf.tasks.classification import loader
    from mobilebert_tf.tasks.classification import task
    return task.SentencePredictionConfig(
        kind=self.name,
        train_data=loader.TextClassificationDataConfig(),
        validation_data=loader.TextClassificationDataConfig(is_training=False))

  def scores(self, logits: np.ndarray) -> np.ndarray:
    """Returns the answers that logits mean.

    Args:
      logits: float32 `[texts, classes]`.
    """
    raise self.missing('predictor')

  def line_answerer(self, trained, batch_size):
    from mobilebert_tf.tasks.classification import lines
    return lines.TextLineAnswerer(trained, batch_size)

  def describe(self, scores: np.ndarray, trained: loading.TrainedModel
               ) -> dict[str, Any]:
    """Returns the answer to a line as an object for JSON.

    Args:
      scores: A row of `scores`.
      trained: The model.
    """
    raise self.missing('predictor')

  def answers(self, trained, texts):
    from mobilebert_tf.tasks.classification import predictor
    return predictor.TextPredictor(trained).scores(texts.texts, texts.pairs)

  def evaluate(self, trained, options):
    from mobilebert_tf.tasks.classification import evaluation
    return evaluation.evaluate(trained, options)

  @property
  def predictions_class(self) -> type:
    """The class of its `evaluation.predictions`."""
    raise self.missing('score')

  def truth(self, examples) -> np.ndarray | None:
    """Returns the labels of examples, None if they have none.

    Args:
      examples: The `examples.TextExamples`.
    """
    return examples.label_ids

  def export_scores(self, truth: np.ndarray, answers: np.ndarray) -> list[dict]:
    """Returns scores of an exported model; see `scoring.Labelled`."""
    raise self.missing('score')

  def read_labelled(self, path, trained, columns):
    from mobilebert_tf.tasks.classification import evaluation
    examples = evaluation.read_examples(path, trained, columns)
    return evaluation.labelled(self, examples)

  def experiments(self):
    from mobilebert_tf.tasks.classification import experiments
    return experiments.of_kind(self)

  def usual_settings(self, task):
    from mobilebert_tf.tasks.classification import glue
    return glue.GLUE_RECIPES.get(task) or super().usual_settings(task)

  def check_recipe(self, recipe):
    from mobilebert_tf.tasks.classification import recipes
    recipes.check(recipe)

  def read_recipe(self, recipe, start):
    from mobilebert_tf.tasks.classification import recipes
    return recipes.read(self, recipe, start)

  def score_run(self, recipe, data, trained, folder):
    from mobilebert_tf.tasks.classification import recipes
    return recipes.score_run(recipe, data, trained, folder)


class Classification(TextAnswers):
  """One label of several for each text."""

  name = 'classification'
  has_labels = True
  text_outputs = ('probabilities',)
  number_outputs = ('probabilities',)
  recipes = ('cola', 'sst2', 'mrpc', 'qqp', 'mnli', 'qnli', 'rte', 'wnli',
             'classification')
  metrics = ('accuracy', 'f1')
  decisive_metrics = ('accuracy',)

  def is_run(self, task):
    classes = task.get('model', {}).get('num_classes')
    return classes not in (None, 1) and 'class_names' not in task and task.get(
        'kind', self.name) == self.name

  def is_checkpoint(self, num_classes, problem_type):
    return num_classes > 1 and not problem_type

  def labels_of_run(self, task):
    from mobilebert_tf.tasks.classification import loader
    return loader.find_labels(task.train_data)

  def scores(self, logits):
    import tensorflow as tf
    return tf.nn.softmax(logits).numpy()

  def export_scores(self, truth, answers):
    from mobilebert_tf.evaluation import scoring
    return [scoring.mean_score(
        'accuracy', (answers.argmax(1) == truth).astype(np.float64))]

  def describe(self, scores, trained):
    probabilities = name_probabilities(scores, trained.labels)
    label = trained.labels[int(np.argmax(scores))]
    return {'label': label, 'probability': probabilities[label],
            'probabilities': probabilities}

  @property
  def predictions_class(self):
    from mobilebert_tf.tasks.classification import scoring
    return scoring.ClassPredictions

  def report_parts(self):
    from mobilebert_tf.tasks.classification import report
    return report.ClassReportParts()

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.classification import serving
    return serving.TextClassification(
        model, text_tokenizer, trained.max_length, trained.labels,
        pairs=bool(trained.pairs), xla=xla)

  def differ(self, found, expected):
    return found.argmax(-1) != expected.argmax(-1)

  def to_answer(self, row, labels):
    best = int(np.argmax(row))
    return Label(labels[best], float(row[best]))

  def agreement(self, answers, reference):
    return {**super().agreement(answers, reference),
            'share': float(np.mean(~self.differ(answers, reference)))}


class Regression(TextAnswers):
  """A number for each text."""

  name = 'regression'
  text_outputs = ('score',)
  number_outputs = ('score',)
  recipes = ('stsb', 'regression')
  metrics = ('pearson', 'spearman')

  def is_run(self, task):
    return task.get('model', {}).get('num_classes') == 1

  def is_checkpoint(self, num_classes, problem_type):
    return num_classes == 1 and not problem_type

  def scores(self, logits):
    return logits[:, 0]

  @property
  def predictions_class(self):
    from mobilebert_tf.tasks.classification import scoring
    return scoring.ValuePredictions

  def report_parts(self):
    from mobilebert_tf.tasks.classification import report
    return report.ValueReportParts()

  def truth(self, examples):
    return examples.values

  def export_scores(self, truth, answers):
    from mobilebert_tf.tasks.classification import evaluation
    return evaluation.bootstrapped(('spearman', 'pearson'), truth, answers)

  def describe(self, scores, trained):
    return {'value': round(float(scores), 6)}

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.classification import serving
    return serving.TextRegression(
        model, text_tokenizer, trained.max_length, pairs=bool(trained.pairs),
        xla=xla)

  def differ(self, found, expected):
    rounding = _ROUNDING * (1 + np.abs(expected))  # Where all are alike.
    return np.abs(found - expected) > np.maximum(
        _OTHER_VALUE * expected.std(), rounding)

  def to_answer(self, row, labels):
    return float(row)
