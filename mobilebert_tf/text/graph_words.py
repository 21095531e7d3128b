# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Words and sentence parts, as in `words`, as tensors."""

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from mobilebert_tf.text import words as words_lib

_SPACE, _SIGN, _LETTER, _CJK = 1, 2, 4, 8
_CODE_POINTS = 0x110000
_SHORTEST_ABBREVIATION = 4  # Two letters with a full stop each.


class Words(NamedTuple):
  """The words of texts, one text after another.

  Attributes:
    strings: string `[words]`.
    starts: int32 `[words]`, first character, in Unicode code points.
    ends: int32 `[words]`, the character after the last.
    splits: int64 `[texts + 1]`, first word of each text, and number of all.
  """
  strings: tf.Tensor
  starts: tf.Tensor
  ends: tf.Tensor
  splits: tf.Tensor


def find(texts: tf.Tensor) -> Words:
  """Finds the words of texts, as `words.find_words` does, in linear time.

  Characters are of the kinds that Python's `unicodedata` knows when the graph
  is made.

  Args:
    texts: string `[batch]`, UTF-8 (see `tokenizer.replace_invalid`).

  Example: `find(tf.constant(['Ada wrote it.'])).ends  # [3, 9, 12, 13]`
  """
  # No word reaches into the next text, and each is followed by something.
  characters = tf.strings.unicode_decode(tf.strings.join([texts, ' ']), 'UTF-8')
  codes = characters.values
  kinds = _kinds(codes)
  is_first = _word_starts(codes, kinds)
  space = _is(kinds, _SPACE)
  first = _places(is_first)
  borders = _places(is_first | space)
  after = tf.gather(borders, _search(borders, first, 'right'))
  spelt = tf.RaggedTensor.from_row_lengths(
      tf.boolean_mask(codes, ~space), after - first, validate=False)
  text = _search(characters.row_limits(), first, 'right')
  begin = tf.gather(characters.row_starts(), text)
  return Words(
      tf.strings.unicode_encode(spelt, 'UTF-8'),
      tf.cast(first - begin, tf.int32), tf.cast(after - begin, tf.int32),
      _search(first, characters.row_splits, 'left'))


def cut(lengths: tf.Tensor, splits: tf.Tensor, budget: int) -> tf.Tensor:
  """Cuts sentences into parts, as `words.split_words` does.

  Args:
    lengths: int64 `[words]`, number of pieces of each word, 1 to `budget`.
    splits: int64 `[sentences + 1]`, the first word of each, and all of them.
    budget: Maximum number of pieces of a part.

  Returns:
    int64 `[parts + 1]`, the first word of each part, and all of them.

  Example: `cut(tf.constant([2, 2, 2], tf.int64), [0, 3], 4)  # [0, 2, 3]`
  """
  splits = tf.convert_to_tensor(splits, tf.int64)
  before = tf.concat([[0], tf.cumsum(lengths)], 0)  # Pieces before each word.
  totals = tf.gather(before, splits[1:]) - tf.gather(before, splits[:-1])
  count = tf.size(lengths, tf.int64)
  sentence = _search(splits[1:], tf.range(count), 'right')
  target = tf.gather(words_lib.part_length(totals, budget, tf), sentence)
  ends = tf.minimum(
      tf.cast(words_lib.next_part(before, target, budget, tf), tf.int64),
      tf.gather(splits[1:], sentence))
  return _follow(splits, tf.concat([ends, [count]], 0))


def _follow(starts: tf.Tensor, following: tf.Tensor) -> tf.Tensor:
  """Returns all places that are reached from `starts`, in order.

  `following` is int64 `[places]`, the place that follows each; the last one
  follows itself.
  """
  size = tf.size(following, tf.int64)

  def mark(places: tf.Tensor) -> tf.Tensor:
    return tf.scatter_nd(places[:, tf.newaxis], tf.ones_like(places), [size])

  def double(step: tf.Tensor, reached: tf.Tensor, following: tf.Tensor):
    """Doubles the number of steps from the starts that are followed."""
    more = mark(tf.gather(following, tf.where(reached > 0)[:, 0]))
    return 2 * step, reached + more, tf.gather(following, following)

  one = tf.constant(1, tf.int64)
  _, reached, _ = tf.while_loop(
      lambda step, *_: step < size, double, [one, mark(starts), following])
  return _places(reached > 0)


def _word_starts(codes: tf.Tensor, kinds: tf.Tensor) -> tf.Tensor:
  """Returns whether a word begins at each character, bool `[characters]`.

  A chunk without white space is cut at three places: signs before, the word, a
  possessive after it, and signs after that.
  """
  space, sign = _is(kinds, _SPACE), _is(kinds, _SIGN)
  starts_chunk = ~space & _shift(space, True)
  begin = _places(starts_chunk)
  spaces = _places(space)
  end = tf.gather(spaces, _search(spaces, begin, 'left'))
  # === Places of chunks ===
  others = _places(~sign)  # White space among them.
  first = tf.gather(others, _search(others, begin, 'left'))
  others = tf.concat([[-1], others], 0)
  last = tf.gather(others, _search(others, end, 'left') - 1)
  after = tf.maximum(last + 1, first)
  chunk = tf.cumsum(tf.cast(starts_chunk, tf.int64))  # 0 before any.
  after += _ends_abbreviation(codes, kinds, chunk, first, after)
  possessive = after - 2 * _is_possessive(codes, first, after)
  # === Places of characters ===
  first, possessive, after = (
      tf.gather(tf.concat([[-1], each], 0), chunk)
      for each in (first, possessive, after))
  place = tf.range(tf.size(codes, tf.int64))
  outside = (place < first) | (place > after)
  changes = codes != _shift(codes, -1)
  cjk = _is(kinds, _CJK)
  inside = (place > first) & (place < possessive)
  return ~space & (
      starts_chunk | (place == first) | (place == possessive)
      | (place == after) | (outside & changes)
      | (inside & (cjk | _shift(cjk, False))))


def _ends_abbreviation(codes: tf.Tensor, kinds: tf.Tensor, chunk: tf.Tensor,
                       first: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
  """Returns 1 where the sign after a word is the full stop of its last letter.

  `chunk` is the number of each character's chunk, from 1; `first` and `after`,
  int64 `[chunks]`, are the first character of the word and the first after it.
  """
  stop = codes == ord('.')
  place = tf.range(tf.size(codes, tf.int64))
  begin = tf.gather(tf.concat([[0], first], 0), chunk)
  fits = tf.where((place - begin) % 2 == 0, _is(kinds, _LETTER), stop)
  misfits = tf.concat(
      [[0], tf.cumsum(tf.cast(~fits, tf.int64))], 0)  # Before each character.
  # A full stop that no other follows.
  alone = stop & ~tf.concat([stop[1:], [False]], 0)
  return tf.cast(
      tf.gather(alone, after)
      & (tf.gather(misfits, after + 1) == tf.gather(misfits, first))
      & (after + 1 - first >= _SHORTEST_ABBREVIATION), tf.int64)


def _is_possessive(codes: tf.Tensor, first: tf.Tensor,
                   after: tf.Tensor) -> tf.Tensor:
  """Returns 1 where a word ends in a possessive, int64 `[chunks]`."""
  def has(places: tf.Tensor, characters: str) -> tf.Tensor:
    found = tf.gather(codes, tf.maximum(places, 0))
    return tf.reduce_any(tf.equal(
        found[:, tf.newaxis], [ord(each) for each in characters]), axis=1)

  return tf.cast(
      (after - first > 2) & has(after - 2, words_lib.APOSTROPHES)
      & has(after - 1, words_lib.POSSESSIVE), tf.int64)


def _kinds(codes: tf.Tensor) -> tf.Tensor:
  """Returns what each character is, int32 `[characters]`, a sum of flags."""
  starts, flags = _table()
  return tf.gather(flags, _search(tf.constant(starts), codes, 'right') - 1)


@functools.cache
def _table() -> tuple[np.ndarray, np.ndarray]:
  """Returns the first code points of ranges of one kind, and their flags."""
  flags = np.array([_flags(chr(code)) for code in range(_CODE_POINTS)],
                   np.int32)
  for low, high in words_lib.CJK:
    flags[low:high + 1] |= _CJK
  starts = np.flatnonzero(np.diff(flags, prepend=-1)).astype(np.int32)
  return starts, flags[starts]


def _flags(character: str) -> int:
  letter = character.isalnum() and not character.isdecimal()
  return (_SPACE * character.isspace() + _SIGN * words_lib.is_sign(character)
          + _LETTER * letter)


def _is(kinds: tf.Tensor, flag: int) -> tf.Tensor:
  return tf.bitwise.bitwise_and(kinds, flag) > 0


def _shift(values: tf.Tensor, before: int | bool) -> tf.Tensor:
  """Returns the value before each."""
  return tf.concat([tf.constant([before], values.dtype), values[:-1]], 0)


def _places(mask: tf.Tensor) -> tf.Tensor:
  return tf.where(mask)[:, 0]


def _search(values: tf.Tensor, wanted: tf.Tensor, side: str) -> tf.Tensor:
  return tf.searchsorted(values, wanted, side=side, out_type=tf.int64)
