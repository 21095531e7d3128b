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

"""Examples as serialized `tf.train.Example`s, whole batches at a time.

TensorFlow's own protocol buffer operations write them; a Python object for each
would take three times as long.
"""

from collections.abc import Mapping

import tensorflow as tf


def encode(features: Mapping[str, tf.RaggedTensor | tf.Tensor]) -> list[bytes]:
  """Serializes examples.

  Args:
    features: By name, `[examples, (values)]`, integer or floating point; dense
      or ragged.

  Returns:
    A serialized `tf.train.Example` for each.
  """
  entries = tf.stack([
      _message('Features.FeatureEntry', key=name, value=_feature(values))
      for name, values in sorted(features.items())
  ], axis=1)  # [examples, features]
  maps = _repeated('Features', 'feature', entries)
  return _message('Example', features=maps).numpy().tolist()


def _feature(values: tf.RaggedTensor | tf.Tensor) -> tf.Tensor:
  """Returns a serialized `Feature` `[examples]` for each row of values."""
  if values.dtype.is_floating:
    kind, field, dtype = 'FloatList', 'float_list', tf.float32
  else:
    kind, field, dtype = 'Int64List', 'int64_list', tf.int64
  if isinstance(values, tf.RaggedTensor):
    sizes, values = values.row_lengths(), values.to_tensor()
  else:
    sizes = tf.fill([tf.shape(values)[0]], tf.shape(values)[1])
  lists = tf.io.encode_proto(
      tf.cast(sizes, tf.int32)[:, tf.newaxis], [tf.cast(values, dtype)],
      field_names=['value'], message_type=f'tensorflow.{kind}')
  return _message('Feature', **{field: lists})


def _message(kind: str, **fields: tf.Tensor | str) -> tf.Tensor:
  """Returns messages `[examples]` with one value in each field."""
  length = next(tf.shape(field)[0] for field in fields.values()
                if not isinstance(field, str))
  values = [tf.fill([length, 1], field) if isinstance(field, str)
            else field[:, tf.newaxis] for field in fields.values()]
  return tf.io.encode_proto(
      tf.ones([length, len(fields)], tf.int32), values,
      field_names=list(fields), message_type=f'tensorflow.{kind}')


def _repeated(kind: str, field: str, values: tf.Tensor) -> tf.Tensor:
  """Returns messages `[examples]` with a repeated field `[examples, n]`."""
  sizes = tf.fill([tf.shape(values)[0], 1], tf.shape(values)[1])
  return tf.io.encode_proto(sizes, [values], field_names=[field],
                            message_type=f'tensorflow.{kind}')
