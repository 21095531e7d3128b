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

"""The quick start's steps: what each did and how long it took."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import quickstart_findings as findings

_NAMES = {
    'text': 'Text',
    'vocabulary': 'Vocabulary',
    'records': 'Records',
    'teacher': 'Teacher',
    'student': 'Student',
    'untaught': 'Untaught student',
    'task': 'Task',
    'student_task': 'Fine-tuning',
    'untaught_task': 'The same, untaught',
    'export': 'Export',
}


def timeline(results: Mapping[str, Any]) -> list[dict[str, Any]]:
  """Returns the steps for the `timeline` macro.

  Args:
    results: The quick start's results, `seconds` in the order of the run. A
      step that this file does not know goes under its own name.

  Returns:
    For each step its `name`, `what` it did, `time` as text, and `start` and
    `share` of the whole time in percent.
  """
  seconds = findings.section(results, 'seconds')
  whole = findings.total_seconds(results)
  steps, start = [], 0.0
  for name, taken in seconds.items():
    known = formatting.is_number(taken) and whole > 0
    share = 100 * taken / whole if known else 0.0
    steps.append({
        'name': _NAMES.get(name, name),
        'what': _what(name, results),
        'start': round(start, 2),
        'share': round(share, 2),
        'time': formatting.duration(taken),
    })
    start += share
  return steps


def _what(step: str, results) -> str:
  """Says in a line what a step did."""
  exports = [str(item.get('name', ''))
             for item in findings.items(results, 'exports')
             if isinstance(item, Mapping)]
  known = {
      'teacher': 'inverted-bottleneck BERT: masked LM and next sentence',
      'student': _lessons(results),
      'untaught': 'the same network without a teacher, for comparison',
      'student_task': 'the taught student learns the task',
      'untaught_task': 'the untaught student learns the task',
      'export': ', '.join(exports),
  }
  return known[step] if step in known else _counts(step, results)


def _counts(step: str, results) -> str:
  text = findings.section(results, 'text')
  task = findings.section(results, 'task')
  size = findings.section(results, 'vocabulary').get('size')
  facts = {
      'text': [(text.get('megabytes'), '{} MB', 1),
               (text.get('documents'), '{} documents', 0),
               (text.get('held_out_documents'), '{} held out', 0)],
      'vocabulary': [(size, '{} word pieces', 0)],
      'records': [(text.get('tokens'), '{} tokens', 0)],
      'task': [(task.get('train_examples'), '{} passages', 0),
               (task.get('dev_examples'), '{} held out', 0)],
  }.get(step, [])
  return ', '.join(form.format(formatting.decimal(value, digits))
                   for value, form, digits in facts
                   if formatting.is_number(value))


def _lessons(results) -> str:
  kinds = [stage.get('kind') for stage in findings.items(results, 'stages')
           if isinstance(stage, Mapping)]
  transfer, told = kinds.count('transfer'), []
  if transfer:
    ending = 's' if transfer > 1 else ''
    told.append(f'knowledge transfer in {transfer} stage{ending}')
  if 'distillation' in kinds:
    told.append('distillation')
  return ', then '.join(told)
