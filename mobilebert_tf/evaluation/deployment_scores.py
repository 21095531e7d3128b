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

"""How well artefacts answer, and how far they agree with a reference."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.tasks.question_answering import metrics

CLASSIFICATION, REGRESSION = 'classification', 'regression'
QUESTION_ANSWERING, EMBEDDINGS = 'question_answering', 'embeddings'


def to_array(answers: Sequence[Any], labels: Sequence[str],
             order: Sequence[str], who: str) -> np.ndarray:
  """Returns numbers that an artefact answered, its columns in an order.

  Args:
    answers: For each text its number or numbers.
    labels: What the columns are, for a classifier; else nothing.
    order: The same labels in the order wanted.
    who: Of whom a message speaks.

  Returns:
    float64 `[texts]`, `[texts, labels]` or `[texts, size]`.

  Raises:
    ValueError: If a number is not finite.
  """
  values = np.asarray(answers, np.float64)
  finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
  if not finite.all():
    raise ValueError(
        f'{who} answers {int((~finite).sum())} of {len(values)} texts with '
        'what is no finite number: its weights are damaged, or too large for '
        'its precision.')
  if labels:
    values = values[:, [list(labels).index(label) for label in order]]
  return values


def score_labels(truth: np.ndarray, scores: np.ndarray) -> list[dict[str, Any]]:
  """Returns the accuracy of a classifier with its 95% interval.

  Args:
    truth: Class ids `[texts]`.
    scores: Probabilities `[texts, labels]`.

  Returns:
    One object with `name`, `value`, `low` and `high`.
  """
  return [_group('accuracy', (scores.argmax(1) == truth).astype(np.float64))]


def score_values(truth: np.ndarray,
                 values: np.ndarray) -> list[dict[str, Any]]:
  """Returns the correlations of ratings with the truth.

  Args:
    truth: The true numbers `[texts]`.
    values: What was answered `[texts]`.

  Returns:
    Spearman's and Pearson's, as `score_labels`.
  """
  names = ['spearman', 'pearson']
  found = metrics_lib.compute(names, truth, values)
  ends = intervals.bootstrap(lambda rows: metrics_lib.compute(
      names, truth[rows], values[rows]), len(truth))
  return [_score(name, found[name], *ends[name]) for name in names]


def score_answers(truths: Sequence[Sequence[str]], answers: Sequence[str],
                  version_2: bool) -> list[dict[str, Any]]:
  """Returns F1 and exact match of answers, as fractions.

  Args:
    truths: What annotators answered to each question.
    answers: What was answered; '' for no answer.
    version_2: Whether by the rules of SQuAD v2.0.

  Returns:
    The two, as `score_labels`.
  """
  scores = [metrics.score_answer(answer, truth, version_2)
            for answer, truth in zip(answers, truths, strict=True)]
  return [_group(name, np.array([getattr(each, name) for each in scores],
                                np.float64)) for name in ('f1', 'exact')]


def agreement(task: str, answers: Any, reference: Any) -> dict[str, Any]:
  """Returns how far answers are those of a reference.

  Example: `agreement('classification', scores, keras_scores)['share']`

  Args:
    task: What the model is for.
    answers: As `to_array` returns; to questions, texts.
    reference: The reference's.

  Returns:
    `texts`, how many they are; `share`, that of equal labels or texts, None
    where there are none; `largest_difference` of two numbers, None for texts;
    of embeddings `cosine`, the mean similarity, else None.
  """
  found = {'texts': len(answers), 'share': None, 'largest_difference': None,
           'cosine': None}
  if task == QUESTION_ANSWERING:
    same = [a == b for a, b in zip(answers, reference, strict=True)]
    return {**found, 'share': float(np.mean(same))}
  found['largest_difference'] = float(np.abs(answers - reference).max())
  if task == CLASSIFICATION:
    found['share'] = float(np.mean(answers.argmax(1) == reference.argmax(1)))
  elif task == EMBEDDINGS:
    norms = np.linalg.norm(answers, axis=1) * np.linalg.norm(reference, axis=1)
    products = (answers * reference).sum(1)
    found['cosine'] = float(np.mean(products / np.maximum(norms, 1e-12)))
  return found


def _group(name: str, values: np.ndarray) -> dict[str, Any]:
  group = intervals.group(name, values)
  return _score(name, group.mean, group.low, group.high)


def _score(name: str, value: float, low: float, high: float) -> dict[str, Any]:
  return {'name': name, 'value': float(value),
          'low': low if np.isfinite(low) else None,
          'high': high if np.isfinite(high) else None}
