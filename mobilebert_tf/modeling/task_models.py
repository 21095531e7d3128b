# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Models with heads on an encoder, for pre-training and for tasks."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import graph_model
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import validation


class EncoderModel(graph_model.GraphModel):
  """An encoder with heads on it; its layers become this model's.

  A subclass makes its heads, calls them on `encoder.output`, names their layers
  in `_heads`, and adds further arguments of its constructor to
  `constructor_config`. If its only head is a dense layer, it sets `head_input`
  and `arrange_logits`, by which it can be rewritten for inference.

  Args:
    encoder: The encoder.
    outputs: Nested symbolic outputs of the model.
    name: Name of the model.
    extra_inputs: Symbolic inputs after the encoder's, those of `_extra_inputs`.

  Attributes:
    head_input: Output of the encoder that the dense layer reads,
      `sequence_output` or `pooled_output`; empty for other heads.
  """

  head_input: str = ''
  # Names of the layers that start with new weights on a trained encoder.
  _heads: tuple[str, ...] = ()

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               outputs: Any,
               name: str,
               extra_inputs: Sequence[tf.Tensor] = ()):
    super().__init__(
        inputs=[*encoder.inputs, *extra_inputs], outputs=outputs, name=name)
    self.encoder = encoder

  @property
  def max_length(self) -> int:
    return self.encoder.max_length

  @property
  def checkpoint_items(self) -> dict[str, tf_keras.layers.Layer]:
    """Parts of the model by their names in a checkpoint."""
    return {
        'encoder': self.encoder,
        **{name: self.get_layer(name) for name in self._heads},
    }

  @staticmethod
  def arrange_logits(logits: tf.Tensor) -> Any:
    """Returns the model's outputs from the logits of its dense layer."""
    return logits

  def constructor_config(self) -> dict[str, Any]:
    return {
        'encoder': {
            'class': type(self.encoder).__name__,
            'name': self.encoder.name,
            'constructor': self.encoder.constructor_config(),
        }
    }

  @classmethod
  def from_config(cls, config, custom_objects=None):
    constructor = config['constructor']
    # Files of earlier releases name no class.
    name = constructor['encoder'].get('class', 'MobileBertEncoder')
    encoder = tf_keras.utils.get_registered_object(
        f'mobilebert_tf>{name}').from_config(constructor['encoder'])
    return super().from_config(
        {**config, 'constructor': {**constructor, 'encoder': encoder}},
        custom_objects)


class ClassesModel(EncoderModel):
  """An encoder with dropout and a dense layer for the logits of classes.

  A subclass names the dense layer in `_heads`.
  """

  _default_name: str

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               num_classes: int,
               labels: Sequence[str] = (),
               dropout_rate: float = 0.1,
               name: str | None = None):
    architectures.check_positive_integer('num_classes', num_classes)
    architectures.check_dropout_rate('dropout_rate', dropout_rate)
    labels = validation.check_labels(labels, num_classes)

    # === Layers ===
    policy = encoder.word_embeddings.dtype_policy
    dropout = layers.Dropout(dropout_rate, name='dropout', dtype=policy)
    classifier = layers.make_dense(
        num_classes, encoder.architecture.initializer_range,
        name=self._heads[0], dtype=policy)

    # === Functional graph ===
    logits = classifier(dropout(encoder.output[self.head_input]))
    super().__init__(
        encoder, self.arrange_logits(logits), name or self._default_name)

    # === Config ===
    self._num_classes = num_classes
    self._labels = labels
    self._dropout_rate = dropout_rate

  @property
  def num_classes(self) -> int:
    """Number of logits."""
    return self._num_classes

  @property
  def labels(self) -> tuple[str, ...]:
    """Names of the classes in the order of the logits; empty if not given."""
    return self._labels

  def constructor_config(self) -> dict[str, Any]:
    return {
        **super().constructor_config(),
        'num_classes': self._num_classes,
        'labels': list(self._labels),
        'dropout_rate': self._dropout_rate,
    }


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertClassifier(ClassesModel):
  """An encoder with classes, or one number, for a text or a pair of texts.

  The Model Garden's `SentencePredictionTask` reads its output. With the
  released architecture the logits are a dense layer of the raw first token, as
  in the paper.

  Args:
    encoder: The encoder; its layers become this model's.
    num_classes: Number of logits of a text; 1 for regression.
    labels: Names of the classes in the order of the logits, or none.
    dropout_rate: Dropout of the pooled output.
    name: Name of the model.
    problem_type: Meaning of the logits in the words of transformers, kept with
      the weights; '' for a number or for classes that exclude each other.

  Inputs: the encoder's.

  Outputs: logits `[batch, num_classes]`.

  Raises:
    ValueError: For fewer than one class, a number of labels other than that of
      classes, labels that are not distinct, or a rate outside [0, 1).

  Example:

  >>> model = MobileBertClassifier(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'), num_classes=2,
  ...     labels=['ham', 'spam'])
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> model([ids, ids // 5, ids * 0]).shape.as_list()
  [1, 2]
  """

  head_input = 'pooled_output'
  _heads = ('classifier',)
  _default_name = 'mobilebert_classifier'

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               num_classes: int,
               labels: Sequence[str] = (),
               dropout_rate: float = 0.1,
               name: str | None = None,
               problem_type: str = ''):
    super().__init__(encoder, num_classes, labels, dropout_rate, name)
    self._problem_type = problem_type

  @property
  def problem_type(self) -> str:
    """Meaning of the logits in the words of transformers."""
    return self._problem_type

  def constructor_config(self) -> dict[str, Any]:
    return {**super().constructor_config(), 'problem_type': self._problem_type}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertTokenClassifier(ClassesModel):
  """An encoder that classifies tokens, for entities or parts of speech.

  Its output has the name that the Model Garden's `TaggingTask` reads.

  Args:
    encoder: The encoder; its layers become this model's.
    num_classes: Number of logits of a token.
    labels: Names of the classes in the order of the logits, or none.
    dropout_rate: Dropout of the sequence output.
    name: Name of the model.

  Inputs: the encoder's.

  Outputs, a dict:
    logits: `[batch, length, num_classes]`, padding included.

  Raises:
    ValueError: As `MobileBertClassifier`.

  Example:

  >>> model = MobileBertTokenClassifier(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'), num_classes=3,
  ...     labels=['O', 'B', 'I'])
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> model([ids, ids // 5, ids * 0])['logits'].shape.as_list()
  [1, 4, 3]
  """

  head_input = 'sequence_output'
  _heads = ('token_classifier',)
  _default_name = 'mobilebert_token_classifier'

  @staticmethod
  def arrange_logits(logits: tf.Tensor) -> dict[str, tf.Tensor]:
    return {'logits': logits}


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Column(layers.ConfiguredLayer):
  """Returns one entry of the last axis, `[..., width]` to `[...]`.

  Args:
    index: Position of the entry.
    **kwargs: `name`, `dtype` and `trainable` of a layer.
  """

  def __init__(self, index: int, **kwargs):
    super().__init__(**kwargs)
    self._config = {'index': index}

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    return inputs[..., self._config['index']]


# In saved files the class and its layer have the Model Garden's name of such a
# head, span labeler.
@tf_keras.utils.register_keras_serializable(
    'mobilebert_tf', 'MobileBertSpanLabeler')
class MobileBertQuestionAnswering(EncoderModel):
  """An encoder that finds the start and end of an answer, as in SQuAD.

  The Model Garden's `QuestionAnsweringTask` reads its outputs. For Keras' `fit`
  they have its names, `start_positions` and `end_positions`.

  Args:
    encoder: The encoder; its layers become this model's.
    name: Name of the model.

  Inputs: the encoder's.

  Outputs, a list:
    start_logits: `[batch, length]`, column 0 of the head, as in the reference.
    end_logits: `[batch, length]`, column 1. Both include padding.

  Example:

  >>> model = MobileBertQuestionAnswering(
  ...     encoder_lib.MobileBertEncoder('mobilebert_small'))
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> start_logits, end_logits = model([ids, ids // 5, ids * 0])
  >>> start_logits.shape.as_list()
  [1, 4]
  """

  head_input = 'sequence_output'
  _heads = ('span_labeler',)

  def __init__(self,
               encoder: encoder_lib.MobileBertEncoder,
               name: str = 'mobilebert_question_answering'):
    policy = encoder.word_embeddings.dtype_policy

    # === Layers ===
    head = layers.make_dense(
        2, encoder.architecture.initializer_range, name='span_labeler',
        dtype=policy)
    columns = [
        Column(0, name='start_positions', dtype=policy),
        Column(1, name='end_positions', dtype=policy),
    ]

    # === Functional graph ===
    logits = head(encoder.output['sequence_output'])  # [B, L, 2]
    super().__init__(encoder, [column(logits) for column in columns], name)

  @staticmethod
  def arrange_logits(logits: tf.Tensor) -> list[tf.Tensor]:
    return tf.unstack(logits, axis=-1)


# Its name until 0.1, for one more release.
MobileBertSpanLabeler = MobileBertQuestionAnswering


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertPretrainer(EncoderModel):
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
