# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""An encoder that returns one vector for each text."""

from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import task_models

MEAN, FIRST, ATTENTION = POOLINGS = ('mean', 'first', 'attention')
# Far below the entries of any vector with a meaning, and a normal float16.
_SMALLEST = 1e-4


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class SentenceEncoder(task_models.EncoderModel):
  """An encoder whose output is one vector for each text.

  Pooling, a linear map and normalization follow the encoder, as in
  Sentence-BERT (Reimers and Gurevych 2019, section 3) and its library.

  Args:
    encoder: The encoder, a `MobileBertEncoder` or a `BertEncoder`; its layers
      become this model's.
    pooling: `'mean'` of the tokens' vectors; `'first'`, that of the first
      token, without a pooler; or `'attention'`, a mean weighted by the softmax
      of a learned score of each token.
    output_size: Width of the linear map after pooling; None for none.
    normalize: Whether vectors are divided by their length.
    name: Name of the model.

  Inputs: the encoder's.

  Outputs: float32 `[batch, size]`.

  Raises:
    ValueError: If the pooling is unknown or the size not positive.

  Example:

  >>> model = SentenceEncoder(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'), output_size=384)
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> model([ids, tf.cast(ids > 0, tf.int32), ids * 0]).shape.as_list()
  [1, 384]
  """

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               pooling: str = MEAN,
               output_size: int | None = None,
               normalize: bool = True,
               name: str = 'sentence_encoder'):
    architectures.check_accepted('pooling', pooling, POOLINGS)
    if output_size is not None:
      architectures.check_positive_integer('output_size', output_size)
    policy = encoder.word_embeddings.dtype_policy
    deviation = encoder.architecture.initializer_range

    # === Layers ===
    pool = Pooling(pooling, name='sentence_pooling', dtype=policy)
    attention = projection = None
    if pooling == ATTENTION:
      attention = layers.make_dense(
          1, deviation, name='sentence_attention', dtype=policy)
    if output_size:
      projection = layers.make_dense(
          output_size, deviation, name='sentence_projection', dtype=policy)
    finish = UnitLength(normalize, name='sentence_vector', dtype=policy)

    # === Functional graph ===
    hidden = encoder.output['sequence_output']  # [B, L, D]
    scores = [attention(hidden)] if attention else []
    vectors = pool(hidden, encoder.inputs[1], *scores)  # [B, D]
    if projection:
      vectors = projection(vectors)
    super().__init__(encoder, finish(vectors), name)

    # === Config ===
    self._heads = tuple(
        layer.name for layer in (attention, projection) if layer)
    self._pooling = pooling
    self._output_size = output_size
    self._normalize = normalize

  @property
  def pooling(self) -> str:
    """How the vectors of tokens become one."""
    return self._pooling

  @property
  def output_size(self) -> int | None:
    """Width of the linear map after pooling; None if there is none."""
    return self._output_size

  @property
  def normalize(self) -> bool:
    """Whether vectors have length 1."""
    return self._normalize

  @property
  def size(self) -> int:
    """Width of the vectors."""
    return self.output_shape[-1]

  def constructor_config(self) -> dict[str, Any]:
    return {
        **super().constructor_config(),
        'pooling': self._pooling,
        'output_size': self._output_size,
        'normalize': self._normalize,
    }


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Pooling(layers.ConfiguredLayer):
  """Pools the vectors of a text's tokens into one; see `pool`.

  Args:
    pooling: `'mean'`, `'first'` or `'attention'`.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: hidden states `[batch, length, width]`, the mask `[batch, length]` and
  for attention scores `[batch, length, 1]`. Outputs `[batch, width]`.

  Example:

  >>> hidden = tf.constant([[[1.0], [3.0], [9.0]]])
  >>> float(Pooling()(hidden, tf.constant([[1, 1, 0]]))[0, 0])
  2.0
  """

  def __init__(self, pooling: str = MEAN, **kwargs):
    super().__init__(**kwargs)
    self._config = {'pooling': pooling}

  def call(self, hidden: tf.Tensor, mask: tf.Tensor,
           scores: tf.Tensor | None = None) -> tf.Tensor:
    return tf.cast(
        pool(hidden, mask, self._config['pooling'], scores),
        self.compute_dtype)


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class UnitLength(layers.ConfiguredLayer):
  """Divides vectors by their length, and returns them as float32.

  Args:
    normalize: Whether it divides.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs and outputs `[batch, size]`.

  Example:

  >>> UnitLength()(tf.constant([[0.0, 3.0]])).numpy().tolist()
  [[0.0, 1.0]]
  """

  def __init__(self, normalize: bool = True, **kwargs):
    super().__init__(**kwargs)
    self._config = {'normalize': normalize}

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    vectors = tf.cast(inputs, tf.float32)
    return unit_length(vectors) if self._config['normalize'] else vectors


def pool(hidden: tf.Tensor, mask: tf.Tensor, pooling: str,
         scores: tf.Tensor | None = None) -> tf.Tensor:
  """Returns one vector for each text, in float32.

  Padding has a weight of exactly 0.

  Args:
    hidden: Vectors of tokens, `[batch, length, width]`.
    mask: `[batch, length]`, 1 for tokens and 0 for padding.
    pooling: `'mean'`, `'first'` or `'attention'`.
    scores: Scores of the tokens for `'attention'`, `[batch, length, 1]`.
  """
  hidden = tf.cast(hidden, tf.float32)
  if pooling == FIRST:
    return hidden[:, 0]
  weights = tf.cast(mask, tf.float32)[:, :, tf.newaxis]
  if pooling == ATTENTION:
    scores = tf.cast(scores, tf.float32)
    largest = tf.stop_gradient(tf.reduce_max(
        tf.where(weights > 0, scores, tf.reduce_min(scores)), 1, True))
    weights *= tf.exp(tf.minimum(scores - largest, 0.0))
  # Shares before the sum, which stays in the range of float16.
  weights /= tf.maximum(tf.reduce_sum(weights, 1, keepdims=True), _SMALLEST)
  return tf.reduce_sum(hidden * weights, axis=1)


def unit_length(vectors: tf.Tensor) -> tf.Tensor:
  """Returns vectors of length 1, and 0 for 0.

  Squares of the entries themselves would end float16 at 256.

  Args:
    vectors: float32 `[..., size]`.
  """
  largest = tf.stop_gradient(
      tf.reduce_max(tf.abs(vectors), axis=-1, keepdims=True))
  vectors = vectors / tf.maximum(largest, _SMALLEST)
  squares = tf.reduce_sum(tf.square(vectors), axis=-1, keepdims=True)
  return vectors * tf.math.rsqrt(tf.maximum(squares, _SMALLEST))
