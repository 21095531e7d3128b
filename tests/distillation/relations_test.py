# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Losses of relations against numpy in float64, value and gradient."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.distillation import relations

_MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])


def _vectors(width: int, seed: int, length: int = 5) -> np.ndarray:
  return 2 * np.random.default_rng(seed).normal(size=[2, length, width])


def _oracle(teacher: np.ndarray, student: np.ndarray, mask: np.ndarray,
            heads: int) -> float:
  """MiniLMv2's equations, one text, head and token at a time."""
  divergences = []
  for row in range(len(mask)):
    tokens = np.flatnonzero(mask[row])
    for head in range(heads):
      pair = []
      for vectors in (teacher, student):
        size = vectors.shape[-1] // heads
        part = vectors[row, tokens, head * size:(head + 1) * size]
        exponentials = np.exp(part @ part.T / math.sqrt(size))
        pair.append(exponentials / exponentials.sum(-1, keepdims=True))
      p, q = pair
      divergences += (p * np.log(p / q)).sum(-1).tolist()
  return float(np.mean(divergences))


def _gradient(function, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
  """Returns the gradient by central differences."""
  found = np.zeros_like(x)
  for index in np.ndindex(*x.shape):
    moved = []
    for sign in (1, -1):
      other = x.copy()
      other[index] += sign * step
      moved.append(function(other))
    found[index] = (moved[0] - moved[1]) / (2 * step)
  return found


class RelationsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters((12, 6, 3), (12, 6, 1), (8, 8, 8), (6, 12, 2))
  def test_equals_the_oracle_with_its_gradient(self, theirs, ours, heads):
    teacher, student = _vectors(theirs, 0), _vectors(ours, 1)
    x = tf.constant(student, tf.float32)
    with tf.GradientTape() as tape:
      tape.watch(x)
      loss = relations.relation_transfer(
          tf.constant(teacher, tf.float32), x, _MASK, heads)
    self.assertAllClose(
        loss, _oracle(teacher, student, _MASK, heads), rtol=1e-5)
    expected = _gradient(
        lambda moved: _oracle(teacher, moved, _MASK, heads), student)
    self.assertAllClose(tape.gradient(loss, x), expected, 1e-4, 1e-5)

  def test_heads_are_split_anew(self):
    # Channels of one head may move to another: then relations differ.
    teacher, student = _vectors(4, 0), _vectors(4, 1)
    whole, split = (float(relations.relation_transfer(
        teacher, student, _MASK, heads)) for heads in (1, 2))
    self.assertNotAlmostEqual(whole, split, places=3)

  def test_equal_relations_of_another_width_cost_nothing(self):
    # Zeros beside the channels of one head, scaled for its larger size.
    student = _vectors(4, 0)
    teacher = np.concatenate(
        [student, np.zeros_like(student)], -1) * 2 ** 0.25
    self.assertAllClose(
        relations.relation_transfer(teacher, student, _MASK, 1), 0.0,
        atol=1e-6)

  @parameterized.parameters(1, 4)
  def test_padding_does_not_matter(self, more):
    teacher, student = _vectors(12, 0), _vectors(6, 1)
    expected = relations.relation_transfer(teacher, student, _MASK, 3)

    def pad(vectors):
      noise = 50 * _vectors(vectors.shape[-1], 7, more)
      padded = np.concatenate([vectors, noise], 1)
      padded[0, 3:] = 30.0  # That of the mask as well.
      return padded

    mask = np.pad(_MASK, [[0, 0], [0, more]])
    x = tf.constant(pad(student), tf.float32)
    with tf.GradientTape() as tape:
      tape.watch(x)
      loss = relations.relation_transfer(
          tf.constant(pad(teacher), tf.float32), x, mask, 3)
    self.assertAllClose(loss, expected, rtol=1e-5)
    gradient = tape.gradient(loss, x).numpy()
    self.assertAllEqual(gradient[mask == 0], np.zeros_like(gradient[mask == 0]))

  def test_a_batch_of_padding_alone_costs_nothing(self):
    loss = relations.relation_transfer(
        _vectors(4, 0), _vectors(4, 1), np.zeros_like(_MASK), 2)
    self.assertEqual(float(loss), 0.0)

  def test_each_kind_of_vector_has_its_own_term(self):
    teacher, student = (
        {name: _vectors(4, seed + i)
         for i, name in enumerate(relations.VECTORS)} for seed in (0, 9))
    terms = relations.relation_losses(teacher, student, _MASK, 2)
    for name, loss in terms.items():
      self.assertAllClose(
          loss, _oracle(teacher[name], student[name], _MASK, 2), rtol=1e-5)

  def test_bfloat16_is_compared_in_float32(self):
    vectors = [tf.cast(_vectors(4, seed), tf.bfloat16) for seed in (0, 1)]
    loss = relations.relation_transfer(*vectors, _MASK, 2)
    self.assertEqual(loss.dtype, tf.float32)
    self.assertAllClose(
        loss, _oracle(*(np.float64(x) for x in vectors), _MASK, 2), rtol=1e-4)

  @parameterized.parameters(
      (5, 12, 8, 'relation_heads=5 does not divide 12, the width of the teach'
       r"er's .* divide 12 \(teacher\) and 8 \(student\): 1, 2, 4\."),
      (6, 12, 8, "=6 does not divide 8, the width of the student's"),
      (0, 12, 8, 'relation_heads is 0; it has to be at least 1'))
  def test_heads_that_divide_no_width_are_refused(
      self, heads, theirs, ours, message):
    with self.assertRaisesRegex(ValueError, message):
      relations.check_heads(heads, theirs, ours)

  @parameterized.parameters(
      ({'queries': -1.0}, 'loss_weights.queries is -1'),
      ({'values': math.nan}, 'loss_weights.values is nan'),
      ({'queries': 0.0, 'keys': 0.0, 'values': 0.0},
       'of the teacher are 0.*mobilebert/pretrain'))
  def test_weights_out_of_range_are_refused(self, weights, message):
    with self.assertRaisesRegex(ValueError, message):
      relations.RelationWeights(**weights)


if __name__ == '__main__':
  tf.test.main()
