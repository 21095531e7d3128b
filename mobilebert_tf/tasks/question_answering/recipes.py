# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Recipes of question answering: SQuAD v1.1 and v2.0."""

import pathlib
from typing import Any

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import scored
from mobilebert_tf.inference import loading
from mobilebert_tf.pipelines.finetuning import plan as plan_lib
from mobilebert_tf.pipelines.finetuning import plan as start_lib
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.tasks.question_answering import answers as answers_lib
from mobilebert_tf.tasks.question_answering import loader
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.training import resume

_USUAL_LENGTH = 384
_ANSWERS = 'answers'


def make_plan(recipe: recipe_lib.Recipe,
              start: start_lib.Start) -> plan_lib.Plan:
  """Reads all files that the recipe names, and plans the training.

  Args:
    recipe: The recipe.
    start: Where training starts.

  Returns:
    The plan.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If one is bad, naming the file and the question.
  """
  fields = plan_lib.data_fields(recipe, start, _USUAL_LENGTH)
  length = fields['seq_length']
  common = {
      **fields, 'version_2_with_negative': recipe.task == 'squad_v2',
      # The author's; a shorter window is shared out in like parts.
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
  return plan_lib.build(
      f'mobilebert/{recipe.task}', recipe, start,
      examples=len(prepared.rows),
      skipped={'train': len(prepared.data.questions) - len(set(
          prepared.windows.question[prepared.rows].tolist()))},
      parts=parts, task={'train_data': train, 'validation_data': dev})


def evaluate(plan: plan_lib.Plan, trained: loading.TrainedModel,
             folder: pathlib.Path) -> dict[str, dict[str, float]]:
  """Scores the held-out questions and answers the test part.

  Args:
    plan: What `make_plan` returned.
    trained: The fine-tuned model.
    folder: Gets a report, the official files in `answers`, and for v2.0 in
      its params the null threshold, for all who load the model.

  Returns:
    The official metrics, as shares instead of percents.
  """
  answerer = predictor.QuestionAnswerer(trained)
  found: dict[str, dict[str, float]] = {}
  threshold = None
  for part, data in plan.parts.items():
    answers = answers_lib.answer_questions(answerer, data)
    if part == 'dev':
      if plan.recipe.task == 'squad_v2':
        threshold, _ = answers_lib.tune_null_threshold(data, answers)
        _keep_threshold(plan, threshold, folder)
      metrics = plan_lib.write_report(plan, part, folder, scored.score_answers(
          data, answers, plan.recipe.task, threshold))
      found[part] = _as_shares(metrics)
    answers_lib.write_files(
        folder / _ANSWERS / part, answers, plan.recipe.task == 'squad_v2',
        threshold)
  return found


def _find(paths: str) -> list[str]:
  return files_lib.find_files(files_lib.split_paths(paths))


def _keep_threshold(plan: plan_lib.Plan, threshold: float,
                    folder: pathlib.Path) -> None:
  resume.write_params(plan.params.replace(
      task={'null_score_diff_threshold': threshold}), str(folder))


def _as_shares(metrics: dict[str, Any]) -> dict[str, float]:
  return {name: metrics[name] / 100 for name in ('exact', 'f1', 'exact_match')
          if name in metrics}
