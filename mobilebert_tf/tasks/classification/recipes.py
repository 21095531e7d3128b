# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Recipes and experiments of classification and regression, and of GLUE."""

import contextlib
import dataclasses
import functools
import json
import pathlib
from typing import Any

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.evaluation import scoring as scoring_lib
from mobilebert_tf.evaluation import thresholds
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.classification import decision
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import losses
from mobilebert_tf.tasks.classification import predictor as predictor_lib
from mobilebert_tf.tasks.classification import scoring
from mobilebert_tf.tasks.classification import task as task_lib

SUBMISSION = 'submission'
_USUAL_LENGTH = 128


def experiments(kind: task_kind.TaskKind) -> list[recipes.Experiment]:
  """Returns the experiments of a kind: those of GLUE, and one for own texts."""
  found = [_glue_experiment(name, kind) for name in glue.GLUE_RECIPES
           if name in kind.recipes]
  name = kind.experiment.removeprefix('mobilebert/')
  if kind.has_labels:  # Whose config also reads numbers.
    found.insert(0, recipes.Experiment(
        name, kind.task_config, train_steps=3 * 67_349 // 32,  # Of SST-2.
        learning_rate=5e-5))
  return found


def _glue_experiment(name: str, kind: task_kind.TaskKind) -> recipes.Experiment:
  epochs, batch_size, learning_rate = glue.GLUE_RECIPES[name]
  epoch_steps = round(glue.GLUE_TASKS[name].rows['train'] / batch_size)
  return recipes.Experiment(
      f'glue/{name}', functools.partial(_glue_config, name, batch_size, kind),
      epochs * epoch_steps, learning_rate, epoch_steps=epoch_steps)


def _glue_config(name: str, batch_size: int, kind: task_kind.TaskKind
                 ) -> task_lib.SentencePredictionConfig:
  task, data = glue.GLUE_TASKS[name], loader.TextClassificationDataConfig
  config = task_lib.SentencePredictionConfig(
      kind=kind.name, metrics=list(task.metrics),
      train_data=data(
          is_training=True, global_batch_size=batch_size,
          **glue.part_fields(task, 'train')),
      validation_data=data(
          is_training=False, global_batch_size=32,
          **glue.part_fields(task, 'dev')))
  config.model.num_classes = task.num_classes
  return config


def check(recipe: Any) -> None:
  """Raises ValueError if a recipe names no data, or that of another task."""
  if recipe.label_columns:
    raise ValueError(
        f'label_columns are {", ".join(recipe.label_columns)}, but a text of '
        f'{recipe.task} has one label: name its column as label_column.')
  thresholds.check(recipe.wanted_precision, recipe.wanted_recall)
  wanted = recipe.wanted_precision or recipe.wanted_recall
  if bool(wanted) != bool(recipe.positive_label):
    raise ValueError('A precision or a recall is that of one label: name both '
                     'positive_label and wanted_precision or wanted_recall.')
  if recipe.task not in glue.GLUE_TASKS:
    recipes.check_files(recipe)
    return
  if not recipe.data_dir:
    raise ValueError(f'{recipe.task} needs data_dir, the folder that holds '
                     f'{glue.GLUE_TASKS[recipe.task].folder}.')
  own = [name for name in ('train_file', 'dev_file', 'test_file')
         if getattr(recipe, name)]
  if own:
    raise ValueError(f'{recipe.task} reads the files of data_dir, not '
                     f'{", ".join(own)}. For a file of your own the task is '
                     'classification or regression.')


def read(kind: task_kind.TaskKind, recipe: Any,
         start: recipes.Start) -> recipes.RecipeData:
  """Reads all files that a recipe names.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a row of any is bad, naming file and line.
  """
  is_glue = recipe.task in glue.GLUE_TASKS
  fields = _glue_fields(recipe) if is_glue else _own_fields(kind, recipe)
  parts = {part: loader.read_data(loader.TextClassificationDataConfig(**each))
           for part, each in fields.items()}
  if is_glue:
    parts |= _read_test_parts(recipe)
  labels = list(parts['train'].labels)
  common = {
      **recipes.data_fields(recipe, start, _USUAL_LENGTH), 'labels': labels}
  metrics = list(_metric_names(recipe))
  if recipe.early_stopping:
    metrics = metrics or list(kind.metrics)
  if recipe.positive_label:
    decision.check_labels(recipe.positive_label, labels)
  unlabelled, unlabelled_count = unlabelled_fields(recipe, fields['train'])
  return recipes.RecipeData(
      experiment=kind.experiment,
      task={'kind': kind.name,
            'metrics': metrics,
            'model': {'num_classes': max(1, len(labels))},
            **loss_fields(recipe, labels, parts['train'].label_ids),
            'train_data': {**common, **fields['train'], 'labels': labels,
                           **unlabelled},
            'validation_data': {**common, **fields['dev'], 'labels': labels}},
      num_examples=len(parts['train'].texts) + unlabelled_count,
      skipped={part: each.skipped for part, each in parts.items()},
      parts=parts,
      decisive_metrics=() if is_glue else kind.decisive_metrics,
      watched_metric=(metrics or [''])[0])


def loss_fields(recipe: Any, labels: list[str],
                label_ids: np.ndarray | None) -> dict[str, Any]:
  """Returns the fields of a task's loss.

  Args:
    recipe: The recipe.
    labels: Labels of the training part.
    label_ids: See `loader.TextExamples`.

  Raises:
    ValueError: If weights are no numbers, or of other labels.
  """
  if not (recipe.class_weights or recipe.focal_gamma):
    return {}
  if recipe.class_weights == ('balanced',):
    weights = losses.balanced_weights(label_ids, len(labels))
  else:
    named = dict(map(_read_weight, recipe.class_weights))
    unknown = [label for label in named if label not in labels]
    if unknown:
      raise ValueError(f'class_weights names {unknown[0]!r}, which is not one '
                       f'of {", ".join(labels[:20])}.')
    weights = [named.get(label, 1.0) for label in labels] if named else []
  losses.check(weights, recipe.focal_gamma, len(labels))
  return {'class_weights': weights, 'focal_gamma': recipe.focal_gamma}


def _read_weight(item: str) -> tuple[str, float]:
  label, _, weight = item.rpartition('=')
  try:
    return label, float(weight)
  except ValueError:
    raise ValueError(f'class_weights has {item!r}; it is balanced, or a list '
                     'of label=weight.') from None


def unlabelled_fields(recipe: Any,
                      fields: dict[str, Any]) -> tuple[dict[str, str], int]:
  """Returns the loader's fields of unlabelled texts, and their number."""
  if not recipe.unlabelled_file:
    return {}, 0
  named = {'unlabelled_path': files.find_file(recipe.unlabelled_file)}
  texts = {name: fields[name] for name in ('text_field', 'pair_field')
           if name in fields}
  found = loader.read_unlabelled(
      loader.TextClassificationDataConfig(**texts, **named))
  return named, len(found.texts)


def score_run(recipe: Any, data: recipes.RecipeData,
              trained: loading.TrainedModel,
              folder: pathlib.Path) -> dict[str, scoring_lib.Scored]:
  """Returns the scores of held-out parts; answers test parts into a folder."""
  threshold = None
  if recipe.positive_label:
    threshold = decision.move(
        trained, folder, data.parts['dev'], recipe.positive_label,
        precision=recipe.wanted_precision, recall=recipe.wanted_recall)
  predictor = predictor_lib.TextPredictor(trained)
  found = {}
  for part, examples in data.parts.items():
    if part in recipes.TEST_PARTS:
      scores = predictor.scores(examples.texts, examples.pairs)
      _write_answers(recipe, part, scores, trained, folder)
    elif part != 'train':
      found[part] = scoring.score_texts(
          predictor, examples, _title(recipe, part), _metric_names(recipe))
  if threshold:
    found['dev'] = dataclasses.replace(found['dev'], facts={
        **decision.facts(recipe.positive_label, threshold),
        **found['dev'].facts})
  return found


def _write_answers(recipe: Any, part: str, scores: np.ndarray,
                   trained: loading.TrainedModel,
                   folder: pathlib.Path) -> None:
  if recipe.task in glue.GLUE_TASKS:
    task, part = ('ax', 'test') if part == 'ax' else (recipe.task, part)
    glue.write_answers(task, scores, folder / SUBMISSION, part=part,
                       labels=trained.labels)
  else:
    write_lines(trained, part, scores, folder)


def write_lines(trained: loading.TrainedModel, part: str, scores: np.ndarray,
                folder: pathlib.Path) -> None:
  """Writes a model's answers to unlabelled texts, an object a line."""
  answers = [trained.kind.describe(row, trained) for row in scores]
  files.write_text(folder / f'{part}.jsonl', ''.join(
      json.dumps(answer) + '\n' for answer in answers))


def _metric_names(recipe: Any) -> tuple[str, ...]:
  """Returns the official metrics; one's own task has the usual ones."""
  task = glue.GLUE_TASKS.get(recipe.task)
  return task.metrics if task else ()


def _title(recipe: Any, part: str) -> str:
  task = glue.GLUE_TASKS.get(recipe.task)
  title = task.title if task else recipe.task
  return title if part == 'dev' else f'{title}, {part}'


def _own_fields(kind: task_kind.TaskKind,
                recipe: Any) -> dict[str, dict[str, Any]]:
  """Returns the loader's fields for each part of the user's own data."""
  common = {
      'text_field': recipe.text_column, 'pair_field': recipe.pair_column,
      'label_field': recipe.label_column, 'regression': not kind.has_labels}
  fields = {'train': {**common, 'input_path': recipe.train_file},
            'dev': {**common, 'input_path': recipe.dev_file}}
  if kind.has_labels:
    # The held-out part may lack a class; its ids are the training part's.
    labels = loader.read_labels(recipe.train_file, recipe.label_column)
    if len(labels) < 2:
      raise ValueError(f'{recipe.train_file} has one label, {labels[0]!r}; '
                       'classification is among two or more.')
    fields['dev']['labels'] = labels
  if recipe.test_file:
    fields['test'] = {
        **common, 'input_path': recipe.test_file, 'label_field': ''}
  return fields


def _glue_fields(recipe: Any) -> dict[str, dict[str, Any]]:
  task = glue.GLUE_TASKS[recipe.task]
  return {part: glue.data_fields(task, recipe.data_dir, part)
          for part in task.files if part not in recipes.TEST_PARTS}


def _read_test_parts(recipe: Any) -> dict[str, loader.TextExamples]:
  """Returns the test parts that there are; some copies of GLUE have none."""
  task = glue.GLUE_TASKS[recipe.task]
  names = [(task, part, part) for part in task.submissions]
  if recipe.task == 'mnli':  # Its model answers the diagnostic sentences.
    names.append((glue.GLUE_TASKS['ax'], 'test', 'ax'))
  parts = {}
  for each, part, key in names:
    with contextlib.suppress(FileNotFoundError):
      parts[key] = glue.read_test_part(each, recipe.data_dir, part)
  return parts
