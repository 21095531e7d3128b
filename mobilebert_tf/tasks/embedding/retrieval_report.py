# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What retrieval adds to the report of an evaluation."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation
from mobilebert_tf.reporting import page
from mobilebert_tf.tasks.embedding import report

_WIDTH = 80


class RetrievalReportParts(evaluation.ReportParts):
  """Ranks of the right documents, how vectors are spread, nearest texts."""
  finding = ('For {value} of {examples} a right document is among the first '
             '10{interval}')
  example = 'query'
  quality_title = 'Found'
  mistake_title = 'Rank'

  def metric_title(self, name: str) -> str:
    metric, _, cutoff = name.partition('@')
    title = {'recall': 'Recall', 'mrr': 'Mean reciprocal rank',
             'ndcg': 'nDCG'}[metric]
    return f'{title} at {cutoff}' if cutoff else title

  def metric(self, name: str, value: Any) -> str:
    if name.startswith('recall@'):
      return formatting.percent(value)
    return formatting.decimal(value, 3)

  def subtitle(self, results: Mapping[str, Any]) -> str:
    return ', '.join([
        evaluation.count_of(results['examples'], self.example),
        evaluation.count_of(results['documents'], 'document')])

  def rows(self, results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return report.space_rows(results)

  def sections(self, results: Mapping[str, Any]) -> list[page.Section]:
    return [report.neighbours_section(results)]

  def mistake(self, each: Mapping[str, Any]) -> evaluation.Mistake:
    rank = formatting.count(each['rank'])
    return evaluation.Mistake(
        evaluation.label(each['document'], _WIDTH),
        evaluation.label(each['found'], _WIDTH), rank,
        f'the right document is at rank {rank}, query '
        f'{formatting.count(each["row"])}', [each['text']])
