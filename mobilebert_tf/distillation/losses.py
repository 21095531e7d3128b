# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Losses of transfer and distillation: pure functions of teacher and student.

Each returns a float32 scalar, the mean over tokens. With a mask, padding does
not count, which is what the paper means; without one every position counts,
padding too, which is what the released TF1 code computes. Sun et al. 2020,
section 3.3, and google-research `mobilebert/run_pretraining.py`.
"""

import tensorflow as tf

# Under the root, so that a token whose channels are all equal has gradients.
_EPSILON = 1e-12


def feature_map_transfer(teacher: tf.Tensor, student: tf.Tensor,
                         mask: tf.Tensor | None = None) -> tf.Tensor:
  """Mean squared error of the feature maps, each normalized.

  Equation 2, with mean and variance of each token taken out; they have losses
  of their own (`mean_transfer`, `variance_transfer`), because their scale
  differs from that of the shape by orders of magnitude.

  Args:
    teacher: `[batch, length, width]`, the output of a teacher's block.
    student: The same of a student's.
    mask: `[batch, length]`, 1 for tokens and 0 for padding; None counts all.

  Returns:
    A scalar.

  Example:

  >>> x = tf.constant([[[1.0, 2.0, 4.0]]])
  >>> float(feature_map_transfer(x, 3 * x + 1)) < 1e-10
  True
  """
  difference = _normalize(teacher) - _normalize(student)
  return _mean_over_tokens(tf.reduce_mean(tf.square(difference), -1), mask)


def mean_transfer(teacher: tf.Tensor, student: tf.Tensor,
                  mask: tf.Tensor | None = None) -> tf.Tensor:
  """Mean squared error of each token's mean over channels.

  Args:
    teacher: `[..., batch, length, width]`. The TF1 code compares each student
      block with all outputs of the teacher at once, stacked in front; leading
      dimensions are averaged over.
    student: `[batch, length, width]`.
    mask: As in `feature_map_transfer`.

  Returns:
    A scalar.

  Example:

  >>> x = tf.constant([[[1.0, 3.0]]])
  >>> float(mean_transfer(x, x + 2))
  4.0
  """
  teacher, student = _float32(teacher, student)
  difference = tf.reduce_mean(teacher, -1) - tf.reduce_mean(student, -1)
  return _mean_over_tokens(tf.square(difference), mask)


def variance_transfer(teacher: tf.Tensor, student: tf.Tensor,
                      mask: tf.Tensor | None = None) -> tf.Tensor:
  """Mean absolute error of each token's variance over channels.

  Args:
    teacher: As in `mean_transfer`.
    student: `[batch, length, width]`.
    mask: As in `feature_map_transfer`.

  Returns:
    A scalar.

  Example:

  >>> x = tf.constant([[[1.0, 3.0]]])
  >>> float(variance_transfer(x, 2 * x))
  3.0
  """
  teacher, student = _float32(teacher, student)
  difference = (tf.math.reduce_variance(teacher, -1)
                - tf.math.reduce_variance(student, -1))
  return _mean_over_tokens(tf.abs(difference), mask)


def attention_transfer(teacher_scores: tf.Tensor, student_scores: tf.Tensor,
                       mask: tf.Tensor | None = None) -> tf.Tensor:
  """KL divergence of the student's attention from the teacher's, per head.

  Equation 3. The scores are those before the softmax, masked; both models have
  the same number of heads.

  Args:
    teacher_scores: `[batch, heads, length, length]`, queries before keys.
    student_scores: The same of the student.
    mask: As in `feature_map_transfer`; masks queries, keys are masked already.

  Returns:
    A scalar, the mean over heads and tokens.

  Example:

  >>> scores = tf.constant([[[[0.0, 1.0], [2.0, 0.0]]]])
  >>> float(attention_transfer(scores, scores))
  0.0
  """
  teacher_scores, student_scores = _float32(teacher_scores, student_scores)
  divergence = tf.reduce_sum(
      tf.nn.softmax(teacher_scores)
      * (tf.nn.log_softmax(teacher_scores)
         - tf.nn.log_softmax(student_scores)), -1)  # [B, N, S]
  return _mean_over_tokens(tf.reduce_mean(divergence, 1), mask)


def attention_transfer_tf1_reference(teacher_scores: tf.Tensor,
                                     student_scores: tf.Tensor) -> tf.Tensor:
  """Cross-entropy of attention, as the released TF1 code computes it.

  It exceeds the KL divergence by the teacher's entropy, which has no gradient
  in the student, and counts padding queries.

  Args:
    teacher_scores: `[batch, heads, length, length]`.
    student_scores: The same of the student.

  Returns:
    A scalar.

  Example:

  >>> scores = tf.zeros([1, 1, 2, 2])
  >>> round(float(attention_transfer_tf1_reference(scores, scores)), 4)
  0.6931
  """
  teacher_scores, student_scores = _float32(teacher_scores, student_scores)
  return -tf.reduce_mean(tf.reduce_sum(
      tf.nn.softmax(teacher_scores) * tf.nn.log_softmax(student_scores), -1))


def masked_lm(logits: tf.Tensor, labels: tf.Tensor,
              weights: tf.Tensor) -> tf.Tensor:
  """Cross-entropy of the masked tokens.

  Args:
    logits: `[batch, predictions, vocab_size]`.
    labels: int `[batch, predictions]`, the tokens that were masked.
    weights: `[batch, predictions]`, 0 for slots that hold no prediction.

  Returns:
    A scalar, the mean over predictions.

  Example:

  >>> logits = tf.math.log([[[0.25, 0.75]]])
  >>> float(tf.exp(-masked_lm(logits, tf.constant([[1]]), tf.ones([1, 1]))))
  0.75
  """
  losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
      labels, tf.cast(logits, tf.float32))
  return _weighted_mean(losses, weights)


def soft_masked_lm(teacher_logits: tf.Tensor, student_logits: tf.Tensor,
                   labels: tf.Tensor, weights: tf.Tensor,
                   ground_truth_ratio: float) -> tf.Tensor:
  """Cross-entropy with a mixture of true token and teacher's distribution.

  The first two terms of equation 4, `ground_truth_ratio` being its alpha:
  mixing the losses and mixing the targets is the same.

  Args:
    teacher_logits: `[batch, predictions, vocab_size]`.
    student_logits: The same of the student.
    labels: As in `masked_lm`.
    weights: As in `masked_lm`.
    ground_truth_ratio: Share of the true token, 0 to 1; 0.5 in the reference.

  Returns:
    A scalar, the mean over predictions.

  Example:

  >>> logits = tf.math.log([[[0.25, 0.75]]])
  >>> float(soft_masked_lm(logits, logits, tf.constant([[1]]),
  ...                      tf.ones([1, 1]), 1.0)) > 0.28
  True
  """
  soft = soft_cross_entropy(teacher_logits, student_logits, weights)
  return (ground_truth_ratio * masked_lm(student_logits, labels, weights)
          + (1 - ground_truth_ratio) * soft)


def soft_cross_entropy(teacher_logits: tf.Tensor, student_logits: tf.Tensor,
                       weights: tf.Tensor | None = None,
                       temperature: float = 1.0) -> tf.Tensor:
  """Cross-entropy with the teacher's distribution.

  Args:
    teacher_logits: `[..., classes]`.
    student_logits: The same of the student.
    weights: `[...]`, 0 for what does not count; None counts all.
    temperature: Divides both logits; the result is multiplied by its square,
      so that gradients keep their size (Hinton et al. 2015).

  Returns:
    A scalar, the mean over all but the last dimension.

  Example:

  >>> logits = tf.math.log([[0.25, 0.75]])
  >>> round(float(soft_cross_entropy(logits, logits)), 4)  # Their entropy.
  0.5623
  """
  teacher_logits, student_logits = _float32(teacher_logits, student_logits)
  soft = tf.nn.softmax_cross_entropy_with_logits(
      tf.nn.softmax(teacher_logits / temperature), student_logits / temperature)
  return temperature**2 * _mean(soft, weights)


def soft_binary_cross_entropy(
    teacher_logits: tf.Tensor, student_logits: tf.Tensor,
    weights: tf.Tensor | None = None, temperature: float = 1.0) -> tf.Tensor:
  """Cross-entropy with the teacher's probability of each independent class.

  Args:
    teacher_logits: `[..., classes]`.
    student_logits: The same of the student.
    weights: As in `soft_cross_entropy`.
    temperature: As in `soft_cross_entropy`.

  Returns:
    A scalar, the mean over classes and over all other dimensions.

  Example:

  >>> zeros = tf.zeros([1, 2])
  >>> round(float(soft_binary_cross_entropy(zeros, zeros)), 4)
  0.6931
  """
  teacher_logits, student_logits = _float32(teacher_logits, student_logits)
  soft = tf.nn.sigmoid_cross_entropy_with_logits(
      tf.nn.sigmoid(teacher_logits / temperature), student_logits / temperature)
  return temperature**2 * _mean(tf.reduce_mean(soft, -1), weights)


def squared_error(teacher: tf.Tensor, student: tf.Tensor,
                  weights: tf.Tensor | None = None,
                  temperature: float = 1.0) -> tf.Tensor:
  """Mean squared error of the values of a regression.

  Args:
    teacher: `[..., values]`.
    student: The same of the student.
    weights: As in `soft_cross_entropy`.
    temperature: Not used; values are no logits.

  Returns:
    A scalar.

  Example:

  >>> float(squared_error(tf.constant([[1.0]]), tf.constant([[3.0]])))
  4.0
  """
  del temperature
  teacher, student = _float32(teacher, student)
  return _mean(tf.reduce_mean(tf.square(teacher - student), -1), weights)


def next_sentence(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
  """Cross-entropy of the next-sentence head.

  Args:
    logits: `[batch, 2]`.
    labels: int `[batch, 1]`, 0 where the second segment follows.

  Returns:
    A scalar, the mean over the batch.

  Example:

  >>> round(float(next_sentence(tf.zeros([1, 2]), tf.constant([[0]]))), 4)
  0.6931
  """
  return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
      tf.reshape(labels, [-1]), tf.cast(logits, tf.float32)))


def _float32(*tensors: tf.Tensor) -> list[tf.Tensor]:
  return [tf.cast(tensor, tf.float32) for tensor in tensors]


def _normalize(features: tf.Tensor) -> tf.Tensor:
  """LayerNorm without parameters, as the reference's losses have it."""
  features = tf.cast(features, tf.float32)
  mean, variance = tf.nn.moments(features, axes=[-1], keepdims=True)
  return (features - mean) * tf.math.rsqrt(variance + _EPSILON)


def _mean_over_tokens(values: tf.Tensor,
                      mask: tf.Tensor | None) -> tf.Tensor:
  """Returns the mean of `[..., batch, length]`, without padding if masked."""
  if mask is None:
    return tf.reduce_mean(values)
  return _weighted_mean(values, tf.broadcast_to(mask, tf.shape(values)))


def _mean(values: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
  return (tf.reduce_mean(values) if weights is None
          else _weighted_mean(values, weights))


def _weighted_mean(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
  weights = tf.cast(weights, tf.float32)
  return tf.math.divide_no_nan(
      tf.reduce_sum(values * weights), tf.reduce_sum(weights))
