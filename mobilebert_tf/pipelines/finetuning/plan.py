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

"""What a recipe starts from: architecture, vocabulary and weights.

What training runs, planned once every file that it needs has been read.
"""

from collections.abc import Mapping
import dataclasses
import os
import pathlib
from typing import Any

from mobilebert_tf import checkpoints
from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf.evaluation import scored as scored_lib
from mobilebert_tf import modeling
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.reporting import evaluation_report
from mobilebert_tf.tasks.pretraining import task as task_lib
from mobilebert_tf.text import vocabulary as vocabulary_lib
from official.core import config_definitions as cfg
from official.core import exp_factory

_VOCABULARY = 'vocab.txt'


@dataclasses.dataclass(frozen=True)
class Start:
  """Where training starts.

  Attributes:
    architecture: Of the encoder.
    vocab_file: The vocabulary, a copy in the folder of the run.
    lower_case: Whether the tokenizer lower-cases.
    checkpoint: What to restore; empty for random weights.
  """
  architecture: modeling.MobileBertConfig
  vocab_file: str
  lower_case: bool
  checkpoint: str


def prepare(recipe: recipe_lib.Recipe, folder: pathlib.Path) -> Start:
  """Reads what the recipe names, and puts the vocabulary into the folder.

  Args:
    recipe: The recipe.
    folder: The run's; gets `vocab.txt`, so that it can be moved.

  Returns:
    Where training starts.

  Raises:
    FileNotFoundError: If there is no such checkpoint or vocabulary.
    ValueError: If it is damaged, or no vocabulary is known.
  """
  lower_case, vocabulary = True, None
  if recipe.init_checkpoint:
    checkpoint = checkpoints.read(recipe.init_checkpoint)
    architecture = checkpoint.architecture
    lower_case, vocabulary = checkpoint.lower_case, checkpoint.vocabulary
  else:
    architecture = modeling.get_architecture(recipe.architecture)
  if recipe.vocab_file:
    vocabulary = vocabulary_lib.Vocabulary.read(
        os.path.expanduser(recipe.vocab_file))
  if vocabulary is None:
    raise ValueError(
        f'No vocabulary lies with {recipe.init_checkpoint or "random weights"}:'
        ' name it as vocab_file.')
  if not recipe.init_checkpoint:
    architecture = modeling.get_architecture(
        recipe.architecture, vocab_size=len(vocabulary))
  path = folder / _VOCABULARY
  vocabulary.write(str(path))
  vocabulary_lib.check_size(str(path), architecture.vocab_size)
  return Start(architecture, str(path), lower_case, recipe.init_checkpoint)


def fit_length(recipe: recipe_lib.Recipe, usual: int,
               architecture: modeling.MobileBertConfig) -> int:
  """Returns the longest text in tokens; a [PAD] has to fit behind it.

  Args:
    recipe: May name it.
    usual: The task's.
    architecture: Has so many positions.

  Raises:
    ValueError: If the recipe names more than there are positions.
  """
  longest = architecture.max_position_embeddings - 1
  if recipe.max_length > longest:
    raise ValueError(
        f'max_length is {recipe.max_length}, but a text can have at most '
        f'{longest} tokens: the model has {longest + 1} positions, and a [PAD] '
        'follows the longest text.')
  return recipe.max_length or min(usual, longest)


TEST_PARTS = ('test', 'test_mismatched', 'ax')
_LOOPS = 50
_CHECKPOINTS = 5
_WARM_UP_SHARE = 10


@dataclasses.dataclass(frozen=True)
class Plan:
  """An experiment, and the data that its model is scored on.

  Attributes:
    recipe: What it was made from.
    params: The experiment.
    examples: How many there are to learn from.
    skipped: Rows left out of each part, because they cannot be read.
    parts: The data by `train`, `dev`, `test` and the like.
  """
  recipe: recipe_lib.Recipe
  params: cfg.ExperimentConfig
  examples: int
  skipped: Mapping[str, int]
  parts: Mapping[str, Any]


def data_fields(recipe: recipe_lib.Recipe, start: Start,
                usual_length: int) -> dict[str, Any]:
  """Returns the fields that all loaders have."""
  return {
      'vocab_file': start.vocab_file,
      'lower_case': start.lower_case,
      'seq_length': fit_length(
          recipe, usual_length, start.architecture),
      'global_batch_size': recipe.batch_size,
      'seed': recipe.seed,
  }


def build(experiment: str, recipe: recipe_lib.Recipe, start: Start, *,
          examples: int, skipped: Mapping[str, int], parts: Mapping[str, Any],
          task: dict[str, Any]) -> Plan:
  """Makes a registered experiment the recipe's.

  Args:
    experiment: Its name.
    recipe: Says how long and how fast.
    start: Where training starts.
    examples: How many there are to learn from.
    skipped: As in `Plan`.
    parts: As in `Plan`.
    task: Fields of the task.

  Returns:
    The plan.
  """
  params = exp_factory.get_exp_config(experiment)
  if recipe.teacher:
    params.task = fine_tuning.with_teacher(params.task)
    params.task.teacher.override({
        'checkpoint': recipe.teacher, 'hidden_weight': recipe.hidden_weight})
  params.task.model.encoder = task_lib.encoder_config(start.architecture)
  steps = recipe.num_steps(examples)
  params.override({
      'task': {'init_checkpoint': start.checkpoint, **task},
      'trainer': {
          'train_steps': steps,
          'steps_per_loop': max(1, steps // _LOOPS),
          'summary_interval': max(1, steps // _LOOPS),
          'checkpoint_interval': max(1, steps // _CHECKPOINTS),
          'max_to_keep': 1,
          'optimizer_config': {
              'learning_rate': {'polynomial': {
                  'initial_learning_rate': recipe.learning_rate,
                  # The reference's: a ten-thousandth of it.
                  'end_learning_rate': 1e-4 * recipe.learning_rate,
                  'decay_steps': steps}},
              'warmup': {'polynomial': {
                  'warmup_steps': steps // _WARM_UP_SHARE}},
          },
      },
  })
  return Plan(recipe, params, examples, skipped, parts)


def write_report(plan: Plan, part: str, folder: pathlib.Path,
                 scored: scored_lib.Scored) -> dict[str, float]:
  """Writes the report of a held-out part, that of `dev` into the folder itself.

  Args:
    plan: The plan.
    part: Which part.
    folder: The run's.
    scored: What was answered, and how well.

  Returns:
    The metrics.
  """
  recipe = plan.recipe
  facts = {
      'Model': str(folder),
      'Started from': recipe.init_checkpoint or 'random weights',
      'Training': f'{plan.examples:,} examples, {recipe.epochs:g} epochs in '
                  f'batches of {recipe.batch_size}, learning rate '
                  f'{recipe.learning_rate:g}, seed {recipe.seed}',
  }
  if plan.skipped.get('train'):
    facts['Left out of training'] = (
        f'{plan.skipped["train"]:,} rows that cannot be read')
  if recipe.teacher:
    facts['Teacher'] = recipe.teacher
  evaluation_report.write_report(
      scored.predictions, scored.metrics,
      folder if part == 'dev' else folder / part, {**facts, **scored.facts})
  return dict(scored.metrics)
