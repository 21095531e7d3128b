# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The pre-trainer: masked language model and next sentence, and their heads."""

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import task_models


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertPretrainer(task_models.EncoderModel):
  """An encoder with the two heads of BERT's pre-training.

  Its outputs carry the names that the Model Garden's `MaskedLMTask` reads.

  Args:
    encoder: The encoder; its layers become this model's.
    name: Name of the model.

  Inputs: the encoder's, and after them
    masked_lm_positions: int `[batch, predictions]`, the positions to predict.

  Outputs: the encoder's dict, and in it
    mlm_logits: `[batch, predictions, vocab_size]`.
    next_sentence: `[batch, 2]`, class 0 is "the second segment follows".

  Example:

  >>> model = MobileBertPretrainer(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'))
  >>> ids = tf.constant([[2, 4, 3]])
  >>> model([ids, ids // ids, ids * 0, ids[:, 1:2] // 4]
  ...      )['mlm_logits'].shape.as_list()
  [1, 1, 8000]
  """

  _extra_inputs = {'masked_lm_positions': (tf.int32, tf.int64)}
  _heads = ('masked_lm_transform', 'masked_lm', 'next_sentence')

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               name: str = 'mobilebert_pretrainer'):
    config = encoder.architecture
    policy = encoder.word_embeddings.dtype_policy

    # === Layers ===
    transform = MaskedLanguageModelTransform(
        config.hidden_activation, config.initializer_range,
        name='masked_lm_transform', dtype=policy)
    masked_lm = MaskedLanguageModelLogits(
        config.vocab_size, config.embedding_size, config.initializer_range,
        name='masked_lm', dtype=policy)
    next_sentence = NextSentenceHead(
        config.initializer_range, name='next_sentence', dtype=policy)

    # === Functional graph ===
    positions = tf_keras.Input(
        [None], dtype=tf.int32, name='masked_lm_positions')
    outputs = dict(encoder.output)
    transformed = transform(outputs['sequence_output'], positions)
    outputs['mlm_logits'] = masked_lm(
        transformed, encoder.word_embeddings(transformed, reverse=True))
    outputs['next_sentence'] = next_sentence(outputs['pooled_output'])
    super().__init__(encoder, outputs, name, extra_inputs=[positions])


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MaskedLanguageModelTransform(layers.ConfiguredLayer):
  """Gathers the masked positions and transforms them for the vocabulary.

  A dense layer, its activation, and a true LayerNorm even if the encoder has
  NoNorm (`get_masked_lm_output` of the reference).

  Args:
    hidden_activation: Name of the activation.
    initializer_range: Standard deviation of the kernel's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: hidden states `[batch, length, width]` and positions
  `[batch, predictions]`. Outputs `[batch, predictions, width]`.

  Example:

  >>> layer = MaskedLanguageModelTransform()
  >>> layer(tf.ones([1, 3, 4]), tf.constant([[2]])).shape.as_list()
  [1, 1, 4]
  """

  def __init__(self, hidden_activation: str = 'relu',
               initializer_range: float = 0.02, **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'hidden_activation': hidden_activation,
        'initializer_range': initializer_range,
    }

  def build(self, input_shape):
    self.dense = layers.make_dense(
        input_shape[-1], self._config['initializer_range'], name='dense',
        activation=layers.get_activation(self._config['hidden_activation']),
        dtype=self.dtype_policy)
    self.norm = layers.make_normalization(
        'layer_norm', name='norm', dtype=self.dtype_policy)
    super().build(input_shape)

  def call(self, sequence_output: tf.Tensor,
           positions: tf.Tensor) -> tf.Tensor:
    masked = tf.gather(sequence_output, positions, batch_dims=1)  # [B, P, D]
    return self.norm(self.dense(masked))


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MaskedLanguageModelLogits(layers.ConfiguredLayer):
  """Adds the logits of the extra output weights to the word table's.

  The word table is narrower than the hidden states; its logits come from their
  first channels (`WordEmbedding`, reversed), and this layer adds those of the
  remaining channels, from a table of its own, and the bias.

  Args:
    vocab_size: Number of rows of the word table and of the extra one.
    embedding_size: Number of channels that the word table reads.
    initializer_range: Standard deviation of the extra table's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: transformed states `[batch, predictions, width]` and the word table's
  logits `[batch, predictions, vocab_size]`. Outputs: the latter's shape.

  Example:

  >>> layer = MaskedLanguageModelLogits(vocab_size=9, embedding_size=2)
  >>> layer(tf.ones([1, 1, 4]), tf.ones([1, 1, 9])).shape.as_list()
  [1, 1, 9]
  """

  def __init__(self, vocab_size: int, embedding_size: int,
               initializer_range: float = 0.02, **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'vocab_size': vocab_size,
        'embedding_size': embedding_size,
        'initializer_range': initializer_range,
    }
    self.extra_output_weights = None

  def build(self, input_shape):
    vocab_size = self._config['vocab_size']
    extra_channels = input_shape[-1] - self._config['embedding_size']
    if extra_channels:
      self.extra_output_weights = self.add_weight(
          'extra_output_weights', shape=[vocab_size, extra_channels],
          initializer=layers.truncated_normal(
              self._config['initializer_range']))
    self.bias = self.add_weight(
        'bias', shape=[vocab_size], initializer='zeros')
    super().build(input_shape)

  def call(self, transformed: tf.Tensor, tied_logits: tf.Tensor) -> tf.Tensor:
    logits = tied_logits + self.bias  # [B, P, V]
    if self.extra_output_weights is not None:
      extra = tf.cast(self.extra_output_weights, self.compute_dtype)
      logits += encoder_lib.project_to_rows(
          transformed[..., self._config['embedding_size']:], extra)
    return logits


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class NextSentenceHead(layers.ConfiguredLayer):
  """Predicts whether the second segment follows the first; class 0 is yes.

  One dense layer on the pooled output, `cls/seq_relationship` of the reference.

  Args:
    initializer_range: Standard deviation of the kernel's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs `[batch, width]`, outputs logits `[batch, 2]`.

  Example:

  >>> NextSentenceHead()(tf.ones([1, 4])).shape.as_list()
  [1, 2]
  """

  def __init__(self, initializer_range: float = 0.02, **kwargs):
    super().__init__(**kwargs)
    self._config = {'initializer_range': initializer_range}
    self.dense = layers.make_dense(
        2, initializer_range, name='dense', dtype=self.dtype_policy)

  def call(self, pooled_output: tf.Tensor) -> tf.Tensor:
    return self.dense(pooled_output)
