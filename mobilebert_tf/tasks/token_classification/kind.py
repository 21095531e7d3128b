# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of words, as the engines see them."""

from collections.abc import Sequence

import numpy as np

from mobilebert_tf.tasks import text_kind

_SEPARATOR = '\n'  # No label has one; see `tflite_file`.


class TokenClassification(text_kind.TextKind):
  """A label for each word of a text: entities, parts of speech."""

  name = 'token_classification'
  title = 'token classifier'
  head = 'token_classification'
  experiment = 'mobilebert/token_classification'
  reads_pairs = False
  has_labels = True
  text_outputs = ('label', 'start', 'end', 'probability')
  number_outputs = ('probabilities',)
  recipes = ('token_classification',)

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.MobileBertTokenClassifier

  def is_run(self, task):
    return 'class_names' in task

  def task_config(self):
    from mobilebert_tf.tasks.token_classification import loader
    from mobilebert_tf.tasks.token_classification import task
    return task.TokenClassificationConfig(
        train_data=loader.TokenClassificationDataConfig(),
        validation_data=loader.TokenClassificationDataConfig(
            is_training=False))

  def labels_of_run(self, task):
    from mobilebert_tf.tasks.token_classification import loader
    return list(task.class_names or loader.find_labels(task.train_data))

  def line_answerer(self, trained, batch_size):
    from mobilebert_tf.tasks.token_classification import predictor
    return predictor.WordLineAnswerer(trained, batch_size)

  # === Deployment ===
  #
  # The answer to a text that is compared is the labels of its words, a line
  # each.

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.token_classification import serving
    return serving.TokenClassification(
        model, text_tokenizer, trained.max_length, trained.labels, xla=xla)

  def encode(self, trained, texts, *, rows, length, most):
    from mobilebert_tf.tasks.token_classification import predictor
    return predictor.encode_parts(
        trained, texts, rows=rows, length=length, most=most)

  def answers(self, trained, texts):
    from mobilebert_tf.tasks.token_classification import predictor
    return [_join(word.label for word in words)
            for words in predictor.TokenPredictor(trained).answer(texts.texts)]

  def served_answers(self, outputs):
    if not np.isfinite(outputs['probability']).all():
      raise ValueError('The export gives numbers that are not finite.')
    return [_join(label.decode('utf-8') for label in labels[starts >= 0])
            for labels, starts in zip(
                outputs['label'], outputs['start'], strict=True)]

  def differ(self, found, expected):
    """Returns the share of each text's words that have another label."""
    return np.array([_difference(split_labels(one), split_labels(other))
                     for one, other in zip(found, expected, strict=True)])

  def answer_file(self, runner, texts, pairs):
    from mobilebert_tf.tasks.token_classification import answers as answers_lib
    return answers_lib.answer(runner, texts)

  def comparable(self, runner, texts, pairs):
    return [_join(word.label for word in answer.words)
            for answer in self.answer_file(runner, texts, pairs)]

  # === Evaluation ===

  def read_labelled(self, path, trained, columns):
    from mobilebert_tf.tasks.token_classification import evaluation
    return evaluation.read_labelled(path, trained, columns)

  def agreement(self, answers, reference):
    # A text counts if all of its words have the same label.
    return {'share': float(np.mean(self.differ(answers, reference) == 0))}

  def evaluate(self, trained, options):
    from mobilebert_tf.tasks.token_classification import evaluation
    return evaluation.evaluate(trained, options)

  def report_parts(self):
    from mobilebert_tf.tasks.token_classification import report
    return report.TokenReportParts()

  def experiments(self):
    from mobilebert_tf.tasks import recipes
    return [recipes.Experiment(
        self.name, self.task_config,
        train_steps=5 * 14_041 // 32,  # Five epochs of CoNLL 2003.
        learning_rate=5e-5)]

  def check_recipe(self, recipe):
    from mobilebert_tf.tasks import recipes
    recipes.check_files(recipe)

  def read_recipe(self, recipe, start):
    from mobilebert_tf.tasks.token_classification import recipes
    return recipes.read(recipe, start)

  def score_run(self, recipe, data, trained, folder):
    from mobilebert_tf.tasks.token_classification import recipes
    return recipes.score_run(recipe, data, trained)


def split_labels(answer: str) -> list[str]:
  """Returns the labels of an answer, one for each word of the text."""
  return answer.split(_SEPARATOR) if answer else []


def _join(labels) -> str:
  return _SEPARATOR.join(labels)


def _difference(labels: Sequence[str], others: Sequence[str]) -> float:
  """Returns the share of words with another label; 1 for other words."""
  if len(labels) != len(others):
    return 1.0
  return float(np.mean([a != b for a, b in zip(
      labels, others, strict=True)] or [False]))
