# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Losses against the reference code's numbers and numpy."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.distillation import losses
from tests import shared_data


def _golden(name: str) -> np.lib.npyio.NpzFile:
  return np.load(shared_data.path(f'golden/losses/{name}.npz'))


def _softmax(scores: np.ndarray) -> np.ndarray:
  exponents = np.exp(scores - scores.max(-1, keepdims=True))
  return exponents / exponents.sum(-1, keepdims=True)


class LossesTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(0, 1, 2)
  def test_terms_equal_the_reference_codes(self, layer):
    golden = _golden('distill_synthetic')
    teacher = golden['teacher_hiddens'][layer + 1]
    student = golden['student_hiddens'][layer + 1]
    for function, name in ((losses.feature_map_transfer, 'layer_hidden_mse'),
                           (losses.mean_transfer, 'layer_beta'),
                           (losses.variance_transfer, 'layer_gamma')):
      self.assertAllClose(
          function(teacher, student), golden[f'as_intended/{name}'][layer],
          rtol=1e-5, atol=0, msg=name)
    scores = (golden['teacher_attention_scores'][layer],
              golden['student_attention_scores'][layer])
    self.assertAllClose(
        losses.attention_transfer_tf1_reference(*scores),
        golden['as_coded/layer_attention_ce'][layer], rtol=1e-5, atol=0)
    self.assertAllClose(
        losses.attention_transfer(*scores),
        golden['numpy/layer_attention_kl'][layer], rtol=1e-5, atol=0)

  @parameterized.parameters(0, 1, 2)
  def test_statistics_against_all_teacher_outputs_as_coded(self, layer):
    golden = _golden('distill_synthetic')
    teacher = golden['teacher_hiddens']
    student = golden['student_hiddens'][layer + 1]
    self.assertAllClose(losses.mean_transfer(teacher, student),
                        golden['as_coded/layer_beta'][layer], rtol=1e-5, atol=0)
    self.assertAllClose(losses.variance_transfer(teacher, student),
                        golden['as_coded/layer_gamma'][layer], rtol=1e-5,
                        atol=0)

  @parameterized.parameters(0, 1, 2)
  def test_gradients_equal_the_reference_codes(self, layer):
    golden = _golden('distill_synthetic')
    hidden = tf.constant(golden['student_hiddens'][layer + 1])
    scores = tf.constant(golden['student_attention_scores'][layer])
    teacher = golden['teacher_hiddens'][layer + 1]
    with tf.GradientTape() as tape:
      tape.watch([hidden, scores])
      total = (
          100 * losses.feature_map_transfer(teacher, hidden)
          + 5000 * losses.mean_transfer(teacher, hidden)
          + 5 * losses.variance_transfer(teacher, hidden)
          + losses.attention_transfer(
              golden['teacher_attention_scores'][layer], scores)) / 3
    of_hidden, of_scores = tape.gradient(total, [hidden, scores])
    self.assertAllClose(
        of_hidden, golden['as_intended/grad_student_hidden'][layer], rtol=1e-4,
        atol=1e-7)
    self.assertAllClose(
        of_scores, golden['as_intended/grad_student_attention'][layer],
        rtol=1e-4, atol=1e-8)

  @parameterized.parameters('unpadded', 'padded')
  def test_distillation_equals_the_reference_codes(self, case):
    golden = _golden('soft_label_mlm')

    def read(name):
      return golden[f'{case}/{name}']

    shape = read('in_masked_lm_ids').shape
    teacher, student = (
        read(f'{who}_mlm_logits').reshape(*shape, -1)
        for who in ('teacher', 'student'))
    labels, weights = read('in_masked_lm_ids'), read('in_masked_lm_weights')
    self.assertAllClose(
        losses.soft_masked_lm(teacher, student, labels, weights, 0.5),
        read('mlm_loss'), rtol=1e-5)
    self.assertAllClose(losses.masked_lm(student, labels, weights),
                        read('mlm_true_loss'), rtol=1e-5)
    self.assertAllClose(
        read('mlm_loss') + read('nsp_loss'), read('total_loss'), rtol=1e-5)

  @parameterized.parameters(1, 3, 9)
  def test_top_answers_against_numpy(self, k):
    rng = np.random.default_rng(k)
    teacher, student = rng.normal(scale=3, size=[2, 2, 3, 10])
    labels = rng.integers(0, 10, [2, 3])
    weights = np.array([[1, 1, 0], [1, 0, 0]], np.float32)
    t, s = map(_softmax, (teacher, student))
    expected = []
    for row in zip(*np.nonzero(weights), strict=True):
      top = np.argsort(-t[row])[:k]
      soft = -(t[row][top] * np.log(s[row][top])).sum() - (
          1 - t[row][top].sum()) * np.log(1 - s[row][top].sum())
      expected.append(0.3 * -np.log(s[row][labels[row]]) + 0.7 * soft)
    answers = losses.top_answers(tf.constant(teacher), k)
    found = losses.soft_masked_lm_of_top(
        answers, tf.constant(student), labels, weights, 0.3)
    self.assertAllClose(found, np.mean(expected), rtol=1e-5)
    if k == 9:  # The rest is a single token.
      self.assertAllClose(found, losses.soft_masked_lm(
          teacher, student, labels, weights, 0.3), rtol=1e-5)

  def test_a_student_that_is_sure_has_finite_gradients(self):
    logits = tf.constant([[[60.0, 0.0, 0.0, 0.0]]])
    answers = losses.top_answers(tf.zeros([1, 1, 4]), 1)
    with tf.GradientTape() as tape:
      tape.watch(logits)
      loss = losses.soft_masked_lm_of_top(
          answers, logits, tf.zeros([1, 1], tf.int32), tf.ones([1, 1]), 0.0)
    # What the student says less what the teacher says, as of two classes.
    self.assertAllClose(tape.gradient(loss, logits)[0, 0],
                        [0.75, -0.25, -0.25, -0.25], atol=1e-6)

  def test_padding_does_not_count(self):
    rng = np.random.default_rng(0)
    teacher, student = rng.normal(size=[2, 2, 5, 8]).astype(np.float32)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], np.int32)
    for function, oracle in (
        (losses.mean_transfer,
         lambda t, s: (t.mean(-1) - s.mean(-1)) ** 2),
        (losses.variance_transfer,
         lambda t, s: np.abs(t.var(-1) - s.var(-1)))):
      expected = oracle(teacher, student)[mask == 1].mean()
      self.assertAllClose(function(teacher, student, mask), expected, rtol=1e-5)
    normalized = [(x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
                  for x in (teacher, student)]
    expected = np.square(normalized[0] - normalized[1]).mean(-1)[mask == 1]
    self.assertAllClose(losses.feature_map_transfer(teacher, student, mask),
                        expected.mean(), rtol=1e-5)

  def test_attention_of_padding_queries_does_not_count(self):
    rng = np.random.default_rng(1)
    teacher, student = rng.normal(size=[2, 1, 2, 4, 4]).astype(np.float32)
    mask = np.array([[1, 1, 1, 0]], np.int32)
    hidden = np.where(mask[:, None, None, :], 0, -1e9).astype(np.float32)
    p, q = _softmax(teacher + hidden), _softmax(student + hidden)
    with np.errstate(divide='ignore', invalid='ignore'):
      divergence = np.where(p > 0, p * np.log(p / q), 0).sum(-1)  # [B, N, S]
    expected = divergence.mean(1)[mask == 1].mean()
    self.assertAllClose(
        losses.attention_transfer(teacher + hidden, student + hidden, mask),
        expected, rtol=1e-5)

  def test_an_even_student_loses_the_logarithm_of_its_classes(self):
    teacher = tf.constant([[np.log(3.0), 0.0]], tf.float32)
    self.assertAllClose(losses.soft_cross_entropy(
        teacher, tf.zeros([1, 2])), np.log(2.0), 1e-6)

  def test_no_prediction_is_no_loss(self):
    logits = tf.zeros([1, 2, 5])
    nothing = tf.zeros([1, 2])
    self.assertEqual(
        losses.masked_lm(logits, tf.zeros([1, 2], tf.int32), nothing), 0.0)

  def test_bfloat16_is_summed_in_float32(self):
    features = tf.cast(tf.reshape(tf.range(64.0), [1, 4, 16]), tf.bfloat16)
    loss = losses.variance_transfer(features, features * 2)
    self.assertEqual(loss.dtype, tf.float32)


if __name__ == '__main__':
  tf.test.main()
