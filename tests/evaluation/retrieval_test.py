# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests scores of retrieval against their definitions and scikit-learn."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.evaluation import retrieval


def _random(seed, queries=30, documents=50, size=5):
  rng = np.random.default_rng(seed)
  relevant = [rng.choice(documents, rng.integers(1, 15), replace=False)
              for _ in range(queries)]
  return (rng.normal(size=[queries, size]), rng.normal(size=[documents, size]),
          relevant)


def _means(groups):
  return {group.name: group.mean for group in groups}


class RetrievalTest(parameterized.TestCase):

  @parameterized.parameters(range(3))
  def test_is_as_defined(self, seed):
    queries, documents, relevant = _random(seed)
    found = _means(retrieval.score(queries, documents, relevant, [1, 5, 10]))
    recalls, reciprocal, gains = {1: [], 5: [], 10: []}, [], []
    for query, rows in zip(queries, relevant, strict=True):
      cosines = documents @ query / np.linalg.norm(documents, axis=1)
      order = np.argsort(-cosines).tolist()
      places = sorted(order.index(row) + 1 for row in rows)
      for k, values in recalls.items():
        values.append(sum(place <= k for place in places) / len(rows))
      reciprocal.append(1 / places[0])
      truth = np.isin(np.arange(len(documents)), rows)
      gains.append(sklearn_metrics.ndcg_score([truth], [cosines], k=10))
    expected = {**{f'recall@{k}': np.mean(v) for k, v in recalls.items()},
                'mrr': np.mean(reciprocal), 'ndcg@10': np.mean(gains)}
    self.assertEqual(list(found), list(expected))
    for name, value in expected.items():
      self.assertAlmostEqual(found[name], value, 6, name)

  def test_blocks_change_nothing(self):
    arguments = _random(7)
    expected = retrieval.score(*arguments)
    old, retrieval._NUMBERS_AT_ONCE = retrieval._NUMBERS_AT_ONCE, 120
    self.addCleanup(setattr, retrieval, '_NUMBERS_AT_ONCE', old)
    self.assertEqual(retrieval.score(*arguments), expected)

  def test_vectors_that_are_all_the_same_find_nothing(self):
    ones = np.ones([20, 3])
    found = _means(retrieval.score(ones, ones, [[i] for i in range(20)]))
    self.assertEqual(found['recall@10'], 0)
    self.assertAlmostEqual(found['mrr'], 1 / 20)

  def test_intervals_hold_the_mean_and_shrink(self):
    few = retrieval.score(*_random(0, queries=20))
    many = retrieval.score(*_random(0, queries=2000))
    for one, other in zip(few, many, strict=True):
      self.assertBetween(one.mean, one.low, one.high)
      if other.high < 1:
        self.assertLess(other.high - other.low, one.high - one.low)

  def test_pairs_become_judgements(self):
    judged = retrieval.Judgements.of_pairs(
        ['q', 'r', 'q', 'q'], ['a', 'a', 'b', 'a'], ['c', 'b'])
    self.assertEqual(judged.queries, ['q', 'r'])
    self.assertEqual(judged.documents, ['a', 'b', 'c'])
    self.assertEqual(judged.relevant, [{0, 1}, {0}])

  @parameterized.parameters(
      (np.eye(2), np.eye(3), [[0], [1]], '2 numbers, documents 3'),
      (np.eye(2), np.eye(2), [[0]], '2 queries, and relevant documents of 1'),
      (np.eye(2), np.eye(2), [[0], []], 'Query 1 '),
      (np.eye(2), np.eye(2), [[0], [2]], 'one of 0 to 1'),
      (np.zeros([1, 2]), np.eye(2), [[0]], 'Vector 0 .* of the queries'),
      (np.eye(2), np.full([2, 2], np.nan), [[0], [1]], 'of the documents'),
      (np.ones([0, 2]), np.eye(2), [], r'\(0, 2\)'),
  )
  def test_refuses(self, queries, documents, relevant, message):
    with self.assertRaisesRegex(ValueError, message):
      retrieval.score(queries, documents, relevant)


if __name__ == '__main__':
  absltest.main()
