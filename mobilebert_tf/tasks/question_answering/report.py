# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What questions add to the report of an evaluation."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation

_SUBSETS = {'HasAns_': 'answerable', 'NoAns_': 'unanswerable',
            'best_': 'best threshold'}
_PERCENTS = ('exact', 'exact_match', 'f1')


class AnswerReportParts(evaluation.ReportParts):
  """Questions by question word, and the official metrics in percent."""
  finding = 'The answers to {examples} reach an F1 of {value}{interval}'
  example = 'question'
  length_unit = 'words of text'
  quality_title = 'F1'
  mistake_title = 'F1'
  group_titles = {
      'question_word': ('By question word', 'Question word'),
      'answerable': ('With and without an answer in the text', 'Questions')}

  def metric_title(self, name: str) -> str:
    for prefix, subset in _SUBSETS.items():
      measure = name.removeprefix(prefix)
      if name != measure and measure in evaluation.METRIC_TITLES:
        return f'{evaluation.METRIC_TITLES[measure]}, {subset}'
    return 'Questions' if name == 'total' else super().metric_title(name)

  def metric(self, name: str, value: Any) -> str:
    if name.endswith(_PERCENTS) and formatting.is_number(value):
      return formatting.percent(value / 100, 2)
    return (formatting.count(value) if name.endswith('total')
            else formatting.decimal(value, 3))

  def mistake(self, each: Mapping[str, Any]) -> evaluation.Mistake:
    f1 = formatting.percent(each['f1'])
    return evaluation.Mistake(
        ' / '.join(each['truths']) or 'no answer',
        each['answer'] or 'no answer', f1, f'F1 {f1}, {each["id"]}',
        [each['question'], each['context']])
