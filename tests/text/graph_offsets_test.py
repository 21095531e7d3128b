# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Offsets found in a graph: those that `token_offsets` finds."""

import json
import pathlib
import tempfile
import time

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import tensorflow as tf

from mobilebert_tf.text import graph_offsets
from mobilebert_tf.text import offsets
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests import shared_data

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cafe', 'ole', '##s',
           'a', 'i', 'b', '.', '한', '中', 'e', '##e', '##a')
# Python's Unicode version does not know what TensorFlow's calls an accent of
# these; half surrogates are not UTF-8.
_CHARACTERS = strategies.characters(exclude_categories=('Cn', 'Cs'))
_TEXTS = strategies.lists(strategies.one_of(
    strategies.text(_CHARACTERS, max_size=40),
    strategies.text('aéeEs \u0301\u0300İ\x00\u200b🦜中한שΣ.½…\ufffd',
                    max_size=40)), min_size=1, max_size=6)


def _trace(tokenizer):
  return tf.function(
      lambda texts: graph_offsets.tokenize(tokenizer, texts),
      input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)


class GraphOffsetsTest(parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    with tempfile.TemporaryDirectory() as folder:
      vocab = pathlib.Path(folder, 'vocab.txt')
      vocab.write_text('\n'.join(_TOKENS), 'utf-8')
      cls.uncased, cls.cased = (
          tokenizer_lib.Tokenizer(vocab, lower) for lower in (True, False))
    cls._in_graph = {tokenizer: _trace(tokenizer)
                     for tokenizer in (cls.uncased, cls.cased)}

  def _check(self, tokenizer, texts, found=None):
    """Compares what is found to what `token_offsets` finds."""
    if found is None:
      found = self._in_graph[tokenizer](tf.constant(
          [text.encode() for text in texts], tf.string))
    expected = offsets.tokenize(tokenizer, texts)
    self.assertAllEqual(found.ids.row_splits, expected.splits)
    for name in ('ids', 'starts', 'ends'):
      value = getattr(found, name)
      self.assertAllEqual(value.values, getattr(expected, name))
      self.assertEqual(value.dtype, tf.int32)
      self.assertAllEqual(value.row_splits, expected.splits)

  def test_texts_of_the_fixtures(self):
    tokenizer = tokenizer_lib.Tokenizer(shared_data.path('data/vocab/vocab.txt'))
    cases = json.loads(shared_data.path(
        'data/fixtures/tokenizer_golden.json').read_text('utf-8'))['cases']
    texts = [case['text'] for case in cases]
    found = _trace(tokenizer)(tf.constant(texts))
    self._check(tokenizer, texts, found)
    for i, case in enumerate(cases):
      if case['offsets'] is not None:
        self.assertEqual(tf.stack([found.starts[i], found.ends[i]], 1)
                         .numpy().tolist(), case['offsets'], case['text'])

  @parameterized.parameters(
      'Cafés a', 'Cafe\u0301s', '\u0301 a\u0301', 'a\x00\u200db', '\ufeffa',
      '  a\u00a0 b\t.', '🦜 a 🦜‍🦜', 'שלום a', '中한', '\u0130a', 'a\ufffd b',
      '', '\x00 \u200b', 'a\u0301\u0302\u0301')
  def test_odd_characters(self, text):
    for tokenizer in self._in_graph:
      self._check(tokenizer, [text])
      self._check(tokenizer, ['\u0301', text, '\u0301b', text])

  @hypothesis.settings(max_examples=40, deadline=None)
  @hypothesis.given(texts=_TEXTS)
  def test_any_texts(self, texts):
    for tokenizer in self._in_graph:
      self._check(tokenizer, texts)

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
        [x.decode() for x in graph_offsets.replace_invalid(
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
      self._check(self.uncased, [text], graph_offsets.GraphTokens(
          *(values[rows] for values in found)))

  def test_rows_of_values(self):
    for rows in ([[5, 6], [], [7]], [[], [1]], [[], []]):
      ragged = tf.ragged.constant(rows, tf.int32)
      self.assertAllEqual(tokenizer_lib.row_of_values(ragged),
                          ragged.value_rowids())


if __name__ == '__main__':
  tf.test.main()
