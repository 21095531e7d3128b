# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The quick start's report: a page, and text for the terminal.

A part that the results lack is left out, and a number that is not finite reads
'n/a', so that the report of a run that went wrong can still be written.
"""

import datetime
import functools
import math
import os
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.common import formatting
from mobilebert_tf.evaluation import metrics
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import quickstart_networks as networks
from mobilebert_tf.reporting import text as text_lib

_STUDENTS = ('student', 'baseline_student')
_megabytes = functools.partial(formatting.quantity, unit='MB')
_milliseconds = functools.partial(formatting.quantity, unit='ms')
_SIDE_BY_SIDE = 9  # Classes of matrices that fit beside each other.
_CONSTANT = 'Most frequent answer'
_SOURCE = ('MobileBERT: a Compact Task-Agnostic BERT for Resource-Limited '
           'Devices', 'https://arxiv.org/abs/2004.02984',
           '(Sun et al., ACL 2020).')


def write_report(
    results: Mapping[str, Any], output_path: str | os.PathLike) -> None:
  """Writes the quick start's results as a self-contained HTML page."""
  page.write(output_path, render(results))


def render(results: Mapping[str, Any]) -> str:
  """Returns the page that `write_report` writes."""
  return page.render(
      'A MobileBERT, from raw text to answers', subtitle(results), [
          *networks.sections(results), _masked_lm_section(results),
          _task_section(results),
          networks.attention_section(networks.part(results, 'attention')),
          _table_section(
              'exports', 'What was exported', exports(results),
              'Latency is the time of one answer on this machine. Agreement is '
              'the share of held-out passages with the same answer as the '
              'Keras model.'),
          _table_section('answers', 'What it answers', answers(results)),
          provenance(results)],
      abstract=abstract(results), highlights=_highlights(results),
      footer='The method:', source=_SOURCE)


def format_summary(results: Mapping[str, Any]) -> str:
  """Returns the results for the terminal, without control characters."""
  return '\n\n'.join(filter(None, (
      costs('MobileBERT quick start', results),
      *told('Networks:', networks.table(results)),
      *told('Restoring masked tokens of held-out text:', masked_lm(results),
            masked_lm_finding(results)),
      *told('The task, on held-out texts:', task(results),
            task_finding(results)),
      *told('Exported models:', exports(results)),
      *told('Answers:', answers(results)))))


def costs(title: str, results: Mapping[str, Any]) -> str:
  """Returns a title with the time and memory of a run, if they are known."""
  seconds = networks.total_seconds(results)
  memory = results.get('peak_memory_gb')
  facts = [text for value, text in (
      (seconds, formatting.duration(seconds)),
      (memory, f'{formatting.quantity(memory, "GB")} peak'))
           if formatting.is_number(value)]
  return ': '.join(filter(None, (title, ', '.join(facts))))


def deployed(results: Mapping[str, Any]) -> Mapping[str, Any]:
  """Returns the export to put first: the smallest TFLite file, or any."""
  found = networks.mappings(results, 'exports')
  lite = [item for item in found if 'tflite' in str(item.get('name')).lower()]
  return min(lite or found, default={}, key=lambda item: (
      item['megabytes'] if formatting.is_number(item.get('megabytes'))
      else math.inf))


def interval(accuracy: Any, examples: Any) -> tuple[float, float]:
  """Returns the 95% interval of an accuracy over that many examples."""
  if not (formatting.is_number(accuracy) and _is_positive(examples)):
    return math.nan, math.nan
  return metrics.wilson(round(accuracy * examples), int(examples))


def _is_positive(value: Any) -> bool:
  return formatting.is_number(value) and value > 0


def _accuracies(scores: Mapping[str, Any]) -> dict[str, float]:
  return {name: float(score['accuracy'])
          for name, score in networks.parts(scores).items()
          if name in networks.NAMES
          and formatting.is_number(score.get('accuracy'))}


def _difference(found: Mapping[str, float]) -> float | None:
  """Returns the accuracy of the distilled student less the baseline's."""
  if not set(_STUDENTS) <= set(found):
    return None
  return found['student'] - found['baseline_student']


def _last_step(results: Mapping[str, Any], name: str) -> float | None:
  curves = networks.part(results, 'curves')
  steps = [record.get('step') for record in networks.mappings(curves, name)]
  return max(filter(formatting.is_number, steps), default=None)


def abstract(results: Mapping[str, Any]) -> str:
  """Returns the run in a paragraph of those sentences whose numbers exist."""
  task, export = networks.part(results, 'task'), deployed(results)
  models = networks.part(results, 'models')
  return ' '.join(filter(None, (
      say('In {}, this run read {} of text and learned a vocabulary of {} '
          'word pieces.',
          (networks.total_seconds(results), formatting.duration),
          (networks.part(results, 'text').get('megabytes'), _megabytes),
          (networks.part(results, 'vocabulary').get('size'),
           formatting.count)),
      say('It pre-trained an inverted-bottleneck teacher of {} parameters and '
          'distilled a MobileBERT student of {} from it, block by block.',
          *((networks.part(models, name).get('parameters'),
             formatting.approximate_count)
            for name in ('teacher', 'student'))),
      say('Fine-tuned, the student answers {} of {} held-out passages right, '
          'where always giving the most frequent answer gets {}.',
          (networks.part(task, 'models', 'student').get('accuracy'),
           formatting.percent),
          (task.get('dev_examples'), formatting.count),
          (task.get('majority_accuracy'), formatting.percent)),
      say(f'Exported as {export.get("name", "a file")}, it takes {{}} and '
          'answers in {}.', (export.get('megabytes'), _megabytes),
          (export.get('latency_ms'), _milliseconds)))))


def masked_lm_finding(results: Mapping[str, Any]) -> str:
  """Returns whether the distilled student restores more held-out tokens."""
  scores = networks.part(results, 'masked_lm')
  return _better(_accuracies(scores),
                 networks.part(scores, 'baseline').get('accuracy'))


def task_finding(results: Mapping[str, Any]) -> str:
  """Returns whether it answers better, and whether chance could explain it."""
  task = networks.part(results, 'task')
  found = _accuracies(networks.part(task, 'models'))
  examples = task.get('dev_examples')
  said = _better(found, task.get('majority_accuracy'))
  if not _difference(found) or not _is_positive(examples):
    return said
  low, high = metrics.difference(*(found[name] for name in _STUDENTS),
                                 examples)
  return said + (' Chance could explain the difference.' if low <= 0 <= high
                 else ' That is more than chance.')


def _better(found: Mapping[str, float], constant: Any) -> str:
  difference = _difference(found)
  if difference is None:
    return ''
  by = formatting.points(difference)
  network = 'the baseline, the same network trained without a teacher'
  if difference > 0:
    verdict = f'better than {network}, by {by}'
  else:
    verdict = (f'not better than {network}: '
               + (f'it is {by} worse' if difference else 'they are equal'))
  said = f'The distilled student is {verdict}.'
  if formatting.is_number(constant) and found['student'] <= constant:
    said += (' It is no better than the most frequent answer '
             f'({formatting.percent(constant)}).')
  return said


def say(sentence: str, *values: tuple[Any, Callable[[Any], str]]) -> str:
  """Returns the sentence with its numbers, '' unless all are positive."""
  if not all(_is_positive(value) for value, _ in values):
    return ''
  return sentence.format(*(show(value) for value, show in values))


def masked_lm(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns the held-out pre-training scores."""
  scores = networks.part(results, 'masked_lm')
  rows = []
  for name, score in networks.parts(scores).items():
    steps = _last_step(results, name)
    rows.append((
        _CONSTANT if name == 'baseline' else networks.NAMES.get(name, name),
        '' if steps is None else formatting.count(steps),
        formatting.percent(score.get('accuracy')),
        *(form(score[key]) if key in score else '' for key, form in (
            ('loss', formatting.decimal),
            ('next_sentence_accuracy', formatting.percent)))))
  return _table(('Network', 'Steps', 'Accuracy', 'Loss', 'Next sentence'), rows)


def task(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns the task's held-out accuracies with their 95% intervals."""
  part = networks.part(results, 'task')
  models, examples = networks.part(part, 'models'), part.get('dev_examples')
  rows = []
  for name, model in networks.parts(models).items():
    accuracy = model.get('accuracy')
    ends = map(formatting.percent, interval(accuracy, examples))
    rows.append((networks.NAMES.get(name, name), formatting.percent(accuracy),
                 ' to '.join(dict.fromkeys(ends))))  # One 'n/a' is enough.
  found = _accuracies(models)
  difference = _difference(found)
  if difference is not None and _is_positive(examples):
    ends = metrics.difference(*(found[name] for name in _STUDENTS), examples)
    rows.append(('Difference', f'{100 * difference:+.1f} points',
                 ' to '.join(f'{100 * end:+.1f}' for end in ends)))
  if rows and 'majority_accuracy' in part:
    rows.append((_CONSTANT, formatting.percent(part['majority_accuracy']), ''))
  return _table(('Network', 'Accuracy', '95% interval'), rows)


def exports(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns size, latency, accuracy and agreement of each export."""
  rows = [(str(item.get('name', '')), _megabytes(item.get('megabytes')),
           _milliseconds(item.get('latency_ms')),
           formatting.percent(item.get('accuracy')),
           formatting.percent(item.get('agreement')),
           str(item.get('path', '')))
          for item in networks.mappings(results, 'exports')]
  return _table(
      ('Export', 'Size', 'Latency', 'Accuracy', 'Agreement', 'File'), rows,
      words=('File',), widths={'Export': 36})


def answers(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns what was asked and answered."""
  rows = [(str(item.get('label', '')),
           formatting.percent(item.get('probability')),
           str(item.get('source', '')), str(item.get('text', '')))
          for item in networks.mappings(results, 'answers')]
  return _table(('Answer', 'Probability', 'From', 'Text'), rows,
                words=('From', 'Text'),
                widths={'Answer': 24, 'From': 24, 'Text': 60})


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]],
           **options: Any) -> text_lib.Table | None:
  return text_lib.make_table(titles, rows, **options) if rows else None


def told(title: str, table: text_lib.Table | None,
         finding: str = '') -> list[str]:
  """Returns a table for the terminal, below its title and above what it shows.
  """
  return [title if table else '', text_lib.format_table(table) if table else '',
          textwrap.fill(text_lib.clean(finding), 80)]


def _masked_lm_section(results: Mapping[str, Any]) -> page.Section | None:
  scores = networks.part(results, 'masked_lm')
  if not _accuracies(scores):
    return None
  baseline = networks.part(scores, 'baseline')
  return page.Section('masked-lm', 'Language: restoring masked tokens', [
      page.Text(masked_lm_finding(results), 'strong'),
      page.Group([
          _accuracy_bars('Masked tokens restored, held-out text', scores,
                         baseline.get('accuracy'), baseline.get('name') or ''),
          page.Data('Held-out scores', masked_lm(results))]),
      page.Text('All on text that no network was trained on. One run of each: '
                'another seed moves every number.', 'note')])


def _task_section(results: Mapping[str, Any]) -> page.Section | None:
  part = networks.part(results, 'task')
  models = networks.part(part, 'models')
  if not models:
    return None
  counts = [f'{formatting.count(part[key])} {what}' for key, what in (
      ('train_examples', 'passages to learn from'),
      ('dev_examples', 'held out')) if formatting.is_number(part.get(key))]
  picture = _accuracy_bars(
      'Held-out passages answered right', models, part.get('majority_accuracy'),
      'always the most frequent label', part.get('dev_examples'))
  matrices = confusion_matrices(results)
  beside = len(matrices) > 1 and len(matrices[0].labels) <= _SIDE_BY_SIDE
  return page.Section(
      'task', ': '.join(filter(None, ('The task', part.get('question')))), [
          page.Text(task_finding(results), 'strong'),
          page.Text(f'{", ".join(counts)}.' if counts else '', 'note'),
          picture and page.Group([
              picture, page.Data('Task accuracy', task(results))]),
          *([page.Text('Confusion matrices', 'heading'),
             page.Text('Counts of held-out passages. A row is the truth, a '
                       'column the answer; the shade is the count’s share of '
                       'its row.', 'note'),
             page.Group(matrices, 'pair' if beside else 'stack')]
            if matrices else [])])


def confusion_matrices(results: Mapping[str, Any]) -> list[page.Matrix]:
  """Returns the confusion matrix of each network that has a square one."""
  part = networks.part(results, 'task')
  labels = [str(label) for label in networks.items(part, 'labels')]
  models = networks.parts(networks.part(part, 'models'))
  return [page.Matrix(networks.NAMES.get(name, name), labels,
                      model['confusion']) for name, model in models.items()
          if labels and _is_square(model.get('confusion'), len(labels))]


def _is_square(counts: Any, size: int) -> bool:
  try:
    return np.shape(counts) == (size, size)
  except ValueError:  # Rows of different lengths.
    return False


def _accuracy_bars(title: str, scores: Mapping[str, Any], constant: Any,
                   constant_name: str, examples: Any = None
                   ) -> page.Picture | None:
  """Draws accuracies with their intervals, and that of a constant answer."""
  names = [name for name in networks.NAMES if name in scores]
  values = [networks.part(scores, name).get('accuracy') for name in names]
  if not any(map(formatting.is_number, values)):
    return None
  labels = [networks.NAMES[name] for name in names]
  colours = [networks.COLOURS[name] for name in names]
  ends = [interval(value, examples) for value in values]
  notes = ['Whiskers: 95% interval.'] if examples else []
  if constant is not None:
    labels.append(_CONSTANT)
    values.append(constant)
    colours.append(plots.LIGHT_GREY)
    ends.append((math.nan, math.nan))
    if constant_name:
      notes.insert(0, f'{_CONSTANT}: {constant_name}.')
  return page.bar_picture(
      title, labels, values, list(map(formatting.percent, values)),
      ' '.join(notes), colours=colours, intervals=ends if examples else None)


def _table_section(name: str, title: str, table: text_lib.Table | None,
                   note: str = '') -> page.Section | None:
  return table and page.Section(
      name, title, [page.Data(title, table), page.Text(note, 'note')])


def _highlights(results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
  task, export = networks.part(results, 'task'), deployed(results)
  accuracy = networks.part(task, 'models', 'student').get('accuracy')
  examples, memory = task.get('dev_examples'), results.get('peak_memory_gb')
  seconds = networks.total_seconds(results)
  rows = [
      ('Task accuracy', accuracy, formatting.percent,
       f'on {formatting.count(examples)} held-out passages'
       if formatting.is_number(examples) else 'on held-out passages'),
      ('Size', export.get('megabytes'), _megabytes, export.get('name', '')),
      ('One answer takes', export.get('latency_ms'), _milliseconds,
       export.get('name', '')),
      ('Whole run', seconds, formatting.duration,
       f'{formatting.quantity(memory, "GB")} of memory at most'
       if formatting.is_number(memory) else '')]
  return [(label, show(value), detail) for label, value, show, detail in rows
          if formatting.is_number(value)]


def subtitle(results: Mapping[str, Any]) -> str:
  """Returns date and hardware of a run."""
  facts = page.run_facts(results)
  return ' · '.join(filter(None, (_date(facts.get('Date', '')),
                                  facts.get('Hardware'))))


def _date(text: str) -> str:
  try:
    date = datetime.datetime.fromisoformat(text)
  except ValueError:
    return text
  return f'{date.day} {date:%B %Y, %H:%M}'


def provenance(results: Mapping[str, Any]) -> page.Section | None:
  """Returns the section on command, versions and text of a run."""
  facts = page.run_facts(results)
  source = networks.part(results, 'text').get('source')
  if source:
    facts['Text'] = str(source)
  return page.Section('again', 'To make it again',
                      [page.Facts(list(facts.items()))]) if facts else None
