# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Activations, initializers, normalizations and dropout of the reference.

Gelu has its tanh form and LayerNorm an epsilon of 1e-12. Dropout draws the same
masks in a resumed run.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import threading
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures


class ConfiguredLayer(tf_keras.layers.Layer):
  """A layer with the arguments of its constructor in `_config`."""

  _config: dict[str, Any]

  def get_config(self):
    return {**super().get_config(), **self._config}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
def gelu(inputs: tf.Tensor) -> tf.Tensor:
  """The tanh form of gelu, as in google-research `mobilebert/modeling.py`.

  `tf_keras` resolves the string 'gelu' to the erf form, up to 7e-4 off.
  """
  return tf.nn.gelu(inputs, approximate=True)


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
def gelu_erf(inputs: tf.Tensor) -> tf.Tensor:
  """The exact form of gelu, by erf, which a plain BERT has."""
  return tf.nn.gelu(inputs, approximate=False)


def get_activation(name: str) -> Callable[[tf.Tensor], tf.Tensor]:
  """Returns an activation.

  Args:
    name: One of `architectures.ACTIVATIONS` or of `BERT_ACTIVATIONS`.

  Raises:
    ValueError: If the name is unknown.

  Example:

  >>> float(get_activation('relu6')(tf.constant(7.0)))
  6.0
  """
  functions = {'relu': tf.nn.relu, 'relu6': tf.nn.relu6, 'gelu': gelu,
               'gelu_erf': gelu_erf}
  architectures.check_accepted('hidden_activation', name, tuple(functions))
  return functions[name]


def truncated_normal(
    initializer_range: float) -> tf_keras.initializers.Initializer:
  """Returns a new truncated normal initializer, as in BERT.

  Each weight needs its own: an instance used twice gives both weights the same
  values, so that queries would equal keys.

  Args:
    initializer_range: Standard deviation.
  """
  return tf_keras.initializers.TruncatedNormal(stddev=initializer_range)


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Dense(tf_keras.layers.Dense):
  """Keras' dense layer, with right gradients of biases in bfloat16.

  On a CPU the gradient of `tf.nn.bias_add` is summed in bfloat16, where a sum
  of ones ends at 256; that of an addition is summed in float32.

  Args:
    units: Width of the output.
    **kwargs: Arguments of `tf_keras.layers.Dense` but `use_bias`.
  """

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    if self.compute_dtype != 'bfloat16':
      return super().call(inputs)
    return self.activation(tf.tensordot(inputs, self.kernel, 1) + self.bias)


def make_dense(
    width: int, initializer_range: float, *, name: str,
    dtype: tf_keras.mixed_precision.Policy,
    activation: Callable[[tf.Tensor], tf.Tensor] | str | None = None
) -> Dense:
  """Returns a new dense layer with a truncated normal initializer.

  Args:
    width: Width of the output.
    initializer_range: Standard deviation of the kernel's initializer.
    name: Name of the layer.
    dtype: Dtype policy of the layer.
    activation: Function or Keras name of the activation, if any.
  """
  return Dense(
      width, activation=activation, name=name, dtype=dtype,
      kernel_initializer=truncated_normal(initializer_range))


# Value of tf.contrib, with which the reference was trained.
LAYER_NORM_EPSILON = 1e-12


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class NoNorm(tf_keras.layers.Layer):
  """Element-wise linear map that replaces a layer normalization.

  `gamma * x + beta` with one gamma and one beta a channel: no mean, no
  variance, and therefore no reduction at inference (equation 1 of the paper).

  Inputs `[..., channels]`, outputs the same shape.

  Example:

  >>> float(NoNorm()(tf.ones([1, 1]))[0, 0])
  1.0
  """

  def build(self, input_shape):
    channels = input_shape[-1]
    self.gamma = self.add_weight(
        'gamma', shape=[channels], initializer='ones')
    self.beta = self.add_weight(
        'beta', shape=[channels], initializer='zeros')
    super().build(input_shape)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    return inputs * self.gamma + self.beta


def make_normalization(
    normalization: str, *, name: str,
    dtype: tf_keras.mixed_precision.Policy) -> tf_keras.layers.Layer:
  """Returns a new normalization layer.

  Args:
    normalization: `no_norm` or `layer_norm`.
    name: Name of the layer.
    dtype: Dtype policy of the layer.

  Raises:
    ValueError: If the normalization is unknown.

  Example:

  >>> make_normalization('no_norm', name='norm', dtype='float32').name
  'norm'
  """
  architectures.check_accepted(
      'normalization', normalization, architectures.NORMALIZATIONS)
  if getattr(dtype, 'name', dtype) == 'bfloat16':
    # Mean and variance of many channels need float32, and Keras computes them
    # so for float32 weights. These take next to no memory.
    dtype = 'mixed_bfloat16'
  if normalization == 'no_norm':
    return NoNorm(name=name, dtype=dtype)
  return tf_keras.layers.LayerNormalization(
      epsilon=LAYER_NORM_EPSILON, name=name, dtype=dtype)


_traced = threading.local()  # Replicas are traced in threads of their own.


@dataclasses.dataclass
class _StepSeed:
  """The seed of a step and the number of masks drawn with it."""
  seed: tf.Tensor
  draws: int = 0

  def next(self) -> tf.Tensor:
    self.draws += 1
    return self.seed + tf.constant([0, self.draws], self.seed.dtype)


@contextlib.contextmanager
def step_seed(seed: int | None, step: tf.Tensor,
              part: tf.Tensor | None = None) -> Iterator[None]:
  """Makes dropout masks inside the context depend on seed and step alone.

  Checkpoints do not hold the state of TensorFlow's own dropout, so a resumed
  run would draw other masks than an uninterrupted one.

  Args:
    seed: Seed of the run; None counts as 0.
    step: int scalar, the current step.
    part: int scalar, number of a part of the batch; None for the whole.

  Example:

  >>> layer, masks = Dropout(0.5), []
  >>> for step in (7, 7):
  ...   with step_seed(1, step):
  ...     masks.append(layer(tf.ones([2, 8]), training=True))
  >>> bool(tf.reduce_all(masks[0] == masks[1]))
  True
  """
  context = tf.distribute.get_replica_context()
  replica = context.replica_id_in_sync_group if context else 0
  pair = tf.stack(
      [tf.constant(seed or 0, tf.int64), tf.cast(replica, tf.int64)])
  outer = getattr(_traced, 'current', None)
  fold_in = tf.random.experimental.stateless_fold_in
  drawn = fold_in(pair, tf.cast(step, tf.int64))
  if part is not None:
    drawn = fold_in(drawn, tf.cast(part, tf.int64))
  _traced.current = _StepSeed(drawn)
  try:
    yield
  finally:
    _traced.current = outer


def repeatable(function: Callable[..., Any]) -> Callable[..., Any]:
  """Returns a function that draws the same masks whenever it is called."""
  current = getattr(_traced, 'current', None)
  draws = current.draws if current else 0

  def repeat(*args: Any) -> Any:
    outer, _traced.current = getattr(_traced, 'current', None), current
    if current:
      current.draws = draws
    try:
      return function(*args)
    finally:
      _traced.current = outer

  return repeat


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Dropout(tf_keras.layers.Dropout):
  """Keras' dropout, with reproducible masks inside `step_seed`.

  Args:
    rate: Share of the inputs to drop, 0 to 1.
    **kwargs: Arguments of `tf_keras.layers.Dropout`.
  """

  def call(self, inputs: tf.Tensor,
           training: bool | None = None) -> tf.Tensor:
    current = getattr(_traced, 'current', None)
    if not training or not self.rate or current is None:
      return super().call(inputs, training=training)
    return tf.nn.experimental.stateless_dropout(
        inputs, self.rate, seed=current.next())
