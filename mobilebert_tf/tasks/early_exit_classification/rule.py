# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""When a text leaves a model: the rule, for arrays and inside a graph.

Both are here, and one test compares them. Nothing here needs TensorFlow until a
graph is built.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math
import typing

import numpy as np

from mobilebert_tf.common import parsing

if typing.TYPE_CHECKING:
  import tensorflow as tf

ENTROPY, CONFIDENCE, PATIENCE = CRITERIA = (
    'entropy', 'confidence', 'patience')
# Change of each measure that a change of probabilities by 0.02, which
# quantization explains, can make. Of a label that is 0.98 sure, the entropy
# changes by 0.02 * ln(0.98 / 0.02).
ROUNDING = {ENTROPY: 0.08, CONFIDENCE: 0.02, PATIENCE: 0.02}


@dataclasses.dataclass(frozen=True)
class Rule:
  """Which exit answers a text: the first that is sure, or the last.

  Attributes:
    criterion: Measure of how sure an exit is. `entropy` of its probabilities,
      in nats, has to be below the threshold (DeeBERT, Xin et al. 2020,
      algorithm 1); `confidence`, the largest probability, above it;
      `patience`, the number of exits in a row that gave the same label before
      it, at least it (PABEE, Zhou et al. 2020, section 3.2).
    blocks: Numbers of the blocks with an exit, counted from 1.
    thresholds: Threshold of each exit; empty if no text leaves early.

  Raises:
    ValueError: If the criterion is unknown, or thresholds are no numbers from 0
      on, or neither one nor as many as exits.

  Example:

  >>> rule = Rule('entropy', (1, 2), (0.1,))
  >>> rule.exits(np.array([[[9.0, 0.0], [9.0, 0.0], [0.0, 9.0]],
  ...                      [[0.0, 0.0], [0.0, 9.0], [0.0, 9.0]]])).tolist()
  [0, 1]
  """
  criterion: str
  blocks: tuple[int, ...]
  thresholds: tuple[float, ...] = ()

  def __post_init__(self):
    if self.criterion not in CRITERIA:
      raise ValueError(f'criterion is {self.criterion!r:.40}; accepted: '
                       f'{", ".join(CRITERIA)}.')
    given = self.thresholds
    if not isinstance(given, list | tuple) or any(
        not parsing.is_number(each) or each < 0 for each in given):
      raise ValueError(f'thresholds are {given!r:.80}; they have to be a list '
                       'of numbers, 0 or more.')
    if len(given) == 1:
      given = given * len(self.blocks)
    if given and len(given) != len(self.blocks):
      raise ValueError(f'There are {len(given)} thresholds for '
                       f'{len(self.blocks)} exits; name one, or one for each.')
    object.__setattr__(self, 'thresholds', tuple(given))

  @property
  def num_exits(self) -> int:
    """Number of exits before the last."""
    return len(self.blocks)

  def exits(self, logits: np.ndarray) -> np.ndarray:
    """Returns the number of the exit that answers each text.

    Args:
      logits: `[texts, exits + 1, classes]`, the last exit's at the end.

    Returns:
      int64 `[texts]`, from 0.
    """
    return self.exits_of(self.measures(logits), self.thresholds)

  def exits_of(self, measures: np.ndarray,
               thresholds: Sequence[float]) -> np.ndarray:
    """Returns the same from measures, by other thresholds.

    Args:
      measures: Result of `measures`.
      thresholds: Threshold of each exit; none if no text leaves early.
    """
    if not len(thresholds):
      return np.full(len(measures), self.num_exits)
    sure = self.is_sure(measures, np.array(thresholds))
    last = np.ones([len(measures), 1], bool)
    return np.concatenate([sure, last], axis=1).argmax(axis=1)

  def measures(self, logits: np.ndarray) -> np.ndarray:
    """Returns how sure each exit is, float64 `[texts, exits]`.

    Args:
      logits: `[texts, exits or more, classes]`.
    """
    logits = logits[:, :self.num_exits]
    if self.criterion == ENTROPY:
      return entropy(logits)
    if self.criterion == CONFIDENCE:
      return np.exp(log_softmax(logits)).max(axis=-1)
    return agreements(logits.argmax(axis=-1)).astype(np.float64)

  def is_sure(self, measure: typing.Any, threshold: typing.Any) -> typing.Any:
    """Returns whether a measure is on the right side of a threshold.

    Args:
      measure: Array or tensor.
      threshold: The same, or a number.
    """
    if self.criterion == ENTROPY:
      return measure < threshold
    if self.criterion == CONFIDENCE:
      return measure > threshold
    return measure >= threshold

  def is_steady(self, logits: np.ndarray) -> np.ndarray:
    """Returns which texts keep exit and label if probabilities change a bit.

    Args:
      logits: `[texts, exits + 1, classes]`.

    Returns:
      bool `[texts]`: whether at every exit up to the one that answers, measures
      are further from thresholds than `ROUNDING`, and at that one the best two
      probabilities from each other than 0.02.
    """
    taken = self.exits(logits)
    two = np.sort(np.exp(log_softmax(logits)), axis=-1)[..., -2:]
    apart = two[..., 1] - two[..., 0] > ROUNDING[PATIENCE]  # [texts, exits + 1]
    steady = apart[np.arange(len(taken)), taken]
    if not self.thresholds:
      return steady
    if self.criterion == PATIENCE:  # It counts the labels of all exits.
      far = apart[:, :-1]
    else:
      far = np.abs(self.measures(logits) - np.array(self.thresholds)
                   ) > ROUNDING[self.criterion]
    before = np.arange(self.num_exits) <= taken[:, None]
    return steady & (far | ~before).all(axis=1)

  def is_wrong(self, logits: np.ndarray, taken: np.ndarray,
               labels: np.ndarray) -> np.ndarray:
    """Returns which labels are not those of the exits that were taken.

    Args:
      logits: `[texts, exits + 1, classes]`.
      taken: Number of the exit that each text took, from 0.
      labels: Its label there.

    Returns:
      bool `[texts]`; where the best two probabilities of the exit are within
      0.02 of each other, no label is wrong.
    """
    rows = np.arange(len(taken))
    probabilities = np.exp(log_softmax(logits))[rows, taken]
    best = probabilities.max(axis=-1)
    return best - probabilities[rows, labels] > ROUNDING[PATIENCE]

  def start(self, texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns what `leave` is given at first: labels, and times they agreed.

    Args:
      texts: Number of texts, an int32 scalar.
    """
    import tensorflow as tf
    return (tf.fill([texts], tf.constant(-1, tf.int64)),
            tf.fill([texts], -1.0))

  def leave(self, exit_number: int, logits: tf.Tensor,
            seen: tuple[tf.Tensor, tf.Tensor]
            ) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor]]:
    """Returns which texts leave, and what the next exit is given, in a graph.

    Args:
      exit_number: Number of the exit, from 0; all leave at the last.
      logits: float32 `[texts, classes]`.
      seen: Result of `start`, or of the exit before.

    Returns:
      bool `[texts]`, and the labels and times they agreed.
    """
    import tensorflow as tf
    labels = tf.argmax(logits, axis=-1)
    times = tf.where(labels == seen[0], seen[1] + 1.0, 0.0)
    if exit_number == self.num_exits:
      return tf.ones_like(labels, tf.bool), (labels, times)
    if not self.thresholds:
      return tf.zeros_like(labels, tf.bool), (labels, times)
    shifted = logits - tf.reduce_max(logits, axis=-1, keepdims=True)
    powers = tf.exp(shifted)
    total = tf.reduce_sum(powers, axis=-1)
    if self.criterion == ENTROPY:
      measure = tf.math.log(total) - tf.reduce_sum(
          powers * shifted, axis=-1) / total
    elif self.criterion == CONFIDENCE:
      measure = 1.0 / total
    else:
      measure = times
    return (self.is_sure(measure, self.thresholds[exit_number]),
            (labels, times))


class OneText:
  """One text on its way through the exits, quicker than arrays are.

  Args:
    rule: The rule by which it leaves.
  """

  def __init__(self, rule: Rule):
    self._rule = rule
    self._label, self._times = -1, -1

  def leaves(self, exit_number: int, logits: Sequence[float]) -> bool:
    """Returns whether the text leaves at the next exit.

    Args:
      exit_number: Number of the exit, from 0, one after another.
      logits: Its logits, Python's own numbers.
    """
    rule = self._rule
    if not rule.thresholds:
      return False
    largest = max(logits)
    if rule.criterion == PATIENCE:
      label = logits.index(largest)
      self._times = self._times + 1 if label == self._label else 0
      self._label, measure = label, self._times
    else:
      total = weighted = 0.0
      for each in logits:
        power = math.exp(each - largest)
        total += power
        weighted += power * (each - largest)
      measure = (1.0 / total if rule.criterion == CONFIDENCE
                 else math.log(total) - weighted / total)
    return rule.is_sure(measure, rule.thresholds[exit_number])


def log_softmax(logits: np.ndarray) -> np.ndarray:
  """Returns logarithms of probabilities, float64, finite for finite logits."""
  logits = np.asarray(logits, np.float64)
  logits = logits - logits.max(axis=-1, keepdims=True)
  return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def entropy(logits: np.ndarray) -> np.ndarray:
  """Returns the entropy of the softmax of logits in nats, float64.

  It is computed from the logits, as p ln p is not a number where a probability
  p has become 0. That of equal logits is the logarithm of their number.

  Args:
    logits: `[..., classes]`.

  Example:

  >>> round(float(entropy(np.array([2.0, 0.0]))), 8)
  0.36533386
  """
  logits = np.asarray(logits, np.float64)
  shifted = logits - logits.max(axis=-1, keepdims=True)
  powers = np.exp(shifted)
  total = powers.sum(axis=-1)
  return np.log(total) - (powers * shifted).sum(axis=-1) / total


def agreements(labels: Sequence[Sequence[int]] | np.ndarray) -> np.ndarray:
  """Returns how many exits in a row before each gave the same label.

  Args:
    labels: Labels by exit, `[texts, exits]`.

  Example:

  >>> agreements([[1, 1, 1, 0, 0]]).tolist()
  [[0, 1, 2, 0, 1]]
  """
  labels = np.asarray(labels)
  found = np.zeros(labels.shape, np.int64)
  for i in range(1, labels.shape[1]):
    found[:, i] = np.where(
        labels[:, i] == labels[:, i - 1], found[:, i - 1] + 1, 0)
  return found
