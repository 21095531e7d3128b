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

"""Batches of texts of similar length, for loaders that hold all texts."""

from collections.abc import Callable, Sequence
from typing import Any

from official.core import config_definitions as cfg
import tensorflow as tf

# Finer steps pad less: of SST-2's texts, of 14 tokens on average, batches of
# like length have 17.5 with steps of 8, and 23 with powers of 2. Lengths are no
# part of the graph, so more of them cost nothing.
_STEP = 8


def lengths(longest: int, step: int = _STEP) -> list[int]:
  """Returns the lengths that batches have.

  Args:
    longest: How many tokens the longest text has.
    step: What all lengths but the last are multiples of.

  Returns:
    The lengths in order, the last one token above the longest text.

  Example: `lengths(30)` is `[8, 16, 24, 31]`
  """
  return [*range(step, longest, step), longest + 1]


def load(needed: tf.Tensor,
         buckets: Sequence[int],
         make_batch: Callable[[tf.Tensor, tf.Tensor], Any],
         params: cfg.DataConfig,
         input_context: tf.distribute.InputContext | None = None
         ) -> tf.data.Dataset:
  """Batches rows, and pads each batch to the shortest length that holds it.

  Args:
    needed: int32 `[rows]`, the length of each row, padding that has to follow
      it included.
    buckets: The lengths that batches may have, in order; the last holds all.
    make_batch: Of row numbers, int64 `[batch]`, and a length, makes a batch.
    params: Says how large batches are and whether they are for training: rows
      are then shuffled by `seed`, repeated, and batched with those of like
      length; otherwise they keep their order.
    input_context: Which part of the rows this worker reads.

  Returns:
    The batches.

  Raises:
    ValueError: If there are fewer rows than workers.
  """
  accepted = tf.constant(buckets, tf.int32)

  def make(rows: tf.Tensor) -> Any:
    longest = tf.reduce_max(tf.gather(needed, rows))
    place = tf.searchsorted(accepted, [longest])
    return make_batch(rows, tf.gather(accepted, place)[0])

  options = tf.data.Options()
  options.deterministic = params.deterministic is not False
  # The rows are already this worker's own.
  options.experimental_distribute.auto_shard_policy = (
      tf.data.experimental.AutoShardPolicy.OFF)
  return _batch_rows(needed, buckets, params, input_context).map(
      make, num_parallel_calls=tf.data.AUTOTUNE).with_options(options).prefetch(
          params.prefetch_buffer_size or tf.data.AUTOTUNE)


def _batch_rows(
    needed: tf.Tensor, buckets: Sequence[int], params: cfg.DataConfig,
    input_context: tf.distribute.InputContext | None) -> tf.data.Dataset:
  """Returns batches of row numbers, int64 `[batch]`."""
  batch_size = params.global_batch_size
  count = int(tf.size(needed))
  rows = tf.data.Dataset.range(count)
  if input_context:
    batch_size = input_context.get_per_replica_batch_size(batch_size)
    if params.sharding:
      workers = input_context.num_input_pipelines
      if count < workers:
        raise ValueError(
            f'{params.input_path} has {count} rows for {workers} workers.')
      rows = rows.shard(workers, input_context.input_pipeline_id)
  if not params.is_training:
    return rows.batch(batch_size)
  rows = rows.shuffle(count, params.seed).repeat()
  return rows.bucket_by_sequence_length(
      lambda row: tf.gather(needed, row),
      bucket_boundaries=[length + 1 for length in buckets[:-1]],
      bucket_batch_sizes=[batch_size] * len(buckets),
      drop_remainder=params.drop_remainder)
