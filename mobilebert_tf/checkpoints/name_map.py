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

"""One map of weight names: ours, TF1's (google-research), Hugging Face's.

Every converter reads the same rows, in whichever direction it needs. A row
names a weight in the three formats and says how its array is laid out there,
relative to ours.
"""

from collections.abc import Collection
import dataclasses

import numpy as np

from mobilebert_tf.modeling import architectures


@dataclasses.dataclass(frozen=True)
class WeightName:
  """One weight in each format.

  Attributes:
    ours: Name of the variable in `MobileBertPretrainer`, without `:0`.
    tf1: Name in a google-research checkpoint.
    hugging_face: Key in a `transformers` state dictionary.
    tf1_transposed: Whether TF1's array is the transpose of ours.
    hugging_face_transposed: Whether Hugging Face's is.
  """
  ours: str
  tf1: str
  hugging_face: str
  tf1_transposed: bool = False
  hugging_face_transposed: bool = False

  def key(self, checkpoint_format: str) -> str:
    """Returns the name in `'tf1'` or `'hugging_face'`."""
    return getattr(self, checkpoint_format)

  def to_ours(self, array: np.ndarray, checkpoint_format: str) -> np.ndarray:
    """Returns an array of that format as ours has it."""
    transposed = getattr(self, f'{checkpoint_format}_transposed')
    return array.T if transposed else array


def weight_names(
    config: architectures.MobileBertConfig) -> list[WeightName]:
  """Returns the map of every weight of a pre-trainer.

  Args:
    config: Its architecture.

  Returns:
    One row a weight, the encoder's first, then the heads'.

  Example:

  >>> names = weight_names(architectures.get_architecture('mobilebert'))
  >>> len(names), names[0].tf1
  (1117, 'bert/embeddings/word_embeddings')
  """
  rows = _embeddings()
  for block in range(config.num_blocks):
    rows += _block(block, config)
  if config.use_pooler:
    rows += _dense('pooler/dense', 'bert/pooler/dense')
  rows += _masked_lm(config) + _next_sentence()
  if config.normalization == 'layer_norm':
    # TF1 calls a NoNorm FakeLayerNorm; Hugging Face calls both LayerNorm.
    rows = [dataclasses.replace(
        row, tf1=row.tf1.replace('FakeLayerNorm', 'LayerNorm')) for row in rows]
  return rows


def surplus_weights(names: Collection[WeightName], checkpoint_format: str,
                    available: Collection[str]) -> list[str]:
  """Returns a checkpoint's weights of blocks that no row names.

  Left out is what may stand beside a model's weights: optimizer slots, a
  teacher, another task's heads.

  Args:
    names: The rows of the model.
    checkpoint_format: `'tf1'` or `'hugging_face'`.
    available: The names that the checkpoint holds.

  Returns:
    Sorted names.
  """
  known = {name.key(checkpoint_format) for name in names}
  prefix, separator = {
      'tf1': ('bert/encoder/', '/'),
      'hugging_face': ('mobilebert.encoder.', '.'),
  }[checkpoint_format]
  endings = {key.rpartition(separator)[-1] for key in known}
  return sorted(
      name for name in available
      if name.startswith(prefix) and name not in known
      and name.rpartition(separator)[-1] in endings)


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


def _dense(ours: str, tf1: str) -> list[WeightName]:
  return [
      WeightName(f'{ours}/kernel', f'{tf1}/kernel',
                 _hugging_face_key(f'{tf1}/kernel'),
                 hugging_face_transposed=True),
      WeightName(f'{ours}/bias', f'{tf1}/bias',
                 _hugging_face_key(f'{tf1}/bias')),
  ]


def _norm(ours: str, tf1: str) -> list[WeightName]:
  return [
      WeightName(f'{ours}/{weight}', f'{tf1}/{weight}',
                 _hugging_face_key(f'{tf1}/{weight}'))
      for weight in ('gamma', 'beta')
  ]


def _projection(ours: str, tf1: str) -> list[WeightName]:
  return (_dense(f'{ours}/dense', f'{tf1}/dense')
          + _norm(f'{ours}/norm', f'{tf1}/FakeLayerNorm'))


def _embeddings() -> list[WeightName]:
  tables = {
      'word_embeddings/embeddings': 'word_embeddings',
      'embeddings/position_embeddings': 'position_embeddings',
      'embeddings/type_embeddings': 'token_type_embeddings',
  }
  rows = [
      WeightName(ours, f'bert/embeddings/{tf1}',
                 f'mobilebert.embeddings.{tf1}.weight')
      for ours, tf1 in tables.items()
  ]
  rows += _dense('embeddings/projection',
                 'bert/embeddings/embedding_transformation')
  return rows + _norm('embeddings/norm', 'bert/embeddings/FakeLayerNorm')


def _block(index: int,
           config: architectures.MobileBertConfig) -> list[WeightName]:
  ours, tf1 = f'block_{index}', f'bert/encoder/layer_{index}'
  rows = _projection(f'{ours}/input_bottleneck', f'{tf1}/bottleneck/input')
  if config.attention_input == 'shared_bottleneck':
    rows += _projection(f'{ours}/shared_bottleneck',
                        f'{tf1}/bottleneck/attention')
  for part in ('query', 'key', 'value'):
    rows += _dense(f'{ours}/attention/{part}', f'{tf1}/attention/self/{part}')
  rows += _dense(f'{ours}/attention/output', f'{tf1}/attention/output/dense')
  rows += _norm(f'{ours}/attention_norm',
                f'{tf1}/attention/output/FakeLayerNorm')
  last = config.num_feedforward_networks - 1
  for j in range(config.num_feedforward_networks):
    # The last one carries BERT's own names; those stacked below it are new.
    scope = tf1 if j == last else f'{tf1}/ffn_layer_{j}'
    rows += _dense(f'{ours}/feed_forward_{j}/intermediate',
                   f'{scope}/intermediate/dense')
    rows += _projection(f'{ours}/feed_forward_{j}/output', f'{scope}/output')
  return rows + _projection(f'{ours}/output_bottleneck',
                            f'{tf1}/output/bottleneck')


def _masked_lm(config: architectures.MobileBertConfig) -> list[WeightName]:
  tf1 = 'cls/predictions'
  rows = _dense('masked_lm_transform/dense', f'{tf1}/transform/dense')
  rows += _norm('masked_lm_transform/norm', f'{tf1}/transform/LayerNorm')
  if config.inter_block_size > config.embedding_size:
    rows.append(WeightName(
        'masked_lm/extra_output_weights', f'{tf1}/extra_output_weights',
        'cls.predictions.dense.weight', hugging_face_transposed=True))
  rows.append(WeightName(
      'masked_lm/bias', f'{tf1}/output_bias', 'cls.predictions.bias'))
  return rows


def _next_sentence() -> list[WeightName]:
  tf1, key = 'cls/seq_relationship', 'cls.seq_relationship'
  return [
      WeightName('next_sentence/dense/kernel', f'{tf1}/output_weights',
                 f'{key}.weight', tf1_transposed=True,
                 hugging_face_transposed=True),
      WeightName('next_sentence/dense/bias', f'{tf1}/output_bias',
                 f'{key}.bias'),
  ]
