# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Says what several trainings gave."""

from collections.abc import Sequence
import statistics


def mean(values: Sequence[float]) -> str:
  """Returns mean and deviation, of one value the value.

  Example: `mean([80.1, 79.9])  # '80.0 +- 0.1'`
  """
  if len(values) == 1:
    return f'{values[0]:.1f}'
  return f'{statistics.mean(values):.1f} +- {statistics.stdev(values):.1f}'
