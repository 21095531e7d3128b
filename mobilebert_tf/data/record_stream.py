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

"""Streams of serialized records that can begin anywhere."""

from collections.abc import Sequence

import tensorflow as tf

_MAX_INT64 = 2**63 - 1
_COUNT_BATCH = 4096


def read_in_order(files: Sequence[str]) -> tf.data.Dataset:
  """Returns the serialized records of TFRecord files, one file after another.

  Args:
    files: The files; those that end with `.gz` are decompressed.
  """
  return tf.data.Dataset.from_tensor_slices(list(files)).flat_map(_read_file)


def read_shuffled_forever(files: Sequence[str],
                          *,
                          seed: tuple[int, int],
                          shuffle_buffer_size: int,
                          first_epoch: int = 0,
                          cycle_length: int | None = None,
                          block_length: int = 1,
                          cache: bool = False,
                          deterministic: bool = True) -> tf.data.Dataset:
  """Returns the serialized records of all files, epoch after epoch.

  The order within an epoch is told by the seed and the number of the epoch
  alone, so an epoch costs nothing to begin with. TensorFlow's global seed is
  not read.

  Example:

    read_shuffled_forever(['a.tfrecord', 'b.tfrecord.gz'], seed=(7, 0),
                          shuffle_buffer_size=10_000, first_epoch=3)

  Args:
    files: The files, at least one of them not empty; those that end with `.gz`
      are decompressed.
    seed: Two numbers, of which the order is made.
    shuffle_buffer_size: Among how many records to shuffle.
    first_epoch: The epoch to begin with, from 0.
    cycle_length: How many files to read at once; None for all, at most 16.
    block_length: How many records to take from a file at once.
    cache: Whether to keep the records in memory when they are first read.
    deterministic: False lets a file that is slow to read come later.
  """
  def read(epoch_seed: tf.Tensor) -> tf.data.Dataset:
    paths = tf.random.experimental.stateless_shuffle(
        tf.constant(list(files)), epoch_seed)
    return tf.data.Dataset.from_tensor_slices(paths).interleave(
        _read_file,
        cycle_length=cycle_length or min(len(files), 16),
        block_length=block_length,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=deterministic)

  first_seed = tf.constant(seed, tf.int64)
  cached = read(first_seed).cache() if cache else None

  def read_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
    if not tf.executing_eagerly():
      # Of this function's graph alone. `shuffle` would mix in the global seed,
      # which a continued run need not have set as the first one did.
      tf.random.set_seed(1)
    epoch_seed = tf.random.experimental.stateless_fold_in(first_seed, epoch)
    file_seed, record_seed = tf.unstack(
        tf.random.experimental.stateless_split(epoch_seed, 2))
    records = read(file_seed) if cached is None else cached
    return records.shuffle(
        shuffle_buffer_size,
        tf.random.stateless_uniform([], record_seed, None, None, tf.int64),
        reshuffle_each_iteration=False)

  return tf.data.Dataset.range(first_epoch, _MAX_INT64).flat_map(read_epoch)


def is_empty(files: Sequence[str]) -> bool:
  """Whether none of the files holds a record."""
  with tf.init_scope():  # A dataset may be built within a `tf.function`.
    return next(iter(read_in_order(files).take(1)), None) is None


def count(files: Sequence[str]) -> int:
  """Counts the records of files, by reading them."""
  with tf.init_scope():
    sizes = read_in_order(files).batch(_COUNT_BATCH).map(
        lambda batch: tf.size(batch, tf.int64))
    return int(sizes.reduce(tf.constant(0, tf.int64), tf.add))


def _read_file(path: tf.Tensor) -> tf.data.Dataset:
  is_compressed = tf.strings.regex_full_match(path, r'(?s).*\.gz')
  return tf.data.TFRecordDataset(
      path, compression_type=tf.where(is_compressed, 'GZIP', ''))
