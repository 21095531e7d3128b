# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Compares exported models: size, speed, memory and accuracy.

python -m mobilebert_tf.export.benchmark \
  --models=/tmp/saved_model,/tmp/tflite/model.tflite \
  --text_file=texts.txt --data_file=dev.tsv --model_dir=/tmp/classifier \
  --output_dir=/tmp/benchmark

Writes benchmark.html and benchmark.json. Each model is loaded by a fresh
process for each number of threads, and they take turns. Leave the machine
alone meanwhile.
"""

import os
import sys

from absl import flags

from mobilebert_tf.common import outputs
from mobilebert_tf.common import program
from mobilebert_tf.evaluation import column_flags

flags.adopt_module_key_flags(column_flags)  # So that --help shows them.

_MODELS = flags.DEFINE_list(
    'models', None, 'SavedModels, folders with numbered versions of one, '
    '.tflite and .onnx files. The others are compared with the first.',
    required=True)
flags.DEFINE_alias('artefacts', 'models')
_TEXT_FILE = flags.DEFINE_string(
    'text_file', None, 'Texts as they will come, one a line; for a model of '
    'pairs or questions two, with a tab between.', required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder to write to.', required=True)
_DATA_FILE = flags.DEFINE_string(
    'data_file', '', 'Labelled file: TSV, CSV, CoNLL, or JSON of SQuAD.')
_MODEL_DIR = flags.DEFINE_string(
    'model_dir', '', 'Keras model that was exported, to compare answers with; '
    'the first of --models if not given.')
_THREADS = program.DEFINE_numbers(
    'threads', [1, 2], 'Numbers of threads.', lower_bound=1)
_BATCH_SIZES = program.DEFINE_numbers(
    'batch_sizes', [1, 16], 'Numbers of texts that are answered together.',
    lower_bound=1)
_TEXTS = flags.DEFINE_integer(
    'texts', 100, 'Number of texts of --text_file that are timed.',
    lower_bound=1)
_ROUNDS = flags.DEFINE_integer(
    'rounds', 3, 'Turns of each model.', lower_bound=1)


def main() -> int:
  from mobilebert_tf.common import machine
  from mobilebert_tf.evaluation import deployment
  from mobilebert_tf.reporting import deployment as deployment_report
  from mobilebert_tf.tasks import registry

  output_dir = os.path.expanduser(_OUTPUT_DIR.value)
  outputs.check_folder(
      output_dir, [deployment_report.JSON], 'the folder of a benchmark')
  results = deployment.benchmark(
      _settings(), registry.KINDS,
      lambda line: print(line, file=sys.stderr, flush=True))
  path = deployment_report.write_report({
      **results,
      'facts': machine.report_facts('mobilebert_tf.export.benchmark'),
  }, output_dir)
  print(f'{deployment_report.format_summary(results)}\n\nThe report: {path}')
  failures = deployment_report.failures(results)
  for failure in failures:
    print(f'benchmark: {failure}', file=sys.stderr)
  return 1 if failures else 0


def _settings():
  """Returns the settings of the comparison that the flags describe."""
  from mobilebert_tf.common import files
  from mobilebert_tf.evaluation import deployment

  return deployment.Settings(
      models=_MODELS.value, text_file=_TEXT_FILE.value,
      data_file=_DATA_FILE.value and files.find_file(_DATA_FILE.value),
      model_dir=_MODEL_DIR.value, columns=column_flags.columns(),
      threads=_THREADS.value, batch_sizes=_BATCH_SIZES.value,
      texts=_TEXTS.value, rounds=_ROUNDS.value)


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
