# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A classifier that can answer after some of its blocks (DeeBERT)."""

from collections.abc import Sequence
import functools
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import task_models
from mobilebert_tf.modeling import validation

# Smallest deviation of a channel that is divided by.
_LEAST_DEVIATION = 1e-6


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class EarlyExitClassifier(task_models.EncoderModel):
  """A classifier with further ones, its exits, after blocks below the last.

  A text leaves at the first exit that is sure (DeeBERT, Xin et al. 2020,
  section 3). The last exit is the classifier itself, so that a fine-tuned model
  keeps its answers. An exit is a dense layer of the first token, as the
  classifier of the released MobileBERT is; DeeBERT's have a pooler as well.

  Args:
    encoder: The encoder; its layers become this model's.
    num_classes: Number of logits of a text, 2 or more.
    exit_blocks: Numbers of the blocks with an exit after them, counted from 1,
      ascending and below the last; None for all of these.
    labels: Names of the classes in the order of the logits, or none.
    dropout_rate: Dropout of the classifier's input; exits have none.
    exit_pooler: Whether each exit has a pooler, as DeeBERT's have.
    name: Name of the model.

  Inputs: the encoder's.

  Outputs: logits of all exits, the classifier's last, float32
    `[batch, exits + 1, num_classes]`.

  Raises:
    ValueError: As `MobileBertClassifier`; for one class; or for blocks that the
      encoder does not have, or that are not ascending.

  Example:

  >>> model = EarlyExitClassifier(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'), num_classes=2)
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> model([ids, ids // 5, ids * 0]).shape.as_list()
  [1, 4, 2]
  """

  _heads = ('classifier', 'exits')

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               num_classes: int,
               exit_blocks: Sequence[int] | None = None,
               labels: Sequence[str] = (),
               dropout_rate: float = 0.1,
               exit_pooler: bool = False,
               name: str = 'early_exit_classifier'):
    architectures.check_positive_integer('num_classes', num_classes)
    architectures.check_dropout_rate('dropout_rate', dropout_rate)
    if num_classes == 1:
      raise ValueError(
          'A regression cannot have early exits: how sure an exit is follows '
          'from the probabilities of two or more classes.')
    labels = validation.check_labels(labels, num_classes)
    blocks = check_blocks(exit_blocks, encoder.architecture.num_blocks)

    # === Layers ===
    policy = encoder.word_embeddings.dtype_policy
    deviation = encoder.architecture.initializer_range
    dropout = layers.Dropout(dropout_rate, name='dropout', dtype=policy)
    classifier = layers.make_dense(
        num_classes, deviation, name='classifier', dtype=policy)
    exits = ExitHeads(
        len(blocks), num_classes, deviation, pooler=exit_pooler, name='exits',
        dtype=policy)

    # === Functional graph ===
    hidden = encoder.output['encoder_outputs']
    logits = classifier(dropout(encoder.output['pooled_output']))
    super().__init__(
        encoder, exits([hidden[block - 1] for block in blocks], logits), name)

    # === Config ===
    self._num_classes = num_classes
    self._exit_blocks = blocks
    self._labels = labels
    self._dropout_rate = dropout_rate
    self._exit_pooler = exit_pooler

  @property
  def num_classes(self) -> int:
    """Number of logits of an exit."""
    return self._num_classes

  @property
  def labels(self) -> tuple[str, ...]:
    """Names of the classes in the order of the logits; empty if not given."""
    return self._labels

  @property
  def exit_blocks(self) -> tuple[int, ...]:
    """Numbers of the blocks with an exit after them, counted from 1."""
    return self._exit_blocks

  @property
  def exits(self) -> 'ExitHeads':
    """The layer of all exits but the classifier."""
    return self.get_layer('exits')

  def constructor_config(self) -> dict[str, Any]:
    return {
        **super().constructor_config(),
        'num_classes': self._num_classes,
        'exit_blocks': list(self._exit_blocks),
        'labels': list(self._labels),
        'dropout_rate': self._dropout_rate,
        'exit_pooler': self._exit_pooler,
    }


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class ExitHeads(layers.ConfiguredLayer):
  """Dense layers of the standardised first token after several blocks.

  The streams between blocks of NoNorm differ by orders of magnitude, between
  channels and between blocks. So each channel is standardised by its `mean` and
  `deviation` over texts, which are stored and not trained. All is float32 under
  every dtype policy.

  Args:
    num_exits: Number of blocks that are read.
    num_classes: Number of logits of each.
    initializer_range: Standard deviation of the kernels' initializer.
    pooler: Whether a dense layer of the same width and tanh come before.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: a list of hidden states `[batch, length, width]`, and the logits of
  the last exit `[batch, num_classes]`. Outputs
  `[batch, num_exits + 1, num_classes]`.

  Example:

  >>> heads = ExitHeads(num_exits=2, num_classes=3)
  >>> heads([tf.ones([1, 5, 4])] * 2, tf.ones([1, 3])).shape.as_list()
  [1, 3, 3]
  """

  def __init__(self, num_exits: int, num_classes: int,
               initializer_range: float = 0.02, pooler: bool = False, **kwargs):
    super().__init__(**{**kwargs, 'autocast': False})
    self._config = {'num_exits': num_exits, 'num_classes': num_classes,
                    'initializer_range': initializer_range, 'pooler': pooler}

  @property
  def has_pooler(self) -> bool:
    """Whether each exit has a pooler."""
    return self._config['pooler']

  def build(self, input_shape):
    exits, classes = self._config['num_exits'], self._config['num_classes']
    width = input_shape[0][-1]
    add = functools.partial(
        self.add_weight, dtype=tf.float32, experimental_autocast=False)
    self.mean = add(
        'mean', [exits, width], initializer='zeros', trainable=False)
    self.deviation = add(
        'deviation', [exits, width], initializer='ones', trainable=False)
    normal = functools.partial(
        layers.truncated_normal, self._config['initializer_range'])
    if self.has_pooler:
      self.pooler_kernel = add(
          'pooler_kernel', [exits, width, width], initializer=normal())
      self.pooler_bias = add(
          'pooler_bias', [exits, width], initializer='zeros')
    self.kernel = add(
        'kernel', [exits, width, classes], initializer=normal())
    self.bias = add('bias', [exits, classes], initializer='zeros')
    super().build(input_shape)

  def call(self, hidden: list[tf.Tensor], logits: tf.Tensor) -> tf.Tensor:
    first = first_tokens(hidden)
    values = (first - self.mean) / self.deviation
    if self.has_pooler:
      values = tf.tanh(tf.einsum(
          'bed,edp->bep', values, self.pooler_kernel) + self.pooler_bias)
    found = tf.einsum('bed,edc->bec', values, self.kernel) + self.bias
    return tf.concat(
        [found, tf.cast(logits, tf.float32)[:, tf.newaxis]], axis=1)

  def standardise(self, mean: Any, deviation: Any) -> None:
    """Sets what the inputs are standardised by.

    Args:
      mean: Mean of each channel over texts, `[num_exits, width]`.
      deviation: Its standard deviation; channels that do not vary have 1.
    """
    self.mean.assign(mean)
    self.deviation.assign(
        np.where(np.asarray(deviation) > _LEAST_DEVIATION, deviation, 1.0))

  def set_poolers(self, kernel: Any, bias: Any) -> None:
    """Sets all poolers to what a layer computes of the plain first token.

    Args:
      kernel: Its kernel, `[width, width]`.
      bias: Its bias, `[width]`.
    """
    kernel, bias = np.asarray(kernel), np.asarray(bias)
    self.pooler_kernel.assign(self.deviation.numpy()[..., None] * kernel)
    self.pooler_bias.assign(self.mean.numpy() @ kernel + bias)

  def as_dense_layers(self, index: int) -> list[tuple[Any, Any]]:
    """Returns kernels and biases of an exit on the plain first token, float64.

    Args:
      index: Number of the exit, from 0.

    Returns:
      Those of the pooler, if there is one, and of the classifier.
    """
    def read(weight: tf.Variable) -> np.ndarray:
      return weight[index].numpy().astype('float64')

    layers_of = [(read(self.kernel), read(self.bias))]
    if self.has_pooler:
      layers_of.insert(0, (read(self.pooler_kernel), read(self.pooler_bias)))
    kernel, bias = layers_of[0]
    kernel = kernel / read(self.deviation)[:, None]
    return [(kernel, bias - read(self.mean) @ kernel), *layers_of[1:]]


def first_tokens(hidden: Sequence[tf.Tensor]) -> tf.Tensor:
  """Returns the first token of hidden states of blocks.

  Args:
    hidden: `[batch, length, width]` of each block.

  Returns:
    float32 `[batch, blocks, width]`.
  """
  return tf.cast(tf.stack([each[:, 0] for each in hidden], 1), tf.float32)


def check_blocks(blocks: Sequence[int] | None,
                 depth: int) -> tuple[int, ...]:
  """Returns the blocks with an exit, checked.

  Args:
    blocks: Numbers of blocks, counted from 1; None or none for all below the
      last.
    depth: Number of blocks of the encoder.

  Raises:
    ValueError: If the encoder has no such block, or they are not ascending.
  """
  if depth < 2:
    raise ValueError('An encoder of one block has no earlier exit.')
  if not blocks:
    return tuple(range(1, depth))
  blocks = tuple(blocks)
  for block in blocks:
    if type(block) is not int or not 1 <= block < depth:
      raise ValueError(
          f'exit_blocks has {block!r:.40}; the encoder has {depth} blocks, so '
          f'an exit is after one of 1 to {depth - 1}. After the last is the '
          'classifier.')
  if list(blocks) != sorted(set(blocks)):
    raise ValueError(f'exit_blocks are {list(blocks)}; they have to ascend, '
                     'each there once.')
  return blocks
