# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The tokenizer without TensorFlow gives what that with it gives."""

import json
import time

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import numpy as np
import tensorflow as tf

from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import vocabulary
from tests.data import temporary
from tests import shared_data
from tests.text import unicode_versions

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', '##a',
           '##b', 'é', '##é', 'A', 'e', '##e', '中', '한', 'σ', '##ς',
           '.', '#', '##', '[', 'sep', '🦜')
# Where Chinese characters end, compatibility ones, tags, and the last of all.
_FAR_BLOCKS = (0x1ff80, 0x20000, 0x2a680, 0x2a700, 0x2b700, 0x2b800, 0x2b900,
               0x2ce80, 0x2f780, 0x2f800, 0x2fa00, 0x30000, 0xe0000, 0xe0080,
               0xe0100, 0xe0180, 0xf0000, 0x10ff80)
_TEXTS = strategies.one_of(
    strategies.text(strategies.characters(exclude_characters=unicode_versions.NEWER),
                    max_size=30),
    strategies.text(strategies.characters(max_codepoint=255), max_size=30),
    strategies.text('aAbBé\u0301Σς.[]# 中한🦜İ\t\x00\x85\xad\u2028\ufffd',
                    max_size=40),
    # Around 20 characters, where words become [UNK].
    strategies.text('aéE中 ', min_size=15, max_size=45),
)


class PlainTokenizerTest(parameterized.TestCase, temporary.TemporaryFiles,
                         tf.test.TestCase):

  def setUp(self):
    super().setUp()
    vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    self.pairs = [(tokenizer.Tokenizer(vocab, lower_case, length),
                   plain_tokenizer.PlainTokenizer(_TOKENS, lower_case, length))
                  for lower_case, length in (
                      (True, 20), (False, 20), (settings.KEEP_ACCENTS, 200),
                      (settings.MEDIAPIPE, 200))]

  def _assert_equal(self, texts, expected: tokenizer.Tokenizer,
                    plain: plain_tokenizer.PlainTokenizer) -> None:
    rows = plain.tokenize(texts)
    self.assertEqual([row.tolist() for row in rows],
                     [row.tolist() for row in expected.tokenize_strings(texts)])
    self.assertEqual({row.dtype for row in rows}, {np.dtype(np.int32)})
    found = plain.tokenize_with_offsets(texts)
    wanted = expected.tokenize_strings_with_offsets(texts)
    for name in ('ids', 'starts', 'ends', 'splits'):
      got, want = getattr(found, name), getattr(wanted, name)
      self.assertEqual(got.tolist(), want.tolist(), name)
      self.assertEqual(got.dtype, want.dtype, name)

  # === The same as TensorFlow's ===

  @parameterized.parameters(True, False)
  def test_all_golden_cases(self, lower_case):
    vocab = shared_data.path('data/vocab/vocab.txt')
    cases = json.loads(shared_data.path(
        'data/fixtures/tokenizer_golden.json').read_text('utf-8'))['cases']
    expected = tokenizer.Tokenizer(vocab, lower_case)
    plain = plain_tokenizer.PlainTokenizer(
        expected.vocabulary.tokens, lower_case)
    texts = [case['text'] for case in cases]
    self._assert_equal(texts, expected, plain)
    if lower_case:
      self.assertEqual([ids.tolist() for ids in plain.tokenize(texts)],
                       [case['ids'] for case in cases])

  def test_every_character(self):
    newer = set(map(ord, unicode_versions.NEWER))
    texts = []
    for start in (*range(0, 0x1ff80, 128), *_FAR_BLOCKS):
      codes = [code for code in range(start, start + 128)
               if not 0xd800 <= code < 0xe000 and code not in newer]
      texts.append(' '.join(f'a{chr(code)}b' for code in codes))
    for expected, plain in self.pairs:
      want = expected.tokenize_strings(texts)
      for text, got, wanted in zip(texts, plain.tokenize(texts), want,
                                   strict=True):
        self.assertEqual(got.tolist(), wanted.tolist(), ascii(text)[:40])

  @hypothesis.settings(max_examples=40, deadline=None)
  @hypothesis.given(texts=strategies.lists(_TEXTS, min_size=1, max_size=6))
  def test_any_text(self, texts):
    for expected, plain in self.pairs:
      self._assert_equal(texts, expected, plain)

  @hypothesis.settings(max_examples=40, deadline=None)
  @hypothesis.given(texts=strategies.lists(strategies.one_of(
      strategies.binary(max_size=20),
      strategies.lists(strategies.sampled_from(
          [b'a', b' ', b'b', b'\xc3', b'\xa9', b'\xe4\xb8', b'\xad', b'\xed',
           b'\xa0\x80', b'\xf0\x9f', b'\xa6\x9c', b'\xf4\x90', b'\xff',
           b'\xce\xa3', b'\x00']), max_size=12).map(b''.join)),
      min_size=1, max_size=6))
  def test_any_bytes(self, texts):
    # Two bytes can be no newer character, and longer ones are rarely met.
    newer = set(unicode_versions.NEWER)
    hypothesis.assume(not any(
        set(text.decode('utf-8', 'ignore')) & newer for text in texts))
    for expected, plain in self.pairs:
      ids = [row.tolist() for row in plain.tokenize(texts)]
      self.assertEqual(ids, expected.tokenize(texts).to_list())
      self.assertEqual(plain.tokenize_with_offsets(texts).ids.tolist(),
                       sum(ids, []))

  @parameterized.parameters(
      'a' * 20, 'a' * 21, 'é' * 20, 'é' * 21, 'e\u0301' * 15, 'a' * 19 + 'é',
      'x' * 21, '中' * 60, 'a' * 20 + '.' + 'a' * 21 + 'b', 'é' * 21 + ' é',
      '🦜' * 20, '🦜' * 21 + 'a b', '🦜' * 25, '🦜' * 26, 'a' * 100, 'é' * 50,
      'é' * 51 + ' a', 'a' * 101, '한' * 9, '⁄〄' * 11, 'a' * 90, 'a' * 201)
  def test_words_of_about_the_longest(self, text):
    for expected, plain in self.pairs:
      self._assert_equal([text], expected, plain)
      self._assert_equal(['a b', text, '', f'b {text} a'], expected, plain)

  @parameterized.parameters(
      '[SEP] a [PAD][MASK]', '##a', 'a##b', 'a \ud83d b', '\ud800', '', ' \t',
      '\x00\u200b', 'ΑΣ ΑΣ\xad', 'a\u0301\u0302 b', '\u0301', 'İa')
  def test_odd_texts(self, text):
    for expected, plain in self.pairs:
      self._assert_equal([text, 'a', text], expected, plain)

  # === Its own ===

  def test_ids_and_offsets_by_hand(self):
    _, cased = self.pairs[1]
    [ids] = cased.tokenize(['Aé x [SEP].'])
    self.assertEqual([_TOKENS[i] for i in ids],
                     ['A', '##é', '[UNK]', '[', '[UNK]', '[UNK]', '.'])
    tokens = cased.tokenize_with_offsets(['b', 'Aé\x00 中.', b'\xff a'])
    self.assertEqual([_TOKENS[i] for i in tokens.ids],
                     ['b', 'A', '##é', '中', '.', 'a'])
    self.assertEqual(tokens.starts.tolist(), [0, 0, 1, 4, 5, 2])
    self.assertEqual(tokens.ends.tolist(), [1, 1, 2, 5, 6, 3])
    self.assertEqual(tokens.splits.tolist(), [0, 1, 5, 6])

  def test_accents_kept(self):
    _, plain = self.pairs[2]
    [ids] = plain.tokenize(['AÉé AΣ'])
    self.assertEqual([_TOKENS[i] for i in ids],
                     ['a', '##é', '##é', 'a', '##ς'])

  @parameterized.parameters(
      ('yes', 200, "lower_case is 'yes'; accepted: true, false, keep_accents"),
      (True, 0, 'max_word_length is 0'), (True, 1000, 'from 1 to 999'))
  def test_bad_settings(self, lower_case, length, message):
    for make in (tokenizer.Tokenizer, plain_tokenizer.PlainTokenizer):
      with self.assertRaisesRegex(ValueError, message):
        make(_TOKENS, lower_case, length)

  def test_no_texts(self):
    _, plain = self.pairs[0]
    self.assertEqual(plain.tokenize([]), [])
    tokens = plain.tokenize_with_offsets([])
    self.assertEqual((tokens.ids.dtype, tokens.splits.tolist()),
                     (np.int32, [0]))

  def test_a_text_of_a_megabyte_takes_no_minute(self):
    _, plain = self.pairs[0]
    start = time.monotonic()
    [ids] = plain.tokenize(['éa ' * 250_000])
    plain.tokenize(['é' * 500_000])
    self.assertLess(time.monotonic() - start, 10)
    self.assertLen(ids, 500_000)


# === Model inputs ===


_FEW_TOKENS = ('[CLS]', '[PAD]', 'a', '[UNK]', '[SEP]', '[MASK]')


class PackingTest(temporary.TemporaryFiles, parameterized.TestCase,
                  tf.test.TestCase):

  @parameterized.parameters(1, 2, 5, 6, 7, 30)
  def test_trim_equals_berts_loop(self, budget):
    for i in range(9):
      [alone] = plain_tokenizer.trim([np.arange(i)], budget)
      self.assertEqual(alone.tolist(), list(range(min(i, budget))))
      for j in range(9):
        first, second = list(range(i)), list(range(j))
        while len(first) + len(second) > budget:
          (first if len(first) > len(second) else second).pop()
        found = plain_tokenizer.trim([np.arange(i), np.arange(j)], budget)
        self.assertEqual([x.tolist() for x in found], [first, second])

  @parameterized.parameters(((),), ((2, 2, 3),), ((), ()), ((2,), (3, 2)),
                            ((), (2,)), ((2, 3), ()))
  def test_packed_as_by_the_tokenizer(self, *segments):
    graph_tokenizer = tokenizer.Tokenizer(
        self.make_file('vocab.txt', '\n'.join(_FEW_TOKENS)))
    expected = graph_tokenizer.pack(
        [tf.ragged.constant([list(s)], tf.int32) for s in segments])
    ids, types = plain_tokenizer.Packer(vocabulary.Vocabulary(_FEW_TOKENS))(
        [np.array(s, np.int32) for s in segments])
    # Without the [PAD] that the tokenizer adds.
    self.assertAllEqual(ids, expected['input_word_ids'][0, :-1])
    self.assertAllEqual(types, expected['input_type_ids'][0, :-1])
    self.assertEqual((ids.dtype, types.dtype), (np.int32, np.int32))
    self.assertLen(ids, sum(map(len, segments)) +
                   plain_tokenizer.special_tokens(len(segments)))


if __name__ == '__main__':
  tf.test.main()
