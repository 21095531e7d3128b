# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""How close hidden states are to those of the Keras model."""

from collections.abc import Sequence

import numpy as np


def compare(found: Sequence[np.ndarray],
            expected: Sequence[np.ndarray]) -> tuple[float, float]:
  """Compares the hidden states of texts.

  Args:
    found: Hidden states of each text, `[tokens, width]`.
    expected: Those of the Keras model.

  Returns:
    The smallest cosine of a token; and the root mean square of the difference,
    in standard deviations of what was expected. NaN if a number is not finite.

  Example: `compare([states], [states])  # 1.0, 0.0`
  """
  ours, theirs = (np.concatenate([np.float64(each) for each in values])
                  for values in (found, expected))
  if not np.isfinite(ours).all():
    return np.nan, np.nan
  cosine = (ours * theirs).sum(1) / (
      np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1))
  error = np.sqrt(np.mean((ours - theirs)**2)) / theirs.std()
  return float(cosine.min()), float(error)
