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


"""From a trained encoder to one with fewer operations and the same outputs.

NoNorm is affine. Before a linear map it goes into the map's weights. After a
residual it cannot, since the sum runs on; there the *basis* of the stream
changes instead. The stream `x` is kept as `u`, where `x = scale * u + shift`:

    gamma * (x + W h + b) + beta
        = (gamma * scale) * (u + (W / scale) h) + (gamma * (shift + b) + beta)

so that `u` is a plain sum, and those who read it have scale and shift in their
weights. Where a scale would become too small or too large to divide by, the
multiplication stays (`Write.keep`), and the basis begins anew.

Whatever reads one tensor is one matrix product: the bottlenecks and the value
(or query and key) of a block, and query and key. 1/sqrt(d) goes into the query.
The key's bias adds the same to all scores of a query, which a softmax does not
see; the value's adds itself to every context, since probabilities sum to 1.

All weights are float64 here. docs/inference_rewrites.md has the algebra.
"""

from collections.abc import Sequence
import dataclasses
import math

import numpy as np

from mobilebert_tf import modeling

# A scale beyond these is not divided by. Wide enough for what training makes of
# gammas, far enough from the ends of float32.
_SMALLEST_SCALE, _LARGEST_SCALE = 1e-12, 1e12


@dataclasses.dataclass
class Dense:
  """A linear map `x @ kernel + bias`.

  Attributes:
    kernel: `[inputs, outputs]`.
    bias: `[outputs]`.
  """
  kernel: np.ndarray
  bias: np.ndarray


@dataclasses.dataclass
class Norm:
  """What is left of a LayerNorm: it cannot be folded.

  Attributes:
    gamma: `[channels]`.
    beta: `[channels]`.
  """
  gamma: np.ndarray
  beta: np.ndarray


@dataclasses.dataclass
class Write:
  """What adds to a stream: `norm(keep * u + h @ kernel + bias)`.

  Attributes:
    dense: The linear map.
    keep: `[channels]` that multiply the stream; None for ones.
    norm: A LayerNorm of the sum, if there is one.
  """
  dense: Dense
  keep: np.ndarray | None = None
  norm: Norm | None = None


@dataclasses.dataclass
class FeedForward:
  """A feed-forward network.

  Attributes:
    intermediate: Its first map, which the activation follows.
    output: Its second one, which adds to the narrow stream.
  """
  intermediate: Dense
  output: Write


@dataclasses.dataclass
class Block:
  """A block in few operations.

  Attributes:
    reads: All that reads the wide stream, as one map: the input bottleneck,
      then the shared bottleneck and the value, or query, key and value, or
      nothing, by `attention_input`.
    hidden_norm: LayerNorm of the input bottleneck, if there is one.
    shared_norm: LayerNorm of the shared bottleneck, if there is one.
    projections: Query and key of the shared bottleneck; query, key and value
      of the narrow stream; None where `reads` has them.
    attention_output: Of the context, adds to the narrow stream.
    feed_forwards: The networks.
    output: Of the narrow stream, adds to the wide one.
  """
  reads: Dense
  hidden_norm: Norm | None
  shared_norm: Norm | None
  projections: Dense | None
  attention_output: Write
  feed_forwards: list[FeedForward]
  output: Write


@dataclasses.dataclass
class FoldedEncoder:
  """An encoder for inference.

  Attributes:
    architecture: Of the encoder that it was.
    words: `[vocab_size, embedding_size]`.
    trigram: From three word vectors to the wide stream.
    positions: `[max_position_embeddings, inter_block_size]`.
    types: `[type_vocab_size, inter_block_size]`.
    norm: LayerNorm of the embeddings, if there is one.
    blocks: The blocks.
    scale: `[inter_block_size]`, from the last sum to the encoder's output,
      which is `scale * u + shift`.
    shift: The same.
    kept: Names of the NoNorms that could not be folded.
  """
  architecture: modeling.MobileBertConfig
  words: np.ndarray
  trigram: Dense
  positions: np.ndarray
  types: np.ndarray
  norm: Norm | None
  blocks: list[Block]
  scale: np.ndarray
  shift: np.ndarray
  kept: list[str]

  def read(self, layer) -> Dense:
    """Returns a Keras dense layer of the encoder's output as a map of `u`."""
    return _Basis(self.scale, self.shift).read(as_dense(layer))


@dataclasses.dataclass
class _Basis:
  """How a stream `x` is kept: as `u`, with `x = scale * u + shift`."""
  scale: np.ndarray
  shift: np.ndarray

  @classmethod
  def plain(cls, width: int) -> '_Basis':
    return cls(np.ones(width), np.zeros(width))

  def read(self, dense: Dense) -> Dense:
    """Returns the map of `u` that is `dense` of `x`."""
    return Dense(self.scale[:, np.newaxis] * dense.kernel,
                 dense.bias + self.shift @ dense.kernel)


def fold(encoder: modeling.MobileBertEncoder) -> FoldedEncoder:
  """Folds what can be folded of an encoder, of any architecture.

  Args:
    encoder: The encoder, whose weights are read.

  Returns:
    The same function in fewer operations; of one with LayerNorm, that stays.

  Raises:
    ValueError: If a weight is not finite.

  Example: `fold(model.encoder).kept  # [] where no gamma is near zero`
  """
  _check_finite(encoder)
  architecture = encoder.architecture
  embeddings = encoder.get_layer('embeddings')
  trigram = as_dense(embeddings.projection)
  positions = _array(embeddings.position_embeddings)
  types = _array(embeddings.type_embeddings)
  gamma, beta = _array(embeddings.norm.gamma), _array(embeddings.norm.beta)
  norm = None
  if architecture.normalization == 'layer_norm':
    norm = Norm(gamma, beta)
  else:  # No stream runs past it.
    trigram = Dense(trigram.kernel * gamma, trigram.bias * gamma + beta)
    positions, types = positions * gamma, types * gamma
  basis = _Basis.plain(architecture.inter_block_size)
  folded = FoldedEncoder(
      architecture, _array(encoder.get_embedding_table()), trigram, positions,
      types, norm, [], basis.scale, basis.shift, [])
  for block in encoder.blocks:
    basis = _fold_block(block, basis, folded)
  folded.scale, folded.shift = basis.scale, basis.shift
  return folded


def _fold_block(block: modeling.MobileBertBlock, wide: _Basis,
                folded: FoldedEncoder) -> _Basis:
  """Appends a folded block, and returns the basis of the stream after it."""
  architecture, attention = folded.architecture, block.attention
  hidden, hidden_norm = _bottleneck(block.input_bottleneck, architecture)
  query, key, value = map(as_dense, (
      attention.query, attention.key, attention.value))
  size = math.sqrt(architecture.attention_head_size)
  query = Dense(query.kernel / size, query.bias / size)
  if architecture.attention_mask == 'hard':
    key.bias = np.zeros_like(key.bias)
  context = as_dense(attention.output_projection)
  context.bias = context.bias + value.bias @ context.kernel
  value.bias = np.zeros_like(value.bias)

  shared_norm = projections = None
  if architecture.attention_input == 'shared_bottleneck':
    shared, shared_norm = _bottleneck(block.shared_bottleneck, architecture)
    reads, projections = [hidden, shared, value], _side_by_side([query, key])
  elif architecture.attention_input == 'bottleneck':
    reads, projections = [hidden], _side_by_side([query, key, value])
  else:
    reads = [hidden, query, key, value]

  narrow = _Basis.plain(architecture.intra_block_size)

  def write(dense: Dense, norm, basis: _Basis, name: str
            ) -> tuple[Write, _Basis]:
    gamma, beta = _array(norm.gamma), _array(norm.beta)
    if architecture.normalization == 'layer_norm':
      return Write(dense, norm=Norm(gamma, beta)), basis
    written, basis = _write(dense, gamma, beta, basis)
    if written.keep is not None:
      folded.kept.append(f'{block.name}/{name}')
    return written, basis

  attention_output, narrow = write(
      context, block.attention_norm, narrow, 'attention_norm')
  feed_forwards = []
  for layer in block.feed_forwards:
    intermediate = narrow.read(as_dense(layer.intermediate))
    output, narrow = write(
        as_dense(layer.output_projection.dense), layer.output_projection.norm,
        narrow, layer.name)
    feed_forwards.append(FeedForward(intermediate, output))
  bottleneck = block.output_bottleneck
  output, after = write(narrow.read(as_dense(bottleneck.dense)),
                        bottleneck.norm, wide, 'output_bottleneck')
  folded.blocks.append(Block(
      wide.read(_side_by_side(reads)), hidden_norm, shared_norm, projections,
      attention_output, feed_forwards, output))
  return after


def _bottleneck(projection, architecture: modeling.MobileBertConfig
                ) -> tuple[Dense, Norm | None]:
  """Returns a projection without residual, its NoNorm folded."""
  dense = as_dense(projection.dense)
  gamma, beta = _array(projection.norm.gamma), _array(projection.norm.beta)
  if architecture.normalization == 'layer_norm':
    return dense, Norm(gamma, beta)
  return Dense(dense.kernel * gamma, dense.bias * gamma + beta), None


def _write(dense: Dense, gamma: np.ndarray, beta: np.ndarray, basis: _Basis
           ) -> tuple[Write, _Basis]:
  """Folds a NoNorm after a residual; see the module's docstring."""
  scale = gamma * basis.scale
  shift = gamma * (basis.shift + dense.bias) + beta
  size = np.abs(scale)
  sound = (size >= _SMALLEST_SCALE) & (size <= _LARGEST_SCALE)
  kernel = dense.kernel * np.where(sound, 1 / basis.scale, gamma)
  return (
      Write(Dense(kernel, np.zeros_like(dense.bias)),
            keep=None if sound.all() else np.where(sound, 1.0, scale)),
      _Basis(np.where(sound, scale, 1.0), shift))


def _side_by_side(maps: Sequence[Dense]) -> Dense:
  """Returns one map for several of the same input."""
  return Dense(np.concatenate([m.kernel for m in maps], axis=1),
               np.concatenate([m.bias for m in maps]))


def as_dense(layer) -> Dense:
  """Returns the weights of a Keras dense layer."""
  return Dense(_array(layer.kernel), _array(layer.bias))


def _array(variable) -> np.ndarray:
  return np.asarray(variable.numpy(), np.float64)


def _check_finite(encoder: modeling.MobileBertEncoder) -> None:
  for weight in encoder.weights:
    if not np.isfinite(_array(weight)).all():
      raise ValueError(
          f'{weight.name} has values that are not finite: the model is '
          'damaged.')
