# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Thresholds of probabilities at a wanted precision or recall."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Threshold:
  """A threshold, and what it reaches on the texts that it was found on.

  Attributes:
    value: Least score with which a text counts as positive.
    precision: Share of the positive texts that are truly so; 1 of none.
    recall: Share of the true ones that are found.
    is_reached: Whether it reaches what was wanted; if not, it is the threshold
      that comes nearest.
  """
  value: float
  precision: float
  recall: float
  is_reached: bool


def find(truth: np.ndarray, scores: np.ndarray, *, precision: float = 0.0,
         recall: float = 0.0, lowest: float = 0.0) -> Threshold:
  """Finds the threshold with a wanted precision or recall.

  Of the thresholds with the wanted precision it has the best recall, and the
  other way round. It lies in the middle between two scores.

  Args:
    truth: Whether a text is positive, bool `[texts]`, held out of training.
    scores: Probabilities, or other numbers of which the larger are surer,
      `[texts]`.
    precision: Wanted precision; 0 to want a recall.
    recall: Wanted recall; 0 to want a precision.
    lowest: Lower bound of the scores.

  Raises:
    ValueError: If both are wanted or neither, one is no share, or no text is
      positive.

  Example: `find(np.array([1, 0, 1]), np.array([.9, .5, .4]), recall=1.0).value`
  """
  check(precision, recall)
  if bool(precision) == bool(recall):
    raise ValueError('Either a precision or a recall is wanted.')
  truth = np.asarray(truth, bool)
  if not truth.any():
    raise ValueError('No held-out text is positive, so no threshold can be '
                     'found.')
  order = np.argsort(-np.asarray(scores, np.float64), kind='stable')
  ordered = np.append(np.asarray(scores, np.float64)[order], lowest)
  found = np.cumsum(truth[order])
  # Equal scores are positive together.
  possible = np.flatnonzero(
      np.append(ordered[:-2] > ordered[1:-1], True))
  precisions = found[possible] / (possible + 1)
  recalls = found[possible] / truth.sum()
  reached, gained = ((precisions, recalls) if precision
                     else (recalls, precisions))
  wanted = min(precision or recall, reached.max())
  enough = reached >= wanted - 1e-12
  best = int(np.flatnonzero(enough)[np.argmax(gained[enough])])
  place = possible[best]
  return Threshold(
      float((ordered[place] + ordered[place + 1]) / 2),
      float(precisions[best]), float(recalls[best]),
      bool(reached[best] >= (precision or recall) - 1e-12))


def check(precision: float, recall: float) -> None:
  """Raises ValueError unless both are shares, and not both are wanted."""
  for name, value in (('precision', precision), ('recall', recall)):
    if not 0 <= value <= 1:
      raise ValueError(f'The wanted {name} is {value}; it is a share, 0 to 1.')
  if precision and recall:
    raise ValueError(f'A precision of {precision} and a recall of {recall} are '
                     'wanted; one threshold reaches one of them. Leave one '
                     'out.')
