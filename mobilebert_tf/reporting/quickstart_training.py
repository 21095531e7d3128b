# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""How the quick start's networks were made: steps, sizes and curves."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

NAMES = {
    'teacher': 'Teacher',
    'student': 'Student, distilled',
    'untaught': 'Student, baseline',
}
COLOURS = {'teacher': plots.BLUE, 'student': plots.ORANGE,
           'untaught': plots.DARK_GREY}
_STEPS = {
    'text': 'Text',
    'vocabulary': 'Vocabulary',
    'records': 'Records',
    'teacher': 'Teacher',
    'student': 'Student',
    'untaught': 'Baseline student',
    'task': 'Task',
    'student_task': 'Fine-tuning',
    'untaught_task': 'The same, baseline',
    'export': 'Export',
}


def part(results: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
  """Returns a part of the results, empty if the run has none."""
  for key in path:
    results = results.get(key)
    if not isinstance(results, Mapping):
      return {}
  return results


def items(results: Mapping[str, Any], name: str) -> list[Any]:
  """Returns a list (or array) of the results, empty if there is none."""
  found = results.get(name)
  return [] if found is None else list(found)


def mappings(results: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
  """Returns the dicts of a list of the results."""
  return [item for item in items(results, name) if isinstance(item, Mapping)]


def ordered(results: Mapping[str, Any]) -> list[str]:
  """Returns teacher, student and baseline first, then what else there is."""
  return [*(name for name in NAMES if name in results),
          *(name for name in results if name not in NAMES)]


def total_seconds(results: Mapping[str, Any]) -> float:
  """Returns the sum of the steps' finite seconds, NaN if there are none."""
  known = list(filter(formatting.is_number, part(results, 'seconds').values()))
  return sum(known) if known else math.nan


def sections(results: Mapping[str, Any]) -> list[page.Section]:
  """Returns the sections on steps, networks and training curves."""
  found = []
  steps, sizes = timeline(results), networks(results)
  if steps or sizes:
    found.append(page.Section('made', 'How it was made', [
        steps and page.Text('Each step starts where the one before it ended. '
                            'The bars show its share of the whole time.'),
        steps and page.Timeline(steps),
        sizes and page.Text('The networks', 'heading'),
        page.Data('The networks', sizes)]))
  pictures = curves(results)
  if pictures:
    found.append(page.Section('training', 'Training', [page.Group(pictures)]))
  return found


def networks(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns the sizes of teacher and student."""
  models = part(results, 'models')
  columns = {'Parameters': 'parameters', 'Blocks': 'blocks',
             'Between blocks': 'inter', 'Inside blocks': 'intra',
             'Heads': 'heads', 'Feed-forwards': 'ffn'}
  rows = [(name.capitalize(), str(model.get('name', '')),
           *(formatting.count(model.get(key)) for key in columns.values()))
          for name, model in ((name, part(models, name))
                              for name in ordered(models))]
  return text_lib.make_table(
      ('Network', 'Architecture', *columns), rows, 2) if rows else None


# === Steps ====================================================================


def timeline(results: Mapping[str, Any]) -> list[dict[str, Any]]:
  """Returns the steps of the run for `page.Timeline`.

  Args:
    results: Results, `seconds` in the order of the run. An unknown step keeps
      its name.

  Returns:
    For each step its `name`, `what` it did, `time` as text, and `start` and
    `share` of the whole time in percent.
  """
  whole = total_seconds(results)
  steps, start = [], 0.0
  for name, taken in part(results, 'seconds').items():
    known = formatting.is_number(taken) and whole > 0
    share = 100 * taken / whole if known else 0.0
    steps.append({
        'name': _STEPS.get(name, name), 'what': _what(name, results),
        'start': round(start, 2), 'share': round(share, 2),
        'time': formatting.duration(taken)})
    start += share
  return steps


def _what(step: str, results: Mapping[str, Any]) -> str:
  """Returns in a line what a step did."""
  known = {
      'teacher': 'inverted-bottleneck BERT: masked LM and next sentence',
      'student': _schedule(results),
      'untaught': 'the same network without a teacher, for comparison',
      'student_task': 'the distilled student learns the task',
      'untaught_task': 'the baseline student learns the task',
      'export': ', '.join(str(item.get('name', ''))
                          for item in mappings(results, 'exports')),
  }
  return known[step] if step in known else _counts(step, results)


def _counts(step: str, results: Mapping[str, Any]) -> str:
  text, task = part(results, 'text'), part(results, 'task')
  size = part(results, 'vocabulary').get('size')
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


def _schedule(results: Mapping[str, Any]) -> str:
  kinds = [stage.get('kind') for stage in mappings(results, 'stages')]
  transfer = kinds.count('transfer')
  return ', then '.join(filter(None, (
      transfer and f'knowledge transfer in {transfer} '
                   f'stage{"s" if transfer > 1 else ""}',
      'distillation' in kinds and 'distillation')))


# === Curves ===================================================================


def curves(results: Mapping[str, Any]) -> list[page.Picture]:
  """Draws the training curves that the results have."""
  records = {name: [record for record in mappings(part(results, 'curves'), name)
                    if formatting.is_number(record.get('step'))]
             for name in NAMES}
  transfer = [stage for stage in mappings(results, 'stages')
              if stage.get('kind') == 'transfer'
              and formatting.is_number(stage.get('first_step'))
              and formatting.is_number(stage.get('last_step'))]
  return list(filter(None, (
      _picture('Teacher: pre-training',
               [_series('teacher', records['teacher'])],
               'the pre-training loss', 'Masked-LM plus next-sentence loss.',
               y_label='Loss, nats'),
      _transfer_curve(records['student'], transfer),
      _student_curve(records, transfer),
      _picture('Masked-LM accuracy while training',
               [_series(name, records[name], 'masked_lm_accuracy')
                for name in NAMES],
               'masked-LM accuracy on training batches',
               'On training batches, the same quantity for all.',
               form=formatting.percent, y_label='Accuracy', percent=True))))


def stage_of(record: Mapping, stages: Sequence[Mapping]) -> int | None:
  """Returns the index of the stage in which a record was logged, or None.

  Steps are counted after they are done, so a record at a stage's last step is
  that stage's.
  """
  for index, stage in enumerate(stages):
    if record['step'] <= stage['last_step']:
      return index if record['step'] >= stage['first_step'] else None
  return None


def _series(name: str, records: Sequence[Mapping], key: str = 'loss'):
  """Returns the `plots.Series` of a network, or None without numbers."""
  records = [record for record in records if key in record]
  values = [record[key] for record in records]
  if not any(map(formatting.is_number, values)):
    return None
  return plots.Series(NAMES[name], [record['step'] for record in records],
                      values, COLOURS[name], name == 'untaught')


def _picture(title: str, lines: Sequence[Any], what: str, caption: str = '',
             bands: Sequence[Any] = (), form=formatting.decimal,
             **options: Any) -> page.Picture | None:
  """Draws lines over steps, and says where they start and end."""
  lines = [line for line in lines if line is not None]
  if not lines:
    return None
  notes, said = [caption], []
  if any(plots.is_smoothed(line, bands) for line in lines):
    notes.append('Thin: as logged; thick: running mean.')
  missing = sum(not formatting.is_number(value)
                for line in lines for value in line.y)
  if missing:
    notes.append(f'Gaps: {missing} values were not finite.')
  for line in lines:
    finite = [value for value in line.y if formatting.is_number(value)]
    said.append(f'{line.label}: from {form(finite[0])} to {form(finite[-1])}.')
  figure = plots.line_chart(lines, x_label='Step', bands=bands, **options)
  return page.Picture(title, plots.to_data_uri(figure),
                      f'Line chart of {what}. {" ".join(said)}',
                      ' '.join(filter(None, notes)))


def _transfer_curve(records: Sequence[Mapping],
                    transfer: Sequence[Mapping]) -> page.Picture | None:
  inside = [r for r in records if stage_of(r, transfer) is not None]
  bands = [plots.Band(str(stage.get('name', '')), stage['first_step'],
                      stage['last_step']) for stage in transfer]
  return _picture(
      'Student: knowledge transfer', [_series('student', inside)],
      f'the transfer loss over {len(bands)} stages',
      'Each stage has a loss of its own (feature maps and attention of its '
      'block): compare within a stage, not between.',
      bands, y_label='Transfer loss')


def _student_curve(records: Mapping[str, Sequence[Mapping]],
                   transfer: Sequence[Mapping]) -> page.Picture | None:
  after = [r for r in records['student'] if stage_of(r, transfer) is None]
  lines = [_series('student', after), _series('untaught', records['untaught'])]
  title = 'Student: distillation' if transfer else 'Student: training'
  return _picture(
      title + (', and baseline' if records['untaught'] else ''), lines, 'loss',
      '' if None in lines else
      'The distilled student starts after its transfer. Its loss also counts '
      'the teacher’s predictions, so the heights are not the same quantity.',
      y_label='Loss, nats')
