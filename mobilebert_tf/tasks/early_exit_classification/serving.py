# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Served module of a classifier whose texts leave early."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import validation
from mobilebert_tf.tasks.classification import serving
from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib
from mobilebert_tf.tasks.early_exit_classification import segments


class EarlyExitText(serving.TextClassification):
  """Answers texts with labels and probabilities, easy ones after few blocks.

  After each exit the texts that are sure leave, and the blocks above it compute
  the others alone, so that a batch costs what its texts need.

  Outputs: those of `TextClassification`, and `exit_block`, int32 `[batch]`, the
  number of blocks that were computed.

  Args: Those of `TextClassification`, and
    rule: The rule by which texts leave.

  Raises:
    ValueError: If the model is not folded, or XLA is asked for, which compiles
      for each number of texts that are left.
  """

  def __init__(self, model: tf.Module, *args: Any, rule: rule_lib.Rule,
               **options: Any):
    if options.get('xla'):
      raise ValueError('XLA compiles for each shape, and early exits make a '
                       'batch smaller block by block. Leave --xla out.')
    if not isinstance(model, rewriting.SegmentedModel):
      raise ValueError('Early exits are computed by the folded model, which '
                       f'{type(model).__name__} is not.')
    super().__init__(model, *args, **options)
    self._rule = rule
    self._segmented = model
    self.inference_step = self._leave_early

  def _leave_early(self, inputs: Sequence[tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns logits and the number of blocks of each text."""
    model, rule = self._segmented, self._rule
    words, mask, types = inputs
    stream, texts = model.encoder.embed(words, types), tf.shape(words)[0]
    rows, seen, left = tf.range(texts), rule.start(texts), []
    for index, segment in enumerate(model.segments):
      stream, logits = model.advance(index, stream, mask)
      leaves, seen = rule.leave(index, logits, seen)
      left.append((tf.boolean_mask(rows, leaves),
                   tf.boolean_mask(logits, leaves), segment.stop))
      if index < len(model.segments) - 1:
        stays = tf.logical_not(leaves)
        stream, mask, rows, *seen = (
            tf.boolean_mask(each, stays)
            for each in (stream, mask, rows, *seen))
    order = tf.argsort(tf.concat([rows for rows, _, _ in left], 0))
    blocks = [tf.fill([tf.size(rows)], block) for rows, _, block in left]
    return {
        segments.LOGITS: tf.gather(
            tf.concat([logits for _, logits, _ in left], 0), order),
        segments.EXIT_BLOCK: tf.gather(tf.concat(blocks, 0), order)}

  def _summarize(self, outputs: Mapping[str, tf.Tensor], mask: tf.Tensor
                 ) -> dict[str, tf.Tensor]:
    return {**super()._summarize(outputs[segments.LOGITS], mask),
            segments.EXIT_BLOCK: outputs[segments.EXIT_BLOCK]}

  def numbers(self, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the probabilities of the unbroken model, for other runtimes."""
    return super()._summarize(self._segmented(inputs), inputs[1])

  def file_signatures(
      self, signature: str, length: int | None
  ) -> dict[str, tf.types.experimental.ConcreteFunction]:
    """Returns the segments of a file for a length; see `segments`."""
    model, width = self._segmented, self._architecture.inter_block_size
    last = len(model.segments) - 1

    def make(index: int) -> tf.types.experimental.ConcreteFunction:
      def finish(stream, mask):
        stream, logits = model.advance(index, stream, mask)
        if index == last:
          return super(EarlyExitText, self)._summarize(logits, mask)
        return {segments.LOGITS: logits, segments.STREAM: stream}

      def first(input_word_ids, input_mask, input_type_ids):
        return finish(model.encoder.embed(input_word_ids, input_type_ids),
                      input_mask)

      def later(stream, input_mask):
        return finish(stream, input_mask)

      ids = [tf.TensorSpec([1, length], tf.int32, each)
             for each in validation.INPUT_NAMES]
      if index == 0:
        return tf.function(first).get_concrete_function(*ids)
      return tf.function(later).get_concrete_function(
          tf.TensorSpec([1, length, width], tf.float32, segments.STREAM),
          ids[1])

    return {segments.name(signature, index): make(index)
            for index in range(len(model.segments))}
