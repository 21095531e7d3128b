# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Checks encoded texts, and runs a function on rows of them, inside a graph."""

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.text import tokenizer as tokenizer_lib

# Numbers about tokens that one request is answered with, 256 MB: rows are
# filled up to the longest, so that a small request could ask for any number.
_MOST_VALUES = 1 << 26
_SHAPES = {1: '[batch]', 2: '[batch, length]'}


def ensure_shapes(given: Mapping[str, tf.Tensor],
                  specs: Mapping[str, tf.TensorSpec]) -> dict[str, tf.Tensor]:
  """Returns inputs that fail, when run, unless they have their shapes.

  A server does not check requests by the shapes of a signature, and some
  operations crash, or leave out rows, where a shape is another.
  """
  checked = {}
  for name, spec in specs.items():
    value = tf.convert_to_tensor(given[name], spec.dtype)
    # Unknown to optimizers, which believe the signature.
    shape = tf.shape(tf.raw_ops.PlaceholderWithDefault(
        input=value, shape=tf.TensorShape(None)))
    right = tf.debugging.Assert(
        tf.equal(tf.size(shape), spec.shape.rank),
        [f'{name} has to have the shape {_SHAPES[spec.shape.rank]}; it has',
         shape])
    with tf.control_dependencies([right]):
      checked[name] = tf.identity(value)
  return checked


def cut_rows(words: tf.RaggedTensor, mask: tf.RaggedTensor,
             types: tf.RaggedTensor, positions: int) -> list[tf.RaggedTensor]:
  """Cuts each row where its mask ends, without filling up any.

  Args:
    words: int64 `[batch, (length)]`.
    mask: The same; of a row without values, all ids are tokens.
    types: The same; of a row without values, all are 0.
    positions: Number of the model's positions.

  Raises:
    tf.errors.InvalidArgumentError: When run, if features of a row are not of
      one length, or it has too many tokens.
  """
  row = tokenizer_lib.row_of_values(words)
  place = tf.range(tf.size(row, tf.int64)) - tf.gather(words.row_starts(), row)

  def align(values: tf.RaggedTensor, otherwise: int) -> tf.Tensor:
    given = values.row_lengths()
    fits = tf.debugging.Assert(
        tf.reduce_all((given == words.row_lengths()) | (given == 0)),
        ['The features of an example have to be of one length.'])
    with tf.control_dependencies([fits]):
      known = tf.gather(given > 0, row)
    index = tf.where(known, tf.gather(values.row_starts(), row) + place,
                     tf.size(values.values, tf.int64))
    return tf.gather(tf.concat([values.values, [otherwise]], 0), index)

  values = [words.values, align(mask, 1), align(types, 0)]
  ends = tf.maximum(tf.math.unsorted_segment_max(
      tf.where(values[1] > 0, place + 1, 0), row, words.nrows()), 0)
  enough = _check_length(tf.reduce_max(ends) + 1, positions)
  with tf.control_dependencies([enough]):
    kept = place < tf.gather(ends, row)
  return [tf.RaggedTensor.from_row_lengths(
      tf.boolean_mask(each, kept), ends, validate=False) for each in values]


def check(word_ids: tf.Tensor, mask: tf.Tensor, type_ids: tf.Tensor, *,
          pad_id: int, architecture: modeling.MobileBertConfig
          ) -> list[tf.Tensor]:
  """Checks encoded texts, and clears their padding.

  Args:
    word_ids: int32 or int64 `[batch, length]`, or of any other shape.
    mask: The same, above 0 for tokens.
    type_ids: The same.
    pad_id: Id of [PAD].
    architecture: The model's.

  Returns:
    The three, int32; the mask is 0 or 1.

  Raises:
    tf.errors.InvalidArgumentError: When run, if shapes differ or an id of a
      token is unknown.
  """
  shape = tf.shape(word_ids)
  same = [
      tf.debugging.assert_equal(
          tf.shape(value), shape,
          f'{name} and input_word_ids have to have the same shape.')
      for name, value in (('input_mask', mask), ('input_type_ids', type_ids))
  ]
  with tf.control_dependencies(same):
    used = mask > 0
  words = tf.where(used, word_ids, tf.cast(pad_id, word_ids.dtype))
  types = tf.where(used, type_ids, tf.zeros_like(type_ids))
  known = [  # XLA would read another row.
      tf.debugging.Assert(
          tf.reduce_all((ids >= 0) & (ids < size)),
          [f'{name} are from 0 to {size - 1}; some are not.'])
      for name, ids, size in (
          ('input_word_ids', words, architecture.vocab_size),
          ('input_type_ids', types, architecture.type_vocab_size))
  ]
  with tf.control_dependencies(known):
    return [tf.cast(value, tf.int32) for value in (words, used, types)]


def lengths(mask: tf.Tensor) -> tf.Tensor:
  """Returns the place after the last token of each text, int32 `[batch]`."""
  places = mask * (tf.range(tf.shape(mask)[1]) + 1)[tf.newaxis]
  return tf.maximum(tf.reduce_max(places, axis=1), 0)


def fit(word_ids: tf.Tensor, mask: tf.Tensor, type_ids: tf.Tensor, *,
        pad_id: int, architecture: modeling.MobileBertConfig,
        allowed: Sequence[int] = ()) -> list[tf.Tensor]:
  """Cuts or adds padding so that one [PAD] follows the longest text.

  The trigram at a text's last token reads what follows it, so an answer would
  depend on how, and whether, a text is padded.

  Args:
    word_ids: int32 `[batch, length]`, as `check` returns it.
    mask: The same.
    type_ids: The same.
    pad_id: Id of [PAD].
    architecture: The model's.
    allowed: Possible lengths of the result, ascending, unless a text is longer
      than all of them; any if empty.

  Returns:
    The three, `[batch, new length]`.

  Raises:
    tf.errors.InvalidArgumentError: When run, if a text and its [PAD] have more
      tokens than the model has positions.
  """
  needed = tf.maximum(tf.reduce_max(lengths(mask)), 0) + 1  # 0 of no texts.
  enough = _check_length(needed, architecture.max_position_embeddings)
  with tf.control_dependencies([enough]):
    needed = tf.identity(_round_up(needed, allowed))
  kept = tf.minimum(needed, tf.shape(mask)[1])
  more = [[0, 0], [0, needed - kept]]
  return [
      tf.pad(value[:, :kept], more, constant_values=filling)
      for value, filling in ((word_ids, pad_id), (mask, 0), (type_ids, 0))
  ]


def _check_length(needed: tf.Tensor, positions: int) -> tf.Operation:
  return tf.debugging.Assert(
      needed <= positions, [
          'A text and the [PAD] after it have more tokens than the model has '
          f'positions, {positions}. Shorten the text.'])


def check_size(rows: tf.Tensor, length: tf.Tensor,
               values: tf.Tensor) -> tf.Operation:
  """Asserts that outputs like `[batch, tokens, ...]` fit into memory.

  Args:
    rows: Number of all rows.
    length: Number of tokens that each is filled up to.
    values: Outputs of some of them.
  """
  size = 1
  for dimension in values.shape[2:]:
    size *= dimension
  asked = tf.cast(rows, tf.int64) * tf.cast(length, tf.int64) * size
  return tf.debugging.Assert(asked <= _MOST_VALUES, [
      'The rows of a request, filled up to the longest, are answered with',
      asked, f'numbers; at most {_MOST_VALUES} are. Send fewer at a time, and '
      'long ones by themselves.'])


def to_length(values: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
  """Cuts or zero-pads `[batch, tokens, ...]` to `[batch, length, ...]`."""
  kept = values[:, :length]
  more = length - tf.shape(kept)[1]
  return tf.pad(kept, [[0, 0], [0, more], *[[0, 0]] * (values.shape.rank - 2)])


def _round_up(length: tf.Tensor, allowed: Sequence[int]) -> tf.Tensor:
  """Returns the first allowed length that is no smaller, or the length."""
  if not allowed:
    return length
  choices = tf.constant(list(allowed), tf.int32)
  place = tf.searchsorted(choices, [length])[0]
  return tf.concat([choices, [length]], 0)[place]


# Enough to occupy a CPU, and few enough for the memory of long texts.
ROWS_AT_ONCE = 32


def map_rows(function: Callable[[tf.Tensor], dict[str, tf.Tensor]],
             lengths: tf.Tensor, *, rows_at_once: int = ROWS_AT_ONCE,
             full: bool = False) -> dict[str, tf.Tensor]:
  """Calls a function on some rows at a time, of about the same length.

  Memory does not grow with the number of rows, and there is little padding.

  Args:
    function: Function from row numbers, int32 `[rows]`, to tensors `[rows,
      ...]`
      whose other dimensions do not depend on the batch.
    lengths: Lengths of all rows, `[all rows]`.
    rows_at_once: Rows of the largest batch.
    full: Whether every batch is filled up to a power of two of rows; for XLA,
      which compiles anew for each shape.

  Returns:
    The function's results, in the order of the rows.
  """
  order = tf.argsort(lengths, stable=True)
  count = tf.size(order)

  def compute(start: tf.Tensor) -> dict[str, tf.Tensor]:
    rows = order[start:start + rows_at_once]
    size = tf.size(rows)
    if full:
      more = _power_of_two(size) - size
      rows = tf.concat([rows, tf.repeat(rows[-1:], more)], 0)
    found = function(rows)
    return {name: value[:size] for name, value in found.items()}

  # The first one is outside the loop, which has to know what it collects; of
  # few rows there is no other.
  found = compute(tf.constant(0))
  names = list(found)
  steps = tf.maximum(1, (count + rows_at_once - 1) // rows_at_once)
  arrays = [
      tf.TensorArray(found[name].dtype, steps, infer_shape=False).write(
          0, found[name]) for name in names]

  def body(step: tf.Tensor, *arrays: tf.TensorArray):
    values = compute(step * rows_at_once)
    return [step + 1, *(array.write(step, values[name]) for name, array in zip(
        names, arrays, strict=True))]

  _, *arrays = tf.while_loop(
      lambda step, *_: step < steps, body,
      [tf.constant(1), *arrays], parallel_iterations=1)
  back = tf.math.invert_permutation(order)
  return {
      name: tf.ensure_shape(tf.gather(array.concat(), back),
                            [None, *found[name].shape[1:]])
      for name, array in zip(names, arrays, strict=True)
  }


def _power_of_two(size: tf.Tensor) -> tf.Tensor:
  """Returns the smallest power of two that is no smaller."""
  powers = tf.constant([2**i for i in range(16)])
  return powers[tf.searchsorted(powers, [size])[0]]
