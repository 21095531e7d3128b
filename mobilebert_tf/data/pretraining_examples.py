# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""BERT's segment pairs with next-sentence labels, from tokenised sentences.

Pure functions over numpy arrays: the same documents and seed give the same
pairs.
"""

from collections.abc import Iterator, Sequence
import dataclasses

import numpy as np

from mobilebert_tf.text import packing

# [CLS] first [SEP] second [SEP]
_SPECIAL_TOKENS_A_PAIR = 3


@dataclasses.dataclass(frozen=True)
class SegmentPair:
  """Two segments of text, without special tokens.

  Attributes:
    first: int32 `[tokens]`, at least one.
    second: int32 `[tokens]`, at least one.
    is_random_next: Whether the second comes from another document, rather than
      following the first.
  """
  first: np.ndarray
  second: np.ndarray
  is_random_next: bool


def make_segment_pairs(
    documents: Sequence[Sequence[np.ndarray]],
    *,
    sources: Sequence[int] | None = None,
    max_seq_length: int,
    rng: np.random.Generator,
    short_seq_prob: float = 0.1) -> Iterator[SegmentPair]:
  """Cuts documents into pairs, as BERT does.

  Sentences are gathered up to a target length and split at a random sentence;
  half of the time the second segment is replaced by text of another document,
  and the sentences that it replaced are put back. The target is the longest
  that fits, or with probability `short_seq_prob` a random shorter one. A pair
  that is too long loses tokens from its longer segment, at a random end.

  Example:

    rng = np.random.default_rng(0)
    for pair in make_segment_pairs(documents, max_seq_length=128, rng=rng):
      ...

  Args:
    documents: Sentences of each document, int `[tokens]` each. Empty sentences
      and documents are skipped. With a single document every pair that would
      take text from another is a true one instead.
    sources: A number for each document. Those with the same number are pieces
      of one document, and do not give each other random text. All differ if
      None.
    max_seq_length: Maximum length of a pair, its three special tokens included.
    rng: The random generator.
    short_seq_prob: Probability of a shorter target length.

  Yields:
    The pairs, in the order of the documents.

  Raises:
    ValueError: If `max_seq_length` is below 5, or `short_seq_prob` is not a
      probability.
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
  """Many examples, as flat arrays.

  Attributes:
    ids: int64 `[tokens]`, `[CLS] first [SEP] second [SEP]` of one example
      after another.
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
  """Adds special tokens to pairs.

  Args:
    pairs: At least one.
    cls_id: Id of `[CLS]`.
    sep_id: Id of `[SEP]`.

  Returns:
    The examples, in the order of the pairs.
  """
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
    # Pieces of one document stand side by side.
    return {self.sources[0], self.sources[-1]} != {self.sources[index]}

  def random_other(self, index: int,
                   rng: np.random.Generator) -> Sequence[np.ndarray]:
    """Returns a random one that is not of the same document."""
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
      # The only document: halves of a sentence follow one another too.
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

  BERT drops token by token, at the front or back by a coin. The lengths are
  known beforehand, so the coins of a segment are a binomial draw.
  """
  keep_first, keep_second = packing.kept_lengths(
      len(first), len(second), max_tokens)
  return (_drop(first, len(first) - keep_first, rng),
          _drop(second, len(second) - keep_second, rng))


def _drop(tokens: np.ndarray, count: int,
          rng: np.random.Generator) -> np.ndarray:
  front = int(rng.binomial(count, 0.5)) if count else 0
  return tokens[front:len(tokens) - (count - front)]
