# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A tiny model to start from, and tables that it can learn from."""

import pathlib
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf import modeling
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run
from tests.inference import tiny_classifier

_WORDS = {'bad': 'w1 w2 w3', 'good': 'w4 w5 w6'}


def write_start(folder: pathlib.Path, **architecture: Any) -> str:
  """Writes an encoder with random weights and its vocabulary, once."""
  if (folder / 'start').exists():
    return str(folder / 'start')
  folder.mkdir(parents=True, exist_ok=True)
  vocab_file = tiny_classifier.write_vocabulary(str(folder))
  tf_keras.utils.set_random_seed(3)
  model = modeling.MobileBertEncoder(
      tiny_classifier.architecture(
          initializer_range=0.2, **architecture))
  model.save_pretrained(str(folder / 'start'), vocab_file=vocab_file)
  return str(folder / 'start')


def write_masked_lm(folder: pathlib.Path, **architecture: Any) -> str:
  """Writes a pre-trained model with random weights and its vocabulary."""
  tf_keras.utils.set_random_seed(4)
  model = modeling.MobileBertPretrainer(modeling.MobileBertEncoder(
      tiny_classifier.architecture(initializer_range=0.5, **architecture)))
  model.save_pretrained(
      str(folder / 'masked_lm'),
      vocab_file=tiny_classifier.write_vocabulary(str(folder)))
  return str(folder / 'masked_lm')


def write_table(path: pathlib.Path, rows: int, labelled: bool = True) -> str:
  """Writes a CSV file whose label follows from its words."""
  lines = ['review,stars' if labelled else 'review']
  for i in range(rows):
    label = ('bad', 'good')[i % 2]
    text = f'"{_WORDS[label]} w{7 + i % 20}, w8"'
    lines.append(f'{text},{label}' if labelled else text)
  path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
  return str(path)


def fine_tune(folder: pathlib.Path, start: str) -> str:
  """Returns the folder of a run of a classifier, with its tables beside it."""
  run.run(recipe_lib.Recipe(
      task='classification', text_column='review', label_column='stars',
      train_file=write_table(folder / 'train.csv', 48),
      dev_file=write_table(folder / 'dev.csv', 20),
      init_checkpoint=start, learning_rate=1e-2, batch_size=8,
      epochs=1.0), folder / 'whole')
  return str(folder / 'whole')


def recipe(test: tf.test.TestCase, **fields: Any) -> recipe_lib.Recipe:
  """Returns a recipe of tables in a test's folder."""
  folder = pathlib.Path(test.get_temp_dir())
  return recipe_lib.Recipe(**{
      'task': 'classification', 'text_column': 'review',
      'label_column': 'stars',
      'train_file': write_table(folder / 'train.csv', 48),
      'dev_file': write_table(folder / 'dev.csv', 20),
      'init_checkpoint': write_start(folder),
      'learning_rate': 1e-2, 'batch_size': 8, 'epochs': 4.0, **fields})
