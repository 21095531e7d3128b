# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation on texts with any number of labels."""

from typing import Any

from mobilebert_tf.evaluation import scoring as scoring_lib
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import evaluation
from mobilebert_tf.tasks.classification import predictor as predictor_lib
from mobilebert_tf.tasks.multi_label_classification import (
    examples as examples_lib)
from mobilebert_tf.tasks.multi_label_classification import scoring

_FIELDS = ('text_field', 'pair_field', 'label_field', 'label_columns',
           'label_separator', 'column_names', 'bad_rows')


def evaluate(trained: loading.TrainedModel,
             options: scoring_lib.Options) -> scoring_lib.Scored:
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
  examples = read_examples(options.data_file, trained, options.columns)
  return score_texts(
      predictor_lib.TextPredictor(trained, options.batch_size), examples,
      options.title_or_file(), options.metrics)


def read_examples(path: str, trained: loading.TrainedModel,
                  columns: scoring_lib.Columns) -> examples_lib.TextExamples:
  """Reads a labelled file for a model.

  Args:
    path: The file.
    trained: The model. Of a run, the file has the columns of its validation
      data, or of its training data if there is none.
    columns: Columns that are others; the file then has a header.

  Returns:
    The examples, their labels in the order of the model's.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file, or does not suit the model.
  """
  if columns.task:
    raise ValueError(f'{columns.task} is a task of GLUE, where a text has one '
                     'label, but the model gives several.')
  if columns.labels and len(columns.labels) != len(trained.labels):
    raise ValueError(
        f'There are {len(columns.labels)} labels ({", ".join(columns.labels)}) '
        f'for the {len(trained.labels)} of the model '
        f'({", ".join(trained.labels)}).')
  return examples_lib.read_examples(
      path, **_fields(trained, columns),
      labels=list(columns.labels) or list(trained.labels))


def score_texts(predictor: predictor_lib.TextPredictor,
                examples: examples_lib.TextExamples, task: str,
                metrics: tuple[str, ...] = ()) -> scoring_lib.Scored:
  """Answers labelled texts and scores the answers.

  Args:
    predictor: The model.
    examples: Texts and labels, in the order of the model's.
    task: Title of the task in the report.
    metrics: Names of `scoring.METRICS`; empty for all.

  Returns:
    Predictions and metrics.

  Raises:
    ValueError: If there are no labels, or a metric is unknown.
  """
  trained = predictor.trained
  if examples.label_ids is None:
    raise ValueError('The texts have no labels, so answers cannot be scored.')
  names = tuple(metrics) or trained.kind.metrics
  scoring.check_names(names)
  lengths = predictor.lengths(examples.texts, examples.pairs)
  predictions = scoring.LabelPredictions(
      task=task, texts=examples.texts, pairs=examples.pairs,
      label_names=examples.labels, labels=examples.label_ids,
      scores=predictor.scores(examples.texts, examples.pairs), lengths=lengths,
      thresholds=trained.kind.thresholds(trained))
  found = scoring.compute(names, predictions.labels, predictions.margins)
  facts = evaluation.reading_facts(examples, lengths, trained.max_length)
  left_out = scoring.without_both(predictions)
  if left_out and 'macro_auc' in names:
    facts['Left out of AUC'] = (
        f'{", ".join(left_out)}: no text has the label, or every one')
  return scoring_lib.Scored(predictions, found, facts)


def _fields(trained: loading.TrainedModel,
            columns: scoring_lib.Columns) -> dict[str, Any]:
  """Returns how a file is read, apart from the labels."""
  fields: dict[str, Any] = {}
  if trained.params:
    data = trained.params.task.validation_data
    if not data.input_path:
      data = trained.params.task.train_data
    fields = {name: getattr(data, name) for name in _FIELDS}
  given = {name: value for name, value in (
      ('text_field', columns.text), ('pair_field', columns.pair),
      ('label_field', columns.label), ('label_columns', columns.label_columns),
      ('label_separator', columns.label_separator)) if value}
  if columns.label and not columns.label_columns:
    given['label_columns'] = ()
  if given:
    fields = {**fields, 'column_names': (), **given}
  return fields
