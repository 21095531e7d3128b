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

r"""Compares what a model was exported as: size, speed, memory and accuracy.

python -m mobilebert_tf.export.benchmark \
  --artefacts=/tmp/saved_model,/tmp/tflite/model.tflite \
  --text_file=texts.txt --data_file=dev.tsv --model_dir=/tmp/classifier \
  --output_dir=/tmp/benchmark

Writes benchmark.html and benchmark.json. Each artefact is loaded by a fresh
process for each number of threads, and they take turns. Leave the machine
alone meanwhile.
"""

import os
import sys

from absl import app
from absl import flags

from mobilebert_tf.common import program

_ARTEFACTS = flags.DEFINE_list(
    'artefacts', None, 'SavedModels, folders with numbered versions of one, '
    'and .tflite files. The first is what the others are compared with.',
    required=True)
_TEXT_FILE = flags.DEFINE_string(
    'text_file', None, 'Texts as they will come, one a line; for a model of '
    'pairs or questions two, with a tab between.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder to write to.', required=True)
_DATA_FILE = flags.DEFINE_string(
    'data_file', '', 'Labelled file: TSV, CSV, or JSON of SQuAD.')
_MODEL_DIR = flags.DEFINE_string(
    'model_dir', '', 'The Keras model that was exported, to agree with; '
    'without it, the first artefact is.')
_TASK = flags.DEFINE_string(
    'task', '', 'Task of GLUE, such as mnli, whose columns and labels are then '
    'known.')
_TEXT_COLUMN = flags.DEFINE_string('text_column', '', 'That of the text.')
_PAIR_COLUMN = flags.DEFINE_string('pair_column', '', 'Of the second text.')
_LABEL_COLUMN = flags.DEFINE_string('label_column', '', 'That of the label.')
_LABELS = flags.DEFINE_list(
    'labels', [], 'Labels of the file in the order of the classes, where the '
    'model does not know them.')
_TITLES = flags.DEFINE_list(
    'titles', [], 'Articles of SQuAD to score alone.')
_EXCLUDE_TITLES = flags.DEFINE_list(
    'exclude_titles', [], 'Articles of SQuAD to leave out.')
_THREADS = flags.DEFINE_list(
    'threads', ['1', '2'], 'Numbers of threads.')
_BATCH_SIZES = flags.DEFINE_list(
    'batch_sizes', ['1', '16'], 'How many texts are answered at once.')
_TEXTS = flags.DEFINE_integer(
    'texts', 100, 'How many of --text_file are timed.', lower_bound=1)
_ROUNDS = flags.DEFINE_integer(
    'rounds', 3, 'How often each artefact takes its turn.', lower_bound=1)


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f'Not a flag: {" ".join(argv[1:])}')
  numbers = {'threads': _parse_numbers('threads', _THREADS.value),
             'batch_sizes': _parse_numbers('batch_sizes', _BATCH_SIZES.value)}
  with program.errors_in_a_line('benchmark', 'nothing was written.'):
    failures = _benchmark(numbers)
  if failures:
    sys.exit(f'benchmark: {" ".join(failures)}')


def _benchmark(numbers: dict[str, list[int]]) -> list[str]:
  """Writes the report and prints its summary; returns what failed."""
  # Imported here, so that --help need not wait for TensorFlow.
  from absl import logging

  from mobilebert_tf.evaluation import deployment
  from mobilebert_tf.evaluation import scoring
  from mobilebert_tf.reporting import deployment as deployment_report
  from mobilebert_tf.common import machine
  from mobilebert_tf.tasks import registry

  logging.set_verbosity(logging.WARNING)
  output_dir = os.path.expanduser(_OUTPUT_DIR.value)
  if os.path.exists(output_dir) and not os.path.isdir(output_dir):
    raise NotADirectoryError(f'{output_dir} is a file. Name a folder as '
                             '--output_dir.')
  results = deployment.benchmark(deployment.Settings(
      artefacts=_ARTEFACTS.value, text_file=_TEXT_FILE.value,
      data_file=os.path.expanduser(_DATA_FILE.value),
      model_dir=_MODEL_DIR.value, columns=scoring.Columns(
          _TASK.value, _TEXT_COLUMN.value, _PAIR_COLUMN.value,
          _LABEL_COLUMN.value, _LABELS.value, _TITLES.value,
          _EXCLUDE_TITLES.value),
      texts=_TEXTS.value, rounds=_ROUNDS.value, **numbers), registry.KINDS,
      lambda line: print(line, file=sys.stderr, flush=True))
  path = deployment_report.write_report({
      **results,
      'facts': machine.report_facts('mobilebert_tf.export.benchmark'),
  }, output_dir)
  print(f'{deployment_report.format_summary(results)}\n\n'
        f'The report: {path}')
  return deployment_report.failures(results)


def _parse_numbers(name: str, values: list[str]) -> list[int]:
  numbers = [int(value) if value.strip().isdecimal() else 0 for value in values]
  if not numbers or min(numbers) < 1 or len(set(numbers)) < len(numbers):
    raise app.UsageError(
        f'--{name} is a list of numbers, each at least 1 and there once, such '
        f'as 1,2; got {",".join(values)}.')
  return numbers


if __name__ == '__main__':
  app.run(main)
