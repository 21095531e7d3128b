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

"""The plots of a comparison of artefacts.

All take the dict that `evaluation.deployment.benchmark` returns.
"""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import deployment_findings as findings
from mobilebert_tf.reporting import deployment_tables as tables
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots

_COLOURS = (plots.BLUE, plots.ORANGE, plots.GREEN, plots.PURPLE,
            plots.DARK_GREY)


def latency_by_length(results: Mapping[str, Any], threads: int,
                      batch_size: int) -> page.Picture | None:
  """Draws a line for each artefact; None where no length was measured."""
  lines, said = [], []
  for place, artefact in enumerate(results['artefacts']):
    found = tables.lengths(artefact, threads, batch_size)
    if not found:
      continue
    lines.append(plots.Series(
        artefact['name'], list(found), [1e3 * x for x in found.values()],
        *_style(place)))
    said.append(f'{artefact["name"]} ' + ', '.join(
        f'{length}: {formatting.quantity(1e3 * seconds, "ms")}'
        for length, seconds in found.items()))
  if not lines:
    return None
  figure = plots.line_chart(lines, x_label='Tokens, padding included',
                            y_label='Milliseconds a text')
  batch = 'one text at a time' if batch_size == 1 else (
      f'{batch_size} texts at once')
  return page.Picture(
      f'{findings.threads_text(threads)}, {batch}', plots.to_data_uri(figure),
      alt=f'Line chart of milliseconds a text by tokens. {"; ".join(said)}.')


def size_and_latency(results: Mapping[str, Any]) -> page.Picture | None:
  """Draws a dot for each artefact: the lower left is the best."""
  threads, batch_size = results['threads'][0], results['batch_sizes'][0]
  largest = max(each['bytes'] for each in results['artefacts'])
  unit, scale = ('MB', 1e6) if largest >= 5e6 else ('kB', 1e3)
  dots, said = [], []
  for place, artefact in enumerate(results['artefacts']):
    seconds = findings.mean_seconds(artefact, threads, batch_size)
    if seconds is None:
      continue
    dots.append(plots.Series(artefact['name'], [artefact['bytes'] / scale],
                             [1e3 * seconds], *_style(place)))
    said.append(f'{artefact["name"]} '
                f'{formatting.quantity(artefact["bytes"] / scale, unit)}, '
                f'{formatting.quantity(1e3 * seconds, "ms")}')
  if not dots:
    return None
  figure = plots.line_chart(dots, x_label=f'Size in {unit}',
                            y_label='Milliseconds a text')
  return page.Picture(
      'Size and latency', plots.to_data_uri(figure),
      alt=f'Dots of latency over size. {"; ".join(said)}.',
      caption=f'Mean over the texts of the file, '
      f'{findings.threads_text(threads)}. Lower left is better; the axes do '
      'not start at zero.')


def bars(results: Mapping[str, Any], field: str, title: str, unit: str,
         scale: float) -> page.Picture | None:
  """Draws what each artefact takes of something.

  Args:
    results: The comparison.
    field: Of a measurement.
    title: Line above the picture.
    unit: Of the numbers shown.
    scale: By what the field is multiplied for that.

  Returns:
    The picture; None where nothing was measured.
  """
  shown = [(place, each['name'], scale * each['measurements'][0][field])
           for place, each in enumerate(results['artefacts'])
           if each['measurements']]
  if not shown:
    return None
  texts = [formatting.quantity(value, unit) for _, _, value in shown]
  figure = plots.bar_chart(
      [name for _, name, _ in shown], [value for _, _, value in shown],
      texts=texts, colours=[_style(place)[0] for place, _, _ in shown])
  said = ', '.join(f'{name} {text}' for (_, name, _), text in zip(
      shown, texts, strict=True))
  return page.Picture(title, plots.to_data_uri(figure),
                      alt=f'Bar chart. {title}: {said}.')


def scores(results: Mapping[str, Any], name: str) -> page.Picture:
  """Draws a score of each artefact with its 95% interval."""
  found = [(place, each['name'], score)
           for place, each in enumerate(results['artefacts'])
           for score in each['scores'] if score['name'] == name]
  show = (lambda x: formatting.decimal(x, 3)) if (
      results['task'] == 'regression') else formatting.percent
  texts = [show(score['value']) for _, _, score in found]
  figure = plots.bar_chart(
      [label for _, label, _ in found],
      [max(score['value'], 0.0) for _, _, score in found], texts=texts,
      colours=[_style(place)[0] for place, _, _ in found],
      intervals=[(score['low'], score['high']) for _, _, score in found])
  said = ', '.join(f'{label} {text}' for (_, label, _), text in zip(
      found, texts, strict=True))
  title = findings.SCORES[name]
  return page.Picture(
      title, plots.to_data_uri(figure), alt=f'Bar chart. {title}: {said}.',
      caption='Lines: 95% intervals. All answered the same texts, so that '
      'artefacts may differ by less than these are wide.')


def _style(place: int) -> tuple[str, bool]:
  """Returns an artefact's colour, and whether its line is dashed."""
  return _COLOURS[place % len(_COLOURS)], place >= len(_COLOURS)
