# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The order in which blocks are left out."""

import math

from absl.testing import absltest

from mobilebert_tf.compression.adaptive_width_depth import blocks


class GreedyTest(absltest.TestCase):

  def test_each_step_looks_at_what_is_left(self):
    # Blocks 1 and 2 replace each other: without one, the other is needed.
    def losses(kept):
      found = []
      for each in kept:
        left = set(kept) - {each}
        found.append(10.0 * (0 not in left) + 5.0 * (not left & {1, 2})
                     + 1.0 * (3 not in left) + 0.1 * (1 not in left))
      return found
    self.assertEqual(blocks.greedy_order(losses, 4), [0, 1, 3, 2])

  def test_a_loss_that_is_no_number_is_the_worst(self):
    order = blocks.greedy_order(
        lambda kept: [math.nan if each == 0 else 1.0 for each in kept], 3)
    self.assertEqual(order[-1], 1)


if __name__ == '__main__':
  absltest.main()
