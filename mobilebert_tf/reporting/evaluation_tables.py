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

"""The tables of an evaluation, for the page and the terminal alike.

All take the dict that `evaluation.results.collect` returns.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation_findings as findings
from mobilebert_tf.reporting import table as table_lib

Column = table_lib.Column
MOST_ROWS = 40
_GROUP_TITLES = {'question_word': 'Question word', 'answerable': 'Questions',
                 'truth': 'Truth'}


def metrics(results: Mapping[str, Any]) -> table_lib.Table:
  """Returns the official metrics with their 95% intervals."""
  rows = []
  for name, value in results['metrics'].items():
    low, high = results['intervals'].get(name, (None, None))
    known = low is not None and high is not None
    rows.append((
        findings.metric_title(name), findings.metric(results, name, value),
        f'{findings.metric(results, name, low)} to '
        f'{findings.metric(results, name, high)}' if known else ''))
  return table_lib.Table((Column('Metric'), Column('Value', 'right'),
                          Column('95% interval', 'right')), rows)


def groups(results: Mapping[str, Any], name: str) -> table_lib.Table:
  """Returns a breakdown: one of the results' `groups`."""
  title = _GROUP_TITLES.get(
      name, findings.UNITS[results['kind']].capitalize())
  rows = [(each['name'], formatting.count(each['count']),
           findings.quality(results, each['mean']),
           findings.interval(results, each))
          for each in results['groups'][name]]
  return table_lib.Table((
      Column(title), Column('Count', 'right'),
      Column(findings.quality_title(results), 'right'),
      Column('95% interval', 'right')), rows)


def classes(results: Mapping[str, Any]) -> table_lib.Table:
  """Returns precision and recall of each class, or of the `MOST_ROWS` worst."""
  found = list(results['classes'])
  if len(found) > MOST_ROWS:
    found = sorted(found, key=lambda each: (each['f1'] is None, each['f1'])
                   )[:MOST_ROWS]
  rows = [(findings.label(each['label']), formatting.count(each['count']),
           formatting.percent(each['precision']),
           formatting.percent(each['recall']), formatting.percent(each['f1']))
          for each in found]
  return table_lib.Table((
      Column('Class'), *(Column(title, 'right') for title in (
          'Count', 'Precision', 'Recall', 'F1'))), rows)


def confusions(results: Mapping[str, Any],
               limit: int = 15) -> table_lib.Table | None:
  """Returns the most frequent confusions, None where two classes have few."""
  found = results['confusions'][:limit]
  if not found or len(results['labels']) < 3:
    return None
  rows = [(findings.label(each['truth']), findings.label(each['answer']),
           formatting.count(each['count'])) for each in found]
  return table_lib.Table((Column('Truth'), Column('Taken for'),
                          Column('Times', 'right')), rows)


def calibration(results: Mapping[str, Any]) -> table_lib.Table:
  """Returns confidence and accuracy of each bin that has answers."""
  rows = [(f'{formatting.percent(each["low"], 0)} to '
           f'{formatting.percent(each["high"], 0)}',
           formatting.count(each['count']),
           formatting.percent(each['confidence']),
           formatting.percent(each['accuracy']['mean']))
          for each in results['calibration']['bins'] if each['count']]
  return table_lib.Table((Column('Confidence'), Column('Answers', 'right'),
                          Column('Mean', 'right'), Column('Right', 'right')),
                         rows)


def values(results: Mapping[str, Any]) -> table_lib.Table:
  """Returns what range truth and answers of a regression have."""
  rows = [(name, *(number(results['values'][key][what])
                   for what in ('mean', 'deviation', 'least', 'most')))
          for name, key in (('Truth', 'truth'), ('Answer', 'answer'))]
  return table_lib.Table((Column(''), *(Column(title, 'right') for title in (
      'Mean', 'Deviation', 'Least', 'Most'))), rows)


def mistakes(results: Mapping[str, Any], limit: int) -> table_lib.Table:
  """Returns the worst mistakes in a line each, for the terminal."""
  rows = [(*_said(results, each),
           each['question'] if 'question' in each else each['text'])
          for each in results['mistakes'][:limit]]
  return table_lib.Table((
      Column('Truth', max_width=24), Column('Answer', max_width=24),
      Column({'classification': 'Sure', 'regression': 'Off',
              'question_answering': 'F1',
              'token_classification': 'Wrong'}[results['kind']], 'right'),
      Column(findings.EXAMPLES[results['kind']].capitalize(), max_width=50)),
                         rows)


def _said(results: Mapping[str, Any], each: Mapping[str, Any]) -> Sequence[str]:
  if results['kind'] == 'classification':
    return (each['truth'], each['answer'],
            formatting.percent(each['probability']))
  if results['kind'] == 'regression':
    return (number(each['truth']), number(each['answer']),
            number(abs(each['answer'] - each['truth'])))
  if results['kind'] == 'token_classification':
    return (wrong_words(each, 'truth'), wrong_words(each, 'answer'),
            f'{each["num_wrong"]} of {each["words"]}')
  return (truths(each), each['answer'] or 'no answer',
          formatting.percent(each['f1']))


def truths(each: Mapping[str, Any]) -> str:
  """Returns the right answers to a question."""
  return ' / '.join(each['truths']) or 'no answer'


def wrong_words(each: Mapping[str, Any], which: str) -> str:
  """Returns the wrong words of a sentence with their `truth` or `answer`."""
  return ', '.join(f'{wrong["word"]} {wrong[which]}' for wrong in each['wrong'])


def number(value: Any) -> str:
  """Formats a value of a regression, whatever its scale."""
  return f'{value:.4g}'
