# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Any number of labels for each text: a sigmoid and a threshold a label."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from mobilebert_tf.common import parsing
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks.classification import kind as classification

THRESHOLD = 0.5  # Where none was tuned.


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of a `.tflite` file.

  Attributes:
    thresholds: Least probability with which a text has a label, by label.
  """
  thresholds: tuple[float, ...]

  def __post_init__(self):
    check_thresholds(self.thresholds)
    object.__setattr__(self, 'thresholds', tuple(self.thresholds))


def check_thresholds(thresholds: Sequence[float]) -> None:
  """Raises ValueError unless thresholds are a list of numbers from 0 to 1."""
  if not isinstance(thresholds, list | tuple) or any(
      not parsing.is_number(each) or not 0 <= each <= 1
      for each in thresholds):
    raise ValueError(f'thresholds are {thresholds!r:.80}; they have to be a '
                     'list of numbers from 0 to 1.')


class MultiLabelClassification(classification.TextAnswers):
  """Any number of labels for each text.

  The answers that models are compared by are margins: the probability of each
  label minus its threshold. A text has the labels whose margin is 0 or more.
  """

  name = 'multi_label_classification'
  title = 'multi-label classifier'
  experiment = 'mobilebert/multi_label_classification'
  has_labels = True
  text_outputs = ('margins', 'probabilities')
  number_outputs = ('probabilities',)
  mediapipe_task = 'TextClassifier'
  recipes = ('multi_label_classification',)
  recipe_fields = (*classification.TextAnswers.recipe_fields, 'class_weights',
                   'focal_gamma', 'wanted_precision', 'wanted_recall')
  metrics = ('micro_f1', 'macro_f1', 'macro_auc', 'subset_accuracy')
  decisive_metrics = ('macro_f1',)
  settings_class = Settings

  # === Loading ===

  def is_run(self, task):
    return task.get('kind') == self.name

  def is_checkpoint(self, num_classes, problem_type):
    return num_classes > 1 and problem_type == self.name

  def task_config(self):
    from mobilebert_tf.tasks.multi_label_classification import loader
    from mobilebert_tf.tasks.multi_label_classification import task
    return task.MultiLabelConfig(
        train_data=loader.MultiLabelDataConfig(),
        validation_data=loader.MultiLabelDataConfig(is_training=False))

  def labels_of_run(self, task):
    from mobilebert_tf.tasks.multi_label_classification import loader
    return loader.find_labels(task.train_data)

  # === Prediction ===

  def thresholds(self, trained) -> np.ndarray:
    """Returns the threshold of each label of a model, float32 `[labels]`."""
    tuned = trained.params.task.thresholds if trained.params else ()
    return np.array(tuned or [THRESHOLD] * len(trained.labels), np.float32)

  def scores(self, logits):
    import tensorflow as tf
    return tf.sigmoid(logits).numpy()

  def describe(self, scores, trained):
    given = scores >= self.thresholds(trained)
    return {'labels': [label for label, each in zip(
        trained.labels, given, strict=True) if each],
            'probabilities': classification.name_probabilities(
                scores, trained.labels)}

  # === Deployment ===

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.multi_label_classification import serving
    return serving.TextLabels(
        model, text_tokenizer, trained.max_length, pairs=bool(trained.pairs),
        xla=xla, labels=trained.labels, thresholds=self.thresholds(trained))

  def add_numbers(self, graph, outputs, mask):
    del mask
    return {'probabilities': (
        graph.add('Sigmoid', outputs['logits']), ['labels'])}

  def answers(self, trained, texts):
    return super().answers(trained, texts) - self.thresholds(trained)

  def differ(self, found, expected):
    return ((found >= 0) != (expected >= 0)).any(-1)

  def certainly_differ(self, trained, texts, found, expected):
    found, expected = np.stack(found), np.stack(expected)
    sure = np.abs(expected) > task_kind.ROUNDING
    return (sure & ((found >= 0) != (expected >= 0))).any(-1)

  def settings(self, trained):
    return Settings(tuple(map(float, self.thresholds(trained))))

  def check_settings(self, metadata):
    thresholds, labels = metadata.settings.thresholds, metadata.labels
    if len(thresholds) != len(labels):
      raise ValueError(f'There are {len(thresholds)} thresholds for '
                       f'{len(labels)} labels.')

  def name_answers(self, scores, cut, labels, settings):
    margins = scores - np.array(settings.thresholds, np.float32)
    return _name_labels(scores, margins, cut, labels)

  def answer_served(self, outputs, texts, labels):
    scores, margins = outputs['probabilities'], outputs['margins']
    cut = outputs.get('truncated', np.zeros(len(scores), bool))
    return _name_labels(scores, margins, cut.tolist(), labels)

  def comparable(self, runner, texts, pairs):
    return runner.compute(texts, pairs) - np.array(
        runner.metadata.settings.thresholds, np.float32)

  def file_scores(self, runner, texts, pairs):
    return runner.compute(texts, pairs)

  # === Evaluation ===

  def read_examples(self, path, trained, columns):
    from mobilebert_tf.tasks.multi_label_classification import scoring
    return scoring.read_examples(path, trained, columns)

  def check_metrics(self, names):
    from mobilebert_tf.tasks.multi_label_classification import scoring
    scoring.check_names(names)

  def predictions(self, trained, examples, logits, **fields):
    return super().predictions(
        trained, examples, logits, thresholds=self.thresholds(trained),
        **fields)

  @property
  def predictions_class(self):
    from mobilebert_tf.tasks.multi_label_classification import scoring
    return scoring.LabelPredictions

  def export_scores(self, truth, answers):
    from mobilebert_tf.evaluation import scoring as scores
    from mobilebert_tf.tasks.multi_label_classification import scoring
    found = scoring.compute(self.metrics, truth, answers)
    ends = scoring.metric_intervals(self.metrics, truth, answers)
    return [scores.score(name, value, *ends[name])
            for name, value in found.items()]

  def report_parts(self):
    from mobilebert_tf.tasks.multi_label_classification import report
    return report.MultiLabelReportParts()

  # === Recipes ===

  def check_recipe(self, recipe):
    from mobilebert_tf.evaluation import thresholds
    from mobilebert_tf.tasks import recipes
    thresholds.check(recipe.wanted_precision, recipe.wanted_recall)
    recipes.check_files(recipe)

  def read_recipe(self, recipe, start):
    from mobilebert_tf.tasks.multi_label_classification import task
    return task.read_recipe(self, recipe, start)

  def score_run(self, recipe, data, trained, folder):
    from mobilebert_tf.tasks.multi_label_classification import task
    return task.score_run(recipe, data, trained, folder)


def _name_labels(scores: np.ndarray, margins: np.ndarray, cut: Sequence[bool],
                 labels: Sequence[str]) -> list[list[classification.Label]]:
  """Returns the labels of each text, the likeliest first."""
  return [[classification.Label(labels[i], float(row[i]), is_cut)
           for i in np.argsort(-row, kind='stable') if margin[i] >= 0]
          for row, margin, is_cut in zip(scores, margins, cut, strict=True)]
