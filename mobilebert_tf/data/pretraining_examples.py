# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""BERT's pre-training examples: segment pairs and masked tokens.

Pairs of tokenized sentences are made in numpy, masks of batches in the graph.
The same input and seed give the same examples.
"""

from collections.abc import Iterator, Sequence
import dataclasses

import numpy as np
import tensorflow as tf

from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import vocabulary as vocabulary_lib

# [CLS] first [SEP] second [SEP]
_SPECIAL_TOKENS_A_PAIR = 3
_MASK_SHARE = 0.8
_RANDOM_SHARE = 0.1


# === Segment pairs ===


@dataclasses.dataclass(frozen=True)
class SegmentPair:
  """Two segments of text, without special tokens.

  Attributes:
    first: int32 `[tokens]`, at least one.
    second: int32 `[tokens]`, at least one.
    is_random_next: Whether the second comes from another document.
  """
  first: np.ndarray
  second: np.ndarray
  is_random_next: bool


def make_segment_pairs(documents: Sequence[Sequence[np.ndarray]], *,
                       sources: Sequence[int] | None = None,
                       max_seq_length: int, rng: np.random.Generator,
                       short_seq_prob: float = 0.1) -> Iterator[SegmentPair]:
  """Yields pairs of segments of documents, in their order, as BERT makes them.

  Sentences are gathered up to a target length and split at a random sentence;
  half of the time the second segment is replaced by text of another document,
  and the sentences that it replaced are put back. The target is the longest
  that fits, or with probability `short_seq_prob` a random shorter one. A pair
  that is too long loses tokens from its longer segment, at a random end.

  Args:
    documents: Sentences of each document, int `[tokens]` each. A single
      document gives true pairs only.
    sources: Number of the document that each is a piece of; pieces of one do
      not give each other random text. None if all differ.
    max_seq_length: Maximum length of a pair with its special tokens.
    rng: The random generator.
    short_seq_prob: Probability of a shorter target length.

  Raises:
    ValueError: If no pair can be made with these settings.
  """
  check_settings(max_seq_length, short_seq_prob)
  if sources is None:
    sources = range(len(documents))
  kept = [([s for s in sentences if len(s)], source)
          for sentences, source in zip(documents, sources, strict=True)]
  kept = [(sentences, source) for sentences, source in kept if sentences]
  corpus = _Corpus([sentences for sentences, _ in kept],
                   [source for _, source in kept])
  for index in range(len(kept)):
    yield from _pairs_of_document(
        corpus, index, max_seq_length - _SPECIAL_TOKENS_A_PAIR, short_seq_prob,
        rng)


def check_settings(max_seq_length: int, short_seq_prob: float) -> None:
  """Raises ValueError if no pairs can be made with these."""
  if max_seq_length < _SPECIAL_TOKENS_A_PAIR + 2:
    raise ValueError(
        f'max_seq_length is {max_seq_length}; a pair takes at least '
        f'{_SPECIAL_TOKENS_A_PAIR + 2}: three special tokens and two of text.')
  if not 0 <= short_seq_prob <= 1:
    raise ValueError(
        f'short_seq_prob is {short_seq_prob}; it is a probability.')


@dataclasses.dataclass(frozen=True)
class Examples:
  """Many examples, as flat arrays, one after another.

  Attributes:
    ids: int64 `[tokens]`, `[CLS] first [SEP] second [SEP]` of each.
    segment_ids: int64 `[tokens]`.
    lengths: int64 `[examples]`.
    is_random_next: int64 `[examples]`, 1 where the second segment comes from
      another document.
  """
  ids: np.ndarray
  segment_ids: np.ndarray
  lengths: np.ndarray
  is_random_next: np.ndarray


def join(pairs: Sequence[SegmentPair], cls_id: int, sep_id: int) -> Examples:
  """Adds special tokens to at least one pair."""
  cls, sep = np.array([cls_id], np.int64), np.array([sep_id], np.int64)
  pieces, sizes = [], []
  for pair in pairs:
    pieces += (cls, pair.first, sep, pair.second, sep)
    sizes += (len(pair.first) + 2, len(pair.second) + 1)
  sizes = np.array(sizes, np.int64)
  return Examples(
      ids=np.concatenate(pieces).astype(np.int64, copy=False),
      segment_ids=np.repeat(np.tile(np.array([0, 1]), len(pairs)), sizes),
      lengths=sizes.reshape(-1, 2).sum(axis=1),
      is_random_next=np.array([p.is_random_next for p in pairs], np.int64))


@dataclasses.dataclass(frozen=True)
class _Corpus:
  """Documents, or pieces of some, by number of the document."""
  documents: Sequence[Sequence[np.ndarray]]
  sources: Sequence[int]

  def has_other(self, index: int) -> bool:
    """Whether there is text of another document."""
    # Pieces of one document are neighbours.
    return {self.sources[0], self.sources[-1]} != {self.sources[index]}

  def random_other(self, index: int,
                   rng: np.random.Generator) -> Sequence[np.ndarray]:
    """Returns a random piece of another document."""
    while True:
      other = int(rng.integers(len(self.documents) - 1))
      other += other >= index
      if self.sources[other] != self.sources[index]:
        return self.documents[other]


def _pairs_of_document(corpus: _Corpus, index: int,
                       max_tokens: int, short_seq_prob: float,
                       rng: np.random.Generator) -> Iterator[SegmentPair]:
  sentences = corpus.documents[index]
  target = _target_length(max_tokens, short_seq_prob, rng)
  start = i = length = 0
  while i < len(sentences):
    length += len(sentences[i])
    i += 1
    if length < target and i < len(sentences):
      continue
    chunk = sentences[start:i]
    split = int(rng.integers(1, len(chunk))) if len(chunk) > 1 else 1
    first = np.concatenate(chunk[:split])
    # A chunk of one sentence has nothing that could follow.
    is_random = corpus.has_other(index) and (
        len(chunk) == 1 or rng.random() < 0.5)
    if is_random:
      second = _random_text(
          corpus.random_other(index, rng), target - len(first), rng)
      i = start + split  # The sentences not used are put back.
    elif len(chunk) > 1:
      second = np.concatenate(chunk[split:])
    else:
      # The only document: the second half of a sentence follows the first.
      middle = len(first) // 2
      first, second = first[:middle], first[middle:]
    if len(first) and len(second):
      first, second = _truncate(first, second, max_tokens, rng)
      yield SegmentPair(first, second, is_random)
    start, length = i, 0
    target = _target_length(max_tokens, short_seq_prob, rng)


def _target_length(max_tokens: int, short_seq_prob: float,
                   rng: np.random.Generator) -> int:
  if rng.random() < short_seq_prob:
    return int(rng.integers(2, max_tokens + 1))
  return max_tokens


def _random_text(sentences: Sequence[np.ndarray], target: int,
                 rng: np.random.Generator) -> np.ndarray:
  """Takes sentences from a random place of a document."""
  start = end = int(rng.integers(len(sentences)))
  length = 0
  while end < len(sentences) and (end == start or length < target):
    length += len(sentences[end])
    end += 1
  return np.concatenate(sentences[start:end])


def _truncate(first: np.ndarray, second: np.ndarray, max_tokens: int,
              rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
  """Drops tokens from the longer segment, each at a random end.

  BERT's coin tosses, one a token, are one binomial draw.
  """
  keep_first, keep_second = plain_tokenizer.kept_lengths(
      len(first), len(second), max_tokens)
  return (_drop(first, len(first) - keep_first, rng),
          _drop(second, len(second) - keep_second, rng))


def _drop(tokens: np.ndarray, count: int,
          rng: np.random.Generator) -> np.ndarray:
  front = int(rng.binomial(count, 0.5)) if count else 0
  return tokens[front:len(tokens) - (count - front)]


# === Masks ===


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

  With `whole_word` words are chosen in random order; a word that exceeds the
  rest of the budget is skipped, so a text may have fewer predictions, even
  none. A token that starts with `##` belongs to the word before it; unlike in
  BERT's loop, it is a word of its own right after a special token.

  Example:

    mask_tokens(ids, mask, vocabulary=Vocabulary.read('vocab.txt'),
                max_predictions=20, rate=0.15, seed=[7, step])

  Args:
    word_ids: int32 `[batch, length]`.
    input_mask: int32 `[batch, length]`, 0 on padding.
    vocabulary: The vocabulary.
    max_predictions: Number of slots.
    rate: Share of tokens to choose.
    seed: Seed of the masks, int `[2]`.
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
  """Takes each word that still fits, from first to last, bool `[batch, words]`.

  A loop over rounds, not over words: a round takes all words up to the first
  that exceeds the budget, int32 `[batch, 1]`. That one is longer than the rest,
  so the longest word of the next round is shorter: there are at most as many
  rounds as different lengths, int32 `[batch, words]`, 0 where there is no word.
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
  """Puts values `[batch, n]` at places of `[batch, length]` of False."""
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
