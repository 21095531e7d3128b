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

"""The chain: from raw text to an answering TFLite file, and the report."""

import datetime
import json
import pathlib
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines.quickstart import attention
from mobilebert_tf.pipelines.quickstart import deployment
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.pipelines import steps
from mobilebert_tf.pipelines import task as task_lib
from mobilebert_tf.pipelines import text
from mobilebert_tf.reporting import quickstart_report

REPORT_FILE = 'report.html'
_NUM_STEPS = 10


def run(folder: pathlib.Path, settings: settings_lib.Settings,
        sentences: Sequence[str]) -> pathlib.Path:
  """Runs what is not done yet, answers the sentences and writes the report.

  Args:
    folder: Gets a folder for each step, `results.json` and `report.html`.
    settings: Sizes and files.
    sentences: Texts to classify with the TFLite file at the end.

  Returns:
    The report's path.
  """
  if settings.task_train:  # A bad row is found now, not after the training.
    task_lib.check(settings.task_train, settings.task_dev)
  pipeline = steps.Pipeline(folder, _NUM_STEPS)
  results = _text(pipeline, folder, settings)
  data = {
      'vocab_file': str(folder / 'vocabulary' / 'vocab.txt'),
      'vocab_size': results['vocabulary']['size'],
      **{part: str(folder / 'records' / part / '*.tfrecord')
         for part in text.PARTS},
  }
  results |= _models(pipeline, folder, data, settings)
  results |= _task(pipeline, folder, data, settings)
  results |= {
      'attention': attention.compare(
          folder / 'teacher', folder / 'student', data, settings),
      'answers': deployment.answer(folder / 'export', sentences),
      'seconds': pipeline.seconds,
      'peak_memory_gb': pipeline.peak_memory_gb,
      'command': shlex.join(['python', '-m', 'mobilebert_tf.quickstart',
                             *sys.argv[1:]]),
      'date': datetime.datetime.now().astimezone().isoformat(
          timespec='seconds'),
      'hardware': machine.hardware(),
      'versions': machine.versions(),
  }
  files.write_text(folder / 'results.json', json.dumps(results, indent=1))
  quickstart_report.write_report(results, folder / REPORT_FILE)
  print(quickstart_report.format_summary(results), flush=True)
  return folder / REPORT_FILE


def _text(pipeline: steps.Pipeline, folder: pathlib.Path,
          settings: settings_lib.Settings) -> dict[str, Any]:
  seed = {'seed': settings.seed}
  collected = pipeline.run(
      'text', lambda step: text.collect(step, settings),
      {'text_files': machine.file_states(settings.text_files),
       'packages': machine.versions(), **seed})
  vocabulary = pipeline.run(
      'vocabulary',
      lambda step: text.learn_vocabulary(step, folder / 'text', settings),
      {'vocab_size': settings.vocab_size})
  manifests = pipeline.run(
      'records', lambda step: text.write_records(
          step, folder / 'text', folder / 'vocabulary' / 'vocab.txt', settings),
      {'max_seq_length': settings.max_seq_length, **seed})
  tokens = manifests['train']['counts']['tokens']
  return {'text': {**collected, 'tokens': tokens}, 'vocabulary': vocabulary}


def _models(pipeline: steps.Pipeline, folder: pathlib.Path,
            data: dict[str, Any],
            settings: settings_lib.Settings) -> dict[str, Any]:
  batch = {'batch_size': settings.pretraining_batch_size,
           'configuration': pretraining.fingerprint()}
  schedule = {'steps_per_block': settings.steps_per_block,
              'distillation_steps': settings.distillation_steps}
  runs = {
      'teacher': pipeline.run(
          'teacher',
          lambda step: pretraining.train_teacher(step, data, settings),
          {'steps': settings.teacher_steps, **batch}),
      'student': pipeline.run(
          'student', lambda step: pretraining.train_student(
              step, data, folder / 'teacher', settings), schedule),
      'untaught': pipeline.run(
          'untaught',
          lambda step: pretraining.train_untaught(step, data, settings), {}),
  }
  return {
      'models': {who: runs[who]['model'] for who in ('teacher', 'student')},
      'curves': {who: run['curve'] for who, run in runs.items()},
      'stages': runs['student']['stages'],
      'masked_lm': {
          **{who: run['masked_lm'] for who, run in runs.items()},
          'baseline': {
              'name': 'always the most frequent token',
              'accuracy': pretraining.most_frequent_token_share(data, settings),
          },
      },
  }


def _task(pipeline: steps.Pipeline, folder: pathlib.Path, data: dict[str, Any],
          settings: settings_lib.Settings) -> dict[str, Any]:
  task = pipeline.run(
      'task', lambda step: task_lib.prepare(
          step, folder / 'text', settings),
      {'files': machine.file_states([settings.task_train, settings.task_dev]),
       'passages_per_library': settings.passages_per_library})
  sizes = {'steps': settings.task_steps,
           'batch_size': settings.task_batch_size}
  evaluations = {
      who: pipeline.run(
          f'{who}_task', lambda step, who=who: task_lib.finetune(
              step, task, data, folder / who, settings), sizes)
      for who in ('student', 'untaught')
  }
  exports = pipeline.run(
      'export', lambda step: {'exports': deployment.export(
          step, folder / 'student_task', task)}, {})
  return {
      'task': {
          'question': task['question'],
          'labels': task['labels'],
          'train_examples': task['train_examples'],
          'dev_examples': task['dev_examples'],
          'majority_accuracy': task_lib.majority_accuracy(task),
          'models': evaluations,
      },
      **exports,
  }
