# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labels of words, as the engines see them, and answers without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import typing
from typing import NamedTuple

import numpy as np

from mobilebert_tf.data import conll
from mobilebert_tf.inference import task_kind
from mobilebert_tf.tasks import text_kind
from mobilebert_tf.text import words as words_lib

if typing.TYPE_CHECKING:
  from mobilebert_tf.deployment import tflite_runner

_SEPARATOR = '\n'  # No label has one; see `tflite_file`.


class TokenClassification(text_kind.TextKind):
  """A label for each word of a text: entities, parts of speech."""

  name = 'token_classification'
  title = 'token classifier'
  pipeline = 'token-classification'
  head = 'token_classification'
  experiment = 'mobilebert/token_classification'
  reads_pairs = False
  has_labels = True
  text_outputs = ('label', 'start', 'end', 'probability')
  number_outputs = ('probabilities',)
  recipes = ('token_classification',)

  @property
  def model_class(self):
    from mobilebert_tf import modeling
    return modeling.MobileBertTokenClassifier

  def is_run(self, task):
    return 'class_names' in task

  def task_config(self):
    from mobilebert_tf.tasks.token_classification import task
    return task.TokenClassificationConfig(
        train_data=task.TokenClassificationDataConfig(),
        validation_data=task.TokenClassificationDataConfig(is_training=False))

  def labels_of_run(self, task):
    from mobilebert_tf.tasks.token_classification import task as task_lib
    return list(task.class_names or task_lib.find_labels(task.train_data))

  def line_answerer(self, trained, batch_size):
    from mobilebert_tf.tasks.token_classification import predictor
    return predictor.WordLineAnswerer(trained, batch_size)

  def answerer(self, trained):
    from mobilebert_tf.tasks.token_classification import predictor
    return predictor.TextAnswerer(trained).answer

  # === Deployment ===
  #
  # The answer to a text that is compared is the labels of its words, a line
  # each.

  def served_module(self, trained, model, text_tokenizer, *, xla):
    from mobilebert_tf.tasks.token_classification import serving
    return serving.TokenClassification(
        model, text_tokenizer, trained.max_length, trained.labels, xla=xla)

  def add_numbers(self, graph, outputs, mask):
    probabilities = graph.add('Softmax', outputs['logits'], axis=-1)
    return {'probabilities': (
        graph.add('Mul', probabilities, graph.add('Unsqueeze', mask, [2])),
        ['sequence', 'labels'])}

  def encode(self, trained, texts, *, rows, length, most):
    from mobilebert_tf.tasks.token_classification import predictor
    return predictor.encode_parts(
        trained, texts, rows=rows, length=length, most=most)

  def answers(self, trained, texts):
    from mobilebert_tf.tasks.token_classification import predictor
    return [_join(word.label for word in words)
            for words in predictor.TokenPredictor(trained).answer(texts.texts)]

  def served_answers(self, outputs):
    if not np.isfinite(outputs['probability']).all():
      raise ValueError('The export gives numbers that are not finite.')
    return [_join(label.decode('utf-8') for label in labels[starts >= 0])
            for labels, starts in zip(
                outputs['label'], outputs['start'], strict=True)]

  def answer_served(self, outputs, texts, labels):
    cut = outputs.get('truncated', np.zeros(len(texts), bool))
    found = []
    for row, (text, is_cut) in enumerate(zip(texts, cut.tolist(), strict=True)):
      is_word = outputs['start'][row] >= 0
      words = [
          LabelledWord(text[start:end], int(start), int(end),
                       label.decode('utf-8'), float(probability))
          for start, end, label, probability in zip(*(
              outputs[name][row][is_word] for name in (
                  'start', 'end', 'label', 'probability')), strict=True)]
      found.append(label_text(text, words, labels, is_cut))
    return found

  def differ(self, found, expected):
    """Returns the share of each text's words that have another label."""
    return np.array([_difference(split_labels(one), split_labels(other))
                     for one, other in zip(found, expected, strict=True)])

  def certainly_differ(self, trained, texts, found, expected):
    from mobilebert_tf.tasks.token_classification import predictor
    scores = predictor.TokenPredictor(trained).scores_of_texts(texts.texts)
    return np.array([
        _difference(split_labels(one), split_labels(other), _is_sure(each))
        for one, other, each in zip(found, expected, scores, strict=True)])

  def answer_file(self, runner, texts, pairs):
    return answer_with_file(runner, texts)

  def truncated(self, runner, texts, pairs):
    return [answer.truncated for answer in answer_with_file(runner, texts)]

  def comparable(self, runner, texts, pairs):
    return [_join(word.label for word in answer.words)
            for answer in self.answer_file(runner, texts, pairs)]

  # === Evaluation ===

  def read_labelled(self, path, trained, columns):
    from mobilebert_tf.tasks.token_classification import evaluation
    return evaluation.read_labelled(path, trained, columns)

  def agreement(self, answers, reference):
    # A text counts if all of its words have the same label.
    return {'share': float(np.mean(self.differ(answers, reference) == 0))}

  def evaluate(self, trained, options):
    from mobilebert_tf.tasks.token_classification import evaluation
    return evaluation.evaluate(trained, options)

  def report_parts(self):
    from mobilebert_tf.tasks.token_classification import report
    return report.TokenReportParts()

  def experiments(self):
    from mobilebert_tf.tasks import recipes
    return [recipes.Experiment(
        self.name, self.task_config,
        train_steps=5 * 14_041 // 32,  # Five epochs of CoNLL 2003.
        learning_rate=5e-5)]

  def check_recipe(self, recipe):
    from mobilebert_tf.tasks import recipes
    recipes.check_files(recipe)

  def read_recipe(self, recipe, start):
    from mobilebert_tf.tasks.token_classification import task
    return task.read_recipe(recipe, start)

  def score_run(self, recipe, data, trained, folder):
    from mobilebert_tf.tasks.token_classification import evaluation
    return evaluation.score_run(recipe, data, trained)


def split_labels(answer: str) -> list[str]:
  """Returns the labels of an answer, one for each word of the text."""
  return answer.split(_SEPARATOR) if answer else []


def _join(labels) -> str:
  return _SEPARATOR.join(labels)


def _difference(labels: Sequence[str], others: Sequence[str],
                counted: np.ndarray | None = None) -> float:
  """Returns the share of words with another label; 1 for other words.

  Only words that are `counted`, bool `[words]`, can differ; all if None.
  """
  if len(labels) != len(others):
    return 1.0
  differ = np.array([a != b for a, b in zip(labels, others, strict=True)], bool)
  if counted is not None:
    differ &= counted
  return float(differ.mean()) if differ.size else 0.0


def _is_sure(scores: np.ndarray) -> np.ndarray:
  """Returns whether a label is no matter of rounding, bool `[words]`."""
  if scores.shape[-1] < 2:
    return np.ones(len(scores), bool)
  second, best = np.sort(scores, -1)[:, -2:].T
  return best - second > task_kind.ROUNDING


# === Answers ===


@dataclasses.dataclass(frozen=True)
class LabelledWord:
  """A word of a text, `text[start:end]`, and its most probable label."""
  text: str
  start: int
  end: int
  label: str
  probability: float


@dataclasses.dataclass(frozen=True)
class Entity:
  """Words of a text that belong together.

  Attributes:
    type: Label without `B-` or `I-`.
    text: Characters `start` to `end` of the text.
    start: First character.
    end: Character after the last.
    probability: Lowest probability of the label of a word.
  """
  type: str
  text: str
  start: int
  end: int
  probability: float


class LabelledText(NamedTuple):
  """The words of a text, and its entities if the labels mark any.

  `truncated` says that a word is longer than the model reads.
  """
  words: list[LabelledWord]
  entities: list[Entity]
  truncated: bool = False


def label_words(text: str, places: Sequence[tuple[int, int]],
                scores: np.ndarray, labels: Sequence[str]
                ) -> list[LabelledWord]:
  """Gives each word of a text its most probable label.

  Args:
    text: The text.
    places: First character and the one after the last of each word.
    scores: Probabilities, float32 `[words, labels]`.
    labels: Labels of the model.
  """
  return [
      LabelledWord(text[start:end], start, end, labels[best], float(row[best]))
      for (start, end), row, best in zip(
          places, scores, scores.argmax(-1), strict=True)]


def find_entities(text: str, words: Sequence[LabelledWord]) -> list[Entity]:
  """Joins the words of a text to entities, as evaluation counts them."""
  found = []
  for kind, first, last in conll.find_entities(
      [word.label for word in words]):
    start, end = words[first].start, words[last].end
    found.append(Entity(
        kind, text[start:end], start, end,
        min(word.probability for word in words[first:last + 1])))
  return found


def label_text(text: str, words: list[LabelledWord], labels: Sequence[str],
               truncated: bool) -> LabelledText:
  """Returns the words of a text, and its entities if the labels mark any."""
  entities = find_entities(text, words) if conll.are_entities(labels) else []
  return LabelledText(words, entities, truncated)


def answer_with_file(runner: tflite_runner.TFLiteRunner,
                     texts: Sequence[str]) -> list[LabelledText]:
  """Labels the words of texts with a `.tflite` file, long texts in parts.

  Raises:
    ValueError: If a number is not finite.
  """
  labels = runner.metadata.labels
  found = []
  for text in texts:
    places = words_lib.find_words(text)
    scores, is_cut = _scores(
        runner, [text[start:end] for start, end in places])
    words = label_words(text, places, scores, labels)
    found.append(label_text(text, words, labels, is_cut))
  return found


def _scores(runner: tflite_runner.TFLiteRunner,
            words: list[str]) -> tuple[np.ndarray, bool]:
  """Returns probabilities `[words, labels]`, and whether a word was cut."""
  parts = words_lib.split_words(
      runner.tokenizer.tokenize, runner.vocabulary.unk_id, [words],
      runner.metadata.max_length)
  rows = [np.zeros([0, len(runner.metadata.labels)], np.float32)]
  for start, end in zip(parts.splits, parts.splits[1:], strict=False):
    [scores] = runner.run([parts.pieces[start:end]])['probabilities']
    # The first token is [CLS].
    rows.append(scores[1:1 + end - start][parts.is_first[start:end]])
  scores = np.concatenate(rows)
  runner.check_finite(scores)
  return scores, bool(parts.cut)
