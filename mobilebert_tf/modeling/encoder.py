# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The encoder: token ids to hidden states, with everything a student learns."""

from typing import Any

import tensorflow as tf, tf_keras

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import block as block_lib
from mobilebert_tf.modeling import embeddings
from mobilebert_tf.modeling import graph_model
from mobilebert_tf.modeling import heads
from mobilebert_tf.modeling import layers
from mobilebert_tf.modeling import validation
from official.modeling.hyperparams import base_config


@tf_keras.utils.register_keras_serializable('mobilebert_tf')
class MobileBertEncoder(graph_model.GraphModel):
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
    word_embeddings = embeddings.WordEmbedding(
        config.vocab_size, config.embedding_size, name='word_embeddings',
        embeddings_initializer=layers.truncated_normal(
            config.initializer_range), dtype=policy)
    embedding = embeddings.MobileBertEmbedding(
        config.inter_block_size, config.max_position_embeddings,
        config.type_vocab_size, config.normalization,
        config.hidden_dropout_rate, config.initializer_range,
        name='embeddings', dtype=policy)
    blocks = [
        block_lib.MobileBertBlock(
            **config.block_fields(), name=f'block_{i}', dtype=policy)
        for i in range(config.num_blocks)
    ]
    pooler = heads.Pooler(
        config.use_pooler, config.initializer_range, name='pooler',
        dtype=policy)

    # === Functional graph ===
    word_ids, mask, type_ids = (
        tf_keras.Input([None], dtype=tf.int32, name=input_name)
        for input_name in validation.INPUT_NAMES)
    embedding_output = embedding(word_embeddings(word_ids), type_ids)
    hidden, encoder_outputs, attention_scores = embedding_output, [], []
    for block in blocks:
      hidden, scores = block(hidden, mask)
      encoder_outputs.append(hidden)
      attention_scores.append(scores)
    super().__init__(
        inputs=[word_ids, mask, type_ids],
        outputs={
            'sequence_output': hidden,
            'pooled_output': pooler(hidden),
            'encoder_outputs': encoder_outputs,
            'attention_scores': attention_scores,
            'embedding_output': embedding_output,
        },
        name=name)

    # === Config ===
    self._architecture = config
    self._policy = policy

  @property
  def architecture(self) -> architectures.MobileBertConfig:
    """The architecture that the encoder was built from."""
    return self._architecture

  @property
  def max_length(self) -> int:
    return self._architecture.max_position_embeddings

  @property
  def word_embeddings(self) -> embeddings.WordEmbedding:
    """The word table's layer."""
    return self.get_layer('word_embeddings')

  @property
  def blocks(self) -> list[block_lib.MobileBertBlock]:
    """The blocks, first to last."""
    return [
        self.get_layer(f'block_{i}')
        for i in range(self._architecture.num_blocks)
    ]

  def get_embedding_table(self) -> tf.Variable:
    """Returns the word table `[vocab_size, embedding_size]`."""
    return self.word_embeddings.embeddings

  def get_embedding_layer(self) -> embeddings.WordEmbedding:
    """Returns the word table's layer, under the Model Garden's name."""
    return self.word_embeddings

  def constructor_config(self) -> dict[str, Any]:
    return {
        'architecture': self._architecture.as_dict(),
        'dtype': self._policy.name,
    }


@base_config.bind(architectures.MobileBertConfig)
def build_encoder(config: architectures.MobileBertConfig) -> MobileBertEncoder:
  """Builds the encoder for the Model Garden's `EncoderConfig(type='any')`.

  Args:
    config: The architecture.

  Returns:
    A new encoder under the global dtype policy.

  Example:

  >>> from official.nlp.configs import encoders
  >>> config = encoders.EncoderConfig(
  ...     type='any', any=architectures.get_architecture('mobilebert_small'))
  >>> type(encoders.build_encoder(config)).__name__
  'MobileBertEncoder'
  """
  return MobileBertEncoder(config)
