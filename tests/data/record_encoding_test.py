# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests that examples are serialized byte for byte as protobuf does."""

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import pretraining_records


def _serialize(features: dict[str, list]) -> list[bytes]:
  """The oracle: lists of rows to serialized examples, by protobuf."""
  count = len(next(iter(features.values())))
  examples = []
  for i in range(count):
    feature = {}
    for name, rows in features.items():
      kind, values = rows[i]
      feature[name] = tf.train.Feature(**{
          f'{kind}_list': (tf.train.Int64List if kind == 'int64' else
                           tf.train.FloatList)(value=values)})
    examples.append(tf.train.Example(features=tf.train.Features(
        feature=feature)).SerializeToString(deterministic=True))
  return examples


def _int64(rows):
  return [('int64', row) for row in rows]


def _float(rows):
  return [('float', row) for row in rows]


class RecordEncodingTest(tf.test.TestCase):

  def test_dense_and_ragged_integers_and_floats(self):
    # Every length of a varint: 1 to 5 and 10 bytes, and an empty row.
    ragged = [[0, 1, 127, 128], [], [16_384, 2**31, -1], [2**62]]
    dense = [[1, 2], [3, 4], [5, 6], [0, 0]]
    floats = [[0.5, 0.0], [1.0, -2.0], [1e-30, 3.0], [0.0, 0.0]]
    ragged_floats = [[], [1.0], [0.25, 3.0], []]
    got = pretraining_records.encode({
        'z': tf.constant(dense, tf.int32),
        'b': tf.ragged.constant(ragged, tf.int64),
        'a': tf.constant(floats),
        'm': tf.ragged.constant(ragged_floats, tf.float32),
    })
    self.assertEqual(got, _serialize({
        'a': _float(floats), 'b': _int64(ragged), 'm': _float(ragged_floats),
        'z': _int64(dense)}))

  def test_random_examples(self):
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 130, size=300)
    ids = rng.integers(0, 30_522, size=lengths.sum())
    rows = np.split(ids, np.cumsum(lengths)[:-1])
    labels = rng.integers(0, 2, size=[300, 1])
    got = pretraining_records.encode({
        'input_ids': tf.RaggedTensor.from_row_lengths(ids, lengths),
        'next_sentence_labels': tf.constant(labels)})
    self.assertEqual(got, _serialize({
        'input_ids': _int64([r.tolist() for r in rows]),
        'next_sentence_labels': _int64(labels.tolist())}))

  def test_rows_that_are_all_empty(self):
    got = pretraining_records.encode({
        'a': tf.ragged.constant([[], []], tf.int64),
        'b': tf.constant([[7], [8]])})
    self.assertEqual(got, _serialize(
        {'a': _int64([[], []]), 'b': _int64([[7], [8]])}))

  def test_no_example(self):
    self.assertEqual(
        pretraining_records.encode({'a': tf.zeros([0, 3], tf.int64)}), [])

  def test_tensorflow_reads_them(self):
    [example] = pretraining_records.encode({
        'ids': tf.ragged.constant([[3, 1, 2]]), 'w': tf.constant([[0.5]])})
    parsed = tf.io.parse_single_example(example, {
        'ids': tf.io.FixedLenFeature([3], tf.int64),
        'w': tf.io.FixedLenFeature([1], tf.float32)})
    self.assertAllEqual(parsed['ids'], [3, 1, 2])
    self.assertAllEqual(parsed['w'], [0.5])


if __name__ == '__main__':
  tf.test.main()
