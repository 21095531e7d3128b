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

"""Confusion matrices as the templates show them."""

from collections.abc import Sequence
from typing import Any

from mobilebert_tf.common import formatting


def matrix(title: str, labels: Sequence[str],
           counts: Sequence[Sequence[Any]]) -> dict[str, Any]:
  """Returns what the `confusion_matrix` macro takes.

  Args:
    title: Line above it.
    labels: Names of the classes.
    counts: How often a class (row) was taken for another (column),
      `[classes, classes]`; what is not a number is shown as such.

  Returns:
    `title`, `labels`, and `rows` with their shaded `cells` and `recall`.
  """
  rows = [_row(index, label, list(counts[index]))
          for index, label in enumerate(labels)]
  return {'title': title, 'labels': list(labels), 'rows': rows}


def _row(index: int, label: str, counts: list) -> dict[str, Any]:
  # Here because matplotlib is slow to import and the terminal needs none.
  from mobilebert_tf.reporting import plots
  total = sum(value for value in counts if formatting.is_number(value))
  shares = [value / total if formatting.is_number(value) and total > 0 else 0.0
            for value in counts]
  cells = []
  for value, share in zip(counts, shares, strict=True):
    background, colour = plots.shade(share)
    # Zeros are most of the matrix; without them the others can be seen.
    text = '' if value == 0 else formatting.count(value)
    cells.append({'text': text, 'background': background, 'colour': colour})
  recall = formatting.percent(shares[index] if total > 0 else None, 0)
  return {'index': index, 'label': label, 'cells': cells, 'recall': recall}
