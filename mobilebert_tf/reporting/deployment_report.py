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

"""The comparison of artefacts: a page, a JSON file, text for the terminal."""

import json
import os
import pathlib
import textwrap
from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import deployment_findings as findings
from mobilebert_tf.reporting import deployment_tables as tables
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import terminal

PAGE, JSON = 'benchmark.html', 'benchmark.json'


def write_report(results: Mapping[str, Any],
                 folder: str | os.PathLike) -> pathlib.Path:
  """Writes `benchmark.json` and `benchmark.html`.

  Example: `write_report({**results, 'facts': {'Machine': '2 cores'}}, 'out')`

  Args:
    results: What `evaluation.deployment.benchmark` returns, and `facts`, what
      else is to be known, title to text; `Command` is shown as code.
    folder: Gets both files; made if needed.

  Returns:
    The path of the page.

  Raises:
    OSError: If a file cannot be written; each is written whole or not at all.
  """
  html = render(results)
  folder = pathlib.Path(folder)
  files.write_text(
      folder / JSON, json.dumps(results, indent=1, allow_nan=False) + '\n')
  page.write(folder / PAGE, html)
  return folder / PAGE


def render(results: Mapping[str, Any]) -> str:
  """Returns the page."""
  # Here because matplotlib is slow to import and the terminal needs none.
  from mobilebert_tf.reporting import deployment_figures as figures
  by_length = [figures.latency_by_length(results, threads, size)
               for size in results['batch_sizes']
               for threads in results['threads']]
  names = dict.fromkeys(score['name'] for each in results['artefacts']
                        for score in each['scores'])
  return page.render(
      'deployment.html.j2', title='Artefacts compared',
      subtitle=_subtitle(results), sentences=findings.sentences(results),
      failures=findings.failures(results), costs=tables.costs(results),
      cost_pictures=list(filter(None, (
          figures.size_and_latency(results),
          figures.bars(results, 'peak_bytes', 'Peak memory', 'MB', 1e-6),
          figures.bars(results, 'load_seconds', 'Load time', 'ms', 1e3)))),
      latencies=tables.latencies(results),
      latency_pictures=list(filter(None, by_length)),
      latency_note=_latency_note(results),
      quality=tables.quality(results), quality_note=_quality_note(results),
      score_pictures=[figures.scores(results, name) for name in names],
      paths=[(each['name'], each['path']) for each in results['artefacts']],
      provenance=list(results.get('facts', {}).items()))


def format_summary(results: Mapping[str, Any]) -> str:
  """Returns the comparison for the terminal, without control characters."""
  shown = [tables.costs(results), tables.latencies(results),
           tables.quality(results)]
  said = [*findings.sentences(results), *findings.failures(results)]
  return '\n\n'.join((
      terminal.clean(_subtitle(results)),
      *(terminal.format_table(each) for each in shown if each),
      *(textwrap.fill(terminal.clean(each), 80) for each in said)))


def _subtitle(results: Mapping[str, Any]) -> str:
  task = results['task'].replace('_', ' ')
  text = (f'{task.capitalize()}: {formatting.count(results["texts"])} of '
          f'{formatting.count(results["lines"])} texts of '
          f'{results["text_file"]} timed')
  if results['mean_tokens']:
    text += f', {results["mean_tokens"]:.0f} tokens long on average'
  if results['rounds'] == 1:
    return f'{text}; one round, so nobody can tell what is chance.'
  return f'{text}; medians of {results["rounds"]} rounds.'


def _latency_note(results: Mapping[str, Any]) -> str:
  text = ('Milliseconds a text: the mean over the texts of the file as they '
          'are.')
  if results['lengths']:
    return (f'{text} Lengths are those of texts made of their words, with '
            'exactly so many tokens, of which one is padding. A batch takes as '
            'long as all of its texts.')
  return (f'{text} No artefact counts tokens, so no texts of certain lengths '
          'were made; --model_dir would tell.')


def _quality_note(results: Mapping[str, Any]) -> str:
  text = ''
  if results['examples']:
    text = (f'Scores, with 95% intervals, are of the '
            f'{formatting.count(results["examples"])} examples of '
            f'{results["data_file"]}. ')
  count = next((each['agreement']['texts'] for each in results['artefacts']
                if each['agreement']), None)
  if count is None:
    return text
  about = results['reference']
  who = about['name'] if about['is_artefact'] else (
      f'the Keras model, {about["name"]}')
  return (f'{text}Agreement is with {who}, on '
          f'{formatting.count(count)} texts.')
