# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labelled words of texts and their entities, without TensorFlow."""

from collections.abc import Sequence
import dataclasses
from typing import NamedTuple

import numpy as np

from mobilebert_tf.data import entity_labels


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
  for kind, first, last in entity_labels.find_entities(
      [word.label for word in words]):
    start, end = words[first].start, words[last].end
    found.append(Entity(
        kind, text[start:end], start, end,
        min(word.probability for word in words[first:last + 1])))
  return found
