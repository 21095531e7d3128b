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

"""What teacher and student attend to, on one sentence of the quick start."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import quickstart_findings as findings
from mobilebert_tf.reporting import similarity as similarity_lib
from mobilebert_tf.reporting import table as table_lib

_SHOWN_TOKENS = 32
_PADDING = '[PAD]'
_FRAME = ('[CLS]', '[SEP]')
_NAMES = {'teacher': 'Teacher', 'student': 'Student'}


def section(results: Mapping[str, Any]) -> dict[str, Any] | None:
  """Returns the page's section on attention.

  Args:
    results: The quick start's results. Padding is left out of the comparison.

  Returns:
    The `sentence` as text; `pairs`, the teacher's and the student's map (mean
    over heads) of the first, middle and last block; the `divergence` of every
    block as a picture and as a `table`; and `cut`, which says that the sentence
    is not shown whole, or ''. None where the results have no attention that can
    be compared.
  """
  part = findings.section(results, 'attention')
  tokens = [str(token) for token in findings.items(part, 'tokens')]
  teacher, student = (_probabilities(part, name, len(tokens))
                      for name in _NAMES)
  real = [i for i, token in enumerate(tokens) if token != _PADDING]
  if teacher is None or student is None or not real:
    return None
  if len(teacher) != len(student):
    return None
  tokens = [tokens[i] for i in real]
  teacher, student = (value[:, :, real][..., real]
                      for value in (teacher, student))
  alike = similarity_lib.compare_attention(teacher, student)
  last = len(teacher) - 1
  means = {'teacher': teacher.mean(axis=1), 'student': student.mean(axis=1)}
  return {
      'sentence': _sentence(tokens),
      'cut': '' if len(tokens) <= _SHOWN_TOKENS else (
          f'The first {_SHOWN_TOKENS} of {len(tokens)} tokens are shown.'),
      'pairs': [_pair(means, tokens, block, alike)
                for block in sorted({0, last // 2, last})],
      'divergence': _bars(alike),
      'table': _table(alike),
  }


def _probabilities(part, name: str, length: int) -> np.ndarray | None:
  """Returns `[blocks, heads, length, length]`, or None if it is not that."""
  if part.get(name) is None:
    return None
  try:
    found = np.asarray(part[name], np.float64)
  except (TypeError, ValueError):  # Ragged, or not numbers.
    return None
  right = (found.ndim == 4 and found.size and np.isfinite(found).all()
           and found.shape[2:] == (length, length))
  return found if right else None


def _sentence(tokens: Sequence[str]) -> str:
  words = [token for token in tokens if token not in _FRAME]
  return ' '.join(words).replace(' ##', '')


def _pair(means, tokens, block: int, alike) -> list[page.Picture]:
  shown = tokens[:_SHOWN_TOKENS]
  darkest = max(float(value[block].max()) for value in means.values())
  divergence, cosine = (formatting.decimal(value[block], 3)
                        for value in (alike.divergence, alike.cosine))
  captions = {
      'teacher': f'White is 0, the darkest blue {darkest:.2f}.',
      'student': f'To the teacher: KL {divergence}, cosine {cosine}.',
  }
  pair = []
  for name, value in means.items():
    figure = plots.heatmap(
        value[block, :len(shown), :len(shown)], row_labels=shown,
        column_labels=shown, maximum=darkest, gamma=0.5)
    pair.append(page.Picture(
        title=f'{_NAMES[name]}, block {block}',
        source=plots.to_data_uri(figure, 'png'),
        alt=(f'Heat map of the {name}’s attention in block {block}, mean over '
             f'heads, {len(shown)} tokens by {len(shown)}. {captions[name]}'),
        caption=captions[name]))
  return pair


def _bars(alike) -> page.Picture:
  texts = [formatting.decimal(value, 3) for value in alike.divergence]
  labels = [f'Block {block}' for block in range(len(texts))]
  figure = plots.bar_chart(
      labels, alike.divergence, texts=texts,
      colours=[plots.ORANGE] * len(texts), markers=alike.uniform_divergence)
  heads = 'head by head' if alike.by_head else 'mean over heads'
  told = ', '.join(map(': '.join, zip(labels, texts, strict=True)))
  return page.Picture(
      title='Distance from the teacher’s attention',
      source=plots.to_data_uri(figure),
      alt=f'Bar chart of KL(teacher || student) in nats. {told}.',
      caption=(f'KL(teacher ‖ student) in nats, {heads}, mean over tokens; 0 '
               'is equal. The tick is a student that attends to all tokens '
               'alike.'))


def _table(alike) -> table_lib.Table:
  columns = [table_lib.Column('Block')] + [
      table_lib.Column(title, 'right')
      for title in ('KL, student', 'KL, uniform', 'Cosine, student')]
  numbers = zip(alike.divergence, alike.uniform_divergence, alike.cosine,
                strict=True)
  rows = [(str(block), *(formatting.decimal(value, 3) for value in row))
          for block, row in enumerate(numbers)]
  return table_lib.Table(columns, rows)
