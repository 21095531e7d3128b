# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Losses of self-attention relations, between models of any two shapes.

How much each token resembles each other one is a matrix of tokens, whatever the
width of their vectors: the softmax of the scaled products of all queries with
all queries, of keys with keys, of values with values (Wang et al. 2021,
MiniLMv2, section 3). The vectors of all heads are joined and split anew, into
as many relation heads in both models.

They are pure functions of teacher, student and mask, as those of `losses`.
"""

import dataclasses
import math
from collections.abc import Mapping

import tensorflow as tf

from official.modeling.hyperparams import base_config

VECTORS = ('queries', 'keys', 'values')
_PADDING_SCORE = -1e9  # A softmax makes it a weight of exactly 0.


@dataclasses.dataclass
class RelationWeights(base_config.Config):
  """Weight of each term; the defaults are for a teacher without heads.

  Attributes:
    queries: Weight of the relations of queries.
    keys: Weight of the relations of keys.
    values: Weight of the relations of values.
    pretraining: Weight of masked LM and next sentence, as without a teacher.
    soft_masked_lm: Weight of the cross-entropy with the teacher's distribution
      of the masked tokens, for which it needs a masked-LM head.
  """
  queries: float = 1.0
  keys: float = 1.0
  values: float = 1.0
  pretraining: float = 1.0
  soft_masked_lm: float = 0.0

  def __post_init__(self, *args, **kwargs):
    super().__post_init__(*args, **kwargs)
    for name, value in self.as_dict().items():
      if not 0 <= value < float('inf'):
        raise ValueError(f'loss_weights.{name} is {value}; it has to be a '
                         'number, 0 or more.')
    if not any(value for name, value in self.as_dict().items()
               if name != 'pretraining'):
      raise ValueError(
          'All of loss_weights that are of the teacher are 0. Set one, or '
          'train without a teacher: mobilebert/pretrain.')


def relation_losses(teacher: Mapping[str, tf.Tensor],
                    student: Mapping[str, tf.Tensor], mask: tf.Tensor,
                    relation_heads: int) -> dict[str, tf.Tensor]:
  """Computes the terms of the relations of queries, keys and values.

  Args:
    teacher: Vectors of a block by the names of `VECTORS`.
    student: Those of a block of the student.
    mask: As in `relation_transfer`.
    relation_heads: As in `relation_transfer`.

  Returns:
    float32 scalars by the names of `VECTORS`, unweighted.
  """
  return {name: relation_transfer(teacher[name], student[name], mask,
                                  relation_heads) for name in VECTORS}


def relation_transfer(teacher: tf.Tensor, student: tf.Tensor, mask: tf.Tensor,
                      relation_heads: int) -> tf.Tensor:
  """KL divergence of the student's relations from the teacher's.

  It is the mean over relation heads and over tokens, of which the relations of
  each are one distribution over all tokens of its text. Padding counts on
  neither side.

  Args:
    teacher: Vectors of all heads, `[batch, length, width]`.
    student: Vectors of the student, `[batch, length, any width]`.
    mask: 1 for tokens and 0 for padding, `[batch, length]`.
    relation_heads: Number of heads that both are split into.

  Raises:
    ValueError: If the relation heads do not divide a width.

  Example:

  >>> x = tf.random.normal([1, 3, 4])
  >>> float(relation_transfer(x, x, tf.ones([1, 3]), 2))
  0.0
  """
  mask = tf.cast(mask, tf.float32)
  ours, theirs = (_log_relations(vectors, mask, relation_heads)
                  for vectors in (student, teacher))
  divergence = tf.reduce_sum(
      tf.exp(theirs) * (theirs - ours), -1)  # [B, heads, S]
  return tf.math.divide_no_nan(
      tf.reduce_sum(tf.reduce_mean(divergence, 1) * mask), tf.reduce_sum(mask))


def check_heads(relation_heads: int, teacher_width: int,
                student_width: int) -> None:
  """Raises ValueError if relation heads do not divide the widths of vectors."""
  if relation_heads < 1:
    raise ValueError(f'relation_heads is {relation_heads}; it has to be at '
                     'least 1.')
  common = math.gcd(teacher_width, student_width)
  for who, width in (('teacher', teacher_width), ('student', student_width)):
    if width % relation_heads:
      raise ValueError(
          f'relation_heads={relation_heads} does not divide {width}, the width '
          f'of the {who}\'s queries, keys and values. It has to divide '
          f'{teacher_width} (teacher) and {student_width} (student): '
          f'{", ".join(str(n) for n in range(1, common + 1) if not common % n)}'
          '.')


def _log_relations(vectors: tf.Tensor, mask: tf.Tensor,
                   relation_heads: int) -> tf.Tensor:
  """Returns logarithms of relations, `[batch, heads, length, length]`."""
  shape, width = tf.shape(vectors), vectors.shape[-1]
  check_heads(relation_heads, width, width)
  size = width // relation_heads
  split = tf.reshape(tf.cast(vectors, tf.float32),
                     [shape[0], shape[1], relation_heads, size])
  split = tf.transpose(split, [0, 2, 1, 3])  # [B, heads, S, size]
  scores = tf.matmul(split, split, transpose_b=True) / math.sqrt(size)
  return tf.nn.log_softmax(
      scores + (1.0 - mask[:, tf.newaxis, tf.newaxis]) * _PADDING_SCORE)
