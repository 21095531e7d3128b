# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests reading labelled texts and batching them by length."""

import collections
import itertools

from absl.testing import parameterized
import numpy as np
from official.nlp.data import data_loader_factory
import tensorflow as tf

from mobilebert_tf.tasks.classification import loader as loader_lib
from tests.data import temporary
from tests import shared_data

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '"', 'a', 'b', 'c',
           *(f'w{i}' for i in range(100)))


class TextClassificationLoaderTest(
    parameterized.TestCase, temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self._vocab = self.make_file('vocab.txt', '\n'.join(_TOKENS))

  def _load(self, path, context=None, **kwargs) -> tf.data.Dataset:
    config = loader_lib.TextClassificationDataConfig(**{
        'input_path': path, 'vocab_file': self._vocab, 'seq_length': 40,
        'global_batch_size': 4, 'is_training': False} | kwargs)
    return data_loader_factory.get_data_loader(config).load(context)

  def _rows(self, count: int) -> str:
    """Row i has i % 50 + 1 words, w{i} the first of them."""
    rows = [' '.join([f'w{i}'] * (i % 50 + 1)) + f'\t{"xy"[i % 2]}\n'
            for i in range(count)]
    return self.make_file('rows.tsv', 'text\tlabel\n' + ''.join(rows))

  def test_evaluation_keeps_order(self):
    path = self.make_file(
        'dev.tsv', 'id\ttext\tlabel\r\n1\ta "b\tno\r\n2\tc\tyes\r\n3\ta\tno\n')
    first, second = self._load(path, global_batch_size=2)
    self.assertEqual(first['input_word_ids'].shape, [2, 8])
    self.assertAllEqual(first['input_word_ids'][:, :6],
                        [[2, 6, 5, 7, 3, 0], [2, 8, 3, 0, 0, 0]])
    self.assertAllEqual(tf.reduce_sum(first['input_mask'], 1), [5, 3])
    self.assertAllEqual(first['label_ids'], [[0], [1]])
    self.assertAllEqual(second['label'], [[0]])
    self.assertEqual(first['label_ids'].dtype, tf.int32)

  def test_pairs(self):
    path = self.make_file('dev.tsv', 's1\ts2\tlabel\na\tb c\t0\n')
    [batch] = self._load(path, text_field='s1', pair_field='s2')
    self.assertAllEqual(batch['input_word_ids'][0, :7], [2, 6, 3, 7, 8, 3, 0])
    self.assertAllEqual(batch['input_type_ids'][0, :7], [0, 0, 0, 1, 1, 1, 0])

  def test_numbers_of_a_csv_without_a_header(self):
    path = self.make_file('dev.csv', '"a, b",1.5\nc,-2\n')
    [batch] = self._load(path, column_names=['text', 'label'], regression=True)
    self.assertAllEqual(batch['label_ids'], [[1.5], [-2]])
    self.assertEqual(batch['label'].dtype, tf.float32)
    # The comma is a token, which this vocabulary lacks.
    self.assertAllEqual(batch['input_word_ids'][0, :6], [2, 6, 1, 7, 3, 0])

  @parameterized.parameters(
      ('more.csv', 'label,text\nx,b c\n,c\n'), ('more.txt', 'b c\nc\n'))
  def test_texts_without_labels_follow(self, name, content):
    path = self.make_file('dev.tsv', 'text\tlabel\na\tyes\nb\tno\n')
    [batch] = self._load(path, unlabelled_path=self.make_file(name, content))
    self.assertAllEqual(batch['is_labelled'], [1, 1, 0, 0])
    self.assertAllEqual(batch['label_ids'], [[1], [0], [0], [0]])
    self.assertAllEqual(batch['input_word_ids'][:, :4], [
        [2, 6, 3, 0], [2, 7, 3, 0], [2, 7, 8, 3], [2, 8, 3, 0]])

  def test_find_labels(self):
    path = self.make_file('a.tsv', 'a\tz\nb\ty\n')
    config = loader_lib.TextClassificationDataConfig(
        input_path=path, column_names=['text', 'label'])
    self.assertEqual(loader_lib.find_labels(config), ['y', 'z'])
    self.assertEqual(loader_lib.find_labels(config.replace(labels=['z'])),
                     ['z'])

  def test_lengths_are_few_and_above_the_longest(self):
    path = self._rows(100)
    lengths = set()
    for batch in itertools.islice(self._load(path, is_training=True), 200):
      length = batch['input_mask'].shape[1]
      longest = int(tf.reduce_max(tf.reduce_sum(batch['input_mask'], 1)))
      self.assertLess(longest, length)
      self.assertLessEqual(longest, 40)
      # Texts of a batch are of one bucket: with the [PAD] after them they would
      # not fit into the one below.
      shortest = int(tf.reduce_min(tf.reduce_sum(batch['input_mask'], 1)))
      self.assertGreater(
          shortest + 1, {8: 0, 16: 8, 24: 16, 32: 24, 41: 32}[length])
      lengths.add(length)
      self.assertLen(batch['label_ids'], 4)
    self.assertEqual(lengths, {8, 16, 24, 32, 41})

  def test_training_uses_all_rows_alike(self):
    path = self._rows(100)
    seen = collections.Counter()
    for batch in itertools.islice(self._load(path, is_training=True), 250):
      seen.update(batch['input_word_ids'][:, 1].numpy().tolist())
      first = batch['input_word_ids'][:, 1].numpy() - 9
      self.assertAllEqual(batch['label_ids'][:, 0], first % 2)
    self.assertLen(seen, 100)  # 1000 draws: ten epochs but for open buckets.
    self.assertAllInRange(list(seen.values()), 8, 12)

  def test_seed_decides_the_order(self):
    path = self._rows(60)

    def order(seed):
      data = self._load(path, is_training=True, seed=seed)
      return np.concatenate([b['input_word_ids'][:, 1] for b in data.take(20)])

    self.assertAllEqual(order(1), order(1))
    self.assertNotAllEqual(order(1), order(2))

  def test_every_worker_evaluates_all_rows(self):
    path = self._rows(21)
    for worker in range(2):
      seen = []
      for batch in self._load(path, tf.distribute.InputContext(2, worker, 2)):
        self.assertLessEqual(len(batch['label_ids']), 2)
        seen += batch['input_word_ids'][:, 1].numpy().tolist()
      self.assertCountEqual(seen, range(9, 30))

  @parameterized.named_parameters(
      ('columns', 'text\tlabel\na\tx\nb\n', ':3: 1 columns where .* has 2'),
      ('too_many', 'text\tlabel\na\tx\ty\n', ':2: 3 columns'),
      ('label', 'text\tlabel\na\tx\nb\tz\n', ":3: the label 'z' is not one of"),
      ('empty', 'text\tlabel\na\tx\n  \ty\n', ":3: the column 'text' is empty"),
      ('no_label', 'text\tlabel\na\t\n', ":2: the column 'label' is empty"),
      ('header', 'sentence\tlabel\na\tx\n', ":1: .* one column 'text'"),
      ('no_rows', 'text\tlabel\n', ':1: there is no row'),
      ('nothing', '', ':1: there is no row'),
      ('utf8', b'text\tlabel\na\xff\tx\n', ':2: not UTF-8'),
  )
  def test_bad_rows_are_refused_before_training(self, data, message):
    path = self.make_file('train.tsv', data)
    with self.assertRaisesRegex(ValueError, 'train.tsv' + message):
      self._load(path, labels=['x', 'y'])

  def test_bad_settings(self):
    path = self._rows(3)
    for settings, message in (
        ({'vocab_file': ''}, 'vocab_file is not set'),
        ({'seq_length': 2}, 'seq_length is 2'),
        ({'global_batch_size': 0}, 'global_batch_size is 0'),
        ({'label_field': 'input_mask'}, 'input of the model'),
        ({'labels': ['x', 'x']}, 'is duplicated')):
      with self.assertRaisesRegex(ValueError, message):
        self._load(path, **settings)
    with self.assertRaisesRegex(FileNotFoundError, 'nowhere'):
      self._load('/nowhere.tsv')

  def test_read_examples_and_labels(self):
    path = self.make_file('a.tsv', 'text\tlabel\na\tz\nb\ty\n')
    examples = loader_lib.read_examples(path, labels=['z', 'y', 'x'])
    self.assertEqual(examples.texts, ['a', 'b'])
    self.assertIsNone(examples.pairs)
    self.assertAllEqual(examples.label_ids, [0, 1])
    self.assertEqual(loader_lib.read_labels(path), ['y', 'z'])
    self.assertIsNone(loader_lib.read_examples(path, label_field='').label_ids)

  def test_reads_glue(self):
    path = str(shared_data.path('data/glue/SST-2/dev.tsv'))
    examples = loader_lib.read_examples(path, text_field='sentence')
    self.assertLen(examples.texts, 872)
    self.assertEqual(examples.labels, ['0', '1'])
    self.assertEqual(int(examples.label_ids.sum()), 444)


if __name__ == '__main__':
  tf.test.main()
