# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts that are made have exactly the tokens that were asked for."""

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf.deployment import comparison


def _tokens(text: str) -> int:
  """A word has a token for every three letters begun."""
  return sum(-(-len(word) // 3) for word in text.split())


def _count(texts, pairs):
  if pairs is None:
    return [_tokens(text) + 2 for text in texts]
  return [_tokens(text) + _tokens(pair) + 3
          for text, pair in zip(texts, pairs, strict=True)]


# Some words have many tokens, so that a length may fall inside of one.
_TEXTS = ['incomprehensibilities are', 'not a characteristically short word']


class SizedTextsTest(parameterized.TestCase):

  @parameterized.parameters(3, 4, 5, 15, 31, 127, 383)
  def test_single_texts(self, length):
    text, pair = comparison.TextMaker(_TEXTS, None, _count).make(length)
    self.assertIsNone(pair)
    self.assertEqual(_count([text], None), [length])

  @parameterized.parameters(5, 8, 15, 31, 127, 383)
  def test_pairs(self, length):
    maker = comparison.TextMaker(_TEXTS, _TEXTS[::-1], _count)
    text, pair = maker.make(length)
    self.assertEqual(_count([text], [pair]), [length])
    self.assertTrue(text and pair)

  def test_words_are_the_texts_own_in_their_order(self):
    text, _ = comparison.TextMaker(['a bc', 'def'], None, _count).make(9)
    self.assertEqual(text, 'a bc def a bc def a')

  def test_where_no_word_is_a_single_token_a_full_stop_fills_up(self):
    text, _ = comparison.TextMaker(['longer'], None, _count).make(7)
    self.assertEqual(text, 'longer longer .')

  def test_the_second_text_of_a_pair_is_the_long_one(self):
    text, pair = comparison.TextMaker(['a b'], ['c d'], _count).make(127)
    self.assertLess(_tokens(text), 20)
    self.assertGreater(_tokens(pair), 100)

  def test_what_is_shorter_than_any_text_is_refused(self):
    with self.assertRaisesRegex(ValueError, 'exactly 2 tokens'):
      comparison.TextMaker(_TEXTS, None, _count).make(2)
    with self.assertRaisesRegex(ValueError, 'exactly 4 tokens'):
      comparison.TextMaker(_TEXTS, _TEXTS, _count).make(4)

  @parameterized.parameters((39, [16, 32]), (128, [16, 32, 64, 128]),
                            (127, [16, 32, 64, 128]), (126, [16, 32, 64]),
                            (511, [16, 32, 64, 128, 384]))
  def test_texts_leave_room_for_a_padding(self, max_length, lengths):
    made = comparison.make_texts(
        lambda texts, _: [len(text.split()) + 2 for text in texts], max_length,
        ['w'], None)
    self.assertEqual(list(made), lengths)
    for length, (text, pair) in made.items():
      self.assertLen(text.split(), length - 3)
      self.assertIsNone(pair)


if __name__ == '__main__':
  absltest.main()
