# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests the search for the nearest vectors, by numpy and by faiss."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import vector_store
from mobilebert_tf.inference import search_index


class SearchIndexTest(parameterized.TestCase, tf.test.TestCase):

  def _limit(self, **limits):
    for name, value in limits.items():
      self.addCleanup(setattr, search_index, name, getattr(search_index, name))
      setattr(search_index, name, value)

  @parameterized.parameters('numpy', 'blocks', 'faiss')
  def test_finds_the_nearest(self, by):
    if by == 'blocks':
      self._limit(_NUMBERS_AT_ONCE=100, _ROWS_AT_ONCE=7)
    if by == 'faiss':
      try:
        import faiss  # pylint: disable=unused-import # noqa: F401
      except ImportError:
        self.skipTest('faiss is not installed')
      self._limit(LARGEST_OF_NUMPY=10)
    rng = np.random.default_rng(0)
    documents = rng.normal(size=[60, 4]).astype('f') * rng.uniform(
        1, 9, [60, 1]).astype('f')
    queries = rng.normal(size=[9, 4]).astype('f')
    cosines = (queries / np.linalg.norm(queries, axis=1, keepdims=True)) @ (
        documents / np.linalg.norm(documents, axis=1, keepdims=True)).T
    expected = np.argsort(-cosines, axis=1)[:, :5]
    parts = vector_store.Rows([documents[:13], documents[13:]])
    for vectors in (documents, parts):
      found, rows = search_index.SearchIndex(vectors).search(queries, 5)
      self.assertAllEqual(rows, expected)
      self.assertAllClose(found, np.take_along_axis(cosines, expected, 1))

  def test_of_equals_the_first_is_first(self):
    _, rows = search_index.SearchIndex(np.ones([5, 2])).search(
        np.ones([1, 2]), 5)
    self.assertAllEqual(rows, [[0, 1, 2, 3, 4]])

  def test_finds_no_more_than_there_are(self):
    index = search_index.SearchIndex(np.eye(3))
    self.assertEqual(index.search(np.eye(3)[:2], 9)[1].shape, (2, 3))
    self.assertEqual(index.search(np.zeros([0, 3]), 2)[1].shape, (0, 2))

  def test_without_faiss_numpy_searches_and_says_so(self):
    self._limit(LARGEST_OF_NUMPY=2)
    import sys
    old = sys.modules.get('faiss')
    sys.modules['faiss'] = None
    self.addCleanup(lambda: sys.modules.pop('faiss') if old is None else
                    sys.modules.update(faiss=old))
    with self.assertLogs(level='WARNING') as logs:
      index = search_index.SearchIndex(np.eye(3))
    self.assertIn('faiss', logs.output[0])
    self.assertAllEqual(index.search(np.eye(3), 1)[1][:, 0], [0, 1, 2])

  def test_refuses_queries_of_another_model(self):
    index = search_index.SearchIndex(np.eye(3))
    with self.assertRaisesRegex(ValueError, r'\(1, 2\).* 3 numbers'):
      index.search(np.ones([1, 2]), 1)
    with self.assertRaisesRegex(ValueError, '0 documents'):
      index.search(np.ones([1, 3]), 0)


if __name__ == '__main__':
  tf.test.main()
