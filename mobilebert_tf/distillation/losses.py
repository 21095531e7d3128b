# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Losses of transfer and distillation: pure functions of teacher and student.

A single loss is a float32 scalar, the mean over all but the dimension that it
compares. With a mask, padding does not count, which is what the paper means;
without one every position counts, padding too, which is what the released TF1
code computes. Sun et al. 2020, section 3.3, and google-research
`mobilebert/run_pretraining.py`.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf

from official.modeling.hyperparams import base_config

TERMS = ('feature_map', 'attention', 'mean', 'variance')
VARIANTS = ('paper', 'tf1_reference')
# Under the root, so that a token whose channels are all equal has gradients.
_EPSILON = 1e-12
_NEVER = -1e30  # A logit without probability.


@dataclasses.dataclass
class LossWeights(base_config.Config):
  """Weight of each term; the defaults are those of the reference.

  Attributes:
    feature_map: Weight of `feature_map_transfer`.
    attention: Weight of `attention_transfer`.
    mean: Weight of `mean_transfer`.
    variance: Weight of `variance_transfer`.
    masked_lm: Weight of `soft_masked_lm`.
    next_sentence: Weight of `next_sentence`.
    ground_truth_ratio: Share of the true token in the distillation's targets.
  """
  feature_map: float = 100.0
  attention: float = 1.0
  mean: float = 5000.0
  variance: float = 5.0
  masked_lm: float = 1.0
  next_sentence: float = 1.0
  ground_truth_ratio: float = 0.5


def transfer_losses(teacher: Mapping[str, Sequence[tf.Tensor]],
                    student: Mapping[str, Sequence[tf.Tensor]],
                    mask: tf.Tensor) -> dict[str, tf.Tensor]:
  """Computes the terms of knowledge transfer as the paper defines them.

  Args:
    teacher: `encoder_outputs` and `attention_scores` of the compared blocks.
    student: Those of the student's blocks, in the same order.
    mask: As in `feature_map_transfer`.

  Returns:
    float32 `[blocks]` by the names of `TERMS`, unweighted.
  """
  features = list(zip(teacher['encoder_outputs'], student['encoder_outputs'],
                      strict=True))
  scores = list(zip(teacher['attention_scores'], student['attention_scores'],
                    strict=True))
  functions = {
      'feature_map': (feature_map_transfer, features),
      'attention': (attention_transfer, scores),
      'mean': (mean_transfer, features),
      'variance': (variance_transfer, features),
  }
  return {name: tf.stack([function(*pair, mask) for pair in pairs])
          for name, (function, pairs) in functions.items()}


def transfer_losses_tf1_reference(
    teacher: Mapping[str, Sequence[tf.Tensor]],
    student: Mapping[str, Sequence[tf.Tensor]]) -> dict[str, tf.Tensor]:
  """Computes the terms of knowledge transfer as the released TF1 code does.

  Padding counts, attention is compared by cross-entropy, and mean and variance
  of each block of the student with those of all the teacher's outputs.

  Args:
    teacher: As in `transfer_losses`, and in it `all_outputs`, `[blocks + 1,
      batch, length, width]`, the embedding's and every block's.
    student: As in `transfer_losses`.

  Returns:
    float32 `[blocks]` by the names of `TERMS`, unweighted.
  """
  everything = tf.stack(teacher['all_outputs'])
  outputs = student['encoder_outputs']
  return {
      'feature_map': tf.stack([
          feature_map_transfer(*pair) for pair in zip(
              teacher['encoder_outputs'], outputs, strict=True)]),
      'attention': tf.stack([
          attention_transfer_tf1_reference(*pair) for pair in zip(
              teacher['attention_scores'], student['attention_scores'],
              strict=True)]),
      'mean': tf.stack([
          mean_transfer(everything, hidden) for hidden in outputs]),
      'variance': tf.stack([
          variance_transfer(everything, hidden) for hidden in outputs]),
  }


def feature_map_transfer(teacher: tf.Tensor, student: tf.Tensor,
                         mask: tf.Tensor | None = None) -> tf.Tensor:
  """Mean squared error of the feature maps, each normalized (equation 2).

  Mean and variance of a token have losses of their own (`mean_transfer`,
  `variance_transfer`): their scale differs from that of the shape by orders of
  magnitude.

  Args:
    teacher: Output of the teacher's block, `[batch, length, width]`.
    student: Output of the student's block, of the same shape.
    mask: 1 for tokens and 0 for padding, `[batch, length]`; None counts all.

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
    teacher: Outputs of the teacher, `[..., batch, length, width]`. The TF1 code
      compares each student's block with all of them; the result is the mean.
    student: Output of the student's block, `[batch, length, width]`.
    mask: As in `feature_map_transfer`.

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

  Arguments are those of `mean_transfer`.

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
  """KL divergence of the student's attention from the teacher's (equation 3).

  Args:
    teacher_scores: Masked scores before the softmax,
      `[batch, heads, queries, keys]`.
    student_scores: Scores of the student, of the same shape.
    mask: As in `feature_map_transfer`; of queries, as keys are masked already.

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
  in the student, and counts padding queries. Arguments are those of
  `attention_transfer`.

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
    logits: Logits, `[batch, predictions, vocab_size]`.
    labels: Masked tokens, int `[batch, predictions]`.
    weights: 0 for slots without a prediction, `[batch, predictions]`.

  Example:

  >>> logits = tf.math.log([[[0.25, 0.75]]])
  >>> round(float(masked_lm(logits, tf.constant([[1]]), tf.ones([1, 1]))), 4)
  0.2877
  """
  losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
      labels, tf.cast(logits, tf.float32))
  return _weighted_mean(losses, weights)


def soft_masked_lm(teacher_logits: tf.Tensor, student_logits: tf.Tensor,
                   labels: tf.Tensor, weights: tf.Tensor,
                   ground_truth_ratio: float) -> tf.Tensor:
  """Cross-entropy with a mixture of true token and teacher's distribution.

  The first two terms of equation 4: mixing losses is mixing targets.

  Args:
    teacher_logits: Logits, `[batch, predictions, vocab_size]`.
    student_logits: Logits of the student, of the same shape.
    labels: As in `masked_lm`.
    weights: As in `masked_lm`.
    ground_truth_ratio: Share of the true token, 0 to 1; the equation's alpha.

  Example:

  >>> logits = tf.math.log([[[0.25, 0.75]]])
  >>> float(soft_masked_lm(logits, logits, tf.constant([[1]]),
  ...                      tf.ones([1, 1]), 1.0)) > 0.28
  True
  """
  soft = soft_cross_entropy(teacher_logits, student_logits, weights)
  return (ground_truth_ratio * masked_lm(student_logits, labels, weights)
          + (1 - ground_truth_ratio) * soft)


class TopAnswers(NamedTuple):
  """A teacher's most probable tokens, and all others as one.

  Attributes:
    ids: Tokens, int32 `[..., k]`.
    log_probabilities: Their log probabilities, float32 `[..., k]`.
    rest: Log of the sum of all other probabilities, float32 `[...]`.
  """
  ids: tf.Tensor
  log_probabilities: tf.Tensor
  rest: tf.Tensor


def top_answers(logits: tf.Tensor, k: int) -> TopAnswers:
  """Keeps the `k` largest logits `[..., vocab_size]`, and the others' mass.

  Example:

  >>> found = top_answers(tf.math.log([[0.2, 0.7, 0.1]]), k=1)
  >>> found.ids.numpy().tolist(), round(float(tf.exp(found.rest)[0]), 4)
  ([[1]], 0.3)
  """
  logits = tf.cast(logits, tf.float32)
  _, ids = tf.math.top_k(logits, k)
  return TopAnswers(ids, *_top_and_rest(logits, ids))


def soft_masked_lm_of_top(answers: TopAnswers, student_logits: tf.Tensor,
                          labels: tf.Tensor, weights: tf.Tensor,
                          ground_truth_ratio: float) -> tf.Tensor:
  """`soft_masked_lm` by a teacher's most probable tokens and one of the rest.

  The student's other tokens count as one as well, so the loss does not ask how
  the rest is shared among them.

  Args:
    answers: Answers of the teacher, of `[batch, predictions]` places.
    student_logits: Logits of the student, `[batch, predictions, vocab_size]`.
    labels: As in `masked_lm`.
    weights: As in `masked_lm`.
    ground_truth_ratio: As in `soft_masked_lm`.

  Example:

  >>> logits = tf.math.log([[[0.25, 0.75]]])
  >>> round(float(soft_masked_lm_of_top(
  ...     top_answers(logits, 1), logits, tf.constant([[1]]), tf.ones([1, 1]),
  ...     ground_truth_ratio=0.0)), 4)  # As `soft_masked_lm`: one is the rest.
  0.5623
  """
  top, rest = _top_and_rest(tf.cast(student_logits, tf.float32), answers.ids)
  soft = -(tf.reduce_sum(tf.exp(answers.log_probabilities) * top, -1)
           + tf.exp(answers.rest) * rest)
  return (ground_truth_ratio * masked_lm(student_logits, labels, weights)
          + (1 - ground_truth_ratio) * _weighted_mean(soft, weights))


def _top_and_rest(logits: tf.Tensor,
                  ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns log probabilities of tokens, and of all others together."""
  total = tf.reduce_logsumexp(logits, -1, keepdims=True)
  top = tf.gather(logits, ids, batch_dims=ids.shape.rank - 1)
  # Subtracting the probabilities from 1 would lose a small rest.
  shape, count = tf.shape(logits), tf.shape(ids)[-1]
  rows = tf.reshape(logits, [-1, shape[-1]])
  row = tf.repeat(tf.range(tf.shape(rows)[0]), count)
  others = tf.tensor_scatter_nd_update(
      rows, tf.stack([row, tf.reshape(ids, [-1])], -1),
      tf.fill(tf.shape(row), _NEVER))
  rest = tf.reshape(tf.reduce_logsumexp(others, -1), shape[:-1])
  return top - total, rest - total[..., 0]


def soft_cross_entropy(teacher_logits: tf.Tensor, student_logits: tf.Tensor,
                       weights: tf.Tensor | None = None,
                       temperature: float = 1.0) -> tf.Tensor:
  """Cross-entropy with the teacher's distribution.

  Args:
    teacher_logits: Logits, `[..., classes]`.
    student_logits: Logits of the student, of the same shape.
    weights: 0 for what does not count, `[...]`; None counts all.
    temperature: Divisor of both logits; the result is multiplied by its square,
      so that gradients keep their size (Hinton et al. 2015).

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

  Arguments are those of `soft_cross_entropy`.

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
    teacher: Values, `[..., values]`.
    student: Values of the student, of the same shape.
    weights: As in `soft_cross_entropy`.
    temperature: Not used; values are no logits.

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
    logits: Logits, `[batch, 2]`.
    labels: 0 where the second segment follows, int `[batch, 1]`.

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
