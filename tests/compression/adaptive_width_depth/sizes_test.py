# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Which heads, units and blocks stay, by the paper's and the code's rules."""

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf import modeling
from mobilebert_tf.modeling import layout
from mobilebert_tf.compression.adaptive_width_depth import sizes

_MOBILEBERT = modeling.get_architecture('mobilebert')


class SizesTest(parameterized.TestCase):

  # The brief's, from PaddlePaddle's and Huawei's code.
  @parameterized.parameters(
      (12, 0.75, 'paper', (0, 1, 3, 4, 5, 7, 8, 9, 11)),
      (12, 0.5, 'paper', (1, 3, 5, 7, 9, 11)),
      (12, 0.75, 'reference', (0, 1, 2, 4, 5, 6, 8, 9, 10)),
      (12, 0.5, 'reference', (0, 2, 4, 6, 8, 10)),
      (6, 0.75, 'reference', (0, 1, 2, 3, 4)),
      (4, 0.75, 'paper', (0, 1, 3)), (4, 0.5, 'paper', (1, 3)),
      (4, 0.5, 'bottom', (0, 1)), (4, 0.5, 'top', (2, 3)),
      (4, 1.0, 'paper', (0, 1, 2, 3)), (4, 0.25, [0, 3], (0, 3)))
  def test_blocks_that_stay(self, num_blocks, depth, rule, expected):
    self.assertEqual(sizes.kept_blocks(num_blocks, depth, rule), expected)

  @parameterized.parameters(
      ('paper', 0.75, {2, 6, 10, 14, 18, 22}),
      ('paper', 0.5, set(range(0, 24, 2))),
      ('reference', 0.75, {3, 7, 11, 15, 19, 23}),
      ('reference', 0.5, set(range(1, 24, 2))))
  def test_blocks_of_mobilebert_that_go(self, rule, depth, expected):
    self.assertEqual(
        set(range(24)) - set(sizes.kept_blocks(24, depth, rule)), expected)

  def test_an_order_keeps_what_is_needed_most(self):
    order = [3, 0, 2, 1]
    self.assertEqual(sizes.kept_blocks(4, 0.5, 'greedy', order), (0, 3))
    self.assertEqual(sizes.kept_blocks(4, 0.75, 'importance', order), (0, 2, 3))
    with self.assertRaisesRegex(ValueError, 'an order that is measured'):
      sizes.kept_blocks(4, 0.5, 'greedy')
    with self.assertRaisesRegex(ValueError, r'is \[0, 0\]; .*0 to 3'):
      sizes.kept_blocks(4, 0.5, 'greedy', [0, 0])

  def test_fourteen_of_twenty_four(self):
    self.assertEqual(
        sizes.kept_blocks(24, 14 / 24, 'bottom'), tuple(range(14)))

  def test_a_width_is_of_heads_and_units(self):
    found = sizes.size(_MOBILEBERT, 0.75, 0.5)
    self.assertEqual((found.num_heads, found.num_units), (3, 384))
    self.assertLen(found.blocks, 12)
    self.assertEqual(found.name, '0.75x0.5')

  # The brief's, of a block at 128 tokens.
  @parameterized.parameters((1.0, 1.0), (0.75, 0.807), (0.5, 0.613),
                            (0.25, 0.420))
  def test_work_of_a_width(self, width, share):
    found = sizes.size(_MOBILEBERT, width)
    part = modeling.get_architecture(
        'mobilebert', head_size=_MOBILEBERT.attention_head_size,
        num_attention_heads=found.num_heads, intermediate_size=found.num_units)
    whole, cut = (layout.count_block_operations(each, 128)
                  for each in (_MOBILEBERT, part))
    self.assertAlmostEqual(cut / whole, share, 3)

  def test_a_grid_begins_with_the_whole(self):
    found = sizes.grid(_MOBILEBERT, (0.25, 0.5, 0.75, 1.0), (0.5, 0.75, 1.0))
    self.assertLen(found, 12)
    self.assertEqual(found[0].name, '1x1')
    self.assertEqual(found[-1].name, '0.25x0.5')

  @parameterized.parameters(
      ({'width': 0.0}, 'width is 0.0'), ({'depth': 1.5}, 'depth is 1.5'),
      ({'width': 0.2}, '0.2 leaves nothing of 4.*the least is 0.25'),
      ({'depth': 0.01}, '0.01 leaves none of 24'),
      ({'rule': 'best'}, "no rule 'best'"),
      ({'rule': [3, 1]}, 'have to be ascending'),
      ({'rule': [0, 24]}, 'from 1 to 24'), ({'rule': []}, 'ascending'))
  def test_sizes_that_leave_nothing(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      sizes.size(_MOBILEBERT, **fields)

  @parameterized.parameters(
      ((0.5, 0.75), (1.0,), 'widths are .*1 among them'),
      ((1.0, 1.0), (1.0,), 'different'), ((1.0,), (), 'depths are'),
      ((1.0,), (1.0, 0.99), 'name one network twice'))
  def test_grids_that_make_no_sense(self, widths, depths, message):
    with self.assertRaisesRegex(ValueError, message):
      sizes.grid(_MOBILEBERT, widths, depths)


if __name__ == '__main__':
  absltest.main()
