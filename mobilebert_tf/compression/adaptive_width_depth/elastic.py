# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs sub-networks of a model on its own variables, for training.

Nothing is copied: a sub-network reads the leading heads and units of the whole
network's weights, so gradients of all sub-networks go to the same variables.
There is no dropout, as in DynaBERT's training.
"""

from collections.abc import Sequence
import dataclasses
import math
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.compression.adaptive_width_depth import cutting
from mobilebert_tf.compression.adaptive_width_depth import sizes
from mobilebert_tf.modeling import block as block_lib
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import layout as layout_lib
from mobilebert_tf.modeling import recomputation


@dataclasses.dataclass(frozen=True)
class Computed:
  """Outputs of a sub-network.

  Attributes:
    outputs: Outputs of the model.
    embeddings: First block's input, `[batch, length, inter_block_size]`.
    hidden: Output of each block that was kept, of the same shape.
  """
  outputs: Any
  embeddings: tf.Tensor
  hidden: list[tf.Tensor]


class ElasticModel:
  """A model on an encoder that can be run at any size.

  Args:
    model: The model. Its outputs follow from the encoder's last hidden states
      and from inputs after the encoder's three.
    outputs: Those of its symbolic outputs that are wanted; all by default.

  Example: `ElasticModel(classifier)(features, sizes.size(architecture, 0.5))`
  """

  def __init__(self, model: tf_keras.Model, outputs: Any = None):
    self.model = model
    self._encoder = model.encoder
    self._layout = layout_lib.encoder_layout(model.encoder.architecture).block
    self._networks = cutting.networks(self._layout)
    last = model.encoder.output['sequence_output']
    self._further = [each.name for each in model.inputs[3:]]
    self._head = tf_keras.Model(
        [last, *model.inputs[3:]],
        model.output if outputs is None else outputs)

  def __call__(self, features: Any, size: sizes.Size,
               shared: dict[Any, tf.Tensor] | None = None) -> Computed:
    """Runs a sub-network.

    Args:
      features: Inputs of the model by name.
      size: Heads, units and blocks that are computed.
      shared: Hidden states that sub-networks of the same features have in
        common, by the blocks that they come from; new ones are added. None for
        one sub-network.
    """
    shared = {} if shared is None else shared
    if not shared:
      shared[()] = self.embed(features)
    hidden, found = shared[()], []
    for place, number in enumerate(size.blocks):
      reached = size.num_heads, size.num_units, *size.blocks[:place + 1]
      if reached not in shared:
        shared[reached] = self.run_block(number, hidden, features, size)
      hidden = shared[reached]
      found.append(hidden)
    return Computed(self.finish(hidden, features), shared[()], found)

  def embed(self, features: Any) -> tf.Tensor:
    """Returns the first block's input."""
    encoder = self._encoder
    return encoder.get_layer('embeddings')(
        encoder.word_embeddings(features['input_word_ids']),
        features['input_type_ids'], training=False)

  def finish(self, hidden: tf.Tensor, features: Any) -> Any:
    """Returns the outputs that follow from the last block's."""
    return self._head(
        [hidden, *(features[name] for name in self._further)], training=False)

  def run_block(self, number: int, hidden: tf.Tensor, features: Any,
                size: sizes.Size) -> tf.Tensor:
    """Returns the output of a block, counted from 0, at a size."""
    block, mask = self._encoder.blocks[number], features['input_mask']

    def compute(hidden: tf.Tensor) -> tuple[tf.Tensor]:
      return (self._compute_block(block, hidden, mask, size),)

    # As the block itself does, which is not called.
    [output] = (recomputation.run(compute, hidden) if block.trainable
                else compute(hidden))
    return output

  def _compute_block(self, block: block_lib.MobileBertBlock, hidden: tf.Tensor,
                     mask: tf.Tensor, size: sizes.Size) -> tf.Tensor:
    weights = {name: tf.cast(weight, block.compute_dtype)
               for name, weight in block.named_weights.items()}
    tensors = {layout_lib.WIDE: tf.cast(hidden, block.compute_dtype)}
    for product in self._layout.products:
      if product.reads == layout_lib.CONTEXT:
        tensors[layout_lib.CONTEXT] = self._attend(tensors, mask, size)
      rows, columns = (self._channels(tensor, size)
                       for tensor in (product.reads, product.writes))
      value = _project(
          tensors[product.reads], weights[f'{product.name}/kernel'][
              :rows, :columns], weights[f'{product.name}/bias'][:columns])
      if product.residual:
        value += tensors[product.writes]
      if product.norm:
        value = _normalize(value, product.norm.kind, *(
            weights[f'{product.norm.name}/{name}']
            for name in ('gamma', 'beta')))
      if product.activation:
        value = layers.get_activation(product.activation)(value)
      tensors[product.writes] = value
    return tensors[layout_lib.WIDE]

  def _channels(self, tensor: str, size: sizes.Size) -> int | None:
    """Returns the number of channels of a tensor; None for all."""
    if tensor in self._networks:
      return size.num_units
    if tensor in (layout_lib.QUERY, layout_lib.KEY, layout_lib.VALUE,
                  layout_lib.CONTEXT):
      return (size.num_heads
              * self._encoder.architecture.attention_head_size)
    return None

  def _attend(self, tensors: dict[str, tf.Tensor], mask: tf.Tensor,
              size: sizes.Size) -> tf.Tensor:
    width = self._encoder.architecture.attention_head_size

    def split(tensor: tf.Tensor) -> tf.Tensor:
      shape = tf.shape(tensor)
      return tf.transpose(tf.reshape(
          tensor, [shape[0], shape[1], size.num_heads, width]), [0, 2, 1, 3])

    query, key, value = (split(tensors[name]) for name in (
        layout_lib.QUERY, layout_lib.KEY, layout_lib.VALUE))
    scores = tf.cast(tf.matmul(query, key, transpose_b=True), tf.float32)
    scores = block_lib.mask_scores(
        scores / math.sqrt(width),
        tf.cast(mask[:, tf.newaxis, tf.newaxis, :], tf.float32),
        self._encoder.architecture.attention_mask)
    context = tf.transpose(tf.matmul(
        tf.cast(tf.nn.softmax(scores), value.dtype), value), [0, 2, 1, 3])
    shape = tf.shape(context)
    return tf.reshape(context, [shape[0], shape[1], size.num_heads * width])


def _project(values: tf.Tensor, kernel: tf.Tensor,
             bias: tf.Tensor) -> tf.Tensor:
  """Returns a dense layer's output as one matrix product."""
  shape = tf.shape(values)
  flat = tf.matmul(tf.reshape(values, [-1, values.shape[-1]]), kernel) + bias
  return tf.reshape(flat, [shape[0], shape[1], bias.shape[0]])


def _normalize(value: tf.Tensor, kind: str, gamma: tf.Tensor,
               beta: tf.Tensor) -> tf.Tensor:
  if kind == 'no_norm':
    return value * gamma + beta
  value = tf.cast(value, tf.float32)
  mean, variance = tf.nn.moments(value, -1, keepdims=True)
  return tf.cast((value - mean) * tf.math.rsqrt(
      variance + layers.LAYER_NORM_EPSILON), gamma.dtype) * gamma + beta


def losses(teacher: Computed, student: Computed, blocks: Sequence[int],
           compare: Any, variant: str = sizes.PAPER) -> tf.Tensor:
  """Returns the sum of a loss over embeddings and blocks.

  Args:
    teacher: Outputs of the teacher, of all blocks.
    student: Outputs of the student.
    blocks: Blocks that the student kept.
    compare: Function of a teacher's and a student's hidden states to a scalar.
    variant: `paper` compares outputs of the same block; `reference` inputs of
      it, and the last outputs.
  """
  def reached(states: Computed, number: int) -> tf.Tensor:
    return states.embeddings if number < 0 else states.hidden[number]

  if variant == sizes.REFERENCE:
    pairs = [(reached(teacher, block - 1), reached(student, i - 1))
             for i, block in enumerate(blocks)]
    pairs.append((teacher.hidden[-1], student.hidden[-1]))
  else:
    pairs = [(teacher.embeddings, student.embeddings),
             *((teacher.hidden[block], student.hidden[i])
               for i, block in enumerate(blocks))]
  return tf.add_n([compare(*pair) for pair in pairs])
