# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests the tokenizer against Google's, and how it packs and trims."""

import json
import os
import random

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import numpy as np
from official.nlp.tools import tokenization as google
import tensorflow as tf

from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary
from tests import shared_data

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c', 'd',
           '##b', 'é', 'A')
_CLS, _SEP = 2, 3


class TokenizationTest(parameterized.TestCase, temporary.TemporaryFiles,
                       tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS))
    self._tokenizer = tokenizer_lib.Tokenizer(self._vocab)
    self._cased = tokenizer_lib.Tokenizer(self._vocab, lower_case=False)

  def test_all_golden_cases(self):
    """All 180; FastBertTokenizer's own normaliser misses three of them."""
    path = shared_data.path('data/fixtures/tokenizer_golden.json')
    cases = json.loads(path.read_text(encoding='utf-8'))['cases']
    tokenizer = tokenizer_lib.Tokenizer(
        shared_data.path('data/vocab/vocab.txt'))
    ids = tokenizer.tokenize([c['text'] for c in cases]).to_list()
    self.assertLen(cases, 180)
    for case, got in zip(cases, ids, strict=True):
      with self.subTest(case['text'][:40]):
        self.assertEqual(got, case['ids'])

  @parameterized.parameters(True, False)
  def test_strings_of_all_golden_cases(self, lower_case: bool):
    """As Python strings, where plain ones take a shorter way."""
    path = shared_data.path('data/fixtures/tokenizer_golden.json')
    cases = json.loads(path.read_text(encoding='utf-8'))['cases']
    texts = [c['text'] for c in cases]
    tokenizer = tokenizer_lib.Tokenizer(
        shared_data.path('data/vocab/vocab.txt'), lower_case)
    got = [ids.tolist() for ids in tokenizer.tokenize_strings(texts)]
    self.assertEqual(got, tokenizer.tokenize(texts).to_list())
    if lower_case:
      self.assertEqual(got, [c['ids'] for c in cases])

  @hypothesis.settings(max_examples=60, deadline=None)
  @hypothesis.given(texts=strategies.lists(strategies.one_of(
      strategies.text(max_size=30),
      strategies.text(strategies.characters(max_codepoint=255), max_size=30),
      strategies.text('aAbB cé\t\x00\x7f\xad\u2028\ufffd', max_size=30),
  ), max_size=8))
  def test_strings_equal_tensors(self, texts: list[str]):
    for tokenizer in (self._tokenizer, self._cased):
      got = tokenizer.tokenize_strings(texts)
      self.assertEqual([ids.tolist() for ids in got],
                       tokenizer.tokenize(texts).to_list() if texts else [])
      self.assertTrue(all(ids.dtype == np.int32 for ids in got))
      ragged = tokenizer.tokenize_to_ragged(texts)
      self.assertEqual(ragged.to_list(), [ids.tolist() for ids in got])
      self.assertEqual(ragged.dtype, tf.int32)

  def test_strings_that_are_no_text(self):
    # Half of a surrogate pair, as JSON may have it; a long word.
    got = self._tokenizer.tokenize_strings(['a\ud800b', 'a' * 10_000, '', '  '])
    self.assertEqual([ids.tolist() for ids in got], [[5, 9], [1], [], []])
    self.assertEmpty(self._tokenizer.tokenize_strings([]))

  @parameterized.parameters(True, False)
  def test_equals_google_on_random_text(self, lower_case: bool):
    path = shared_data.path('data/vocab/vocab.txt')
    # Up to Cyrillic, in which Python's and ICU's Unicode versions agree.
    alphabet = [chr(i) for i in range(1, 0x530)]
    rng = random.Random(0)
    texts = [''.join(rng.choice(alphabet) if rng.random() < 0.3 else
                     rng.choice('etaoin SHRDLU.') for _ in range(12))
             for _ in range(1000)]
    oracle = google.FullTokenizer(str(path), do_lower_case=lower_case)
    tokenizer = tokenizer_lib.Tokenizer(path, lower_case)
    self.assertEqual(
        tokenizer.tokenize(texts).to_list(),
        [oracle.convert_tokens_to_ids(oracle.tokenize(t)) for t in texts])

  @parameterized.parameters(
      '한글' * 7, 'ж' * 70, 'λ' * 66, 'ab' * 75, 'я' * 200, 'é' * 201,
      'я' * 201, 'か' * 201)
  def test_long_words_as_by_google(self, word):
    path = shared_data.path('data/vocab/vocab.txt')
    oracle = google.FullTokenizer(str(path))
    # BERT's; the Model Garden's copy has 400.
    oracle.wordpiece_tokenizer.max_input_chars_per_word = 200
    for text in (word, f'so {word}, it {word}'):
      want = oracle.convert_tokens_to_ids(oracle.tokenize(text))
      self.assertEqual(
          tokenizer_lib.Tokenizer(path).tokenize([text]).to_list(), [want])

  @parameterized.parameters('tokenize', 'tokenize_with_offsets')
  def test_other_shapes_are_errors_of_the_graph(self, method):
    # As a server runs it, which does not check shapes before.
    function = tf.function(
        getattr(self._tokenizer, method),
        input_signature=[tf.TensorSpec(None, tf.string)])
    for texts, shape in (('a', r'\[\]'), ([['a', 'b']], r'\[1,2\]')):
      with self.assertRaisesRegex(
          tf.errors.InvalidArgumentError, f'Shape.*{shape}'):
        function(tf.constant(texts))

  def test_tokenize(self):
    ids = self._tokenizer.tokenize(['A ab', '', b'b\xff\xfe c', 'x'])
    self.assertEqual(ids.dtype, tf.int32)
    self.assertEqual(ids.to_list(), [[5, 5, 9], [], [6, 7], [1]])
    self.assertEqual(self._cased.tokenize(['A é']).to_list(), [[11, 10]])
    self.assertEqual(self._tokenizer.vocab_size, 12)

  def test_encode_pads_to_longest_plus_one(self):
    inputs = self._tokenizer.encode(['a b c', 'd'], max_length=16)
    self.assertAllEqual(inputs['input_word_ids'],
                        [[_CLS, 5, 6, 7, _SEP, 0], [_CLS, 8, _SEP, 0, 0, 0]])
    self.assertAllEqual(inputs['input_mask'],
                        [[1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0]])
    self.assertAllEqual(inputs['input_type_ids'], [[0] * 6] * 2)
    for value in inputs.values():
      self.assertEqual(value.dtype, tf.int32)

  def test_encode_trims_to_max_length(self):
    inputs = self._tokenizer.encode(['a b c d'], max_length=4)
    self.assertAllEqual(inputs['input_word_ids'], [[_CLS, 5, 6, _SEP, 0]])

  def test_encode_pair_of_fixed_length(self):
    inputs = self._tokenizer.encode(
        ['a', 'a b c d'], ['b c', 'a'], max_length=7, length=9)
    self.assertAllEqual(
        inputs['input_word_ids'],
        [[_CLS, 5, _SEP, 6, 7, _SEP, 0, 0, 0],
         [_CLS, 5, 6, 7, _SEP, 5, _SEP, 0, 0]])
    self.assertAllEqual(
        inputs['input_type_ids'],
        [[0, 0, 0, 1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 0, 0]])
    self.assertAllEqual(
        inputs['input_mask'],
        [[1, 1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 0, 0]])

  def test_bad_lengths_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'at most 15'):
      self._tokenizer.encode(['a'], max_length=16, length=16)
    with self.assertRaisesRegex(ValueError, 'max_length is 2'):
      self._tokenizer.encode(['a'], max_length=2)
    with self.assertRaisesRegex(ValueError, 'max_length is 3'):
      self._tokenizer.encode(['a'], ['b'], max_length=3)
    with self.assertRaisesRegex(ValueError, 'shape'):
      self._tokenizer.tokenize('a')

  @parameterized.parameters(1, 2, 5, 6, 7, 30)
  def test_trim_equals_berts_loop(self, budget: int):
    pairs = [(i, j) for i in range(9) for j in range(9)]
    first, second = tokenizer_lib.trim(
        [tf.ragged.range([i for i, _ in pairs]),
         tf.ragged.range([j for _, j in pairs])], budget)
    for (i, j), a, b in zip(pairs, first.to_list(), second.to_list(),
                            strict=True):
      want_a, want_b = list(range(i)), list(range(j))
      while len(want_a) + len(want_b) > budget:
        (want_a if len(want_a) > len(want_b) else want_b).pop()
      self.assertEqual((a, b), (want_a, want_b))

  def test_works_in_tf_data_and_saved_model(self):
    texts = ['a b c', 'd']
    want = self._tokenizer.encode(texts, texts, max_length=9)

    def encode(x: tf.Tensor):
      return self._tokenizer.encode(x, x, max_length=9)

    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(2).map(encode)
    self.assertAllEqual(next(iter(dataset))['input_word_ids'],
                        want['input_word_ids'])
    module = tf.Module()
    module.tokenizer = self._tokenizer
    module.encode = tf.function(
        encode, input_signature=[tf.TensorSpec([None], tf.string)])
    folder = os.path.join(self.make_folder(), 'model')
    tf.saved_model.save(module, folder)
    loaded = tf.saved_model.load(folder).encode(tf.constant(texts))
    for name, value in want.items():
      self.assertAllEqual(loaded[name], value)

  def test_fixed_length_is_static(self):
    dataset = tf.data.Dataset.from_tensor_slices(['a']).batch(1).map(
        lambda x: self._tokenizer.encode(x, max_length=8, length=9))
    self.assertEqual(dataset.element_spec['input_mask'].shape[1], 9)

  def test_no_texts(self):
    inputs = self._tokenizer.encode(
        tf.constant([], tf.string), max_length=8, length=9)
    self.assertEqual(inputs['input_word_ids'].shape, [0, 9])


if __name__ == '__main__':
  tf.test.main()
