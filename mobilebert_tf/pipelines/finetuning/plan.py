# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What training runs, planned once every file that it needs has been read."""

import dataclasses
import os
import pathlib

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.pretraining import task as pretraining
from mobilebert_tf.text import vocabulary as vocabulary_lib
from mobilebert_tf.training import experiments  # noqa: F401 Registers them.
from official.core import config_definitions as cfg
from official.core import exp_factory

_VOCABULARY = 'vocab.txt'
_LOOPS = 50
_CHECKPOINTS = 5
_WARM_UP_SHARE = 10


@dataclasses.dataclass(frozen=True)
class Plan:
  """An experiment, and the data that its model is scored on.

  Attributes:
    recipe: The recipe.
    params: The experiment.
    data: The data of the recipe.
  """
  recipe: recipe_lib.Recipe
  params: cfg.ExperimentConfig
  data: recipes.RecipeData


def make(recipe: recipe_lib.Recipe, folder: pathlib.Path) -> Plan:
  """Reads all that a recipe names, and makes its experiment.

  Args:
    recipe: The recipe.
    folder: Folder of the run; gets `vocab.txt`, so that it can be moved.

  Returns:
    The plan.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If one is bad.
  """
  start = prepare(recipe, folder)
  data = recipe.kind.read_recipe(recipe, start)
  return Plan(recipe, _build(recipe, start, data), data)


def prepare(recipe: recipe_lib.Recipe, folder: pathlib.Path) -> recipes.Start:
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
  return recipes.Start(architecture, str(path), lower_case, recipe.init_checkpoint)


def _build(recipe: recipe_lib.Recipe, start: recipes.Start,
           data: recipes.RecipeData) -> cfg.ExperimentConfig:
  """Returns the registered experiment with the settings of a recipe."""
  params = exp_factory.get_exp_config(data.experiment)
  if recipe.teacher:
    params.task = fine_tuning.with_teacher(params.task)
    params.task.teacher.override({
        'checkpoint': recipe.teacher, 'hidden_weight': recipe.hidden_weight})
  params.task.model.encoder = pretraining.encoder_config(start.architecture)
  steps = recipe.num_steps(data.num_examples)
  params.override({
      'task': {'init_checkpoint': start.checkpoint, **data.task},
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
  return params


def write_report(plan: Plan, part: str, folder: pathlib.Path,
                 scored: scoring.Scored) -> None:
  """Writes the report of a held-out part, that of `dev` into the folder itself.

  Args:
    plan: The plan.
    part: Which part.
    folder: The run's.
    scored: What was answered, and how well.
  """
  recipe = plan.recipe
  facts = {
      'Model': str(folder),
      'Started from': recipe.init_checkpoint or 'random weights',
      'Training': f'{plan.data.num_examples:,} examples, {recipe.epochs:g} epochs in '
                  f'batches of {recipe.batch_size}, learning rate '
                  f'{recipe.learning_rate:g}, seed {recipe.seed}',
  }
  if plan.data.skipped.get('train'):
    facts['Left out of training'] = (
        f'{plan.data.skipped["train"]:,} rows that cannot be read')
  if recipe.teacher:
    facts['Teacher'] = recipe.teacher
  evaluation_report.write_report(
      scored.predictions, scored.metrics,
      folder if part == 'dev' else folder / part, {**facts, **scored.facts},
      registry.get(scored.predictions.kind).report_parts())
