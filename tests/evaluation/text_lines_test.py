# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Files of texts: what is read, and which lines are named."""

from absl.testing import absltest

from mobilebert_tf.evaluation import real_texts
from tests.data import temporary


class TextLinesTest(temporary.TemporaryFiles, absltest.TestCase):

  def test_texts(self):
    path = self.make_file('a.txt', '\ufeffone\ta\r\n\n  two\u2028x  \n')
    self.assertEqual(real_texts.read(path, pairs=False),
                     (['one\ta', 'two\u2028x'], None))

  def test_pairs(self):
    path = self.make_file('a.txt', 'who ?\tAda .\n\nwhat ? \t it\n')
    self.assertEqual(real_texts.read(path, pairs=True),
                     (['who ?', 'what ?'], ['Ada .', 'it']))

  def test_what_is_wrong_is_named(self):
    empty = self.make_file('empty.txt', ' \n\n')
    with self.assertRaisesRegex(ValueError, f'{empty} has no text'):
      real_texts.read(empty, pairs=False)
    single = self.make_file('single.txt', 'a\tb\nonly one\n')
    with self.assertRaisesRegex(ValueError, f'{single}:2: .* has 1'):
      real_texts.read(single, pairs=True)
    latin = self.make_file('latin.txt', b'fine\ncaf\xe9\n')
    with self.assertRaisesRegex(ValueError, f'{latin}:2: not UTF-8'):
      real_texts.read(latin, pairs=False)
    with self.assertRaisesRegex(FileNotFoundError, '/none.txt does not exist'):
      real_texts.read('/none.txt', pairs=False)

  def test_some_are_taken_from_all_over(self):
    texts = [str(i) for i in range(10)]
    self.assertEqual(real_texts.spread(texts, texts[::-1], 4),
                     (['0', '2', '5', '7'], ['9', '7', '4', '2']))
    self.assertEqual(real_texts.spread(texts, None, 100), (texts, None))


if __name__ == '__main__':
  absltest.main()
