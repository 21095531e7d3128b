# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A stream of batches that is continued equals the one never interrupted."""

import os

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import record_files
from mobilebert_tf.tasks.pretraining import loader
from tests.data import temporary
from tests.data import written_records

_SIZES = (19, 11, 17)
_WHOLE = 16  # Batches: of 4 records, 4/3 of an epoch.


class ContinuationTest(parameterized.TestCase, temporary.TemporaryFiles,
                       tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.addCleanup(tf.random.set_seed, None)
    self._vocab = self.make_file(
        'vocab.txt', '\n'.join(written_records.TOKENS))
    self._folder = self.make_folder()
    self._write(self._folder)

  def _write(self, folder, **kwargs):
    records = written_records.dynamic_records(sum(_SIZES))
    shards = np.split(np.array(records, object), np.cumsum(_SIZES)[:-1])
    written_records.write_folder(
        folder, shards, self._vocab, compressed=[1], **kwargs)

  def _batches(self, count, start_batch=0, context=None, **kwargs):
    config = loader.MobileBertPretrainDataConfig(**{
        'input_path': self._folder, 'vocab_file': self._vocab,
        'global_batch_size': 4, 'seq_length': 33, 'shuffle_buffer_size': 10,
        'max_predictions_per_seq': 6, 'seed': 3, 'start_batch': start_batch
    } | kwargs)
    dataset = loader.MobileBertPretrainDataLoader(
        config).load(context)
    return [{k: v.numpy() for k, v in b.items()} for b in dataset.take(count)]

  def _assert_same(self, got, want):
    self.assertLen(got, len(want))
    for a, b in zip(got, want, strict=True):
      self.assertEqual(a.keys(), b.keys())
      for name in a:
        self.assertAllEqual(a[name], b[name])

  # Epochs have 47 records: 11 batches and 3 records of the twelfth.
  @parameterized.parameters(1, 5, 11, 12, 15)
  def test_one_worker(self, cut):
    whole = self._batches(_WHOLE)
    self._assert_same(self._batches(_WHOLE - cut, cut), whole[cut:])

  def test_epochs_are_skipped_without_reading(self):
    whole = self._batches(48)
    self._assert_same(self._batches(2, 46), whole[46:])  # Of the fourth epoch.

  @parameterized.product(worker=[0, 1], replicas=[2, 4], cut=[1, 7])
  def test_two_workers(self, worker, replicas, cut):
    # A worker with two replicas takes two batches a step.
    context = tf.distribute.InputContext(2, worker, replicas)
    a_step = replicas // 2
    whole = self._batches(12 * a_step, context=context, global_batch_size=8)
    self.assertLen(whole[0]['input_mask'], 8 // replicas)
    # The first worker has 36 records, the other 11: epochs end elsewhere.
    got = self._batches((12 - cut) * a_step, cut, context, global_batch_size=8)
    self._assert_same(got, whole[cut * a_step:])

  @parameterized.parameters(
      {'whole_word_masking': True}, {'cache': True},
      {'cycle_length': 1, 'block_length': 3})
  def test_with_options(self, **options):
    whole = self._batches(_WHOLE, **options)
    self._assert_same(self._batches(3, 13, **options), whole[13:])

  def test_without_counts_in_the_manifest(self):
    folder = self.make_folder()
    self._write(folder, counted=False)
    whole = self._batches(_WHOLE, input_path=folder)
    self._assert_same(whole, self._batches(_WHOLE))
    self._assert_same(self._batches(2, 14, input_path=folder), whole[14:])

  @parameterized.parameters(0, 1, 5)
  def test_global_seeds_change_nothing(self, seed):
    whole = self._batches(3)
    tf.random.set_seed(seed)
    self._assert_same(self._batches(3), whole)
    self._assert_same(self._batches(1, 2), whole[2:])

  @parameterized.parameters('*', 'part-0*')
  def test_an_epoch_has_each_record_once_in_its_own_order(self, pattern):
    files = record_files.find_records(
        os.path.join(self._folder, pattern.replace('*', '*.tfrecord*')))
    count = record_files.count_records(files)
    records = record_files.read_shuffled_forever(
        files, seed=(1, 2), shuffle_buffer_size=5)
    written = list(map(hash, record_files.read_in_order(
        files).as_numpy_iterator()))
    orders = [written]
    iterator = records.as_numpy_iterator()
    for _ in range(3):
      orders.append([hash(next(iterator)) for _ in range(count)])
      self.assertCountEqual(orders[-1], written)
    self.assertLen(set(map(tuple, orders)), 4)
    other = record_files.read_shuffled_forever(
        files, seed=(1, 3), shuffle_buffer_size=5)  # Another worker's.
    self.assertNotEqual(
        list(map(hash, other.take(count).as_numpy_iterator())), orders[1])

  def test_a_cache_reads_files_once(self):
    files = record_files.find_records(self._folder)
    records = record_files.read_shuffled_forever(
        files, seed=(1, 2), shuffle_buffer_size=5, cache=True)
    iterator = iter(records)
    first = [hash(next(iterator).numpy()) for _ in range(47)]
    for path in files:
      os.remove(path)
    again = [hash(next(iterator).numpy()) for _ in range(47)]
    self.assertCountEqual(first, again)
    self.assertNotEqual(first, again)

  def test_counts(self):
    files = record_files.find_records(self._folder)
    self.assertEqual(record_files.count_by_reading(files), 47)
    self.assertEqual(record_files.count_records(files[1:]), 28)
    self.assertFalse(record_files.is_empty(files))


if __name__ == '__main__':
  tf.test.main()
