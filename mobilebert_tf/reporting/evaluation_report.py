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

"""The report of an evaluation: a page, a JSON file, text for the terminal."""

import json
import os
import pathlib
import textwrap
from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.evaluation import predictions as predictions_lib
from mobilebert_tf.evaluation import results as results_lib
from mobilebert_tf.reporting import confusion
from mobilebert_tf.reporting import evaluation_findings as findings
from mobilebert_tf.reporting import evaluation_tables as tables
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import terminal

PAGE, JSON = 'evaluation.html', 'evaluation.json'
_HIGHLIGHTS = 4
_SIDE_BY_SIDE = 9  # Classes of a matrix that leaves room for a picture.
_TERMINAL_MISTAKES = 5
_WIDEST_LABEL = 80


def write_report(
    predictions: predictions_lib.Predictions, metrics: Mapping[str, float],
    folder: str | os.PathLike, facts: Mapping[str, Any]) -> pathlib.Path:
  """Writes `evaluation.json` and `evaluation.html`.

  Example:

    write_report(predictions, {'accuracy': 0.91}, 'runs/sst2/evaluation',
                 {'Model': 'runs/sst2', 'Data': 'SST-2/dev.tsv'})

  Args:
    predictions: What was answered.
    metrics: Its official metrics by name: those of `evaluation.metrics`, or for
      questions those of `evaluation.squad_metrics`, in percent.
    folder: Gets both files; made if needed.
    facts: What the reader has to know beside: model, data, command, skipped
      rows. Title to text; `Command` is shown as code.

  Returns:
    The path of the page.

  Raises:
    ValueError: If the metrics are not of these predictions.
    OSError: If a file cannot be written; each is written whole or not at all.
  """
  results = results_lib.collect(predictions, metrics, facts)
  html = render(results)
  folder = pathlib.Path(folder)
  files.write_text(
      folder / JSON, json.dumps(results, indent=1, allow_nan=False) + '\n')
  page.write(folder / PAGE, html)
  return folder / PAGE


def render(results: Mapping[str, Any]) -> str:
  """Returns the page of what `evaluation.results.collect` found."""
  # Here because matplotlib is slow to import and the terminal needs none.
  from mobilebert_tf.reporting import evaluation_figures as figures
  return page.render(
      'evaluation.html.j2',
      title=f'Evaluation: {terminal.clean(results["task"])}',
      subtitle=_subtitle(results),
      sentences=findings.sentences(results),
      highlights=_highlights(results),
      metrics=(tables.metrics(results)
               if len(results['metrics']) > _HIGHLIGHTS else None),
      classes=_classes(results) if 'classes' in results else None,
      calibration={'picture': figures.reliability(results),
                   'table': tables.calibration(results)}
      if 'calibration' in results else None,
      scatter={'picture': figures.scatter(results),
               'table': tables.values(results)}
      if 'points' in results else None,
      groups=[(figures.group_bars(results, name), tables.groups(results, name))
              for name in results['groups']],
      mistakes=[_shown(results, each) for each in results['mistakes']],
      mistakes_title=_mistakes_title(results),
      provenance=list(results['facts'].items()))


def format_summary(results: Mapping[str, Any]) -> str:
  """Returns the evaluation for the terminal.

  Args:
    results: What `evaluation.results.collect` returns, or the JSON file.

  Returns:
    Lines of text without control characters.
  """
  title = f'{results["task"]}: {_subtitle(results)}'
  said = [textwrap.fill(terminal.clean(sentence), 80, subsequent_indent='  ')
          for sentence in findings.sentences(results)]
  parts = [terminal.clean(title),
           terminal.format_table(tables.metrics(results)), '\n'.join(said)]
  parts += [terminal.format_table(tables.groups(results, name))
            for name in results['groups']]
  if results['mistakes']:
    parts.append('Worst mistakes:\n' + terminal.format_table(
        tables.mistakes(results, _TERMINAL_MISTAKES)))
  return '\n\n'.join(parts)


def read(folder: str | os.PathLike) -> dict[str, Any]:
  """Returns what `write_report` wrote to `evaluation.json`."""
  return files.read_json(pathlib.Path(folder, JSON))


def _subtitle(results: Mapping[str, Any]) -> str:
  said = findings.examples(results)
  if results['kind'] == predictions_lib.CLASSIFICATION:
    said += f' of {len(results["labels"])} classes'
  return said


def _highlights(results: Mapping[str, Any]) -> list[dict[str, str]]:
  found = []
  scores = {name: value for name, value in results['metrics'].items()
            if not name.endswith('total')}
  for name, value in list(scores.items())[:_HIGHLIGHTS]:
    low, high = results['intervals'].get(name, (None, None))
    known = low is not None and high is not None
    found.append({
        'label': findings.metric_title(name),
        'value': findings.metric(results, name, value),
        'detail': f'95% interval {findings.metric(results, name, low)} to '
                  f'{findings.metric(results, name, high)}' if known else ''})
  return found


def _classes(results: Mapping[str, Any]) -> dict[str, Any]:
  labels, counts = results['labels'], results['confusion']
  notes = []
  if counts is None:
    notes.append(f'A matrix of {len(labels)} classes is not shown.')
  if len(labels) > tables.MOST_ROWS:
    notes.append(f'The {tables.MOST_ROWS} classes with the lowest F1.')
  return {
      'matrix': counts and confusion.matrix(
          'Confusion matrix of words'
          if results['kind'] == predictions_lib.TOKEN_CLASSIFICATION else
          'Confusion matrix', list(map(findings.label, labels)), counts),
      'beside': len(labels) <= _SIDE_BY_SIDE,
      'table': tables.classes(results),
      'confusions': tables.confusions(results),
      'notes': notes,
  }


def _mistakes_title(results: Mapping[str, Any]) -> str:
  shown, count = len(results['mistakes']), results['num_mistakes']
  if not count:
    return 'No mistakes'
  if results['kind'] == predictions_lib.REGRESSION:
    return 'Furthest off'
  if shown == count:
    return f'All {count} mistakes' if count > 1 else 'The one mistake'
  return f'The worst {shown} of {formatting.count(count)} mistakes'


def _shown(results: Mapping[str, Any],
           each: Mapping[str, Any]) -> dict[str, Any]:
  """Returns what the template's list shows of a mistake, on lines of text."""
  shown = _mistake(results, each)
  return {name: [terminal.clean(text) for text in value]
          if isinstance(value, list) else terminal.clean(value)
          for name, value in shown.items()}


def _mistake(results: Mapping[str, Any],
             each: Mapping[str, Any]) -> dict[str, Any]:
  if results['kind'] == predictions_lib.QUESTION_ANSWERING:
    return {'truth': tables.truths(each),
            'answer': each['answer'] or 'no answer',
            'detail': f'F1 {formatting.percent(each["f1"])}, {each["id"]}',
            'texts': [each['question'], each['context']]}
  if results['kind'] == predictions_lib.TOKEN_CLASSIFICATION:
    return {'truth': tables.wrong_words(each, 'truth'),
            'answer': tables.wrong_words(each, 'answer'),
            'detail': f'{each["num_wrong"]} of {each["words"]} words, example '
                      f'{formatting.count(each["row"])}',
            'texts': [each['text']]}
  texts = [each['text'], *([each['pair']] if 'pair' in each else [])]
  if results['kind'] == predictions_lib.REGRESSION:
    return {'truth': tables.number(each['truth']),
            'answer': tables.number(each['answer']),
            'detail': f'example {formatting.count(each["row"])}',
            'texts': texts}
  return {'truth': findings.label(each['truth'], _WIDEST_LABEL),
          'answer': findings.label(each['answer'], _WIDEST_LABEL),
          'detail': f'{formatting.percent(each["probability"])} sure, example '
                    f'{formatting.count(each["row"])}',
          'texts': texts}
