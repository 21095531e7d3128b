# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0


"""Means over a batch of which every replica has a part."""

import tensorflow as tf


def share_of_replica(weights: tf.Tensor) -> tf.Tensor:
  """Returns this replica's sum of weights relative to the replicas' mean.

  A replica's mean over its own tokens, times this, averaged over replicas, is
  the mean over all tokens of the global batch. Without it a token would count
  for more on a replica that has fewer, and the loss of a step would depend on
  how many devices share it.

  Args:
    weights: Of any shape; what the replica's mean is weighted with.

  Returns:
    A float32 scalar, 1 on a single device.
  """
  context = tf.distribute.get_replica_context()
  if context is None or context.num_replicas_in_sync == 1:
    return tf.constant(1.0)
  total = tf.reduce_sum(tf.cast(weights, tf.float32))
  mean = context.all_reduce(tf.distribute.ReduceOp.MEAN, total)
  return tf.math.divide_no_nan(total, mean)


def mean_over_replicas(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
  """Returns a weighted mean that, averaged over replicas, is the global one.

  Args:
    values: float32, of any shape.
    weights: Of the same shape.

  Returns:
    A float32 scalar, 0 if all weights are.
  """
  weights = tf.cast(weights, tf.float32)
  mean = tf.math.divide_no_nan(
      tf.reduce_sum(weights * values), tf.reduce_sum(weights))
  return mean * share_of_replica(weights)
