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

"""What an evaluation says, in sentences.

All take the dict that `evaluation.results.collect` returns.
"""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import terminal

UNITS = {'classification': 'tokens', 'regression': 'tokens',
         'question_answering': 'words of text', 'token_classification': 'words'}
EXAMPLES = {
    'classification': 'text', 'regression': 'text',
    'question_answering': 'question', 'token_classification': 'sentence',
}
TITLES = {
    'accuracy': 'Accuracy', 'precision': 'Precision', 'recall': 'Recall',
    'f1': 'F1', 'matthews': 'Matthews correlation',
    'pearson': 'Pearson correlation', 'spearman': 'Spearman correlation',
    'exact': 'Exact match', 'exact_match': 'Exact match', 'total': 'Questions',
}
_PARTS = {'HasAns_': 'answerable', 'NoAns_': 'unanswerable',
          'best_': 'best threshold'}
_LABEL_WIDTH = 24  # So that a phone shows the column beside it.
_PERCENTS = ('accuracy', 'f1', 'precision', 'recall')
_ANSWER_PERCENTS = ('exact', 'exact_match', 'f1')


def label(text: str, width: int = _LABEL_WIDTH) -> str:
  """Returns a label on one line, cut where it is too long for a column."""
  return terminal.shorten(terminal.clean(text), width)


def metric_title(name: str) -> str:
  """Returns a metric's name in words; one that is not known stays."""
  for prefix, part in _PARTS.items():
    measure = name.removeprefix(prefix)
    if name != measure and measure in TITLES:
      return f'{TITLES[measure]}, {part}'
  return TITLES.get(name, name)


def metric(results: Mapping[str, Any], name: str, value: Any) -> str:
  """Formats a metric: `'91.3%'` for a share, `'0.512'` for a correlation."""
  if results['kind'] == 'question_answering':
    if name.endswith(_ANSWER_PERCENTS) and formatting.is_number(value):
      return formatting.percent(value / 100, 2)
    return (formatting.count(value) if name.endswith('total')
            else formatting.decimal(value, 3))
  if name in _PERCENTS:
    return formatting.percent(value)
  return formatting.decimal(value, 3)


def quality(results: Mapping[str, Any], value: Any) -> str:
  """Formats a mean quality: a share, or for regression an error."""
  if results['kind'] == 'regression':
    return formatting.decimal(value, 3)
  return formatting.percent(value)


def quality_title(results: Mapping[str, Any]) -> str:
  """Says what a mean quality is."""
  return {'regression': 'Off by', 'question_answering': 'F1'}.get(
      results['kind'], 'Right')


def interval(results: Mapping[str, Any], group: Mapping[str, Any]) -> str:
  """Returns `'81.2% to 87.0%'`, or '' where the interval is not known."""
  if group['low'] is None or group['high'] is None:
    return ''
  return (f'{quality(results, group["low"])} to '
          f'{quality(results, group["high"])}')


def sentences(results: Mapping[str, Any]) -> list[str]:
  """Returns what is to be known first."""
  found = [_overall(results), _against_baseline(results), _constant(results),
           _calibration(results), _weakest_class(results)]
  found += [_extremes(results, name) for name in results['groups']]
  return [sentence for sentence in found if sentence]


def _overall(results: Mapping[str, Any]) -> str:
  whole = results['quality']
  said, count = quality(results, whole['mean']), results['examples']
  range_ = interval(results, whole)
  range_ = f' (95% interval {range_})' if range_ else ''
  if results['kind'] == 'regression':
    return (f'Answers are off by {said} on average{range_}, over '
            f'{_count(count, "text")}.')
  if results['kind'] == 'question_answering':
    return (f'The answers to {_count(count, "question")} reach an F1 of '
            f'{said}{range_}.')
  verb = 'is' if count == 1 else 'are'
  if results['kind'] == 'token_classification':
    return (f'{said} of {_count(count, "sentence")} {verb} right in every '
            f'word{range_}.')
  return f'{said} of {_count(count, "text")} {verb} answered right{range_}.'


def _against_baseline(results: Mapping[str, Any]) -> str:
  baseline = results['baseline']
  if baseline is None:
    return ''
  whole, base = results['quality'], baseline['quality']
  name = label(baseline['name'][0].upper() + baseline['name'][1:], 48)
  value = quality(results, base)
  if results['kind'] == 'regression':
    said = f'{name}, would be off by {value}.'
    no_better, unclear = whole['mean'] >= base, (whole['high'] or base) >= base
  else:
    said = f'{name} would get {value}.'
    no_better, unclear = whole['mean'] <= base, (whole['low'] or base) <= base
  if no_better:
    return f'{said} The model does no better than that.'
  if unclear:
    return f'{said} With so few examples, chance could explain the difference.'
  return said


def _constant(results: Mapping[str, Any]) -> str:
  if results.get('constant_answers') and results['examples'] > 1:
    return ('The model answers the same to every text: it has learned nothing '
            'from them, and a correlation is not defined.')
  if results.get('constant_labels') and results['examples'] > 1:
    return ('All texts have the same value, so a correlation is not defined.')
  return ''


def _calibration(results: Mapping[str, Any]) -> str:
  found = results.get('calibration')
  if not found or results['examples'] < 2:
    return ''
  difference = found['confidence'] - found['accuracy']
  if abs(difference) < 0.01:
    said = 'about as sure as it is right'
  else:
    said = ('too sure' if difference > 0 else 'not sure enough') + (
        f', by {formatting.points(difference)}')
  return (f'On average the model is {formatting.percent(found["confidence"])} '
          f'sure, {said}; the expected calibration error is '
          f'{formatting.points(round(found["error"], 3))}.')


def _weakest_class(results: Mapping[str, Any]) -> str:
  known = [each for each in results.get('classes', ())
           if each['recall'] is not None]
  if len(known) < 2 or results['num_mistakes'] == 0:
    return ''
  weakest = min(known, key=lambda each: each['recall'])
  return (f'“{label(weakest["label"])}” is recognised least: '
          f'{formatting.percent(weakest["recall"])} of '
          f'{formatting.count(weakest["count"])}.')


def _extremes(results: Mapping[str, Any], name: str) -> str:
  """Compares best and worst group where their intervals do not overlap."""
  groups = [group for group in results['groups'][name]
            if group['low'] is not None]
  if len(groups) < 2:
    return ''
  low = min(groups, key=lambda group: group['mean'])
  high = max(groups, key=lambda group: group['mean'])
  if low['high'] >= high['low']:
    return ('No group of lengths is clearly better than another.'
            if name == 'length' else '')
  if results['kind'] == 'regression':
    low, high = high, low
  worse, better = (quality(results, group['mean']) for group in (low, high))
  measure = {'regression': 'off', 'question_answering': 'F1'}.get(
      results['kind'], 'right')
  unit = f' {UNITS[results["kind"]]}' if name == 'length' else ''
  what = {'length': 'Lengths differ', 'question_word': 'Question words differ',
          'answerable': 'Questions differ', 'truth': 'True values differ'}[name]
  return (f'{what}: {worse} {measure} for {low["name"]}{unit}, against '
          f'{better} for {high["name"]}{unit}.')


def examples(results: Mapping[str, Any]) -> str:
  """Returns how many examples there are: `'872 labelled texts'`."""
  return _count(results['examples'], f'labelled {EXAMPLES[results["kind"]]}')


def _count(count: int, what: str) -> str:
  return f'{formatting.count(count)} {what}{"s" if count != 1 else ""}'
