# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation of token classification: predictions, scores, labelled files."""

import collections
from collections.abc import Mapping, Sequence
import dataclasses
import itertools
import re
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.data import conll
from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.token_classification import kind
from mobilebert_tf.tasks.token_classification import predictor as predictor_lib
from mobilebert_tf.text import words as words_lib

_WRONG_WORDS = 20  # Of a sentence, in the report.


@dataclasses.dataclass(frozen=True, eq=False)
class TokenPredictions(scoring.Predictions):
  """Labels of the words of sentences.

  Attributes:
    task: Title of the task in the report.
    words: Words of each sentence.
    labels: True label of each word; those of entities in IOB2.
    answers: Predicted label of each word.
    entities: Whether labels mark entities rather than words one by one.

  Raises:
    ValueError: If there is no sentence, one has no word, or labels are more or
      fewer than words.
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
        scoring.check_texts(f'{name}[{row}]', tags, len(words))

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
      scoring.check_metric(name, metrics[name], value)
    if not known:
      return {}
    drawn = metrics_lib.bootstrap(
        lambda rows: score_counts(counts, rows), len(counts.words))
    return {name: drawn[name] for name in known}

  def mistake(self, row: int) -> dict[str, Any]:
    words = self.words[row]
    wrong = [(word, *tags) for word, *tags in zip(
        words, self.labels[row], self.answers[row], strict=True)
             if len(set(tags)) > 1]
    return {'row': row + 1, 'text': analysis.cut(' '.join(words)),
            'words': len(words), 'num_wrong': len(wrong),
            'wrong': [dict(zip(('word', 'truth', 'answer'),
                               map(analysis.cut, each), strict=True))
                      for each in wrong[:_WRONG_WORDS]]}

  def details(self) -> dict[str, Any]:
    return {'classes': class_scores(self),
            **analysis.confusion_details(*confusion(self))}


@dataclasses.dataclass(frozen=True)
class Counts:
  """Counts of each sentence, int64 `[sentences]`, from which metrics are made.

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

  Args:
    labels: True label of each word of each sentence.
    answers: Predicted label of each word.
    entities: Whether labels mark entities.

  Returns:
    `accuracy`, the share of words; and of entities micro-averaged `f1`,
    `precision` and `recall`, 0 where not defined.

  Example: `score([['B-PER', 'O']], [['B-PER', 'O']])['f1']  # 1.0`
  """
  found = score_counts(count(labels, answers, entities))
  return found if entities else {'accuracy': found['accuracy']}


def count(labels: Sequence[Sequence[str]], answers: Sequence[Sequence[str]],
          entities: bool = True) -> Counts:
  """Counts words and, if wanted, entities of each sentence; see `score`."""
  rows = []
  for truth, answer in zip(labels, answers, strict=True):
    true, given = set(), set()
    if entities:
      true = set(conll.find_entities(truth))
      given = set(conll.find_entities(answer))
    right = sum(a == b for a, b in zip(truth, answer, strict=True))
    rows.append((len(truth), right, len(true), len(given), len(true & given)))
  return Counts(*np.array(rows, np.int64).reshape(-1, 5).T)


def score_counts(counts: Counts,
                 rows: np.ndarray | slice = slice(None)) -> dict[str, float]:
  """Computes the metrics of the sentences of some rows, as `score`."""
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

  Returns the kinds (labels, those of entities without `B-` and `I-`) and the
  matrix, truth in rows, int64 `[kinds, kinds]`.
  """
  kind = _kind if predictions.entities else str
  labels, answers = ([kind(tag) for tag in itertools.chain(*tags)]
                     for tags in (predictions.labels, predictions.answers))
  kinds = sorted({*labels, *answers})
  return kinds, analysis.confusion_matrix(labels, answers, kinds)


def class_scores(predictions: TokenPredictions) -> list[dict[str, object]]:
  """Computes `label`, `precision`, `recall`, `f1` and `count` of each class.

  Classes are the types of entities, or the labels where there are none. What is
  not defined is NaN.
  """
  if predictions.entities:
    true, given = (
        [(row, entity) for row, tags in enumerate(each)
         for entity in conll.find_entities(tags)]
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


_WORD_FIELDS = ('word_column', 'label_column', 'tags', 'comment')


def evaluate(trained: loading.TrainedModel,
             options: scoring.Options) -> scoring.Scored:
  """Scores a model on a labelled file.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file, or does not suit the model.
  """
  columns = options.columns
  sentences = conll.read_sentences(
      options.data_file, **sentence_fields(
          trained, columns.text, columns.label))
  return score_sentences(
      predictor_lib.TokenPredictor(trained, options.batch_size), sentences,
      options.title_or_file())


def score_sentences(predictor: predictor_lib.TokenPredictor,
                    sentences: Sequence[conll.Sentence],
                    task: str) -> scoring.Scored:
  """Labels the words of labelled sentences and scores the labels.

  Args:
    predictor: The model.
    sentences: The sentences.
    task: Title of the task in the report.

  Raises:
    ValueError: If a label is not the model's, naming file and line, or a
      probability is not finite.
  """
  names = predictor.trained.labels
  conll.label_ids(sentences, names)
  answers = []
  words = [sentence.words for sentence in sentences]
  for row, scores in enumerate(predictor.scores(words)):
    if not np.isfinite(scores).all():  # Or argmax would name a label.
      raise ValueError(
          f'Sentence {row + 1} has probabilities that are not finite. The '
          'model has diverged, or its checkpoint is damaged.')
    answers.append([names[i] for i in scores.argmax(1)])
  entities = conll.are_entities(names)
  predictions = TokenPredictions(
      task, words, [sentence.labels for sentence in sentences], answers,
      entities)
  metrics = score(predictions.labels, answers, entities)
  return scoring.Scored(
      predictions, {name: metrics[name] for name in _metrics(entities)}, {})


def score_run(recipe: Any, data: recipes.RecipeData,
              trained: loading.TrainedModel) -> dict[str, scoring.Scored]:
  """Scores the held-out sentences of a run; see `TaskKind.score_run`."""
  return {'dev': score_sentences(
      predictor_lib.TokenPredictor(trained), data.parts['dev'], recipe.task)}


def read_labelled(path: str, trained: loading.TrainedModel,
                  columns: scoring.Columns) -> scoring.Labelled:
  """Reads labelled sentences as running text; see `TaskKind.read_labelled`.

  An exported model finds the words of a text itself. A word of the file that it
  splits, such as `$3.5`, gets the label of the first part.
  """
  sentences = conll.read_sentences(
      path, **sentence_fields(trained, columns.text, columns.label))
  conll.label_ids(sentences, trained.labels)
  entities = conll.are_entities(trained.labels)

  def score(answers: Sequence[str]) -> list[dict[str, Any]]:
    labels = [_at_words(sentence.words, kind.split_labels(answer))
              for sentence, answer in zip(sentences, answers, strict=True)]
    return _with_intervals(count(
        [sentence.labels for sentence in sentences], labels, entities),
                           _metrics(entities))

  return scoring.Labelled(
      [' '.join(sentence.words) for sentence in sentences], None, score)


def _metrics(entities: bool) -> tuple[str, ...]:
  """Returns the names of the metrics, the official one first."""
  return (('f1', 'precision', 'recall', 'accuracy') if entities else
          ('accuracy',))


def _at_words(words: Sequence[str], labels: Sequence[str]) -> list[str]:
  """Returns the label of each word of a file, from the labels of its text."""
  spans = words_lib.find_words(' '.join(words))
  by_start = {start: label for (start, _), label in zip(
      spans, labels, strict=True)}
  ends = itertools.accumulate(len(word) + 1 for word in words)
  # A word that is white space alone is none of the text's.
  return [by_start.get(end - 1 - len(word), conll.OUTSIDE)
          for word, end in zip(words, ends, strict=True)]


def _with_intervals(counts: Counts,
                    names: Sequence[str]) -> list[dict[str, Any]]:
  """Returns metrics with 95% intervals by resampling sentences."""
  found = score_counts(counts)
  ends = metrics_lib.bootstrap(
      lambda rows: score_counts(counts, rows), len(counts.words))
  return [scoring.score(name, found[name], *ends[name]) for name in names]


def sentence_fields(trained: loading.TrainedModel, word_column: str = '',
                    label_column: str = '') -> dict[str, Any]:
  """Returns arguments of `conll.read_sentences` to read a file for a model.

  Args:
    trained: The model; defaults are the settings of its run.
    word_column: Number of the column of the word; empty for the default.
    label_column: Number of the column of the label; empty for the default.

  Raises:
    ValueError: If a column is not a number.
  """
  fields = {}
  if trained.params:
    data = trained.params.task.validation_data
    if not data.input_path:
      data = trained.params.task.train_data
    fields = {name: getattr(data, name) for name in _WORD_FIELDS}
  return {**fields, **column_fields(word_column, label_column)}


def column_fields(word_column: str, label_column: str) -> dict[str, int]:
  """Returns the columns that are named, as numbers; see `sentence_fields`."""
  fields = {}
  for name, value in (('word_column', word_column),
                      ('label_column', label_column)):
    if not value:
      continue
    if not re.fullmatch(r'-?\d+', value):
      raise ValueError(
          'Columns of such files are numbered, from 0 or from -1 for the last; '
          f'there is none {value!r}.')
    fields[name] = int(value)
  return fields
