# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report of the ablations: a page, Markdown, and text for the terminal.

All functions take the dict that `ablation.run` writes to `results.json`.
"""

import pathlib
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

PAGE, MARKDOWN = 'ablation.html', 'ablation.md'
_TITLE = 'What teaches a MobileBERT'
_TITLES = {'losses': 'Which losses: distillation, feature maps, attention',
           'schedules': 'Which schedule: auxiliary, joint, progressive'}
_PAPER = {'losses': 'table 9', 'schedules': 'table 8'}
_MEASURES = {
    'task': ('Task accuracy', lambda run: run['task_accuracy']),
    'masked_lm': ('Masked-LM accuracy',
                  lambda run: run['masked_lm']['accuracy']),
}
_READING = (
    'MLM is the masked-LM accuracy, NSP that of the next sentence, both on '
    'held-out text, as mean and standard deviation over seeds. A seed sets '
    'weights, batches, masks and fine-tuning, and is the same for all '
    'variants. Time is that of training, without fine-tuning. Feature maps and '
    'attention are the transfer losses of all blocks on held-out text at the '
    'end of training, the paper\'s equations 2 and 3, unweighted. In the '
    'order of the means, ≈ joins neighbours that differ by less than the '
    'larger of their standard deviations.')


def write_report(results: Mapping[str, Any],
                 folder: pathlib.Path) -> pathlib.Path:
  """Writes `ablation.html` and `ablation.md`, and returns the page's path.

  Args:
    results: `runs`, one for each variant and seed; `variants`, their
      descriptions by key; `tables`, the keys of each table by label; the
      `teacher`'s scores, `baselines`, and facts of the run.
    folder: Folder of both files.
  """
  files.write_text(folder / MARKDOWN, to_markdown(results))
  page.write(folder / PAGE, render(results))
  return folder / PAGE


def render(results: Mapping[str, Any]) -> str:
  """Returns the page."""
  sections = [page.Section(name, _TITLES[name], [
      *(page.Text(finding(results, name, measure), 'strong')
        for measure in _MEASURES),
      page.Group([
          _picture(results, name, 'task', 'Task accuracy after fine-tuning'),
          _picture(results, name, 'masked_lm',
                   'Held-out masked-LM accuracy')]),
      page.Data(_TITLES[name], scores(results, name)),
      page.Text(f'In the paper: {_PAPER[name]}.', 'note'),
  ]) for name in results['tables']]
  return page.render(_TITLE, _subtitle(results), [
      *sections,
      page.Section('reading', 'How to read it', [
          page.Text(_READING), page.Text(_task(results)),
          page.Data('The variants', _variants(results))]),
      page.Section('again', 'What was run', [page.Facts(_facts(results))])])


def to_markdown(results: Mapping[str, Any]) -> str:
  """Returns the report as Markdown, without the plots."""
  parts = [f'# {_TITLE}', _subtitle(results)]
  for name in results['tables']:
    parts += [f'## {_TITLES[name]}',
              text_lib.format_markdown(scores(results, name)),
              *(finding(results, name, measure) for measure in _MEASURES),
              f'In the paper: {_PAPER[name]}.']
  facts = text_lib.make_table(('', ''), _facts(results), left=2)
  parts += ['## How to read it', _READING, _task(results),
            text_lib.format_markdown(_variants(results)),
            '## What was run', text_lib.format_markdown(facts)]
  return '\n\n'.join(parts) + '\n'


def format_summary(results: Mapping[str, Any]) -> str:
  """Returns the tables, and the order of the variants, for the terminal."""
  parts = []
  for name in results['tables']:
    parts += [_TITLES[name], text_lib.format_table(scores(results, name)),
              '\n'.join(text_lib.clean(finding(results, name, measure))
                        for measure in _MEASURES)]
  return '\n\n'.join(parts)


def scores(results: Mapping[str, Any], name: str) -> text_lib.Table:
  """Returns mean and deviation of the scores of each variant of a table."""
  rows = [_row(results, label, key)
          for label, key in results['tables'][name].items()]
  teacher, baselines = results['teacher']['masked_lm'], results['baselines']
  rows += [
      ('teacher', '1', '', formatting.percent(teacher['accuracy']),
       formatting.decimal(teacher['loss'], 3),
       formatting.percent(teacher['next_sentence_accuracy']), '', '', ''),
      ('most frequent answer', '', formatting.percent(baselines['task']),
       formatting.percent(baselines['masked_lm']), '', '', '', '', '')]
  return text_lib.make_table(
      ('', 'Runs', 'Task', 'MLM', 'MLM loss', 'NSP', 'Feature maps',
       'Attention', 'Time'), rows)


def finding(results: Mapping[str, Any], name: str, measure: str) -> str:
  """Returns the order of a table's variants; see `_READING` for its ≈."""
  found = _values(results, name, measure)
  means = {label: statistics.mean(some) for label, some in found.items()
           if some}
  order = sorted(means, key=means.get, reverse=True)
  text = order[0] if order else 'nothing yet'
  for better, worse in zip(order, order[1:], strict=False):
    spread = max(_deviation(found[better]), _deviation(found[worse]))
    apart = means[better] - means[worse] > spread
    text += f' {">" if apart else "≈"} {worse}'
  return f'{_MEASURES[measure][0]}: {text}.'


def _values(results: Mapping[str, Any], name: str,
            measure: str) -> dict[str, list[float]]:
  """Returns a measure of each variant by label, a value for each seed."""
  return {label: [_MEASURES[measure][1](run) for run in _runs(results, key)]
          for label, key in results['tables'][name].items()}


def _runs(results: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
  return [run for run in results['runs'] if run['variant'] == key]


def _picture(results: Mapping[str, Any], name: str, measure: str,
             title: str) -> page.Picture:
  """Draws a measure of each variant, a dot for each seed."""
  found = _values(results, name, measure)
  # The teacher is not fine-tuned.
  teacher = (None if measure == 'task'
             else results['teacher']['masked_lm']['accuracy'])
  figure = plots.dot_chart(
      list(found), list(found.values()), reference=teacher,
      reference_label='' if teacher is None else 'teacher')
  means = [f'{label} {formatting.percent(statistics.mean(some))}'
           for label, some in found.items() if some]
  return page.Picture(
      title, plots.to_data_uri(figure),
      alt=f'{title}, means: {", ".join(means) or "none yet"}.',
      caption='A dot is a run, the line their mean. The axis does not start '
      'at zero.')


def _row(results: Mapping[str, Any], label: str, key: str) -> tuple[str, ...]:
  runs = _runs(results, key)
  return (
      label, str(len(runs)),
      *(_spread([read(run) for run in runs])
        for _, read in _MEASURES.values()),
      _spread([run['masked_lm']['loss'] for run in runs], percent=False),
      _spread([run['masked_lm']['next_sentence_accuracy'] for run in runs]),
      *(_spread([run['transfer'][term] for run in runs
                 if term in run['transfer']], percent=False, missing='')
        for term in ('feature_map', 'attention')),
      formatting.duration(
          statistics.mean(run['seconds'] for run in runs) if runs else None))


def _deviation(some: Sequence[float]) -> float:
  """Returns the standard deviation, infinity for a single run."""
  return statistics.stdev(some) if len(some) > 1 else float('inf')


def _spread(some: Sequence[float], percent: bool = True,
            missing: str = formatting.NOT_AVAILABLE) -> str:
  if not some:
    return missing
  mean = statistics.mean(some)
  text = formatting.percent(mean) if percent else formatting.decimal(mean, 3)
  if len(some) < 2:
    return text
  deviation = statistics.stdev(some)
  return f'{text} ± ' + (f'{100 * deviation:.1f}' if percent
                         else f'{deviation:.3f}')


def _subtitle(results: Mapping[str, Any]) -> str:
  seeds = len({run['seed'] for run in results['runs']})
  wanted = len(results['seeds'])
  return (f'{len(results["variants"])} ways to train the same student for the '
          f'same {formatting.count(results["student_steps"])} steps, with '
          f'{seeds}{"" if seeds == wanted else f" of {wanted}"} seeds, from '
          'one teacher.')


def _task(results: Mapping[str, Any]) -> str:
  task, settings = results['task'], results['settings']
  return (
      f'Task: {formatting.count(task["train_examples"])} labelled texts, of '
      f'which fine-tuning sees {formatting.count(settings["task_steps"])} '
      f'batches of {settings["task_batch_size"]}, and '
      f'{formatting.count(task["dev_examples"])} held out. The student without '
      'a teacher has the learning rate of configs/experiments/'
      'pretrain_small.yaml, the others that of distill_small.yaml.')


def _variants(results: Mapping[str, Any]) -> text_lib.Table:
  labels = [item for table in results['tables'].values()
            for item in table.items()]
  return text_lib.make_table(
      ('Variant', 'How the student is trained'),
      [(' = '.join(label for label, other in labels if other == key), text)
       for key, text in results['variants'].items()], left=2)


def _facts(results: Mapping[str, Any]) -> list[tuple[str, str]]:
  models = [f'{model["name"]}: {formatting.count(model["parameters"])} '
            f'weights, {model["blocks"]} blocks'
            for model in (results['teacher']['model'],
                          *(run['model'] for run in results['runs'][:1]))]
  return [
      *page.run_facts(results).items(),
      ('Models', '; '.join(models)),
      ('Time', f'{formatting.duration(results["seconds"])}, at most '
               f'{results["peak_memory_gb"]:.1f} GB')]
