# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Grid search over recipes with several seeds."""

import dataclasses
import itertools
import json
import os
import pathlib
import shutil
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import tf_keras

from mobilebert_tf.common import files
from mobilebert_tf.common import outputs
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run as run_lib
from mobilebert_tf.training.run import DivergenceError

RESULTS, BEST, TRIALS = 'search.json', 'best', 'trials'


@dataclasses.dataclass(frozen=True)
class Grid:
  """Values to try; the defaults are those of the paper (section 4.4).

  Attributes:
    batch_sizes: Numbers of texts in a step.
    learning_rates: Peak learning rates.
    epochs: Numbers of passes over the data.
    seeds: Seeds that each setting is run with.
  """
  batch_sizes: tuple[int, ...] = (16, 32, 48)
  learning_rates: tuple[float, ...] = (1e-5, 3e-5, 5e-5, 1e-4)
  epochs: tuple[float, ...] = (2.0, 5.0, 10.0)
  seeds: tuple[int, ...] = (1, 2, 3)

  def __post_init__(self):
    for field in dataclasses.fields(self):
      values = getattr(self, field.name)
      if not values or len(set(values)) < len(values):
        raise ValueError(f'{field.name} is {list(values)}; it needs one value '
                         'or more, all different.')

  def recipes(self, recipe: recipe_lib.Recipe) -> list[recipe_lib.Recipe]:
    """Returns a recipe for each point of the grid, seeds varying fastest."""
    return [
        dataclasses.replace(recipe, batch_size=batch_size, learning_rate=rate,
                            epochs=epochs, seed=seed)
        for batch_size, rate, epochs, seed in itertools.product(
            self.batch_sizes, self.learning_rates, self.epochs, self.seeds)
    ]


def search(recipe: recipe_lib.Recipe, grid: Grid, folder: pathlib.Path,
           runtime: Mapping[str, Any] | None = None) -> dict[str, Any]:
  """Runs the trials that are not done, and keeps the best model.

  Args:
    recipe: Recipe, whose values the grid replaces.
    grid: Values to try.
    folder: Folder of the search, with a folder for each run in `trials`, of
      which only the best keeps its model; `best`, a link to that; and
      `search.json`, written after each run.
    runtime: Settings of devices and precision, such as `device_flags.read()`.

  Returns:
    `trials`, the results of each run; `settings`, for each batch size, learning
    rate and number of epochs the mean and standard deviation of the score over
    seeds, the best mean first; and `failed`, the error of each run that
    diverged.

  Raises:
    FileNotFoundError: If a file is missing.
    FileExistsError: If the folder holds something else, or another process
      writes to it.
    ValueError: If one is bad, or a folder holds the run of another search.
    mobilebert_tf.training.run.DivergenceError: If no run has finite
      losses.
  """
  recipes = {_name(each): each for each in grid.recipes(recipe)}
  with outputs.claimed(folder, (RESULTS, TRIALS), 'the folder of a search'):
    return _search(recipe, recipes, folder, runtime or {})


def _search(recipe: recipe_lib.Recipe, recipes: dict[str, recipe_lib.Recipe],
            folder: pathlib.Path,
            runtime: Mapping[str, Any]) -> dict[str, Any]:
  for name, each in recipes.items():  # Before any model is removed.
    run_lib.check_folder(each, folder / TRIALS / name)
  trials: list[dict[str, Any]] = []
  failed: dict[str, str] = {}
  found: dict[str, Any] = {}
  for number, (name, each) in enumerate(recipes.items(), 1):
    description = f'[{number}/{len(recipes)}] {name}'
    try:
      results = run_lib.run(
          each, folder / TRIALS / name, description, runtime)
    except DivergenceError as error:  # Others may converge.
      failed[name] = str(error)
      continue
    finally:
      tf_keras.backend.clear_session()  # Or graphs of all stay in memory.
    trials.append({'name': name, **results})
    best = _keep_best(folder, list(recipes))
    found = {'task': recipe.task, 'planned': len(recipes), 'best': best,
             'settings': summarize(trials), 'failed': failed, 'trials': trials}
    files.write_text(folder / RESULTS, json.dumps(found, indent=1))
  if not found:
    raise DivergenceError(
        f'All {len(recipes)} runs diverged; the first: '
        f'{next(iter(failed.values()))}')
  _restore_best(
      recipes[found['best']], folder / TRIALS / found['best'], runtime)
  if failed:  # The last one may have been one of them.
    files.write_text(folder / RESULTS, json.dumps(found, indent=1))
  return found


def summarize(trials: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
  """Returns mean and deviation of each setting over seeds, the best first.

  Returns:
    For each setting `batch_size`, `learning_rate`, `epochs`, `scores` by seed,
    `mean`, and `deviation`, None where there is one seed.
  """
  by_setting: dict[tuple[Any, ...], list[float]] = {}
  names = ('batch_size', 'learning_rate', 'epochs')
  for trial in trials:
    setting = tuple(trial['recipe'][name] for name in names)
    by_setting.setdefault(setting, []).append(trial['score'])
  rows = [{
      **dict(zip(names, setting, strict=True)),
      'scores': scores,
      'mean': statistics.mean(scores),
      'deviation': statistics.stdev(scores) if len(scores) > 1 else None,
  } for setting, scores in by_setting.items()]
  return sorted(rows, key=lambda row: -row['mean'])


def _keep_best(folder: pathlib.Path, names: Sequence[str]) -> str:
  """Links the best of the trials that are done, and removes other models.

  It looks at all trials of the grid that are done; a search with another order
  of trials would otherwise remove the best model first.
  """
  done = {name: results for name in names if (
      results := run_lib.read_results(folder / TRIALS / name))}
  best = max(done, key=lambda name: (
      done[name]['score'], (folder / TRIALS / name / 'checkpoint').exists()))
  with files.replacing(folder / BEST) as new:  # A link moves atomically.
    os.symlink(pathlib.Path(TRIALS) / best, new)
  for name in done:
    if name != best:
      _remove_model(folder / TRIALS / name)
  return best


def _restore_best(recipe: recipe_lib.Recipe, trial: pathlib.Path,
                  runtime: Mapping[str, Any]) -> None:
  """Trains the best model again if a larger search has removed it."""
  if not (trial / 'checkpoint').exists():
    (trial / run_lib.RESULTS).unlink()
    run_lib.run(recipe, trial, f'again {trial.name}', runtime)


def _name(recipe: recipe_lib.Recipe) -> str:
  return (f'batch_{recipe.batch_size}_rate_{recipe.learning_rate:g}'
          f'_epochs_{recipe.epochs:g}_seed_{recipe.seed}')


def _remove_model(trial: pathlib.Path) -> None:
  """Removes the checkpoints of a run, not its report and results."""
  for path in sorted(trial.iterdir()):  # A killed process lost the list first.
    if path.name.startswith('ckpt-') or path.name == 'checkpoint':
      path.unlink()
    elif path.is_dir() and path.name in ('train', 'validation'):
      shutil.rmtree(path)
