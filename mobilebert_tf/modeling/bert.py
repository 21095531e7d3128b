# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A plain BERT, to teach: any published encoder of that shape."""

from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import block as block_lib
from mobilebert_tf.modeling import encoder as encoder_lib
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import validation


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class BertEncoder(encoder_lib.TextEncoder):
  """A plain BERT (Devlin et al. 2019), without dropout.

  It is there to be asked as a teacher: it is read from Hugging Face folders
  (`checkpoints.read_teacher`), and exported, but not fine-tuned.
  `MobileBertPretrainer` takes it as its encoder for the masked-LM head.

  Args:
    architecture: An `architectures.BertConfig`, or a dict of its fields.
    dtype: Dtype policy; the global one if None.
    name: Name of the model.

  Inputs: those of `MobileBertEncoder`.

  Outputs, a dict:
    sequence_output: `[batch, length, width]`, the last block's output.
    pooled_output: `[batch, width]`, the first token's, through the pooler if
      there is one.
    queries, keys, values: Lists of `[batch, length, width]`, one for each
      block, all heads side by side.

  Raises:
    ValueError: For sizes that cannot be built.

  Example:

  >>> encoder = BertEncoder(architectures.BertConfig(
  ...     vocab_size=9, width=4, num_attention_heads=2, intermediate_size=8,
  ...     num_blocks=1))
  >>> ids = tf.constant([[2, 5, 3, 0]])
  >>> outputs = encoder([ids, tf.cast(ids > 0, tf.int32), ids * 0])
  >>> outputs['queries'][0].shape.as_list()
  [1, 4, 4]
  """

  def __init__(self, architecture: Any, *, dtype: Any = None,
               name: str = 'bert_encoder'):
    if isinstance(architecture, dict):
      architecture = architectures.BertConfig(**architecture)
    config = architecture
    architectures.check_bert_config(config)
    policy = validation.check_dtype_policy(dtype)

    # === Layers ===
    word_embeddings = encoder_lib.WordEmbedding(
        config.vocab_size, config.width, name='word_embeddings',
        embeddings_initializer=layers.truncated_normal(
            config.initializer_range), dtype=policy)
    embedding = BertEmbedding(
        config.max_position_embeddings, config.type_vocab_size,
        config.initializer_range, name='embeddings', dtype=policy)
    blocks = [
        BertBlock(config.num_attention_heads, config.width,
                  config.intermediate_size, config.hidden_activation,
                  config.initializer_range, name=f'block_{i}', dtype=policy)
        for i in range(config.num_blocks)
    ]
    pooler = encoder_lib.Pooler(
        config.use_pooler, config.initializer_range, name='pooler',
        dtype=policy)

    # === Functional graph ===
    def compute(word_ids: tf.Tensor, mask: tf.Tensor,
                type_ids: tf.Tensor) -> dict[str, Any]:
      hidden, vectors = embedding(word_embeddings(word_ids), type_ids), []
      for block in blocks:
        hidden, block_vectors = block(hidden, mask)
        vectors.append(block_vectors)
      return {
          'sequence_output': hidden,
          'pooled_output': pooler(hidden),
          **encoder_lib.by_kind(vectors),
      }

    super().__init__(config, policy, compute, name)


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class BertEmbedding(layers.ConfiguredLayer):
  """Adds position and segment vectors to word vectors, and normalizes.

  Args:
    max_position_embeddings: Number of rows of the position table.
    type_vocab_size: Number of rows of the segment table.
    initializer_range: Standard deviation of the initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: word vectors `[batch, length, width]` and segments `[batch, length]`.
  Outputs: the first shape.

  Example:

  >>> layer = BertEmbedding()
  >>> layer(tf.zeros([1, 3, 4]), tf.zeros([1, 3], tf.int32)).shape.as_list()
  [1, 3, 4]
  """

  def __init__(self, max_position_embeddings: int = 512,
               type_vocab_size: int = 2, initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'max_position_embeddings': max_position_embeddings,
        'type_vocab_size': type_vocab_size,
        'initializer_range': initializer_range,
    }
    self.norm = layers.make_normalization(
        'layer_norm', name='norm', dtype=self.dtype_policy)

  def build(self, input_shape):
    self.position_embeddings, self.type_embeddings = (
        self.add_weight(
            name, shape=[self._config[rows], input_shape[-1]],
            initializer=layers.truncated_normal(
                self._config['initializer_range']))
        for name, rows in (('position_embeddings', 'max_position_embeddings'),
                           ('type_embeddings', 'type_vocab_size')))
    super().build(input_shape)

  def call(self, word_vectors: tf.Tensor, type_ids: tf.Tensor) -> tf.Tensor:
    # As a product, the table has a dense gradient.
    types = tf.one_hot(type_ids, self._config['type_vocab_size'],
                       dtype=self.compute_dtype)
    table = tf.cast(self.type_embeddings, self.compute_dtype)
    positions = tf.cast(self.position_embeddings, self.compute_dtype)
    return self.norm(word_vectors + tf.matmul(types, table)
                     + positions[:tf.shape(word_vectors)[1]])


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class BertBlock(layers.ConfiguredLayer):
  """One layer of a plain BERT: attention, then a feed-forward network.

  `layout.bert_block_layout` lists its products.

  Args:
    num_heads: Number of heads, which divides `width`.
    width: Width of inputs, queries, keys, values and outputs.
    intermediate_size: Inner width of the feed-forward network.
    activation: Name of its activation.
    initializer_range: Standard deviation of the kernels' initializer.
    **kwargs: `name`, `dtype` and `trainable` of a layer.

  Inputs: hidden states `[batch, length, width]` and the mask
  `[batch, length]`. Outputs: the same shape, and the queries, keys and values
  of that shape.

  Example:

  >>> block = BertBlock(num_heads=2, width=4, intermediate_size=8)
  >>> hidden, vectors = block(tf.zeros([1, 3, 4]), tf.ones([1, 3], tf.int32))
  >>> hidden.shape.as_list(), len(vectors)
  ([1, 3, 4], 3)
  """

  def __init__(self, num_heads: int, width: int, intermediate_size: int,
               activation: str = 'gelu_erf', initializer_range: float = 0.02,
               **kwargs):
    super().__init__(**kwargs)
    self._config = {
        'num_heads': num_heads,
        'width': width,
        'intermediate_size': intermediate_size,
        'activation': activation,
        'initializer_range': initializer_range,
    }
    common = {'initializer_range': initializer_range,
              'dtype': self.dtype_policy}
    self.attention = block_lib.MobileBertAttention(
        num_heads, width, name='attention', **common)
    self.attention_norm = layers.make_normalization(
        'layer_norm', name='attention_norm', dtype=self.dtype_policy)
    self.feed_forward = block_lib.FeedForward(
        intermediate_size, width, activation, 'layer_norm',
        name='feed_forward_0', **common)

  @property
  def named_weights(self) -> dict[str, tf.Variable]:
    """The weights by their names in the layout, as `attention/query/kernel`."""
    return {
        weight.name.partition('/')[2].removesuffix(':0'): weight
        for weight in self.weights
    }

  def call(self, inputs: tf.Tensor, mask: tf.Tensor
           ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    attended, _, vectors = self.attention(inputs, inputs, inputs, mask)
    return self.feed_forward(self.attention_norm(inputs + attended)), vectors
