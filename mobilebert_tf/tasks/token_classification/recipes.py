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

"""Recipes of labelled words: entities, parts of speech, from CoNLL files."""

import pathlib

from mobilebert_tf.data import conll
from mobilebert_tf.evaluation import scored
from mobilebert_tf.inference import loading
from mobilebert_tf.pipelines.finetuning import plan as plan_lib
from mobilebert_tf.pipelines.finetuning import plan as start_lib
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.tasks.token_classification import loader
from mobilebert_tf.tasks.token_classification import predictor as predictor_lib

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
    ValueError: If a line of any is bad, naming file and line.
  """
  if recipe.test_file:
    raise ValueError(
        'Files of words without labels are not read here: python -m '
        f'mobilebert_tf.predict --input={recipe.test_file} answers text.')
  common = plan_lib.data_fields(recipe, start, _USUAL_LENGTH)
  parts = {part: loader.read_data(loader.TokenClassificationDataConfig(
      **common, input_path=path)) for part, path in (
          ('train', recipe.train_file), ('dev', recipe.dev_file))}
  labels = conll.find_labels(parts['train'])
  conll.label_ids(parts['dev'], labels)  # Names a label that is unknown.
  common['labels'] = labels
  return plan_lib.build(
      'mobilebert/token_classification', recipe, start,
      examples=len(parts['train']), skipped={}, parts=parts,
      task={'class_names': labels,
            'train_data': {**common, 'input_path': recipe.train_file},
            'validation_data': {**common, 'input_path': recipe.dev_file}})


def evaluate(plan: plan_lib.Plan, trained: loading.TrainedModel,
             folder: pathlib.Path) -> dict[str, dict[str, float]]:
  """Scores the held-out sentences.

  Args:
    plan: What `make_plan` returned.
    trained: The fine-tuned model.
    folder: Gets a report.

  Returns:
    The metrics.
  """
  predictor = predictor_lib.TokenPredictor(trained)
  return {'dev': plan_lib.write_report(
      plan, 'dev', folder, scored.score_sentences(
          predictor, plan.parts['dev'], plan.recipe.task))}
