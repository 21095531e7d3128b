# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Losses of labelled texts: weights of classes, and the focal loss.

The focal loss (Lin et al. 2017, "Focal loss for dense object detection",
equation 4) multiplies the cross-entropy of an answer by `(1 - p) ** gamma`, p
being the probability of the truth: what is right already counts less.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def softmax_loss(logits: tf.Tensor, labels: tf.Tensor,
                 class_weights: Sequence[float] = (),
                 focal_gamma: float = 0.0) -> tf.Tensor:
  """Returns the loss of each text whose classes exclude each other.

  Args:
    logits: float32 `[texts, classes]`.
    labels: Classes, int32 `[texts]`.
    class_weights: Weight of each class, as Keras' `class_weight`: losses are
      multiplied by that of their class; empty for 1.
    focal_gamma: Exponent of the focal loss; 0 for the cross-entropy.

  Returns:
    float32 `[texts]`.

  Example:

  >>> logits = tf.math.log([[0.8, 0.2]])  # 0.04 of the cross-entropy.
  >>> round(float(softmax_loss(logits, [0], focal_gamma=2.0)[0]), 4)
  0.0089
  """
  logits = tf.convert_to_tensor(logits, tf.float32)
  loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
  if focal_gamma:
    # Of the other classes' logits: 1 - p would be 0, and its power have no
    # finite gradient, where the model is sure.
    is_truth = tf.one_hot(labels, tf.shape(logits)[-1], True, False, dtype=bool)
    others = tf.where(is_truth, logits.dtype.min, logits)
    log_rest = (tf.reduce_logsumexp(others, -1)
                - tf.reduce_logsumexp(logits, -1))
    loss *= tf.exp(focal_gamma * log_rest)
  if class_weights:
    loss *= tf.gather(tf.constant(list(class_weights), tf.float32), labels)
  return loss


def sigmoid_loss(logits: tf.Tensor, labels: tf.Tensor,
                 class_weights: Sequence[float] = (),
                 focal_gamma: float = 0.0) -> tf.Tensor:
  """Returns the loss of each text that can have several labels.

  Args:
    logits: float32 `[texts, labels]`.
    labels: 0 or 1, `[texts, labels]`.
    class_weights: Weight of each label where a text has it; empty for 1. What
      texts do not have counts 1.
    focal_gamma: Exponent of the focal loss; 0 for the cross-entropy.

  Returns:
    The mean over labels, float32 `[texts]`.
  """
  labels = tf.cast(labels, tf.float32)
  loss = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
  if focal_gamma:
    # The logarithm of what is left for the truth.
    loss *= tf.exp(focal_gamma * tf.math.log_sigmoid(
        tf.where(labels > 0, -logits, logits)))
  if class_weights:
    loss *= tf.where(labels > 0, tf.constant(
        list(class_weights), tf.float32), 1.0)
  return tf.reduce_mean(loss, -1)


def balanced_weights(labels: np.ndarray, num_classes: int) -> list[float]:
  """Returns weights by which all classes count alike.

  They are those of scikit-learn, whose mean over the texts is 1, or of several
  labels a text the texts without a label for each with it.

  Args:
    labels: Classes, int `[texts]`; or 0 or 1, `[texts, labels]`.
    num_classes: Number of classes or labels.

  Raises:
    ValueError: If no text has a class, or every one has a label.

  Example: `balanced_weights(np.array([0, 0, 0, 1]), 2)  # [2 / 3, 2]`
  """
  if labels.ndim == 2:
    counts = labels.sum(0)
    rest = len(labels) - counts
  else:
    counts = np.bincount(labels, minlength=num_classes)
    rest = np.full(num_classes, len(labels) / num_classes)
  if not (counts.all() and rest.all()):
    raise ValueError('Weights cannot be balanced: a label is that of no text, '
                     'or of every one. Name weights.')
  return (rest / counts).tolist()


def check(class_weights: Sequence[float], focal_gamma: float,
          num_classes: int) -> None:
  """Raises ValueError unless the settings of a loss make sense."""
  if class_weights and len(class_weights) != num_classes:
    raise ValueError(f'There are {len(class_weights)} class_weights for '
                     f'{num_classes} classes.')
  if not all(0 < weight < float('inf') for weight in class_weights):
    raise ValueError(f'class_weights are {list(class_weights)}; each is a '
                     'number above 0.')
  if not 0 <= focal_gamma < float('inf'):
    raise ValueError(f'focal_gamma is {focal_gamma}; it is 0 or more.')
