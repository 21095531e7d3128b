# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Served module of texts with any number of labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import served_module


class TextLabels(served_module.ServedModule):
  """Answers texts, or pairs of texts, with any number of labels.

  Outputs, each `[batch, labels]`: `probabilities`, float32; `labels`, string,
  the names of all labels; `selected`, string, the name of a label that the text
  has and '' otherwise; `margins`, float32, the probability of a label minus its
  threshold, 0 or more where the text has it.

  Args: Those of `ServedModule`, and
    labels: Names of the labels, in the order of the logits.
    thresholds: Least probability with which a text has a label, float32
      `[labels]`.

  Example: `module.serve_text(text=tf.constant(['a text']))['selected']`
  """

  def __init__(self, *args: Any, labels: Sequence[str],
               thresholds: np.ndarray, **options: Any):
    super().__init__(*args, **options)
    self._labels = tuple(labels)
    self._thresholds = tuple(map(float, thresholds))

  def _summarize(self, outputs: tf.Tensor, mask: tf.Tensor
                 ) -> dict[str, tf.Tensor]:
    return {'probabilities': tf.sigmoid(tf.cast(outputs, tf.float32))}

  def _describe(self, summary: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    probabilities = summary['probabilities']
    margins = probabilities - tf.constant(self._thresholds)
    # TensorFlow Serving wants a row of every output for each text.
    labels = tf.tile(tf.constant(self._labels)[tf.newaxis],
                     [tf.shape(probabilities)[0], 1])
    return {**summary, 'labels': labels, 'margins': margins,
            'selected': tf.where(margins >= 0, labels, '')}
