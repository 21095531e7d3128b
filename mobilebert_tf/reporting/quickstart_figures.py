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

"""The quick start's plots, made from its results."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import quickstart_findings as findings

COLOURS = {
    'teacher': plots.BLUE,
    'student': plots.ORANGE,
    'untaught': plots.DARK_GREY,
}


def curves(results: Mapping[str, Any]) -> list[page.Picture]:
  """Draws the training curves that the results have."""
  records = {name: _records(results, name) for name in findings.NAMES}
  stages = _stages(results)
  transfer = [stage for stage in stages if stage.get('kind') == 'transfer']
  drawn = [
      _teacher_curve(records['teacher']),
      _transfer_curve(records['student'], transfer),
      _student_curve(records, transfer),
      _accuracy_curve(records),
  ]
  return [picture for picture in drawn if picture is not None]


def masked_lm_bars(results: Mapping[str, Any]) -> page.Picture | None:
  """Draws the held-out masked-LM accuracies, and the baseline's."""
  scores = findings.section(results, 'masked_lm')
  baseline = findings.section(scores, 'baseline')
  return _accuracy_bars(
      scores, baseline.get('accuracy'), baseline.get('name') or 'baseline',
      title='Masked tokens restored, held-out text')


def task_bars(results: Mapping[str, Any]) -> page.Picture | None:
  """Draws the task accuracies with their intervals, and the majority's."""
  scores = findings.section(results, 'task')
  return _accuracy_bars(
      findings.section(scores, 'models'), scores.get('majority_accuracy'),
      'always the most frequent label',
      title='Held-out passages answered right',
      examples=scores.get('dev_examples'))


def stage_of(
    record: Mapping[str, Any], stages: Sequence[Mapping]) -> int | None:
  """Returns the index of the stage in which a record was logged, or None.

  Steps are counted after they are done, so a record at a stage's last step is
  that stage's.
  """
  for index, stage in enumerate(stages):
    if record['step'] <= stage['last_step']:
      return index if record['step'] >= stage['first_step'] else None
  return None


def _records(results, name) -> list[Mapping]:
  found = findings.items(findings.section(results, 'curves'), name)
  return [record for record in found if isinstance(record, Mapping)
          and formatting.is_number(record.get('step'))]


def _stages(results) -> list[Mapping]:
  return [stage for stage in findings.items(results, 'stages')
          if isinstance(stage, Mapping)
          and formatting.is_number(stage.get('first_step'))
          and formatting.is_number(stage.get('last_step'))]


def _series(name, records, key='loss', dashed=False) -> plots.Series | None:
  records = [record for record in records if key in record]
  values = [record[key] for record in records]
  if not any(formatting.is_number(value) for value in values):
    return None
  return plots.Series(findings.NAMES[name], [r['step'] for r in records],
                      values, COLOURS[name], dashed)


def _from_to(line: plots.Series, form=formatting.decimal) -> str:
  finite = [value for value in line.y if formatting.is_number(value)]
  return f'from {form(finite[0])} to {form(finite[-1])}'


def _caption(lines: Sequence[plots.Series], bands, said: str) -> str:
  notes = [said] if said else []
  if any(plots.is_smoothed(line, bands) for line in lines):
    notes.append('Thin: as logged; thick: running mean.')
  missing = sum(not formatting.is_number(value)
                for line in lines for value in line.y)
  if missing:
    notes.append(f'Gaps: {missing} values were not finite.')
  return ' '.join(notes)


def _line_picture(
    title, lines, alt, said='', bands=(), **options) -> page.Picture:
  figure = plots.line_chart(lines, x_label='Step', bands=bands, **options)
  return page.Picture(title, plots.to_data_uri(figure), alt,
                      _caption(lines, bands, said))


def _teacher_curve(records) -> page.Picture | None:
  line = _series('teacher', records)
  if line is None:
    return None
  return _line_picture(
      'Teacher: pre-training', [line], y_label='Loss, nats',
      alt=f'Line chart. The teacher’s pre-training loss goes {_from_to(line)}.',
      said='Masked-LM plus next-sentence loss.')


def _transfer_curve(records, transfer) -> page.Picture | None:
  inside = [r for r in records if stage_of(r, transfer) is not None]
  line = _series('student', inside)
  if line is None:
    return None
  bands = [plots.Band(str(stage.get('name', '')), stage['first_step'],
                      stage['last_step']) for stage in transfer]
  return _line_picture(
      'Student: knowledge transfer', [line], y_label='Transfer loss',
      bands=bands,
      alt=(f'Line chart. The student’s transfer loss over {len(bands)} stages, '
           f'{_from_to(line)}.'),
      said=('Each stage has a loss of its own (feature maps and attention of '
            'its block): compare within a stage, not between.'))


def _student_curve(records, transfer) -> page.Picture | None:
  after = [r for r in records['student'] if stage_of(r, transfer) is None]
  lines = [line for line in (
      _series('student', after),
      _series('untaught', records['untaught'], dashed=True)) if line]
  if not lines:
    return None
  said = ''
  if len(lines) == 2:
    said = ('Same step axis; the taught student starts after its transfer. Its '
            'distillation loss also counts the teacher’s predictions, so the '
            'heights are not the same quantity.')
  title = 'Student: distillation' if transfer else 'Student: training'
  if records['untaught']:
    title += ', and without a teacher'
  return _line_picture(
      title, lines, y_label='Loss, nats', said=said,
      alt='Line chart of loss. ' + ' '.join(
          f'{line.label}: {_from_to(line)}.' for line in lines))


def _accuracy_curve(records) -> page.Picture | None:
  key = 'masked_lm_accuracy'
  lines = [_series(name, records[name], key, dashed=name == 'untaught')
           for name in findings.NAMES]
  lines = [line for line in lines if line is not None]
  if not lines:
    return None
  return _line_picture(
      'Masked-LM accuracy while training', lines, y_label='Accuracy',
      percent=True, said='On training batches, the same quantity for all.',
      alt='Line chart of masked-LM accuracy on training batches. ' + ' '.join(
          f'{line.label}: {_from_to(line, formatting.percent)}.'
          for line in lines))


def _accuracy_bars(scores, baseline, baseline_name, *, title, examples=None):
  names = [name for name in findings.NAMES if name in scores]
  values = [findings.section(scores, name).get('accuracy') for name in names]
  if not any(formatting.is_number(value) for value in values):
    return None
  labels = [findings.NAMES[name] for name in names]
  colours = [COLOURS[name] for name in names]
  intervals = [findings.interval(value, examples) for value in values]
  if baseline is not None:
    labels.append('Baseline')
    values.append(baseline)
    colours.append(plots.LIGHT_GREY)
    intervals.append((np.nan, np.nan))
  texts = [formatting.percent(value) for value in values]
  figure = plots.bar_chart(
      labels, values, texts=texts, colours=colours,
      intervals=intervals if examples else None)
  caption = '' if baseline is None else f'Baseline: {baseline_name}.'
  if examples:
    caption += ' Whiskers: 95% interval.'
  alt = 'Bar chart of accuracy. ' + ', '.join(
      f'{label}: {text}' for label, text in zip(labels, texts, strict=True))
  return page.Picture(title, plots.to_data_uri(figure), alt, caption.strip())
