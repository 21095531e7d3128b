# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folds a trained encoder into one with fewer operations and equal outputs.

NoNorm is affine. Without a residual it is multiplied into the weights of the
linear map before it. After a residual the *basis* of the stream changes
instead. The stream `x` is kept as `u`, where `x = scale * u + shift`:

    gamma * (x + W h + b) + beta
        = (gamma * scale) * (u + (W / scale) h) + (gamma * (shift + b) + beta)

so that `u` is a plain sum, and the products that read it have scale and shift
in their weights. Where a scale becomes too small or too large to divide by, the
multiplication stays (`Map.keep`), and a new basis begins.

The products are those of the encoder's layout. 1/sqrt(d) goes into the query,
the key's bias is dropped where it cancels, and the value's moves to the product
of the context, because probabilities sum to 1. The inference encoder computes
the products that read one tensor as one.

All weights are float64 here. docs/inference_rewrites.md has the algebra.
"""

import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.modeling import layout as layout_lib

# Scales outside this range are not divided by. It is wide enough for the gammas
# that training makes, and far enough from the ends of float32.
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
  """The weights of a LayerNorm, which cannot be folded.

  Attributes:
    gamma: `[channels]`.
    beta: `[channels]`.
  """
  gamma: np.ndarray
  beta: np.ndarray


@dataclasses.dataclass
class Map:
  """A product of a block: `norm(keep * u + h @ kernel + bias)`.

  Attributes:
    dense: The linear map of `h`.
    keep: `[channels]` that multiply the residual `u`; None for ones.
    norm: LayerNorm of the sum, if there is one.
  """
  dense: Dense
  keep: np.ndarray | None = None
  norm: Norm | None = None


@dataclasses.dataclass
class FoldedEncoder:
  """An encoder for inference.

  Attributes:
    architecture: Architecture of the encoder that was folded.
    words: `[vocab_size, embedding_size]`.
    trigram: Map from three word vectors to the wide stream.
    positions: `[max_position_embeddings, inter_block_size]`.
    types: `[type_vocab_size, inter_block_size]`.
    norm: LayerNorm of the embeddings, if there is one.
    blocks: Maps of each block, by the name of their product in the layout.
    scale: `[inter_block_size]`; the encoder's output is `scale * u + shift` of
      the last sum `u`.
    shift: `[inter_block_size]`, as above.
    kept: Names of the NoNorms that could not be folded.
  """
  architecture: modeling.MobileBertConfig
  words: np.ndarray
  trigram: Dense
  positions: np.ndarray
  types: np.ndarray
  norm: Norm | None
  blocks: list[dict[str, Map]]
  scale: np.ndarray
  shift: np.ndarray
  kept: list[str]

  @property
  def layout(self) -> layout_lib.EncoderLayout:
    """Layout of the encoder that was folded."""
    return layout_lib.encoder_layout(self.architecture)

  def read(self, layer: Any) -> Dense:
    """Returns a Keras dense layer of the encoder's output as a map of `u`."""
    return _Basis(self.scale, self.shift).read(as_dense(layer))


@dataclasses.dataclass
class _Basis:
  """A stream `x` is kept as `u`, where `x = scale * u + shift`."""
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
  """Folds everything except LayerNorms of an encoder of any architecture.

  Args:
    encoder: The encoder.

  Returns:
    The same function in fewer operations.

  Raises:
    ValueError: If a weight is not finite.

  Example: `fold(model.encoder).kept  # [] where no gamma is near zero`
  """
  _check_finite(encoder)
  layout = layout_lib.encoder_layout(encoder.architecture)
  embeddings = encoder.get_layer('embeddings')
  trigram = as_dense(embeddings.projection)
  positions = _array(embeddings.position_embeddings)
  types = _array(embeddings.type_embeddings)
  norm = Norm(_array(embeddings.norm.gamma), _array(embeddings.norm.beta))
  if layout.trigram.norm.is_affine:  # No residual runs past it.
    trigram = _fold_norm(trigram, norm)
    positions, types = positions * norm.gamma, types * norm.gamma
    norm = None
  basis = _Basis.plain(encoder.architecture.inter_block_size)
  folded = FoldedEncoder(
      encoder.architecture, _array(encoder.get_embedding_table()), trigram,
      positions, types, norm, [], basis.scale, basis.shift, [])
  for block in encoder.blocks:
    basis = _fold_block(block, layout.block, basis, folded)
  folded.scale, folded.shift = basis.scale, basis.shift
  return folded


def _fold_block(block: modeling.MobileBertBlock,
                layout: layout_lib.BlockLayout, wide: _Basis,
                folded: FoldedEncoder) -> _Basis:
  """Appends a folded block, and returns the basis of the stream after it."""
  architecture = folded.architecture
  weights = {name: _array(weight)
             for name, weight in block.named_weights.items()}
  denses = {
      product.name: Dense(weights[f'{product.name}/kernel'],
                          weights[f'{product.name}/bias'])
      for product in layout.products
  }
  _simplify_attention(denses, layout, architecture.attention_head_size)
  bases = {layout_lib.WIDE: wide,
           layout_lib.NARROW: _Basis.plain(architecture.intra_block_size)}
  maps: dict[str, Map] = {}
  for product in layout.products:
    dense, norm, basis = denses[product.name], None, bases.get(product.reads)
    if product.norm:
      norm = Norm(*(weights[f'{product.norm.name}/{name}']
                    for name in ('gamma', 'beta')))
    if norm and product.norm.is_affine and not product.residual:
      dense, norm = _fold_norm(dense, norm), None
    dense = basis.read(dense) if basis else dense
    if norm and product.norm.is_affine:
      maps[product.name], bases[product.writes] = _write(
          dense, norm, bases[product.writes])
    else:
      maps[product.name] = Map(dense, norm=norm)
    if maps[product.name].keep is not None:
      folded.kept.append(f'{block.name}/{product.norm.name}')
  folded.blocks.append(maps)
  return bases[layout_lib.WIDE]


def _simplify_attention(denses: dict[str, Dense],
                        layout: layout_lib.BlockLayout,
                        head_size: int) -> None:
  """Removes the scaling of scores and the biases of key and value, in place."""
  query, key, value = (
      denses[layout.writing(tensor)[0].name]
      for tensor in (layout_lib.QUERY, layout_lib.KEY, layout_lib.VALUE))
  query.kernel, query.bias = (
      array / math.sqrt(head_size) for array in (query.kernel, query.bias))
  if layout.key_bias_cancels:
    key.bias = np.zeros_like(key.bias)
  for product in layout.reading(layout_lib.CONTEXT):
    context = denses[product.name]
    context.bias = context.bias + value.bias @ context.kernel
  value.bias = np.zeros_like(value.bias)


def _fold_norm(dense: Dense, norm: Norm) -> Dense:
  """Returns a map with the NoNorm that follows it."""
  return Dense(dense.kernel * norm.gamma, dense.bias * norm.gamma + norm.beta)


def _write(dense: Dense, norm: Norm, basis: _Basis) -> tuple[Map, _Basis]:
  """Folds a NoNorm after a residual; see the module's docstring."""
  scale = norm.gamma * basis.scale
  shift = norm.gamma * (basis.shift + dense.bias) + norm.beta
  size = np.abs(scale)
  sound = (size >= _SMALLEST_SCALE) & (size <= _LARGEST_SCALE)
  kernel = dense.kernel * np.where(sound, 1 / basis.scale, norm.gamma)
  return (
      Map(Dense(kernel, np.zeros_like(dense.bias)),
          keep=None if sound.all() else np.where(sound, 1.0, scale)),
      _Basis(np.where(sound, scale, 1.0), shift))


def as_dense(layer: Any) -> Dense:
  """Returns the weights of a Keras dense layer."""
  return Dense(_array(layer.kernel), _array(layer.bias))


def _array(variable: tf.Variable) -> np.ndarray:
  return np.asarray(variable.numpy(), np.float64)


def _check_finite(encoder: modeling.MobileBertEncoder) -> None:
  for weight in encoder.weights:
    if not np.isfinite(_array(weight)).all():
      raise ValueError(
          f'{weight.name} has values that are not finite: the model is '
          'damaged.')
