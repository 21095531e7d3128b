# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests reading, checking and learning vocabularies."""

import os
import subprocess
import sys
from unittest import mock

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.text import vocabulary as vocabulary_lib
from tests.data import temporary
from tests import shared_data

_SPECIAL = b'[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n'
_LEARN = """
import sys
from unittest import mock
from mobilebert_tf.text import vocabulary
words = open(sys.argv[1], encoding='utf-8').read().split()
print(vocabulary.learn_vocabulary(words, 300, sys.argv[2]).sha256)
"""


class VocabularyTest(parameterized.TestCase, temporary.TemporaryFiles,
                     tf.test.TestCase):

  def _file(self, data: bytes) -> str:
    return self.make_file('vocab.txt', data)

  def test_reads_ids_in_line_order(self):
    vocabulary = vocabulary_lib.Vocabulary.read(
        self._file(b'the\r\n' + _SPECIAL + '##é\n\u2028\n'.encode()))
    self.assertLen(vocabulary, 8)
    self.assertEqual(vocabulary.special_ids, (1, 2, 3, 4, 5))
    self.assertEqual(
        (vocabulary.pad_id, vocabulary.unk_id, vocabulary.cls_id,
         vocabulary.sep_id, vocabulary.mask_id), (1, 2, 3, 4, 5))
    self.assertEqual(vocabulary.tokens[6:], ('##é', '\u2028'))

  def test_reads_the_published_vocabulary(self):
    vocabulary = vocabulary_lib.Vocabulary.read(
        shared_data.path('data/vocab/vocab.txt'))
    self.assertLen(vocabulary, 30522)
    self.assertEqual(vocabulary.special_ids, (0, 100, 101, 102, 103))
    self.assertStartsWith(vocabulary.sha256, '07eced37')

  @parameterized.named_parameters(
      ('not_utf8', _SPECIAL + b'ab\nc\xff\n', ':7: not UTF-8'),
      ('twice', _SPECIAL + b'a\nb\na\n', ":8: the token 'a' is already on "),
      ('empty', b'', ':1: the vocabulary is empty'),
      ('empty_line', _SPECIAL + b'\na\n', ":6: the token '' is empty"),
      ('space', _SPECIAL + b'a \n', ":6: the token 'a ' has a space"),
      ('no_mask', b'[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n', r':5: .*lacks \[MASK\]'),
  )
  def test_bad_file_is_refused_with_line(self, data: bytes, message: str):
    path = self._file(data)
    with self.assertRaisesRegex(ValueError, 'vocab.txt' + message):
      vocabulary_lib.Vocabulary.read(path)

  def test_missing_file(self):
    with self.assertRaisesRegex(FileNotFoundError, 'nowhere.txt'):
      vocabulary_lib.Vocabulary.read('/nowhere.txt')
    with self.assertRaisesRegex(IsADirectoryError, 'is a folder'):
      vocabulary_lib.Vocabulary.read(self.make_folder())

  def test_learns_frequent_words_whole(self):
    path = os.path.join(self.make_folder(), 'new', 'vocab.txt')
    texts = ['The théatre, the THEATRE!'] * 20 + ['ox']
    learned = vocabulary_lib.learn_vocabulary(iter(texts), 100, path)
    self.assertEqual(learned.tokens[:5], vocabulary_lib.SPECIAL_TOKENS)
    self.assertContainsSubset({'the', 'theatre', ',', '!'}, learned.tokens)
    self.assertNotIn('ox', learned.tokens)  # Once is too seldom.
    self.assertEqual(vocabulary_lib.Vocabulary.read(path), learned)
    self.assertEqual(os.listdir(os.path.dirname(path)), ['vocab.txt'])

  def test_cased_vocabulary_keeps_case_and_accents(self):
    path = self.make_file('vocab.txt')
    learned = vocabulary_lib.learn_vocabulary(
        ['Été'] * 5, 40, path, lower_case=False)
    self.assertIn('Été', learned.tokens)

  def test_learns_no_more_than_asked(self):
    text = shared_data.path('data/corpus/wikitext2.valid.docs.txt').read_text(
        encoding='utf-8')[:200_000]
    path = self.make_file('vocab.txt')
    for size in (100, 500):
      learned = vocabulary_lib.learn_vocabulary([text], size, path)
      self.assertLen(learned, size)
      self.assertLen(set(learned.tokens), size)

  def test_same_in_every_process_and_order(self):
    words = [f'{a}{b}{c}' for a in 'abcdefg' for b in 'hijkl' for c in 'mnop']
    sums = set()
    for name, order in (('a', words), ('b', words), ('c', words[::-1])):
      text = self.make_file(name, ' '.join(order * 3))
      result = subprocess.run(
          [sys.executable, '-c', _LEARN, text, text + '.vocab'],
          check=True, capture_output=True, text=True,
          env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})
      sums.add(result.stdout)
    self.assertLen(sums, 1)

  def test_nothing_to_learn_from(self):
    path = os.path.join(self.make_folder(), 'vocab.txt')
    with self.assertRaisesRegex(ValueError, 'no word'):
      vocabulary_lib.learn_vocabulary(['', ' \n'], 100, path)
    with self.assertRaisesRegex(ValueError, 'of 5 tokens is too small'):
      vocabulary_lib.learn_vocabulary(['a'], 5, path)
    self.assertFalse(os.path.exists(path))


class CaseTest(parameterized.TestCase):

  _OF_CASED = vocabulary_lib.Vocabulary(
      (*vocabulary_lib.SPECIAL_TOKENS, 'a', 'Haus', '##B'))
  _OF_OTHERS = vocabulary_lib.Vocabulary(
      (*vocabulary_lib.SPECIAL_TOKENS, 'a', 'ß', '[unused1]'))

  def test_what_a_vocabulary_says(self):
    self.assertTrue(self._OF_CASED.is_cased)
    self.assertFalse(self._OF_OTHERS.is_cased)
    self.assertIs(vocabulary_lib.find_case(self._OF_CASED, {'a': None}), False)
    self.assertIs(vocabulary_lib.find_case(self._OF_OTHERS, {}), True)
    for value in (False, 'keep_accents'):
      self.assertEqual(
          vocabulary_lib.find_case(self._OF_OTHERS, {'a': value}), value)

  def test_contradictions(self):
    with self.assertRaisesRegex(
        ValueError, r'lower_case is true in --lower_case, but false in v.txt, '
        'whose tokens have capitals'):
      vocabulary_lib.find_case(
          self._OF_CASED, {'--lower_case': True}, 'v.txt')
    with self.assertRaisesRegex(ValueError, 'is true in a, but keep_accents'):
      vocabulary_lib.find_case(
          self._OF_OTHERS, {'a': True, 'b': 'keep_accents'})


class StreamTest(tf.test.TestCase):

  def test_counting_in_parts_gives_the_same_counts(self):
    texts = [f'w{i % 97} x{i % 13} Hello, World{i % 41}!' for i in range(900)]
    whole = vocabulary_lib._count_words(texts, lower_case=True)
    with mock.patch.object(vocabulary_lib, '_MOST_CHUNKS', 20):
      parts = vocabulary_lib._count_words(texts, lower_case=True)
      self.assertEqual(parts, whole)
      self.assertEqual(parts['hello'], 900)
      with mock.patch.object(vocabulary_lib, '_MOST_WORDS', 30):
        pruned = vocabulary_lib._count_words(texts, lower_case=True)
    self.assertLess(len(pruned), len(whole))
    self.assertEqual(pruned['hello'], 900)


if __name__ == '__main__':
  tf.test.main()
