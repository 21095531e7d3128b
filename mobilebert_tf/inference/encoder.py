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


"""Runs a folded encoder: what exports and quick inference compute."""

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import folding
from mobilebert_tf.modeling import layers

# Exactly 0 after a softmax. In float16 -1e9 would be infinite, and infinity
# times the 0 of a token NaN.
_MASK_BIAS = {tf.float32: -1e9, tf.float16: -3e4, tf.float64: -1e9}
_TF1_REFERENCE_SCORE = -6.0

# Called with the name of a tensor and its value `[batch, length, channels]`.
Observer = Callable[[str, tf.Tensor], None]


class InferenceEncoder(tf.Module):
  """An encoder's outputs, from folded weights.

  Args:
    folded: The weights.
    dtype: What is computed in; the last unscaling is float32 at least, because
      what it gives may be beyond float16.

  Example: `InferenceEncoder(folding.fold(encoder))(ids, mask, type_ids)`
  """

  def __init__(self, folded: folding.FoldedEncoder,
               dtype: tf.DType = tf.float32):
    super().__init__()
    self.architecture = folded.architecture
    self._dtype = dtype
    self._activation = layers.get_activation(
        folded.architecture.hidden_activation)
    # Variables, so that all signatures of a file share them.
    self._weights = as_variables(folded, dtype)
    out = tf.float64 if dtype == tf.float64 else tf.float32
    self._scale = tf.Variable(folded.scale, trainable=False, dtype=out)
    self._shift = tf.Variable(folded.shift, trainable=False, dtype=out)

  def __call__(self, word_ids: tf.Tensor, mask: tf.Tensor, type_ids: tf.Tensor,
               observe: Observer = lambda name, value: None) -> tf.Tensor:
    """Returns the encoder's `sequence_output`.

    Args:
      word_ids: int32 `[batch, length]`.
      mask: int32 `[batch, length]`, 1 for tokens, 0 for padding.
      type_ids: int32 `[batch, length]`.
      observe: Is shown the tensors between, for calibration.

    Returns:
      float32 `[batch, length, inter_block_size]`.
    """
    return self.unscale(self.stream(word_ids, mask, type_ids, observe))

  def unscale(self, stream: tf.Tensor) -> tf.Tensor:
    """Returns the encoder's output from what `stream` gives."""
    return self._scale * tf.cast(stream, self._scale.dtype) + self._shift

  def stream(self, word_ids: tf.Tensor, mask: tf.Tensor, type_ids: tf.Tensor,
             observe: Observer = lambda name, value: None,
             first_token_only: bool = False) -> tf.Tensor:
    """Returns the sum after the last block, as folded heads read it.

    Args:
      word_ids: As for a call.
      mask: The same.
      type_ids: The same.
      observe: The same.
      first_token_only: Whether nobody reads the other tokens of the last block.

    Returns:
      `[batch, length, inter_block_size]`, of length 1 if `first_token_only`.
    """
    stream = self._embed(word_ids, type_ids)
    observe('wide', stream)
    mask = tf.cast(mask, self._dtype)[:, tf.newaxis, tf.newaxis, :]
    blocks = self._weights['blocks']
    for index, block in enumerate(blocks):
      stream = self._run_block(
          block, stream, mask,
          lambda name, value, index=index: observe(f'{index}/{name}', value),
          first_token_only and index == len(blocks) - 1)
      observe('wide', stream)
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
    width = self.architecture.intra_block_size
    read = dense(stream, block['reads'])
    pieces = tf.split(read, read.shape[-1] // width, axis=-1)
    hidden = _normalize(pieces[0], block['hidden_norm'])
    observe('narrow', hidden)
    query, key, value = self._project(block, hidden, pieces[1:], observe)
    observe('query', query)
    observe('key', key)
    observe('value', value)
    if first_token_only:  # Which still reads key and value of all.
      stream, hidden, query = (t[:, :1] for t in (stream, hidden, query))
    context = self._attend(query, key, value, mask)
    hidden = _write(hidden, context, block['attention_output'])
    observe('narrow', hidden)
    for index, network in enumerate(block['feed_forwards']):
      inner = self._activation(dense(hidden, network['intermediate']))
      observe(f'feed_forward_{index}', inner)
      hidden = _write(hidden, inner, network['output'])
      observe('narrow', hidden)
    return _write(stream, hidden, block['output'])

  def _project(self, block: dict[str, Any], hidden: tf.Tensor,
               others: Sequence[tf.Tensor], observe: Observer
               ) -> Sequence[tf.Tensor]:
    """Returns query, key and value."""
    if self.architecture.attention_input == 'block_input':
      return others
    if self.architecture.attention_input == 'bottleneck':
      return tf.split(dense(hidden, block['projections']), 3, axis=-1)
    shared = _normalize(others[0], block['shared_norm'])
    observe('shared', shared)
    query, key = tf.split(dense(shared, block['projections']), 2, axis=-1)
    return query, key, others[1]

  def _attend(self, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor,
              mask: tf.Tensor) -> tf.Tensor:
    query, key, value = map(self._split_heads, (query, key, value))
    scores = tf.matmul(query, key, transpose_b=True)  # [B, N, S, S]
    if self.architecture.attention_mask == 'tf1_reference':
      scores = scores * mask + (1 - mask) * _TF1_REFERENCE_SCORE
    else:
      scores += (1 - mask) * _MASK_BIAS[self._dtype]
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


def _write(stream: tf.Tensor, inputs: tf.Tensor,
           weights: dict[str, Any]) -> tf.Tensor:
  if weights['keep'] is not None:
    stream *= weights['keep']
  return _normalize(stream + dense(inputs, weights['dense']), weights['norm'])


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
  """Returns the LayerNorm of inputs, or them if there is none."""
  if weights is None:
    return inputs
  mean, variance = tf.nn.moments(inputs, axes=-1, keepdims=True)
  return tf.nn.batch_normalization(
      inputs, mean, variance, weights['beta'], weights['gamma'],
      layers.LAYER_NORM_EPSILON)


def as_variables(value: Any, dtype: tf.DType) -> Any:
  """Returns the weights below a dataclass as variables, in dicts and lists."""
  if isinstance(value, np.ndarray):
    return tf.Variable(value, trainable=False, dtype=dtype)
  if isinstance(value, list):
    return [as_variables(item, dtype) for item in value]
  if isinstance(value, folding.Dense):
    return {'kernel': as_variables(value.kernel, dtype),
            'bias': as_variables(value.bias, dtype)
                    if value.bias.any() else None}
  if isinstance(value, folding.FoldedEncoder):
    return {name: as_variables(getattr(value, name), dtype) for name in (
        'words', 'trigram', 'positions', 'types', 'norm', 'blocks')}
  if dataclasses.is_dataclass(value):
    return {field.name: as_variables(getattr(value, field.name), dtype)
            for field in dataclasses.fields(value)}
  return value
