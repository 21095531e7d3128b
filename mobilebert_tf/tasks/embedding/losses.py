# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Losses of vectors of texts, each a mean over the texts of a batch.

All take float32 `[batch, size]` and return a scalar. Vectors need not have
length 1: similarities are cosines, and what is 0 has a similarity of 0.
"""

import tensorflow as tf

from mobilebert_tf.modeling import sentence_encoder

# Added to a score in place of minus infinity, whose gradient is not a number.
_NEVER = -1e9


def cosines(vectors: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
  """Returns the cosine of each vector with the other of its row, `[batch]`."""
  return tf.reduce_sum(sentence_encoder.unit_length(vectors)
                       * sentence_encoder.unit_length(others), axis=-1)


def similarities(vectors: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
  """Returns the cosines of all vectors with all others, `[batch, others]`."""
  return tf.matmul(sentence_encoder.unit_length(vectors),
                   sentence_encoder.unit_length(others), transpose_b=True)


# === A teacher ===


def cosine_distance(teacher: tf.Tensor, student: tf.Tensor) -> tf.Tensor:
  """Returns the mean of 1 minus the cosine of teacher's and student's vectors.

  The direction alone is matched, as only that is compared later; the first
  term of Jasper and Stella (Zhang et al. 2024).
  """
  return 1.0 - tf.reduce_mean(cosines(teacher, student))


def squared_error(teacher: tf.Tensor, student: tf.Tensor) -> tf.Tensor:
  """Returns the mean squared difference of all entries.

  Reimers and Gurevych 2020, equation 1, and `MSELoss` of their library.
  """
  return tf.reduce_mean(tf.math.squared_difference(teacher, student))


def similarity_error(teacher: tf.Tensor, student: tf.Tensor) -> tf.Tensor:
  """Returns the mean squared difference of the batch's similarity matrices.

  Vectors of teacher and student may have different sizes. Similarity-preserving
  distillation (arXiv 1907.09682) of cosines; a term of Zhang et al. 2024 too.
  """
  return tf.reduce_mean(tf.math.squared_difference(
      similarities(teacher, teacher), similarities(student, student)))


# === Pairs and triplets ===


def ranking(texts: tf.Tensor, positives: tf.Tensor,
            negatives: tf.Tensor | None = None, temperature: float = 0.05,
            symmetric: bool = False,
            same: tf.Tensor | None = None) -> tf.Tensor:
  """Returns the cross-entropy of finding the positive of each text.

  The positives of the other texts in the batch are negatives (Henderson et al.
  2017, section 4.4; `MultipleNegativesRankingLoss`), and all hard negatives of
  all texts besides (Karpukhin et al. 2020). The temperature is that of InfoNCE
  (van den Oord et al. 2018), and the symmetric form that of CLIP (Radford et
  al. 2021).

  Args:
    texts: Vectors of the texts.
    positives: Vectors of their positives.
    negatives: Vectors of hard negatives, `[any, size]`, if there are any.
    temperature: Divisor of similarities, above 0.
    symmetric: Whether to average with the loss of finding the text of each
      positive among all texts.
    same: bool `[batch, batch + any]`, what is no negative of a row, as it is
      the same text as its positive; the diagonal is not read.
  """
  documents = positives if negatives is None else tf.concat(
      [positives, negatives], axis=0)
  scores = similarities(texts, documents) / temperature  # [B, B + N]
  if same is not None:
    of_others = tf.linalg.set_diag(same, tf.zeros_like(texts[:, 0], tf.bool))
    scores += _NEVER * tf.cast(of_others, scores.dtype)
  loss = _diagonal_entropy(scores)
  if symmetric:
    columns = tf.transpose(scores[:, :tf.shape(positives)[0]])
    loss = (loss + _diagonal_entropy(columns)) / 2.0
  return loss


def _diagonal_entropy(scores: tf.Tensor) -> tf.Tensor:
  """Returns the mean cross-entropy where entry i of row i is right."""
  return tf.reduce_mean(
      tf.reduce_logsumexp(scores, axis=1) - tf.linalg.diag_part(scores))


def triplet(texts: tf.Tensor, positives: tf.Tensor, negatives: tf.Tensor,
            margin: float = 0.2) -> tf.Tensor:
  """Returns how far negatives are from being farther by a margin.

  Schroff et al. 2015, equation 3, with the distance 1 minus cosine, which is
  half of their squared distance; `TripletLoss` with that distance.

  Args:
    texts: Vectors of the texts.
    positives: Vectors of their positives.
    negatives: Vectors of a negative of each.
    margin: Least difference of the two distances that costs nothing.
  """
  return tf.reduce_mean(tf.nn.relu(
      cosines(texts, negatives) - cosines(texts, positives) + margin))


# === Scored pairs ===


def score_error(texts: tf.Tensor, pairs: tf.Tensor,
                scores: tf.Tensor) -> tf.Tensor:
  """Returns the mean squared difference of cosines and scores.

  Reimers and Gurevych 2019, section 3; `CosineSimilarityLoss`.

  Args:
    texts: Vectors of the texts.
    pairs: Vectors of their second texts.
    scores: float32 `[batch]`, from 0 or -1 to 1.
  """
  return tf.reduce_mean(
      tf.math.squared_difference(cosines(texts, pairs), scores))


def score_order(texts: tf.Tensor, pairs: tf.Tensor, scores: tf.Tensor,
                temperature: float = 0.05) -> tf.Tensor:
  """Returns CoSENT's loss of pairs that are not in the order of their scores.

  Su 2022 (kexue.fm/archives/8847), `CoSENTLoss`: log(1 + sum of
  exp((cos_i - cos_j) / temperature) over all i and j where the score of j is
  the higher one).

  Args:
    texts: Vectors of the texts.
    pairs: Vectors of their second texts.
    scores: float32 `[batch]`, on any scale.
    temperature: Divisor of differences, above 0.
  """
  found = cosines(texts, pairs) / temperature
  differences = found[:, tf.newaxis] - found[tf.newaxis, :]  # [i, j]
  counts = scores[:, tf.newaxis] < scores[tf.newaxis, :]
  differences += _NEVER * tf.cast(~counts, tf.float32)
  return tf.reduce_logsumexp(
      tf.concat([[0.0], tf.reshape(differences, [-1])], axis=0))


# === Health ===


def mean_similarity(vectors: tf.Tensor) -> tf.Tensor:
  """Returns the mean cosine of two different vectors of a batch.

  It is 1 for vectors of one direction; the anisotropy of Ethayarajh 2019,
  section 4.1.
  """
  count = tf.cast(tf.shape(vectors)[0], tf.float32)
  units = sentence_encoder.unit_length(vectors)
  total = tf.reduce_sum(tf.square(tf.reduce_sum(units, axis=0)))
  return (total - count) / tf.maximum(count * (count - 1.0), 1.0)


def effective_dimensions(vectors: tf.Tensor) -> tf.Tensor:
  """Returns the number of directions in which vectors of a batch differ.

  The participation ratio of the eigenvalues of their covariance, tr(C)^2 /
  tr(C^2): 1 if all lie on a line, their number if all are equally far apart.
  """
  units = sentence_encoder.unit_length(vectors)
  centred = units - tf.reduce_mean(units, axis=0)
  products = tf.matmul(centred, centred, transpose_b=True)
  return tf.math.divide_no_nan(
      tf.square(tf.linalg.trace(products)), tf.reduce_sum(tf.square(products)))
