# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs a recipe: reads, trains, scores, answers, reports."""

import contextlib
import dataclasses
import json
import pathlib
import time
from typing import Any

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.pipelines.finetuning import plan as plan_lib
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.tasks import registry
from mobilebert_tf.training import resume
from mobilebert_tf.training import run as run_lib

RESULTS, RECIPE, LOG = 'results.json', 'recipe.json', 'train.log'
_CHECKPOINT = 'checkpoint'  # TensorFlow's list of them.


def run(recipe: recipe_lib.Recipe, folder: pathlib.Path,
        description: str = '') -> dict[str, Any]:
  """Fine-tunes, unless that is done, and returns what came out.

  Everything that could fail at the end is read before training starts. A run
  that was stopped goes on where it was.

  Args:
    recipe: What to do.
    folder: Gets the model, its vocabulary, `evaluation.html` and
      `evaluation.json` of the held-out part, and `results.json`.
    description: What the progress bar says; by default the task.

  Returns:
    The content of `results.json`: `recipe`, `metrics` of each held-out part,
    `score` (the one number that tells which of two runs is better), `steps`,
    `examples`, `parameters`, `seconds` of training since it was last begun or
    continued.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If one is bad, or the folder holds another run.
    mobilebert_tf.training.divergence.DivergenceError: If a loss is not finite.
  """
  done = check_folder(recipe, folder)
  if done is not None:
    return done
  plan = plan_lib.make(recipe, folder)
  fields = _as_json(recipe)
  files.write_text(folder / RECIPE, json.dumps(fields, indent=1))
  started = time.monotonic()
  # Orbit prints every loop; the progress bar is on standard error.
  with ((folder / LOG).open('a', encoding='utf-8') as log,
        contextlib.redirect_stdout(log)):
    model, _ = run_lib.run_experiment(
        plan.params, 'train', str(folder), description or recipe.task)
  seconds = time.monotonic() - started
  metrics = _evaluate(plan, folder)
  results = {
      'recipe': fields,
      'metrics': metrics,
      'score': _score(plan, metrics),
      'steps': plan.params.trainer.train_steps,
      'examples': plan.data.num_examples,
      'skipped': dict(plan.data.skipped),
      'parameters': int(sum(np.prod(v.shape) for v in model.weights)),
      'seconds': seconds,
      'hardware': machine.hardware(),
      'versions': machine.versions(),
  }
  files.write_text(folder / RESULTS, json.dumps(results, indent=1))
  return results


def check_folder(recipe: recipe_lib.Recipe,
                 folder: pathlib.Path) -> dict[str, Any] | None:
  """Checks that a folder holds nothing but a run of the recipe, if anything.

  Args:
    recipe: The recipe.
    folder: The run's.

  Returns:
    The results if the run is done, else None.

  Raises:
    ValueError: If it holds checkpoints of something else.
  """
  done = read_results(folder)
  begun = done['recipe'] if done else None
  if begun is None and (folder / _CHECKPOINT).exists():
    begun = _read_recipe(folder)
  fields = _as_json(recipe)
  if begun is not None:
    begun = {**_later_fields(), **begun}
  if begun is not None and begun != fields:
    raise ValueError(
        f'{folder} holds the run of another recipe: '
        f'{_differences(begun, fields)}. Name another folder.')
  return done


def read_results(folder: pathlib.Path) -> dict[str, Any] | None:
  """Returns the results of a run that is done, None of one that is not."""
  path = folder / RESULTS
  if not path.exists():
    return None
  try:
    results = files.read_json(path)
    if not {'recipe', 'metrics', 'score'} <= set(results):
      raise ValueError('it lacks recipe, metrics or score')
  except (ValueError, TypeError) as error:
    raise ValueError(f'{path} is not of a fine-tuning run: {error}.') from error
  return results


def _read_recipe(folder: pathlib.Path) -> dict[str, Any]:
  """Returns the recipe of a run that was begun."""
  path = folder / RECIPE
  if not path.exists():
    raise ValueError(f'{folder} holds checkpoints, but not those of a '
                     f'fine-tuning run: it has no {RECIPE}. Name another '
                     'folder.')
  try:
    return dict(files.read_json(path))
  except (ValueError, TypeError) as error:
    raise ValueError(f'{path} is not of a fine-tuning run: {error}.') from error


def _evaluate(plan: plan_lib.Plan,
              folder: pathlib.Path) -> dict[str, dict[str, float]]:
  """Scores the model of a run; returns the metrics of each held-out part."""
  metrics = {}
  scored = plan.recipe.kind.score_run(
      plan.recipe, plan.data, registry.load(str(folder)), folder)
  for part, each in scored.items():
    plan_lib.write_report(plan, part, folder, each)
    metrics[part] = dict(
        each.metrics if each.fractions is None else each.fractions)
    if each.task_fields:
      resume.write_params(
          plan.params.replace(task=dict(each.task_fields)), str(folder))
  return metrics


def _score(plan: plan_lib.Plan, metrics: dict[str, dict[str, float]]) -> float:
  """Returns the mean of the decisive metrics over the held-out parts."""
  names = plan.data.decisive_metrics
  # Words without entities have no F1: then all count, which is the accuracy.
  return float(np.mean([
      np.mean([part[name] for name in names if name in part]
              or list(part.values())) for part in metrics.values()]))


def _later_fields() -> dict[str, Any]:
  """Returns the defaults that recipes of earlier releases do not name."""
  return {'label_columns': [], 'label_separator': ','}


def _as_json(recipe: recipe_lib.Recipe) -> dict[str, Any]:
  return json.loads(json.dumps(dataclasses.asdict(recipe)))


def _differences(old: dict[str, Any], new: dict[str, Any]) -> str:
  return ', '.join(
      f'{name} is {old.get(name)!r} there and {new.get(name)!r} here'
      for name in new if old.get(name) != new[name])
