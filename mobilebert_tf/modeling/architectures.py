# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The named architectures: sizes and variants of MobileBERT and its teacher.

One dataclass describes all of them: the teacher and the students differ in
sizes, normalization, activation and the input of attention, never in topology
(Sun et al. 2020, table 1 and figure 1).
"""

import dataclasses
import difflib
from typing import Any

from official.modeling import hyperparams

NORMALIZATIONS = ('no_norm', 'layer_norm')
ATTENTION_INPUTS = ('shared_bottleneck', 'bottleneck', 'block_input')
ATTENTION_MASKS = ('hard', 'tf1_reference')
ACTIVATIONS = ('relu', 'relu6', 'gelu')
BERT_ACTIVATIONS = ('relu', 'gelu', 'gelu_erf')

_MOST_NETWORKS = 10_000


@dataclasses.dataclass
class BlockConfig(hyperparams.Config):
  """Sizes and variants of a block; the defaults are the released student's.

  `layout.block_layout` lists the products of a block with these fields.

  Attributes:
    inter_block_size: Width between blocks (the reference's `hidden_size`).
    intra_block_size: Width inside a block: narrow in the student, wide in the
      inverted bottlenecks of the teacher.
    num_attention_heads: Number of heads, which divides `intra_block_size`.
    head_size: Width of one head; 0 for an equal share of `intra_block_size`.
      A model with fewer heads than it was trained with has it.
    intermediate_size: Inner width of a feed-forward network.
    num_feedforward_networks: Number of stacked feed-forward networks.
    hidden_activation: `relu`, `relu6` or `gelu` (its tanh form, as in the
      reference), used in the feed-forward networks and the masked-LM head.
    normalization: `no_norm` (equation 1 of the paper) or `layer_norm`.
    attention_input: Input of attention. `shared_bottleneck`: queries and keys
      read a second bottleneck, values the block's input (the released
      MobileBERT). `bottleneck`: all three read the input bottleneck (TINY).
      `block_input`: all three read the block's input (the teacher, and the
      student of the paper's table 1).
    attention_mask: `hard` gives padding a weight of exactly 0.
      `tf1_reference` replaces its scores by -6 as the reference code of the
      quantization era does, so that padding keeps some weight.
    hidden_dropout_rate: Dropout of embeddings and of the output bottleneck.
    attention_dropout_rate: Dropout of attention probabilities.
    initializer_range: Standard deviation of the truncated normal initializer.
  """
  inter_block_size: int = 512
  intra_block_size: int = 128
  num_attention_heads: int = 4
  head_size: int = 0
  intermediate_size: int = 512
  num_feedforward_networks: int = 4
  hidden_activation: str = 'relu'
  normalization: str = 'no_norm'
  attention_input: str = 'shared_bottleneck'
  attention_mask: str = 'hard'
  hidden_dropout_rate: float = 0.0
  attention_dropout_rate: float = 0.1
  initializer_range: float = 0.02

  @property
  def attention_head_size(self) -> int:
    """Width of one head."""
    return self.head_size or self.intra_block_size // self.num_attention_heads

  @property
  def attention_size(self) -> int:
    """Width of queries, keys and values, all heads side by side."""
    return self.num_attention_heads * self.attention_head_size

  def block_fields(self) -> dict[str, Any]:
    """Returns the fields of a block by name, without those of an encoder."""
    return {field.name: getattr(self, field.name)
            for field in dataclasses.fields(BlockConfig)}


@dataclasses.dataclass
class MobileBertConfig(BlockConfig):
  """Sizes and variants of an encoder; the defaults are the released student's.

  In YAML and `--params_override` the key `architecture` names one of
  `ARCHITECTURES`. It sets every field; the fields beside it, whatever their
  order, and those of later files change the named architecture.

  Attributes:
    vocab_size: Number of rows of the word table.
    embedding_size: Width of the word table; the trigram is three times that.
    type_vocab_size: Number of segments, 2 for BERT's pairs.
    max_position_embeddings: Length of the longest sequence, in tokens.
    num_blocks: Number of blocks, each as deep as one BERT layer.
    use_pooler: Whether `pooled_output` is tanh(dense(first token)) or the first
      token itself (`classifier_activation` of the reference).

  Example:

  >>> get_architecture('mobilebert', num_blocks=6).intra_block_size
  128
  """
  vocab_size: int = 30522
  embedding_size: int = 128
  type_vocab_size: int = 2
  max_position_embeddings: int = 512
  num_blocks: int = 24
  use_pooler: bool = False

  def _override(self, override_dict: dict[str, Any],
                is_strict: bool = True) -> None:
    """Overrides fields, those of a named architecture first."""
    fields = dict(override_dict)
    if 'architecture' in fields:
      named = get_architecture(fields.pop('architecture'))
      fields = {**named.as_dict(), **fields}
    super()._override(fields, is_strict)


@dataclasses.dataclass
class BertConfig(hyperparams.Config):
  """Sizes of a plain BERT (Devlin et al. 2019), which can be a teacher.

  It has neither bottlenecks nor a trigram, so no `MobileBertConfig` describes
  it. Fields that both have mean the same. Normalization is LayerNorm.

  Attributes:
    vocab_size: Number of rows of the word table.
    width: Width of the word table and between blocks.
    num_attention_heads: Number of heads, which divides `width`.
    intermediate_size: Inner width of the feed-forward networks.
    num_blocks: Number of blocks, its layers.
    hidden_activation: `gelu_erf` (the exact form), `gelu` or `relu`.
    type_vocab_size: Number of segments.
    max_position_embeddings: Length of the longest sequence, in tokens.
    use_pooler: Whether it has a pooler.
    initializer_range: Standard deviation of the truncated normal initializer.
  """
  vocab_size: int = 30522
  width: int = 768
  num_attention_heads: int = 12
  intermediate_size: int = 3072
  num_blocks: int = 12
  hidden_activation: str = 'gelu_erf'
  type_vocab_size: int = 2
  max_position_embeddings: int = 512
  use_pooler: bool = True
  initializer_range: float = 0.02

  # What functions of a `MobileBertConfig` ask for, all of it fixed here.
  @property
  def embedding_size(self) -> int:
    """Width of the word table."""
    return self.width

  @property
  def inter_block_size(self) -> int:
    """Width between blocks."""
    return self.width

  @property
  def intra_block_size(self) -> int:
    """Width inside a block."""
    return self.width

  @property
  def attention_size(self) -> int:
    """Width of queries, keys and values."""
    return self.width

  @property
  def attention_head_size(self) -> int:
    """Width of one head."""
    return self.width // self.num_attention_heads

  @property
  def normalization(self) -> str:
    """The only normalization."""
    return 'layer_norm'

  @property
  def num_feedforward_networks(self) -> int:
    """Number of feed-forward networks of a block."""
    return 1


_TEACHER = {
    'hidden_activation': 'gelu',
    'normalization': 'layer_norm',
    'attention_input': 'block_input',
    'num_feedforward_networks': 1,
    'hidden_dropout_rate': 0.1,
}
_TINY = {'attention_input': 'bottleneck', 'num_feedforward_networks': 2}
_WITHOUT_OPT = {'hidden_activation': 'gelu', 'normalization': 'layer_norm'}
_SMALL = {
    'vocab_size': 8000,
    'embedding_size': 64,
    'max_position_embeddings': 128,
    'num_blocks': 4,
    'inter_block_size': 128,
    # Models this small underfit; dropout would only cost them time.
    'hidden_dropout_rate': 0.0,
    'attention_dropout_rate': 0.0,
    # BERT's 0.02 is right for widths of 512 and more.
    'initializer_range': 0.06,
}

# Fields in which each differs from the defaults of MobileBertConfig.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    'mobilebert': {},
    'mobilebert_paper': {'attention_input': 'block_input'},
    'mobilebert_tiny': _TINY,
    'mobilebert_without_opt': _WITHOUT_OPT,
    'ib_bert_large': {
        **_TEACHER, 'intra_block_size': 1024, 'intermediate_size': 4096
    },
    # A pair that two cores can train in minutes: the quick start's.
    'mobilebert_small': {
        **_SMALL, 'intra_block_size': 64, 'intermediate_size': 128,
        'num_feedforward_networks': 2,
    },
    'ib_bert_small': {
        **_TEACHER, **_SMALL, 'intra_block_size': 192,
        'intermediate_size': 512,
        # With LayerNorm so few steps do not suffice.
        'normalization': 'no_norm',
    },
}


def get_architecture(name: str, **overrides: Any) -> MobileBertConfig:
  """Returns a new config of a named architecture, checked.

  Args:
    name: A key of `ARCHITECTURES`.
    **overrides: Fields of `MobileBertConfig` to change.

  Raises:
    ValueError: If the name, a field or a value is not accepted.

  Example:

  >>> get_architecture('mobilebert_tiny').num_feedforward_networks
  2
  """
  if name not in ARCHITECTURES:
    raise ValueError(_unknown('architecture', name, ARCHITECTURES))
  fields = {field.name for field in dataclasses.fields(MobileBertConfig)}
  for field in overrides:
    if field not in fields:
      raise ValueError(_unknown('architecture field', field, sorted(fields)))
  config = MobileBertConfig(**{**ARCHITECTURES[name], **overrides})
  check_config(config)
  return config


def resolve(architecture: Any) -> MobileBertConfig:
  """Returns a new config of a name, of fields or of a config, checked.

  Args:
    architecture: A key of `ARCHITECTURES`, a `MobileBertConfig`, or a `dict` of
      fields to change in `mobilebert` or the one that its key `architecture`
      names.

  Raises:
    ValueError: If no encoder can be built from it.

  Example:

  >>> resolve({'num_blocks': 2}).num_blocks
  2
  """
  if isinstance(architecture, str):
    return get_architecture(architecture)
  if isinstance(architecture, MobileBertConfig):
    architecture = architecture.as_dict()
  if not isinstance(architecture, dict):
    raise ValueError(
        'An architecture is a name, a dict of fields or a MobileBertConfig; '
        f'got {type(architecture).__name__}: {architecture!r}.')
  fields = dict(architecture)
  return get_architecture(fields.pop('architecture', 'mobilebert'), **fields)


def check_bert_config(config: BertConfig) -> None:
  """Raises ValueError if no BERT can be built from the config."""
  for field in ('vocab_size', 'width', 'num_attention_heads', 'num_blocks',
                'intermediate_size', 'type_vocab_size',
                'max_position_embeddings'):
    check_positive_integer(field, getattr(config, field))
  check_accepted(
      'hidden_activation', config.hidden_activation, BERT_ACTIVATIONS)
  if config.width % config.num_attention_heads:
    raise ValueError(
        f'num_attention_heads={config.num_attention_heads} does not divide '
        f'width={config.width}; each head gets an equal share of the width.')
  if config.num_blocks > _MOST_NETWORKS:
    raise ValueError(f'num_blocks={config.num_blocks:,} are more than '
                     f'{_MOST_NETWORKS:,}, the most that are accepted.')


def check_config(config: MobileBertConfig) -> None:
  """Raises ValueError if no encoder can be built from the config."""
  positive = ('vocab_size', 'embedding_size', 'type_vocab_size',
              'max_position_embeddings', 'num_blocks', 'inter_block_size',
              'intra_block_size', 'num_attention_heads', 'intermediate_size',
              'num_feedforward_networks')
  for field in positive:
    check_positive_integer(field, getattr(config, field))
  for field in ('hidden_dropout_rate', 'attention_dropout_rate'):
    check_dropout_rate(field, getattr(config, field))
  deviation = config.initializer_range
  if not _is_number(deviation) or not 0 < deviation < float('inf'):
    raise ValueError(
        f'initializer_range is a number above 0; got {deviation!r:.80}.')
  if not isinstance(config.use_pooler, bool):
    raise ValueError(
        f'use_pooler is true or false; got {config.use_pooler!r}.')
  for field, accepted in (('normalization', NORMALIZATIONS),
                          ('attention_input', ATTENTION_INPUTS),
                          ('attention_mask', ATTENTION_MASKS),
                          ('hidden_activation', ACTIVATIONS)):
    check_accepted(field, getattr(config, field), accepted)
  check_heads(config.num_attention_heads, config.intra_block_size,
              config.head_size)
  networks = config.num_blocks * config.num_feedforward_networks
  if networks > _MOST_NETWORKS:
    raise ValueError(
        f'num_blocks={config.num_blocks:,} with num_feedforward_networks='
        f'{config.num_feedforward_networks:,} each are more than '
        f'{_MOST_NETWORKS:,} networks, the most that are accepted.')
  if config.embedding_size > config.inter_block_size:
    raise ValueError(
        f'embedding_size={config.embedding_size} is larger than '
        f'inter_block_size={config.inter_block_size}; the masked-LM head joins '
        'the word table with inter_block_size - embedding_size extra columns.')


def check_positive_integer(field: str, value: Any) -> None:
  """Raises ValueError if the value of a field is not a positive integer."""
  if isinstance(value, bool) or not isinstance(value, int) or value < 1:
    raise ValueError(f'{field} is a whole number above 0; got {value!r:.80}.')


def check_dropout_rate(field: str, rate: Any) -> None:
  """Raises ValueError if the value of a field is not a dropout rate."""
  if not _is_number(rate) or not 0.0 <= rate < 1.0:
    raise ValueError(
        f'{field} is a number of at least 0 and below 1; got {rate!r:.80}.')


def check_accepted(field: str, value: Any, accepted: tuple[str, ...]) -> None:
  """Raises ValueError if the value of a field is not accepted."""
  if value not in accepted:
    raise ValueError(_unknown(field, value, accepted))


def check_heads(num_attention_heads: int, intra_block_size: int,
                head_size: int = 0) -> None:
  """Raises ValueError if heads have no width, or no equal share of one."""
  if head_size:
    check_positive_integer('head_size', head_size)
  elif intra_block_size % num_attention_heads:
    raise ValueError(
        f'num_attention_heads={num_attention_heads} does not divide '
        f'intra_block_size={intra_block_size}; each head gets an equal share '
        'of the width.')


def _is_number(value: Any) -> bool:
  return isinstance(value, (int, float)) and not isinstance(value, bool)


def _unknown(kind: str, given: Any, accepted: Any) -> str:
  """Returns a message with what is accepted and, if any, a close match."""
  close = difflib.get_close_matches(str(given), list(accepted), n=1)
  hint = f' Did you mean {close[0]!r}?' if close else ''
  return (f'Unknown {kind} {given!r:.80}; accepted: {", ".join(accepted)}.'
          f'{hint}')
