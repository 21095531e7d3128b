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

"""Runs a function on many rows, some at a time, inside a graph."""

from collections.abc import Callable

import tensorflow as tf

# What a CPU is busy with, and what keeps 10,000 long texts in its memory.
ROWS_AT_ONCE = 32


def map_rows(function: Callable[[tf.Tensor], dict[str, tf.Tensor]],
             lengths: tf.Tensor, *, rows_at_once: int = ROWS_AT_ONCE,
             full: bool = False) -> dict[str, tf.Tensor]:
  """Calls a function on batches of rows that have about the same length.

  Memory does not grow with the number of rows, and little padding is paid for.

  Args:
    function: From the numbers of some rows, int32 `[rows]`, to tensors
      `[rows, ...]` whose other dimensions do not depend on the batch.
    lengths: Of all rows, `[all rows]`.
    rows_at_once: Rows of the largest batch.
    full: Whether every batch gets a power of two of rows, by repeating its
      last one; for XLA, which compiles anew for each shape.

  Returns:
    What the function returned, in the order of the rows.

  Example: `map_rows(lambda rows: {'n': tf.gather(ids, rows)}, lengths)['n']`
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
