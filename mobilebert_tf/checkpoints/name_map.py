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

"""One map of weight names: ours, TF1's, Hugging Face's, the Model Garden's.

Every converter reads the same rows, in whichever direction it needs. A row
names a weight in each format and says how its array is laid out there, relative
to ours. TF1 names are those of google-research/mobilebert, Hugging Face keys
those of `transformers`' state dictionaries, and the two of object-based
checkpoints are paths from a checkpoint's root.
"""

import dataclasses
import re
from collections.abc import Collection, Iterable

import numpy as np

from mobilebert_tf.modeling import architectures

FORMATS = ('tf1', 'hugging_face', 'model_garden', 'mobilebert_tf')

# A model is the encoder, perhaps with a pooler, and any of the heads.
HEADS = ('masked_lm', 'next_sentence', 'sequence_classification',
         'token_classification', 'question_answering')
PARTS = ('encoder', 'pooler', *HEADS)


@dataclasses.dataclass(frozen=True)
class WeightName:
  """One weight in each format.

  Attributes:
    part: One of `PARTS`.
    ours: Name of the variable in our models, without `:0`.
    shape: Its shape in our models; None where it is the number of classes,
      which the architecture does not say.
    tf1: Name in a google-research checkpoint; None if it has no such weight.
    hugging_face: Key in a `transformers` state dictionary.
    model_garden: Path in the Model Garden's checkpoints.
    mobilebert_tf: Path in ours.
    transposed: The formats whose array is the transpose of ours.
    model_garden_shape: The Model Garden's shape where it splits heads; the
      elements are in the same order.
  """
  part: str
  ours: str
  shape: tuple[int | None, ...]
  tf1: str | None
  hugging_face: str
  model_garden: str
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
    """Returns an array of that format as ours has it."""
    if checkpoint_format in self.transposed:
      return array.T
    return array.reshape(self.shape) if self._is_split(
        checkpoint_format) else array

  def from_ours(self, array: np.ndarray, checkpoint_format: str) -> np.ndarray:
    """Returns our array as that format has it."""
    if checkpoint_format in self.transposed:
      return array.T
    return array.reshape(self.model_garden_shape) if self._is_split(
        checkpoint_format) else array

  def _is_split(self, checkpoint_format: str) -> bool:
    return (checkpoint_format == 'model_garden'
            and self.model_garden_shape is not None)


def weight_names(config: architectures.MobileBertConfig,
                 heads: Collection[str] = ('masked_lm', 'next_sentence')
                 ) -> list[WeightName]:
  """Returns the map of every weight of an encoder with heads.

  Args:
    config: The architecture.
    heads: Those of `HEADS` to include; by default a pre-trainer's.

  Returns:
    One row a weight: the encoder's, the pooler's if there is one, the heads'.

  Example:

  >>> names = weight_names(architectures.get_architecture('mobilebert'))
  >>> len(names), names[0].tf1
  (1119, 'bert/embeddings/word_embeddings')
  """
  rows = _embeddings(config)
  for block in range(config.num_blocks):
    rows += _block(block, config)
  if config.use_pooler:
    rows += _dense(
        'pooler', 'pooler/dense', 'bert/pooler/dense',
        f'{_ENCODER}-{config.num_blocks + 1}',
        f'{_ENCODER}-{config.num_blocks + 2}/dense',
        (config.inter_block_size, config.inter_block_size))
  for head in HEADS:
    if head in heads:
      rows += _HEAD_ROWS[head](config)
  if config.normalization == 'layer_norm':
    # TF1 calls a NoNorm FakeLayerNorm; Hugging Face calls both LayerNorm.
    rows = [
        dataclasses.replace(
            row, tf1=row.tf1 and row.tf1.replace('FakeLayerNorm', 'LayerNorm'))
        for row in rows
    ]
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


def _embeddings(config: architectures.MobileBertConfig) -> list[WeightName]:
  width, tf1 = config.inter_block_size, 'bert/embeddings'
  ours, garden, path = 'embeddings', f'{_ENCODER}-0', f'{_ENCODER}-1'
  tables = (
      ('word_embeddings', 'word_embeddings/embeddings',
       f'{garden}/word_embedding', f'{_ENCODER}-0/embeddings',
       (config.vocab_size, config.embedding_size)),
      ('position_embeddings', f'{ours}/position_embeddings',
       f'{garden}/pos_embedding', f'{path}/position_embeddings',
       (config.max_position_embeddings, width)),
      ('token_type_embeddings', f'{ours}/type_embeddings',
       f'{garden}/type_embedding', f'{path}/type_embeddings',
       (config.type_vocab_size, width)),
  )
  rows = [
      WeightName('encoder', name, shape, f'{tf1}/{table}',
                 f'mobilebert.embeddings.{table}.weight',
                 f'{place}/embeddings', own_path)
      for table, name, place, own_path, shape in tables
  ]
  rows += _dense('encoder', f'{ours}/projection',
                 f'{tf1}/embedding_transformation',
                 f'{garden}/word_embedding_proj', f'{path}/projection',
                 (3 * config.embedding_size, width))
  return rows + _norm('encoder', f'{ours}/norm', f'{tf1}/FakeLayerNorm',
                      f'{garden}/layer_norm', f'{path}/norm', width)


def _block(index: int,
           config: architectures.MobileBertConfig) -> list[WeightName]:
  ours, tf1 = f'block_{index}', f'bert/encoder/layer_{index}'
  garden = f'{_ENCODER}-{index + 1}/block_layers'
  path = f'{_ENCODER}-{index + 2}'
  inter, intra = config.inter_block_size, config.intra_block_size

  def dense(name: str, tf1_scope: str, place: str, shape: tuple[int, int],
            garden_shapes: tuple = (None, None)) -> list[WeightName]:
    return _dense('encoder', f'{ours}/{name}', tf1_scope, f'{garden}/{place}',
                  f'{path}/{_path(name)}', shape, garden_shapes)

  def norm(name: str, tf1_scope: str, place: str,
           width: int) -> list[WeightName]:
    return _norm('encoder', f'{ours}/{name}', tf1_scope, f'{garden}/{place}',
                 f'{path}/{_path(name)}', width)

  def projection(name: str, tf1_scope: str, places: tuple[str, str],
                 shape: tuple[int, int]) -> list[WeightName]:
    return (dense(f'{name}/dense', f'{tf1_scope}/dense', places[0], shape)
            + norm(f'{name}/norm', f'{tf1_scope}/FakeLayerNorm', places[1],
                   shape[1]))

  rows = projection('input_bottleneck', f'{tf1}/bottleneck/input',
                    ('bottleneck_input/0', 'bottleneck_input/1'),
                    (inter, intra))
  if config.attention_input == 'shared_bottleneck':
    rows += projection('shared_bottleneck', f'{tf1}/bottleneck/attention',
                       ('kq_shared_bottleneck/0', 'kq_shared_bottleneck/1'),
                       (inter, intra))
  heads = (config.num_attention_heads, config.attention_head_size)
  for part in ('query', 'key', 'value'):
    width = _attention_width(part, config)
    rows += dense(f'attention/{part}', f'{tf1}/attention/self/{part}',
                  f'attention/0/_{part}_dense', (width, intra),
                  ((width, *heads), heads))
  rows += dense('attention/output', f'{tf1}/attention/output/dense',
                'attention/0/_output_dense', (intra, intra),
                ((*heads, intra), None))
  rows += norm('attention_norm', f'{tf1}/attention/output/FakeLayerNorm',
               'attention/1', intra)
  last = config.num_feedforward_networks - 1
  for j in range(config.num_feedforward_networks):
    # The last one carries BERT's own names; those stacked below it are new.
    scope = tf1 if j == last else f'{tf1}/ffn_layer_{j}'
    rows += dense(f'feed_forward_{j}/intermediate',
                  f'{scope}/intermediate/dense', f'ffn/{j}/0',
                  (intra, config.intermediate_size))
    rows += projection(f'feed_forward_{j}/output', f'{scope}/output',
                       (f'ffn/{j}/1', f'ffn/{j}/2'),
                       (config.intermediate_size, intra))
  return rows + projection('output_bottleneck', f'{tf1}/output/bottleneck',
                           ('bottleneck_output/0', 'bottleneck_output/2'),
                           (intra, inter))


def _attention_width(part: str, config: architectures.MobileBertConfig) -> int:
  """Returns the width of what queries, keys or values read."""
  reads_bottleneck = config.attention_input == 'bottleneck' or (
      config.attention_input == 'shared_bottleneck' and part != 'value')
  return (config.intra_block_size if reads_bottleneck
          else config.inter_block_size)


def _path(name: str) -> str:
  """Returns the object path of a name in a block of ours.

  Attributes of a layer cannot be called `output`, and lists are numbered.
  """
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


def _output_layer(part: str, ours: str, path: str, shape: tuple,
                  tf1: tuple[str, str] | None, hugging_face: str,
                  garden: str) -> list[WeightName]:
  """Returns a last dense layer; TF1 and Hugging Face have classes first."""
  kernel, bias = tf1 or (None, None)
  return [
      WeightName(part, f'{ours}/kernel', shape, kernel,
                 f'{hugging_face}.weight', f'{garden}/kernel',
                 f'{path}/kernel', frozenset({'tf1', 'hugging_face'})),
      WeightName(part, f'{ours}/bias', shape[1:], bias,
                 f'{hugging_face}.bias', f'{garden}/bias', f'{path}/bias'),
  ]


def _next_sentence(config: architectures.MobileBertConfig) -> list[WeightName]:
  # The Model Garden has no such head; the path is ours, and it ignores it.
  place, tf1 = 'next_sentence/dense', 'cls/seq_relationship'
  return _output_layer(
      'next_sentence', place, place, (config.inter_block_size, 2),
      (f'{tf1}/output_weights', f'{tf1}/output_bias'), 'cls.seq_relationship',
      place)


def _sequence_classification(
    config: architectures.MobileBertConfig) -> list[WeightName]:
  return _output_layer(
      'sequence_classification', 'classifier', 'classifier',
      (config.inter_block_size, None), ('output_weights', 'output_bias'),
      'classifier', 'model/layer_with_weights-1/out_proj')


def _token_classification(
    config: architectures.MobileBertConfig) -> list[WeightName]:
  return _output_layer(
      'token_classification', 'token_classifier', 'token_classifier',
      (config.inter_block_size, None), None, 'classifier',
      'model/layer_with_weights-1')


def _question_answering(
    config: architectures.MobileBertConfig) -> list[WeightName]:
  return _output_layer(
      'question_answering', 'span_labeler', 'span_labeler',
      (config.inter_block_size, 2),
      ('cls/squad/output_weights', 'cls/squad/output_bias'), 'qa_outputs',
      'model/layer_with_weights-1/layer_with_weights-0')


_HEAD_ROWS = {
    'masked_lm': _masked_lm,
    'next_sentence': _next_sentence,
    'sequence_classification': _sequence_classification,
    'token_classification': _token_classification,
    'question_answering': _question_answering,
}
