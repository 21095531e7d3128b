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

"""Where a model is right and where it is not: pure functions of predictions."""

import collections
import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import predictions as predictions_lib
from mobilebert_tf.tasks.token_classification import scoring

Predictions = predictions_lib.Predictions
TextPredictions = predictions_lib.TextPredictions
AnswerPredictions = predictions_lib.AnswerPredictions
TokenPredictions = predictions_lib.TokenPredictions

QUESTION_WORDS = ('what', 'who', 'when', 'where', 'which', 'why', 'how')
OTHER = 'other'
_WHO = ('whom', 'whose')
_RARE = 50
_NOTHING = intervals.Group('', 0, math.nan, math.nan, math.nan)


@dataclasses.dataclass(frozen=True)
class CalibrationBin:
  """Answers of similar confidence, the highest probability of each.

  Attributes:
    low: Least confidence that falls into the bin.
    high: Greatest one.
    count: How many answers fall into it.
    confidence: Their mean confidence; NaN if there are none.
    accuracy: The share of them that is right, `accuracy.mean`, with its
      interval.
  """
  low: float
  high: float
  count: int
  confidence: float
  accuracy: intervals.Group


@dataclasses.dataclass(frozen=True)
class Calibration:
  """Whether of the answers given with 80% confidence 80% are right.

  Attributes:
    error: The expected calibration error: the mean distance of confidence and
      accuracy over bins, weighted by their counts (Guo et al., 2017).
    confidence: Mean confidence of all answers.
    accuracy: The share of all answers that is right.
    bins: Of equal width, from 0 to 1.
  """
  error: float
  confidence: float
  accuracy: float
  bins: tuple[CalibrationBin, ...]


def quality(predictions: Predictions) -> np.ndarray:
  """Returns how good each answer is, float64 `[examples]`.

  Args:
    predictions: Of any kind.

  Returns:
    1 or 0 for a right or wrong class, the absolute error of a value (less is
    better), the F1 of an answer to a question, or 1 for a sentence all of whose
    words are labelled right and else 0.
  """
  if isinstance(predictions, TokenPredictions):
    counts = scoring.count(predictions)
    return (counts.right_words == counts.words).astype(np.float64)
  if isinstance(predictions, AnswerPredictions):
    return predictions.f1
  if predictions.kind == predictions_lib.REGRESSION:
    return np.abs(predictions.scores - predictions.labels)
  return (predictions.answers == predictions.labels).astype(np.float64)


def lengths(predictions: Predictions) -> np.ndarray:
  """Returns the tokens of each text, or the words of each sentence or context.

  Args:
    predictions: Of any kind.

  Returns:
    int32 `[examples]`.
  """
  if isinstance(predictions, TokenPredictions):
    return np.array([len(words) for words in predictions.words], np.int32)
  if isinstance(predictions, TextPredictions):
    return predictions.lengths
  words = {text: len(text.split()) for text in set(predictions.contexts)}
  return np.array([words[text] for text in predictions.contexts], np.int32)


def by_length(predictions: Predictions,
              groups: int = 5) -> list[intervals.Group]:
  """Splits examples by length into groups of about the same size.

  Args:
    predictions: Of any kind.
    groups: How many at most; examples of one length stay together.

  Returns:
    The groups from short to long, named like `'9–14'`.
  """
  return _by_size(predictions, lengths(predictions), groups)


def by_truth(predictions: TextPredictions,
             groups: int = 5) -> list[intervals.Group]:
  """Splits the texts of a regression by their true value, as `by_length`."""
  return _by_size(predictions, predictions.labels, groups)


def _by_size(predictions: Predictions, sizes: np.ndarray,
             groups: int) -> list[intervals.Group]:
  values = quality(predictions)
  most = math.inf if predictions.kind == predictions_lib.REGRESSION else 1.0
  shares = np.arange(1, groups + 1) / groups
  edges = np.unique(np.quantile(sizes, shares, method='inverted_cdf'))
  group_of = np.searchsorted(edges, sizes)
  result = []
  for number in range(len(edges)):
    inside = group_of == number
    low, high = (f'{end:,.6g}' for end in (sizes[inside].min(),
                                           sizes[inside].max()))
    dash = ' to ' if '-' in low else '–'  # “-2–-1” is hard to read.
    name = low if low == high else f'{low}{dash}{high}'
    result.append(intervals.group(name, values[inside], most))
  return result


def question_word(question: str) -> str:
  """Returns which of `QUESTION_WORDS` a question asks first, or `OTHER`.

  >>> question_word('In what year did it end?')
  'what'
  """
  for word in question.lower().split():
    word = word.strip('"“”‘’\'?,.:;()').removesuffix("'s").removesuffix('’s')
    if word in QUESTION_WORDS:
      return word
    if word in _WHO:
      return 'who'
  return OTHER


def by_question_word(predictions: AnswerPredictions) -> list[intervals.Group]:
  """Splits questions by what they ask, the most frequent first.

  Args:
    predictions: Answers to questions.

  Returns:
    The groups; words of less than a fiftieth of the questions are in `OTHER`.
  """
  words = [question_word(question) for question in predictions.questions]
  counts = collections.Counter(words)
  return _by_name(predictions, (
      word if _RARE * counts[word] >= len(words) else OTHER for word in words))


def by_answerable(predictions: AnswerPredictions) -> list[intervals.Group]:
  """Splits questions into those with an answer in the text and the others."""
  return _by_name(predictions, (
      'answerable' if truths else 'unanswerable'
      for truths in predictions.truths))


def _by_name(predictions: AnswerPredictions,
             names: Iterable[str]) -> list[intervals.Group]:
  names = np.array(list(names))
  values = quality(predictions)
  found = [intervals.group(str(name), values[names == name])
           for name in np.unique(names)]
  return sorted(found, key=lambda each: -each.count)


def confusion_matrix(predictions: TextPredictions) -> np.ndarray:
  """Returns how often a class (row) was taken for another (column).

  Args:
    predictions: A classifier's.

  Returns:
    int64 `[classes, classes]`.
  """
  return sklearn_metrics.confusion_matrix(
      predictions.labels, predictions.answers,
      labels=range(len(predictions.label_names)))


def confusions(matrix: np.ndarray) -> list[tuple[int, int, int]]:
  """Returns (truth, answer, count) of all mistakes, the most frequent first."""
  wrong = matrix - np.diag(np.diag(matrix))
  order = np.argsort(-wrong, axis=None, kind='stable')
  pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
  return [(int(truth), int(answer), int(wrong[truth, answer]))
          for truth, answer in pairs if wrong[truth, answer]]


def class_scores(predictions: TextPredictions) -> list[dict[str, float]]:
  """Returns `precision`, `recall`, `f1` and `count` of each class.

  Args:
    predictions: A classifier's.

  Returns:
    A dict for each class. Precision is NaN where the class is never answered,
    recall where it is never the truth.
  """
  columns = sklearn_metrics.precision_recall_fscore_support(
      predictions.labels, predictions.answers,
      labels=range(len(predictions.label_names)), zero_division=np.nan)
  return [dict(precision=float(precision), recall=float(recall), f1=float(f1),
               count=int(count))
          for precision, recall, f1, count in zip(*columns, strict=True)]


def calibration(predictions: TextPredictions, bins: int = 10) -> Calibration:
  """Compares confidence with accuracy.

  Args:
    predictions: A classifier's.
    bins: Into how many to sort the confidences; what is on an edge goes into
      the bin below.

  Returns:
    The calibration.
  """
  confidence = np.clip(predictions.scores.max(1), 0, 1)
  right = quality(predictions)
  edges = np.linspace(0, 1, bins + 1)
  bin_of = np.searchsorted(edges[1:-1], confidence)
  found, error = [], 0.0
  for number in range(bins):
    inside = bin_of == number
    mean, accuracy = math.nan, _NOTHING
    if inside.any():
      accuracy = intervals.group('', right[inside])
      mean = float(confidence[inside].mean())
      error += inside.mean() * abs(accuracy.mean - mean)
    found.append(CalibrationBin(float(edges[number]), float(edges[number + 1]),
                                int(inside.sum()), mean, accuracy))
  return Calibration(float(error), float(confidence.mean()),
                     float(right.mean()), tuple(found))


def worst(predictions: Predictions, limit: int = 20) -> list[int]:
  """Returns the rows of the worst mistakes, the worst first.

  Args:
    predictions: Of any kind.
    limit: How many at most.

  Returns:
    Rows of wrong classes whose truth got the least probability; of the values
    that are furthest off; of answers that share least with the truth, those
    that the model was surest of first; or of sentences with most wrong words.
    Nothing that is right is among them.
  """
  if isinstance(predictions, AnswerPredictions):
    order = np.lexsort((-predictions.scores, predictions.f1))
    wrong = predictions.exact < 1
  elif isinstance(predictions, TokenPredictions):
    counts = scoring.count(predictions)
    mistakes = counts.words - counts.right_words
    order, wrong = np.argsort(-mistakes, kind='stable'), mistakes > 0
  elif predictions.kind == predictions_lib.REGRESSION:
    order = np.argsort(-quality(predictions), kind='stable')
    wrong = quality(predictions) > 0
  else:
    rows = np.arange(len(predictions.labels))
    order = np.argsort(predictions.scores[rows, predictions.labels],
                       kind='stable')
    wrong = quality(predictions) == 0
  return [int(row) for row in order if wrong[row]][:limit]


def baseline(predictions: Predictions) -> tuple[str, float] | None:
  """Returns what answering the same to everything would get.

  It is chosen by the truth of these very examples, so nothing that does not
  read the texts can do better.

  Args:
    predictions: Of any kind.

  Returns:
    A name and the mean `quality`; None for questions that all have answers,
    where there is no such answer.
  """
  if isinstance(predictions, AnswerPredictions):
    unanswerable = np.mean([not truths for truths in predictions.truths])
    if not unanswerable:
      return None
    return 'always “no answer”', float(unanswerable)
  if isinstance(predictions, TokenPredictions):
    tags = collections.Counter(itertools.chain(*predictions.labels))
    tag, _ = tags.most_common(1)[0]
    return f'always “{tag}”', float(np.mean(
        [set(labels) == {tag} for labels in predictions.labels]))
  if predictions.kind == predictions_lib.REGRESSION:
    middle = float(np.median(predictions.labels))
    return (f'always the median, {middle:.4g}',
            float(np.abs(predictions.labels - middle).mean()))
  counts = np.bincount(predictions.labels,
                       minlength=len(predictions.label_names))
  most = int(counts.argmax())
  return (f'always “{predictions.label_names[most]}”',
          float(counts[most] / counts.sum()))


def is_constant(values: Sequence[float] | np.ndarray) -> bool:
  """Whether all values are the same, so that nothing correlates with them."""
  return bool(np.ptp(np.asarray(values)) == 0)
