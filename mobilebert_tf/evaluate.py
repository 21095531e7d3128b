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

r"""Scores a fine-tuned model on a labelled file, and shows where it fails.

python -m mobilebert_tf.evaluate --model_dir=runs/sst2 \
  --data_file=glue/SST-2/dev.tsv --output_dir=runs/sst2/evaluation

Writes evaluation.html and evaluation.json: metrics with 95% intervals,
confusions or a scatter plot, calibration, hard examples, the worst mistakes.
The file is TSV, or CSV by its name, for classification and regression; a word a
line in columns (CoNLL) for token classification; SQuAD's JSON for question
answering, which also writes the official prediction files. Columns are those
that the model was trained with, if no others are named.
"""

import os

from absl import flags

from mobilebert_tf.common import program

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
_BATCH_SIZE = flags.DEFINE_integer(
    'batch_size', 32, 'Texts that are computed together.', lower_bound=1)
_TASK = flags.DEFINE_string(
    'task', '', 'GLUE task, such as mnli, whose columns, labels and metrics '
    'are then known.')
_TEXT_COLUMN = flags.DEFINE_string(
    'text_column', '', 'Column of the text; in CoNLL files its number, from 0.')
_PAIR_COLUMN = flags.DEFINE_string(
    'pair_column', '', 'Column of the second text.')
_LABEL_COLUMN = flags.DEFINE_string(
    'label_column', '', 'Column of the label.')
_LABELS = flags.DEFINE_list(
    'labels', [], 'Labels of the file in the order of the classes, for a model '
    'that does not know them.')
_METRICS = flags.DEFINE_list(
    'metrics', [], 'Metrics: accuracy, f1, matthews, pearson, spearman.')
_TITLES = flags.DEFINE_list(
    'titles', [], 'Only articles of SQuAD to score.')
_EXCLUDE_TITLES = flags.DEFINE_list(
    'exclude_titles', [], 'Articles of SQuAD to leave out.')
_NULL_THRESHOLD = flags.DEFINE_float(
    'null_threshold', None, 'No-answer score above which a question of SQuAD '
    "v2.0 has no answer; the run's if not given.")


def main() -> None:
  import time

  from mobilebert_tf.common import machine
  from mobilebert_tf.inference import loading
  from mobilebert_tf.reporting import evaluation_report

  if os.path.exists(_output_dir()) and not os.path.isdir(_output_dir()):
    raise NotADirectoryError(f'{_output_dir()} is a file. Name a folder as '
                             '--output_dir.')
  trained = loading.load(_MODEL_DIR.value)
  started = time.monotonic()
  if trained.kind == loading.QUESTION_ANSWERING:
    scored = _score_questions(trained)
  elif trained.kind in (loading.CLASSIFICATION, loading.REGRESSION):
    scored = _score_texts(trained)
  else:
    scored = _score_sentences(trained)
  seconds = time.monotonic() - started
  hardware = machine.hardware()
  path = evaluation_report.write_report(
      scored.predictions, scored.metrics, _output_dir(), {
          'Model': _MODEL_DIR.value,
          'Data': _DATA_FILE.value,
          **scored.facts,
          'Time': f'{seconds:.1f} s on {hardware["cores"]} cores of '
                  f'{hardware["cpu"]}',
          'Command': program.command(),
          'Versions': ', '.join(f'{name} {version}' for name, version
                                in machine.versions().items()),
      })
  summary = evaluation_report.format_summary(
      evaluation_report.read(_output_dir()))
  print(f'{summary}\n\nThe report: {path}')


def _score_texts(trained):
  from mobilebert_tf.tasks.classification import glue
  from mobilebert_tf.tasks.classification import examples as examples_lib
  from mobilebert_tf.evaluation import data_files
  from mobilebert_tf.evaluation import scored
  from mobilebert_tf.tasks.classification import predictor as classification_predictor

  task = glue.get_task(_TASK.value) if _TASK.value else None
  examples = examples_lib.read_examples(
      _DATA_FILE.value, **data_files.reading_fields(
          trained, task, labels=_LABELS.value, text_field=_TEXT_COLUMN.value,
          pair_field=_PAIR_COLUMN.value, label_field=_LABEL_COLUMN.value))
  metrics = _METRICS.value or (task.metrics if task else ())
  if not metrics and trained.params:
    metrics = trained.params.task.metrics
  title = _TITLE.value or (task.title if task else _file_title())
  return scored.score_texts(
      classification_predictor.TextPredictor(trained, _BATCH_SIZE.value), examples, title,
      metrics)


def _score_sentences(trained):
  from mobilebert_tf.data import conll
  from mobilebert_tf.evaluation import data_files
  from mobilebert_tf.evaluation import scored
  from mobilebert_tf.tasks.token_classification import predictor as token_classification_predictor

  sentences = conll.read_sentences(
      _DATA_FILE.value, **data_files.sentence_fields(
          trained, _TEXT_COLUMN.value, _LABEL_COLUMN.value))
  return scored.score_sentences(
      token_classification_predictor.TokenPredictor(trained, _BATCH_SIZE.value), sentences,
      _TITLE.value or _file_title())


def _score_questions(trained):
  from mobilebert_tf.data import squad
  from mobilebert_tf.tasks.question_answering import answers as answers_lib
  from mobilebert_tf.evaluation import scored
  from mobilebert_tf.tasks.question_answering import predictor as question_answering_predictor

  data = squad.read(_DATA_FILE.value, _TITLES.value, _EXCLUDE_TITLES.value)
  data.check_answers()
  version_2 = data.has_unanswerable
  answerer = question_answering_predictor.QuestionAnswerer(
      trained, _BATCH_SIZE.value, null_threshold=_NULL_THRESHOLD.value,
      allow_no_answer=None if trained.params else version_2)
  answers = answers_lib.answer_questions(answerer, data)
  result = scored.score_answers(data, answers, _TITLE.value or _file_title())
  answers_lib.write_files(_output_dir(), answers, version_2)
  return result


def _output_dir() -> str:
  return os.path.expanduser(_OUTPUT_DIR.value)


def _file_title() -> str:
  folder, name = os.path.split(os.path.abspath(_DATA_FILE.value))
  return f'{os.path.basename(folder)}/{name}'


if __name__ == '__main__':
  program.run(main, interrupted='nothing was written.')
