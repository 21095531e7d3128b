# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Predicted labels of words, and where they are right."""

import collections
import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.data import entity_labels
from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import intervals
from mobilebert_tf.evaluation import predictions as predictions_lib
from mobilebert_tf.evaluation import results

_WRONG_WORDS = 20  # Of a sentence, in the report.


@dataclasses.dataclass(frozen=True, eq=False)
class TokenPredictions(predictions_lib.Predictions):
  """Labels of the words of sentences.

  Attributes:
    task: Title of the task in the report.
    words: Words of each sentence.
    labels: True label of each word; those of entities in IOB2, such as
      `B-PER`.
    answers: Predicted label of each word.
    entities: Whether the labels are those of entities; if not, each word
      counts by itself.

  Raises:
    ValueError: If there is no sentence, one has no word, or labels are more or
      fewer than words. The message names the sentence.
  """
  kind: ClassVar[str] = 'token_classification'
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
        predictions_lib.check_texts(f'{name}[{row}]', tags, len(words))

  def quality(self) -> np.ndarray:
    """Returns 1 for a sentence all of whose words are right, else 0."""
    return (self._wrong_words() == 0).astype(np.float64)

  def sizes(self) -> np.ndarray:
    return np.array([len(words) for words in self.words], np.int32)

  def baseline(self) -> tuple[str, float]:
    tags = collections.Counter(itertools.chain(*self.labels))
    tag, _ = tags.most_common(1)[0]
    return f'always “{tag}”', float(np.mean(
        [set(labels) == {tag} for labels in self.labels]))

  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    """Returns those first that have most wrong words."""
    wrong = self._wrong_words()
    return np.argsort(-wrong, kind='stable'), wrong > 0

  def _wrong_words(self) -> np.ndarray:
    return np.array([sum(a != b for a, b in zip(*tags, strict=True))
                     for tags in zip(self.labels, self.answers, strict=True)])

  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    counts = count(self.labels, self.answers, self.entities)
    known = {name: value for name, value in score_counts(counts).items()
             if name in metrics}
    for name, value in known.items():
      predictions_lib.check_metric(name, metrics[name], value)
    if not known:
      return {}
    drawn = intervals.bootstrap(
        lambda rows: score_counts(counts, rows), len(counts.words))
    return {name: drawn[name] for name in known}

  def mistake(self, row: int) -> dict[str, Any]:
    words = self.words[row]
    wrong = [(word, *tags) for word, *tags in zip(
        words, self.labels[row], self.answers[row], strict=True)
             if len(set(tags)) > 1]
    return {'row': row + 1, 'text': results.cut(' '.join(words)),
            'words': len(words), 'num_wrong': len(wrong),
            'wrong': [dict(zip(('word', 'truth', 'answer'),
                               map(results.cut, each), strict=True))
                      for each in wrong[:_WRONG_WORDS]]}

  def details(self) -> dict[str, Any]:
    return {'classes': class_scores(self),
            **analysis.confusion_details(*confusion(self))}


@dataclasses.dataclass(frozen=True)
class Counts:
  """Counts of each sentence that the metrics are made of, int64 `[sentences]`.

  Attributes:
    words: Words.
    right_words: Words with the right label.
    entities: True entities.
    answered: Predicted entities.
    found: Predicted entities that are true: type and all words are right.
  """
  words: np.ndarray
  right_words: np.ndarray
  entities: np.ndarray
  answered: np.ndarray
  found: np.ndarray


def score(labels: Sequence[Sequence[str]], answers: Sequence[Sequence[str]],
          entities: bool = True) -> dict[str, float]:
  """Scores the labels of sentences, as conlleval does.

  An entity counts as found if its type and all of its words are right.

  Args:
    labels: True label of each word of each sentence.
    answers: Predicted label of each word.
    entities: Whether the labels are those of entities.

  Returns:
    `accuracy`, the share of words; and of entities micro-averaged `f1`,
    `precision` and `recall`. What is not defined is 0.

  Example: `score([['B-PER', 'O']], [['B-PER', 'O']])['f1']  # 1.0`
  """
  found = score_counts(count(labels, answers, entities))
  return found if entities else {'accuracy': found['accuracy']}


def count(labels: Sequence[Sequence[str]], answers: Sequence[Sequence[str]],
          entities: bool = True) -> Counts:
  """Counts words and entities of each sentence.

  Args:
    labels: True label of each word of each sentence.
    answers: Predicted label of each word.
    entities: Whether to count entities; if not, their counts are 0.

  Returns:
    The counts.
  """
  rows = []
  for truth, answer in zip(labels, answers, strict=True):
    true, given = set(), set()
    if entities:
      true = set(entity_labels.find_entities(truth))
      given = set(entity_labels.find_entities(answer))
    right = sum(a == b for a, b in zip(truth, answer, strict=True))
    rows.append((len(truth), right, len(true), len(given), len(true & given)))
  return Counts(*np.array(rows, np.int64).reshape(-1, 5).T)


def score_counts(counts: Counts,
                 rows: np.ndarray | slice = slice(None)) -> dict[str, float]:
  """Computes the official metrics of some sentences.

  Args:
    counts: Counts of all sentences.
    rows: Rows of the sentences to score.

  Returns:
    `accuracy`, `f1`, `precision` and `recall`, as `score`.
  """
  words, right, true, given, found = (
      getattr(counts, field.name)[rows].sum()
      for field in dataclasses.fields(counts))
  return {
      'accuracy': float(right / max(1, words)),
      'f1': float(2 * found / max(1, true + given)),
      'precision': float(found / max(1, given)),
      'recall': float(found / max(1, true)),
  }


def confusion(
    predictions: TokenPredictions) -> tuple[list[str], np.ndarray]:
  """Counts which kind of word was taken for which.

  Args:
    predictions: Predicted labels of words.

  Returns:
    The kinds (labels, those of entities without `B-` and `I-`) and the matrix,
    truth in rows, int64 `[kinds, kinds]`.
  """
  kind = _kind if predictions.entities else str
  labels, answers = ([kind(tag) for tag in itertools.chain(*tags)]
                     for tags in (predictions.labels, predictions.answers))
  kinds = sorted({*labels, *answers})
  return kinds, analysis.confusion_matrix(labels, answers, kinds)


def class_scores(predictions: TokenPredictions) -> list[dict[str, object]]:
  """Computes `label`, `precision`, `recall`, `f1` and `count` of each class.

  Args:
    predictions: Predicted labels of words.

  Returns:
    A dict for each type of entity, or for each label where there are none.
    What is not defined is NaN.
  """
  if predictions.entities:
    true, given = (
        [(row, entity) for row, tags in enumerate(each)
         for entity in entity_labels.find_entities(tags)]
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
