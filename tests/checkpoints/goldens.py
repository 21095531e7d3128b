# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Inputs and outputs of the reference implementations, and how to compare.

`../shared/golden` holds checkpoints with random weights and what the reference
code computes from them; its README names versions, masks and tolerances.
"""

from typing import Any

import numpy as np
import tensorflow as tf

HIDDEN_TOLERANCE = 1e-5
LOGITS_TOLERANCE = 3e-5


def inputs(golden: np.lib.npyio.NpzFile) -> dict[str, np.ndarray]:
  """Returns the inputs of a golden file by our names."""
  return {
      'input_word_ids': golden['in_input_ids'].astype(np.int32),
      'input_mask': golden['in_input_mask'].astype(np.int32),
      'input_type_ids': golden['in_segment_ids'].astype(np.int32),
      'masked_lm_positions':
          golden['in_masked_lm_positions'].astype(np.int32),
  }


class GoldenTestCase(tf.test.TestCase):
  """Asserts relative to the size of what is expected."""

  def assert_equal(self, actual: Any, expected: np.ndarray, tolerance: float,
                   what: str = '') -> None:
    """Asserts |a - b| <= tolerance * (1 + |b|) everywhere."""
    actual = np.asarray(actual)
    self.assertEqual(actual.shape, expected.shape, what)
    error = np.max(np.abs(actual - expected) / (1 + np.abs(expected)))
    self.assertLessEqual(error, tolerance, what)
