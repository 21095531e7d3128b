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

"""What a model answered on labelled data, checked as it is made.

A report of answers that are one row off, or of logits taken for probabilities,
looks like any other: so what does not fit together is refused here.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

CLASSIFICATION, REGRESSION = 'classification', 'regression'
QUESTION_ANSWERING = 'question_answering'
TOKEN_CLASSIFICATION = 'token_classification'
_SUM_TOLERANCE = 1e-3


@dataclasses.dataclass(frozen=True, eq=False)
class TextPredictions:
  """A classifier's or regressor's answers to labelled texts.

  Example:

    TextPredictions(
        task='sst2', kind='classification', texts=['Fine.', 'Dull.'],
        pairs=None, label_names=['no', 'yes'], labels=[1, 0],
        scores=[[0.1, 0.9], [0.4, 0.6]], lengths=[4, 4])

  Attributes:
    task: What the report calls the task.
    kind: `'classification'` or `'regression'`.
    texts: The texts.
    pairs: The second texts, or None.
    label_names: The name of each class; empty for regression.
    labels: The truth: int32 `[texts]` numbers of classes, or float64 `[texts]`.
    scores: float64 `[texts, classes]` probabilities, or `[texts]` values.
    lengths: int32 `[texts]` tokens of each text, special tokens included.

  Raises:
    ValueError: If there is no text, parts differ in number, a label is none of
      the classes, a score is not finite, or probabilities are none. Says which
      text.
  """
  task: str
  kind: str
  texts: Sequence[str]
  pairs: Sequence[str] | None
  label_names: Sequence[str]
  labels: np.ndarray
  scores: np.ndarray
  lengths: np.ndarray

  def __post_init__(self):
    if self.kind not in (CLASSIFICATION, REGRESSION):
      raise ValueError(f'kind={self.kind!r} is neither {CLASSIFICATION!r} nor '
                       f'{REGRESSION!r}.')
    _check_texts('texts', self.texts, len(self.texts))
    if self.pairs is not None:
      _check_texts('pairs', self.pairs, len(self.texts))
    _store(self, 'scores', _finite(
        self.scores, 'scores', len(self.texts),
        2 if self.kind == CLASSIFICATION else 1))
    lengths = _finite(self.lengths, 'lengths', len(self.texts)).astype(np.int32)
    _store(self, 'lengths', lengths)
    labels = _finite(self.labels, 'labels', len(self.texts))
    _store(self, 'label_names', tuple(self.label_names))
    if self.kind == CLASSIFICATION:
      self._check_classes(labels)
      labels = labels.astype(np.int32)
    elif self.label_names:
      raise ValueError('Regression has values, no classes, but label_names is '
                       f'{self.label_names}.')
    _store(self, 'labels', labels)

  def _check_classes(self, labels: np.ndarray) -> None:
    names = self.label_names
    if len(names) < 2 or len(set(names)) < len(names):
      raise ValueError('Classification needs two or more different '
                       f'label_names, not {list(names)}.')
    classes = self.scores.shape[1]
    if classes != len(names):
      raise ValueError(f'scores has {classes} columns for {len(names)} '
                       'label_names.')
    for row in np.flatnonzero(~np.isin(labels, np.arange(classes))):
      raise ValueError(f'labels[{row}] is {labels[row]:g}, which is the number '
                       f'of none of the {classes} label_names.')
    wrong = (self.scores < 0).any(1) | (
        np.abs(self.scores.sum(1) - 1) > _SUM_TOLERANCE)
    for row in np.flatnonzero(wrong):
      raise ValueError(
          f'scores[{row}] is {_some(self.scores[row])}: not probabilities, '
          'which are 0 or more and sum to 1. Are they logits?')

  @property
  def answers(self) -> np.ndarray:
    """Returns int64 `[texts]` likeliest classes, or the values."""
    if self.kind == REGRESSION:
      return self.scores
    return self.scores.argmax(1)


@dataclasses.dataclass(frozen=True, eq=False)
class AnswerPredictions:
  """Answers to questions about texts.

  Attributes:
    task: What the report calls the task.
    ids: The id of each question, all different.
    questions: The questions.
    contexts: The text that each is about.
    truths: The answers that count as right to each question; none for one that
      the text does not answer.
    answers: What the model answered, '' for "the text does not say".
    scores: float64 `[questions]`, higher where the model is surer.
    exact: float64 `[questions]`, 1 for an exact match and else 0.
    f1: float64 `[questions]`, the F1 of each answer, 0 to 1.

  Raises:
    ValueError: If there is no question, parts differ in number, an id is there
      twice, or a number is not finite or out of range. Says which question.
  """
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
      _check_texts(name, getattr(self, name), count)
    if len(self.truths) != count:
      raise ValueError(f'There are {len(self.truths)} truths for {count} '
                       'questions.')
    for row, truths in enumerate(self.truths):
      if isinstance(truths, str):
        raise ValueError(
            f'truths[{row}] is the text {_some(truths)}; it has to be a list '
            'of texts, empty where there is no answer.')
    seen = set()
    for row, name in enumerate(self.ids):
      if name in seen:
        raise ValueError(f'ids[{row}] is {name!r}, which is there twice.')
      seen.add(name)
    for name in ('scores', 'exact', 'f1'):
      _store(self, name, _finite(getattr(self, name), name, count))
    for name in ('exact', 'f1'):
      values = getattr(self, name)
      for row in np.flatnonzero((values < 0) | (values > 1)):
        raise ValueError(f'{name}[{row}] is {values[row]:g}, which is not from '
                         '0 to 1.')

  @property
  def kind(self) -> str:
    """Returns `'question_answering'`."""
    return QUESTION_ANSWERING

  @property
  def has_unanswerable(self) -> bool:
    """Whether some questions have no answer in their text (SQuAD v2.0)."""
    return not all(self.truths)


@dataclasses.dataclass(frozen=True, eq=False)
class TokenPredictions:
  """Labels of the words of sentences.

  Attributes:
    task: What the report calls the task.
    words: The words of each sentence.
    labels: The true label of each word; those of entities in IOB2, such as
      `B-PER`.
    answers: The label that the model gave each word.
    entities: Whether the labels are those of entities; if not, each word's
      counts by itself.

  Raises:
    ValueError: If there is no sentence, one has no word, or labels are more or
      fewer than words. Says which sentence.
  """
  task: str
  words: Sequence[Sequence[str]]
  labels: Sequence[Sequence[str]]
  answers: Sequence[Sequence[str]]
  entities: bool = True

  def __post_init__(self):
    if not len(self.words):
      raise ValueError('There is nothing to evaluate: no sentence at all.')
    for name in ('labels', 'answers'):
      given = getattr(self, name)
      if len(given) != len(self.words):
        raise ValueError(f'{name} has {len(given)} sentences where '
                         f'{len(self.words)} belong.')
      for row, (words, tags) in enumerate(zip(self.words, given, strict=True)):
        if isinstance(words, str) or isinstance(tags, str):
          raise ValueError(f'Sentence {row} is a text; it has to be a list.')
        if not len(words):
          raise ValueError(f'Sentence {row} has no word.')
        _check_texts(f'{name}[{row}]', tags, len(words))

  @property
  def kind(self) -> str:
    """Returns `'token_classification'`."""
    return TOKEN_CLASSIFICATION


Predictions = TextPredictions | AnswerPredictions | TokenPredictions


def _check_texts(name: str, texts: Sequence[str], count: int) -> None:
  if not count:
    raise ValueError('There is nothing to evaluate: no text at all.')
  if isinstance(texts, str) or len(texts) != count:
    raise ValueError(f'{name} has {len(texts)} texts where {count} belong.')
  for row, text in enumerate(texts):
    if not isinstance(text, str):
      raise ValueError(f'{name}[{row}] is {_some(text)}, not a text.')


def _finite(values, name: str, count: int, dimensions: int = 1) -> np.ndarray:
  """Returns float64 `[count, ...]`."""
  try:
    array = np.asarray(values)
  except ValueError as error:  # Rows of different lengths.
    raise ValueError(f'{name} is not an array: {error}') from error
  if array.dtype.kind not in 'biuf':
    raise ValueError(f'{name} holds {array.dtype}, not numbers.')
  if array.ndim != dimensions or len(array) != count:
    raise ValueError(
        f'{name} has the shape {list(array.shape)}; there are {count} examples '
        f'and {"two dimensions" if dimensions == 2 else "one dimension"}.')
  array = array.astype(np.float64)
  for row in np.argwhere(~np.isfinite(array)):
    place = ', '.join(map(str, row))
    raise ValueError(
        f'{name}[{place}] is {array[tuple(row)]}. A model that answers this '
        'has diverged, or its checkpoint is damaged: there is nothing to '
        'report.')
  return array


def _some(value) -> str:
  text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
  return text if len(text) <= 80 else f'{text[:79]}…'


def _store(self, name: str, value) -> None:
  object.__setattr__(self, name, value)  # The dataclass is frozen.
