# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Which blocks of a model are needed most, measured on data.

The record on CPUs is a MobileBERT of 14 of its 24 blocks
(oBERT-MobileBERT, MLPerf inference 3.0), of which it takes the first.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf.compression.adaptive_width_depth import elastic
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.tasks import gradient_step


def greedy_order(losses_without: Callable[[tuple[int, ...]], Sequence[float]],
                 num_blocks: int, least: int = 1) -> list[int]:
  """Returns all blocks, the most needed first.

  One block after another is left out: the one without which the loss of what is
  left is the least.

  Args:
    losses_without: Function of blocks that are kept, to the loss without each.
    num_blocks: Number of all blocks.
    least: Number of blocks that stay at least, whose order does not matter.

  Example:

  >>> needs = {0: 5.0, 1: 1.0, 2: 3.0}
  >>> greedy_order(lambda kept: [needs[each] for each in kept], 3)
  [0, 2, 1]
  """
  kept, dropped = list(range(num_blocks)), []
  while len(kept) > least:
    losses = np.nan_to_num(losses_without(tuple(kept)), nan=np.inf)
    dropped.append(kept.pop(int(np.argmin(losses))))
  return [*kept, *reversed(dropped)]


class LossesWithout:
  """Loss of a model without each of its blocks, on held-out batches.

  Blocks below the one that is left out are computed once for all.

  Args:
    model: The model, and its `outputs`; see `ElasticModel`.
    outputs: Symbolic outputs that the loss reads.
    loss: Function of labels and outputs to the mean loss of a batch.
    batches: Batches of features and labels.
  """

  def __init__(self, model: tf_keras.Model, outputs: Any,
               loss: Callable[[Any, Any], tf.Tensor], batches: Iterable[Any]):
    self._elastic = elastic.ElasticModel(model, outputs)
    self._loss, self._batches = loss, list(batches)
    size = sizes.size(model.encoder.architecture)

    @tf.function(reduce_retracing=True)
    def run(number: int, hidden: tf.Tensor, features: Any) -> tf.Tensor:
      return self._elastic.run_block(number, hidden, features, size)

    self._run = run  # A graph for each block.

  def __call__(self, kept: tuple[int, ...]) -> np.ndarray:
    """Returns the loss without each of the blocks, float64 `[kept]`."""
    totals, texts = np.zeros(len(kept)), 0
    for batch in self._batches:
      features, labels = gradient_step.split_inputs(batch)
      rows = int(tf.shape(features['input_mask'])[0])
      texts += rows
      hidden = self._elastic.embed(features)
      for place, number in enumerate(kept):
        without = hidden
        for later in kept[place + 1:]:
          without = self._run(later, without, features)
        totals[place] += rows * float(self._loss(
            labels, self._elastic.finish(without, features)))
        hidden = self._run(number, hidden, features)
    return totals / texts
