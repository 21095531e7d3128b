# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Recipes of question answering: SQuAD v1.1 and v2.0."""

from collections.abc import Mapping
import dataclasses
import pathlib
from typing import Any

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.question_answering import evaluation
from mobilebert_tf.tasks.question_answering import loader
from mobilebert_tf.tasks.question_answering import predictor

_USUAL_LENGTH = 384
_ANSWERS = 'answers'
_VERSION_2 = 'squad_v2'


def read(recipe: Any, start: recipes.Start) -> recipes.RecipeData:
  """Reads all files that a recipe names; see `TaskKind.read_recipe`.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If one cannot be used; names the file and the question.
  """
  fields = recipes.data_fields(recipe, start, _USUAL_LENGTH)
  length = fields['seq_length']
  common = {
      **fields, 'version_2_with_negative': recipe.task == _VERSION_2,
      # The authors' settings, a third and a sixth of a shorter window.
      'doc_stride': min(128, max(1, length // 3)),
      'query_length': min(64, max(1, length // 6))}
  titles = list(recipe.dev_titles)
  train = {**common, 'input_path': recipe.train_file, 'exclude_titles': titles}
  dev = {**common, 'input_path': recipe.dev_file, 'titles': titles}
  prepared = loader.QuestionAnsweringDataLoader(
      loader.QuestionAnsweringDataConfig(**train)).prepared
  parts = {'dev': squad.read(_find(recipe.dev_file), titles)}
  parts['dev'].check_answers()
  if recipe.test_file:
    parts['test'] = squad.read(_find(recipe.test_file))
  return recipes.RecipeData(
      experiment=f'mobilebert/{recipe.task}',
      task={'train_data': train, 'validation_data': dev},
      num_examples=len(prepared.rows),
      skipped={'train': len(prepared.data.questions) - len(set(
          prepared.windows.question[prepared.rows].tolist()))},
      parts=parts, decisive_metrics=('f1',))


def score_run(recipe: Any, data: recipes.RecipeData,
              trained: loading.TrainedModel,
              folder: pathlib.Path) -> dict[str, scoring.Scored]:
  """Scores the held-out questions and answers the test part.

  The folder of the run gets the official files in `answers`. For v2.0 the tuned
  no-answer threshold becomes a field of the run's task.
  """
  answerer = predictor.QuestionAnswerer(trained)
  version_2 = recipe.task == _VERSION_2
  found, threshold = {}, None
  for part, questions in data.parts.items():
    answers = evaluation.answer_questions(answerer, questions)
    if part == 'dev':
      if version_2:
        threshold, _ = evaluation.tune_null_threshold(questions, answers)
      scored = evaluation.score_answers(
          questions, answers, recipe.task, threshold)
      found[part] = dataclasses.replace(
          scored, write_files=None, fractions=_as_fractions(scored.metrics),
          task_fields={
              'null_score_diff_threshold': threshold} if version_2 else {})
    evaluation.write_files(
        folder / _ANSWERS / part, answers, version_2, threshold)
  return found


def _find(paths: str) -> list[str]:
  return files_lib.find_files(files_lib.split_paths(paths))


def _as_fractions(metrics: Mapping[str, float]) -> dict[str, float]:
  """Returns the official percentages as fractions."""
  return {name: metrics[name] / 100 for name in ('exact', 'f1', 'exact_match')
          if name in metrics}
