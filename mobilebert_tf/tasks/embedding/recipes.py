# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Learning sentence vectors by a recipe: losses follow from the data.

A teacher's vectors are learned by direction and similarities, scored pairs by
their order, pairs by ranking, and texts alone by ranking under dropout.
"""

from collections.abc import Mapping
import json
import pathlib
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.data import tables
from mobilebert_tf.evaluation import scoring as scoring_lib
from mobilebert_tf.inference import line_answers
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.embedding import loader
from mobilebert_tf.tasks.embedding import predictor
from mobilebert_tf.tasks.embedding import scoring
from mobilebert_tf.tasks.embedding import task as task_lib

_USUAL_LENGTH = 128
_DROPOUT = 0.1
# See docs/embeddings.md.
_TAUGHT = {'cosine_distance': 1.0, 'similarity_error': 10.0}
# The reference's, without a correction of its first steps, makes all vectors
# the same at the rates that this takes.
_OPTIMIZER = {'type': 'adamw', 'adamw': {
    'weight_decay_rate': 0.01, 'exclude_from_weight_decay': ['norm', 'bias'],
    'gradient_clip_norm': 0.0, 'global_clipnorm': 1.0}}


def experiments(kind: task_kind.TaskKind) -> list[recipes.Experiment]:
  """Returns the experiment of the kind, with a teacher's vectors."""
  def config() -> task_lib.EmbeddingConfig:
    return task_lib.EmbeddingConfig(losses=task_lib.LossWeights(_TAUGHT))

  return [recipes.Experiment(
      kind.experiment.removeprefix('mobilebert/'), config, train_steps=20_000,
      learning_rate=2e-4, end_learning_rate=0.0, can_have_teacher=False,
      optimizer=_OPTIMIZER)]


def check(recipe: Any) -> None:
  """Raises ValueError if a recipe names no data, or settings of others."""
  if not recipe.dev_file or not (recipe.train_file or recipe.vectors):
    raise ValueError(
        'embedding needs train_file, or vectors, and dev_file, a table of '
        'scored pairs with the columns of text_column, pair_column and '
        'label_column.')
  if recipe.teacher:
    raise ValueError(
        f"teacher is {recipe.teacher}, but a sentence encoder learns a "
        "teacher's vectors, made once: mobilebert embed. Name them as vectors.")
  if recipe.label_columns:
    raise ValueError('label_columns are of texts with several labels; the '
                     'score of a pair is in label_column.')


def read(kind: task_kind.TaskKind, recipe: Any,
         start: recipes.Start) -> recipes.RecipeData:
  """Reads all files that a recipe names.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a row is bad; names the file and the line.
  """
  common = recipes.data_fields(recipe, start, _USUAL_LENGTH)
  train = {**_columns(recipe, recipe.train_file), 'largest_score': 0.0,
           'vectors': recipe.vectors, 'input_path': recipe.train_file, **common}
  dev = {**_columns(recipe, recipe.dev_file), 'largest_score': 0.0,
         'input_path': recipe.dev_file, **common, 'is_training': False}
  if not dev.get('score_field'):
    raise ValueError(
        f'{recipe.dev_file} has to be a table of scored pairs: with the columns'
        f' {recipe.text_column!r}, {recipe.pair_column or "of pair_column"!r} '
        f'and {recipe.label_column!r}.')
  examples, store = loader.read_data(loader.EmbeddingDataConfig(**train))
  parts = {'train': examples,
           'dev': loader.read_data(loader.EmbeddingDataConfig(**dev))[0]}
  if recipe.test_file:
    parts['test'] = loader.read_examples(
        recipe.test_file, text_field=recipe.text_column)
  losses = _losses(train)
  model: dict[str, Any] = {'output_size': store.size if store else None}
  if 'ranking' in losses and not train.get('pair_field') and not (
      start.architecture.hidden_dropout_rate):
    model['encoder'] = {'any': {'hidden_dropout_rate': _DROPOUT}}
  return recipes.RecipeData(
      experiment=kind.experiment,
      # The registered experiment has a teacher's.
      task={'losses': {**dict.fromkeys(_TAUGHT, 0.0), **losses},
            'model': model, 'widths': [int(each) for each in recipe.widths],
            'train_data': train, 'validation_data': dev},
      num_examples=len(examples),
      skipped={part: each.skipped for part, each in parts.items()},
      parts=parts, decisive_metrics=('spearman',))


def score_run(recipe: Any, data: recipes.RecipeData,
              trained: loading.TrainedModel,
              folder: pathlib.Path) -> Mapping[str, scoring_lib.Scored]:
  """Scores the held-out pairs, and writes the vectors of the test part."""
  if 'test' in data.parts:
    answerer = predictor.VectorLineAnswerer(trained)
    answers = answerer.answer([
        line_answers.Line(number, {'text': text}) for number, text in enumerate(
            data.parts['test'].columns[loader.TEXT], 1)])
    files.write_text(folder / 'test.jsonl', ''.join(
        json.dumps(answer) + '\n' for answer in answers))
  return {'dev': scoring.score_pairs(
      trained, data.parts['dev'], recipe.task)}


def _columns(recipe: Any, path: str) -> dict[str, Any]:
  """Returns the columns of a recipe that a file has."""
  fields = {'text_field': recipe.text_column}
  if not path or loader.are_lines(path):
    return fields
  header = tables.read_header(files.find_files(path)[0])
  if recipe.pair_column in header:
    fields['pair_field'] = recipe.pair_column
    if recipe.label_column in header:
      fields['score_field'] = recipe.label_column
    if recipe.negative_columns and set(recipe.negative_columns) <= set(header):
      fields['negative_fields'] = list(recipe.negative_columns)
  return fields


def _losses(data: Mapping[str, Any]) -> dict[str, float]:
  """Returns the weights of the losses that suit training data."""
  weights = dict(_TAUGHT) if data['vectors'] else {}
  if data.get('score_field'):
    weights['score_order'] = 1.0
  elif data.get('pair_field') or not data['vectors']:
    weights['ranking'] = 1.0
  return weights
