# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Predictions that no model made."""

from typing import Any

from mobilebert_tf.tasks.classification import scoring as text_scoring
from mobilebert_tf.tasks.question_answering import evaluation as answers_lib
from mobilebert_tf.tasks.token_classification import evaluation as token_scoring


def classification(**changes: Any) -> text_scoring.ClassPredictions:
  """Four texts of two classes; the last one is answered wrong."""
  return text_scoring.ClassPredictions(**{
      'task': 'made up',
      'texts': ['one', 'two two', 'three', 'four'], 'pairs': None,
      'label_names': ['no', 'yes'], 'labels': [0, 1, 1, 0],
      'scores': [[0.9, 0.1], [0.2, 0.8], [0.45, 0.55], [0.3, 0.7]],
      'lengths': [3, 4, 3, 3], **changes})


def regression(**changes: Any) -> text_scoring.ValuePredictions:
  """Three texts; the second value is right."""
  return text_scoring.ValuePredictions(**{
      'task': 'made up', 'texts': ['a', 'b', 'c'],
      'pairs': ['d', 'e', 'f'], 'label_names': [], 'labels': [0.0, 2.0, 4.0],
      'scores': [1.0, 2.0, 3.5], 'lengths': [5, 5, 5], **changes})


def answers(**changes: Any) -> answers_lib.AnswerPredictions:
  """Four questions: right, half right, wrong, and one without an answer."""
  return answers_lib.AnswerPredictions(**{
      'task': 'made up', 'ids': ['q1', 'q2', 'q3', 'q4'],
      'questions': ['Who came?', 'In what year?', 'What fell?', 'Why?'],
      'contexts': ['Ann came.', 'In 1999 or so.', 'The old tree fell.', 'No.'],
      'truths': [['Ann'], ['1999'], ['The old tree', 'tree'], []],
      'answers': ['Ann', '1999 or', 'fell', ''],
      'scores': [1.0, 2.0, 3.0, 4.0], 'exact': [1, 0, 0, 1],
      'f1': [1, 2 / 3, 0, 1], **changes})


def tokens(**changes: Any) -> token_scoring.TokenPredictions:
  """Three sentences: right, a wrong end of an entity, an invented entity."""
  return token_scoring.TokenPredictions(**{
      'task': 'made up',
      'words': [['Ann', 'came'], ['New', 'York', 'is', 'far'], ['Yes']],
      'labels': [['B-PER', 'O'], ['B-LOC', 'I-LOC', 'O', 'O'], ['O']],
      'answers': [['B-PER', 'O'], ['B-LOC', 'O', 'O', 'O'], ['B-PER']],
      **changes})
