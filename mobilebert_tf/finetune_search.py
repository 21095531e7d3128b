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

r"""Fine-tunes with a grid of settings and several seeds, and keeps the best.

python -m mobilebert_tf.finetune_search --task=cola --data_dir=glue \
  --init_checkpoint=student --output_dir=runs/cola_search \
  --batch_sizes=16,32 --learning_rates=3e-5,1e-4 --epochs=3,10 --seeds=1,2,3

Small tasks vary by points from seed to seed, so each setting is run with all
seeds, and settings are ranked by their mean on the held-out part. The defaults
are the paper's search, which takes 108 runs. Prints a table and writes
search.json after each run, and search.html at the end; best/ is the best run.
The same command goes on where it was stopped; values may be added.
"""

from absl import app
from absl import flags
from absl import logging

from mobilebert_tf.common import program
from mobilebert_tf.pipelines.finetuning import flags as flags_lib

flags.adopt_module_key_flags(flags_lib)  # So that --help shows them.

_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder for all runs.', required=True)
_BATCH_SIZES = flags.DEFINE_list(
    'batch_sizes', ['16', '32', '48'], 'Texts in a step.')
_LEARNING_RATES = flags.DEFINE_list(
    'learning_rates', ['1e-5', '3e-5', '5e-5', '1e-4'], 'Peaks.')
_EPOCHS = flags.DEFINE_list(
    'epochs', ['2', '5', '10'], 'How often each text is seen.')
_SEEDS = flags.DEFINE_list(
    'seeds', ['1', '2', '3'], 'Of weights, order and dropout.')


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  with program.errors_in_a_line('finetune_search'):
    import pathlib
    from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
    from mobilebert_tf.pipelines.finetuning import search
    from mobilebert_tf.reporting import search as search_report
    logging.set_verbosity(logging.ERROR)
    folder = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    grid = search.Grid(
        batch_sizes=_numbers(_BATCH_SIZES, int),
        learning_rates=_numbers(_LEARNING_RATES, float),
        epochs=_numbers(_EPOCHS, float), seeds=_numbers(_SEEDS, int))
    found = search.search(
        recipe_lib.Recipe(**flags_lib.recipe_fields()), grid, folder)
    page = search_report.write_report(found, folder)
    print(search_report.format_summary(found))
    print(f'\nThe best model: {folder / search.BEST}\nThe report: {page}')


def _numbers(flag: flags.FlagHolder, kind: type) -> tuple:
  try:
    return tuple(kind(value) for value in flag.value)
  except ValueError:
    raise ValueError(f'--{flag.name}={",".join(flag.value)}: name numbers, '
                     'with commas between them.') from None


if __name__ == '__main__':
  app.run(main)
