# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The words of running text, compared with counts by hand."""

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.text import words


class WordsTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.parameters(
      ('Jim lives in Paris.', 'Jim|lives|in|Paris|.'),
      ('"Ann is in the U.S.," he said.', '"|Ann|is|in|the|U.S.|,|"|he|said|.'),
      ("Ann's dog isn't here ...", "Ann|'s|dog|isn't|here|..."),
      ('(mid-1990s: $3.5bn!!)', '(|mid-1990s|:|$|3.5bn|!!|)'),
      ("'s", "'|s"),
      ('東京 is Tōkyō', '東|京|is|Tōkyō'),
      ('हिन्दी भाषा। e\u0301te\u0301', 'हिन्दी|भाषा|।|e\u0301te\u0301'),
      ('שלום, עולם', 'שלום|,|עולם'),
      ('wow😀😀 yes', 'wow|😀😀|yes'),
      ('a\u00a0b\u2028c\td', 'a|b|c|d'),
      ('', ''),
      (' \n ', ''))
  def test_words(self, text, expected):
    found = [text[start:end] for start, end in words.find_words(text)]
    self.assertEqual('|'.join(found), expected)

  @parameterized.parameters('!' * 1_000_000, 'w' * 1_000_000, '!?' * 100_000,
                            "'s" * 100_000, 'a.' * 100_000)
  def test_long_ones_are_quick_and_whole(self, text):
    spans = words.find_words(f'({text})')
    self.assertEqual(''.join(f'({text})'[a:b] for a, b in spans), f'({text})')


if __name__ == '__main__':
  tf.test.main()
