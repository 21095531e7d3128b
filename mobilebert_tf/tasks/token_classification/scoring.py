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

"""Where a model of words' labels is right and where it is not."""

import dataclasses
import itertools

import numpy as np
from seqeval.metrics import sequence_labeling
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import predictions as predictions_lib

TokenPredictions = predictions_lib.TokenPredictions


@dataclasses.dataclass(frozen=True)
class Counts:
  """What the metrics are made of, int64 `[sentences]` each.

  Attributes:
    words: Words of each sentence.
    right_words: Those with the right label.
    entities: True entities.
    answered: Entities that the model marked.
    found: Those of them that are true: type and all words are right.
  """
  words: np.ndarray
  right_words: np.ndarray
  entities: np.ndarray
  answered: np.ndarray
  found: np.ndarray


def count(predictions: TokenPredictions) -> Counts:
  """Counts words and entities of each sentence.

  Args:
    predictions: Of words; without entities those counts are 0.

  Returns:
    The counts.
  """
  rows = []
  for labels, answers in zip(predictions.labels, predictions.answers,
                             strict=True):
    true, given = set(), set()
    if predictions.entities:
      true = set(sequence_labeling.get_entities(list(labels)))
      given = set(sequence_labeling.get_entities(list(answers)))
    right = sum(a == b for a, b in zip(labels, answers, strict=True))
    rows.append((len(labels), right, len(true), len(given), len(true & given)))
  return Counts(*np.array(rows, np.int64).T)


def metrics(counts: Counts, rows: np.ndarray | None = None) -> dict[str, float]:
  """Returns the official metrics of some sentences.

  Args:
    counts: Of all sentences.
    rows: Which sentences; None for all.

  Returns:
    `accuracy`, the share of words that are right, and of entities
    micro-averaged `f1`, `precision` and `recall`; 0 where nothing was found.
  """
  rows = np.arange(len(counts.words)) if rows is None else rows
  found = counts.found[rows].sum()
  true, given = counts.entities[rows].sum(), counts.answered[rows].sum()
  return {
      'accuracy': float(counts.right_words[rows].sum()
                        / counts.words[rows].sum()),
      'f1': float(2 * found / max(1, true + given)),
      'precision': float(found / max(1, given)),
      'recall': float(found / max(1, true)),
  }


def metric_intervals(
    predictions: TokenPredictions) -> dict[str, tuple[float, float]]:
  """Returns 95% intervals of the metrics, by drawing sentences."""
  counts = count(predictions)
  return intervals.bootstrap(lambda rows: metrics(counts, rows),
                             len(counts.words))


def confusion(
    predictions: TokenPredictions) -> tuple[list[str], np.ndarray]:
  """Counts which kind of word was taken for which.

  Args:
    predictions: Of words.

  Returns:
    The kinds (labels, those of entities without `B-` and `I-`) and the matrix,
    truth in rows, int64 `[kinds, kinds]`.
  """
  kind = _kind if predictions.entities else str
  labels, answers = ([kind(tag) for tag in itertools.chain(*tags)]
                     for tags in (predictions.labels, predictions.answers))
  kinds = sorted({*labels, *answers})
  return kinds, sklearn_metrics.confusion_matrix(labels, answers, labels=kinds)


def class_scores(predictions: TokenPredictions) -> list[dict[str, object]]:
  """Returns `label`, `precision`, `recall`, `f1` and `count` of each class.

  Args:
    predictions: Of words.

  Returns:
    A dict for each type of entity, or for each label where there are none.
    What is not defined is NaN.
  """
  if predictions.entities:
    true, given = (
        [(row, entity) for row, tags in enumerate(each)
         for entity in sequence_labeling.get_entities(list(tags))]
        for each in (predictions.labels, predictions.answers))
    names = sorted({entity[0] for _, entity in (*true, *given)})
    found = set(true) & set(given)
    return [_scores(name, *(sum(entity[0] == name for _, entity in each)
                            for each in (true, given, found)))
            for name in names]
  kinds, matrix = confusion(predictions)
  return [_scores(name, int(matrix[i].sum()), int(matrix[:, i].sum()),
                  int(matrix[i, i])) for i, name in enumerate(kinds)]


def _scores(name: str, true: int, given: int, found: int) -> dict[str, object]:
  nan = float('nan')
  return {'label': name, 'count': true,
          'precision': found / given if given else nan,
          'recall': found / true if true else nan,
          'f1': 2 * found / (true + given) if true + given else nan}


def _kind(tag: str) -> str:
  return tag[2:] if tag[:2] in ('B-', 'I-') else tag
