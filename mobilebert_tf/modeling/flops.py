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

"""Floating-point operations of an encoder and its heads, by formula.

Counted are matrix products, a multiplication and an addition for each weight
and token; all else is a few per cent. So counts Sun et al. 2020, table 1.
"""

from typing import Any

from mobilebert_tf.modeling import architectures

# A backward pass computes two products for each of the forward pass: one for
# the gradient of the inputs, one for that of the weights.
BACKWARD = 2


def count_block(architecture: Any, length: int) -> int:
  """Returns the operations of one block's forward pass on one text.

  Args:
    architecture: A name, fields or a config; see `architectures.resolve`.
    length: Tokens of the text.

  Returns:
    Floating-point operations.

  Example:

  >>> count_block('mobilebert', 128)
  222298112
  """
  config = architectures.resolve(architecture)
  outer, inner = config.inter_block_size, config.intra_block_size
  reads = {  # Width that queries and keys read, and that values read.
      'shared_bottleneck': (inner, outer),
      'bottleneck': (inner, inner),
      'block_input': (outer, outer),
  }[config.attention_input]
  bottlenecks = 3 if config.attention_input == 'shared_bottleneck' else 2
  weights = inner * (
      bottlenecks * outer + 2 * reads[0] + reads[1] + inner
      + 2 * config.num_feedforward_networks * config.intermediate_size)
  attention = 2 * length * inner  # Scores, and their use.
  return 2 * length * (weights + attention)


def count_embeddings(architecture: Any, length: int) -> int:
  """Returns the operations of the trigrams' projection on one text.

  Args:
    architecture: As for `count_block`.
    length: Tokens of the text.

  Returns:
    Floating-point operations.

  Example:

  >>> count_embeddings('mobilebert', 128)
  50331648
  """
  config = architectures.resolve(architecture)
  return 2 * length * 3 * config.embedding_size * config.inter_block_size


def count_encoder(architecture: Any, length: int,
                  num_blocks: int | None = None) -> int:
  """Returns the operations of an encoder's forward pass on one text.

  Args:
    architecture: As for `count_block`.
    length: Tokens of the text.
    num_blocks: How many blocks run, from the lowest; None for all.

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
    predictions: Masked tokens of the text; logits are made for these alone.

  Returns:
    Floating-point operations.

  Example:

  >>> count_heads('mobilebert', 20)
  635576320
  """
  config = architectures.resolve(architecture)
  width = config.inter_block_size
  return 2 * predictions * width * (width + config.vocab_size)
