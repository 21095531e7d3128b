# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report of a search: a page, and text for the terminal."""

import pathlib
from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

PAGE = 'search.html'
_READING = (
    'The score is the mean of the task\'s official metrics on the held-out '
    'part, on which the settings were chosen: expect a little less on unseen '
    'texts. The deviation is the standard deviation over seeds.')


def write_report(found: Mapping[str, Any],
                 folder: pathlib.Path) -> pathlib.Path:
  """Writes `search.html` of a search's results and returns its path."""
  page.write(folder / PAGE, render(found))
  return folder / PAGE


def render(found: Mapping[str, Any]) -> str:
  """Returns the page."""
  return page.render(
      f'Search: {text_lib.clean(found["task"])}', _subtitle(found),
      [page.Section('settings', '', [
          page.Text(finding(found), 'strong'), _picture(found['settings']),
          page.Data('Settings, the best first', scores(found)),
          page.Text(_READING, 'note')])])


def format_summary(found: Mapping[str, Any]) -> str:
  """Returns the results for the terminal."""
  return '\n\n'.join((f'{found["task"]}: {_subtitle(found)}',
                      text_lib.format_table(scores(found)), finding(found)))


def scores(found: Mapping[str, Any]) -> text_lib.Table:
  """Returns a row for each setting, the best mean first."""
  rows = [(
      str(row['batch_size']), f'{row["learning_rate"]:g}',
      f'{row["epochs"]:g}', str(len(row['scores'])),
      formatting.percent(row['mean']),
      formatting.NOT_AVAILABLE if row['deviation'] is None
      else f'{100 * row["deviation"]:.1f}',
      formatting.percent(min(row['scores'])),
      formatting.percent(max(row['scores'])),
  ) for row in found['settings']]
  titles = ('Batch', 'Learning rate', 'Epochs', 'Runs', 'Mean', 'Deviation',
            'Lowest', 'Highest')
  return text_lib.make_table(titles, rows, left=0)


def finding(found: Mapping[str, Any]) -> str:
  """Returns which setting is best, and whether by more than chance."""
  best, *others = found['settings']
  text = (f'Best: batch {best["batch_size"]}, rate {best["learning_rate"]:g}, '
          f'{best["epochs"]:g} epochs, on average '
          f'{formatting.percent(best["mean"])}; the best single run is '
          f'{found["best"]}.')
  if not others:
    return text
  gap = best['mean'] - others[0]['mean']
  if best['deviation'] is None:
    return f'{text} One seed cannot show what is chance.'
  verdict = 'more' if gap > best['deviation'] else 'less'
  return (f'{text} It is ahead of the next by {formatting.points(gap)}, '
          f'{verdict} than its own deviation over seeds.')


def _picture(settings: list[Mapping[str, Any]]) -> page.Picture:
  # Longer names would be cut off where they differ.
  names = [f'{row["batch_size"]}, {row["learning_rate"]:g}, {row["epochs"]:g}'
           for row in settings]
  figure = plots.dot_chart(names, [row['scores'] for row in settings])
  return page.Picture(
      'Score on the held-out part', plots.to_data_uri(figure),
      alt='; '.join(f'{name}: {formatting.percent(row["mean"])}'
                    for name, row in zip(names, settings, strict=True)),
      caption='Batch size, learning rate, epochs. A dot is a run, the line '
      'their mean. The axis does not start at zero.')


def _subtitle(found: Mapping[str, Any]) -> str:
  done, planned = len(found['trials']), found['planned']
  failed = len(found.get('failed', ()))
  return (f'{len(found["settings"])} settings in {done} runs'
          + ('' if done == planned else f' of {planned}')
          + (f'; {failed} diverged and are not counted' if failed else ''))
