# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report of an evaluation: a page, a JSON file, text for the terminal.

What all kinds of tasks have in common is here; `ReportParts` is what a kind
adds. Functions take the dict that `evaluation.analysis.collect` returns.
"""

import abc
import dataclasses
import functools
import json
import os
import pathlib
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import text as text_lib

PAGE, JSON = 'evaluation.html', 'evaluation.json'
MOST_ROWS = 40
_HIGHLIGHTS = 4
_SIDE_BY_SIDE = 9  # Classes of a matrix that leaves room for a picture.
_TERMINAL_MISTAKES = 5
_CONFUSIONS = 15
_LABEL_WIDTH = 24  # So that a phone shows the column beside it.
METRIC_TITLES = {
    'accuracy': 'Accuracy', 'precision': 'Precision', 'recall': 'Recall',
    'f1': 'F1', 'exact': 'Exact match', 'exact_match': 'Exact match',
    'matthews': 'Matthews correlation', 'pearson': 'Pearson correlation',
    'spearman': 'Spearman correlation'}
_SHARES = ('accuracy', 'precision', 'recall', 'f1', 'exact', 'exact_match')
_FOOTER = ('All intervals are those in which, with 95% confidence, the number '
           'would be for other texts of the same kind.')


@dataclasses.dataclass(frozen=True)
class Mistake:
  """A wrong answer as the report shows it.

  Attributes:
    truth: Right answer.
    answer: Predicted answer.
    measure: Confidence or error, under `ReportParts.mistake_title`.
    detail: Measure in words, and the place in the data.
    texts: Input, the part first that fits into a table.
  """
  truth: str
  answer: str
  measure: str
  detail: str
  texts: Sequence[str]


class ReportParts(abc.ABC):
  """Base class of what a kind of task adds to the report.

  Attributes:
    finding: Sentence on the quality of answers with the fields `value`,
      `interval`, `examples` and `are` (or is).
    example: Word for one example.
    length_unit: Unit of an example's length.
    quality_title: Heading of the quality of answers.
    mistake_title: Heading of `Mistake.measure`.
    less_is_better: Whether the quality is an error.
    group_titles: Title of the picture and heading of the column of each
      breakdown.
  """
  finding: ClassVar[str]
  example: ClassVar[str] = 'text'
  length_unit: ClassVar[str] = 'tokens'
  quality_title: ClassVar[str] = 'Right'
  mistake_title: ClassVar[str]
  less_is_better: ClassVar[bool] = False
  group_titles: ClassVar[Mapping[str, tuple[str, str]]] = {}

  @abc.abstractmethod
  def mistake(self, each: Mapping[str, Any]) -> Mistake:
    """Returns how a mistake of the results is shown."""

  def metric_title(self, name: str) -> str:
    """Returns the title of a metric; an unknown name is its own."""
    return METRIC_TITLES.get(name, name)

  def metric(self, name: str, value: Any) -> str:
    """Formats a metric; see `format_metric`."""
    return format_metric(name, value)

  def quality(self, value: Any) -> str:
    """Formats a mean quality."""
    return formatting.percent(value)

  def subtitle(self, results: Mapping[str, Any]) -> str:
    """Returns the size of the data: `'872 labelled texts'`."""
    return count_of(results['examples'], f'labelled {self.example}')

  def rows(self, results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Returns title, value and interval of numbers beside the metrics."""
    return []

  def warning(self, results: Mapping[str, Any]) -> str:
    """Returns a sentence on what makes the numbers meaningless, or ''."""
    return ''

  def sections(self, results: Mapping[str, Any]) -> list[page.Section]:
    """Returns the sections that only this kind has."""
    return []

  def mistakes_title(self, shown: int, count: int) -> str:
    """Returns the heading of the list of mistakes."""
    if shown == count:
      return f'All {count} mistakes' if count > 1 else 'The one mistake'
    return f'The worst {shown} of {formatting.count(count)} mistakes'


def format_metric(name: str, value: Any) -> str:
  """Formats a metric: `'91.3%'` for a share, `'0.512'` for others."""
  if name in _SHARES:
    return formatting.percent(value)
  return formatting.decimal(value, 3)


def write_report(
    predictions: scoring.Predictions, metrics: Mapping[str, float],
    folder: str | os.PathLike, facts: Mapping[str, Any],
    parts: ReportParts) -> pathlib.Path:
  """Writes `evaluation.json` and `evaluation.html`; returns the page's path.

  Args:
    predictions: Answers to labelled examples.
    metrics: Their official metrics by name.
    folder: Folder of both files; created if missing.
    facts: Further facts by title: model, data, command, skipped rows. `Command`
      is shown as code.
    parts: Parts of the kind of task.

  Raises:
    ValueError: If the metrics do not belong to these predictions.
    OSError: If a file cannot be written; each is written atomically.
  """
  results = analysis.collect(predictions, metrics, facts)
  html = render(results, parts)
  folder = pathlib.Path(folder)
  files.write_text(
      folder / JSON, json.dumps(results, indent=1, allow_nan=False) + '\n')
  page.write(folder / PAGE, html)
  return folder / PAGE


def read(folder: str | os.PathLike) -> dict[str, Any]:
  """Returns the results that `write_report` wrote; `kind` names their parts."""
  return files.read_json(pathlib.Path(folder, JSON))


def render(results: Mapping[str, Any], parts: ReportParts) -> str:
  """Returns the page."""
  mistakes = [_cleaned(parts.mistake(each)) for each in results['mistakes']]
  return page.render(
      f'Evaluation: {text_lib.clean(results["task"])}', parts.subtitle(results),
      [page.Section('found', 'What was found', [
          page.Text(finding(results, parts), 'strong'),
          page.Text(parts.warning(results)),
          page.Data('Metrics', metric_table(results, parts))]),
       *parts.sections(results),
       page.Section('groups', 'Where it is better and worse', [
           page.Group([_group_picture(results, parts, name),
                       page.Data(_group_title(parts, name),
                                 group_table(results, parts, name))])
           for name in results['groups']]),
       page.Section(
           'mistakes', parts.mistakes_title(
               len(mistakes), results['num_mistakes'])
           if mistakes else 'No mistakes', [page.Mistakes(mistakes)]),
       page.Section('again', 'What was evaluated',
                    [page.Facts(list(results['facts'].items()))])
       if results['facts'] else None],
      highlights=_highlights(results, parts), footer=_FOOTER)


def format_summary(results: Mapping[str, Any], parts: ReportParts) -> str:
  """Returns the evaluation for the terminal, without control characters."""
  sentences = [finding(results, parts), parts.warning(results)]
  blocks = [text_lib.clean(f'{results["task"]}: {parts.subtitle(results)}'),
            text_lib.format_table(metric_table(results, parts)),
            '\n'.join(textwrap.fill(text_lib.clean(each), 80)
                      for each in sentences if each),
            *(text_lib.format_table(group_table(results, parts, name))
              for name in results['groups'])]
  if results['mistakes']:
    blocks.append('Worst mistakes:\n' + text_lib.format_table(
        _mistake_table(results, parts)))
  return '\n\n'.join(blocks)


def finding(results: Mapping[str, Any], parts: ReportParts) -> str:
  """Returns how good the answers are, and whether better than a constant."""
  whole, baseline = results['quality'], results['baseline']
  count = results['examples']
  interval = _interval(parts.quality, whole['low'], whole['high'])
  said = parts.finding.format(
      value=parts.quality(whole['mean']),
      interval=f' (95% interval {interval})' if interval else '',
      examples=count_of(count, parts.example),
      are='is' if count == 1 else 'are')
  if baseline is None:
    return f'{said}.'
  base = baseline['quality']
  said += (f'; {label(baseline["name"], 48)} '
           f'{"is off by" if parts.less_is_better else "gets"} '
           f'{parts.quality(base)}')
  sign = -1 if parts.less_is_better else 1
  end = whole['high' if parts.less_is_better else 'low']
  if sign * (whole['mean'] - base) <= 0:
    return f'{said}, and the model is no better than that.'
  if end is None or sign * (end - base) <= 0:
    return f'{said}, a difference that chance could explain.'
  return f'{said}.'


def contrast(results: Mapping[str, Any], parts: ReportParts, name: str) -> str:
  """Compares best and worst group if their intervals do not overlap."""
  groups = [group for group in results['groups'][name]
            if group['low'] is not None]
  if len(groups) < 2:
    return ''
  groups.sort(key=lambda group: group['mean'])
  least, most = groups[0], groups[-1]
  if least['high'] >= most['low']:
    return ''
  worse, better = (most, least) if parts.less_is_better else (least, most)
  return (f'{worse["name"]}: {parts.quality(worse["mean"])}, against '
          f'{parts.quality(better["mean"])} for {better["name"]}; their '
          'intervals do not overlap.')


def metric_table(results: Mapping[str, Any],
                 parts: ReportParts) -> text_lib.Table:
  """Returns metrics, baseline and more with their 95% intervals."""
  rows = [(parts.metric_title(name), parts.metric(name, value),
           _interval(functools.partial(parts.metric, name),
                     *results['intervals'].get(name, (None, None))))
          for name, value in results['metrics'].items()]
  return text_lib.make_table(('Metric', 'Value', '95% interval'),
                             [*rows, *parts.rows(results)])


def group_table(results: Mapping[str, Any], parts: ReportParts,
                name: str) -> text_lib.Table:
  """Returns a breakdown: one of the results' `groups`."""
  column = (parts.length_unit.capitalize() if name == 'length'
            else parts.group_titles[name][1])
  rows = [(each['name'], formatting.count(each['count']),
           parts.quality(each['mean']),
           _interval(parts.quality, each['low'], each['high']))
          for each in results['groups'][name]]
  return text_lib.make_table(
      (column, 'Count', parts.quality_title, '95% interval'), rows)


def classes_section(results: Mapping[str, Any], title: str) -> page.Section:
  """Returns confusion matrix, scores of classes and frequent confusions."""
  labels, counts = results['labels'], results['confusion']
  confused = confusion_table(results)
  return page.Section('classes', 'Classes', [
      page.Text('' if counts else
                f'A matrix of {len(labels)} classes is not shown.', 'note'),
      page.Text(f'The {MOST_ROWS} classes with the lowest F1.'
                if len(results['classes']) > MOST_ROWS else '', 'note'),
      page.Group([counts and page.Matrix(title, list(map(label, labels)),
                                         counts),
                  page.Data('Scores of each class', class_table(results))],
                 'pair' if len(labels) <= _SIDE_BY_SIDE else 'stack'),
      confused and page.Text('Most frequent confusions', 'heading'),
      page.Data('Most frequent confusions', confused)])


def class_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns precision and recall of each class, or of the `MOST_ROWS` worst."""
  found = list(results['classes'])
  if len(found) > MOST_ROWS:
    found = sorted(found, key=lambda each: (each['f1'] is None, each['f1'])
                   )[:MOST_ROWS]
  return text_lib.make_table(
      ('Class', 'Count', 'Precision', 'Recall', 'F1'),
      [(label(each['label']), formatting.count(each['count']),
        *(formatting.percent(each[name])
          for name in ('precision', 'recall', 'f1'))) for each in found])


def confusion_table(results: Mapping[str, Any]) -> text_lib.Table | None:
  """Returns the most frequent confusions, None for less than three classes."""
  found = results['confusions'][:_CONFUSIONS]
  if not found or len(results['labels']) < 3:
    return None
  return text_lib.make_table(
      ('Truth', 'Taken for', 'Times'),
      [(label(each['truth']), label(each['answer']),
        formatting.count(each['count'])) for each in found], left=2)


def weakest_class(results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
  """Returns the row of the class with the lowest recall, if there is one."""
  known = [each for each in results['classes'] if each['recall'] is not None]
  if len(known) < 2 or not results['num_mistakes']:
    return []
  weakest = min(known, key=lambda each: each['recall'])
  recall, count = weakest['recall'], weakest['count']
  return [(f'Lowest recall: “{label(weakest["label"])}”',
           formatting.percent(recall), _interval(
               formatting.percent,
               *metrics_lib.wilson(round(recall * count), count)))]


def label(text: str, width: int = _LABEL_WIDTH) -> str:
  """Returns a label on one line, cut where it is too long for a column."""
  return text_lib.shorten(text_lib.clean(text), width)


def count_of(count: int, what: str) -> str:
  """Returns a count with its noun: `'1 text'`, `'2 queries'`."""
  if count != 1:
    what = f'{what[:-1]}ies' if what.endswith('ry') else f'{what}s'
  return f'{formatting.count(count)} {what}'


def _interval(show, low: float | None, high: float | None) -> str:
  """Returns `'81.2% to 87.0%'`, or '' if the interval is not known."""
  if low is None or high is None:
    return ''
  return f'{show(low)} to {show(high)}'


def _highlights(results: Mapping[str, Any],
                parts: ReportParts) -> list[tuple[str, str, str]]:
  rows = zip(results['metrics'], metric_table(results, parts).rows,
             strict=False)  # Other numbers follow the metrics.
  return [(title, value, interval and f'95% interval {interval}')
          for name, (title, value, interval) in rows
          if not name.endswith('total')][:_HIGHLIGHTS]


def _group_title(parts: ReportParts, name: str) -> str:
  return (f'By length, in {parts.length_unit}' if name == 'length'
          else parts.group_titles[name][0])


def _group_picture(results: Mapping[str, Any], parts: ReportParts,
                   name: str) -> page.Picture:
  """Draws how well each group is answered, with 95% intervals."""
  groups = results['groups'][name]
  measure = parts.quality_title + (
      ': less is better' if parts.less_is_better else '')
  return page.bar_picture(
      _group_title(parts, name), [each['name'] for each in groups],
      [each['mean'] for each in groups],
      [parts.quality(each['mean']) for each in groups],
      f'{measure}. Lines: 95% intervals. {contrast(results, parts, name)}',
      intervals=[(each['low'], each['high']) for each in groups])


def _cleaned(mistake: Mistake) -> Mistake:
  """Returns the same on lines without control characters."""
  *lines, texts = dataclasses.astuple(mistake)
  return Mistake(*map(text_lib.clean, lines), list(map(text_lib.clean, texts)))


def _mistake_table(results: Mapping[str, Any],
                   parts: ReportParts) -> text_lib.Table:
  """Returns the worst mistakes in a line each, for the terminal."""
  mistakes = map(parts.mistake, results['mistakes'][:_TERMINAL_MISTAKES])
  example = parts.example.capitalize()
  return text_lib.make_table(
      ('Truth', 'Answer', parts.mistake_title, example),
      [(each.truth, each.answer, each.measure, each.texts[0])
       for each in mistakes], left=2, words=(example,),
      widths={'Truth': 24, 'Answer': 24, example: 50})
