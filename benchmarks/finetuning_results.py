# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Fine-tunes small models on GLUE and SQuAD, and prints them side by side.

python benchmarks/finetuning_results.py --data_dir=../shared/data \
  --models=taught=ablation_output/pkt_1,untaught=ablation_output/none_1 \
  --output_dir=results_output

Every model is fine-tuned on each task by the same recipe. Of SQuAD v1.1 the
articles named in split_by_article.json are scored and the others learned from,
with the ten articles of v2.0's training part. Beside the models stands what the
most frequent answer gets. A run that was stopped goes on where it was.
"""

import collections
import pathlib
from typing import Any

from absl import app
from absl import flags
from absl import logging

from benchmarks import task_data
from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import text as text_lib

_DATA_DIR = flags.DEFINE_string(
    'data_dir', None, 'Holds glue/ and squad/.', required=True)
_MODELS = flags.DEFINE_list(
    'models', None, 'name=checkpoint of each model.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Gets a folder for each model and task.', required=True)
_TASKS = flags.DEFINE_list(
    'tasks', ['cola', 'mrpc', 'stsb', 'sst2', 'squad_v1'], 'What to run.')

# Small models want larger rates than the paper's.
_RECIPES = {
    'cola': {'epochs': 5, 'learning_rate': 5e-4},
    'mrpc': {'epochs': 5, 'learning_rate': 5e-4},
    'stsb': {'epochs': 5, 'learning_rate': 5e-4},
    'sst2': {'epochs': 1, 'learning_rate': 5e-4},
    'squad_v1': {'epochs': 1, 'learning_rate': 1e-3},
}


def main(argv: list[str]) -> None:
  del argv
  from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
  from mobilebert_tf.pipelines.finetuning import run
  logging.set_verbosity(logging.ERROR)
  output, data = pathlib.Path(_OUTPUT_DIR.value), pathlib.Path(_DATA_DIR.value)
  models = dict(model.split('=', 1) for model in _MODELS.value)
  rows = []
  for task in _TASKS.value:
    baseline = None
    found = {}
    for name, checkpoint in models.items():
      recipe = recipe_lib.Recipe(
          task=task, init_checkpoint=checkpoint, seed=1, **_RECIPES[task],
          **task_data.fields(task, data, output))
      found[name] = run.run(recipe, output / name / task, f'{name} {task}')
      baseline = baseline or _baseline(recipe)
    rows += _rows(task, found, baseline)
    print(f'{task}: done', flush=True)
  columns = [text_lib.Column(title, 'left' if i < 2 else 'right')
             for i, title in enumerate((
                 'Task', 'Metric', *models, 'most frequent', 'Steps',
                 'Training'))]
  print('\n' + text_lib.format_table(
      text_lib.Table(tuple(columns), tuple(rows))))


def _baseline(recipe: Any) -> dict[str, float]:
  """Returns the metrics of always giving the most frequent answer."""
  import numpy as np

  from mobilebert_tf.tasks.classification import glue
  from mobilebert_tf.tasks.classification import loader
  from mobilebert_tf.evaluation import metrics as evaluation_metrics

  if not recipe.is_glue:
    return _answer_baseline(recipe)
  task = glue.GLUE_TASKS[recipe.task]
  train, dev = (
      loader.read_data(loader.TextClassificationDataConfig(
          **glue.data_fields(task, recipe.data_dir, part)))
      for part in ('train', 'dev'))
  if task.labels is None:
    return evaluation_metrics.compute(task.metrics, dev.values, np.full(
        len(dev.values), train.values.mean()))
  most = np.bincount(train.label_ids).argmax()
  return evaluation_metrics.compute(
      task.metrics, dev.label_ids, np.full(len(dev.label_ids), most))


def _answer_baseline(recipe: Any) -> dict[str, float]:
  """Returns the same of questions, whatever they are about."""
  from mobilebert_tf.data import squad
  from mobilebert_tf.tasks.question_answering import (
      metrics as question_answering_metrics)

  train = squad.read(recipe.train_file, exclude_titles=recipe.dev_titles)
  dev = squad.read(recipe.dev_file, titles=recipe.dev_titles)
  [(most, _)] = collections.Counter(
      answer.text for question in train.questions
      for answer in question.answers).most_common(1)
  scores = question_answering_metrics.evaluate(
      dev, {q.id: most for q in dev.questions})
  return {name: value / 100 for name, value in scores.items()}


def _rows(task: str, found: dict[str, dict[str, Any]],
          baseline: dict[str, float]) -> list[tuple[str, ...]]:
  results = list(found.values())
  times = ' + '.join(formatting.duration(each['seconds']) for each in results)
  return [
      (task if not i else '', metric,
       *(formatting.percent(each['metrics']['dev'][metric])
         for each in results),
       formatting.percent(baseline[metric]) if metric in baseline else '',
       formatting.count(results[0]['steps']) if not i else '',
       times if not i else '')
      for i, metric in enumerate(results[0]['metrics']['dev'])
  ]


if __name__ == '__main__':
  app.run(main)
