# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The encoder, from token ids to hidden states, with embeddings and pooler."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import block as block_lib
from mobilebert_tf.modeling import graph_model
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import validation
from official.modeling.hyperparams import base_config

# Names of the vectors of attention among an encoder's outputs.
VECTORS = ('queries', 'keys', 'values')


class TextEncoder(graph_model.GraphModel):
  """What all encoders share: three inputs, an architecture, a word table.

  Args:
    architecture: Sizes, a dataclass with `as_dict`.
    policy: Dtype policy.
    compute: Function of ids, mask and segments to the dict of outputs.
    name: Name of the model.
  """

  def __init__(self, architecture: Any, policy: tf_keras.mixed_precision.Policy,
               compute: Callable[..., dict[str, Any]], name: str):
    inputs = [tf_keras.Input([None], dtype=tf.int32, name=input_name)
              for input_name in validation.INPUT_NAMES]
    super().__init__(inputs=inputs, outputs=compute(*inputs), name=name)
    self._architecture = architecture
    self._policy = policy

  @property
  def architecture(self) -> Any:
    """Architecture of the encoder."""
    return self._architecture

  @property
  def max_length(self) -> int:
    return self._architecture.max_position_embeddings

  @property
  def word_embeddings(self) -> 'WordEmbedding':
    """The word table's layer."""
    return self.get_layer('word_embeddings')

  @property
  def blocks(self) -> list[tf_keras.layers.Layer]:
    """The blocks, first to last."""
    return [
        self.get_layer(f'block_{i}')
        for i in range(self._architecture.num_blocks)
    ]

  def constructor_config(self) -> dict[str, Any]:
    return {
        'architecture': self._architecture.as_dict(),
        'dtype': self._policy.name,
    }


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertEncoder(TextEncoder):
  """MobileBERT or its teacher, by architecture (Sun et al. 2020).

  Args:
    architecture: A name such as `'mobilebert'` or `'ib_bert_large'`
      (`architectures.ARCHITECTURES`), a dict of fields, or a
      `MobileBertConfig`.
    dtype: Dtype policy, `'float32'` or `'mixed_bfloat16'`; the global one if
      None. Attention scores are float32 under every policy.
    name: Name of the model.

  Inputs, as a dict or a list in this order, integers `[batch, length]` of any
  batch size and any length up to `max_position_embeddings`:
    input_word_ids: Rows of the vocabulary.
    input_mask: 1 for tokens, 0 for padding.
    input_type_ids: Segment of each token.

  Outputs, a dict (D = `inter_block_size`, N = `num_attention_heads`):
    sequence_output: `[batch, length, D]`, the last block's output.
    pooled_output: `[batch, D]`, the first token's, through the pooler if any.
    encoder_outputs: List of `[batch, length, D]`, one for each block.
    attention_scores: List of float32 `[batch, N, length, length]`, one for each
      block, masked and before the softmax.
    queries, keys, values: Lists of `[batch, length, attention_size]`, one for
      each block, all heads side by side.
    embedding_output: `[batch, length, D]`, the first block's input.

  Raises:
    ValueError: For an architecture that cannot be built, a float16 policy, or
      inputs that are missing, too long, or of a wrong rank or dtype.

  Example:

  >>> encoder = MobileBertEncoder('mobilebert_small')
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> outputs = encoder({'input_word_ids': ids, 'input_type_ids': ids * 0,
  ...                    'input_mask': tf.cast(ids > 0, tf.int32)})
  >>> outputs['sequence_output'].shape.as_list()
  [1, 4, 128]
  """

  def __init__(self,
               architecture: Any = 'mobilebert',
               *,
               dtype: Any = None,
               name: str = 'mobilebert_encoder'):
    config = architectures.resolve(architecture)
    policy = validation.check_dtype_policy(dtype)

    # === Layers ===
    word_embeddings = WordEmbedding(
        config.vocab_size, config.embedding_size, name='word_embeddings',
        embeddings_initializer=layers.truncated_normal(
            config.initializer_range), dtype=policy)
    embedding = MobileBertEmbedding(
        config.inter_block_size, config.max_position_embeddings,
        config.type_vocab_size, config.normalization,
        config.hidden_dropout_rate, config.initializer_range,
        name='embeddings', dtype=policy)
    blocks = [
        block_lib.MobileBertBlock(
            **config.block_fields(), name=f'block_{i}', dtype=policy)
        for i in range(config.num_blocks)
    ]
    pooler = Pooler(
        config.use_pooler, config.initializer_range, name='pooler',
        dtype=policy)

    # === Functional graph ===
    def compute(word_ids: tf.Tensor, mask: tf.Tensor,
                type_ids: tf.Tensor) -> dict[str, Any]:
      embedding_output = embedding(word_embeddings(word_ids), type_ids)
      hidden, encoder_outputs, attention_scores = embedding_output, [], []
      vectors = []
      for block in blocks:
        hidden, scores, block_vectors = block(hidden, mask)
        encoder_outputs.append(hidden)
        attention_scores.append(scores)
        vectors.append(block_vectors)
      return {
          'sequence_output': hidden,
          'pooled_output': pooler(hidden),
          'encoder_outputs': encoder_outputs,
          'attention_scores': attention_scores,
          'embedding_output': embedding_output,
          **by_kind(vectors),
      }

    super().__init__(config, policy, compute, name)

  def get_embedding_table(self) -> tf.Variable:
    """Returns the word table `[vocab_size, embedding_size]`."""
    return self.word_embeddings.embeddings

  def get_embedding_layer(self) -> 'WordEmbedding':
    """Returns the word table's layer, under the Model Garden's name."""
    return self.word_embeddings


def by_kind(vectors: Sequence[Sequence[tf.Tensor]]
            ) -> dict[str, list[tf.Tensor]]:
  """Returns the queries, keys and values of blocks as three named lists."""
  return {name: list(tensors) for name, tensors in zip(
      VECTORS, zip(*vectors, strict=True), strict=True)}


@base_config.bind(architectures.MobileBertConfig)
def build_encoder(config: architectures.MobileBertConfig) -> MobileBertEncoder:
  """Builds the encoder of the Model Garden's `EncoderConfig(type='any')`.

  Args:
    config: Architecture of the encoder, which gets the global dtype policy.

  Example:

  >>> from official.nlp.configs import encoders
  >>> config = encoders.EncoderConfig(
  ...     type='any', any=architectures.get_architecture('mobilebert_small'))
  >>> type(encoders.build_encoder(config)).__name__
  'MobileBertEncoder'
  """
  return MobileBertEncoder(config)


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class WordEmbedding(tf_keras.layers.Embedding):
  """The word table, which also maps vectors back to logits.

  The masked-LM head calls the same layer, so that every way of saving or
  cloning a model keeps the table shared.

  Inputs: int `[batch, length]`, outputs `[batch, length, embedding_size]`. With
  `reverse=True`, inputs `[..., at least embedding_size]`, of which the first
  `embedding_size` channels are read, outputs `[..., vocab_size]`.

  Example:

  >>> table = WordEmbedding(10, 4)
  >>> vectors = table(tf.zeros([1, 3], tf.int32))
  >>> table(vectors, reverse=True).shape.as_list()
  [1, 3, 10]
  """

  def call(self, inputs: tf.Tensor, reverse: bool = False) -> tf.Tensor:
    if not reverse:
      return super().call(inputs)
    table = tf.cast(self.embeddings, self.compute_dtype)
    return project_to_rows(inputs[..., :self.output_dim], table)


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertEmbedding(layers.ConfiguredLayer):
  """Maps word vectors to the first block's input.

  The vectors of the next, the current and the previous token are joined, with
  zeros outside the sequence, and projected to `inter_block_size` (a
  convolution of width 3); segment and position vectors are added; then
  normalization and dropout. Paper, section 3.4, `MobileBertEmbedding` in
  google-research `mobilebert/modeling.py`.

  Args:
    inter_block_size: Width of the output.
    max_position_embeddings: Number of rows of the position table.
    type_vocab_size: Number of rows of the segment table.
    normalization: `no_norm` or `layer_norm`.
    dropout_rate: Dropout of the output.
    initializer_range: Standard deviation of the initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: word vectors `[batch, length, embedding_size]` and segments
  `[batch, length]`. Outputs `[batch, length, inter_block_size]`.

  Example:

  >>> layer = MobileBertEmbedding(inter_block_size=8)
  >>> layer(tf.zeros([1, 3, 4]), tf.zeros([1, 3], tf.int32)).shape.as_list()
  [1, 3, 8]
  """

  def __init__(self,
               inter_block_size: int = 512,
               max_position_embeddings: int = 512,
               type_vocab_size: int = 2,
               normalization: str = 'no_norm',
               dropout_rate: float = 0.0,
               initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'inter_block_size': inter_block_size,
        'max_position_embeddings': max_position_embeddings,
        'type_vocab_size': type_vocab_size,
        'normalization': normalization,
        'dropout_rate': dropout_rate,
        'initializer_range': initializer_range,
    }
    self.projection = layers.make_dense(
        inter_block_size, initializer_range, name='projection',
        dtype=self.dtype_policy)
    self.norm = layers.make_normalization(
        normalization, name='norm', dtype=self.dtype_policy)
    self.dropout = layers.Dropout(dropout_rate, dtype=self.dtype_policy)

  def build(self, input_shape):
    self.position_embeddings, self.type_embeddings = (
        self.add_weight(
            name, shape=[self._config[rows], self._config['inter_block_size']],
            initializer=layers.truncated_normal(
                self._config['initializer_range']))
        for name, rows in (('position_embeddings', 'max_position_embeddings'),
                           ('type_embeddings', 'type_vocab_size')))
    super().build(input_shape)

  def call(self, word_vectors: tf.Tensor, type_ids: tf.Tensor,
           training: bool | None = None) -> tf.Tensor:
    before = tf.pad(word_vectors[:, :-1], [[0, 0], [1, 0], [0, 0]])
    after = tf.pad(word_vectors[:, 1:], [[0, 0], [0, 1], [0, 0]])
    trigram = tf.concat([after, word_vectors, before], axis=-1)  # [B, S, 3E]
    hidden = (self.projection(trigram) + self._segments(type_ids)
              + self._positions(word_vectors))  # [B, S, D]
    return self.dropout(self.norm(hidden), training=training)

  def _segments(self, type_ids: tf.Tensor) -> tf.Tensor:
    """Returns the segment vectors, [B, S, D].

    A product, as the gradient of a lookup would be a row for each token, which
    replicas exchange.
    """
    rows = self._config['type_vocab_size']
    table = tf.cast(self.type_embeddings, self.compute_dtype)
    is_known = tf.debugging.assert_less(
        type_ids, rows, 'input_type_ids has a segment that is not among the '
        f'{rows} of this model (type_vocab_size).')
    with tf.control_dependencies([is_known] if is_known else []):
      flat = tf.one_hot(tf.reshape(type_ids, [-1]), rows, dtype=table.dtype)
    shape = tf.concat([tf.shape(type_ids), [table.shape[1]]], 0)
    return tf.reshape(tf.matmul(flat, table), shape)

  def _positions(self, word_vectors: tf.Tensor) -> tf.Tensor:
    """Returns the position vectors of a sequence, [S, D]."""
    rows = self._config['max_position_embeddings']
    length = tf.shape(word_vectors)[1]
    checks = []
    if word_vectors.shape[1] is None:  # validation.py cannot check it yet.
      checks.append(tf.debugging.assert_less_equal(
          length, rows, f'The sequence is longer than the {rows} positions of '
          'this model (max_position_embeddings).'))
    with tf.control_dependencies(checks):
      table = tf.cast(self.position_embeddings, self.compute_dtype)
      return table[:length]


def project_to_rows(vectors: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
  """Returns the product of each vector with each row of a table.

  It is one matrix product. `tf.matmul` of a batch with a table, and
  `tf.einsum`, compute and differentiate one for each text of the batch, which
  takes most of a small model's training step.

  Args:
    vectors: `[batch, length, width]`.
    table: `[rows, width]`.

  Returns:
    `[batch, length, rows]`.
  """
  rows, width = table.shape
  flat = tf.matmul(tf.reshape(vectors, [-1, width]), table, transpose_b=True)
  shape = tf.shape(vectors)
  return tf.reshape(flat, [shape[0], shape[1], rows])


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class Pooler(layers.ConfiguredLayer):
  """Pools a text into one vector, the first token's.

  Args:
    use_dense: Whether to apply `tanh(dense)` (`classifier_activation` of the
      reference); the released student does not.
    initializer_range: Standard deviation of the kernel's initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs `[batch, length, width]`, outputs `[batch, width]`.

  Example:

  >>> Pooler()(tf.ones([1, 3, 4])).shape.as_list()
  [1, 4]
  """

  def __init__(self, use_dense: bool = False, initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'use_dense': use_dense, 'initializer_range': initializer_range
    }

  def build(self, input_shape):
    if self._config['use_dense']:
      self.dense = layers.make_dense(
          input_shape[-1], self._config['initializer_range'],
          activation='tanh', name='dense', dtype=self.dtype_policy)
    super().build(input_shape)

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    first_token = inputs[:, 0]
    return self.dense(first_token) if self._config['use_dense'] else first_token
