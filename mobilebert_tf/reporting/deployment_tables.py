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

"""The tables of a comparison of artefacts.

All take the dict that `evaluation.deployment.benchmark` returns.
"""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import deployment_findings as findings
from mobilebert_tf.reporting import table


def costs(results: Mapping[str, Any]) -> table.Table:
  """Returns size, times until it answers, and memory of each artefact."""
  rows = []
  for artefact in results['artefacts']:
    # Threads make no difference to these.
    each = next(iter(artefact['measurements']), {})
    rows.append((
        artefact['name'],
        formatting.quantity(artefact['bytes'] / 1e6, 'MB'),
        *(_seconds(each.get(name)) for name in (
            'import_seconds', 'load_seconds', 'first_seconds')),
        *(_megabytes(each.get(name)) for name in (
            'peak_bytes', 'growth_bytes'))))
  return _table('Artefact', ('Size', 'Imports', 'Load', 'First answer',
                             'Peak memory', 'Above imports'), rows)


def latencies(results: Mapping[str, Any]) -> table.Table:
  """Returns milliseconds a text, for each artefact, threads and batch size."""
  rows = []
  for threads in results['threads']:
    for size in results['batch_sizes']:
      for artefact in filter(_is_measured, results['artefacts']):
        by_length = lengths(artefact, threads, size)
        rows.append((
            artefact['name'], str(threads), str(size),
            _milliseconds(findings.mean_seconds(artefact, threads, size)),
            *(_milliseconds(by_length.get(length))
              for length in results['lengths'])))
  titles = ('Threads', 'Batch', 'Mean of file',
            *(f'{length} tokens' for length in results['lengths']))
  return _table('Artefact', titles, rows)


def quality(results: Mapping[str, Any]) -> table.Table | None:
  """Returns scores and agreement; None where nothing is known of them."""
  artefacts = results['artefacts']
  names = list(dict.fromkeys(
      score['name'] for each in artefacts for score in each['scores']))
  kinds = [(field, title, show) for field, title, show in (
      ('share', 'Agreement', formatting.percent),
      ('cosine', 'Cosine', lambda value: formatting.decimal(value, 4)),
      ('largest_difference', 'Largest difference', lambda x: f'{x:.2g}'))
      if any(each['agreement'] and each['agreement'][field] is not None
             for each in artefacts)]
  if not names and not kinds:
    return None
  rows = []
  for each in artefacts:
    scores = {score['name']: score for score in each['scores']}
    rows.append((
        each['name'],
        *(score_text(results, scores.get(name)) for name in names),
        *(show(each['agreement'][field]) if each['agreement'] else '–'
          for field, _, show in kinds)))
  return _table('Artefact', (*(findings.SCORES[name] for name in names),
                             *(title for _, title, _ in kinds)), rows)


def lengths(artefact: Mapping[str, Any], threads: int,
            batch_size: int) -> dict[int, float]:
  """Returns the seconds of a text by its length, padding included."""
  return {found['length']: found['seconds'] / batch_size
          for each in artefact['measurements'] if each['threads'] == threads
          for found in each['lengths'] if found['batch_size'] == batch_size}


def score_text(results: Mapping[str, Any],
               score: Mapping[str, Any] | None) -> str:
  """Returns a score with its interval: `91.2% (89.0 to 93.1)`."""
  if score is None:
    return formatting.NOT_AVAILABLE
  if results['task'] == 'regression':  # Correlations are no shares.
    show = lambda value: formatting.decimal(value, 3)  # noqa: E731
  else:
    show = formatting.percent
  if score['low'] is None:
    return show(score['value'])
  return (f'{show(score["value"])} ({show(score["low"]).removesuffix("%")} to '
          f'{show(score["high"]).removesuffix("%")})')


def _is_measured(artefact: Mapping[str, Any]) -> bool:
  return bool(artefact['measurements'])


def _table(first: str, titles, rows) -> table.Table:
  return table.Table(
      (table.Column(first, max_width=36),
       *(table.Column(title, 'right') for title in titles)), tuple(rows))


def _seconds(value: float | None) -> str:
  if value is not None and value < 1:
    return formatting.quantity(1e3 * value, 'ms')
  return formatting.quantity(value, 's')


def _megabytes(value: float | None) -> str:
  return formatting.quantity(None if value is None else value / 1e6, 'MB')


def _milliseconds(value: float | None) -> str:
  return formatting.quantity(None if value is None else 1e3 * value, 'ms')
