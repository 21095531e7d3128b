# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Word tables of students by principal components of a teacher's."""

import dataclasses

from absl.testing import parameterized
import numpy as np
from sklearn import decomposition
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.checkpoints import word_tables
from mobilebert_tf import modeling
from mobilebert_tf.text import vocabulary as vocabulary_lib
from tests.checkpoints import folders
from tests.checkpoints import tiny_bert
from tests.modeling import contract

_SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')
_TOKENS = (*_SPECIAL, *(f'w{i}' for i in range(40)), 'a', '##b', '##c', 'd',
           'e')


class WordTablesTest(parameterized.TestCase, folders.FolderTestCase):

  def setUp(self):
    super().setUp()
    self.teacher = checkpoints.read_teacher(
        tiny_bert.write(f'{self.folder}/bert', _TOKENS))
    self.vocabulary = self.teacher.vocabulary

  def test_are_those_of_scikit_learn(self):
    table = np.random.default_rng(0).normal(size=[70, 12]).astype('f')
    found = word_tables.principal_components(table, 5)
    expected = decomposition.PCA(5, svd_solver='full').fit_transform(table)
    signs = np.sign((found * expected).sum(0))
    self.assertAllClose(found * signs, expected, 1e-5, 1e-5)
    self.assertEqual(found.dtype, np.float32)

  def test_keep_distances_if_nothing_is_left_out(self):
    table = self.teacher.weights[word_tables.TABLE]
    found = word_tables.principal_components(table, table.shape[1])
    for i, j in ((3, 9), (0, 49), (7, 8)):
      self.assertAllClose(np.linalg.norm(found[i] - found[j]),
                          np.linalg.norm(table[i] - table[j]), 1e-5)

  def test_a_student_starts_with_it_and_with_random_weights(self):
    architecture = contract.tiny_architecture(initializer_range=0.07)
    one, same, other = (
        word_tables.start(architecture, self.teacher, seed=seed)
        for seed in (0, 0, 1))
    self.assertEmpty(checkpoints.differences(one, same))
    table = one.weights[word_tables.TABLE]
    self.assertEqual(table.shape, (50, 8))
    self.assertAllClose(table.std(), 8 * 0.07, 1e-5)
    self.assertAllEqual(other.weights[word_tables.TABLE], table)
    name = 'embeddings/projection/kernel'
    self.assertNotAllClose(one.weights[name], other.weights[name])
    self.assertEqual(one.vocabulary, self.vocabulary)
    # It is a checkpoint to start any training from.
    folder = f'{self.folder}/start'
    checkpoints.write(one, folder, 'mobilebert_tf')
    encoder = modeling.MobileBertEncoder(architecture)
    checkpoints.restore(encoder, folder)
    self.assertAllEqual(encoder.word_embeddings.embeddings, table)

  def test_another_vocabulary_takes_the_rows_of_its_tokens(self):
    tokens = ('[UNK]', '[PAD]', *_TOKENS[2:], 'abc', '##d', '中')
    with self.assertLogs(level='WARNING') as logs:
      found = word_tables.word_table(
          self.teacher, vocabulary_lib.Vocabulary(tokens), 4, 0.1)
    self.assertRegex(logs.output[0], "3 of 53 .*'abc', '##d'")
    whole = word_tables.word_table(self.teacher, self.vocabulary, 4, 0.1)
    row = {token: i for i, token in enumerate(_TOKENS)}
    self.assertAllEqual(found[:2], whole[[1, 0]])
    self.assertAllEqual(found[2:50], whole[2:])
    self.assertAllClose(
        found[50], whole[[row['a'], row['##b'], row['##c']]].mean(0))
    self.assertAllClose(found[51:], whole[[row['d'], row['[UNK]']]])

  def test_refuses(self):
    for teacher, tokens, width, message in (
        (self.teacher, _TOKENS, 13, 'embedding_size is 13'),
        (dataclasses.replace(self.teacher, vocabulary=None), _TOKENS, 4,
         'No vocabulary'),
        (self.teacher, (*_SPECIAL, *(f'x{i}' for i in range(9))), 4,
         "9 of 14 tokens, such as 'x0'"),
        (dataclasses.replace(
            self.teacher, vocabulary=vocabulary_lib.Vocabulary(_TOKENS[1:] + (
                '[PAD]', 'x'))), _TOKENS, 4, '50 rows, its vocabulary 51')):
      with self.assertRaisesRegex(ValueError, message):
        word_tables.word_table(
            teacher, vocabulary_lib.Vocabulary(tokens), width, 0.1)
    with self.assertRaisesRegex(ValueError, 'vocabulary of 60 tokens'):
      word_tables.start(
          contract.tiny_architecture(vocab_size=60), self.teacher)


if __name__ == '__main__':
  tf.test.main()
