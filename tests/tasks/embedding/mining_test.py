# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Hard negatives: which texts are taken, and which are not."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.embedding import mining
from tests.data import temporary

# Texts are points on a circle, named by their degrees.
_PAIRS = [('10', '12'), ('100', '90'), ('200', '215'), ('10', '40')]


class _Circle:
  """Embeds a text of a number as that angle."""

  def embed(self, texts):
    angles = np.radians([float(text) for text in texts])
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def _mine(others=(), pairs=tuple(_PAIRS), **settings):
  texts, seconds = zip(*pairs, strict=True)
  return mining.mine(
      mining.Pairs(texts, seconds, [f'p:{i}' for i in range(len(texts))]),
      _Circle(), mining.Settings(**settings), others)


class MiningTest(parameterized.TestCase, temporary.TemporaryFiles,
                 tf.test.TestCase):

  def test_takes_the_nearest_that_do_not_belong_to_the_text(self):
    # 12 and 40 both belong to 10.
    self.assertEqual(_mine(), [['90'], ['40'], ['90'], ['90']])
    self.assertEqual(_mine(['170', '300'], count=2)[0], ['300', '90'])

  def test_leaves_out_what_is_as_near_as_the_pair(self):
    # 17 is 7 degrees from 10, and 12 is 2: the cosines are 0.9925 and 0.9994.
    for share, expected in ((1.0, '17'), (0.99, '90')):
      found = _mine(['17'], largest_share=share)
      self.assertEqual(found[0], [expected])
    # Of the other pair of 10, at 30 degrees, 17 is too near in either case.
    self.assertEqual(found[3], ['90'])

  def test_neither_the_text_itself_nor_one_twice(self):
    found = _mine(['10', '90', '45', '45'], count=3, largest_share=1.0)
    for negatives, (text, pair) in zip(found, _PAIRS, strict=True):
      self.assertNotIn(text, negatives)
      self.assertNotIn(pair, negatives)
      self.assertLen(set(negatives), 3)

  def test_blocks_change_nothing(self):
    expected = _mine(['45', '300'], count=2)
    old = mining._QUERIES_AT_ONCE
    self.addCleanup(setattr, mining, '_QUERIES_AT_ONCE', old)
    mining._QUERIES_AT_ONCE = 2
    self.assertEqual(_mine(['45', '300'], count=2), expected)

  def test_pairs_with_too_few_are_told_or_too_many(self):
    with self.assertRaisesRegex(ValueError, '4 of 4 pairs, such as p:0, '):
      _mine(count=9)
    # The pair of 0 and 179 is so far apart that nothing is farther.
    pairs = [(str(i), str(i + 1)) for i in range(0, 90, 6)] + [('0', '179')]
    with self.assertLogs(level='WARNING') as logs:
      found = _mine(pairs=tuple(pairs))
    self.assertEqual(found[-1], [])
    self.assertRegex(logs.output[0], '1 of 16 pairs, such as p:15, .*left out')

  def test_reads_pairs_once(self):
    path = self.make_file('p.tsv', 'q\td\na\tb\na\tc\na\tb\n')
    with self.assertLogs(level='WARNING'):
      pairs = mining.read_pairs(path, 'q', 'd')
    self.assertEqual(pairs.texts, ('a', 'a'))
    self.assertEqual(pairs.pairs, ('b', 'c'))
    self.assertEqual(pairs.places, [f'{path}:2', f'{path}:3'])
    with self.assertRaisesRegex(ValueError, "one column 'text'"):
      mining.read_pairs(path, 'text', 'd')

  @parameterized.parameters(
      {'count': 0}, {'count': 5, 'looked_at': 4}, {'largest_share': 0.0},
      {'largest_share': 1.5})
  def test_refuses(self, **settings):
    with self.assertRaises(ValueError):
      mining.Settings(**settings)


if __name__ == '__main__':
  tf.test.main()
