# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tables are split by text and label, in any order alike."""

import collections
import csv
import os
import random

from absl.testing import absltest

from mobilebert_tf.data import splitting
from tests.data import temporary


class SplittingTest(temporary.TemporaryFiles, absltest.TestCase):

  def _split(self, rows, share=0.1, labels=('stars',), name='all.csv', seed=0):
    """Returns the rows of both parts."""
    table = self.make_file(name, '')
    with open(table, 'w', newline='') as file:
      csv.writer(file).writerows([('id', 'review', 'stars'), *rows])
    parts = [os.path.join(self.make_folder(), 'part.csv') for _ in range(2)]
    counts = splitting.split(table, *parts, ['review', 'stars'], labels, share,
                             seed)
    found = []
    for path in parts:
      with open(path, newline='') as file:
        header, *content = csv.reader(file)
      self.assertEqual(header, ['review', 'stars'])
      found.append([tuple(row) for row in content])
    self.assertEqual(counts, tuple(map(len, found)))
    return found

  def test_labels_keep_their_shares_and_rare_ones_are_learned(self):
    rows = [(i, f'text {i}, "quoted"\nline', 'bad' if i % 10 else 'good')
            for i in range(1000)] + [(1001, 'only one', 'odd')]
    train, held_out = self._split(rows)
    self.assertCountEqual([*train, *held_out], [row[1:] for row in rows])
    self.assertEqual(collections.Counter(label for _, label in held_out),
                     {'bad': 90, 'good': 10})
    self.assertIn(('only one', 'odd'), train)

  def test_a_text_is_in_one_part_and_the_order_does_not_matter(self):
    rows = [(i, f'text {i % 40}', 'ab'[i % 2]) for i in range(200)]
    train, held_out = self._split(rows, 0.25)
    self.assertEmpty({text for text, _ in train} & {
        text for text, _ in held_out})
    self.assertLen(held_out, 50)
    random.Random(1).shuffle(rows)
    self.assertCountEqual(self._split(rows, 0.25)[1], held_out)
    self.assertNotEqual(set(self._split(rows, 0.25, seed=1)[1]), set(held_out))

  def test_numbers_are_not_labels(self):
    rows = [(i, f'text {i}', str(i / 7)) for i in range(100)]
    self.assertLen(self._split(rows, labels=())[1], 10)

  def test_too_little_or_no_share_is_refused(self):
    with self.assertRaisesRegex(ValueError, 'has 3 rows, too few to hold out'):
      self._split([(i, f't{i}', 'a') for i in range(3)])
    with self.assertRaisesRegex(ValueError, 'hold out is 1.5'):
      self._split([(0, 'a', 'b')], share=1.5)


if __name__ == '__main__':
  absltest.main()
