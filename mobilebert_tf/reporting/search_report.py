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

"""The results of a search, as a page and for the terminal."""

import pathlib
from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import table
from mobilebert_tf.reporting import terminal

PAGE = 'search.html'


def write_report(found: Mapping[str, Any],
                 folder: pathlib.Path) -> pathlib.Path:
  """Writes `search.html`.

  Args:
    found: What `finetuning.search.search` returns.
    folder: Gets the page.

  Returns:
    Its path.
  """
  page.write(folder / PAGE, render(found))
  return folder / PAGE


def render(found: Mapping[str, Any]) -> str:
  """Returns the page."""
  # Here because matplotlib is slow to import and the terminal needs none.
  from mobilebert_tf.reporting import plots
  settings = found['settings']
  # Longer names would be cut off where they differ.
  names = [f'{row["batch_size"]}, {row["learning_rate"]:g}, {row["epochs"]:g}'
           for row in settings]
  figure = plots.dot_chart(names, [row['scores'] for row in settings])
  picture = page.Picture(
      'Score on the held-out part', plots.to_data_uri(figure),
      alt='; '.join(f'{name}: {formatting.percent(row["mean"])}'
                    for name, row in zip(names, settings, strict=True)),
      caption='Batch size, learning rate, epochs. A dot is a run, the line '
      'their mean. The axis does not start at zero.')
  return page.render(
      'search.html.j2', title=f'Search: {terminal.clean(found["task"])}',
      subtitle=_subtitle(found), finding=finding(found), picture=picture,
      table=scores(found), reading=_READING)


def format_summary(found: Mapping[str, Any]) -> str:
  """Returns the same for the terminal."""
  return '\n\n'.join((f'{found["task"]}: {_subtitle(found)}',
                      terminal.format_table(scores(found)), finding(found)))


def scores(found: Mapping[str, Any]) -> table.Table:
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
  return table.Table(
      tuple(table.Column(title, 'right') for title in titles), tuple(rows))


def finding(found: Mapping[str, Any]) -> str:
  """Says which setting is best, and whether that is more than chance."""
  best, *others = found['settings']
  mean = formatting.percent(best['mean'])
  text = (f'Best: {_name(best)}, on average {mean}; '
          f'the best single run is {found["best"]}.')
  if not others:
    return text
  gap = best['mean'] - others[0]['mean']
  if best['deviation'] is None:
    return f'{text} With one seed nobody can tell what is chance.'
  verdict = 'more' if gap > best['deviation'] else 'less'
  return (f'{text} It is ahead of the next by {formatting.points(gap)}, '
          f'{verdict} than its own deviation over seeds.')


_READING = (
    'The score is the mean of the task\'s official metrics on the held-out '
    'part, on which the settings were chosen: expect a little less on texts '
    'that no choice has seen. The deviation is the standard deviation over '
    'seeds.')


def _name(row: Mapping[str, Any]) -> str:
  return (f'batch {row["batch_size"]}, rate {row["learning_rate"]:g}, '
          f'{row["epochs"]:g} epochs')


def _subtitle(found: Mapping[str, Any]) -> str:
  done, planned = len(found['trials']), found['planned']
  failed = len(found.get('failed', ()))
  return (f'{len(found["settings"])} settings in {done} runs'
          + ('' if done == planned else f' of {planned}')
          + (f'; {failed} diverged and count for nothing' if failed else ''))
