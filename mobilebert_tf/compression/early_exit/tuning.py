# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Thresholds of exits for a wanted loss of accuracy or number of blocks."""

from collections.abc import Sequence
import dataclasses

import numpy as np

from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib
from mobilebert_tf.tasks.early_exit_classification import scoring

_POINTS = 200  # Thresholds that are tried.


@dataclasses.dataclass(frozen=True)
class Wanted:
  """What thresholds are chosen for; one of both.

  Attributes:
    loss: Largest share of right answers that may be lost against the whole
      model, such as 0.005.
    blocks: Largest mean number of blocks of a text.

  Raises:
    ValueError: If none or both are named, or one is out of range.
  """
  loss: float | None = None
  blocks: float | None = None

  def __post_init__(self):
    if (self.loss is None) == (self.blocks is None):
      raise ValueError('Thresholds are chosen for a wanted loss of accuracy or '
                       'for a wanted number of blocks; name one of them.')
    if self.loss is not None and not 0 <= self.loss < 1:
      raise ValueError(f'The wanted loss is {self.loss}; it is a share of the '
                       'answers, such as 0.005.')
    if self.blocks is not None and not 1 <= self.blocks < float('inf'):
      raise ValueError(f'The wanted number of blocks is {self.blocks}; it is '
                       'at least 1.')

  def best(self, points: Sequence[scoring.Point],
           whole: float) -> scoring.Point:
    """Returns the point that suits best.

    Args:
      points: Points to choose from.
      whole: Accuracy of the whole model.

    Raises:
      ValueError: If none has so few blocks.
    """
    if self.loss is not None:
      return min((point for point in points
                  if point.accuracy >= whole - self.loss),
                 key=lambda point: (point.mean_blocks, -point.accuracy))
    cheap = [point for point in points if point.mean_blocks <= self.blocks]
    if not cheap:
      least = min(point.mean_blocks for point in points)
      raise ValueError(
          f'The wanted number of blocks is {self.blocks:g}, but texts need '
          f'{least:.2f} on average, even if all leave at the first exit.')
    return max(cheap, key=lambda point: (point.accuracy, -point.mean_blocks))


def tune(logits: np.ndarray, labels: np.ndarray, rule: rule_lib.Rule,
         num_blocks: int, wanted: Wanted,
         each_exit: bool = False) -> rule_lib.Rule:
  """Returns the rule with thresholds that are chosen on some texts.

  Args:
    logits: `[texts, exits + 1, classes]`.
    labels: True classes, `[texts]`; other texts than those to report on.
    rule: The rule, whose thresholds are replaced.
    num_blocks: Number of all blocks.
    wanted: Wish that they are chosen for.
    each_exit: Whether each exit has a threshold of its own: from the common
      one, thresholds are improved one after another, the first exit's first.

  Raises:
    ValueError: If what is wanted cannot be had.
  """
  scorer = scoring.Scorer(logits, labels, rule, num_blocks)
  best = wanted.best(scorer.curve(_POINTS), scorer.whole)
  found = [best.threshold] * rule.num_exits
  for number in range(rule.num_exits if each_exit else 0):
    choices = {}
    for threshold in scorer.candidates(_POINTS, number):
      choice = [*found[:number], float(threshold), *found[number + 1:]]
      choices[scorer.score(choice)] = choice
    choices[scorer.score(found)] = found
    found = choices[wanted.best(list(choices), scorer.whole)]
  return dataclasses.replace(
      rule, thresholds=tuple(found if each_exit else found[:1]))


def split(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns the rows to tune on, and the others to report on.

  Args:
    count: Number of rows, 2 or more.
    seed: Seed of the draw.

  Raises:
    ValueError: If there is one row.
  """
  if count < 2:
    raise ValueError('Thresholds are chosen on one half of the held-out texts '
                     f'and scored on the other, but there is {count}.')
  rows = np.random.default_rng(seed).permutation(count)
  return np.sort(rows[:count // 2]), np.sort(rows[count // 2:])
