# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labelled sentences in batches: every word once, at its first piece."""

import itertools

from absl.testing import parameterized
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.tasks.token_classification import task as task_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import words as words_lib
from tests.data import temporary

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.', 'a', 'b', '##s',
           *(f'w{i}' for i in range(60)))


class TokenClassificationLoaderTest(
    parameterized.TestCase, temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS))

  def _load(self, data: str, context=None, **settings) -> tf.data.Dataset:
    config = task_lib.TokenClassificationDataConfig(**{
        'input_path': self.make_file('words.txt', data),
        'vocab_file': self._vocab, 'seq_length': 20, 'global_batch_size': 4,
        'is_training': False} | settings)
    return data_loader_factory.get_data_loader(config).load(context)

  def _sentences(self, count: int, longest: int) -> str:
    """Sentence i has i % longest + 1 words `w{i}`, each labelled `L{i % 3}`."""
    return '\n'.join(f'w{i} L{i % 3}\n' * (i % longest + 1)
                     for i in range(count))

  def test_the_label_is_at_the_first_piece(self):
    [[features, labels]] = self._load('ass B-X\n. O\nb I-X\n\nb I-X\n')
    self.assertAllEqual(features['input_word_ids'][:, :8],
                        [[2, 6, 8, 8, 5, 7, 3, 0], [2, 7, 3, 0, 0, 0, 0, 0]])
    self.assertAllEqual(labels[:, :8], [[-1, 1, -1, -1, 0, 1, -1, -1],
                                        [-1, 1, -1, -1, -1, -1, -1, -1]])
    self.assertEqual(features['input_word_ids'].shape, labels.shape)
    self.assertEqual(labels.dtype, tf.int32)
    self.assertAllEqual(tf.reduce_sum(features['input_mask'], 1), [7, 3])

  def test_a_word_of_nothing_keeps_its_label(self):
    [[features, labels]] = self._load('a O\n\u200b B-X\n')
    self.assertAllEqual(features['input_word_ids'][0, :5], [2, 6, 1, 3, 0])
    self.assertAllEqual(labels[0, :5], [-1, 0, 1, -1, -1])

  @parameterized.parameters(4, 5, 9, 20)
  def test_no_word_is_lost_however_short_the_parts(self, seq_length):
    words = [f'w{i}' + 's' * (i % 4) for i in range(60)]
    data = ''.join(f'{word} L{i}\n' for i, word in enumerate(words))
    found = []
    for features, labels in self._load(
        f'w1 L1\n\n{data}\nw2 L2\n', seq_length=seq_length,
        labels=[f'L{i}' for i in range(60)]):
      self.assertAllLessEqual(
          tf.reduce_sum(features['input_mask'], 1), seq_length)
      self.assertAllEqual(features['input_mask'][:, -1], [0] * len(labels))
      ids = features['input_word_ids'].numpy()
      for row in range(len(labels)):
        is_word = labels[row].numpy() >= 0
        found += [
            (int(features['sentence_ids'][row]), int(features['part_ids'][row]),
             int(label), _TOKENS[token])
            for label, token in zip(labels[row].numpy()[is_word],
                                    ids[row][is_word], strict=True)]
    self.assertEqual(found, sorted(found, key=lambda entry: entry[1]))
    self.assertEqual([entry[0] for entry in found], [0] + [1] * 60 + [2])
    self.assertEqual([entry[2] for entry in found], [1, *range(60), 2])
    # The first piece of each is the word without its endings.
    self.assertEqual([entry[3] for entry in found][1:-1],
                     [f'w{i}' for i in range(60)])

  def test_parts_are_alike(self):
    tokenizer = tokenizer_lib.Tokenizer(self._vocab)
    parts = words_lib.split_words(
        tokenizer.tokenize_strings, tokenizer.vocabulary.unk_id,
        [['a'] * 21, [], ['b']], 12)
    self.assertAllEqual(parts.lengths, [7, 7, 7, 1])
    self.assertAllEqual(parts.sentences, [0, 0, 0, 2])

  def test_a_word_of_many_pieces_loses_its_end_alone(self):
    tokenizer = tokenizer_lib.Tokenizer(self._vocab)
    parts = words_lib.split_words(
        tokenizer.tokenize_strings, tokenizer.vocabulary.unk_id,
        [['a', '.' * 1_000_000, 'b']], max_length=12)
    self.assertAllEqual(parts.lengths, [1, 10, 1])
    self.assertAllEqual(parts.is_first.nonzero()[0], [0, 1, 11])
    self.assertEmpty(words_lib.split_words(
        tokenizer.tokenize_strings, tokenizer.vocabulary.unk_id, [],
        max_length=12))

  def test_training_batches_hold_sentences_of_like_length(self):
    lengths, seen = set(), set()
    data = self._load(self._sentences(60, 30), is_training=True, seq_length=40,
                      seed=3)
    for features, labels in itertools.islice(data, 100):
      self.assertEqual(set(features), {
          'input_word_ids', 'input_mask', 'input_type_ids'})
      self.assertLen(labels, 4)
      longest = tf.reduce_sum(features['input_mask'], 1).numpy().max()
      self.assertLess(longest, labels.shape[1])
      lengths.add(labels.shape[1])
      first = features['input_word_ids'][:, 1].numpy() - _TOKENS.index('w0')
      self.assertAllEqual(labels[:, 1], first % 3)
      seen |= set(first)
    self.assertContainsSubset({16, 24, 32}, lengths)
    self.assertLen(seen, 60)

  def test_every_worker_evaluates_all_sentences(self):
    for worker in range(2):
      seen = []
      for features, _ in self._load(
          self._sentences(21, 3), tf.distribute.InputContext(2, worker, 2)):
        seen += features['sentence_ids'].numpy().tolist()
      self.assertCountEqual(seen, range(21))

  def test_a_label_of_another_part_is_refused_before_training(self):
    with self.assertRaisesRegex(ValueError, "txt:2: the label 'B-Z' of 'b'"):
      self._load('a O\nb I-Z\n', labels=['O', 'B-X', 'I-X'])

  @parameterized.parameters(
      ({'input_path': ''}, 'input_path is not set'),
      ({'vocab_file': ''}, 'vocab_file is not set'),
      ({'global_batch_size': 0}, 'global_batch_size is 0'),
      ({'seq_length': 2}, 'seq_length is 2'))
  def test_settings_are_checked(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      self._load('a O\n', **settings)


if __name__ == '__main__':
  tf.test.main()
