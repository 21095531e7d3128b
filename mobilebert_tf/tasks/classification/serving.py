# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Served modules of whole texts: labels with probabilities, and values."""

from collections.abc import Sequence

import tensorflow as tf

from mobilebert_tf.deployment import served_module
from mobilebert_tf.text import tokenizer as tokenizer_lib


class TextClassification(served_module.ServedModule):
  """Answers texts, or pairs of texts, with labels and probabilities.

  Outputs: `probabilities`, float32 `[batch, labels]`; `label`, string
  `[batch]`, the most probable one; `labels`, string `[batch, labels]`, all of
  them in the order of the probabilities.

  Args:
    model: A classifier, `rewriting.rewrite(classifier)`.
    tokenizer: As for `ServedModule`.
    max_length: The same.
    labels: Names of the classes, in the order of the logits.
    pairs: Whether it reads two texts, `text` and `pair`.
    xla: Whether the model is compiled by XLA.

  Example: `module.serve_text(text=tf.constant(['a text']))['label']`
  """

  def __init__(self, model: tf.Module,
               tokenizer: tokenizer_lib.Tokenizer, max_length: int,
               labels: Sequence[str], *, pairs: bool = False,
               xla: bool = False):
    super().__init__(model, tokenizer, max_length, pairs=pairs, xla=xla)
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
