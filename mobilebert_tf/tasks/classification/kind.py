# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The kinds of task classification and regression."""

from __future__ import annotations

from collections.abc import Sequence
import typing
from typing import Any, NamedTuple

import numpy as np

from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import text_kind

if typing.TYPE_CHECKING:
  from mobilebert_tf.evaluation import scoring as scoring_lib
  from mobilebert_tf.inference import loading
  from mobilebert_tf.tasks.classification import loader
  from mobilebert_tf.tasks.classification import scoring

_OTHER_VALUE = 0.1  # Of the standard deviation of all values.
_ROUNDING = 1e-3


class Label(NamedTuple):
  """The most probable label of a text, and its probability, 0 to 1.

  `truncated` says that the text is longer than the model reads.
  """
  label: str
  probability: float
  truncated: bool = False


def name_probabilities(probabilities: np.ndarray,
                       labels: Sequence[str]) -> dict[str, float]:
  """Returns the probability of each label, rounded for JSON."""
  return {label: round(float(each), 6)
          for label, each in zip(labels, probabilities, strict=True)}


class TextAnswers(text_kind.TextKind):
  """Base class of kinds whose models compute logits of a whole text."""

  title = 'classifier'
  pipeline = 'text-classification'
  head = 'sequence_classification'
  experiment = 'mobilebert/sentence_prediction'
  decisive_metrics: Sequence[str] = ()
  recipe_fields = ('unlabelled_file', 'early_stopping')

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
    """Returns probabilities or values of logits `[texts, classes]`."""
    raise self.missing('predictor')

  def text_scores(self, logits: np.ndarray,
                  trained: loading.TrainedModel) -> np.ndarray:
    """Returns a row for each text, of which `describe` makes an answer.

    Args:
      logits: Output of the model.
      trained: The model.
    """
    del trained
    return self.scores(logits)

  def line_answerer(self, trained, batch_size):
    from mobilebert_tf.tasks.classification import predictor
    return predictor.TextLineAnswerer(trained, batch_size)

  def answerer(self, trained):
    from mobilebert_tf.tasks.classification import predictor
    return predictor.TextAnswerer(trained).answer

  def name_answers(self, scores: np.ndarray, cut: Sequence[bool],
                   labels: Sequence[str], settings: Any) -> list[Any]:
    """Returns rows of `scores` as answers.

    Args:
      scores: Probabilities or values, `[texts, ...]`.
      cut: Whether each text is longer than the model reads.
      labels: Labels of the model.
      settings: The kind's settings of the model.
    """
    del cut, settings
    return [self.to_answer(row, labels) for row in scores]

  def answer_file(self, runner, texts, pairs):
    return self.name_answers(*runner.read(texts, pairs),
                             runner.metadata.labels, runner.metadata.settings)

  def answer_served(self, outputs, texts, labels):
    scores = outputs[self.number_outputs[0]]
    cut = outputs.get('truncated', np.zeros(len(scores), bool))
    return self.name_answers(scores, cut.tolist(), labels, None)

  def describe(self, scores: np.ndarray, trained: loading.TrainedModel
               ) -> dict[str, Any]:
    """Returns the JSON object that answers a line, from a row of `scores`."""
    raise self.missing('predictor')

  def answers(self, trained, texts):
    from mobilebert_tf.tasks.classification import predictor
    return predictor.TextPredictor(trained).scores(texts.texts, texts.pairs)

  def evaluate(self, trained, options):
    from mobilebert_tf.tasks.classification import scoring
    return scoring.evaluate(trained, options)

  def read_examples(self, path: str, trained: loading.TrainedModel,
                    columns: scoring_lib.Columns) -> loader.TextExamples:
    """Reads a labelled file for a model."""
    from mobilebert_tf.tasks.classification import scoring
    return scoring.read_examples(path, trained, columns)

  def check_metrics(self, names: Sequence[str]) -> None:
    """Raises ValueError if a metric is unknown or of another kind."""
    from mobilebert_tf.evaluation import metrics
    metrics.check_names(names, not self.has_labels)

  def predictions(self, trained: loading.TrainedModel,
                  examples: loader.TextExamples, logits: np.ndarray,
                  **fields: Any) -> scoring.TextPredictions:
    """Returns the answers to labelled texts.

    Args:
      trained: The model.
      examples: The texts.
      logits: Output of the model for them.
      **fields: `task` and `lengths` of `scoring.TextPredictions`.
    """
    del trained
    return self.predictions_class(
        texts=examples.texts, pairs=examples.pairs,
        label_names=examples.labels, labels=self.truth(examples),
        scores=self.scores(logits), **fields)

  @property
  def predictions_class(self) -> type[scoring.TextPredictions]:
    """The class of its predictions."""
    raise self.missing('score')

  def truth(self, examples: loader.TextExamples) -> np.ndarray | None:
    """Returns the labels of examples, None if they have none."""
    return examples.label_ids

  def export_scores(self, truth: np.ndarray, answers: np.ndarray) -> list[dict]:
    """Returns scores of an exported model; see `Labelled.score`."""
    raise self.missing('score')

  def agreement(self, answers, reference):
    found = super().agreement(answers, reference)
    if self.has_labels:
      found['share'] = float(np.mean(~self.differ(answers, reference)))
    return found

  def read_labelled(self, path, trained, columns):
    from mobilebert_tf.evaluation import scoring
    examples = self.read_examples(path, trained, columns)
    truth = self.truth(examples)
    return scoring.Labelled(
        examples.texts, examples.pairs,
        lambda answers: self.export_scores(truth, answers))

  def experiments(self):
    from mobilebert_tf.tasks.classification import recipes
    return recipes.experiments(self)

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
  mediapipe_task = 'TextClassifier'
  recipes = ('cola', 'sst2', 'mrpc', 'qqp', 'mnli', 'qnli', 'rte', 'wnli',
             'classification')
  recipe_fields = (*TextAnswers.recipe_fields, 'class_weights', 'focal_gamma',
                   'wanted_precision', 'wanted_recall', 'positive_label')
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
        model, text_tokenizer, trained.max_length, pairs=bool(trained.pairs),
        xla=xla, labels=trained.labels)

  def add_numbers(self, graph, outputs, mask):
    del mask
    return {'probabilities': (
        graph.add('Softmax', outputs['logits'], axis=-1), ['labels'])}

  def differ(self, found, expected):
    return found.argmax(-1) != expected.argmax(-1)

  def certainly_differ(self, trained, texts, found, expected):
    second, best = np.sort(np.stack(expected), -1)[:, -2:].T
    return (best - second > task_kind.ROUNDING) & super().certainly_differ(
        trained, texts, found, expected)

  def to_answer(self, row, labels):
    best = int(np.argmax(row))
    return Label(labels[best], float(row[best]))

  def name_answers(self, scores, cut, labels, settings):
    return [self.to_answer(row, labels)._replace(truncated=is_cut)
            for row, is_cut in zip(scores, cut, strict=True)]


class Regression(TextAnswers):
  """A number for each text."""

  name = 'regression'
  text_outputs = ('score',)
  number_outputs = ('score',)
  mediapipe_task = 'TextClassifier'
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
    from mobilebert_tf.tasks.classification import scoring
    return scoring.bootstrapped(('spearman', 'pearson'), truth, answers)

  def describe(self, scores, trained):
    return {'value': round(float(scores), 6)}

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.classification import serving
    return serving.TextRegression(
        model, text_tokenizer, trained.max_length, pairs=bool(trained.pairs),
        xla=xla)

  def add_numbers(self, graph, outputs, mask):
    del mask
    return {'score': (graph.add('Squeeze', outputs['logits'], [-1]), [])}

  def differ(self, found, expected):
    rounding = _ROUNDING * (1 + np.abs(expected))  # For equal values.
    return np.abs(found - expected) > np.maximum(
        _OTHER_VALUE * expected.std(), rounding)

  def certainly_differ(self, trained, texts, found, expected):
    return np.ones(len(found), bool)  # `differ` compares with all values.

  def to_answer(self, row, labels):
    return float(row)
