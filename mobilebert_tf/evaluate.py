# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Scores a fine-tuned model on a labelled file, and shows where it fails.

python -m mobilebert_tf.evaluate --model_dir=runs/sst2 \
  --data_file=glue/SST-2/dev.tsv --output_dir=runs/sst2/evaluation

Writes evaluation.html and evaluation.json: metrics with 95% intervals,
confusions or a scatter plot, calibration, hard examples, the worst mistakes.
The file is TSV, or CSV by its name, for classification and regression; a word a
line in columns (CoNLL) for token classification; SQuAD's JSON for question
answering, which also writes the official prediction files; for sentence vectors
scored pairs, or by what queries find, pairs without scores and SQuAD's JSON.
Columns are those that the model was trained with, if no others are named.
"""

import os

from absl import flags

from mobilebert_tf.common import outputs
from mobilebert_tf.common import program
from mobilebert_tf.evaluation import column_flags

flags.adopt_module_key_flags(column_flags)  # So that --help shows them.

_MODEL_DIR = flags.DEFINE_string(
    'model_dir', None, 'Fine-tuning run, checkpoint of any format, or name on '
    'the Hugging Face hub.', required=True)
_DATA_FILE = flags.DEFINE_string(
    'data_file', None, 'Labelled file: TSV, CSV, CoNLL, or JSON of SQuAD.',
    required=True)
_OUTPUT_DIR = flags.DEFINE_string(
    'output_dir', None, 'Folder to write to.', required=True)
_TITLE = flags.DEFINE_string(
    'title', '', 'Title of the report; the name of the file if not given.')
_LOWER_CASE = program.DEFINE_case(
    'lower_case', None, 'Whether the tokenizer lower-cases, where a checkpoint '
    'says it wrongly or not at all; a run of ours knows.')
_BATCH_SIZE = flags.DEFINE_integer(
    'batch_size', 32, 'Texts that are computed together.', lower_bound=1)
_METRICS = flags.DEFINE_list(
    'metrics', [], 'Metrics: accuracy, f1, matthews, pearson, spearman.')
_NULL_THRESHOLD = flags.DEFINE_float(
    'null_threshold', None, 'No-answer score above which a question of SQuAD '
    "v2.0 has no answer; the run's if not given.")


def main() -> None:
  import time

  from mobilebert_tf.common import files
  from mobilebert_tf.common import machine
  from mobilebert_tf.evaluation import scoring
  from mobilebert_tf.inference import loading
  from mobilebert_tf.reporting import evaluation as evaluation_report
  from mobilebert_tf.tasks import registry

  outputs.check_folder(
      _output_dir(), [evaluation_report.JSON], 'the folder of an evaluation',
      without=['params.yaml'])  # A run has a report of its own.
  trained = loading.with_case(
      registry.load(_MODEL_DIR.value), _LOWER_CASE.value)
  started = time.monotonic()
  scored = trained.kind.evaluate(trained, scoring.Options(
      data_file=files.find_file(_DATA_FILE.value),
      columns=column_flags.columns(),
      title=_TITLE.value, metrics=_METRICS.value,
      batch_size=_BATCH_SIZE.value,
      no_answer_threshold=_NULL_THRESHOLD.value))
  seconds = time.monotonic() - started
  parts = scored.parts or trained.kind.report_parts()
  path = evaluation_report.write_report(
      scored.predictions, scored.metrics, _output_dir(), {
          'Model': _MODEL_DIR.value,
          'Data': _DATA_FILE.value,
          **scored.facts,
          'Time': f'{seconds:.1f} s',
          **machine.report_facts('mobilebert_tf.evaluate'),
      }, parts)
  if scored.write_files:  # After the report, which says whose folder it is.
    scored.write_files(_output_dir())
  summary = evaluation_report.format_summary(
      evaluation_report.read(_output_dir()), parts)
  print(f'{summary}\n\nThe report: {path}')


def _output_dir() -> str:
  return os.path.expanduser(_OUTPUT_DIR.value)


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
