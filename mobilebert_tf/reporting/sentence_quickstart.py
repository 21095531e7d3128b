# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report of the quick start's sentence encoder: a page, and text.

As in `reporting.quickstart`, a part that the results lack is left out.
"""

import functools
import os
from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import quickstart
from mobilebert_tf.reporting import quickstart_networks as networks
from mobilebert_tf.reporting import text as text_lib

_NAMES = {'student': 'Sentence encoder, TFLite',
          'words': 'Shared words, TF-IDF', 'teacher': 'Teacher'}
_COLOURS = {'student': plots.ORANGE, 'words': plots.LIGHT_GREY,
            'teacher': plots.BLUE}
_STEPS = {'passages': 'Passages', 'teacher': 'Teacher',
          'vocabulary': 'Vocabulary', 'student': 'Sentence encoder',
          'export': 'Export', 'search': 'Search'}
_FIRST, _TEN = 'recall@1', 'recall@10'
_METRICS = {_FIRST: 'Recall at 1', _TEN: 'Recall at 10', 'mrr': 'MRR'}
_ABOUT = ('A query is the first sentence of a held-out passage; the document '
          'to find has the words after it. Recall at 10 is the share of '
          'queries whose document is among the 10 nearest, MRR the mean of '
          '1 / rank. Nothing was learned from these passages.')
_SOURCE = ('Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks',
           'https://arxiv.org/abs/1908.10084',
           '(Reimers and Gurevych, EMNLP 2019).')
_megabytes = functools.partial(formatting.quantity, unit='MB')
_milliseconds = functools.partial(formatting.quantity, unit='ms')


def write_report(
    results: Mapping[str, Any], output_path: str | os.PathLike) -> None:
  """Writes the results as a self-contained HTML page."""
  page.write(output_path, render(results))


def render(results: Mapping[str, Any]) -> str:
  """Returns the page that `write_report` writes."""
  return page.render(
      'A sentence encoder, from raw text to a search',
      quickstart.subtitle(results), [
          _answers_section(results), _retrieval_section(results),
          _made_section(results), _training_section(results),
          quickstart.provenance(results)],
      abstract=abstract(results), highlights=_highlights(results),
      footer='The method:', source=_SOURCE)


def format_summary(results: Mapping[str, Any]) -> str:
  """Returns the results for the terminal, without control characters."""
  told, score = quickstart.told, networks.part(results, 'retrieval')
  parts = [quickstart.costs('MobileBERT quick start, sentence encoder',
                            results),
           *told('The encoder:', encoder(results)),
           *told('Finding the passage of a first sentence, among '
                 f'{formatting.count(score.get("documents"))} held-out ones:',
                 retrieval(results), finding(results))]
  for item in networks.mappings(results, 'answers'):
    parts += told(f'Nearest to: {text_lib.clean(str(item.get("text", "")))}',
                  nearest(item))
  return '\n\n'.join(filter(None, parts))


def abstract(results: Mapping[str, Any]) -> str:
  """Returns the run in a paragraph of those sentences whose numbers exist."""
  text, made = networks.part(results, 'text'), networks.part(results, 'export')
  model = networks.part(results, 'student', 'model')
  student, words = (_mean(results, name, _TEN) for name in ('student', 'words'))
  say = quickstart.say
  return ' '.join(filter(None, (
      say('In {}, this run learned from {} texts to give a text a vector that '
          f'is near to those of texts alike, {_how(results)}.',
          (networks.total_seconds(results), formatting.duration),
          (text.get('texts'), formatting.count)),
      say('The encoder has {} parameters, and in a file of {} takes {} a text.',
          (model.get('parameters'), formatting.approximate_count),
          (made.get('megabytes'), _megabytes),
          (made.get('latency_ms'), _milliseconds)),
      say('For {} of held-out first sentences the rest of the passage is among '
          'the 10 nearest; by shared words it is for {}.',
          (student, formatting.percent), (words, formatting.percent)))))


def _how(results: Mapping[str, Any]) -> str:
  teacher = networks.part(results, 'teacher').get('name')
  return (f'taught by {teacher}' if teacher else
          'without a teacher, by telling texts apart under dropout')


def finding(results: Mapping[str, Any]) -> str:
  """Returns whether the encoder finds more than shared words do."""
  found = {name: networks.part(results, 'retrieval', 'models', name, _TEN)
           for name in ('student', 'words')}
  values = [each.get('mean') for each in found.values()]
  if not all(map(formatting.is_number, values)):
    return ''
  student, words = values
  if student == words:
    return 'The encoder finds as much as shared words do.'
  apart = (found['student'].get('low', 0) > words if student > words
           else found['student'].get('high', 1) < words)
  return (f'At 10, the encoder finds {formatting.points(student - words)} '
          f'{"more" if student > words else "less"} than shared words do'
          + ('.' if apart else ', which chance could explain.'))


def encoder(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns what was made: sizes, the file, what it costs."""
  student, made = (networks.part(results, name)
                   for name in ('student', 'export'))
  model = networks.part(student, 'model')
  if not model and not made:
    return None
  return text_lib.make_table(
      ('Encoder', 'Parameters', 'Size of the vector', 'File', 'A text takes',
       'Cosine to float', 'Path'),
      [(str(model.get('name', '')), formatting.count(model.get('parameters')),
        formatting.count(model.get('size')), _megabytes(made.get('megabytes')),
        _milliseconds(made.get('latency_ms')),
        formatting.decimal(made.get('cosine'), 4), str(made.get('path', '')))],
      words=('Path',))


def retrieval(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns how well passages are found, and by what."""
  rows = []
  for name, scores in _models(results).items():
    ten = networks.part(scores, _TEN)
    ends = [formatting.percent(ten.get(end)) for end in ('low', 'high')]
    rows.append((_title(results, name), *(
        formatting.percent(networks.part(scores, metric).get('mean'))
        for metric in _METRICS), ' to '.join(dict.fromkeys(ends))))
  return text_lib.make_table(
      ('By', *_METRICS.values(), '95% interval of recall at 10'),
      rows) if rows else None


def nearest(item: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns the passages that are nearest to a question."""
  rows = [(formatting.decimal(found.get('similarity')),
           str(found.get('name', '')), str(found.get('text', '')))
          for found in networks.mappings(item, 'nearest')]
  return text_lib.make_table(
      ('Cosine', 'Passage', 'Text'), rows, left=0, words=('Passage', 'Text'),
      widths={'Passage': 48, 'Text': 72}) if rows else None


def _models(results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
  models = networks.part(results, 'retrieval', 'models')
  return {name: networks.part(models, name) for name in _NAMES
          if name in models}


def _title(results: Mapping[str, Any], name: str) -> str:
  teacher = networks.part(results, 'teacher').get('name')
  return (f'{_NAMES[name]}, {teacher}' if name == 'teacher' and teacher
          else _NAMES[name])


def _mean(results: Mapping[str, Any], model: str, metric: str) -> Any:
  return networks.part(
      results, 'retrieval', 'models', model, metric).get('mean')


# === Sections ===


def _answers_section(results: Mapping[str, Any]) -> page.Section | None:
  blocks = []
  for item in networks.mappings(results, 'answers'):
    question = str(item.get('text', ''))
    blocks += [page.Text(f'“{question}”', 'heading'),
               page.Data(f'Nearest to: {question}', nearest(item))]
  return page.Section('answers', 'Which passages are nearest', [
      page.Text('Questions and passages got their vectors from the TFLite file '
                'alone. Cosine: 1 for texts of one direction.', 'note'),
      *blocks]) if blocks else None


def _retrieval_section(results: Mapping[str, Any]) -> page.Section | None:
  models = _models(results)
  if not models:
    return None
  pictures = [_bars(results, metric) for metric in (_TEN, _FIRST)]
  return page.Section('retrieval', 'How good it is', [
      page.Text(finding(results), 'strong'), page.Group(pictures),
      page.Data('How passages are found', retrieval(results)),
      page.Text(_ABOUT, 'note')])


def _bars(results: Mapping[str, Any], metric: str) -> page.Picture:
  models = _models(results)
  scores = [networks.part(scores, metric) for scores in models.values()]
  values = [score.get('mean') for score in scores]
  return page.bar_picture(
      f'{_METRICS[metric]}, held-out passages',
      [_title(results, name) for name in models], values,
      list(map(formatting.percent, values)), 'Whiskers: 95% interval.',
      colours=[_COLOURS[name] for name in models],
      intervals=[(score.get('low'), score.get('high')) for score in scores])


def _made_section(results: Mapping[str, Any]) -> page.Section | None:
  steps, table = networks.timeline(results, _STEPS, _what), encoder(results)
  if not steps and not table:
    return None
  return page.Section('made', 'How it was made', [
      steps and page.Timeline(steps), page.Data('The encoder', table)])


def _what(step: str, results: Mapping[str, Any]) -> str:
  """Returns in a line what a step did."""
  text, teacher = (networks.part(results, name) for name in ('text', 'teacher'))
  student = networks.part(results, 'student', 'model')
  return {
      'passages': networks.counts(
          (text.get('passages'), 'passages'),
          (text.get('held_out'), 'held out'),
          (text.get('megabytes'), 'MB', 1)),
      'teacher': ', '.join(filter(None, (
          str(teacher.get('name', '')),
          networks.counts((teacher.get('texts'), 'vectors'))))),
      'vocabulary': networks.counts(
          (networks.part(results, 'vocabulary').get('size'), 'word pieces')),
      'student': ', '.join(filter(None, (
          networks.counts((student.get('blocks'), 'blocks')), _how(results)))),
      'export': str(networks.part(results, 'export').get('name', '')),
      'search': networks.counts(
          (text.get('passages'), 'vectors'),
          (networks.part(results, 'retrieval').get('queries'), 'queries')),
  }.get(step, '')


def _training_section(results: Mapping[str, Any]) -> page.Section | None:
  records = [record for record in networks.mappings(
      networks.part(results, 'student'), 'curve')
             if formatting.is_number(record.get('step'))]
  pictures = list(filter(None, (
      _curve(records, 'Loss', {'training_loss': 'Loss'},
             'Cosine distance to the teacher and error of similarities.'
             if networks.part(results, 'teacher') else
             'Cross-entropy of telling a text from the others of its batch.'),
      _curve(records, 'Mean cosine of two texts', {
          'mean_similarity': 'Sentence encoder',
          'teacher_similarity': 'Teacher'},
             'Near 1, all texts would have one vector.'),
      _curve(records, 'Directions that are used',
             {'effective_dimensions': 'Sentence encoder'},
             'Of the vectors of a batch.'))))
  return page.Section('training', 'Training',
                      [page.Group(pictures)]) if pictures else None


def _curve(records: list[Mapping[str, Any]], title: str,
           keys: Mapping[str, str], caption: str) -> page.Picture | None:
  colours = {'Teacher': plots.BLUE}
  lines = []
  for key, label in keys.items():
    logged = [record for record in records if key in record]
    values = [record[key] for record in logged]
    if any(map(formatting.is_number, values)):
      lines.append(plots.Series(
          label, [record['step'] for record in logged], values,
          colours.get(label, plots.ORANGE), label in colours))
  return networks.picture(title, lines, title.lower(), caption, y_label=title)


def _highlights(results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
  made, memory = networks.part(results, 'export'), results.get('peak_memory_gb')
  queries = networks.part(results, 'retrieval').get('queries')
  name = str(made.get('name', ''))
  rows = [
      ('Recall at 10', _mean(results, 'student', _TEN), formatting.percent,
       f'of {formatting.count(queries)} held-out passages'),
      ('Size', made.get('megabytes'), _megabytes, name),
      ('A text takes', made.get('latency_ms'), _milliseconds, name),
      ('Whole run', networks.total_seconds(results), formatting.duration,
       f'{formatting.quantity(memory, "GB")} of memory at most'
       if formatting.is_number(memory) else '')]
  return [(label, show(value), detail) for label, value, show, detail in rows
          if formatting.is_number(value)]
