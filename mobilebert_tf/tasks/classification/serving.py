# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Served modules of whole texts: labels with probabilities, and values."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from mobilebert_tf.deployment import served_module


class TextClassification(served_module.ServedModule):
  """Answers texts, or pairs of texts, with labels and probabilities.

  Outputs: `probabilities`, float32 `[batch, labels]`; `label`, string
  `[batch]`, the most probable one; `labels`, string `[batch, labels]`, all of
  them in the order of the probabilities.

  Args: Those of `ServedModule`, and
    labels: Names of the classes, in the order of the logits.

  Example: `module.serve_text(text=tf.constant(['a text']))['label']`
  """

  def __init__(self, *args: Any, labels: Sequence[str], **options: Any):
    super().__init__(*args, **options)
    self._labels = tuple(labels)

  def _summarize(self, outputs: tf.Tensor, mask: tf.Tensor
                 ) -> dict[str, tf.Tensor]:
    return {'probabilities': tf.nn.softmax(tf.cast(outputs, tf.float32))}

  def _describe(self, summary: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    labels = tf.constant(self._labels)
    best = tf.argmax(summary['probabilities'], axis=-1)
    return {
        **summary,
        'label': tf.gather(labels, best),
        # TensorFlow Serving wants a row of every output for each text.
        'labels': tf.tile(labels[tf.newaxis], [tf.size(best), 1]),
    }


class TextRegression(served_module.ServedModule):
  """Answers texts, or pairs of texts, with a number.

  Output: `score`, float32 `[batch]`.

  Args: Those of `ServedModule`; the model has one logit.

  Example: `module.serve_text(text=texts, pair=others)['score']`
  """

  def _summarize(self, outputs: tf.Tensor, mask: tf.Tensor
                 ) -> dict[str, tf.Tensor]:
    return {'score': tf.cast(outputs[:, 0], tf.float32)}
