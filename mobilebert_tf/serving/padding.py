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

"""Brings encoded texts to the length that they need, inside a graph."""

from collections.abc import Sequence

import tensorflow as tf

from mobilebert_tf import modeling


def fit(word_ids: tf.Tensor, mask: tf.Tensor, type_ids: tf.Tensor, *,
        pad_id: int, architecture: modeling.MobileBertConfig,
        lengths: Sequence[int] = ()) -> list[tf.Tensor]:
  """Cuts padding off, or adds some, so that one [PAD] follows the longest text.

  The trigram at a text's last token reads what follows it, so an answer would
  depend on how, and whether, a text is padded.

  Args:
    word_ids: int32 `[batch, length]`.
    mask: int32 `[batch, length]`, 1 for tokens, 0 for padding.
    type_ids: int32 `[batch, length]`.
    pad_id: What stands in padding.
    architecture: Of the model: how many words, segments and positions it knows.
    lengths: The only lengths that may come out, in ascending order, but for
      texts that are longer than all of them; any if there are none.

  Returns:
    The three, of another length.

  Raises:
    tf.errors.InvalidArgumentError: When run, if shapes differ, a text and its
      [PAD] have more tokens than the model has positions, or an id is none.

  Example: `fit(ids, mask, types, pad_id=0, architecture=encoder.architecture)`
  """
  shape = tf.shape(word_ids)
  same = [
      tf.debugging.assert_equal(
          tf.shape(value), shape,
          f'{name} and input_word_ids have to have the same shape.')
      for name, value in (('input_mask', mask), ('input_type_ids', type_ids))
  ]
  with tf.control_dependencies(same):
    mask = tf.cast(mask > 0, tf.int32)
  places = mask * (tf.range(shape[1]) + 1)[tf.newaxis]
  needed = tf.maximum(tf.reduce_max(places), 0) + 1  # 0 of an empty batch.
  enough = tf.debugging.assert_less_equal(
      needed, architecture.max_position_embeddings,
      'A text and the [PAD] after it have more tokens than the model has '
      f'positions, {architecture.max_position_embeddings}. Shorten the text.')
  known = [  # XLA would read another row.
      tf.debugging.Assert(
          tf.reduce_all((ids >= 0) & (ids < size)),
          [f'{name} are from 0 to {size - 1}; some are not.'])
      for name, ids, size in (
          ('input_word_ids', word_ids, architecture.vocab_size),
          ('input_type_ids', type_ids, architecture.type_vocab_size))
  ]
  with tf.control_dependencies([enough, *known]):
    needed = tf.identity(_round_up(needed, lengths))
  kept = tf.minimum(needed, shape[1])
  more = [[0, 0], [0, needed - kept]]
  mask = mask[:, :kept]
  # Nothing that a client left in the padding shows.
  words = tf.where(mask > 0, word_ids[:, :kept], pad_id)
  types = tf.where(mask > 0, type_ids[:, :kept], 0)
  return [tf.pad(words, more, constant_values=pad_id), tf.pad(mask, more),
          tf.pad(types, more)]


def to_length(values: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
  """Cuts or fills `[batch, tokens, ...]` with zeros to another length."""
  kept = values[:, :length]
  more = length - tf.shape(kept)[1]
  return tf.pad(kept, [[0, 0], [0, more], *[[0, 0]] * (values.shape.rank - 2)])


def _round_up(length: tf.Tensor, lengths: Sequence[int]) -> tf.Tensor:
  """Returns the first of some lengths that is no smaller, or the length."""
  if not lengths:
    return length
  choices = tf.constant(list(lengths), tf.int32)
  place = tf.searchsorted(choices, [length])[0]
  return tf.concat([choices, [length]], 0)[place]
