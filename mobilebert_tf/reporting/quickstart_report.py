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

"""The quick start's report, as a page and as a table for the terminal."""

import datetime
import os
import textwrap
from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import quickstart_findings as findings
from mobilebert_tf.reporting import quickstart_steps as steps
from mobilebert_tf.reporting import quickstart_tables as tables
from mobilebert_tf.reporting import terminal

_TITLE = 'A MobileBERT, from raw text to answers'


def write_report(
    results: Mapping[str, Any], output_path: str | os.PathLike) -> None:
  """Writes the quick start's results as a self-contained HTML page.

  A part that the results lack is left out, and a number that is not finite
  reads 'n/a'. All texts are escaped.

  Example:

  ```python
  quickstart_report.write_report(results, 'quickstart/report.html')
  ```

  Args:
    results: What the quick start found: nested dicts of numbers and texts,
      attention as arrays `[blocks, heads, tokens, tokens]`.
    output_path: The file to write, whole or not at all.

  Raises:
    IsADirectoryError: If `output_path` is a folder.
    OSError: If the file cannot be written.
  """
  page.write(output_path, render(results))


def render(results: Mapping[str, Any]) -> str:
  """Returns the page that `write_report` writes."""
  # Here because matplotlib is slow to import and the terminal needs none.
  from mobilebert_tf.reporting import quickstart_attention as attention
  from mobilebert_tf.reporting import quickstart_figures as figures
  masked_lm = None
  if findings.accuracies(findings.section(results, 'masked_lm')):
    masked_lm = {
        'sentences': findings.masked_lm(results),
        'picture': figures.masked_lm_bars(results),
        'table': tables.masked_lm(results),
    }
  return page.render(
      'quickstart.html.j2',
      title=_TITLE,
      subtitle=_subtitle(results),
      abstract=findings.abstract(results),
      highlights=_highlights(results),
      steps=steps.timeline(results),
      networks=tables.networks(results),
      curves=figures.curves(results),
      masked_lm=masked_lm,
      task=_task(results, figures),
      attention=attention.section(results),
      exports=tables.exports(results),
      answers=tables.answers(results),
      provenance=_provenance(results))


def format_summary(results: Mapping[str, Any]) -> str:
  """Returns the quick start's results as tables for the terminal.

  Args:
    results: As for `write_report`.

  Returns:
    Lines of text without control characters: time and memory, the networks
    with their scores, what that means, the exports and the answers.
  """
  parts = [_headline(results)]
  scores = tables.scores(results)
  if scores:
    parts.append(terminal.format_table(scores))
  said = []
  for name, sentences in (('Masked LM', findings.masked_lm(results)),
                          ('Task', findings.task(results))):
    if sentences:
      said.append(textwrap.fill(
          terminal.clean(f'{name}: {" ".join(sentences)}'), 80,
          subsequent_indent='  '))
  parts += ['\n'.join(said)] if said else []
  for table in (tables.exports(results), tables.answers(results)):
    if table:
      parts.append(terminal.format_table(table))
  return '\n\n'.join(part for part in parts if part)


def _headline(results) -> str:
  parts = []
  if formatting.is_number(findings.total_seconds(results)):
    parts.append(formatting.duration(findings.total_seconds(results)))
  if formatting.is_number(results.get('peak_memory_gb')):
    parts.append(formatting.quantity(results['peak_memory_gb'], 'GB') + ' peak')
  return ': '.join(
      part for part in ('MobileBERT quick start', ', '.join(parts)) if part)


def _subtitle(results) -> str:
  hardware = findings.section(results, 'hardware')
  parts = [_date(results['date'])] if results.get('date') else []
  if hardware.get('cpu'):
    parts.append(str(hardware['cpu']))
  if formatting.is_number(hardware.get('cores')):
    parts.append(f'{formatting.count(hardware["cores"])} cores')
  return ' · '.join(parts)


def _date(value: Any) -> str:
  try:
    date = datetime.datetime.fromisoformat(value)
  except (TypeError, ValueError):
    return str(value)
  return f'{date.day} {date:%B %Y, %H:%M}'


def _highlights(results) -> list[dict[str, str]]:
  task = findings.section(results, 'task')
  export = findings.deployed(results)
  student = findings.section(task, 'models', 'student').get('accuracy')
  examples = task.get('dev_examples')
  memory = results.get('peak_memory_gb')
  items = [
      ('Task accuracy', student, formatting.percent(student),
       f'on {formatting.count(examples)} held-out passages'
       if formatting.is_number(examples) else 'on held-out passages'),
      ('Size', export.get('megabytes'),
       formatting.quantity(export.get('megabytes'), 'MB'),
       export.get('name', '')),
      ('One answer takes', export.get('latency_ms'),
       formatting.quantity(export.get('latency_ms'), 'ms'),
       export.get('name', '')),
      ('Whole run', findings.total_seconds(results),
       formatting.duration(findings.total_seconds(results)),
       f'{formatting.quantity(memory, "GB")} of memory at most'
       if formatting.is_number(memory) else ''),
  ]
  return [{'label': label, 'value': text, 'detail': detail}
          for label, value, text, detail in items
          if formatting.is_number(value)]


def _task(results, figures) -> dict[str, Any] | None:
  task = findings.section(results, 'task')
  models = findings.section(task, 'models')
  if not models:
    return None
  counts = [f'{formatting.count(task[key])} {what}' for key, what in (
      ('train_examples', 'passages to learn from'),
      ('dev_examples', 'held out')) if formatting.is_number(task.get(key))]
  matrices = tables.confusion_matrices(results)
  return {
      'question': task.get('question'),
      'sentences': findings.task(results),
      'data': ', '.join(counts) + '.' if counts else '',
      'picture': figures.task_bars(results),
      'table': tables.task(results),
      'matrices': matrices,
      'matrices_side_by_side':
          len(matrices) > 1 and len(matrices[0]['labels']) <= 9,
  }


def _provenance(results) -> list[tuple[str, str]]:
  hardware = findings.section(results, 'hardware')
  machine = [str(hardware['cpu'])] if hardware.get('cpu') else []
  if formatting.is_number(hardware.get('cores')):
    machine.append(f'{formatting.count(hardware["cores"])} cores')
  if formatting.is_number(hardware.get('memory_gb')):
    machine.append(f'{formatting.quantity(hardware["memory_gb"], "GB")} memory')
  versions = findings.section(results, 'versions')
  rows = [
      ('Command', results.get('command')),
      ('Date', results.get('date')),
      ('Hardware', ', '.join(machine)),
      ('Versions', ', '.join(
          f'{name} {version}' for name, version in versions.items())),
      ('Text', findings.section(results, 'text').get('source')),
  ]
  return [(name, str(value)) for name, value in rows if value]
