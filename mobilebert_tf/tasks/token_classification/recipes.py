# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Recipes of labelled words: entities, parts of speech, from CoNLL files."""

from typing import Any

from mobilebert_tf.data import conll
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.token_classification import evaluation
from mobilebert_tf.tasks.token_classification import loader
from mobilebert_tf.tasks.token_classification import predictor

_USUAL_LENGTH = 128


def read(recipe: Any, start: recipes.Start) -> recipes.RecipeData:
  """Reads all files that a recipe names.

  Args:
    recipe: The recipe.
    start: Where training starts.

  Returns:
    The data.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a line of any is bad, naming file and line.
  """
  if recipe.test_file:
    raise ValueError(
        'Files of words without labels are not read here: python -m '
        f'mobilebert_tf.predict --input={recipe.test_file} answers text.')
  common = recipes.data_fields(recipe, start, _USUAL_LENGTH)
  parts = {part: loader.read_data(loader.TokenClassificationDataConfig(
      **common, input_path=path)) for part, path in (
          ('train', recipe.train_file), ('dev', recipe.dev_file))}
  labels = conll.find_labels(parts['train'])
  conll.label_ids(parts['dev'], labels)  # Names a label that is unknown.
  common['labels'] = labels
  return recipes.RecipeData(
      experiment='mobilebert/token_classification',
      task={'class_names': labels,
            'train_data': {**common, 'input_path': recipe.train_file},
            'validation_data': {**common, 'input_path': recipe.dev_file}},
      num_examples=len(parts['train']), skipped={}, parts=parts,
      decisive_metrics=('f1',))


def score_run(recipe: Any, data: recipes.RecipeData,
              trained: loading.TrainedModel) -> dict[str, scoring.Scored]:
  """Scores the held-out sentences of a run; see `TaskKind.score_run`."""
  return {'dev': evaluation.score_sentences(
      predictor.TokenPredictor(trained), data.parts['dev'], recipe.task)}
