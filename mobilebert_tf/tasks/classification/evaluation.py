# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation of classification and regression on labelled files."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks.classification import examples as examples_lib
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import predictor as predictor_lib

_UNNAMED = re.compile(r'LABEL_\d+')
_FIELDS = ('text_field', 'pair_field', 'label_field', 'column_names',
           'bad_rows')


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
  task = glue.get_task(columns.task) if columns.task else None
  examples = read_examples(options.data_file, trained, columns)
  metrics = options.metrics or (task.metrics if task else ())
  if not metrics and trained.params:
    metrics = trained.params.task.metrics
  title = options.title or (task.title if task else options.title_or_file())
  return score_texts(
      predictor_lib.TextPredictor(trained, options.batch_size), examples, title,
      metrics)


def read_examples(path: str, trained: loading.TrainedModel,
                  columns: scoring.Columns) -> examples_lib.TextExamples:
  """Reads a labelled file for a model; raises as `evaluate`."""
  task = glue.get_task(columns.task) if columns.task else None
  return examples_lib.read_examples(path, **reading_fields(
      trained, task, columns.labels, text_field=columns.text,
      pair_field=columns.pair, label_field=columns.label))


def labelled(kind: task_kind.TaskKind,
             examples: examples_lib.TextExamples) -> scoring.Labelled:
  """Returns examples and the function that scores answers to them."""
  truth = kind.truth(examples)
  return scoring.Labelled(
      examples.texts, examples.pairs,
      lambda answers: kind.export_scores(truth, answers))


def bootstrapped(names: Sequence[str], truth: np.ndarray,
                 answers: np.ndarray) -> list[dict[str, Any]]:
  """Returns metrics of a whole file with 95% intervals by resampling."""
  found = metrics_lib.compute(names, truth, answers)
  ends = intervals.bootstrap(lambda rows: metrics_lib.compute(
      names, truth[rows], answers[rows]), len(truth))
  return [scoring.score(name, found[name], *ends[name]) for name in names]


def score_texts(predictor: predictor_lib.TextPredictor,
                examples: examples_lib.TextExamples,
                task: str,
                metrics: Sequence[str] = ()) -> scoring.Scored:
  """Answers labelled texts and scores the answers.

  Example:

    trained = registry.load('runs/sst2')
    examples = examples.read_examples('dev.tsv', labels=trained.labels)
    score_texts(TextPredictor(trained), examples, 'SST-2')

  Args:
    predictor: The model.
    examples: Texts and labels, the labels in the order of the model's classes.
    task: What the report calls it.
    metrics: Names of `evaluation.metrics`; by default accuracy and F1 of
      classes, Pearson's and Spearman's correlation of values.

  Returns:
    Predictions and metrics.

  Raises:
    ValueError: If there are no labels, the model answers what is not finite, or
      a metric does not suit it.
  """
  kind = predictor.trained.kind
  labels = kind.truth(examples)
  if labels is None:
    raise ValueError('The texts have no labels, so answers cannot be scored.')
  names = tuple(metrics) or kind.metrics
  metrics_lib.check_names(names, not kind.has_labels)
  lengths = predictor.lengths(examples.texts, examples.pairs)
  predictions = kind.predictions_class(
      task=task, texts=examples.texts, pairs=examples.pairs,
      label_names=examples.labels, labels=labels,
      scores=predictor.scores(examples.texts, examples.pairs), lengths=lengths)
  return scoring.Scored(
      predictions,
      metrics_lib.compute(names, predictions.labels, predictions.scores),
      reading_facts(examples, lengths, predictor.trained.max_length))


def reading_facts(examples: examples_lib.TextExamples, lengths: np.ndarray,
                  longest: int) -> dict[str, str]:
  """Returns what the report says of rows and texts that were not read whole.

  Args:
    examples: The texts.
    lengths: int32 `[texts]` tokens.
    longest: Maximum length that the model reads.
  """
  cut = int((lengths > longest).sum())
  facts = {'Longer than the model reads':
               f'{cut:,} of {len(lengths):,} texts have more than {longest:,} '
               'tokens' if cut else 'no text'}
  if examples.skipped:
    facts['Rows left out'] = f'{examples.skipped:,} that cannot be read'
  return facts


def reading_fields(trained: loading.TrainedModel,
                   task: glue.GlueTask | None = None,
                   labels: Sequence[str] = (),
                   **columns: str) -> dict[str, Any]:
  """Returns how `read_examples` reads a labelled file for a model.

  Example:

    trained = registry.load('runs/sst2')
    examples = examples.read_examples(
        'dev.tsv', **reading_fields(trained))

  Args:
    trained: The model. Of a run, the file has the columns of its validation
      data, or of its training data if there is none.
    task: A task of GLUE, if the file is one of its.
    labels: The labels of the file in the order of the model's classes, where
      they are not those that the model knows.
    **columns: `text_field`, `pair_field` and `label_field`, where they are
      others. The file then has a header.

  Returns:
    Keywords of `read_examples`.

  Raises:
    ValueError: If the labels are not as many as the model's classes, or
      others than a task has, or the kind of model does not suit the task.
  """
  is_regression = not trained.kind.has_labels
  fields = {'text_field': 'text', 'label_field': 'label'}
  if trained.params:
    data = trained.params.task.validation_data
    if not data.input_path:
      data = trained.params.task.train_data
    fields = {name: getattr(data, name) for name in _FIELDS}
  if task:
    if (task.labels is None) != is_regression:
      raise ValueError(
          f'{task.title} is not for a model of {trained.kind.name}.')
    fields = glue.part_fields(task, 'dev')
    fields = {name: fields[name] for name in _FIELDS}
  given = {name: value for name, value in columns.items() if value}
  if given:
    fields = {**fields, 'column_names': (), **given}
  return {**fields, 'regression': is_regression,
          'labels': _labels(trained, task, labels)}


def _labels(trained: loading.TrainedModel, task: glue.GlueTask | None,
            labels: Sequence[str]) -> list[str]:
  if not trained.kind.has_labels:
    if labels:
      raise ValueError('The model rates texts with a number; there are no '
                       f'labels to name, such as {labels[0]!r}.')
    return []
  known = list(trained.labels)
  if not labels and task:
    if set(known) == set(task.labels):
      return known  # The order may be another.
    if not all(_UNNAMED.fullmatch(label) for label in known):
      raise ValueError(
          f'{task.title} has the labels {", ".join(task.labels)}, the model '
          f'{", ".join(known)}. Name those of the file in the order of the '
          "model's.")
    labels = task.labels
  if labels and len(labels) != len(known):
    raise ValueError(
        f'There are {len(labels)} labels ({", ".join(labels)}) for the '
        f'{len(known)} classes of the model ({", ".join(known)}).')
  return list(labels) or known
