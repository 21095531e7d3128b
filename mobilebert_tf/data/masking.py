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

"""Dynamic masking of whole batches, in the graph."""

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import vocabulary as vocabulary_lib

_MASK_SHARE = 0.8
_RANDOM_SHARE = 0.1


def mask_tokens(word_ids: tf.Tensor,
                input_mask: tf.Tensor,
                *,
                vocabulary: vocabulary_lib.Vocabulary,
                max_predictions: int,
                rate: float,
                seed: tf.Tensor) -> dict[str, tf.Tensor]:
  """Chooses tokens to predict and hides them, as in BERT.

  Of a text of n tokens, round(rate * n) are chosen, at least 1 and at most
  `max_predictions`, without replacement, special tokens never. Of the chosen,
  80 % become `[MASK]`, 10 % a random ordinary token, 10 % stay.

  Args:
    word_ids: int32 `[batch, length]`.
    input_mask: int32 `[batch, length]`, 0 on padding.
    vocabulary: Names the special tokens.
    max_predictions: The number of slots.
    rate: The share of tokens to choose.
    seed: int `[2]`; the same seed gives the same masks.

  Returns:
    `input_word_ids` `[batch, length]`, `masked_lm_positions` and
    `masked_lm_ids` `[batch, max_predictions]`, all int32, and
    `masked_lm_weights`, float32 `[batch, max_predictions]`. Positions ascend;
    unused slots, at the end, have position, id and weight 0.
  """
  choose_seed, action_seed, token_seed = tf.unstack(
      tf.random.experimental.stateless_split(seed, 3))
  positions, used = _choose(
      word_ids, input_mask, vocabulary, max_predictions, rate, choose_seed)
  used_ids = tf.cast(used, tf.int32)
  originals = tf.gather(word_ids, positions, batch_dims=1) * used_ids

  is_special = np.zeros(len(vocabulary), bool)
  is_special[list(vocabulary.special_ids)] = True
  ordinary = tf.constant(np.flatnonzero(~is_special), tf.int32)
  slots = tf.shape(positions)
  random_ids = tf.gather(ordinary, tf.random.stateless_uniform(
      slots, token_seed, 0, tf.size(ordinary), tf.int32))
  action = tf.random.stateless_uniform(slots, action_seed)
  shown = tf.where(
      action < _MASK_SHARE, vocabulary.mask_id,
      tf.where(action < _MASK_SHARE + _RANDOM_SHARE, random_ids, originals))

  where = tf.where(used)  # [predictions, 2]: text and slot.
  indices = tf.stack([tf.cast(where[:, 0], tf.int32),
                      tf.gather_nd(positions, where)], axis=1)
  return {
      'input_word_ids': tf.tensor_scatter_nd_update(
          word_ids, indices, tf.gather_nd(shown, where)),
      'masked_lm_positions': positions,
      'masked_lm_ids': originals,
      'masked_lm_weights': tf.cast(used, tf.float32),
  }


def _choose(word_ids: tf.Tensor, input_mask: tf.Tensor,
            vocabulary: vocabulary_lib.Vocabulary, max_predictions: int,
            rate: float, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns positions int32 and which slots are used, `[batch, slots]`."""
  candidate = input_mask > 0
  for special in vocabulary.special_ids:
    candidate &= word_ids != special
  length = tf.reduce_sum(input_mask, axis=1)
  wanted = tf.cast(tf.round(tf.cast(length, tf.float32) * rate), tf.int32)
  wanted = tf.clip_by_value(wanted, 1, max_predictions)
  available = tf.reduce_sum(tf.cast(candidate, tf.int32), axis=1)
  count = tf.minimum(wanted, available)[:, tf.newaxis]

  # The largest of independent uniform scores are a uniform random choice.
  scores = tf.random.stateless_uniform(tf.shape(word_ids), seed)
  scores = tf.where(candidate, scores, -1.0)
  width = tf.shape(word_ids)[1]
  _, best = tf.math.top_k(scores, tf.minimum(max_predictions, width))
  # Unused slots sort to the end, as a position past the text.
  best = tf.where(tf.range(tf.shape(best)[1]) < count, best, width)
  best = tf.pad(tf.sort(best, axis=1),
                [[0, 0], [0, max_predictions - tf.shape(best)[1]]],
                constant_values=np.iinfo(np.int32).max)
  best = tf.ensure_shape(best, [None, max_predictions])
  used = best < width
  return tf.where(used, best, 0), used
