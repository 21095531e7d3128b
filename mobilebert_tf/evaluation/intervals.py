# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""95% intervals of a report's numbers over the examples."""

import dataclasses
import math
from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Group:
  """Some examples and how well they were answered.

  Attributes:
    name: Common property of the examples.
    count: Number of examples.
    mean: Mean quality.
    low: Lower end of the mean's 95% interval; NaN if it is not known.
    high: Upper end.
  """
  name: str
  count: int
  mean: float
  low: float
  high: float


def group(name: str, values: np.ndarray, most: float = 1.0) -> Group:
  """Computes the mean of some qualities with its 95% interval.

  The interval is Wilson's where all values are 0 or 1 and cannot be more, else
  Student's, within the possible range.

  Args:
    name: Common property of the examples.
    values: float64 `[examples]`, one or more, each 0 or more.
    most: Greatest possible value; infinity for errors.

  Returns:
    The group.
  """
  count, mean = len(values), float(np.mean(values))
  if most == 1 and np.isin(values, (0.0, 1.0)).all():
    return Group(name, count, mean, *wilson(int(values.sum()), count))
  if count < 2:  # One value does not tell how they vary.
    return Group(name, count, mean, math.nan, math.nan)
  error = np.std(values, ddof=1) / math.sqrt(count)
  reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1) * error)
  return Group(name, count, mean, max(mean - reach, 0.0),
               min(mean + reach, most))


def wilson(successes: int, count: int) -> tuple[float, float]:
  """Returns Wilson's 95% interval of a share of one or more examples."""
  interval = stats.binomtest(successes, count).proportion_ci(
      CONFIDENCE, method='wilson')
  return float(interval.low), float(interval.high)


def difference(first: float, second: float, count: int) -> tuple[float, float]:
  """Returns the 95% interval of a difference of two shares.

  Args:
    first: Share of right answers.
    second: Share to subtract.
    count: Number of examples of each; they are taken as independent.

  Returns:
    Low and high end, by the normal approximation.
  """
  variance = sum(share * (1 - share) for share in (first, second)) / count
  reach = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * math.sqrt(variance)
  return first - second - reach, first - second + reach


def bootstrap(
    measure: Callable[[np.ndarray], Mapping[str, float]], count: int,
    samples: int = 200, seed: int = 0) -> dict[str, tuple[float, float]]:
  """Computes intervals of measures that are no means, such as correlations.

  Examples are drawn with replacement, over and over; the interval is the middle
  95% of what is then measured. All measures share each draw, which
  `scipy.stats.bootstrap` cannot do.

  Args:
    measure: Function of rows, int64 `[count]`, that returns measures by name.
    count: Number of examples.
    samples: Number of draws.
    seed: Seed of the draws.

  Returns:
    Low and high end of each measure; NaN for a single example.

  Example: `bootstrap(lambda rows: {'mean': values[rows].mean()}, len(values))`
  """
  rng = np.random.default_rng(seed)
  found = [measure(rng.integers(count, size=count)) for _ in range(samples)]
  if count < 2:
    return {name: (math.nan, math.nan) for name in found[0]}
  tail = (1 - CONFIDENCE) / 2
  return {
      name: tuple(map(float, np.quantile([each[name] for each in found],
                                         (tail, 1 - tail))))
      for name in found[0]}
