# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Scales channels by powers of two so that all have similar ranges.

In float32 that changes no bit of the result. Coarser types gain: float16 ends
at 65,504 while NoNorm lets activations reach 1e7, and int8 has one scale for
all channels, that of the largest.
"""

from collections.abc import Iterable, Mapping
import copy

import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import encoder as encoder_lib
from mobilebert_tf.inference import folding
from mobilebert_tf.modeling import layout as layout_lib
from mobilebert_tf.modeling import validation

# Approximate largest value of a channel after rescaling. It is far from the end
# of float16, so that other texts may exceed those that were measured.
_TARGET = 4.0
_MOST_EXPONENT = 60


def measure_ranges(folded: folding.FoldedEncoder,
                   batches: Iterable[Mapping[str, tf.Tensor]]
                   ) -> dict[str, np.ndarray]:
  """Runs texts and returns the largest value of each channel.

  Args:
    folded: The encoder.
    batches: Inputs of the encoder, by name.

  Returns:
    The largest absolute values, `[channels]`, padding included, by the names
    that `InferenceEncoder` observes.

  Raises:
    ValueError: If there is no batch.
  """
  encoder = encoder_lib.InferenceEncoder(folded)
  ids = tf.TensorSpec([None, None], tf.int32)

  @tf.function(input_signature=[ids, ids, ids])
  def measure(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    found: dict[str, tf.Tensor] = {}

    def observe(name: str, value: tf.Tensor) -> None:
      largest = tf.reduce_max(tf.abs(value), axis=[0, 1])
      found[name] = tf.maximum(found.get(name, largest), largest)

    encoder(*inputs, observe=observe)
    return found

  ranges: dict[str, np.ndarray] = {}
  for batch in batches:
    measured = measure(*(batch[name] for name in validation.INPUT_NAMES))
    for name, value in measured.items():
      ranges[name] = np.maximum(ranges.get(name, 0), value.numpy())
  if not ranges:
    raise ValueError('There is no text to calibrate with.')
  return ranges


def rescale(folded: folding.FoldedEncoder,
            ranges: Mapping[str, np.ndarray]) -> folding.FoldedEncoder:
  """Equalizes the channel ranges of an encoder.

  A tensor is rescaled if a scale passes through everything that writes it: the
  products that write it are divided by the powers, those that read it are
  multiplied. LayerNorm, for one, reads all channels together and stops that.

  Args:
    folded: The encoder, not changed.
    ranges: Result of `measure_ranges` for it.

  Returns:
    The same function.

  Example: `rescale(folded, measure_ranges(folded, batches))`
  """
  folded, layout = copy.deepcopy(folded), folded.layout
  if layout.trigram.passes_scales:
    _rescale_wide_stream(folded, layout, _powers(ranges[layout_lib.WIDE]))
  for index, block in enumerate(folded.blocks):
    of_block = {tensor: ranges[encoder_lib.range_name(index, tensor)]
                for tensor in layout.block.tensors}
    for tensor, largest in of_block.items():
      if tensor not in (layout_lib.WIDE, layout_lib.QUERY, layout_lib.KEY):
        _rescale_tensor(block, layout.block, tensor, _powers(largest))
    _balance_scores(block, layout.block, of_block)
  return folded


def _rescale_wide_stream(folded: folding.FoldedEncoder,
                         layout: layout_lib.EncoderLayout,
                         powers: np.ndarray) -> None:
  _divide_outputs(folded.trigram, powers)
  folded.positions /= powers
  folded.types /= powers
  for block in folded.blocks:
    _rescale_tensor(block, layout.block, layout_lib.WIDE, powers)
  folded.scale = folded.scale * powers


def _rescale_tensor(block: dict[str, folding.Map],
                    layout: layout_lib.BlockLayout, tensor: str,
                    powers: np.ndarray) -> None:
  """Divides a tensor of a block by powers, if its writers pass scales."""
  if not all(product.passes_scales for product in layout.writing(tensor)):
    return
  for product in layout.writing(tensor):
    _divide_outputs(block[product.name].dense, powers)
  # Attention mixes values of tokens, never of channels.
  if tensor == layout_lib.VALUE:
    tensor = layout_lib.CONTEXT
  for product in layout.reading(tensor):
    block[product.name].dense.kernel *= powers[:, np.newaxis]


def _balance_scores(block: dict[str, folding.Map],
                    layout: layout_lib.BlockLayout,
                    ranges: Mapping[str, np.ndarray]) -> None:
  """Moves scale between query and key, whose product stays."""
  powers = _powers(
      np.sqrt(_safe(ranges[layout_lib.QUERY]) / _safe(ranges[layout_lib.KEY])),
      1.0)
  for tensor, factors in ((layout_lib.QUERY, powers),
                          (layout_lib.KEY, 1 / powers)):
    for product in layout.writing(tensor):
      _divide_outputs(block[product.name].dense, factors)


def _divide_outputs(dense: folding.Dense, powers: np.ndarray) -> None:
  dense.kernel /= powers
  dense.bias /= powers


def _powers(ranges: np.ndarray, target: float = _TARGET) -> np.ndarray:
  """Returns the powers of two to divide channels by."""
  exponents = np.round(np.log2(_safe(ranges) / target))
  return np.exp2(np.clip(exponents, -_MOST_EXPONENT, _MOST_EXPONENT))


def _safe(ranges: np.ndarray) -> np.ndarray:
  """Returns ranges with 1 in place of 0, for channels that are always 0."""
  return np.where(ranges > 0, ranges, 1.0).astype(np.float64)
