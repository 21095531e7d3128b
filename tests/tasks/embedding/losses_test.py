# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Losses of vectors equal sums that are written out in numpy."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.embedding import losses
from tests.modeling import contract

_ROWS = 5
_A, _B, _C = (contract.normal(_ROWS, 4, seed=seed) for seed in range(3))
_SCORES = np.array([0.1, 0.9, 0.5, 0.5, 0.0], np.float32)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
  one, other = np.float64(one), np.float64(other)
  return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


def _cosines(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
  return np.array([[_cosine(one, other) for other in others] for one in rows])


def _pairwise(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
  return np.array([_cosine(*each) for each in zip(rows, others, strict=True)])


def _entropy(scores: np.ndarray) -> float:
  return float(np.mean([
      -np.log(np.exp(row[i]) / np.sum(np.exp(row)))
      for i, row in enumerate(scores)]))


class LossesTest(parameterized.TestCase, tf.test.TestCase):

  def test_cosine_distance(self):
    self.assertAllClose(losses.cosine_distance(_A, _B),
                        np.mean(1 - _pairwise(_A, _B)))
    self.assertAllClose(losses.cosine_distance(_A, 3 * _A), 0.0, atol=1e-6)

  def test_squared_error(self):
    self.assertAllClose(losses.squared_error(_A, _B), np.mean((_A - _B) ** 2))

  def test_similarity_error_of_vectors_of_two_sizes(self):
    narrow = _B[:, :3]
    self.assertAllClose(
        losses.similarity_error(_A, narrow),
        np.mean((_cosines(_A, _A) - _cosines(narrow, narrow)) ** 2))

  @parameterized.product(symmetric=(False, True), hard=(False, True))
  def test_ranking(self, symmetric, hard):
    documents = np.concatenate([_B, _C[:2]]) if hard else _B
    scores = _cosines(_A, documents) / 0.1
    expected = _entropy(scores)
    if symmetric:
      expected = (expected + _entropy(scores[:, :_ROWS].T)) / 2
    self.assertAllClose(losses.ranking(
        _A, _B, _C[:2] if hard else None, 0.1, symmetric), expected, 1e-5)

  def test_the_same_text_is_no_negative(self):
    same = np.eye(_ROWS, dtype=bool)
    same[0, 3] = same[3, 0] = True
    scores = _cosines(_A, _B) / 0.1
    scores[0, 3] = scores[3, 0] = -np.inf
    self.assertAllClose(
        losses.ranking(_A, _B, temperature=0.1, same=tf.constant(same)),
        _entropy(scores), 1e-5)

  def test_triplet(self):
    expected = [max(0.0, _cosine(a, c) - _cosine(a, b) + 0.3)
                for a, b, c in zip(_A, _B, _C, strict=True)]
    self.assertAllClose(losses.triplet(_A, _B, _C, 0.3), np.mean(expected))

  def test_score_error(self):
    self.assertAllClose(losses.score_error(_A, _B, _SCORES),
                        np.mean((_pairwise(_A, _B) - _SCORES) ** 2))

  def test_score_order(self):
    found = _pairwise(_A, _B)
    total = 1.0 + sum(
        np.exp((found[i] - found[j]) / 0.2)
        for i in range(_ROWS) for j in range(_ROWS) if _SCORES[i] < _SCORES[j])
    self.assertAllClose(losses.score_order(_A, _B, _SCORES, 0.2),
                        np.log(total), 1e-5)

  def test_pairs_of_one_score_have_no_order(self):
    equal = np.ones(_ROWS, np.float32)
    self.assertAllClose(losses.score_order(_A, _B, equal), 0.0)

  def test_mean_similarity(self):
    found = _cosines(_A, _A)
    expected = np.mean([found[i, j] for i in range(_ROWS)
                        for j in range(_ROWS) if i != j])
    self.assertAllClose(losses.mean_similarity(_A), expected, 1e-5)
    self.assertAllClose(losses.mean_similarity(_A[:1]), 0.0, atol=1e-5)

  def test_effective_dimensions(self):
    units = _A / np.linalg.norm(_A, axis=-1, keepdims=True)
    values = np.linalg.eigvalsh(np.cov(np.float64(units).T, bias=True))
    self.assertAllClose(losses.effective_dimensions(_A),
                        values.sum() ** 2 / (values ** 2).sum(), 1e-4)
    self.assertAllClose(losses.effective_dimensions(np.ones([5, 4], 'f')), 0.0)

  @parameterized.parameters(
      losses.cosine_distance, losses.similarity_error, losses.ranking,
      lambda a, b: losses.triplet(a, b, tf.constant(_C)),
      lambda a, b: losses.score_order(a, b, tf.constant(_SCORES)))
  def test_vectors_of_zeros_have_finite_gradients(self, loss):
    vectors = tf.Variable(np.concatenate([np.zeros([1, 4], 'f'), _A[1:]]))
    with tf.GradientTape() as tape:
      value = loss(tf.constant(_B), vectors)
    gradient = tape.gradient(value, vectors)
    self.assertAllInSet(tf.math.is_finite(gradient), [True])


if __name__ == '__main__':
  tf.test.main()
