# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Dynamic masking of whole batches, in the graph."""

import numpy as np
import tensorflow as tf

from mobilebert_tf.text import vocabulary as vocabulary_lib

_MASK_SHARE = 0.8
_RANDOM_SHARE = 0.1


def mask_tokens(word_ids: tf.Tensor,
                input_mask: tf.Tensor,
                *,
                vocabulary: vocabulary_lib.Vocabulary,
                max_predictions: int,
                rate: float,
                seed: tf.Tensor,
                whole_word: bool = False) -> dict[str, tf.Tensor]:
  """Chooses tokens to predict and hides them, as in BERT.

  From a text of n tokens round(rate * n) are chosen, at least 1 and at most
  `max_predictions`, without replacement and never special tokens. 80 % of them
  become `[MASK]`, 10 % a random ordinary token, and 10 % stay.

  With `whole_word` the choice is among words: a token that starts with `##`
  belongs to the word before it. As in BERT's loop, words are taken in random
  order, one that exceeds what is left of the budget is passed over, and each
  token of a chosen word is hidden, replaced or kept by its own chance. So a
  text has fewer predictions where no word fits into the rest, and none where
  no word fits at all. Unlike in BERT's loop a `##` right after a special token
  (a segment that was cut within a word) is a word of its own, rather than a
  part of the last word of the segment before.

  Example:

    mask_tokens(ids, mask, vocabulary=Vocabulary.read('vocab.txt'),
                max_predictions=20, rate=0.15, seed=[7, step])

  Args:
    word_ids: int32 `[batch, length]`.
    input_mask: int32 `[batch, length]`, 0 on padding.
    vocabulary: The vocabulary.
    max_predictions: Number of slots.
    rate: Share of tokens to choose.
    seed: int `[2]`, which determines the masks.
    whole_word: Whether to choose whole words.

  Returns:
    `input_word_ids` `[batch, length]`, `masked_lm_positions` and
    `masked_lm_ids` `[batch, max_predictions]`, all int32, and
    `masked_lm_weights`, float32 `[batch, max_predictions]`. Positions ascend;
    unused slots, at the end, have position, id and weight 0.
  """
  choose_seed, action_seed, token_seed = tf.unstack(
      tf.random.experimental.stateless_split(seed, 3))
  # In numpy: AutoGraph would trace a Python loop over the vocabulary.
  is_ordinary = np.ones(len(vocabulary), bool)
  is_ordinary[list(vocabulary.special_ids)] = False
  candidate = tf.gather(tf.constant(is_ordinary), word_ids) & (input_mask > 0)
  length = tf.reduce_sum(input_mask, axis=1, keepdims=True)
  budget = tf.clip_by_value(
      tf.cast(tf.round(tf.cast(length, tf.float32) * rate), tf.int32),
      1, max_predictions)  # [batch, 1]
  if whole_word:
    is_piece = np.char.startswith(np.array(vocabulary.tokens), '##')
    chosen = _choose_words(
        candidate, tf.gather(tf.constant(is_piece), word_ids), budget,
        choose_seed)
  else:
    chosen = _choose(candidate, budget, max_predictions, choose_seed)
  positions, used = _first(chosen, max_predictions)
  used_ids = tf.cast(used, tf.int32)
  originals = tf.gather(word_ids, positions, batch_dims=1) * used_ids

  ordinary = tf.constant(np.flatnonzero(is_ordinary), tf.int32)
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


def _choose(candidate: tf.Tensor, budget: tf.Tensor, max_predictions: int,
            seed: tf.Tensor) -> tf.Tensor:
  """Returns which tokens to predict, bool `[batch, length]`."""
  # The largest of independent uniform scores are a uniform random choice.
  scores = tf.random.stateless_uniform(tf.shape(candidate), seed)
  scores = tf.where(candidate, scores, -1.0)
  most = tf.minimum(max_predictions, tf.shape(candidate)[1])
  best, order = tf.math.top_k(scores, most)
  wanted = (tf.range(most) < budget) & (best >= 0)
  return _scatter(order, wanted, tf.shape(candidate))


def _choose_words(candidate: tf.Tensor, is_piece: tf.Tensor,
                  budget: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Returns which tokens to predict, whole words, bool `[batch, length]`."""
  shape = tf.shape(candidate)
  follows = tf.pad(candidate[:, :-1], [[0, 0], [1, 0]])
  starts = candidate & ~(is_piece & follows)
  # The number of the word of each token; wrong, but unused, on the others.
  word = tf.maximum(tf.cumsum(tf.cast(starts, tf.int32), axis=1) - 1, 0)
  flat = word + tf.range(shape[0])[:, tf.newaxis] * shape[1]
  lengths = tf.reshape(tf.math.unsorted_segment_sum(
      tf.cast(candidate, tf.int32), flat, shape[0] * shape[1]), shape)

  order = tf.argsort(tf.random.stateless_uniform(shape, seed), axis=1)
  taken = _take_in_order(tf.gather(lengths, order, batch_dims=1), budget)
  taken = _scatter(order, taken, shape)
  return candidate & tf.gather(taken, word, batch_dims=1)


def _take_in_order(lengths: tf.Tensor, budget: tf.Tensor) -> tf.Tensor:
  """Takes each word that still fits, from first to last.

  A loop over rounds, not over words: a round takes all up to the first that
  exceeds the budget. That one is longer than what is left, so the longest word
  of the next round is shorter, and there are only as many rounds as lengths.

  Args:
    lengths: int32 `[batch, words]`; 0 where there is no word.
    budget: int32 `[batch, 1]`.

  Returns:
    bool `[batch, words]`.
  """
  def more(taken: tf.Tensor, left: tf.Tensor) -> tf.Tensor:
    return tf.reduce_any(~taken & (lengths > 0) & (lengths <= left))

  def take(taken: tf.Tensor, left: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    fits_alone = ~taken & (lengths > 0) & (lengths <= left)
    ends = tf.cumsum(tf.where(fits_alone, lengths, 0), axis=1)
    new = fits_alone & (ends <= left)
    left -= tf.reduce_sum(tf.where(new, lengths, 0), axis=1, keepdims=True)
    return taken | new, left

  taken, _ = tf.while_loop(
      more, take, (tf.zeros_like(lengths, tf.bool), budget),
      shape_invariants=(tf.TensorShape([None, None]),
                        tf.TensorShape([None, 1])))
  return taken


def _scatter(places: tf.Tensor, values: tf.Tensor,
             shape: tf.Tensor) -> tf.Tensor:
  """Puts values `[batch, n]` at places of `[batch, length]`, False elsewhere.
  """
  flat = places + tf.range(shape[0])[:, tf.newaxis] * shape[1]
  counts = tf.math.unsorted_segment_sum(
      tf.cast(values, tf.int32), flat, shape[0] * shape[1])
  return tf.reshape(counts > 0, shape)


def _first(chosen: tf.Tensor,
           max_predictions: int) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns positions int32 and which slots are used, `[batch, slots]`."""
  width = tf.shape(chosen)[1]
  most = tf.minimum(max_predictions, width)
  # The largest of the negated are the smallest, in order.
  best, _ = tf.math.top_k(-tf.where(chosen, tf.range(width), width), most)
  positions = tf.pad(-best, [[0, 0], [0, max_predictions - most]],
                     constant_values=np.iinfo(np.int32).max)
  positions = tf.ensure_shape(positions, [None, max_predictions])
  used = positions < width
  return tf.where(used, positions, 0), used
