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

1/sqrt(d) goes into the query, the key's bias is dropped where it cancels, and
the value's moves to the product of the context, because probabilities sum to 1.
`InferenceEncoder` computes the products that read one tensor as one.

Folded weights are float64. docs/inference_rewrites.md has the algebra.
"""

from collections.abc import Callable
import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.modeling import block as block_lib
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import layout as layout_lib

# Scales outside this range are not divided by: wide enough for trained gammas,
# and far enough from the ends of float32.
_SMALLEST_SCALE, _LARGEST_SCALE = 1e-12, 1e12

# Called with the name of a tensor and its value `[batch, length, channels]`.
# Observed name of attention scores before the mask.
SCORES = 'scores'

Observer = Callable[[str, tf.Tensor], None]


@dataclasses.dataclass
class Dense:
  """A linear map `x @ kernel + bias`, from `[inputs]` to `[outputs]`."""
  kernel: np.ndarray
  bias: np.ndarray


@dataclasses.dataclass
class Norm:
  """The weights of a LayerNorm, which cannot be folded, each `[channels]`."""
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
class Basis:
  """A stream `x` is kept as `u`, where `x = scale * u + shift`."""
  scale: np.ndarray
  shift: np.ndarray

  @classmethod
  def plain(cls, width: int) -> 'Basis':
    return cls(np.ones(width), np.zeros(width))

  def read(self, dense: Dense) -> Dense:
    """Returns the map of `u` that is `dense` of `x`."""
    return Dense(self.scale[:, np.newaxis] * dense.kernel,
                 dense.bias + self.shift @ dense.kernel)


@dataclasses.dataclass
class FoldedEncoder:
  """An encoder for inference.

  Attributes:
    architecture: Architecture of the encoder that was folded.
    words: `[vocab_size, embedding_size]`.
    trigram: Map from three word vectors to the wide stream; None of a plain
      BERT, whose word vectors begin it themselves.
    positions: `[max_position_embeddings, inter_block_size]`.
    types: `[type_vocab_size, inter_block_size]`.
    norm: LayerNorm of the embeddings, if there is one.
    blocks: Maps of each block, by the name of their product in the layout.
    bases: Basis of the wide stream after each block.
    kept: Names of the NoNorms that could not be folded.
    mask_bias: Number that a hard mask adds to scores; None for the model's.
  """
  architecture: modeling.MobileBertConfig
  words: np.ndarray
  trigram: Dense | None
  positions: np.ndarray
  types: np.ndarray
  norm: Norm | None
  blocks: list[dict[str, Map]]
  bases: list[Basis]
  kept: list[str]
  mask_bias: float | None = None

  @property
  def layout(self) -> layout_lib.EncoderLayout:
    """Layout of the encoder that was folded."""
    return layout_lib.encoder_layout(self.architecture)

  @property
  def basis(self) -> Basis:
    """Basis of the encoder's output."""
    return self.bases[-1]

  def read(self, layer: Any) -> Dense:
    """Returns a Keras dense layer of the encoder's output as a map of `u`."""
    return self.basis.read(as_dense(layer))


def fold(encoder: modeling.MobileBertEncoder | modeling.BertEncoder
         ) -> FoldedEncoder:
  """Folds everything except LayerNorms of an encoder of any architecture.

  Raises:
    ValueError: If a weight is not finite.

  Example: `fold(model.encoder).kept  # [] where no gamma is near zero`
  """
  _check_finite(encoder)
  layout = layout_lib.encoder_layout(encoder.architecture)
  embeddings = encoder.get_layer('embeddings')
  trigram = as_dense(embeddings.projection) if layout.trigram else None
  positions = _array(embeddings.position_embeddings)
  types = _array(embeddings.type_embeddings)
  norm = Norm(_array(embeddings.norm.gamma), _array(embeddings.norm.beta))
  if layout.embeddings_norm.is_affine:  # No residual runs past it.
    trigram = _fold_norm(trigram, norm)
    positions, types = positions * norm.gamma, types * norm.gamma
    norm = None
  basis = Basis.plain(encoder.architecture.inter_block_size)
  folded = FoldedEncoder(
      encoder.architecture, _array(encoder.word_embeddings.embeddings), trigram,
      positions, types, norm, [], [], [])
  for block in encoder.blocks:
    basis = _fold_block(block, layout.block, basis, folded)
    folded.bases.append(basis)
  return folded


def _fold_block(block: Any,
                layout: layout_lib.BlockLayout, wide: Basis,
                folded: FoldedEncoder) -> Basis:
  """Appends a folded block, and returns the basis after it."""
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
           layout_lib.NARROW: Basis.plain(architecture.intra_block_size)}
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


def _write(dense: Dense, norm: Norm, basis: Basis) -> tuple[Map, Basis]:
  """Folds a NoNorm after a residual; see the module's docstring."""
  scale = norm.gamma * basis.scale
  shift = norm.gamma * (basis.shift + dense.bias) + norm.beta
  size = np.abs(scale)
  sound = (size >= _SMALLEST_SCALE) & (size <= _LARGEST_SCALE)
  kernel = dense.kernel * np.where(sound, 1 / basis.scale, norm.gamma)
  return (
      Map(Dense(kernel, np.zeros_like(dense.bias)),
          keep=None if sound.all() else np.where(sound, 1.0, scale)),
      Basis(np.where(sound, scale, 1.0), shift))


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


# === Running a folded encoder ===


class InferenceEncoder(tf.Module):
  """Runs a folded encoder, for exports and fast inference.

  Args:
    folded: The weights.
    dtype: Type of the computation. The last unscaling is at least float32,
      because its result may be beyond float16.

  Example: `InferenceEncoder(fold(encoder))(ids, mask, type_ids)`
  """

  def __init__(self, folded: FoldedEncoder,
               dtype: tf.DType = tf.float32):
    super().__init__()
    self.architecture = folded.architecture
    self._dtype = dtype
    self._layout = folded.layout.block
    self._mask_bias = folded.mask_bias
    # Variables, so that all signatures of a file share them.
    self._weights = {
        name: as_variables(getattr(folded, name), dtype)
        for name in ('words', 'trigram', 'positions', 'types', 'norm')
    }
    self._blocks = [
        as_variables(join_projections(block, self._layout), dtype)
        for block in folded.blocks
    ]
    out = tf.float64 if dtype == tf.float64 else tf.float32
    self._scale = tf.Variable(folded.basis.scale, trainable=False, dtype=out)
    self._shift = tf.Variable(folded.basis.shift, trainable=False, dtype=out)

  def __call__(self, word_ids: tf.Tensor, mask: tf.Tensor, type_ids: tf.Tensor,
               observe: Observer = lambda name, value: None) -> tf.Tensor:
    """Returns the encoder's `sequence_output`, float32; see `stream`."""
    return self.unscale(self.stream(word_ids, mask, type_ids, observe))

  def unscale(self, stream: tf.Tensor) -> tf.Tensor:
    """Returns the encoder's output from the result of `stream`."""
    return self._scale * tf.cast(stream, self._scale.dtype) + self._shift

  def stream(self, word_ids: tf.Tensor, mask: tf.Tensor, type_ids: tf.Tensor,
             observe: Observer = lambda name, value: None,
             first_token_only: bool = False) -> tf.Tensor:
    """Returns the sum after the last block, as folded heads read it.

    Args:
      word_ids: int32 `[batch, length]`.
      mask: int32 `[batch, length]`, 1 for tokens, 0 for padding.
      type_ids: int32 `[batch, length]`.
      observe: Receiver of the intermediate tensors, for calibration.
      first_token_only: Whether only the first token of the last block is
        needed.

    Returns:
      `[batch, length, inter_block_size]`, of length 1 if `first_token_only`.
    """
    stream = self.embed(word_ids, type_ids)
    observe(layout_lib.WIDE, stream)
    return self.advance(stream, mask, range(len(self._blocks)), observe,
                        first_token_only)

  def advance(self, stream: tf.Tensor, mask: tf.Tensor, blocks: range,
              observe: Observer = lambda name, value: None,
              first_token_only: bool = False) -> tf.Tensor:
    """Returns the sum after some blocks, from the sum before them.

    Args:
      stream: `[batch, length, inter_block_size]`.
      mask: int32 `[batch, length]`.
      blocks: Blocks to run, one after another.
      observe: See `stream`.
      first_token_only: Whether only the first token of the last of them is
        needed.
    """
    mask = tf.cast(mask, self._dtype)[:, tf.newaxis, tf.newaxis, :]
    for index in blocks:
      stream = self._run_block(
          self._blocks[index], stream, mask,
          lambda name, value, index=index: observe(
              range_name(index, name), value),
          first_token_only and index == blocks[-1])
    return stream

  def embed(self, word_ids: tf.Tensor, type_ids: tf.Tensor) -> tf.Tensor:
    """Returns the first block's input, `[batch, length, inter_block_size]`."""
    weights = self._weights
    vectors = tf.gather(weights['words'], word_ids)
    if weights['trigram'] is not None:
      before = tf.pad(vectors[:, :-1], [[0, 0], [1, 0], [0, 0]])
      after = tf.pad(vectors[:, 1:], [[0, 0], [0, 1], [0, 0]])
      vectors = dense(tf.concat([after, vectors, before], axis=-1),
                      weights['trigram'])
    length = tf.shape(word_ids)[1]
    stream = (vectors + tf.gather(weights['types'], type_ids)
              + weights['positions'][:length])
    return _normalize(stream, weights['norm'])

  def _run_block(self, block: dict[str, Any], stream: tf.Tensor,
                 mask: tf.Tensor, observe: Observer,
                 first_token_only: bool) -> tf.Tensor:
    tensors = {layout_lib.WIDE: stream}
    for reads, products in self._layout.projections.items():
      joined = dense(tensors[reads], block['projections'][reads])
      pieces = _split_columns(
          joined, [product.shape[1] for product in products])
      for product, piece in zip(products, pieces, strict=True):
        tensors[product.writes] = _normalize(
            piece, block['norms'][product.name])
        observe(product.writes, tensors[product.writes])
    if first_token_only:  # Key and value are still those of all tokens.
      for name in (layout_lib.WIDE, layout_lib.NARROW, layout_lib.QUERY):
        if name in tensors:
          tensors[name] = tensors[name][:, :1]
    tensors[layout_lib.CONTEXT] = self._attend(
        tensors[layout_lib.QUERY], tensors[layout_lib.KEY],
        tensors[layout_lib.VALUE], mask, observe)
    for product in self._layout.after_attention:
      tensors[product.writes] = _run_product(
          product, block['maps'][product.name], tensors)
      observe(product.writes, tensors[product.writes])
    return tensors[layout_lib.WIDE]

  def _attend(self, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor,
              mask: tf.Tensor, observe: Observer) -> tf.Tensor:
    query, key, value = map(self._split_heads, (query, key, value))
    scores = tf.matmul(query, key, transpose_b=True)  # [B, N, S, S]
    observe(SCORES, tf.reshape(scores, [1, -1, 1]))
    scores = block_lib.mask_scores(
        scores, mask, 'hard' if self._layout.ignores_padding
        else 'tf1_reference', self._mask_bias)
    context = tf.transpose(
        tf.matmul(tf.nn.softmax(scores), value), [0, 2, 1, 3])
    shape = tf.shape(context)
    return tf.reshape(
        context, [shape[0], shape[1], self.architecture.attention_size])

  def _split_heads(self, tensor: tf.Tensor) -> tf.Tensor:
    shape, heads = tf.shape(tensor), self.architecture.num_attention_heads
    return tf.transpose(
        tf.reshape(tensor, [shape[0], shape[1], heads,
                            self.architecture.attention_head_size]),
        [0, 2, 1, 3])


def _split_columns(joined: tf.Tensor, sizes: list[int]) -> list[tf.Tensor]:
  """Returns neighbouring columns, `[batch, length, size]` of each size.

  XNNPACK splits into equal parts only.
  """
  if len(set(sizes)) == 1:
    return tf.split(joined, len(sizes), axis=-1)
  return [tf.slice(joined, [0, 0, sum(sizes[:i])], [-1, -1, size])
          for i, size in enumerate(sizes)]


def range_name(index: int, tensor: str) -> str:
  """Returns a tensor's observed name; blocks share that of the wide stream."""
  return tensor if tensor == layout_lib.WIDE else f'{index}/{tensor}'


def _run_product(product: layout_lib.Product, weights: dict[str, Any],
                 tensors: dict[str, tf.Tensor]) -> tf.Tensor:
  value = dense(tensors[product.reads], weights['dense'])
  if product.residual:
    residual = tensors[product.writes]
    if weights['keep'] is not None:
      residual *= weights['keep']
    value = residual + value
  value = _normalize(value, weights['norm'])
  if product.activation:
    value = layers.get_activation(product.activation)(value)
  return value


def dense(inputs: tf.Tensor, weights: dict[str, tf.Variable]) -> tf.Tensor:
  """Returns a linear map of `[batch, length, width]`, as one matrix product."""
  kernel = weights['kernel']
  shape = tf.shape(inputs)
  flat = tf.matmul(tf.reshape(inputs, [-1, kernel.shape[0]]), kernel)
  if weights['bias'] is not None:
    flat += weights['bias']
  return tf.reshape(flat, [shape[0], shape[1], kernel.shape[1]])


def _normalize(inputs: tf.Tensor,
               weights: dict[str, tf.Variable] | None) -> tf.Tensor:
  """Returns the LayerNorm of the inputs; without weights, the inputs."""
  if weights is None:
    return inputs
  mean, variance = tf.nn.moments(inputs, axes=-1, keepdims=True)
  return tf.nn.batch_normalization(
      inputs, mean, variance, weights['beta'], weights['gamma'],
      layers.LAYER_NORM_EPSILON)


def join_projections(block: dict[str, Map],
                     layout: layout_lib.BlockLayout) -> dict[str, Any]:
  """Joins the projections of a block that read one tensor.

  Args:
    block: Maps of the block.
    layout: Its layout.

  Returns:
    `projections`, a `Dense` by the tensor that it reads; `norms`, of each
    projection by its name; and `maps`, of all products after attention.
  """
  projections, norms = {}, {}
  for reads, products in layout.projections.items():
    maps = [block[product.name] for product in products]
    projections[reads] = Dense(
        np.concatenate([m.dense.kernel for m in maps], axis=1),
        np.concatenate([m.dense.bias for m in maps]))
    norms |= {product.name: block[product.name].norm for product in products}
  maps = {product.name: block[product.name]
          for product in layout.after_attention}
  return {'projections': projections, 'norms': norms, 'maps': maps}


def as_variables(value: Any, dtype: tf.DType) -> Any:
  """Turns the weights in a dataclass into variables, in nested dicts."""
  if isinstance(value, np.ndarray):
    return tf.Variable(value, trainable=False, dtype=dtype)
  if isinstance(value, dict):
    return {name: as_variables(item, dtype) for name, item in value.items()}
  if isinstance(value, Dense):
    return {'kernel': as_variables(value.kernel, dtype),
            'bias': as_variables(value.bias, dtype)
                    if value.bias.any() else None}
  if dataclasses.is_dataclass(value):
    return {field.name: as_variables(getattr(value, field.name), dtype)
            for field in dataclasses.fields(value)}
  return value
