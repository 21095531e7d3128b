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

"""Recipes of texts as a whole: GLUE, one's own classification and regression.
"""

import contextlib
import json
import pathlib
from typing import Any

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.evaluation import scored
from mobilebert_tf.inference import loading
from mobilebert_tf.pipelines.finetuning import plan as plan_lib
from mobilebert_tf.pipelines.finetuning import plan as start_lib
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.tasks.classification import examples as examples_lib
from mobilebert_tf.tasks.classification import glue
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import predictor as predictor_lib
from mobilebert_tf.tasks.classification import submission

SUBMISSION = 'submission'
_USUAL_LENGTH = 128


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
    ValueError: If a row of any is bad, naming file and line.
  """
  fields = _part_fields(recipe)
  parts = {part: loader.read_data(loader.TextClassificationDataConfig(**each))
           for part, each in fields.items()}
  if recipe.is_glue:
    parts |= _read_test_parts(recipe)
  labels = list(parts['train'].labels)
  common = {
      **plan_lib.data_fields(recipe, start, _USUAL_LENGTH), 'labels': labels}
  return plan_lib.build(
      'mobilebert/sentence_prediction', recipe, start,
      examples=len(parts['train'].texts),
      skipped={part: each.skipped for part, each in parts.items()},
      parts=parts,
      task={'metrics': list(_metric_names(recipe)),
            'model': {'num_classes': max(1, len(labels))},
            'train_data': {**common, **fields['train'], 'labels': labels},
            'validation_data': {**common, **fields['dev'], 'labels': labels}})


def evaluate(plan: plan_lib.Plan, trained: loading.TrainedModel,
             folder: pathlib.Path) -> dict[str, dict[str, float]]:
  """Scores the held-out parts and answers the test parts.

  Args:
    plan: What `make_plan` returned.
    trained: The fine-tuned model.
    folder: Gets a report of each held-out part, and the answers.

  Returns:
    The metrics of each held-out part.
  """
  predictor = predictor_lib.TextPredictor(trained)
  found = {}
  for part, examples in plan.parts.items():
    if part in plan_lib.TEST_PARTS:
      scores = predictor.scores(examples.texts, examples.pairs)
      _write_answers(plan, part, scores, trained, folder)
    elif part != 'train':
      found[part] = plan_lib.write_report(
          plan, part, folder, scored.score_texts(
              predictor, examples, _title(plan.recipe, part),
              _metric_names(plan.recipe)))
  return found


def _write_answers(plan: plan_lib.Plan, part: str, scores: np.ndarray,
                   trained: loading.TrainedModel,
                   folder: pathlib.Path) -> None:
  """Writes what the model says of a test part."""
  if plan.recipe.is_glue:
    task, part = ('ax', 'test') if part == 'ax' else (plan.recipe.task, part)
    submission.write_answers(task, scores, folder / SUBMISSION, part=part,
                             labels=trained.labels)
    return
  if trained.kind == recipe_lib.REGRESSION:
    answers = [{'value': float(value)} for value in scores]
  else:
    answers = [{'label': trained.labels[int(row.argmax())],
                'probabilities': dict(zip(trained.labels, map(float, row),
                                          strict=True))} for row in scores]
  files.write_text(folder / f'{part}.jsonl', ''.join(
      json.dumps(answer) + '\n' for answer in answers))


def _metric_names(recipe: recipe_lib.Recipe) -> tuple[str, ...]:
  """Returns the official metrics; one's own task has the usual ones."""
  return glue.GLUE_TASKS[recipe.task].metrics if recipe.is_glue else ()


def _title(recipe: recipe_lib.Recipe, part: str) -> str:
  title = (glue.GLUE_TASKS[recipe.task].title if recipe.is_glue
           else recipe.task)
  return title if part == 'dev' else f'{title}, {part}'


def _part_fields(recipe: recipe_lib.Recipe) -> dict[str, dict[str, Any]]:
  """Returns the loader's fields for each part that there is."""
  if recipe.is_glue:
    return _glue_fields(recipe)
  common = {
      'text_field': recipe.text_column, 'pair_field': recipe.pair_column,
      'label_field': recipe.label_column,
      'regression': recipe.kind == recipe_lib.REGRESSION}
  fields = {'train': {**common, 'input_path': recipe.train_file},
            'dev': {**common, 'input_path': recipe.dev_file}}
  if recipe.kind == recipe_lib.CLASSIFICATION:
    # The held-out part may lack a class; its ids are the training part's.
    labels = examples_lib.read_labels(recipe.train_file, recipe.label_column)
    if len(labels) < 2:
      raise ValueError(f'{recipe.train_file} has one label, {labels[0]!r}; '
                       'classification is among two or more.')
    fields['dev']['labels'] = labels
  if recipe.test_file:
    fields['test'] = {
        **common, 'input_path': recipe.test_file, 'label_field': ''}
  return fields


def _glue_fields(recipe: recipe_lib.Recipe) -> dict[str, dict[str, Any]]:
  task = glue.GLUE_TASKS[recipe.task]
  return {part: glue.data_fields(task, recipe.data_dir, part)
          for part in task.files if part not in plan_lib.TEST_PARTS}


def _read_test_parts(recipe: recipe_lib.Recipe
                     ) -> dict[str, examples_lib.TextExamples]:
  """Returns the test parts that there are; some copies of GLUE have none."""
  task = glue.GLUE_TASKS[recipe.task]
  names = [(task, part, part) for part in task.submissions]
  if recipe.task == 'mnli':  # Its model answers the diagnostic sentences.
    names.append((glue.GLUE_TASKS['ax'], 'test', 'ax'))
  parts = {}
  for each, part, key in names:
    with contextlib.suppress(FileNotFoundError):
      parts[key] = submission.read_test_part(each, recipe.data_dir, part)
  return parts
