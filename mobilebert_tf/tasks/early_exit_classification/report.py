# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What early exits add to the report of an evaluation."""

from collections.abc import Mapping, Sequence
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
            ('Operations saved',
             formatting.percent(results['operations_saved']), ''),
            *_time_rows(results['timing']),
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
                          curve_table(results))]),
            *_time_group(results)]),
        *super().sections(results)]


def _time_rows(timing: Mapping[str, Any] | None
               ) -> list[tuple[str, str, str]]:
  if timing is None:
    return []
  return [('Time of a text', f'{timing["milliseconds"]:.3g} ms; the whole '
           f'model {timing["whole"]:.3g} ms', ''),
          ('Time saved', formatting.percent(timing['saved']), '')]


def exit_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns accuracy, calibration and texts of each exit."""
  return text_lib.make_table(
      # Short, so that all fits beside the picture; ECE: calibration error.
      ('Block', 'Right', '95% interval', 'ECE', 'Threshold', 'Texts'),
      [(str(each['block']), formatting.percent(each['accuracy']['mean']),
        f'{formatting.percent(each["accuracy"]["low"]).removesuffix("%")} to '
        f'{formatting.percent(each["accuracy"]["high"])}',
        formatting.percent(each['calibration_error']),
        '' if each['threshold'] is None else f'{each["threshold"]:.3g}',
        formatting.count(each['texts'])) for each in results['exits']])


def curve_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns accuracy, mean blocks and saving over thresholds."""
  return text_lib.make_table(
      ('Threshold', 'Right', 'Blocks', 'saved',
       *(('ms', 'saved') if results['timing'] else ())),
      [(f'{each["threshold"]:.3g}', formatting.percent(each['accuracy']),
        formatting.decimal(each['mean_blocks']),
        formatting.percent(1 - each['mean_blocks'] / results['num_blocks']),
        *_time_cells(each, results))
       for each in results['curve']])


def _time_cells(point: Mapping[str, Any],
                results: Mapping[str, Any]) -> list[str]:
  if not results['timing']:
    return []
  return [f'{point["milliseconds"]:.3g}', formatting.percent(
      1 - point['milliseconds'] / results['timing']['whole'])]


def time_table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns time and accuracy of the whole model and of those beside.

  Args:
    results: Content of `evaluation.json`, with `timing`.
  """
  timing, exits = results['timing'], results['exits']
  rows = [('with exits', timing['milliseconds'],
           results['metrics']['accuracy']),
          ('the whole model', timing['whole'], exits[-1]['accuracy']['mean']),
          *((each['name'], each['milliseconds'], each['accuracy'])
            for each in timing['beside'])]
  return text_lib.make_table(
      ('Model', 'Time', 'Time saved', 'Right'),
      [(text_lib.clean(name), f'{milliseconds:.3g} ms',
        formatting.percent(1 - milliseconds / timing['whole']),
        formatting.percent(accuracy))
       for name, milliseconds, accuracy in rows])


def _time_group(results: Mapping[str, Any]) -> list[page.Group]:
  """Returns what was measured of time, if it was."""
  timing = results['timing']
  if timing is None:
    return []
  text = (f'{formatting.count(timing["texts"])} of the texts, one by one on '
          f'one thread, quantization {timing["quantization"]}, tokenizer '
          'included.')
  if found := timing['prediction']:
    text += (
        f' Time saved = {formatting.percent(found["start"])} + '
        f'{found["slope"]:.2f} x blocks saved, correlation '
        f'{found["correlation"]:.3f}: where no text leaves, calling the '
        'segments one by one is what is lost.')
  return [page.Group([_time_curve(results),
                      page.Data('Time of a text', time_table(results)),
                      page.Text(text, 'note')])]


def _time_curve(results: Mapping[str, Any]) -> page.Picture:
  """Draws accuracy over time, beside models without exits."""
  points, exits, timing = (
      results[name] for name in ('curve', 'exits', 'timing'))
  points = sorted(points, key=lambda each: each['milliseconds'])

  def series(name: str, milliseconds: Sequence[float], right: Sequence[float],
             place: int) -> plots.Series:
    return plots.Series(name, [1e3 * each for each in milliseconds], right,
                        plots.colour(place), bool(place))

  lines = [
      series('by sureness', [each['milliseconds'] for each in points],
             [each['accuracy'] for each in points], 0),
      series('all after the same block',
             [each['milliseconds'] for each in exits],
             [each['accuracy']['mean'] for each in exits], 1),
      series('the whole model', [timing['whole']],
             [exits[-1]['accuracy']['mean']], 2),
      *(series(each['name'], [each['milliseconds']], [each['accuracy']],
               3 + place) for place, each in enumerate(timing['beside']))]
  said = ', '.join(
      f'{each["milliseconds"]:.3g} ms {formatting.percent(each["accuracy"])}'
      for each in points[::4])
  return page.Picture(
      'Right answers and time', plots.to_data_uri(plots.line_chart(
          lines, x_label='Microseconds of a text', y_label='Right',
          percent=True, from_zero=False)),
      alt=f'Lines of right answers over time: {said}.',
      caption='The same over measured time, beside models without exits. The '
      'axes do not start at zero.')


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
      x_label='Blocks of a text, on average', y_label='Right', percent=True,
      from_zero=False)
  said = ', '.join(
      f'{formatting.decimal(each["mean_blocks"])} blocks '
      f'{formatting.percent(each["accuracy"])}' for each in points[::4])
  return page.Picture(
      'Right answers and blocks', plots.to_data_uri(figure),
      alt=f'Lines of right answers over blocks: {said}.',
      caption='Texts that leave at the first sure exit, for thresholds from '
      'never to always, beside all texts leaving after the same block. The '
      'axes do not start at zero.')
