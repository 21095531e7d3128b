# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report of a family of models: what each member costs, and is worth.

Functions take the dict that `adaptive_width_depth.choosing` writes, but for
`members`.
"""

from collections.abc import Mapping, Sequence
import os
import pathlib
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

PAGE = 'choice.html'
_FOOTER = ('Scores are of the exported files, on held-out texts. Members are '
           'chosen by them, so that the score of the chosen one is a little '
           'better than it is on others.')


def write_report(results: Mapping[str, Any],
                 folder: str | os.PathLike) -> pathlib.Path:
  """Writes `choice.html`; returns its path."""
  path = pathlib.Path(folder) / PAGE
  page.write(path, render(results))
  return path


def render(results: Mapping[str, Any]) -> str:
  """Returns the page."""
  return page.render(
      'A family of models', _subtitle(results), [
          page.Section('members', '', [
              page.Group([_front(results)]),
              page.Data('All models, the fastest first', table(results)),
              page.Text(_note(results), 'note')]),
          page.Section('again', 'What was measured', [page.Facts([
              ('Family', str(results['family'])),
              ('Wanted', _wanted(results['limits'])),
              *page.run_facts(results).items()])])],
      highlights=_highlights(results), footer=_FOOTER)


def _highlights(results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
  if not results['chosen']:
    return [('Chosen', 'none', 'no member costs so little')]
  chosen = next(each for each in results['members']
                if each['name'] == results['chosen'])
  return [('Chosen', chosen['name'], 'width x depth'),
          ('Latency', _milliseconds(chosen), ''),
          ('File', f'{chosen["megabytes"]:.2f} MB', ''),
          (results['metric'], formatting.decimal(chosen['score'], 3),
           _interval(chosen))]


def members(sizes: Sequence[Mapping[str, Any]]
            ) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
  """Returns columns and rows on the `sizes` of `training.adapt`."""
  return (('Width', 'Depth', 'Blocks', 'Parameters', 'GFLOPs',
           *(each['name'] for each in sizes[0]['scores'])), [
               (f'{row["width"]:g}', f'{row["depth"]:g}',
                str(len(row['blocks'])), formatting.count(row['parameters']),
                formatting.decimal(row['operations'] / 1e9, 3),
                *(formatting.decimal(each['value'], 3)
                  for each in row['scores'])) for row in sizes])


def table(results: Mapping[str, Any]) -> text_lib.Table:
  """Returns parameters, latency, size and score of each model."""
  return text_lib.make_table(
      ('Width x depth', 'Parameters', 'Latency', 'File', results['metric'],
       '95% interval', 'Best'),
      [(each['name'], formatting.count(each['parameters']),
        _milliseconds(each), f'{each["megabytes"]:.2f} MB',
        formatting.decimal(each['score'], 3), _interval(each), _place(each))
       for each in results['members']], widths={'Width x depth': 30})


def _place(member: Mapping[str, Any]) -> str:
  if not member['is_member']:
    return 'beside'
  return 'yes' if member['is_best'] else ''


def _milliseconds(member: Mapping[str, Any]) -> str:
  return f'{member["milliseconds"]:.3g} ms'


def _interval(member: Mapping[str, Any]) -> str:
  if member['low'] is None or member['high'] is None:
    return ''
  low, high = (formatting.decimal(member[end], 3) for end in ('low', 'high'))
  return f'{low} to {high}'


def _wanted(limits: Mapping[str, Any]) -> str:
  parts = [f'at most {value:g} {unit}' for value, unit in (
      (limits['milliseconds'], 'ms'), (limits['megabytes'], 'MB'))
           if value is not None]
  return ', '.join(parts) or 'the best, at any cost'


def _subtitle(results: Mapping[str, Any]) -> str:
  return (f'{formatting.count(len(results["members"]))} models, a text of '
          f'{results["length"]} tokens on one thread, quantization '
          f'{results["quantization"]}; medians of {results["rounds"]} rounds.')


def _note(results: Mapping[str, Any]) -> str:
  text = 'Best: no member that is as fast has a better score.'
  if any(not each['is_member'] for each in results['members']):
    text += (' Beside: models that were trained by themselves, which are not '
             'chosen from.')
  return text


def _front(results: Mapping[str, Any]) -> page.Picture:
  """Draws scores over latencies: the line joins members that are best."""
  def series(name: str, members: Sequence[Mapping[str, Any]], place: int,
             dashed: bool = False) -> plots.Series:
    return plots.Series(
        name, [1e3 * each['milliseconds'] for each in members],
        [each['score'] for each in members], plots.colour(place), dashed)

  members = [each for each in results['members'] if each['is_member']]
  lines = [series('best members',
                  [each for each in members if each['is_best']], 0)]
  # Dots; the legend, which leaves out a name that begins with _, has one.
  others = [each for each in members if not each['is_best']]
  lines += [series('_' if place else 'other members', [each], 4)
            for place, each in enumerate(others)]
  lines += [series(each['name'], [each], 1 + place % 3, True)
            for place, each in enumerate(
                each for each in results['members'] if not each['is_member'])]
  said = '; '.join(
      f'{each["name"]} {_milliseconds(each)}, '
      f'{formatting.decimal(each["score"], 3)}' for each in results['members'])
  figure = plots.line_chart(
      lines, x_label='Microseconds a text', y_label=results['metric'])
  return page.Picture(
      'Score and latency', plots.to_data_uri(figure),
      alt=f'Chart of scores over latency. {said}.',
      caption='Upper left is better; the axes do not start at zero.')
