# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Offsets of tokens, of the tokenizers with and without TensorFlow."""

import json
import pathlib
import tempfile
import time

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import numpy as np
import tensorflow as tf

from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import tokenizer
from tests.data import temporary
from tests import shared_data
from tests.text import unicode_versions

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cafe', 'ole', '##s',
           'a', 'i', 'b', '.', '한', '中')
_MORE_TOKENS = (*_TOKENS, 'e', '##e', '##a')
# Half surrogates are not UTF-8.
_CHARACTERS = strategies.characters(
    exclude_categories=('Cn', 'Cs'), exclude_characters=unicode_versions.NEWER)
_TEXTS = strategies.lists(strategies.one_of(
    strategies.text(_CHARACTERS, max_size=40),
    strategies.text('aéeEs \u0301\u0300İ\x00\u200b🦜中한שΣ.½…\ufffd',
                    max_size=40)), min_size=1, max_size=6)


class TokenOffsetsTest(parameterized.TestCase, temporary.TemporaryFiles,
                       tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.tokenizer = tokenizer.Tokenizer(
        self.make_file('vocab.txt', '\n'.join(_TOKENS)))

  def _pieces(self, text: str) -> list[str]:
    tokens = self.tokenizer.tokenize_strings_with_offsets([text])
    return [text[a:b] for a, b in zip(tokens.starts, tokens.ends, strict=True)]

  def test_tokens_and_offsets_of_other_implementations(self):
    vocab = shared_data.path('data/vocab/vocab.txt')
    cases = json.loads(shared_data.path(
        'data/fixtures/tokenizer_golden.json').read_text('utf-8'))['cases']
    tokens = tokenizer.Tokenizer(vocab).tokenize_strings_with_offsets(
        [case['text'] for case in cases])
    compared = 0
    for i, case in enumerate(cases):
      part = slice(*tokens.splits[i:i + 2])
      self.assertEqual(tokens.ids[part].tolist(), case['ids'])
      if case['offsets'] is not None:
        compared += 1
        offsets = np.stack([tokens.starts[part], tokens.ends[part]], 1)
        self.assertEqual(offsets.tolist(), case['offsets'], case['text'])
    self.assertGreater(compared, 150)

  @parameterized.parameters(
      ('Cafés a', ['Café', 's', 'a']),
      ('Cafe\u0301s', ['Cafe\u0301', 's']),  # Accents of their own.
      ('cafe\u0301', ['cafe\u0301']),
      ('\u0301 a\u0301', ['a\u0301']),
      ('a\x00\u200db', ['a\x00\u200db']),  # Removed within a word.
      ('  a\u00a0 b\t.', ['a', 'b', '.']),
      ('🦜 a 🦜‍🦜', ['🦜', 'a', '🦜‍🦜']),
      ('שלום a', ['שלום', 'a']),
      ('中한', ['中', '한']),
      ('\u0130a', ['\u0130', 'a']),  # Two characters in lower case.
      ('\ud83da', ['a']),  # Half of a pair.
      ('', []), ('\x00 \u200b', []))
  def test_what_a_token_stands_for(self, text, expected):
    pieces = self._pieces(text)
    if text == '\u0130a':  # [UNK] is the whole word.
      expected = [text]
    self.assertEqual(pieces, expected)

  def test_every_character(self):
    # In lines, because long words take long.
    everything = '\n'.join(''.join(map(chr, range(start, start + 64)))
                           for start in range(0, 0x20000, 64))
    tokens = self.tokenizer.tokenize_strings_with_offsets(
        ['a', everything, everything[::-1], '', 'b'])
    ids = self.tokenizer.tokenize(
        [text.encode('utf-8', 'ignore') for text in (
            'a', everything, everything[::-1], '', 'b')])
    self.assertAllEqual(tokens.ids, ids.values)
    self.assertAllEqual(tokens.splits, ids.row_splits)
    self.assertTrue((tokens.starts < tokens.ends).all())
    self.assertEqual((tokens.starts[-1], tokens.ends[-1]), (0, 1))

  def test_neighbours_do_not_matter(self):
    texts = ['a', '\u0301b', 'é', 'cafe', '\u0301']
    together = self.tokenizer.tokenize_strings_with_offsets(texts)
    for i, text in enumerate(texts):
      alone = self.tokenizer.tokenize_strings_with_offsets([text])
      part = slice(*together.splits[i:i + 2])
      for name in ('ids', 'starts', 'ends'):
        self.assertAllEqual(getattr(together, name)[part],
                            getattr(alone, name))

  def test_no_text(self):
    tokens = self.tokenizer.tokenize_strings_with_offsets([])
    self.assertEqual((len(tokens.ids), tokens.splits.tolist()), (0, [0]))

  def test_a_text_of_100_000_words_takes_no_second(self):
    start = time.monotonic()
    tokens = self.tokenizer.tokenize_strings_with_offsets(['Olés ' * 100_000])
    self.assertLess(time.monotonic() - start, 5)
    self.assertLen(tokens.ids, 200_000)
    self.assertEqual(tokens.starts[-2:].tolist(), [499_995, 499_998])


def _trace(with_tf):
  return tf.function(
      with_tf.tokenize_with_offsets,
      input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)


class GraphOffsetsTest(parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    with tempfile.TemporaryDirectory() as folder:
      vocab = pathlib.Path(folder, 'vocab.txt')
      vocab.write_text('\n'.join(_MORE_TOKENS), 'utf-8')
      cls.uncased, cls.cased = (
          tokenizer.Tokenizer(vocab, lower) for lower in (True, False))
    cls._in_graph = {each: _trace(each) for each in (cls.uncased, cls.cased)}

  def _check(self, with_tf, texts, found=None):
    """Compares offsets found in a graph to those without TensorFlow."""
    if found is None:
      found = self._in_graph[with_tf](tf.constant(
          [text.encode() for text in texts], tf.string))
    expected = plain_tokenizer.PlainTokenizer(
        with_tf.vocabulary.tokens, with_tf.lower_case
    ).tokenize_with_offsets(texts)
    self.assertAllEqual(found.ids.row_splits, expected.splits)
    for name in ('ids', 'starts', 'ends'):
      value = getattr(found, name)
      self.assertAllEqual(value.values, getattr(expected, name))
      self.assertEqual(value.dtype, tf.int32)
      self.assertAllEqual(value.row_splits, expected.splits)

  def test_texts_of_the_fixtures(self):
    with_tf = tokenizer.Tokenizer(shared_data.path('data/vocab/vocab.txt'))
    cases = json.loads(shared_data.path(
        'data/fixtures/tokenizer_golden.json').read_text('utf-8'))['cases']
    texts = [case['text'] for case in cases]
    found = _trace(with_tf)(tf.constant(texts))
    self._check(with_tf, texts, found)
    for i, case in enumerate(cases):
      if case['offsets'] is not None:
        self.assertEqual(tf.stack([found.starts[i], found.ends[i]], 1)
                         .numpy().tolist(), case['offsets'], case['text'])

  @parameterized.parameters(
      'Cafés a', 'Cafe\u0301s', '\u0301 a\u0301', 'a\x00\u200db', '\ufeffa',
      '  a\u00a0 b\t.', '🦜 a 🦜‍🦜', 'שלום a', '中한', '\u0130a', 'a\ufffd b',
      '', '\x00 \u200b', 'a\u0301\u0302\u0301')
  def test_odd_characters(self, text):
    for with_tf in self._in_graph:
      self._check(with_tf, [text])
      self._check(with_tf, ['\u0301', text, '\u0301b', text])

  @hypothesis.settings(max_examples=40, deadline=None)
  @hypothesis.given(texts=_TEXTS)
  def test_any_texts(self, texts):
    for with_tf in self._in_graph:
      self._check(with_tf, texts)

  @hypothesis.settings(max_examples=40, deadline=None)
  @hypothesis.given(texts=strategies.lists(strategies.one_of(
      strategies.binary(max_size=12),
      strategies.lists(strategies.sampled_from(
          [b'a', b'\xc3', b'\xa9', b'\xf0\x9f', b'\x80', b'\xed\xa0', b'\xe2']),
          max_size=9).map(b''.join)), min_size=1, max_size=4))
  def test_bytes_that_are_not_utf_8(self, texts):
    decoded = [text.decode('utf-8', 'replace') for text in texts]
    hypothesis.assume(not any(c >= '\U00010ece' for t in decoded for c in t))
    self.assertEqual(
        [x.decode() for x in tokenizer.replace_invalid(
            tf.constant(texts)).numpy()], decoded)
    self._check(self.uncased, decoded,
                self._in_graph[self.uncased](tf.constant(texts)))

  def test_no_text(self):
    found = self._in_graph[self.uncased](tf.constant([], tf.string))
    self.assertAllEqual(found.starts.row_splits, [0])
    self.assertEqual(found.starts.values.shape, [0])

  def test_a_long_text_among_many(self):
    # Memory for each of many texts to be as long would be 20 GB.
    long, short = 'Olés\u0301 中 ' * 100_000, 'a\u0301 b'
    start = time.monotonic()
    found = self._in_graph[self.uncased](tf.constant(
        [long, *[short] * 10_000]))
    self.assertLess(time.monotonic() - start, 30)
    for rows, text in ((slice(0, 1), long), (slice(10_000, 10_001), short)):
      self._check(self.uncased, [text], tokenizer.TokenTensors(
          *(values[rows] for values in found)))

  def test_rows_of_values(self):
    for rows in ([[5, 6], [], [7]], [[], [1]], [[], []]):
      ragged = tf.ragged.constant(rows, tf.int32)
      self.assertAllEqual(tokenizer.row_of_values(ragged),
                          ragged.value_rowids())


if __name__ == '__main__':
  tf.test.main()
