# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts to learn vectors from, in batches, and what is wrong with them."""

import pathlib

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.embedding import loader
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.tasks.embedding import tiny_vectors

_PAIRS = 'text\tpair\tscore\tfar\n'


class ExamplesTest(temporary.TemporaryFiles, parameterized.TestCase,
                   tf.test.TestCase):

  def _read(self, text: str, name: str = 'x.tsv', **fields):
    return loader.read_examples(self.make_file(name, text), **fields)

  def test_columns_of_a_table(self):
    found = self._read(
        _PAIRS + 'a\tb\t5\tc\nd\te\t2.5\tf\n', pair_field='pair',
        score_field='score', largest_score=5.0, negative_fields=['far'])
    self.assertEqual(found.columns, {
        'text': ['a', 'd'], 'pair': ['b', 'e'], 'negative_0': ['c', 'f']})
    self.assertAllClose(found.scores, [1.0, 0.5])
    self.assertEqual((len(found), found.skipped), (2, 0))

  def test_a_text_a_line(self):
    found = self._read('a\tb\n c \n', 'x.txt')
    self.assertEqual(found.columns, {'text': ['a\tb', 'c']})
    with self.assertRaisesRegex(ValueError, 'x.txt:2: there is no text'):
      self._read('a\n\nb\n', 'x.txt')
    with self.assertRaisesRegex(ValueError, 'x.txt:1: there is no text'):
      self._read('', 'x.txt')

  @parameterized.parameters(
      ('a\tb\tnan\tc', {}, "x.tsv:2: the score 'nan' is not a finite"),
      ('a\tb\tx\tc', {}, "x.tsv:2: the score 'x' is not a finite"),
      ('a\tb\t5\tc', {}, 'x.tsv:2: the score 5 is beyond the largest, 1: set'),
      ('a\t\t1\tc', {}, "x.tsv:2: the column 'pair' is empty"),
      ('a\tb\t1\t', {}, "x.tsv:2: the column 'far' is empty"),
      ('a\tb\t1\tc', {'pair_field': ''}, 'score_field are of pairs; name'),
      ('a\tb\t1\tc', {'pair_field': 'text'}, "same column, 'text'"),
      ('a\tb\t1\tc', {'largest_score': -1.0}, 'largest_score is -1.0'))
  def test_what_is_wrong_is_named(self, row, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      self._read(f'{_PAIRS}{row}\n', **{
          'pair_field': 'pair', 'score_field': 'score',
          'negative_fields': ['far'], **fields})

  def test_repeated_rows_count_once(self):
    found = loader.Examples({'text': ['a', 'b', 'a'], 'pair': ['c', 'c', 'c']},
                            np.float32([0.5, 1, 0.5]))
    with self.assertLogs(level='WARNING') as logs:
      distinct = loader.without_repeated(found, 'x.tsv')
    self.assertEqual(distinct.columns, {'text': ['a', 'b'], 'pair': ['c', 'c']})
    self.assertAllEqual(distinct.scores, [0.5, 1.0])
    self.assertIn('1 of 3 rows', logs.output[0])
    found.scores[2] = 0.0
    with self.assertRaisesRegex(ValueError, "'a' and 'c' has two scores, in r"):
      loader.without_repeated(found, 'x.tsv')


class BatchesTest(temporary.TemporaryFiles, tf.test.TestCase):

  def _params(self, **fields):
    if not hasattr(self, '_vocabulary'):
      self._vocabulary = tiny_classifier.write_vocabulary(self.make_folder())
    return loader.EmbeddingDataConfig(**{
        'vocab_file': self._vocabulary, 'seq_length': 16, 'seed': 1,
        'global_batch_size': 4, **fields})

  def _batch(self, **fields):
    return next(iter(loader.EmbeddingDataLoader(
        self._params(**fields)).load()))

  def test_a_teachers_vectors_belong_to_their_texts(self):
    store = tiny_vectors.write_store(pathlib.Path(self.make_folder(), 'v'), 40)
    batch = self._batch(vectors=store, is_training=False)
    found = tiny_vectors.texts(40)[:4]
    self.assertAllClose(batch['vectors']['text'], tiny_vectors.vectors(found))
    lengths = np.sum(batch['inputs']['text']['input_mask'], axis=-1)
    self.assertAllEqual(lengths, [len(text.split()) + 2 for text in found])

  def test_vectors_of_a_tables_own_texts(self):
    store = tiny_vectors.write_store(pathlib.Path(self.make_folder(), 'v'), 40)
    found = tiny_vectors.texts(40)
    table = self.make_file('x.tsv', 'text\tpair\n' + ''.join(
        f'{a}\t{b}\n' for a, b in zip(found, found[::-1], strict=True)))
    batch = self._batch(input_path=table, pair_field='pair', vectors=store,
                        is_training=False)
    self.assertAllClose(batch['vectors']['pair'],
                        tiny_vectors.vectors(found[::-1][:4]))
    with self.assertRaisesRegex(
        ValueError, "no vectors of 1 of 2 texts of .*such as 'w9 new'"):
      self._batch(vectors=store, input_path=self.make_file(
          'y.txt', f'{found[0]}\nw9 new\n'))

  def test_columns_have_lengths_of_their_own(self):
    table = self.make_file('x.tsv', 'text\tpair\n' + ''.join(
        f'w{i}\t{"w1 " * 9}w{i}\n' for i in range(1, 9)))
    batch = self._batch(input_path=table, pair_field='pair')
    shapes = {name: inputs['input_word_ids'].shape.as_list()
              for name, inputs in batch['inputs'].items()}
    self.assertEqual(shapes, {'text': [4, 8], 'pair': [4, 17]})

  def test_equal_texts_have_equal_numbers(self):
    table = self.make_file(
        'x.tsv', 'text\tpair\nw1\tw2\nw3\tw2\nw2\tw1\nw4\tw5\n')
    batch = self._batch(input_path=table, pair_field='pair', is_training=False)
    text, pair = batch['ids']['text'], batch['ids']['pair']
    self.assertAllEqual(pair[:2], [text[2]] * 2)
    self.assertEqual(pair[2], text[0])
    self.assertLen({*text.numpy(), *pair.numpy()}, 5)

  def test_one_row_is_too_few(self):
    with self.assertRaisesRegex(ValueError, 'x.txt has one row to learn from'):
      self._batch(input_path=self.make_file('x.txt', 'w1\n'))

  def test_data_are_named(self):
    with self.assertRaisesRegex(ValueError, 'train_data.input_path is not set'):
      self._batch()


if __name__ == '__main__':
  tf.test.main()
