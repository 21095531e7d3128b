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

"""Offsets of tokens: those of a second implementation, and odd characters."""

import json
import time

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.text import offsets as offsets_lib
from mobilebert_tf.text import tokenizer
from tests.data import temporary
from tests import shared_data

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cafe', 'ole', '##s',
           'a', 'i', 'b', '.', '한', '中')


class TokenOffsetsTest(parameterized.TestCase, temporary.TemporaryFiles,
                       tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.tokenizer = tokenizer.Tokenizer(
        self.make_file('vocab.txt', '\n'.join(_TOKENS)))

  def _pieces(self, text: str) -> list[str]:
    tokens = offsets_lib.tokenize(self.tokenizer, [text])
    return [text[a:b] for a, b in zip(tokens.starts, tokens.ends, strict=True)]

  def test_tokens_and_offsets_of_other_implementations(self):
    vocab = shared_data.path('data/vocab/vocab.txt')
    cases = json.loads(shared_data.path(
        'data/fixtures/tokenizer_golden.json').read_text('utf-8'))['cases']
    tokens = offsets_lib.tokenize(
        tokenizer.Tokenizer(vocab), [case['text'] for case in cases])
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
    tokens = offsets_lib.tokenize(
        self.tokenizer, ['a', everything, everything[::-1], '', 'b'])
    ids = self.tokenizer.tokenize(
        [text.encode('utf-8', 'ignore') for text in (
            'a', everything, everything[::-1], '', 'b')])
    self.assertAllEqual(tokens.ids, ids.values)
    self.assertAllEqual(tokens.splits, ids.row_splits)
    self.assertTrue((tokens.starts < tokens.ends).all())
    self.assertEqual((tokens.starts[-1], tokens.ends[-1]), (0, 1))

  def test_neighbours_do_not_matter(self):
    texts = ['a', '\u0301b', 'é', 'cafe', '\u0301']
    together = offsets_lib.tokenize(self.tokenizer, texts)
    for i, text in enumerate(texts):
      alone = offsets_lib.tokenize(self.tokenizer, [text])
      part = slice(*together.splits[i:i + 2])
      for name in ('ids', 'starts', 'ends'):
        self.assertAllEqual(getattr(together, name)[part],
                            getattr(alone, name))

  def test_no_text(self):
    tokens = offsets_lib.tokenize(self.tokenizer, [])
    self.assertEqual((len(tokens.ids), tokens.splits.tolist()), (0, [0]))

  def test_a_text_of_100_000_words_takes_no_second(self):
    start = time.monotonic()
    tokens = offsets_lib.tokenize(self.tokenizer, ['Olés ' * 100_000])
    self.assertLess(time.monotonic() - start, 5)
    self.assertLen(tokens.ids, 200_000)
    self.assertEqual(tokens.starts[-2:].tolist(), [499_995, 499_998])


if __name__ == '__main__':
  tf.test.main()
