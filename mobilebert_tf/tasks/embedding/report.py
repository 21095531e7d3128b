# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What vectors of texts add to the report of an evaluation."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import evaluation
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import text as text_lib
from mobilebert_tf.tasks.classification import report

_TEXT_WIDTH = 60


class SimilarityReportParts(report.ValueReportParts):
  """Cosines over scores, how vectors are spread, and nearest texts."""
  finding = ('Cosines of {examples} are off their scores by {value} on '
             'average{interval}')
  example = 'pair'
  group_titles = {'truth': ('By the score', 'Score')}

  def metric_title(self, name: str) -> str:
    metric, _, width = name.partition('_')
    title = super().metric_title(metric)
    return f'{title}, first {width} entries' if width else title

  def metric(self, name: str, value: Any) -> str:
    return super().metric(name.partition('_')[0], value)

  def subtitle(self, results: Mapping[str, Any]) -> str:
    return evaluation.count_of(results['examples'], 'scored pair')

  def rows(self, results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return space_rows(results)

  def sections(self, results: Mapping[str, Any]) -> list[page.Section]:
    return [*super().sections(results), neighbours_section(results)]


def space_rows(results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
  """Returns the numbers that tell how vectors are spread."""
  space = results['space']
  return [
      ('Mean cosine of two texts',
       formatting.decimal(space['mean_similarity'], 3), ''),
      ('Effective dimensions',
       f'{formatting.decimal(space["effective_dimensions"], 1)} of '
       f'{formatting.count(space["size"])}', '')]


def neighbours_section(results: Mapping[str, Any]) -> page.Section:
  """Returns the nearest texts of some."""
  return page.Section('neighbours', 'Nearest texts', [
      page.Text('The effective dimensions are the directions in which texts '
                'differ: 1 if all lie on a line.', 'note'),
      page.Data('Nearest texts', neighbour_table(results))])


def neighbour_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns the nearest texts of some, with their cosines."""
  rows = [(_shown(each['text']) if not place else '', _shown(other['text']),
           formatting.decimal(other['cosine'], 3))
          for each in results['space']['neighbours']
          for place, other in enumerate(each['nearest'])]
  return text_lib.make_table(
      ('Text', 'Nearest', 'Cosine'), rows, left=2, words=('Text', 'Nearest'))


def _shown(text: str) -> str:
  return evaluation.label(text, _TEXT_WIDTH)
