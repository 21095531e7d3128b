# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.


"""Scales channels by powers of two, so that none is far larger than another.

In float32 that changes no bit of the result. What is coarser gains: float16
ends at 65,504 where NoNorm lets activations reach 1e7, and one scale of int8
for all channels is that of the largest.
"""

from collections.abc import Iterable, Mapping
import copy

import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import encoder as encoder_lib
from mobilebert_tf.inference import folding
from mobilebert_tf.modeling import validation

# What the largest value of a channel is brought to, about. Far from where
# float16 ends, so that texts may go beyond those that were measured.
_TARGET = 4.0
_MOST_EXPONENT = 60


def measure_ranges(folded: folding.FoldedEncoder,
                   batches: Iterable[Mapping[str, tf.Tensor]]
                   ) -> dict[str, np.ndarray]:
  """Runs texts, and returns how large each channel becomes.

  Args:
    folded: The encoder.
    batches: Inputs of the encoder, by name.

  Returns:
    The largest absolute value of each channel, `[channels]`, padding included,
    by the names that `InferenceEncoder` observes.

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
  """Brings the channels of an encoder to like ranges.

  Args:
    folded: The encoder, not changed.
    ranges: What `measure_ranges` returned for it.

  Returns:
    The same function. With LayerNorm the streams stay as they are, since it
    reads all channels together.

  Example: `rescale(folded, measure_ranges(folded, batches))`
  """
  folded = copy.deepcopy(folded)
  has_streams = folded.architecture.normalization == 'no_norm'
  if has_streams:
    _rescale_wide_stream(folded, _powers(ranges['wide']))
  for index, block in enumerate(folded.blocks):
    of_block = {name.partition('/')[2]: value for name, value in ranges.items()
                if name.startswith(f'{index}/')}
    if has_streams:
      _rescale_narrow_stream(
          block, folded.architecture, _powers(of_block['narrow']))
    _rescale_attention(block, folded.architecture, of_block)
    if folded.architecture.hidden_activation == 'relu':  # It is homogeneous.
      for i, network in enumerate(block.feed_forwards):
        powers = _powers(of_block[f'feed_forward_{i}'])
        _divide_outputs(network.intermediate, powers)
        _multiply_inputs(network.output.dense, powers)
  return folded


def _rescale_wide_stream(folded: folding.FoldedEncoder,
                         powers: np.ndarray) -> None:
  _divide_outputs(folded.trigram, powers)
  folded.positions /= powers
  folded.types /= powers
  for block in folded.blocks:
    _multiply_inputs(block.reads, powers)
    _divide_outputs(block.output.dense, powers)
  folded.scale = folded.scale * powers


def _rescale_narrow_stream(block: folding.Block, architecture,
                           powers: np.ndarray) -> None:
  _divide_outputs(block.reads, powers, start=0)
  if architecture.attention_input == 'bottleneck':
    _multiply_inputs(block.projections, powers)
  for write in (block.attention_output,
                *(network.output for network in block.feed_forwards)):
    _divide_outputs(write.dense, powers)
  for network in block.feed_forwards:
    _multiply_inputs(network.intermediate, powers)
  _multiply_inputs(block.output.dense, powers)


def _rescale_attention(block: folding.Block, architecture,
                       ranges: Mapping[str, np.ndarray]) -> None:
  """Rescales value, query against key, and the shared bottleneck."""
  width = architecture.intra_block_size
  own, start = block.projections, 0
  if architecture.attention_input == 'block_input':
    own, start = block.reads, width
  # What a query's channel loses its key's wins: their product stays.
  both = _powers(np.sqrt(_safe(ranges['query']) / _safe(ranges['key'])), 1.0)
  _divide_outputs(own, both, start)
  _divide_outputs(own, 1 / both, start + width)
  value = _powers(ranges['value'])
  if architecture.attention_input == 'shared_bottleneck':
    _divide_outputs(block.reads, value, start=2 * width)
    if block.shared_norm is None:
      shared = _powers(ranges['shared'])
      _divide_outputs(block.reads, shared, start=width)
      _multiply_inputs(block.projections, shared)
  else:
    _divide_outputs(own, value, start + 2 * width)
  _multiply_inputs(block.attention_output.dense, value)


def _divide_outputs(dense: folding.Dense, powers: np.ndarray,
                    start: int = 0) -> None:
  columns = slice(start, start + len(powers))
  dense.kernel[:, columns] /= powers
  dense.bias[columns] /= powers


def _multiply_inputs(dense: folding.Dense, powers: np.ndarray) -> None:
  dense.kernel *= powers[:, np.newaxis]


def _powers(ranges: np.ndarray, target: float = _TARGET) -> np.ndarray:
  """Returns the powers of two to divide channels by."""
  exponents = np.round(np.log2(_safe(ranges) / target))
  return np.exp2(np.clip(exponents, -_MOST_EXPONENT, _MOST_EXPONENT))


def _safe(ranges: np.ndarray) -> np.ndarray:
  """Returns ranges without zeros: what was never seen is left as it is."""
  return np.where(ranges > 0, ranges, 1.0).astype(np.float64)
