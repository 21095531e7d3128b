# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers with words and entities, and those of a `.tflite` file.

Nothing here needs TensorFlow.
"""

from collections.abc import Sequence
import dataclasses
from typing import NamedTuple

import numpy as np

from mobilebert_tf.data import conll
from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.text import words as words_lib


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
    type: Its label without `B-` or `I-`.
    text: As it stands in the text, `text[start:end]`.
    start: Its first character.
    end: The character after its last.
    probability: Probability of the label of its least certain word.
  """
  type: str
  text: str
  start: int
  end: int
  probability: float


class LabelledText(NamedTuple):
  """The words of a text, and its entities if the labels mark any."""
  words: list[LabelledWord]
  entities: list[Entity]


def label_words(text: str, places: Sequence[tuple[int, int]],
                scores: np.ndarray, labels: Sequence[str]
                ) -> list[LabelledWord]:
  """Gives each word of a text its most probable label.

  Args:
    text: The text.
    places: First character and the one after the last of each word.
    scores: Probabilities, float32 `[words, labels]`.
    labels: Labels of the model.

  Returns:
    The words.
  """
  return [
      LabelledWord(text[start:end], start, end, labels[best], float(row[best]))
      for (start, end), row, best in zip(
          places, scores, scores.argmax(-1), strict=True)]


def find_entities(text: str, words: Sequence[LabelledWord]) -> list[Entity]:
  """Puts words together to entities, as they are counted in evaluation.

  Args:
    text: The text.
    words: Its words, labelled `B-...`, `I-...` or `O`.

  Returns:
    The entities, in order.
  """
  found = []
  for kind, first, last in conll.find_entities(
      [word.label for word in words]):
    start, end = words[first].start, words[last].end
    found.append(Entity(
        kind, text[start:end], start, end,
        min(word.probability for word in words[first:last + 1])))
  return found


def answer(runner: tflite_runner.TFLiteRunner,
           texts: Sequence[str]) -> list[LabelledText]:
  """Labels the words of texts, of which long ones are read in parts.

  Args:
    runner: The file.
    texts: The texts.

  Returns:
    Words and entities of each text. There are no entities if the labels mark
    none.

  Raises:
    ValueError: If a number is not finite.
  """
  labels = runner.metadata.labels
  marks_entities = conll.are_entities(labels)
  found = []
  for text in texts:
    places = words_lib.find_words(text)
    words = label_words(text, places, _scores(
        runner, [text[start:end] for start, end in places]), labels)
    found.append(LabelledText(
        words, find_entities(text, words) if marks_entities else []))
  return found


def _scores(runner: tflite_runner.TFLiteRunner,
            words: list[str]) -> np.ndarray:
  """Returns probabilities of the labels of words, `[words, labels]`."""
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
  return scores
