# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0
"""The recipe of one's own texts with any number of labels."""

import dataclasses
import pathlib
from typing import Any

from mobilebert_tf.evaluation import scoring as scoring_lib
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks.classification import predictor as predictor_lib
from mobilebert_tf.tasks.classification import recipes as texts
from mobilebert_tf.tasks.multi_label_classification import evaluation
from mobilebert_tf.tasks.multi_label_classification import loader
from mobilebert_tf.tasks.multi_label_classification import scoring
from mobilebert_tf.tasks import recipes

_USUAL_LENGTH = 128


def read(kind: task_kind.TaskKind, recipe: Any,
         start: recipes.Start) -> recipes.RecipeData:
  """Reads all files that a recipe names.

  Args:
    kind: Kind of the recipe's task.
    recipe: The recipe.
    start: Where training starts.

  Returns:
    The data.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a row of any is bad, naming file and line.
  """
  fields = _fields(recipe)
  labels = loader.find_labels(loader.MultiLabelDataConfig(**fields['train']))
  common = {**recipes.data_fields(recipe, start, _USUAL_LENGTH),
            'labels': labels}
  for each in fields.values():
    each |= common
  parts = {part: loader.read_data(loader.MultiLabelDataConfig(**each))
           for part, each in fields.items()}
  return recipes.RecipeData(
      experiment=kind.experiment,
      task={'model': {'num_classes': len(labels)},
            'train_data': fields['train'], 'validation_data': fields['dev']},
      num_examples=len(parts['train'].texts),
      skipped={part: each.skipped for part, each in parts.items()},
      parts=parts, decisive_metrics=kind.decisive_metrics)


def score_run(recipe: Any, data: recipes.RecipeData,
              trained: loading.TrainedModel,
              folder: pathlib.Path) -> dict[str, scoring_lib.Scored]:
  """Tunes thresholds on the held-out part, scores it and answers the test part.

  Args:
    recipe: The recipe.
    data: Its data.
    trained: The fine-tuned model.
    folder: Folder of the run; gets the answers.

  Returns:
    The scores of the held-out part, with the thresholds.
  """
  dev = data.parts['dev']
  probabilities = predictor_lib.TextPredictor(trained).scores(
      dev.texts, dev.pairs)
  tuned = {'thresholds': scoring.tune_thresholds(dev.label_ids, probabilities)}
  trained = dataclasses.replace(
      trained, params=trained.params.replace(task=tuned))
  predictor = predictor_lib.TextPredictor(trained)
  if 'test' in data.parts:
    test = data.parts['test']
    texts.write_lines(
        trained, 'test', predictor.scores(test.texts, test.pairs), folder)
  scored = evaluation.score_texts(predictor, dev, recipe.task)
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
