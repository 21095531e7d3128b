# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs a folded encoder, for exports and fast inference."""

from collections.abc import Callable
import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import folding
from mobilebert_tf.modeling import block as block_lib
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import layout as layout_lib

# Called with the name of a tensor and its value `[batch, length, channels]`.
Observer = Callable[[str, tf.Tensor], None]


class InferenceEncoder(tf.Module):
  """An encoder's outputs, from folded weights.

  Args:
    folded: The weights.
    dtype: Type of the computation. The last unscaling is at least float32,
      because its result may be beyond float16.

  Example: `InferenceEncoder(folding.fold(encoder))(ids, mask, type_ids)`
  """

  def __init__(self, folded: folding.FoldedEncoder,
               dtype: tf.DType = tf.float32):
    super().__init__()
    self.architecture = folded.architecture
    self._dtype = dtype
    self._layout = folded.layout.block
    # Variables, so that all signatures of a file share them.
    self._weights = {
        name: as_variables(getattr(folded, name), dtype)
        for name in ('words', 'trigram', 'positions', 'types', 'norm')
    }
    self._blocks = [
        as_variables(_join_projections(block, self._layout), dtype)
        for block in folded.blocks
    ]
    out = tf.float64 if dtype == tf.float64 else tf.float32
    self._scale = tf.Variable(folded.scale, trainable=False, dtype=out)
    self._shift = tf.Variable(folded.shift, trainable=False, dtype=out)

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
      first_token_only: Whether only the first token of the last block is used.

    Returns:
      `[batch, length, inter_block_size]`, of length 1 if `first_token_only`.
    """
    stream = self._embed(word_ids, type_ids)
    observe(layout_lib.WIDE, stream)
    mask = tf.cast(mask, self._dtype)[:, tf.newaxis, tf.newaxis, :]
    for index, block in enumerate(self._blocks):
      stream = self._run_block(
          block, stream, mask,
          lambda name, value, index=index: observe(
              range_name(index, name), value),
          first_token_only and index == len(self._blocks) - 1)
    return stream

  def _embed(self, word_ids: tf.Tensor, type_ids: tf.Tensor) -> tf.Tensor:
    weights = self._weights
    vectors = tf.gather(weights['words'], word_ids)
    before = tf.pad(vectors[:, :-1], [[0, 0], [1, 0], [0, 0]])
    after = tf.pad(vectors[:, 1:], [[0, 0], [0, 1], [0, 0]])
    trigram = tf.concat([after, vectors, before], axis=-1)
    length = tf.shape(word_ids)[1]
    stream = (dense(trigram, weights['trigram'])
              + tf.gather(weights['types'], type_ids)
              + weights['positions'][:length])
    return _normalize(stream, weights['norm'])

  def _run_block(self, block: dict[str, Any], stream: tf.Tensor,
                 mask: tf.Tensor, observe: Observer,
                 first_token_only: bool) -> tf.Tensor:
    tensors = {layout_lib.WIDE: stream}
    for reads, products in self._layout.projections.items():
      joined = dense(tensors[reads], block['projections'][reads])
      pieces = tf.split(joined, len(products), axis=-1)
      for product, piece in zip(products, pieces, strict=True):
        tensors[product.writes] = _normalize(
            piece, block['norms'][product.name])
        observe(product.writes, tensors[product.writes])
    if first_token_only:  # Key and value are still those of all tokens.
      for name in (layout_lib.WIDE, layout_lib.NARROW, layout_lib.QUERY):
        tensors[name] = tensors[name][:, :1]
    tensors[layout_lib.CONTEXT] = self._attend(
        tensors[layout_lib.QUERY], tensors[layout_lib.KEY],
        tensors[layout_lib.VALUE], mask)
    for product in self._layout.after_attention:
      tensors[product.writes] = _run_product(
          product, block['maps'][product.name], tensors)
      observe(product.writes, tensors[product.writes])
    return tensors[layout_lib.WIDE]

  def _attend(self, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor,
              mask: tf.Tensor) -> tf.Tensor:
    query, key, value = map(self._split_heads, (query, key, value))
    scores = block_lib.mask_scores(
        tf.matmul(query, key, transpose_b=True),  # [B, N, S, S]
        mask, self.architecture.attention_mask)
    context = tf.transpose(
        tf.matmul(tf.nn.softmax(scores), value), [0, 2, 1, 3])
    shape = tf.shape(context)
    return tf.reshape(
        context, [shape[0], shape[1], self.architecture.intra_block_size])

  def _split_heads(self, tensor: tf.Tensor) -> tf.Tensor:
    shape, heads = tf.shape(tensor), self.architecture.num_attention_heads
    return tf.transpose(
        tf.reshape(tensor, [shape[0], shape[1], heads,
                            self.architecture.attention_head_size]),
        [0, 2, 1, 3])


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
  """Returns the LayerNorm of inputs, or the inputs if there is none."""
  if weights is None:
    return inputs
  mean, variance = tf.nn.moments(inputs, axes=-1, keepdims=True)
  return tf.nn.batch_normalization(
      inputs, mean, variance, weights['beta'], weights['gamma'],
      layers.LAYER_NORM_EPSILON)


def _join_projections(block: dict[str, folding.Map],
                      layout: layout_lib.BlockLayout) -> dict[str, Any]:
  """Returns a block with the projections that read one tensor as one map."""
  projections, norms = {}, {}
  for reads, products in layout.projections.items():
    maps = [block[product.name] for product in products]
    projections[reads] = folding.Dense(
        np.concatenate([m.dense.kernel for m in maps], axis=1),
        np.concatenate([m.dense.bias for m in maps]))
    norms |= {product.name: block[product.name].norm for product in products}
  return {
      'projections': projections,
      'norms': norms,
      'maps': {product.name: block[product.name]
               for product in layout.after_attention},
  }


def as_variables(value: Any, dtype: tf.DType) -> Any:
  """Returns the weights below a dataclass as variables, in nested dicts."""
  if isinstance(value, np.ndarray):
    return tf.Variable(value, trainable=False, dtype=dtype)
  if isinstance(value, dict):
    return {name: as_variables(item, dtype) for name, item in value.items()}
  if isinstance(value, folding.Dense):
    return {'kernel': as_variables(value.kernel, dtype),
            'bias': as_variables(value.bias, dtype)
                    if value.bias.any() else None}
  if dataclasses.is_dataclass(value):
    return {field.name: as_variables(getattr(value, field.name), dtype)
            for field in dataclasses.fields(value)}
  return value
