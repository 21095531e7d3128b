# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Batches by bucketing, and settings that all loaders share."""

from collections.abc import Callable, Sequence
import math
import random
from typing import Any

import numpy as np
import tensorflow as tf

from official.core import config_definitions as cfg


def check(params: cfg.DataConfig, needed: Sequence[str] = (
    'input_path', 'vocab_file')) -> None:
  """Checks the settings that all loaders share.

  Args:
    params: The config, with `start_batch`, `seed` and `is_training`.
    needed: Names of fields that must not be empty.

  Raises:
    ValueError: If a setting is missing, out of range or contradicts others.
  """
  for name in needed:
    if not getattr(params, name):
      part = 'train' if params.is_training else 'validation'
      raise ValueError(f'task.{part}_data.{name} is not set.')
  if params.global_batch_size < 1:
    raise ValueError(f'global_batch_size is {params.global_batch_size}; it '
                     'has to be at least 1.')
  if params.start_batch < 0:
    raise ValueError(f'start_batch is {params.start_batch}; it counts batches, '
                     'from 0.')
  if params.start_batch and not params.is_training:
    raise ValueError(f'start_batch is {params.start_batch}, but an evaluation '
                     'begins with the first batch. Leave it at 0.')
  if params.start_batch and params.seed is None:
    raise ValueError(
        f'start_batch is {params.start_batch}, but seed is not set, so the '
        'order of the batches before is not known. Set it to the seed of the '
        'run to continue.')


def check_length(params: cfg.DataConfig, num_special_tokens: int) -> None:
  """Raises ValueError if `seq_length` leaves no room for text."""
  if params.seq_length <= num_special_tokens:
    raise ValueError(f'seq_length is {params.seq_length}, but the special '
                     f'tokens alone take {num_special_tokens}.')


# Finer steps pad less: SST-2's texts, of 14 tokens on average, are padded to
# 17.5 tokens by buckets of 8, and to 23 by powers of 2. The graph does not
# depend on lengths, so more of them cost nothing.
_STEP = 8


def lengths(longest: int, step: int = _STEP) -> list[int]:
  """Returns the lengths of buckets for texts of at most `longest` tokens.

  >>> lengths(30)
  [8, 16, 24, 31]
  """
  return [*range(step, longest, step), longest + 1]


def load(needed: tf.Tensor, buckets: Sequence[int],
         make_batch: Callable[[tf.Tensor, tf.Tensor], Any],
         params: cfg.DataConfig,
         input_context: tf.distribute.InputContext | None = None,
         rows: np.ndarray | None = None) -> tf.data.Dataset:
  """Batches rows, and pads each batch to the shortest length that holds it.

  In training rows are shuffled by `seed`, repeated, batched within buckets (if
  `batch_by_length`) and divided among the workers. In evaluation every worker
  has all rows in their order, because the metric of all is not the mean of the
  workers' metrics. On a TPU all batches have the last length, since XLA would
  compile the step for each.

  Args:
    needed: int32 `[rows]`, the length of each row with the padding it needs.
    buckets: Accepted lengths of batches, ascending; the last holds all.
    make_batch: Function of row numbers, int64 `[batch]`, and a length.
    params: The config: batch size, training or evaluation, first batch.
    input_context: Part of the rows that this worker reads.
    rows: int64, numbers of the rows to use, in order; None for all.

  Raises:
    ValueError: If there are fewer rows than workers.
  """
  is_fixed = _is_on_tpu()
  if is_fixed:
    buckets = buckets[-1:]
  accepted = tf.constant(buckets, tf.int32)
  if rows is None:
    rows = np.arange(len(needed))

  def make(chosen: tf.Tensor) -> Any:
    if is_fixed:
      return _with_shapes(make_batch(chosen, buckets[-1]),
                          batch_size if params.is_training else None)
    longest = tf.reduce_max(tf.gather(needed, chosen))
    place = tf.searchsorted(accepted, [longest])
    return make_batch(chosen, tf.gather(accepted, place)[0])

  batch_size, replicas = params.global_batch_size, 1
  if input_context:
    batch_size = input_context.get_per_replica_batch_size(batch_size)
    # A step takes a batch for every replica of this worker.
    replicas = (input_context.num_replicas_in_sync
                // input_context.num_input_pipelines)
  if params.is_training:
    own = _own_rows(rows, params.input_path, input_context)
    batches = _shuffled(
        own, needed, buckets if params.batch_by_length else buckets[-1:],
        batch_size, params.seed).skip(replicas * params.start_batch)
  else:
    batches = _in_order(rows, batch_size, replicas)
  return prefetch(batches.map(make, num_parallel_calls=tf.data.AUTOTUNE),
                  params)


def _is_on_tpu() -> bool:
  return isinstance(tf.distribute.get_strategy(), tf.distribute.TPUStrategy)


def _with_shapes(batch: Any, batch_size: int | None) -> Any:
  """Returns the tensors of a batch with the static shapes that they have."""
  return tf.nest.map_structure(
      lambda tensor: tf.ensure_shape(
          tensor, [batch_size, *tensor.shape[1:]]), batch)


def prefetch(batches: tf.data.Dataset,
             params: cfg.DataConfig) -> tf.data.Dataset:
  """Prefetches the batches that this worker makes for itself."""
  options = tf.data.Options()
  options.deterministic = params.deterministic is not False
  options.experimental_distribute.auto_shard_policy = (
      tf.data.experimental.AutoShardPolicy.OFF)
  return batches.with_options(options).prefetch(
      params.prefetch_buffer_size or tf.data.AUTOTUNE)


def _own_rows(rows: np.ndarray, path: str | Sequence[str],
              context: tf.distribute.InputContext | None) -> np.ndarray:
  """Returns the rows of this worker."""
  if not context:
    return rows
  workers = context.num_input_pipelines
  if len(rows) < workers:
    raise ValueError(f'{path} has {len(rows)} rows for {workers} workers.')
  return rows[context.input_pipeline_id::workers]


def _in_order(rows: np.ndarray, batch_size: int,
              replicas: int) -> tf.data.Dataset:
  """Returns batches of all rows, int64 `[batch]`, as many for each replica.

  No batch is empty at the end, as its mean would not be a number.
  """
  count = replicas * math.ceil(len(rows) / (batch_size * replicas))
  if count > len(rows):  # Too few rows for the last replicas.
    count = max(count - replicas, 1)
  batches = np.array_split(rows, count)
  return tf.data.Dataset.from_tensor_slices(tf.RaggedTensor.from_row_lengths(
      rows,
      np.array([len(batch) for batch in batches], np.int64)))


def _shuffled(rows: np.ndarray, needed: tf.Tensor, buckets: Sequence[int],
              batch_size: int, seed: int | None) -> tf.data.Dataset:
  """Returns endless batches of rows of one bucket, int64 `[batch]`."""
  if seed is None:
    seed = random.SystemRandom().getrandbits(31)
  # Unlike `Dataset.shuffle`, this does not depend on TensorFlow's global seed,
  # so a resumed run keeps its order.
  return tf.data.Dataset.counter().flat_map(
      lambda epoch: tf.data.Dataset.from_tensor_slices(_shuffle(
          rows, tf.stack([tf.constant(seed, tf.int64), epoch])))
  ).bucket_by_sequence_length(
      lambda row: tf.gather(needed, row),
      bucket_boundaries=[length + 1 for length in buckets[:-1]],
      bucket_batch_sizes=[batch_size] * len(buckets))


def _shuffle(rows: np.ndarray, seed: tf.Tensor) -> tf.Tensor:
  return tf.random.experimental.stateless_shuffle(tf.constant(rows), seed)
