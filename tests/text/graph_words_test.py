# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Words in a graph are those of `words.find_words`, and so are parts."""

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies as st
import numpy as np
import tensorflow as tf

from mobilebert_tf.text import graph_words
from mobilebert_tf.text import words

_PIECES = (
    'a', 'Zé', '1', '²', '_', '.', '..', 'U.S.', 'e.g.', 'x.1.', "'s", '’S',
    "'", '’', '"', '$', '😀', '👩‍👩‍👧', '東', '京', '\U00020000',
    '\u0301', 'ß', '\u2028', '\u00a0', '\x1c', '\x85', '\x00', '\u200b',
    '\ufeff', '\ufffd', '\ufffe', ' ', '  ', '\n',
    'mid-1990s', '3.5', 'שלום', 'हिन्दी', '。', '\U0010ffff')
_TEXTS = (
    'Jim lives in Paris.', '"Ann is in the U.S.," he said.', "Ann's 's x's",
    '(mid-1990s: $3.5bn!!)', "'s", "''s", "a's.", "U.S.'s", 'U.S...', 'U.S.)',
    '(U.S.', 'a.b.c.', 'a.b.cc.', 'a.1.', 'a..', '.a.b.', 'a.b.!',
    '東京 is Tōkyō', "東京's", 'wow😀😀 yes', 'a\u00a0b\u2028c\td', '',
    ' \n ', '...', '.', "s's's",
    '\ufeffa', 'e.g.,', '“a.b.”', 'a.b.東.')


class GraphWordsTest(parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.find = staticmethod(tf.function(
        graph_words.find,
        input_signature=[tf.TensorSpec([None], tf.string)]))

  def _check(self, texts: list[str]) -> None:
    found = self.find(np.array([text.encode() for text in texts], object))
    splits = found.splits.numpy()
    for text, first, last in zip(texts, splits, splits[1:], strict=False):
      expected = words.find_words(text)
      spans = list(zip(found.starts.numpy()[first:last].tolist(),
                       found.ends.numpy()[first:last].tolist(), strict=True))
      self.assertEqual(spans, expected, repr(text))
      self.assertEqual(
          [word.decode() for word in found.strings.numpy()[first:last]],
          [text[start:end] for start, end in expected])
    self.assertLen(splits, len(texts) + 1)

  def test_words_of_texts(self):
    self._check(list(_TEXTS))
    for text in _TEXTS:
      self._check([text])

  def test_no_texts_have_no_words(self):
    found = self.find(tf.zeros([0], tf.string))
    self.assertAllEqual(found.splits, [0])
    self.assertEqual(found.strings.shape, [0])

  @hypothesis.settings(max_examples=300, deadline=None, derandomize=True)
  @hypothesis.given(st.lists(st.one_of(
      st.lists(st.sampled_from(_PIECES), max_size=12).map(''.join),
      st.text(st.characters(exclude_categories=['Cs']), max_size=30)),
                             max_size=4))
  def test_words_of_any_text(self, texts):
    self._check(texts)

  def test_every_character_is_of_the_same_kind(self):
    everything = [chr(code) for code in range(0x110000)
                  if not 0xd800 <= code < 0xe000]
    self._check([f'a{character}.b' for character in everything[:3000]])
    self._check([''.join(everything)])

  @parameterized.parameters('!' * 300_000, 'w' * 300_000, '!?' * 100_000,
                            "'s" * 100_000, 'a.' * 100_000, 'a b ' * 100_000)
  def test_long_ones(self, text):
    self._check([f'({text})'])

  # === Parts ===

  def _parts(self, sentences: list[list[int]], max_length: int) -> list[int]:
    """Returns the first word of each part as `split_words` cuts."""
    parts = words.split_words(
        lambda lengths: [np.zeros([int(n)], np.int32) for n in lengths], 1,
        [[str(length) for length in sentence] for sentence in sentences],
        max_length)
    before = np.concatenate([[0], np.cumsum(parts.is_first)])
    return before[parts.splits].tolist()

  @hypothesis.settings(max_examples=200, deadline=None, derandomize=True)
  @hypothesis.given(
      st.integers(1, 9).flatmap(lambda budget: st.tuples(
          st.just(budget), st.lists(st.lists(
              st.integers(1, budget), max_size=40), max_size=5))))
  def test_parts_are_those_of_split_words(self, case):
    budget, sentences = case
    lengths = np.array(sum(sentences, []), np.int64)
    splits = np.cumsum([0, *map(len, sentences)], dtype=np.int64)
    found = graph_words.cut(
        tf.constant(lengths), splits, budget).numpy().tolist()
    self.assertEqual(found, self._parts(sentences, budget + 2))

  def test_a_long_sentence_has_many_parts(self):
    lengths = np.random.default_rng(0).integers(1, 6, 200_000)
    found = graph_words.cut(tf.constant(lengths), [0, len(lengths)], 126)
    self.assertEqual(found.numpy().tolist(),
                     self._parts([lengths.tolist()], 128))
    self.assertGreater(len(found), 4000)


if __name__ == '__main__':
  tf.test.main()
