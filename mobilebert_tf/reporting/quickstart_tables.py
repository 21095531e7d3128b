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

"""The quick start's tables, for the page and the terminal alike."""

from collections.abc import Mapping
from typing import Any

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import confusion
from mobilebert_tf.reporting import quickstart_findings as findings
from mobilebert_tf.reporting import table as table_lib

Column = table_lib.Column
_NETWORK_COLUMNS = (
    ('Blocks', 'blocks'),
    ('Between blocks', 'inter'),
    ('Inside blocks', 'intra'),
    ('Heads', 'heads'),
    ('Feed-forwards', 'ffn'),
)


def networks(results: Mapping[str, Any]) -> table_lib.Table | None:
  """Returns the sizes of teacher and student."""
  models = findings.section(results, 'models')
  names = _ordered(models)
  columns = [Column('Network'), Column('Architecture'),
             Column('Parameters', 'right')]
  columns += [Column(title, 'right') for title, _ in _NETWORK_COLUMNS]
  rows = []
  for name in names:
    model = findings.section(models, name)
    row = [name.capitalize(), str(model.get('name', '')),
           formatting.count(model.get('parameters'))]
    row += [formatting.count(model.get(key)) for _, key in _NETWORK_COLUMNS]
    rows.append(row)
  return _table(columns, rows)


def masked_lm(results: Mapping[str, Any]) -> table_lib.Table | None:
  """Returns the held-out pre-training scores."""
  scores = findings.section(results, 'masked_lm')
  columns = (Column('Network'), Column('Accuracy', 'right'),
             Column('Loss', 'right'), Column('Next sentence', 'right'))
  rows = [[
      findings.NAMES.get(name, name.capitalize()),
      formatting.percent(score.get('accuracy')),
      formatting.decimal(score.get('loss')),
      formatting.percent(score.get('next_sentence_accuracy')),
  ] for name, score in ((n, findings.section(scores, n))
                        for n in _ordered(scores))]
  return _table(columns, rows)


def task(results: Mapping[str, Any]) -> table_lib.Table | None:
  """Returns the task's held-out accuracies with their 95% intervals."""
  part = findings.section(results, 'task')
  models = findings.section(part, 'models')
  rows = []
  for name in _ordered(models):
    accuracy = findings.section(models, name).get('accuracy')
    low, high = map(formatting.percent,
                    findings.interval(accuracy, part.get('dev_examples')))
    rows.append([findings.NAMES.get(name, name), formatting.percent(accuracy),
                 low if low == high else f'{low} to {high}'])
  if rows and 'majority_accuracy' in part:
    rows.append(['Baseline', formatting.percent(part['majority_accuracy']), ''])
  return _table((Column('Network'), Column('Accuracy', 'right'),
                 Column('95% interval', 'right')), rows)


def scores(results: Mapping[str, Any]) -> table_lib.Table | None:
  """Returns each network's size and scores in a line, for the terminal."""
  models = findings.section(results, 'models')
  language = findings.section(results, 'masked_lm')
  task = findings.section(results, 'task')
  tasks = findings.section(task, 'models')
  rows = []
  for name in findings.NAMES:
    if not (name in models or name in language or name in tasks):
      continue
    # The untaught student is the same network.
    size = findings.section(
        models, 'student' if name == 'untaught' else name).get('parameters')
    rows.append([
        findings.NAMES[name],
        formatting.count(size),
        formatting.percent(findings.section(language, name).get('accuracy')),
        formatting.percent(
            findings.section(language, name).get('next_sentence_accuracy')),
        formatting.percent(findings.section(tasks, name).get('accuracy')),
    ])
  baselines = (findings.section(language, 'baseline').get('accuracy'),
               task.get('majority_accuracy'))
  if rows and any(formatting.is_number(value) for value in baselines):
    rows.append(['Most frequent answer', formatting.NOT_AVAILABLE,
                 formatting.percent(baselines[0]), formatting.NOT_AVAILABLE,
                 formatting.percent(baselines[1])])
  return _table((
      Column('Network'), Column('Parameters', 'right'),
      Column('Masked LM', 'right'), Column('Next sentence', 'right'),
      Column('Task', 'right')), rows)


def exports(results: Mapping[str, Any]) -> table_lib.Table | None:
  """Returns size, latency, accuracy and agreement of each export."""
  columns = (Column('Export', max_width=36), Column('Size', 'right'),
             Column('Latency', 'right'), Column('Accuracy', 'right'),
             Column('Agreement', 'right'), Column('File'))
  rows = [[
      str(item.get('name', '')),
      formatting.quantity(item.get('megabytes'), 'MB'),
      formatting.quantity(item.get('latency_ms'), 'ms'),
      formatting.percent(item.get('accuracy')),
      formatting.percent(item.get('agreement')),
      str(item.get('path', '')),
  ] for item in _mappings(results, 'exports')]
  return _table(columns, rows)


def answers(results: Mapping[str, Any]) -> table_lib.Table | None:
  """Returns what was asked and answered."""
  columns = (Column('Answer', max_width=24), Column('Probability', 'right'),
             Column('From', max_width=24), Column('Text', max_width=60))
  rows = [[
      str(item.get('label', '')),
      formatting.percent(item.get('probability')),
      str(item.get('source', '')),
      str(item.get('text', '')),
  ] for item in _mappings(results, 'answers')]
  return _table(columns, rows)


def confusion_matrices(results: Mapping[str, Any]) -> list[dict[str, Any]]:
  """Returns the task's confusion matrices for the `confusion_matrix` macro.

  Args:
    results: The quick start's results. A matrix that is not square, or not of
      the size of the labels, is left out.

  Returns:
    A dict for each network: `title`, `labels`, and `rows` with their shaded
    `cells` and `recall`.
  """
  task = findings.section(results, 'task')
  labels = [str(label) for label in findings.items(task, 'labels')]
  models = findings.section(task, 'models')
  found = []
  for name in _ordered(models):
    counts = findings.section(models, name).get('confusion')
    if counts is None or not _is_square(counts, len(labels)):
      continue
    found.append(confusion.matrix(findings.NAMES.get(name, name), labels,
                                  counts))
  return found


def _is_square(counts: Any, size: int) -> bool:
  try:
    return (size > 0 and len(counts) == size
            and all(len(row) == size for row in counts))
  except TypeError:
    return False


def _ordered(part: Mapping[str, Any]) -> list[str]:
  """Teacher, student, untaught first, then what else there is."""
  names = [name for name in findings.NAMES if name in part]
  return names + [name for name in part if name not in findings.NAMES]


def _mappings(results, name: str) -> list[Mapping]:
  return [item for item in findings.items(results, name)
          if isinstance(item, Mapping)]


def _table(columns, rows) -> table_lib.Table | None:
  if not rows:
    return None
  return table_lib.Table(tuple(columns), tuple(map(tuple, rows)))
