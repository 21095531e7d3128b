# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The task of a chain: its files, and fine-tuning on them by a recipe."""

import json
import pathlib
from typing import Any

from mobilebert_tf.pipelines import library_task
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.pipelines import text
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run as run_lib
from mobilebert_tf.tasks.classification import examples as examples_lib

# The libraries with the most passages, so that the classes can be equally
# large.
_LIBRARIES = ('keras', 'matplotlib', 'numpy', 'pandas', 'scipy', 'sklearn',
              'tensorflow')
_DEFAULT_QUESTION = 'Which library does this passage document?'
# Small students that were pre-trained briefly need a large one.
_LEARNING_RATE = 5e-4


def prepare(folder: pathlib.Path, text_folder: pathlib.Path,
            settings: settings_lib.Settings) -> dict[str, Any]:
  """Writes the default task, or checks the files of one's own.

  Args:
    folder: Folder that gets `train.tsv` and `dev.tsv` of the default task.
    text_folder: Folder that `text.collect` wrote.
    settings: Settings, which may name files.

  Returns:
    The `question`, the `labels`, the files `train` and `dev`, `text_column`,
    and the number of examples of each file.
  """
  train, dev = settings.task_train, settings.task_dev
  question, column = f'The labels of {train}', settings.text_column
  if not train:
    question, column = _DEFAULT_QUESTION, 'text'
    passages = (docstring for docstring in text.read_docstrings(text_folder)
                if docstring.library in _LIBRARIES)
    library_task.write_library_task(
        passages, folder, seed=settings.seed,
        passages_per_library=settings.passages_per_library)
    train, dev = str(folder / 'train.tsv'), str(folder / 'dev.tsv')
  return {'question': question, 'train': train, 'dev': dev,
          'text_column': column, **check(train, dev, column)}


def check(train: str, dev: str, text_column: str = 'text') -> dict[str, Any]:
  """Reads both files of a task whole.

  Args:
    train: TSV of the training part, with a column `label`.
    dev: TSV of the held-out part.
    text_column: Name of the column of the text.

  Returns:
    The `labels`, and the number of examples of each part.

  Raises:
    ValueError: If a row of either is bad, naming it, or there is one label.
  """
  labels = examples_lib.read_labels(train, 'label')
  if len(labels) < 2:
    raise ValueError(f'{train} has one label, {labels[0]!r}; classification '
                     'is among two or more.')
  counts = {
      f'{part}_examples': len(examples_lib.read_examples(
          path, text_field=text_column, labels=labels).texts)
      for part, path in (('train', train), ('dev', dev))
  }
  return {'labels': labels, **counts}


def finetune(folder: pathlib.Path, task: dict[str, Any],
             pretrained_folder: pathlib.Path,
             settings: settings_lib.Settings) -> dict[str, Any]:
  """Fine-tunes a pre-trained student on the task and evaluates it.

  Args:
    folder: Folder of the classifier, its report and its results.
    task: Result of `prepare`.
    pretrained_folder: Folder of the student's checkpoints.
    settings: Settings with the number of steps.

  Returns:
    `accuracy` and `confusion` (rows are true labels) on the held-out part, and
    `majority_accuracy`, that of always answering its most frequent label.
  """
  results = run_lib.run(recipe_lib.Recipe(
      task='classification',
      train_file=task['train'],
      dev_file=task['dev'],
      text_column=task['text_column'],
      init_checkpoint=str(pretrained_folder),
      max_length=pretraining.num_positions(settings) - 1,
      learning_rate=_LEARNING_RATE,
      batch_size=settings.task_batch_size,
      epochs=(settings.task_steps * settings.task_batch_size
              / task['train_examples']),
      seed=settings.seed), folder, folder.name)
  report = json.loads(
      (folder / 'evaluation.json').read_text(encoding='utf-8'))
  return {'accuracy': results['metrics']['dev']['accuracy'],
          'confusion': report['confusion'],
          'majority_accuracy': report['baseline']['quality']}
