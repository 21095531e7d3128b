# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Floating-point operations of an encoder and its heads, by formula.

Only matrix products count, one multiplication and one addition for each weight
and token, as in Sun et al. 2020, table 1; all else is a few per cent.
"""

from typing import Any

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import layout

# Number of products in a backward pass for each one in the forward pass: the
# gradients of the inputs and of the weights.
BACKWARD = 2


def count_block(architecture: Any, length: int) -> int:
  """Returns the operations of one block's forward pass on one text.

  Args:
    architecture: A name, fields or a config; see `architectures.resolve`.
    length: Length of the text in tokens.

  Returns:
    Floating-point operations.

  Example:

  >>> count_block('mobilebert', 128)
  222298112
  """
  block = layout.encoder_layout(architecture).block
  weights = sum(product.num_weights for product in block.products)
  [query] = block.writing(layout.QUERY)
  attention = 2 * length * query.shape[1]  # Scores, and the weighted sum.
  return 2 * length * (weights + attention)


def count_embeddings(architecture: Any, length: int) -> int:
  """Returns the operations of the trigrams' projection on one text.

  Args:
    architecture: As for `count_block`.
    length: Length of the text in tokens.

  Returns:
    Floating-point operations.

  Example:

  >>> count_embeddings('mobilebert', 128)
  50331648
  """
  return 2 * length * layout.encoder_layout(architecture).trigram.num_weights


def count_encoder(architecture: Any, length: int,
                  num_blocks: int | None = None) -> int:
  """Returns the operations of an encoder's forward pass on one text.

  Args:
    architecture: As for `count_block`.
    length: Length of the text in tokens.
    num_blocks: Number of blocks that run, from the lowest; None for all.

  Returns:
    Floating-point operations.

  Example, 5.39 billion where the paper's table has 5.7:

  >>> count_encoder('mobilebert', 128)
  5385486336
  """
  config = architectures.resolve(architecture)
  blocks = config.num_blocks if num_blocks is None else num_blocks
  return (count_embeddings(config, length)
          + blocks * count_block(config, length))


def count_heads(architecture: Any, predictions: int) -> int:
  """Returns the operations of the masked-LM head on one text.

  Args:
    architecture: As for `count_block`.
    predictions: Number of masked tokens, the only ones with logits.

  Returns:
    Floating-point operations.

  Example:

  >>> count_heads('mobilebert', 20)
  635576320
  """
  config = architectures.resolve(architecture)
  width = config.inter_block_size
  return 2 * predictions * width * (width + config.vocab_size)
