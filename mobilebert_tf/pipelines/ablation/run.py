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


"""The chain: text, one teacher, and for each seed every arm and its task."""

import dataclasses
import datetime
import json
import pathlib
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import machine
from mobilebert_tf.pipelines.ablation import variants as arms_lib
from mobilebert_tf.pipelines import pretraining
from mobilebert_tf.pipelines import settings as settings_lib
from mobilebert_tf.pipelines import steps
from mobilebert_tf.pipelines import task as task_lib
from mobilebert_tf.pipelines import text
from mobilebert_tf.reporting import ablation_report

_COMMON_STEPS = 5


def run(folder: pathlib.Path, settings: settings_lib.Settings,
        seeds: Sequence[int]) -> pathlib.Path:
  """Runs what is not done yet, and writes the report after each seed.

  Args:
    folder: Gets a folder for each step, `results.json`, `ablation.html` and
      `ablation.md`.
    settings: Sizes and files; its seed is the teacher's.
    seeds: Of the students, in the order of the runs.

  Returns:
    The path of the page.

  Raises:
    FileNotFoundError: If a file is missing.
    ValueError: If a row of the task's files is bad, or there is one label.
  """
  task_lib.check(settings.task_train, settings.task_dev, settings.text_column)
  pipeline = steps.Pipeline(
      folder, _COMMON_STEPS + 2 * len(seeds) * len(arms_lib.ARMS))
  data, task, teacher = _prepare(pipeline, folder, settings)
  results = {
      'settings': dataclasses.asdict(settings),
      'student_steps': settings.student_steps,
      'seeds': list(seeds),
      'teacher': teacher,
      'baselines': {
          'masked_lm': pretraining.most_frequent_token_share(data, settings),
          'task': task_lib.majority_accuracy(task)},
      'task': {name: task[name] for name in (
          'train', 'dev', 'train_examples', 'dev_examples', 'labels')},
      'runs': [],
  }
  for seed in seeds:
    results['runs'] += _run_seed(
        pipeline, folder, data, task,
        dataclasses.replace(settings, seed=seed))
    report = _write(folder, results, pipeline)
  print(ablation_report.format_summary(results), flush=True)
  return report


def _prepare(pipeline: steps.Pipeline, folder: pathlib.Path,
             settings: settings_lib.Settings) -> tuple[dict[str, Any], ...]:
  """Returns what all arms share: records, task and teacher."""
  seed = {'seed': settings.seed}
  pipeline.run('text', lambda step: text.collect(step, settings),
               {'text_files': machine.file_states(settings.text_files), **seed})
  vocabulary = pipeline.run(
      'vocabulary',
      lambda step: text.learn_vocabulary(step, folder / 'text', settings),
      {'vocab_size': settings.vocab_size})
  vocab_file = folder / 'vocabulary' / 'vocab.txt'
  pipeline.run(
      'records', lambda step: text.write_records(
          step, folder / 'text', vocab_file, settings),
      {'max_seq_length': settings.max_seq_length, **seed})
  data = {'vocab_file': str(vocab_file), 'vocab_size': vocabulary['size'],
          **{part: str(folder / 'records' / part / '*.tfrecord')
             for part in text.PARTS}}
  task = pipeline.run(
      'task', lambda step: task_lib.prepare(step, folder / 'text', settings),
      {'files': machine.file_states([settings.task_train, settings.task_dev]),
       'text_column': settings.text_column})
  teacher = pipeline.run(
      'teacher', lambda step: pretraining.train_teacher(step, data, settings),
      {'steps': settings.teacher_steps,
       'batch_size': settings.pretraining_batch_size,
       'configuration': pretraining.fingerprint(), **seed})
  return data, task, teacher


def _run_seed(pipeline: steps.Pipeline, folder: pathlib.Path,
              data: dict[str, Any], task: dict[str, Any],
              settings: settings_lib.Settings) -> list[dict[str, Any]]:
  runs = []
  for arm in arms_lib.ARMS:
    name = f'{arm.key}_{settings.seed}'
    student = pipeline.run(
        name,
        lambda step, arm=arm: _train(step, arm, data, folder / 'teacher',
                                     settings),
        {'arm': dataclasses.asdict(arm),
         'steps_per_block': settings.steps_per_block,
         'distillation_steps': settings.distillation_steps,
         'seed': settings.seed})
    tuned = pipeline.run(
        f'{name}_task',
        lambda step, name=name: task_lib.finetune(
            step, task, data, folder / name, settings),
        {'steps': settings.task_steps,
         'batch_size': settings.task_batch_size})
    runs.append({'arm': arm.key, 'seed': settings.seed, **student,
                 'task_accuracy': tuned['accuracy'],
                 'seconds': pipeline.seconds[name],
                 'task_seconds': pipeline.seconds[f'{name}_task']})
  return runs


def _train(folder: pathlib.Path, arm: arms_lib.Arm, data: dict[str, Any],
           teacher_folder: pathlib.Path,
           settings: settings_lib.Settings) -> dict[str, Any]:
  if not arm.strategy:
    return pretraining.train_untaught(folder, data, settings)
  return pretraining.train_student(folder, data, teacher_folder, settings,
                                arm.task_changes(settings))


def _write(folder: pathlib.Path, results: dict[str, Any],
           pipeline: steps.Pipeline) -> pathlib.Path:
  results.update({
      'seconds': sum(pipeline.seconds.values()),
      'peak_memory_gb': pipeline.peak_memory_gb,
      'command': shlex.join(
          ['python', '-m', 'mobilebert_tf.ablation', *sys.argv[1:]]),
      'date': datetime.date.today().isoformat(),
      'hardware': machine.hardware(),
      'versions': machine.versions(),
  })
  files.write_text(folder / 'results.json', json.dumps(results, indent=1))
  return ablation_report.write_report(results, folder)
