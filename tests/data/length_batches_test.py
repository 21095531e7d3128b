# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Lengths of batches: few enough to share, fine enough to pad little."""

import dataclasses
from unittest import mock

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import batches as batches_lib
from official.core import config_definitions as cfg

_NEEDED = [3, 9, 4, 12, 5, 6, 9, 11, 2, 3]


@dataclasses.dataclass
class _Config(cfg.DataConfig):
  seed: int | None = 1
  start_batch: int = 0
  batch_by_length: bool = True


def _load(count: int | None = None, context=None, rows=None,
          batch_size: int = 2, **fields) -> list[tuple[list[int], int]]:
  """Returns rows and length of each batch."""
  batches = batches_lib.load(
      tf.constant(_NEEDED), [4, 8, 12], lambda rows, length: (rows, length),
      _Config(global_batch_size=batch_size, **fields), context, rows)
  return [(rows.numpy().tolist(), int(length))
          for rows, length in batches.take(count or -1)]


class LengthBatchesTest(tf.test.TestCase):

  def test_the_last_length_holds_the_longest_and_its_padding(self):
    self.assertEqual(batches_lib.lengths(30), [8, 16, 24, 31])
    self.assertEqual(batches_lib.lengths(32), [8, 16, 24, 33])
    self.assertEqual(batches_lib.lengths(5), [6])
    self.assertEqual(batches_lib.lengths(128)[-2:], [120, 129])

  def test_training_batches_rows_of_like_length(self):
    batches = _load(40, is_training=True)
    for rows, length in batches:
      self.assertLen(rows, 2)
      for row in rows:
        self.assertBetween(_NEEDED[row], length - 3, length)
    self.assertEqual({row for rows, _ in batches for row in rows},
                     set(range(len(_NEEDED))))

  def test_training_batches_any_rows_on_request(self):
    batches = _load(40, is_training=True, batch_by_length=False)
    mixed = [rows for rows, length in batches
             if min(_NEEDED[row] for row in rows) <= length - 4]
    self.assertNotEmpty(mixed)
    for rows, length in batches:
      longest = max(_NEEDED[row] for row in rows)
      self.assertBetween(longest, length - 3, length)

  def test_a_batch_is_padded_to_the_shortest_length_that_holds_it(self):
    self.assertEqual(_load(is_training=False), [
        ([0, 1], 12), ([2, 3], 12), ([4, 5], 8), ([6, 7], 12), ([8, 9], 4)])

  def test_on_a_tpu_all_batches_have_the_same_static_shape(self):
    for is_training, rows in ((True, 2), (False, None)):
      with mock.patch.object(batches_lib, '_is_on_tpu', lambda: True):
        batches = batches_lib.load(
            tf.constant(_NEEDED), [4, 8, 12],
            lambda rows, length: tf.zeros([tf.size(rows), length]),
            _Config(global_batch_size=2, is_training=is_training))
      self.assertEqual(batches.element_spec.shape.as_list(), [rows, 12])
      for batch in batches.take(5):
        self.assertEqual(batch.shape, [2, 12])

  def test_only_the_rows_that_are_named(self):
    rows = np.array([7, 0, 4])
    self.assertEqual(_load(is_training=False, rows=rows),
                     [([7, 0], 12), ([4], 8)])
    trained = _load(20, is_training=True, rows=rows)
    self.assertEqual({row for rows, _ in trained for row in rows}, {0, 4, 7})

  def test_it_begins_at_any_batch_whatever_the_global_seed(self):
    tf.random.set_seed(1)
    whole = _load(30, is_training=True)
    tf.random.set_seed(2)
    self.assertEqual(_load(7, is_training=True, start_batch=23), whole[23:])
    self.assertNotEqual(_load(30, is_training=True, seed=2), whole)
    self.assertNotEqual(_load(30, is_training=True, seed=None),
                        _load(30, is_training=True, seed=None))

  def test_workers_share_training_and_each_evaluates_all(self):
    seen = []
    for worker in range(2):
      context = tf.distribute.InputContext(
          num_input_pipelines=2, input_pipeline_id=worker,
          num_replicas_in_sync=2)
      batches = _load(60, context, is_training=True)
      self.assertEqual({len(rows) for rows, _ in batches}, {1})
      seen.append({row for rows, _ in batches for row in rows})
      evaluated = _load(None, context, is_training=False)
      self.assertLen(evaluated, len(_NEEDED))
    self.assertEqual(seen, [set(range(0, 10, 2)), set(range(1, 10, 2))])

  def test_every_replica_of_a_worker_evaluates_as_many_batches(self):
    for replicas, batch_size in ((2, 2), (2, 4), (3, 6), (4, 4), (4, 16)):
      context = tf.distribute.InputContext(1, 0, replicas)
      batches = _load(None, context, np.arange(9), batch_size,
                      is_training=False)
      self.assertEqual(len(batches) % replicas, 0)
      self.assertEqual([row for rows, _ in batches for row in rows],
                       list(range(9)))
      self.assertNotIn(0, {len(rows) for rows, _ in batches})

  def test_a_continued_run_skips_the_batches_of_all_replicas(self):
    context = tf.distribute.InputContext(1, 0, 2)
    whole = _load(30, context, is_training=True)
    self.assertEqual(
        _load(10, context, is_training=True, start_batch=10), whole[20:])

  def test_more_workers_than_rows(self):
    context = tf.distribute.InputContext(
        num_input_pipelines=2, input_pipeline_id=0, num_replicas_in_sync=2)
    with self.assertRaisesRegex(ValueError, 'corpus has 1 rows for 2 workers'):
      _load(1, context, np.array([5]), is_training=True, input_path='corpus')


if __name__ == '__main__':
  tf.test.main()
