# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Fine-tunes with a grid of settings and several seeds, and keeps the best.

python -m mobilebert_tf.finetune_search --task=cola --data_dir=glue \
  --init_checkpoint=student --output_dir=runs/cola_search \
  --batch_sizes=16,32 --learning_rates=3e-5,1e-4 --epochs=3,10 --seeds=1,2,3

Scores on small tasks vary by points from seed to seed, so each setting is run
with all seeds, and settings are ranked by their mean on the held-out part. The
defaults are the paper's search, which takes 108 runs. Prints a table and writes
search.json after each run, and search.html at the end; best/ is the best run.
The same command resumes a search that was stopped; values may be added.
"""

from absl import flags
from absl import logging

from mobilebert_tf.common import program
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.training import device_flags

recipe_lib.define_flags()
device_flags.define()

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder for all runs.', required=True)
_BATCH_SIZES = program.DEFINE_numbers(
    'batch_sizes', [16, 32, 48], 'Texts in a step.', lower_bound=1)
_LEARNING_RATES = program.DEFINE_numbers(
    'learning_rates', [1e-5, 3e-5, 5e-5, 1e-4], 'Peak learning rates.',
    lower_bound=0, kind=float)
_EPOCHS = program.DEFINE_numbers(
    'epochs', [2.0, 5.0, 10.0], 'Passes over the texts.', lower_bound=0,
    kind=float)
_SEEDS = program.DEFINE_numbers(
    'seeds', [1, 2, 3], 'Seeds of weights, order and dropout.', lower_bound=0)


def main() -> None:
  import pathlib
  from mobilebert_tf.pipelines.finetuning import search
  from mobilebert_tf.reporting import search as search_report

  folder = pathlib.Path(_OUTPUT_DIR.value).expanduser()
  grid = search.Grid(
      batch_sizes=tuple(_BATCH_SIZES.value),
      learning_rates=tuple(_LEARNING_RATES.value),
      epochs=tuple(_EPOCHS.value), seeds=tuple(_SEEDS.value))
  found = search.search(
      recipe_lib.Recipe(**recipe_lib.read_flags()), grid, folder,
      device_flags.read())
  page = search_report.write_report(found, folder)
  print(search_report.format_summary(found))
  print(f'\nThe best model: {folder / search.BEST}\nThe report: {page}')


if __name__ == '__main__':
  program.run(main, interrupted='the same command resumes it.',
              verbosity=logging.ERROR)
