# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation of token classification on labelled files."""

from collections.abc import Sequence
import itertools
import re
from typing import Any

import numpy as np

from mobilebert_tf.data import conll
from mobilebert_tf.data import entity_labels
from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.token_classification import kind
from mobilebert_tf.tasks.token_classification import predictor as predictor_lib
from mobilebert_tf.tasks.token_classification import scoring as entity_scoring
from mobilebert_tf.text import words as words_lib

_WORD_FIELDS = ('word_column', 'label_column', 'tags', 'comment')


def evaluate(trained: loading.TrainedModel,
             options: scoring.Options) -> scoring.Scored:
  """Scores a model on a labelled file.

  Args:
    trained: The model.
    options: The file, and how it is read.

  Returns:
    Predictions and metrics.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file, or does not suit the model.
  """
  columns = options.columns
  sentences = conll.read_sentences(
      options.data_file, **sentence_fields(
          trained, columns.text, columns.label))
  return score_sentences(
      predictor_lib.TokenPredictor(trained, options.batch_size), sentences,
      options.title_or_file())


def score_sentences(predictor: predictor_lib.TokenPredictor,
                    sentences: Sequence[conll.Sentence],
                    task: str) -> scoring.Scored:
  """Labels the words of labelled sentences and scores that.

  Args:
    predictor: The model.
    sentences: The sentences.
    task: What the report calls it.

  Returns:
    Predictions, and accuracy or, of entities, F1, precision, recall and
    accuracy.

  Raises:
    ValueError: If a label is none of the model's, naming file and line, or the
      model answers what is not finite.
  """
  names = predictor.trained.labels
  conll.label_ids(sentences, names)
  answers = []
  words = [sentence.words for sentence in sentences]
  for row, scores in enumerate(predictor.scores(words)):
    if not np.isfinite(scores).all():  # Or argmax would name a label.
      raise ValueError(
          f'Sentence {row + 1} has probabilities that are not finite. The '
          'model has diverged, or its checkpoint is damaged.')
    answers.append([names[i] for i in scores.argmax(1)])
  entities = entity_labels.are_entities(names)
  predictions = entity_scoring.TokenPredictions(
      task, words, [sentence.labels for sentence in sentences], answers,
      entities)
  metrics = entity_scoring.score(predictions.labels, answers, entities)
  return scoring.Scored(
      predictions, {name: metrics[name] for name in _metrics(entities)}, {})


def read_labelled(path: str, trained: loading.TrainedModel,
                  columns: scoring.Columns) -> scoring.Labelled:
  """Reads labelled sentences as running text; see `TaskKind.read_labelled`.

  An exported model finds the words of a text itself. A word of the file that
  is several to it, such as `$3.5`, gets the label of the first of these.

  Args:
    path: The labelled file.
    trained: The model.
    columns: Columns of words and labels.

  Returns:
    The sentences, their words with a space between, and the function that
    scores the labels that the model gives.
  """
  sentences = conll.read_sentences(
      path, **sentence_fields(trained, columns.text, columns.label))
  conll.label_ids(sentences, trained.labels)
  entities = entity_labels.are_entities(trained.labels)

  def score(answers: Sequence[str]) -> list[dict[str, Any]]:
    labels = [_at_words(sentence.words, kind.split_labels(answer))
              for sentence, answer in zip(sentences, answers, strict=True)]
    return _with_intervals(entity_scoring.count(
        [sentence.labels for sentence in sentences], labels, entities),
                           _metrics(entities))

  return scoring.Labelled(
      [' '.join(sentence.words) for sentence in sentences], None, score)


def _metrics(entities: bool) -> tuple[str, ...]:
  """Returns the names of the metrics, the official one first."""
  return (('f1', 'precision', 'recall', 'accuracy') if entities else
          ('accuracy',))


def _at_words(words: Sequence[str], labels: Sequence[str]) -> list[str]:
  """Returns the label of each word of a file, found among those of its text.

  Args:
    words: Words of the file.
    labels: Labels of the words of the text, which are these or parts of them.
  """
  spans = words_lib.find_words(' '.join(words))
  by_start = {start: label for (start, _), label in zip(
      spans, labels, strict=True)}
  ends = itertools.accumulate(len(word) + 1 for word in words)
  # A word that is white space alone is none of the text's.
  return [by_start.get(end - 1 - len(word), entity_labels.OUTSIDE)
          for word, end in zip(words, ends, strict=True)]


def _with_intervals(counts: entity_scoring.Counts,
                    names: Sequence[str]) -> list[dict[str, Any]]:
  """Returns metrics with 95% intervals by resampling sentences."""
  found = entity_scoring.score_counts(counts)
  ends = intervals.bootstrap(
      lambda rows: entity_scoring.score_counts(counts, rows),
      len(counts.words))
  return [scoring.score(name, found[name], *ends[name]) for name in names]


def sentence_fields(trained: loading.TrainedModel, word_column: str = '',
                    label_column: str = '') -> dict[str, Any]:
  """Returns how `conll.read_sentences` reads a labelled file for a model.

  Args:
    trained: The model. Of a run, the file has the columns of its data.
    word_column: The number of the column of the word, if it is another.
    label_column: The number of that of the label.

  Returns:
    Keywords of `read_sentences`.

  Raises:
    ValueError: If a column is not a number.
  """
  fields = {}
  if trained.params:
    data = trained.params.task.validation_data
    if not data.input_path:
      data = trained.params.task.train_data
    fields = {name: getattr(data, name) for name in _WORD_FIELDS}
  for name, value in (('word_column', word_column),
                      ('label_column', label_column)):
    if not value:
      continue
    if not re.fullmatch(r'-?\d+', value):
      raise ValueError(
          'Columns of such files are numbered, from 0 or from -1 for the last; '
          f'there is none {value!r}.')
    fields[name] = int(value)
  return fields
