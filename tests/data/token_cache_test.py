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

"""Tests that tokens come from the cache, and never the wrong ones."""

import os
import pathlib
from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import token_cache
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c')
_TEXTS = ['a b c ' * 2000, 'b', '', 'c a ' * 3000]


class TokenCacheTest(parameterized.TestCase, temporary.TemporaryFiles,
                     tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.make_folder()
    self.tokenizer = self._tokenizer(_TOKENS)

  def _tokenizer(self, tokens, **kwargs) -> tokenizer_lib.Tokenizer:
    path = self.make_file('vocab.txt', '\n'.join(tokens))
    return tokenizer_lib.Tokenizer(path, **kwargs)

  def _kept(self) -> list[pathlib.Path]:
    return sorted(pathlib.Path(self.folder).iterdir())

  def _check(self, texts=_TEXTS, tokenizer=None) -> int:
    """Returns how often texts were tokenized; compares what comes out."""
    tokenizer = tokenizer or self.tokenizer
    with mock.patch.object(
        token_cache, '_tokenize', wraps=token_cache._tokenize) as spy:
      found = token_cache.tokenize(tokenizer, texts, self.folder)
    expected = tokenizer.tokenize(texts)
    self.assertAllEqual(found.values, expected.values)
    self.assertAllEqual(found.row_splits, expected.row_splits)
    self.assertEqual(found.dtype, expected.dtype)
    return spy.call_count

  def test_a_second_run_does_not_tokenize(self):
    self.assertEqual([self._check(), self._check()], [1, 0])
    again = self._tokenizer(_TOKENS)
    self.assertEqual(self._check(tokenizer=again), 0)

  def test_other_texts_or_words_are_tokenized(self):
    self._check()
    # Joined they are the same letters.
    self.assertEqual(self._check([*_TEXTS[:1], 'b ', *_TEXTS[2:]]), 1)
    self.assertEqual(self._check([_TEXTS[0] + 'b', '', *_TEXTS[2:]]), 1)
    self.assertEqual(
        self._check(tokenizer=self._tokenizer((*_TOKENS[:6], 'c', 'b'))), 1)
    self.assertEqual(
        self._check(tokenizer=self._tokenizer(_TOKENS, lower_case=False)), 1)

  @parameterized.parameters(0, 10, 40_000)
  def test_a_damaged_file_is_replaced(self, size):
    self._check()
    [path] = self._kept()
    path.write_bytes(path.read_bytes()[:size])
    self.assertEqual([self._check(), self._check()], [1, 0])

  @parameterized.named_parameters(
      ('rows', {'row_splits': np.array([0, 3])}),
      ('order', {'row_splits': np.array([0, 5, 3, 9, 12001])}),
      ('unknown', {'values': np.full(12001, 99, np.int32)}),
      ('type', {'values': np.zeros(12001, np.float32)}),
      ('missing', {'values': None}),
      ('objects', {'values': np.array([{}] * 3)}),
  )
  def test_a_file_of_other_arrays_is_replaced(self, changes):
    self._check()
    [path] = self._kept()
    with np.load(path) as arrays:
      arrays = {**arrays, **changes}
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    self.assertEqual([self._check(), self._check()], [1, 0])

  def test_small_files_and_no_folder_leave_nothing(self):
    token_cache.tokenize(self.tokenizer, ['a b'], self.folder)
    self.assertEmpty(self._kept())
    with mock.patch.dict(os.environ, MOBILEBERT_TF_CACHE=self.folder):
      token_cache.tokenize(self.tokenizer, _TEXTS, '')
      self.assertEmpty(self._kept())
      token_cache.tokenize(self.tokenizer, _TEXTS)
      self.assertLen(self._kept(), 1)

  def test_a_folder_that_cannot_be_written_does_no_harm(self):
    self.folder = self.make_file('file', 'no folder')
    with self.assertLogs(level='WARNING') as logs:
      self.assertEqual(self._check(), 1)
    self.assertIn('not kept', logs.output[-1])

  def test_the_oldest_files_go(self):
    texts = [[_TEXTS[0] * 2 + 'a ' * i] for i in range(4)]
    with mock.patch.object(token_cache, '_MOST_FILES', 2):
      for i in range(4):
        self._check(texts[i])
        os.utime(max(self._kept(), key=os.path.getmtime), (i + 1, i + 1))
      self.assertLen(self._kept(), 2)
      self.assertEqual([self._check(texts[3]), self._check(texts[0])], [0, 1])


if __name__ == '__main__':
  tf.test.main()
