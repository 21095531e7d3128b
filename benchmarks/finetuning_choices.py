# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Compares what one can choose in fine-tuning, on SST-2.

python benchmarks/finetuning_choices.py --choice=batches --data_dir=glue \
  --init_checkpoint=student --steps=300 --learning_rate=1e-3 --seeds=1,2,3

`batches`: of texts of like length, which save time, or of any.
`optimizer`: the reference's AdamW, or the Model Garden's, whose moments are
corrected.

Both ways learn with the experiment's settings and the same seeds, and are
scored on the dev part.
"""

import contextlib
import os
import pathlib
import statistics
import tempfile
import time
from typing import Any

from absl import app
from absl import flags

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import text as text_lib

_CHOICES = {
    'batches': {
        'of like length': {'task': {'train_data': {'batch_by_length': True}}},
        'any': {'task': {'train_data': {'batch_by_length': False}}},
    },
    'optimizer': {
        'adamw_reference': {},
        'adamw': {'trainer': {'optimizer_config': {'optimizer': {
            'type': 'adamw', 'adamw': {
                'weight_decay_rate': 0.01,
                'exclude_from_weight_decay': ['norm', 'bias'],
                'global_clipnorm': 1.0, 'gradient_clip_norm': 0.0}}}}},
    },
}
_CHOICE = flags.DEFINE_enum(
    'choice', None, list(_CHOICES), 'What to compare.', required=True)
_DATA_DIR = flags.DEFINE_string(
    'data_dir', None, "The folder of GLUE's folders.", required=True)
_CHECKPOINT = flags.DEFINE_string(
    'init_checkpoint', None, 'What to fine-tune, with its vocabulary.',
    required=True)
_STEPS = flags.DEFINE_integer('steps', 600, 'Of training.', lower_bound=1)
_LEARNING_RATE = flags.DEFINE_float(
    'learning_rate', 5e-5, 'Its peak; a small model wants 1e-3.')
_SEEDS = flags.DEFINE_list('seeds', ['1', '2', '3'], 'A run of both for each.')


def main(argv: list[str]) -> None:
  del argv
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  found: dict[str, list[tuple[float, float]]] = {}
  with tempfile.TemporaryDirectory() as folder:
    for seed in _SEEDS.value:
      for way, settings in _CHOICES[_CHOICE.value].items():
        found.setdefault(way, []).append(_run(
            int(seed), settings, pathlib.Path(folder, f'{way}_{seed}')))
  rows = []
  for way, results in found.items():
    accuracies, seconds = zip(*results, strict=True)
    rows.append((
        way, formatting.percent(statistics.mean(accuracies)),
        ', '.join(map(formatting.percent, accuracies)),
        formatting.duration(statistics.median(seconds))))
  print(text_lib.format_table(text_lib.Table((
      text_lib.Column(_CHOICE.value.capitalize()),
      text_lib.Column('Dev accuracy', 'right'),
      text_lib.Column('Of each seed', 'right'),
      text_lib.Column('Training', 'right')), tuple(rows))))


def _run(seed: int, settings: dict[str, Any],
         folder: pathlib.Path) -> tuple[float, float]:
  """Returns dev accuracy, and how many seconds it took with its evaluation."""
  import tf_keras

  from mobilebert_tf.training import experiments  # noqa: F401
  from mobilebert_tf.training import run
  from mobilebert_tf.tasks.classification import glue
  from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
  from mobilebert_tf.pipelines.finetuning import run as run_lib
  from mobilebert_tf.tasks.pretraining import task
  from official.core import exp_factory

  folder.mkdir()
  start = run_lib.prepare(recipe_lib.Recipe(
      'sst2', data_dir=_DATA_DIR.value, init_checkpoint=_CHECKPOINT.value),
                            folder)
  params = exp_factory.get_exp_config('mobilebert/glue/sst2')
  params.task.model.encoder = task.encoder_config(start.architecture)
  params.override({
      'task': {'init_checkpoint': start.checkpoint, **{
          f'{name}_data': {
              'input_path': glue.file_path('sst2', _DATA_DIR.value, part),
              'vocab_file': start.vocab_file,
              'seq_length': start.architecture.max_position_embeddings - 1,
              'seed': seed}
          for name, part in (('train', 'train'), ('validation', 'dev'))}},
      'trainer': {
          'train_steps': _STEPS.value, 'steps_per_loop': 50,
          'summary_interval': 50, 'checkpoint_interval': _STEPS.value,
          'validation_interval': _STEPS.value,
          'optimizer_config': {
              'learning_rate': {'polynomial': {
                  'initial_learning_rate': _LEARNING_RATE.value,
                  'end_learning_rate': 1e-4 * _LEARNING_RATE.value,
                  'decay_steps': _STEPS.value}},
              'warmup': {'polynomial': {
                  'warmup_steps': _STEPS.value // 10}}}}})
  params.override(settings)
  started = time.monotonic()
  # Orbit prints every loop; the progress bar is on standard error.
  with ((folder / 'train.log').open('w', encoding='utf-8') as log,
        contextlib.redirect_stdout(log)):
    _, metrics = run.run_experiment(
        params, 'train_and_post_eval', str(folder / 'run'), folder.name)
  seconds = time.monotonic() - started
  tf_keras.backend.clear_session()
  return float(metrics['accuracy']), seconds


if __name__ == '__main__':
  app.run(main)
