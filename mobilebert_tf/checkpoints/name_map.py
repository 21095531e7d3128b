# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""One map of weight names: ours, TF1's, Hugging Face's, the Model Garden's.

A row names a weight of the architecture's layout (`modeling/layout.py`) in each
format, and how its array differs there from ours. TF1 names are those of
google-research/mobilebert, Hugging Face keys those of `transformers`, and the
two of object-based checkpoints are paths from a checkpoint's root.
"""

import dataclasses
import re
from collections.abc import Collection, Iterable

import numpy as np

from mobilebert_tf.modeling import architectures
from mobilebert_tf.modeling import layout

FORMATS = ('tf1', 'hugging_face', 'model_garden', 'mobilebert_tf')

# A model is the encoder, perhaps with a pooler, and any of the heads.
HEADS = ('masked_lm', 'next_sentence', 'sequence_classification',
         'token_classification', 'question_answering', 'sentence_attention',
         'sentence_projection')
PARTS = ('encoder', 'pooler', *HEADS)


@dataclasses.dataclass(frozen=True)
class WeightName:
  """One weight in each format.

  Attributes:
    part: One of `PARTS`.
    ours: Name of the variable in our models, without `:0`.
    shape: Shape in our models; None for a number of classes.
    tf1: Name in TF1; None if it has no such weight.
    hugging_face: Key in a `transformers` state dictionary; or None.
    model_garden: Path in the Model Garden's checkpoints; or None.
    mobilebert_tf: Path in ours.
    transposed: The formats whose array is the transpose of ours.
    model_garden_shape: The Model Garden's shape where it splits heads.
  """
  part: str
  ours: str
  shape: tuple[int | None, ...]
  tf1: str | None
  hugging_face: str | None
  model_garden: str | None
  mobilebert_tf: str
  transposed: frozenset[str] = frozenset()
  model_garden_shape: tuple[int, ...] | None = None

  def key(self, checkpoint_format: str) -> str | None:
    """Returns the name in one of `FORMATS`; None if it has no such weight."""
    return getattr(self, checkpoint_format)

  def shape_in(self, checkpoint_format: str) -> tuple[int | None, ...]:
    """Returns the shape in one of `FORMATS`."""
    if checkpoint_format == 'model_garden' and self.model_garden_shape:
      return self.model_garden_shape
    if checkpoint_format in self.transposed:
      return self.shape[::-1]
    return self.shape

  def to_ours(self, array: np.ndarray, checkpoint_format: str) -> np.ndarray:
    """Returns an array of one of `FORMATS` in our layout."""
    if checkpoint_format in self.transposed:
      return array.T
    return array.reshape(self.shape) if self._is_split(
        checkpoint_format) else array

  def from_ours(self, array: np.ndarray, checkpoint_format: str) -> np.ndarray:
    """Returns our array in the layout of one of `FORMATS`."""
    if checkpoint_format in self.transposed:
      return array.T
    return array.reshape(self.model_garden_shape) if self._is_split(
        checkpoint_format) else array

  def _is_split(self, checkpoint_format: str) -> bool:
    return (checkpoint_format == 'model_garden'
            and self.model_garden_shape is not None)


def weight_names(
    config: architectures.MobileBertConfig | architectures.BertConfig,
    heads: Collection[str] = ('masked_lm', 'next_sentence')
) -> list[WeightName]:
  """Returns a row for each weight of an encoder with heads of `HEADS`.

  Of a plain BERT the keys of Hugging Face begin with `mobilebert.`, too, as
  `safetensors_files` reads them.

  Example:

  >>> names = weight_names(architectures.get_architecture('mobilebert'))
  >>> len(names), names[0].tf1
  (1119, 'bert/embeddings/word_embeddings')
  """
  encoder = layout.encoder_layout(config)
  rows = _embeddings(config, encoder)
  for index in range(encoder.num_blocks):
    rows += _block(index, config, encoder.block)
  if encoder.pooler:
    rows += _dense(
        'pooler', encoder.pooler.name, 'bert/pooler/dense',
        f'{_ENCODER}-{config.num_blocks + 1}',
        f'{_ENCODER}-{config.num_blocks + 2}/dense', encoder.pooler.shape)
  for head in HEADS:
    if head in heads:
      rows += (_masked_lm(config) if head == 'masked_lm'
               else _output_layer(head, config.inter_block_size))
  return rows


def parts_of(names: Iterable[WeightName]) -> tuple[str, ...]:
  """Returns the parts that rows belong to, in the order of `PARTS`."""
  found = {name.part for name in names}
  return tuple(part for part in PARTS if part in found)


# A functional model's children are numbered: word table or embeddings first,
# then the blocks, then the pooler.
_ENCODER = 'encoder/layer_with_weights'


def _hugging_face_key(tf1: str) -> str:
  """Spells a TF1 name as a key of a PyTorch state dictionary."""
  key = tf1.replace('FakeLayerNorm', 'LayerNorm').replace('ffn_layer_', 'ffn.')
  key = key.replace('layer_', 'layer.').replace('/', '.')
  if key.startswith('bert.'):
    key = f'mobile{key}'
  for ending, renamed in (('.kernel', '.weight'), ('.gamma', '.weight'),
                          ('.beta', '.bias')):
    if key.endswith(ending):
      key = key.removesuffix(ending) + renamed
  return key


def _dense(part: str, ours: str, tf1: str, garden: str, path: str,
           shape: tuple[int, int],
           garden_shapes: tuple = (None, None)) -> list[WeightName]:
  """Returns a dense layer's kernel and bias."""
  kernel, bias = f'{tf1}/kernel', f'{tf1}/bias'
  return [
      WeightName(part, f'{ours}/kernel', shape, kernel,
                 _hugging_face_key(kernel), f'{garden}/kernel',
                 f'{path}/kernel', frozenset({'hugging_face'}),
                 garden_shapes[0]),
      WeightName(part, f'{ours}/bias', shape[1:], bias,
                 _hugging_face_key(bias), f'{garden}/bias', f'{path}/bias',
                 model_garden_shape=garden_shapes[1]),
  ]


def _norm(part: str, ours: str, tf1: str, garden: str, path: str,
          width: int) -> list[WeightName]:
  """Returns a normalization's scale and shift."""
  return [
      WeightName(part, f'{ours}/{weight}', (width,), f'{tf1}/{weight}',
                 _hugging_face_key(f'{tf1}/{weight}'), f'{garden}/{weight}',
                 f'{path}/{weight}')
      for weight in ('gamma', 'beta')
  ]


def _embeddings(config: architectures.MobileBertConfig,
                encoder: layout.EncoderLayout) -> list[WeightName]:
  tf1, garden, path = 'bert/embeddings', f'{_ENCODER}-0', f'{_ENCODER}-1'
  columns = {
      'word_embeddings/embeddings': (
          'word_embeddings', 'word_embedding', f'{_ENCODER}-0/embeddings'),
      'embeddings/position_embeddings': (
          'position_embeddings', 'pos_embedding',
          f'{path}/position_embeddings'),
      'embeddings/type_embeddings': (
          'token_type_embeddings', 'type_embedding', f'{path}/type_embeddings'),
  }
  rows = []
  for name, shape in encoder.tables.items():
    table, place, own_path = columns[name]
    rows.append(WeightName(
        'encoder', name, shape, f'{tf1}/{table}',
        f'mobilebert.embeddings.{table}.weight',
        f'{garden}/{place}/embeddings', own_path))
  if trigram := encoder.trigram:
    rows += _dense('encoder', trigram.name, f'{tf1}/embedding_transformation',
                   f'{garden}/word_embedding_proj', f'{path}/projection',
                   trigram.shape)
  norm = encoder.embeddings_norm
  return rows + _norm(
      'encoder', norm.name, f'{tf1}/{_TF1_NORMS[norm.kind]}',
      f'{garden}/layer_norm', f'{path}/norm', config.inter_block_size)


# Layers of a block: TF1's scope and the Model Garden's path. `{scope}` is that
# of a feed-forward network, `{i}` its number.
_BLOCK_LAYERS = {
    'input_bottleneck/dense': ('bottleneck/input/dense', 'bottleneck_input/0'),
    'input_bottleneck/norm': ('bottleneck/input/{norm}', 'bottleneck_input/1'),
    'shared_bottleneck/dense': (
        'bottleneck/attention/dense', 'kq_shared_bottleneck/0'),
    'shared_bottleneck/norm': (
        'bottleneck/attention/{norm}', 'kq_shared_bottleneck/1'),
    'attention/query': ('attention/self/query', 'attention/0/_query_dense'),
    'attention/key': ('attention/self/key', 'attention/0/_key_dense'),
    'attention/value': ('attention/self/value', 'attention/0/_value_dense'),
    'attention/output': (
        'attention/output/dense', 'attention/0/_output_dense'),
    'attention_norm': ('attention/output/{norm}', 'attention/1'),
    'feed_forward_{i}/intermediate': (
        '{scope}intermediate/dense', 'ffn/{i}/0'),
    'feed_forward_{i}/output/dense': ('{scope}output/dense', 'ffn/{i}/1'),
    'feed_forward_{i}/output/norm': ('{scope}output/{norm}', 'ffn/{i}/2'),
    'output_bottleneck/dense': (
        'output/bottleneck/dense', 'bottleneck_output/0'),
    'output_bottleneck/norm': (
        'output/bottleneck/{norm}', 'bottleneck_output/2'),
}
# TF1's name of a normalization; Hugging Face calls both LayerNorm.
_TF1_NORMS = {'no_norm': 'FakeLayerNorm', 'layer_norm': 'LayerNorm'}


def _block(index: int, config: architectures.MobileBertConfig,
           block: layout.BlockLayout) -> list[WeightName]:
  """Returns the rows of a block's products and norms."""
  rows = []
  for product in block.products:
    rows += _dense(*_block_names(index, product.name, config), product.shape,
                   _model_garden_shapes(product, config))
    if product.norm:
      rows += _norm(*_block_names(index, product.norm.name, config),
                    product.shape[1])
  return rows


def _block_names(index: int, name: str, config: architectures.MobileBertConfig
                 ) -> tuple[str, str, str, str, str]:
  """Returns part, our name, TF1's, the Model Garden's and our path."""
  number = re.search(r'^feed_forward_(\d+)', name)
  i = number[1] if number else ''
  row = re.sub(r'^(feed_forward_)\d+', r'\1{i}', name)
  # The last network has BERT's own names; those below it are new.
  is_last = i == str(config.num_feedforward_networks - 1)
  tf1, garden = (
      column.format(i=i, scope='' if is_last else f'ffn_layer_{i}/',
                    norm=_TF1_NORMS[config.normalization])
      for column in _BLOCK_LAYERS[row])
  return ('encoder', f'block_{index}/{name}',
          f'bert/encoder/layer_{index}/{tf1}',
          f'{_ENCODER}-{index + 1}/block_layers/{garden}',
          f'{_ENCODER}-{index + 2}/{_path(name)}')


def _model_garden_shapes(product: layout.Product,
                         config: architectures.MobileBertConfig) -> tuple:
  """Returns the Model Garden's shapes of kernel and bias, which split heads."""
  heads = (config.num_attention_heads, config.attention_head_size)
  if product.writes in (layout.QUERY, layout.KEY, layout.VALUE):
    return (product.shape[0], *heads), heads
  if product.reads == layout.CONTEXT:
    return (*heads, product.shape[1]), None
  return None, None


def _path(name: str) -> str:
  """Returns the object path of a layer in a block of ours."""
  # Attributes of a layer cannot be called `output`, and lists are numbered.
  name = re.sub(r'^feed_forward_(\d+)/', r'feed_forwards/\1/', name)
  return re.sub(r'(^attention|^feed_forwards/\d+)/output\b',
                r'\1/output_projection', name)


def _masked_lm(config: architectures.MobileBertConfig) -> list[WeightName]:
  part, tf1, garden = 'masked_lm', 'cls/predictions', 'masked_lm'
  width, ours = config.inter_block_size, 'masked_lm_transform'
  rows = _dense(part, f'{ours}/dense', f'{tf1}/transform/dense',
                f'{garden}/dense', f'{ours}/dense', (width, width))
  rows += _norm(part, f'{ours}/norm', f'{tf1}/transform/LayerNorm',
                f'{garden}/layer_norm', f'{ours}/norm', width)
  extra_columns = width - config.embedding_size
  if extra_columns:
    name = 'masked_lm/extra_output_weights'
    rows.append(WeightName(
        part, name, (config.vocab_size, extra_columns),
        f'{tf1}/extra_output_weights', 'cls.predictions.dense.weight', name,
        name, frozenset({'hugging_face'})))
  rows.append(WeightName(
      part, 'masked_lm/bias', (config.vocab_size,), f'{tf1}/output_bias',
      'cls.predictions.bias', 'masked_lm/bias', 'masked_lm/bias'))
  return rows


# Heads of one dense layer: our name and path of the layer, number of classes
# (None if the architecture does not give it), TF1's scope, Hugging Face's key,
# the Model Garden's path (None if there is no such head).
_OUTPUT_LAYERS = {
    # The Model Garden has no such head, and ignores the weights.
    'next_sentence': (
        'next_sentence/dense', 2, 'cls/seq_relationship/',
        'cls.seq_relationship', 'next_sentence/dense'),
    'sequence_classification': (
        'classifier', None, '', 'classifier',
        'model/layer_with_weights-1/out_proj'),
    'token_classification': (
        'token_classifier', None, None, 'classifier',
        'model/layer_with_weights-1'),
    'question_answering': (
        'span_labeler', 2, 'cls/squad/', 'qa_outputs',
        'model/layer_with_weights-1/layer_with_weights-0'),
    'sentence_attention': ('sentence_attention', 1, None, None, None),
    'sentence_projection': ('sentence_projection', None, None, None, None),
}


def _output_layer(head: str, width: int) -> list[WeightName]:
  """Returns a head's kernel, transposed in two formats, and bias."""
  ours, classes, *places = _OUTPUT_LAYERS[head]
  kernels, biases = (
      [None if place is None else f'{place}{ending}' for place, ending in zip(
          places, endings, strict=True)]
      for endings in (('output_weights', '.weight', '/kernel'),
                      ('output_bias', '.bias', '/bias')))
  return [
      WeightName(head, f'{ours}/kernel', (width, classes), *kernels,
                 f'{ours}/kernel', frozenset({'tf1', 'hugging_face'})),
      WeightName(head, f'{ours}/bias', (classes,), *biases, f'{ours}/bias'),
  ]
