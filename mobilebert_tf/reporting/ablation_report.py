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


"""The ablations' results, as a page, as Markdown and for the terminal."""

import pathlib
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import table
from mobilebert_tf.reporting import terminal

PAGE, MARKDOWN = 'ablation.html', 'ablation.md'
_TITLES = {
    'losses': 'Which losses: distillation, feature maps, attention',
    'schedules': 'Which schedule: auxiliary, joint, progressive',
}
_PAPER = {'losses': 'table 9', 'schedules': 'table 8'}
_MEASURES = {
    'task': ('Task accuracy', lambda run: run['task_accuracy']),
    'masked_lm': ('Masked-LM accuracy',
                  lambda run: run['masked_lm']['accuracy']),
}


def write_report(results: Mapping[str, Any],
                 folder: pathlib.Path) -> pathlib.Path:
  """Writes `ablation.html` and `ablation.md`.

  Args:
    results: What `ablation.run` found: `runs`, one for each variant and seed, `variants`, `tables`, the
      `teacher`'s scores, `baselines`, and what it ran on.
    folder: Gets both files.

  Returns:
    The path of the page.
  """
  files.write_text(folder / MARKDOWN, to_markdown(results))
  page.write(folder / PAGE, render(results))
  return folder / PAGE


def render(results: Mapping[str, Any]) -> str:
  """Returns the page."""
  # Here because matplotlib is slow to import and the terminal needs none.
  from mobilebert_tf.reporting import ablation_figures as figures
  sections = [{
      'title': _TITLES[name],
      'note': f'In the paper: {_PAPER[name]}.',
      'findings': [finding(results, name, measure) for measure in _MEASURES],
      'table': scores(results, name),
      'pictures': [
          figures.dots(
              {label: values(results, arm, measure)
               for label, arm in arms.items()},
              teacher_score(results, measure), title)
          for measure, title in (
              ('task', 'Task accuracy after fine-tuning'),
              ('masked_lm', 'Held-out masked-LM accuracy'))],
  } for name, arms in results['tables'].items()]
  return page.render(
      'ablation.html.j2', title='What teaches a MobileBERT',
      subtitle=_subtitle(results), sections=sections, arms=_arms(results),
      reading=_reading(results), facts=_facts(results))


def to_markdown(results: Mapping[str, Any]) -> str:
  """Returns the same as Markdown, without the plots."""
  parts = ['# What teaches a MobileBERT', _subtitle(results)]
  for name in results['tables']:
    parts += [f'## {_TITLES[name]}', _markdown_table(scores(results, name)),
              *(finding(results, name, measure) for measure in _MEASURES),
              f'In the paper: {_PAPER[name]}.']
  parts += ['## How to read it', *_reading(results), _markdown_table(_arms(results)),
            '## What was run', _markdown_table(_facts(results))]
  return '\n\n'.join(parts) + '\n'


def format_summary(results: Mapping[str, Any]) -> str:
  """Returns both tables, and what they say, for the terminal."""
  parts = []
  for name in results['tables']:
    parts += [_TITLES[name], terminal.format_table(scores(results, name)),
              '\n'.join(terminal.clean(finding(results, name, measure))
                        for measure in _MEASURES)]
  return '\n\n'.join(parts)


def values(results: Mapping[str, Any], arm: str,
           measure: str) -> list[float]:
  """Returns a measure of an arm, one for each seed that is done."""
  return [_MEASURES[measure][1](run) for run in results['runs']
          if run['variant'] == arm]


def teacher_score(results: Mapping[str, Any], measure: str) -> float | None:
  """Returns the teacher's score; it is not fine-tuned."""
  if measure == 'task':
    return None
  return results['teacher']['masked_lm']['accuracy']


def scores(results: Mapping[str, Any], name: str) -> table.Table:
  """Returns one of the two tables.

  Args:
    results: As for `write_report`.
    name: A key of `arms.TABLES`.

  Returns:
    For each arm the mean and standard deviation of every score over seeds.
  """
  rows = []
  for label, arm in results['tables'][name].items():
    runs = [run for run in results['runs'] if run['variant'] == arm]
    rows.append((
        label, str(len(runs)),
        *(_spread(values(results, arm, measure)) for measure in _MEASURES),
        _spread([run['masked_lm']['loss'] for run in runs], percent=False),
        _spread([run['masked_lm']['next_sentence_accuracy'] for run in runs]),
        _spread_of_term(runs, 'feature_map'),
        _spread_of_term(runs, 'attention'),
        formatting.duration(
            statistics.mean(run['seconds'] for run in runs)) if runs else 'n/a',
    ))
  teacher = results['teacher']['masked_lm']
  rows.append(('teacher', '1', '', formatting.percent(teacher['accuracy']),
               formatting.decimal(teacher['loss'], 3),
               formatting.percent(teacher['next_sentence_accuracy']), '', '',
               ''))
  baselines = results['baselines']
  rows.append((
      'most frequent answer', '', formatting.percent(baselines['task']),
      formatting.percent(baselines['masked_lm']), '', '', '', '', ''))
  titles = ('Runs', 'Task', 'MLM', 'MLM loss', 'NSP', 'Feature maps',
            'Attention', 'Time')
  return table.Table(
      (table.Column(''), *(table.Column(title, 'right') for title in titles)),
      rows)


def finding(results: Mapping[str, Any], name: str, measure: str) -> str:
  """Says in which order the arms of a table came out.

  Neighbours whose means differ by less than the larger of their standard
  deviations are joined by ≈.
  """
  found = {label: values(results, arm, measure)
           for label, arm in results['tables'][name].items()}
  means = {label: statistics.mean(some) for label, some in found.items()
           if some}
  order = sorted(means, key=means.get, reverse=True)
  text = order[0] if order else 'nothing yet'
  for better, worse in zip(order, order[1:], strict=False):
    spread = max(_deviation(found[better]), _deviation(found[worse]))
    apart = means[better] - means[worse] > spread
    text += f' {">" if apart else "≈"} {worse}'
  return f'{_MEASURES[measure][0]}: {text}.'


def _deviation(some: Sequence[float]) -> float:
  """Returns the standard deviation; of a single run it is not known."""
  return statistics.stdev(some) if len(some) > 1 else float('inf')


def _spread(some: Sequence[float], percent: bool = True) -> str:
  if not some:
    return formatting.NOT_AVAILABLE
  show = formatting.percent if percent else (
      lambda value: formatting.decimal(value, 3))
  if len(some) < 2:
    return show(statistics.mean(some))
  deviation = statistics.stdev(some)
  return (f'{show(statistics.mean(some))} ± '
          + (f'{100 * deviation:.1f}' if percent else f'{deviation:.3f}'))


def _spread_of_term(runs: Sequence[Mapping[str, Any]], term: str) -> str:
  some = [run['transfer'][term] for run in runs if term in run['transfer']]
  return _spread(some, percent=False) if some else ''


def _subtitle(results: Mapping[str, Any]) -> str:
  seeds = sorted({run['seed'] for run in results['runs']})
  wanted = results['seeds']
  so_far = '' if len(seeds) == len(wanted) else f' of {len(wanted)}'
  return (f'{len(results["variants"])} ways to train the same student for the '
          f'same {formatting.count(results["student_steps"])} steps, with '
          f'{len(seeds)}{so_far} seeds, from one teacher.')


def _reading(results: Mapping[str, Any]) -> list[str]:
  task = results['task']
  return [
      'MLM is the masked-LM accuracy, NSP that of the next sentence, both on '
      'held-out text. Mean and standard deviation over seeds. A seed sets '
      'weights, batches, masks and fine-tuning, and is the same for all arms. '
      'Time is that of training, without fine-tuning. Feature maps and '
      'attention: the transfer losses of all blocks on held-out text at the '
      'end of training, the paper\'s equations 2 and 3, unweighted.',
      'The order is by the means; ≈ joins neighbours that differ by less than '
      'the larger of their standard deviations.',
      f'Task: {formatting.count(task["train_examples"])} labelled texts, of '
      'which fine-tuning sees '
      f'{formatting.count(results["settings"]["task_steps"])} batches of '
      f'{results["settings"]["task_batch_size"]}, and '
      f'{formatting.count(task["dev_examples"])} held out. The student without '
      'a teacher has the learning rate of configs/experiments/'
      'pretrain_small.yaml, the others that of distill_small.yaml.',
  ]


def _arms(results: Mapping[str, Any]) -> table.Table:
  names = {}
  for arms in results['tables'].values():
    for label, arm in arms.items():
      names.setdefault(arm, []).append(label)
  return table.Table(
      (table.Column('Arm'), table.Column('How the student is trained')),
      [(' = '.join(names[arm]), description)
       for arm, description in results['variants'].items()])


def _facts(results: Mapping[str, Any]) -> table.Table:
  hardware, versions = results['hardware'], results['versions']
  models = [f'{model["name"]}: {formatting.count(model["parameters"])} '
            f'weights, {model["blocks"]} blocks'
            for model in (results['teacher']['model'],
                          *(run['model'] for run in results['runs'][:1]))]
  rows = [
      ('Command', results['command']),
      ('Models', '; '.join(models)),
      ('Date', results['date']),
      ('Hardware', f'{hardware["cores"]} cores of {hardware["cpu"]}, '
                   f'{hardware["memory_gb"]:.0f} GB'),
      ('Time', f'{formatting.duration(results["seconds"])}, at most '
               f'{results["peak_memory_gb"]:.1f} GB'),
      ('Versions', ', '.join(f'{name} {version}'
                             for name, version in versions.items())),
  ]
  return table.Table((table.Column(''), table.Column('')), rows)


def _markdown_table(rows: table.Table) -> str:
  def line(cells):
    escaped = (terminal.clean(cell).replace('|', '\\|') for cell in cells)
    return f'| {" | ".join(escaped)} |'
  rules = ['---:' if column.align == 'right' else '---'
           for column in rows.columns]
  return '\n'.join([line(column.title for column in rows.columns),
                    f'| {" | ".join(rules)} |', *map(line, rows.rows)])
