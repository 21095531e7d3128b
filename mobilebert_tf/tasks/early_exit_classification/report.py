# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What early exits add to the report of an evaluation."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib
from mobilebert_tf.tasks.classification import report


class ExitReportParts(report.ClassReportParts):
  """Quality of each exit, texts that leave there, and what a threshold gives.
  """
  group_titles = {'exit': ('By the blocks that were computed', 'Blocks')}

  def rows(self, results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [('Blocks of a text, on average',
             f'{formatting.decimal(results["mean_blocks"])} of '
             f'{results["num_blocks"]}', ''),
            ('Blocks saved', formatting.percent(results['saving']), ''),
            *super().rows(results)]

  def sections(self, results: Mapping[str, Any]) -> list[page.Section]:
    exits = results['exits']
    return [
        page.Section('exits', 'Exits', [
            page.Group([
                page.bar_picture(
                    'Texts that leave after a block',
                    [str(each['block']) for each in exits],
                    [each['texts'] for each in exits],
                    [formatting.count(each['texts']) for each in exits]),
                page.Data('Each exit, for all texts', exit_table(results))]),
            page.Group([
                _curve(results),
                page.Data('What one threshold for all exits gives',
                          curve_table(results))])]),
        *super().sections(results)]


def exit_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns accuracy, calibration and texts of each exit."""
  return text_lib.make_table(
      ('After block', 'Right', '95% interval', 'Calibration error',
       'Threshold', 'Texts that leave'),
      [(str(each['block']), formatting.percent(each['accuracy']['mean']),
        f'{formatting.percent(each["accuracy"]["low"])} to '
        f'{formatting.percent(each["accuracy"]["high"])}',
        formatting.percent(each['calibration_error']),
        '' if each['threshold'] is None else f'{each["threshold"]:.4g}',
        formatting.count(each['texts'])) for each in results['exits']])


def curve_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns accuracy, mean blocks and saving over thresholds."""
  return text_lib.make_table(
      ('Threshold', 'Blocks', 'Saved', 'Right'),
      [(f'{each["threshold"]:.4g}', formatting.decimal(each['mean_blocks']),
        formatting.percent(1 - each['mean_blocks'] / results['num_blocks']),
        formatting.percent(each['accuracy'])) for each in results['curve']])


def _curve(results: Mapping[str, Any]) -> page.Picture:
  """Draws accuracy over blocks, of leaving by sureness and of all at once."""
  points, exits = results['curve'], results['exits']
  figure = plots.line_chart(
      [plots.Series('by sureness', [each['mean_blocks'] for each in points],
                    [each['accuracy'] for each in points]),
       plots.Series('all after the same block',
                    [each['block'] for each in exits],
                    [each['accuracy']['mean'] for each in exits],
                    colour=plots.colour(1), dashed=True)],
      x_label='Blocks of a text, on average', y_label='Right', percent=True)
  said = ', '.join(
      f'{formatting.decimal(each["mean_blocks"])} blocks '
      f'{formatting.percent(each["accuracy"])}' for each in points[::4])
  return page.Picture(
      'Right answers and blocks', plots.to_data_uri(figure),
      alt=f'Lines of right answers over blocks: {said}.',
      caption='Texts that leave at the first sure exit, for thresholds from '
      'never to always, beside all texts leaving after the same block.')
