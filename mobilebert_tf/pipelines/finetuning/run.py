# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs a recipe: reads, trains, scores, answers, reports."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import word_tables
from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.common import notices
from mobilebert_tf.common import outputs
from mobilebert_tf.distillation import fine_tuning
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.reporting import run_card
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.pretraining import task as pretraining
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib
from mobilebert_tf.training import consistency
from mobilebert_tf.training import experiments
from mobilebert_tf.training import resuming
from mobilebert_tf.training import run as run_lib
from official.core import config_definitions as cfg

RESULTS, RECIPE = 'results.json', 'recipe.json'
_VOCABULARY = 'vocab.txt'
_DIRECTORY = 'working_directory'
_CHECKPOINT = 'checkpoint'  # TensorFlow's list of them.
_BEST = 'best'  # Folder of the best checkpoint of early stopping.
_START = 'start'  # Folder of a student with a teacher's word table.
_LOOPS = 50
_CHECKPOINTS = 5


def run(recipe: recipe_lib.Recipe, folder: pathlib.Path,
        description: str = '',
        runtime: Mapping[str, Any] | None = None) -> dict[str, Any]:
  """Fine-tunes unless that is done, and returns the results.

  Everything that could fail at the end is read before training starts. A run
  that was stopped is resumed.

  Args:
    recipe: Task, data and settings.
    folder: Folder of the model, its vocabulary, `evaluation.html` and
      `evaluation.json` of the held-out part, and `results.json`.
    description: Title of the progress bar; by default the task.
    runtime: Settings of devices and precision, such as `device_flags.read()`.

  Returns:
    The content of `results.json`: `recipe`, `data` (the files and their
    checksums), `metrics` of each held-out part,
    `score` (the one number that tells which of two runs is better), `steps`,
    `examples`, `pairs` (whether it reads two texts), `parameters`, `seconds` of
    training in its last process.

  Raises:
    FileNotFoundError: If a file is missing.
    FileExistsError: If the folder holds something else, or another process
      writes to it.
    ValueError: If one is bad, or the folder holds another run.
    mobilebert_tf.training.run.DivergenceError: If a loss is not finite.
  """
  done = check_folder(recipe, folder)
  if done is not None:  # The folder may be read-only.
    return done
  with outputs.locked(folder):
    return check_folder(recipe, folder) or _run(
        recipe, folder, description, runtime or {})


def _run(recipe: recipe_lib.Recipe, folder: pathlib.Path, description: str,
         runtime: Mapping[str, Any]) -> dict[str, Any]:
  fields = _as_json(recipe)
  with _removed_after_error(
      folder / RECIPE, folder / _VOCABULARY, folder / _START):
    # First, as the sign of whose folder it is.
    files.write_json(folder / RECIPE, {**fields, **_here()}, indent=1)
    start = prepare(recipe, folder)
    data = recipe.kind.read_recipe(_with_found_files(recipe), start)
    params = _build_experiment(recipe, start, data)
    params.override({'runtime': dict(runtime)})
  started = time.monotonic()
  model, _ = run_lib.run_experiment(
      params, 'train_and_eval' if recipe.early_stopping else 'train',
      str(folder), description or recipe.task)
  seconds = time.monotonic() - started
  metrics = _evaluate(recipe, params, data, folder)
  results = {
      'recipe': {**fields, **_here()},
      'metrics': metrics,
      'score': _score(data, metrics),
      'steps': params.trainer.train_steps,
      'examples': data.num_examples,
      'pairs': bool(getattr(params.task.train_data, 'pair_field', '')),
      'skipped': dict(data.skipped),
      'data': _data_files(recipe, data),
      'parameters': int(sum(np.prod(v.shape) for v in model.weights)),
      'seconds': seconds,
      'hardware': machine.hardware(),
      'versions': machine.versions(),
  }
  try:
    run_card.write(folder, recipe.kind, results)
  except FileExistsError as error:  # Somebody has written it meanwhile.
    notices.tell(str(error))
  files.write_text(folder / RESULTS, json.dumps(results, indent=1))
  return results


def _data_files(recipe: recipe_lib.Recipe,
                data: recipes.RecipeData) -> list[dict[str, Any]]:
  """Returns the files of a run with their checksums."""
  train, held_out = (data.task.get(name, {}) for name in (
      'train_data', 'validation_data'))
  return run_card.data_files({
      'train': train.get('input_path'), 'dev': held_out.get('input_path'),
      'unlabelled': train.get('unlabelled_path'), 'test': recipe.test_file})


def _with_found_files(recipe: recipe_lib.Recipe) -> recipe_lib.Recipe:
  """Returns the recipe with the paths of its single files, none a pattern."""
  return dataclasses.replace(recipe, **{
      field: files.find_file(path) for field in ('dev_file', 'test_file')
      if (path := getattr(recipe, field))})


@contextlib.contextmanager
def _removed_after_error(*paths: pathlib.Path) -> Iterator[None]:
  """Removes those files and folders that are new if an error follows."""
  new = [path for path in paths if not path.exists()]
  try:
    yield
  except BaseException:
    for path in new:
      if path.is_dir():
        shutil.rmtree(path)
      path.unlink(missing_ok=True)
    raise


def check_folder(recipe: recipe_lib.Recipe,
                 folder: pathlib.Path) -> dict[str, Any] | None:
  """Returns the results of a finished run of the recipe in a folder, or None.

  Raises:
    FileExistsError: If the folder holds something else.
    ValueError: If it holds another run.
  """
  outputs.check_folder(folder, (RECIPE, RESULTS), 'the folder of a fine-tuning '
                       'run')
  done = read_results(folder)
  begun = done['recipe'] if done else None
  if begun is None and _has_begun(folder):
    begun = _read_json(folder / RECIPE)
  fields = _as_json(recipe)
  if begun is None:
    return done
  begun = {**_defaults(), **begun}  # An earlier release had fewer fields.
  differences = ', '.join(
      f'{name} is {begun.get(name)!r} there and {value!r} here'
      for name, value in fields.items() if not _is_same(name, begun, value))
  if differences:
    raise ValueError(f'{folder} holds the run of another recipe: '
                     f'{differences}. Name another folder.')
  return done


def _here() -> dict[str, str]:
  """Returns what the relative paths of a recipe start from."""
  return {_DIRECTORY: os.getcwd()}


def _is_same(name: str, begun: dict[str, Any], value: Any) -> bool:
  """Returns whether a field of a run that was begun has a value.

  A path may be typed otherwise, from another directory; and one that is typed
  alike is the same, for the data may have been moved along with the run.
  """
  then = begun.get(name)
  if name not in recipe_lib.PATHS or not (then and value):
    return then == value
  return then == value or os.path.abspath(value) == os.path.abspath(
      os.path.join(begun.get(_DIRECTORY, ''), then))


def _has_begun(folder: pathlib.Path) -> bool:
  """Returns whether a folder has checkpoints, or had some."""
  return (folder / _CHECKPOINT).exists() or bool(
      resuming.latest_checkpoint(str(folder)))


def read_results(folder: pathlib.Path) -> dict[str, Any] | None:
  """Returns the results of a run that is done, None of one that is not."""
  path = folder / RESULTS
  if not path.exists():
    return None
  return _read_json(path, ('recipe', 'metrics', 'score'))


def prepare(recipe: recipe_lib.Recipe, folder: pathlib.Path) -> recipes.Start:
  """Reads the checkpoint and vocabulary of a recipe.

  Args:
    recipe: Recipe that names them.
    folder: Folder of the run; gets `vocab.txt`, so that it can be moved.

  Returns:
    Architecture, vocabulary and checkpoint that training starts from.

  Raises:
    FileNotFoundError: If there is no such checkpoint or vocabulary.
    ValueError: If it is damaged, or no vocabulary is known.
  """
  if recipe.init_from:
    return prepare(_with_start(recipe, folder), folder)
  said: dict[str, Any] = {}
  vocabulary, longest = None, settings.MAX_WORD_LENGTH
  if recipe.init_checkpoint:
    checkpoint = checkpoints.read(recipe.init_checkpoint)
    architecture = checkpoint.architecture
    said[recipe.init_checkpoint] = checkpoint.lower_case
    vocabulary, longest = checkpoint.vocabulary, checkpoint.max_word_length
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
  path = str(folder / _VOCABULARY)
  _check_vocabulary(vocabulary, folder)
  vocabulary.write(path)
  vocabulary_lib.check_size(path, architecture.vocab_size)
  if recipe.lower_case is not None:
    said['--lower_case'] = recipe.lower_case
  # What a checkpoint says counts more than how its vocabulary looks.
  lower_case = (vocabulary_lib.find_case(vocabulary, said, recipe.vocab_file)
                if recipe.vocab_file else
                settings.agree('lower_case', said, True))
  if recipe.tokenizer == settings.MEDIAPIPE:
    if lower_case is False:
      raise ValueError(
          'The tokenizer of MediaPipe lower-cases, but checkpoint or '
          'vocabulary have capitals (lower_case is false). Start from an '
          'uncased model.')
    lower_case = settings.MEDIAPIPE
  return recipes.Start(architecture, path, lower_case, recipe.init_checkpoint,
                       longest)


def find_depth(recipe: recipe_lib.Recipe) -> int:
  """Returns the number of blocks of the encoder that a recipe starts from.

  Raises:
    FileNotFoundError: If there is no such checkpoint.
    ValueError: If it is damaged, or there is no such architecture.
  """
  if recipe.init_checkpoint:
    return checkpoints.read(recipe.init_checkpoint).architecture.num_blocks
  return modeling.get_architecture(recipe.architecture).num_blocks


def _with_start(recipe: recipe_lib.Recipe,
                folder: pathlib.Path) -> recipe_lib.Recipe:
  """Returns the recipe with a new student, which is written to the folder."""
  start = folder / _START
  if not _has_begun(folder):
    checkpoints.write(word_tables.start_by_name(
        recipe.init_from, recipe.architecture, recipe.vocab_file, recipe.seed),
                      str(start), 'mobilebert_tf', overwrite=True)
  return dataclasses.replace(
      recipe, init_checkpoint=str(start), architecture='', init_from='',
      vocab_file='')


def _check_vocabulary(vocabulary: vocabulary_lib.Vocabulary,
                      folder: pathlib.Path) -> None:
  """Raises ValueError if a run would be resumed with another vocabulary."""
  path = folder / _VOCABULARY
  if _has_begun(folder) and path.exists() and (
      vocabulary_lib.Vocabulary.read(path).tokens != vocabulary.tokens):
    raise ValueError(
        f'{path}, with which this run began, is not the vocabulary that is '
        'named now. Name that one, or another folder.')


def _build_experiment(recipe: recipe_lib.Recipe, start: recipes.Start,
                      data: recipes.RecipeData) -> cfg.ExperimentConfig:
  """Returns the registered experiment with the settings of a recipe."""
  params = experiments.get(data.experiment)
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
              # The reference's end: a ten-thousandth of it.
              'learning_rate': {'polynomial': {
                  'initial_learning_rate': recipe.learning_rate,
                  'end_learning_rate': None}},
          },
      },
  })
  if recipe.early_stopping:
    params.override({
        'task': {'early_stopping': recipe.early_stopping},
        'trainer': {
            'validation_interval': max(
                1, round(data.num_examples / recipe.batch_size)),
            'best_checkpoint_export_subdir': _BEST,
            'best_checkpoint_eval_metric': data.watched_metric,
            'best_checkpoint_metric_comp': 'higher',
        }})
  return consistency.complete(params)


def _evaluate(recipe: recipe_lib.Recipe, params: cfg.ExperimentConfig,
              data: recipes.RecipeData,
              folder: pathlib.Path) -> dict[str, dict[str, float]]:
  """Scores the model of a run; returns the metrics of each held-out part."""
  metrics = {}
  scored = recipe.kind.score_run(
      recipe, data, registry.load(str(folder)), folder)
  for part, each in scored.items():
    _write_report(recipe, data, part, folder, each)
    metrics[part] = dict(
        each.metrics if each.fractions is None else each.fractions)
    if each.task_fields:
      resuming.write_params(
          params.replace(task=dict(each.task_fields)), str(folder))
  return metrics


def _write_report(recipe: recipe_lib.Recipe, data: recipes.RecipeData,
                  part: str, folder: pathlib.Path,
                  scored: scoring.Scored) -> None:
  """Writes the report of a held-out part, that of `dev` into the folder."""
  facts = {
      'Model': str(folder),
      'Started from': recipe.init_checkpoint or (
          f'the word table of {recipe.init_from}' if recipe.init_from
          else 'random weights'),
      'Training': f'{data.num_examples:,} examples, {recipe.epochs:g} epochs '
                  f'in batches of {recipe.batch_size}, learning rate '
                  f'{recipe.learning_rate:g}, seed {recipe.seed}',
  }
  if data.skipped.get('train'):
    facts['Left out of training'] = (
        f'{data.skipped["train"]:,} rows that cannot be read')
  if recipe.teacher:
    facts['Teacher'] = recipe.teacher
  if recipe.early_stopping:
    facts['Kept'] = ('the best epoch on these texts, so that other texts can '
                     'get slightly worse answers')
  evaluation_report.write_report(
      scored.predictions, scored.metrics,
      folder if part == 'dev' else folder / part, {**facts, **scored.facts},
      registry.get(scored.predictions.kind).report_parts())


def _score(data: recipes.RecipeData,
           metrics: dict[str, dict[str, float]]) -> float:
  """Returns the mean of the decisive metrics over the held-out parts."""
  # Words without entities have no F1: then all count, which is the accuracy.
  return float(np.mean([
      np.mean([part[name] for name in data.decisive_metrics if name in part]
              or list(part.values())) for part in metrics.values()]))


def _read_json(path: pathlib.Path, keys: tuple[str, ...] = ()
               ) -> dict[str, Any]:
  """Reads a file of a run, which has to have the keys."""
  try:
    found = dict(files.read_json(path))
    if not set(keys) <= set(found):
      raise ValueError(f'it lacks {", ".join(keys[:-1])} or {keys[-1]}')
  except (ValueError, TypeError) as error:
    raise ValueError(f'{path} is not of a fine-tuning run: {error}.') from error
  return found


def _defaults() -> dict[str, Any]:
  """Returns the fields of a recipe that have defaults, as JSON has them."""
  defaults = {field.name: field.default
              for field in dataclasses.fields(recipe_lib.Recipe)
              if field.default is not dataclasses.MISSING}
  return json.loads(json.dumps(defaults))


def _as_json(recipe: recipe_lib.Recipe) -> dict[str, Any]:
  return json.loads(json.dumps(dataclasses.asdict(recipe)))
