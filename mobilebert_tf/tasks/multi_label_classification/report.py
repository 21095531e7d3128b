# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What texts with any number of labels add to the report of an evaluation."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import text as text_lib
from mobilebert_tf.tasks.classification import report

_TITLES = {'micro_f1': 'Micro F1', 'macro_f1': 'Macro F1',
           'macro_auc': 'Macro AUC', 'subset_accuracy': 'Exactly right'}
_WIDEST_SET = 80


class MultiLabelReportParts(evaluation.ReportParts):
  """Scores and thresholds of each label."""
  finding = (
      '{value} of {examples} {are} given exactly the right labels{interval}')
  quality_title = 'Exactly right'
  mistake_title = 'Wrong'
  group_titles = {'labels': ('By the number of true labels', 'Labels')}

  def metric_title(self, name: str) -> str:
    return _TITLES.get(name, name)

  def metric(self, name: str, value: Any) -> str:
    return (formatting.decimal(value, 3) if name == 'macro_auc'
            else formatting.percent(value))

  def subtitle(self, results: Mapping[str, Any]) -> str:
    return f'{super().subtitle(results)}, {len(results["labels"])} labels'

  def rows(self, results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    mean = results['mean_labels']
    return [('True labels of a text, on average',
             formatting.decimal(mean['truth'], 2), ''),
            ('Labels given to a text, on average',
             formatting.decimal(mean['answer'], 2), '')]

  def mistake(self, each: Mapping[str, Any]) -> evaluation.Mistake:
    wrong = ', '.join(
        f'{evaluation.label(one["label"])} '
        f'{formatting.percent(one["probability"])} (threshold '
        f'{formatting.percent(one["threshold"])})' for one in each['wrong'])
    return evaluation.Mistake(
        evaluation.label(each['truth'], _WIDEST_SET),
        evaluation.label(each['answer'], _WIDEST_SET),
        evaluation.count_of(len(each['wrong']), 'label'),
        f'{wrong}, example {formatting.count(each["row"])}',
        report.mistaken_texts(each))

  def sections(self, results: Mapping[str, Any]) -> list[page.Section]:
    found = worst_labels(results)
    known = [each for each in found if each['f1'] is not None]
    return [page.Section('labels', 'Labels', [
        page.Text(f'The {evaluation.MOST_ROWS} labels with the lowest F1.'
                  if len(results['labels']) > len(found) else '', 'note'),
        page.Group([known and page.bar_picture(
            'F1 of each label',
            [evaluation.label(each['label']) for each in known],
            [each['f1'] for each in known],
            [formatting.percent(each['f1']) for each in known]),
                    page.Data('Scores of each label', label_table(results))],
                   'stack')])]


def worst_labels(results: Mapping[str, Any]) -> list[Mapping[str, Any]]:
  """Returns all labels, or those with the lowest F1 if they are too many."""
  found = list(results['classes'])
  if len(found) <= evaluation.MOST_ROWS:
    return found
  return sorted(found, key=lambda each: (each['f1'] is None, each['f1'] or 0)
                )[:evaluation.MOST_ROWS]


def label_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns threshold and scores of each label."""
  return text_lib.make_table(
      ('Label', 'Count', 'Threshold', 'Precision', 'Recall', 'F1', 'AUC'),
      [(evaluation.label(each['label']), formatting.count(each['count']),
        formatting.decimal(each['threshold'], 3),
        *(formatting.percent(each[name])
          for name in ('precision', 'recall', 'f1')),
        formatting.decimal(each['auc'], 3)) for each in worst_labels(results)])
