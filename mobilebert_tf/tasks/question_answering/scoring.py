# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Predicted answers to questions, and where they are right."""

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import predictions as predictions_lib
from mobilebert_tf.evaluation import results

QUESTION_WORDS = ('what', 'who', 'when', 'where', 'which', 'why', 'how')
OTHER = 'other'
_WHO = ('whom', 'whose')
_RARE = 50
# SQuAD v1.1 has another name for it than v2.0.
_OFFICIAL = {'exact': 'exact', 'exact_match': 'exact', 'f1': 'f1'}


@dataclasses.dataclass(frozen=True, eq=False)
class AnswerPredictions(predictions_lib.Predictions):
  """Answers to questions about texts.

  Attributes:
    task: Title of the task in the report.
    ids: Ids of the questions, all different.
    questions: The questions.
    contexts: Text that each question is about.
    truths: Answers that count as right to each question; none for one that the
      text does not answer.
    answers: Predicted answers, '' for "the text does not say".
    scores: float64 `[questions]`, higher where the model is surer.
    exact: float64 `[questions]`, 1 for an exact match and else 0.
    f1: float64 `[questions]`, the F1 of each answer, 0 to 1.

  Raises:
    ValueError: If there is no question, fields differ in length, an id is
      duplicated, or a number is not finite or out of range. The message names
      the question.
  """
  kind: ClassVar[str] = 'question_answering'
  task: str
  ids: Sequence[str]
  questions: Sequence[str]
  contexts: Sequence[str]
  truths: Sequence[Sequence[str]]
  answers: Sequence[str]
  scores: np.ndarray
  exact: np.ndarray
  f1: np.ndarray

  def __post_init__(self):
    count = len(self.questions)
    for name in ('questions', 'contexts', 'answers', 'ids'):
      predictions_lib.check_texts(name, getattr(self, name), count)
    self._check_truths(count)
    seen = set()
    for row, name in enumerate(self.ids):
      if name in seen:
        raise ValueError(f'ids[{row}] is {name!r}, which is duplicated.')
      seen.add(name)
    for name in ('scores', 'exact', 'f1'):
      object.__setattr__(self, name, predictions_lib.to_finite(
          getattr(self, name), name, count))
    for name in ('exact', 'f1'):
      values = getattr(self, name)
      for row in np.flatnonzero((values < 0) | (values > 1)):
        raise ValueError(f'{name}[{row}] is {values[row]:g}, which is not from '
                         '0 to 1.')

  def _check_truths(self, count: int) -> None:
    if len(self.truths) != count:
      raise ValueError(f'There are {len(self.truths)} truths for {count} '
                       'questions.')
    for row, truths in enumerate(self.truths):
      if isinstance(truths, str):
        raise ValueError(
            f'truths[{row}] is the text {predictions_lib.abbreviate(truths)}; '
            'it has to be a list of texts, empty where there is no answer.')

  @property
  def has_unanswerable(self) -> bool:
    """Whether some questions have no answer in their text (SQuAD v2.0)."""
    return not all(self.truths)

  def quality(self) -> np.ndarray:
    """Returns the F1 of each answer."""
    return self.f1

  def sizes(self) -> np.ndarray:
    """Returns the words of each context."""
    words = {text: len(text.split()) for text in set(self.contexts)}
    return np.array([words[text] for text in self.contexts], np.int32)

  def baseline(self) -> tuple[str, float] | None:
    """Returns the share of "no answer", None if all questions have answers."""
    unanswerable = np.mean([not truths for truths in self.truths])
    if not unanswerable:
      return None
    return 'always “no answer”', float(unanswerable)

  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns those first that share least with the truth, then the surest."""
    return np.lexsort((-self.scores, self.f1)), self.exact < 1

  def groups(self) -> dict[str, list[intervals.Group]]:
    found = {'question_word': by_question_word(self)}
    if self.has_unanswerable:
      found['answerable'] = by_answerable(self)
    return found

  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Returns intervals in percent, as the official metrics are."""
    found = {}
    for name, field in _OFFICIAL.items():
      if name in metrics:
        group = intervals.group(name, getattr(self, field))
        predictions_lib.check_metric(name, metrics[name], 100 * group.mean)
        found[name] = (100 * group.low, 100 * group.high)
    return found

  def mistake(self, row: int) -> dict[str, Any]:
    truths, answer = self.truths[row], self.answers[row]
    return {
        'id': self.ids[row],
        'question': results.cut(self.questions[row]),
        'context': results.excerpt(self.contexts[row], [*truths, answer]),
        'truths': [results.cut(truth) for truth in dict.fromkeys(truths)],
        'answer': results.cut(answer),
        'score': self.scores[row],
        'f1': self.f1[row],
    }


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
  """Splits questions by their question word, the most frequent first.

  Args:
    predictions: Answers to questions.

  Returns:
    The groups; words of less than a fiftieth of the questions are in `OTHER`.
  """
  words = [question_word(question) for question in predictions.questions]
  counts = collections.Counter(words)
  return analysis.by_name(predictions, (
      word if _RARE * counts[word] >= len(words) else OTHER for word in words))


def by_answerable(predictions: AnswerPredictions) -> list[intervals.Group]:
  """Splits questions into those with an answer in the text and the others."""
  return analysis.by_name(predictions, (
      'answerable' if truths else 'unanswerable'
      for truths in predictions.truths))
