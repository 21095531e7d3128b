# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What an encoder computes, laid out once: its tables, products and norms.

The block builds its layers by this layout, and everything that depends on the
parts of a block reads it: the counts of parameters and operations below, the
names of checkpoints and the rewrite for inference. A variant of the block is a
row here, not a comparison in each of them.
"""

import dataclasses
import functools
from typing import Any

from mobilebert_tf.modeling import architectures

# The tensors of a block: the stream between blocks, the one inside, and those
# of attention. A tensor inside a feed-forward network has the network's name.
WIDE, NARROW, SHARED = 'wide', 'narrow', 'shared'
QUERY, KEY, VALUE, CONTEXT = 'query', 'key', 'value', 'context'

# Tensor that queries and keys read, and that values read, by `attention_input`.
_ATTENTION_READS = {
    'shared_bottleneck': (SHARED, WIDE),
    'bottleneck': (NARROW, NARROW),
    'block_input': (WIDE, WIDE),
}
_POSITIONS = 'embeddings/position_embeddings'
# The feed-forward network of a plain BERT.
_ONLY_NETWORK = 'feed_forward_0'
# Activations f with f(c * x) = c * f(x) for c > 0.
_HOMOGENEOUS = ('', 'relu')

# Number of products in a backward pass for each one in the forward pass: the
# gradients of the inputs and of the weights.
BACKWARD = 2


@dataclasses.dataclass(frozen=True)
class Norm:
  """A normalization.

  Attributes:
    name: Path of its layer, as in the names of its variables.
    kind: One of `architectures.NORMALIZATIONS`.
  """
  name: str
  kind: str

  @property
  def is_affine(self) -> bool:
    """Whether it scales and shifts each channel independently of the others."""
    return self.kind == 'no_norm'


@dataclasses.dataclass(frozen=True)
class Product:
  """A dense layer, `activation(norm(reads @ kernel + bias + residual))`.

  Attributes:
    name: Path of the dense layer, as in the names of its variables.
    reads: Name of the input tensor.
    writes: Name of the output tensor.
    shape: Widths of the two.
    norm: Normalization of the sum, if any.
    residual: Whether the previous value of `writes` is added.
    activation: Name of the activation; empty for none.
  """
  name: str
  reads: str
  writes: str
  shape: tuple[int, int]
  norm: Norm | None = None
  residual: bool = False
  activation: str = ''

  @property
  def num_weights(self) -> int:
    """Number of entries of the kernel."""
    return self.shape[0] * self.shape[1]

  @property
  def num_parameters(self) -> int:
    """Number of parameters, those of the norm included."""
    return self.num_weights + self.shape[1] * (3 if self.norm else 1)

  @property
  def passes_scales(self) -> bool:
    """Whether scaling a channel of the kernel and bias scales the output."""
    return self.activation in _HOMOGENEOUS and (
        self.norm is None or self.norm.is_affine)


@dataclasses.dataclass(frozen=True)
class BlockLayout:
  """The products of a block.

  Attributes:
    products: The products in order. Attention follows its query, key and value.
    ignores_padding: Whether padding gets an attention weight of exactly 0.
  """
  products: tuple[Product, ...]
  ignores_padding: bool

  @property
  def key_bias_cancels(self) -> bool:
    """Whether the key's bias changes no attention probability.

    It adds the same value to all scores of a query, and a softmax ignores that
    unless the mask gives padding a score of its own.
    """
    return self.ignores_padding

  def writing(self, tensor: str) -> tuple[Product, ...]:
    """Returns the products that write a tensor."""
    return tuple(p for p in self.products if p.writes == tensor)

  def reading(self, tensor: str) -> tuple[Product, ...]:
    """Returns the products that read a tensor."""
    return tuple(p for p in self.products if p.reads == tensor)

  @functools.cached_property
  def tensors(self) -> tuple[str, ...]:
    """Names of the tensors that products write, in order."""
    return tuple(dict.fromkeys(p.writes for p in self.products))

  @functools.cached_property
  def projections(self) -> dict[str, tuple[Product, ...]]:
    """The products before attention, by the tensor that they read."""
    found: dict[str, tuple[Product, ...]] = {}
    for product in self.products[:-len(self.after_attention)]:
      found[product.reads] = (*found.get(product.reads, ()), product)
    return found

  @functools.cached_property
  def after_attention(self) -> tuple[Product, ...]:
    """The products after attention, in order."""
    return self.products[self.products.index(self.reading(CONTEXT)[0]):]


@dataclasses.dataclass(frozen=True)
class EncoderLayout:
  """The parts of an encoder.

  Attributes:
    tables: Shapes of the embedding tables by the names of their variables.
    embeddings_norm: Normalization of the embeddings.
    trigram: Product of three joined word vectors, which starts the wide stream;
      None in a plain BERT, where it starts with the word vectors themselves.
    block: Layout of each block.
    num_blocks: Number of blocks.
    pooler: Product of the first token's output, if there is a pooler.
  """
  tables: dict[str, tuple[int, int]]
  embeddings_norm: Norm
  trigram: Product | None
  block: BlockLayout
  num_blocks: int
  pooler: Product | None


def block_layout(config: architectures.BlockConfig) -> BlockLayout:
  """Returns the layout of a block.

  Args:
    config: The block's fields, or the architecture.

  Raises:
    ValueError: If `attention_input` is unknown.

  Example:

  >>> layout = block_layout(architectures.get_architecture('mobilebert_tiny'))
  >>> [product.name for product in layout.reading(NARROW)][:3]
  ['attention/query', 'attention/key', 'attention/value']
  """
  outer, inner = config.inter_block_size, config.intra_block_size
  heads = config.attention_size
  widths = {WIDE: outer, NARROW: inner, SHARED: inner}
  architectures.check_accepted(
      'attention_input', config.attention_input, tuple(_ATTENTION_READS))
  queries_read, values_read = _ATTENTION_READS[config.attention_input]

  def projection(scope: str, reads: str, writes: str, inputs: int,
                 residual: bool = False) -> Product:
    return Product(f'{scope}/dense', reads, writes, (inputs, widths[writes]),
                   Norm(f'{scope}/norm', config.normalization), residual)

  products = [projection('input_bottleneck', WIDE, NARROW, outer)]
  if queries_read == SHARED:
    products.append(projection('shared_bottleneck', WIDE, SHARED, outer))
  products += [
      Product(f'attention/{writes}', reads, writes, (widths[reads], heads))
      for writes, reads in (
          (QUERY, queries_read), (KEY, queries_read), (VALUE, values_read))
  ]
  products.append(Product(
      'attention/output', CONTEXT, NARROW, (heads, inner),
      Norm('attention_norm', config.normalization), residual=True))
  for i in range(config.num_feedforward_networks):
    name, size = f'feed_forward_{i}', config.intermediate_size
    products += [
        Product(f'{name}/intermediate', NARROW, name, (inner, size),
                activation=config.hidden_activation),
        projection(f'{name}/output', name, NARROW, size, residual=True),
    ]
  products.append(
      projection('output_bottleneck', NARROW, WIDE, inner, residual=True))
  return BlockLayout(tuple(products), config.attention_mask == 'hard')


def bert_block_layout(config: architectures.BertConfig) -> BlockLayout:
  """Returns the layout of a block of a plain BERT, which has one stream."""
  width, size, network = config.width, config.intermediate_size, _ONLY_NETWORK
  norm = config.normalization
  return BlockLayout((
      *(Product(f'attention/{writes}', WIDE, writes, (width, width))
        for writes in (QUERY, KEY, VALUE)),
      Product('attention/output', CONTEXT, WIDE, (width, width),
              Norm('attention_norm', norm), residual=True),
      Product(f'{network}/intermediate', WIDE, network, (width, size),
              activation=config.hidden_activation),
      Product(f'{network}/output/dense', network, WIDE, (size, width),
              Norm(f'{network}/output/norm', norm), residual=True),
  ), ignores_padding=True)


def encoder_layout(architecture: Any) -> EncoderLayout:
  """Returns the layout of an encoder.

  Args:
    architecture: A name, fields or a config, see `architectures.resolve`; or an
      `architectures.BertConfig`.

  Example:

  >>> encoder_layout('mobilebert').trigram.shape
  (384, 512)
  """
  is_bert = isinstance(architecture, architectures.BertConfig)
  config = architecture if is_bert else architectures.resolve(architecture)
  width = config.inter_block_size
  norm = Norm('embeddings/norm', config.normalization)
  return EncoderLayout(
      tables={
          'word_embeddings/embeddings':
              (config.vocab_size, config.embedding_size),
          _POSITIONS:
              (config.max_position_embeddings, width),
          'embeddings/type_embeddings': (config.type_vocab_size, width),
      },
      embeddings_norm=norm,
      trigram=None if is_bert else Product(
          'embeddings/projection', 'trigram', WIDE,
          (3 * config.embedding_size, width), norm),
      block=bert_block_layout(config) if is_bert else block_layout(config),
      num_blocks=config.num_blocks,
      pooler=Product(
          'pooler/dense', 'first_token', 'pooled_output', (width, width),
          activation='tanh') if config.use_pooler else None)


def count_parameters(architecture: Any) -> int:
  """Counts an encoder's parameters, a pooler's included, without building it.

  Args:
    architecture: As for `encoder_layout`.

  Example:

  >>> count_parameters('ib_bert_large')
  294205184
  """
  layout = encoder_layout(architecture)
  products = [layout.trigram, *layout.block.products * layout.num_blocks,
              layout.pooler]
  norm = 0 if layout.trigram else 2 * layout.tables[_POSITIONS][1]
  return (sum(rows * width for rows, width in layout.tables.values()) + norm
          + sum(product.num_parameters for product in products if product))


# === Floating-point operations ===
# Only matrix products count, one multiplication and one addition for each
# weight and token, as in Sun et al. 2020, table 1. The rest is a few per cent.


def count_operations(architecture: Any, length: int,
                     num_blocks: int | None = None) -> int:
  """Counts the operations (FLOPs) of an encoder on one text.

  Args:
    architecture: As for `encoder_layout`.
    length: Length of the text in tokens.
    num_blocks: Number of blocks that run, from the lowest; None for all.

  Example, 5.39 billion where the paper's table has 5.7:

  >>> count_operations('mobilebert', 128)
  5385486336
  """
  if num_blocks is None:
    num_blocks = encoder_layout(architecture).num_blocks
  return (count_embedding_operations(architecture, length)
          + num_blocks * count_block_operations(architecture, length))


def count_embedding_operations(architecture: Any, length: int) -> int:
  """Counts the operations of the embeddings' products on one text.

  These are the segments', of which the table is a product with ones and zeros,
  and the trigram's projection.
  """
  layout = encoder_layout(architecture)
  rows, width = layout.tables['embeddings/type_embeddings']
  weights = layout.trigram.num_weights if layout.trigram else 0
  return 2 * length * (rows * width + weights)


def count_block_operations(architecture: Any, length: int) -> int:
  """Counts the operations of one block's forward pass on one text."""
  block = encoder_layout(architecture).block
  weights = sum(product.num_weights for product in block.products)
  [query] = block.writing(QUERY)
  attention = 2 * length * query.shape[1]  # Scores, and the weighted sum.
  return 2 * length * (weights + attention)


def count_head_operations(architecture: Any, predictions: int) -> int:
  """Counts the operations of the masked-LM head for a number of predictions."""
  config = architectures.resolve(architecture)
  width = config.inter_block_size
  return 2 * predictions * width * (width + config.vocab_size)
