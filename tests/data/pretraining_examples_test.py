# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests segment pairs against what BERT's recipe says of them."""

import time

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import pretraining_examples


def _documents(count: int, sentences: int, length: int):
  """Document d has tokens d * 10_000 + 0, 1, 2 ... in order."""
  return [[np.arange(s * length, (s + 1) * length, dtype=np.int32) + d * 10_000
           for s in range(sentences)] for d in range(count)]


def _make(documents, max_seq_length=35, seed=0, **kwargs):
  return list(pretraining_examples.make_segment_pairs(
      documents, max_seq_length=max_seq_length,
      rng=np.random.default_rng(seed), **kwargs))


class PretrainingExamplesTest(tf.test.TestCase):

  def test_labels_say_where_the_second_segment_is_from(self):
    pairs = _make(_documents(20, 50, 8))
    for pair in pairs:
      self.assertLessEqual(len(pair.first) + len(pair.second), 32)
      # Each is a run of consecutive tokens of one document.
      self.assertAllEqual(np.diff(pair.first), np.ones(len(pair.first) - 1))
      self.assertAllEqual(np.diff(pair.second), np.ones(len(pair.second) - 1))
      same = pair.first[0] // 10_000 == pair.second[0] // 10_000
      self.assertEqual(same, not pair.is_random_next)
      if same:
        self.assertGreater(pair.second[0], pair.first[-1])
    share = np.mean([p.is_random_next for p in pairs])
    self.assertBetween(share, 0.42, 0.58)

  def test_no_text_is_lost_without_truncation(self):
    """Sentences that a random one replaced are put back."""
    documents = _documents(10, 40, 4)
    pairs = _make(documents, max_seq_length=203, short_seq_prob=0)
    used = np.concatenate(
        [p.first for p in pairs] +
        [p.second for p in pairs if not p.is_random_next])
    missing = 10 * 40 * 4 - len(np.unique(used))
    self.assertEqual(len(np.unique(used)), len(used))
    # Random segments leave the sentences after the split to the next pair,
    # except at a document's end where one sentence may stay a first segment.
    self.assertEqual(missing, 0)

  def test_target_is_full_length_unless_short(self):
    documents = _documents(4, 400, 1)
    lengths = [len(p.first) + len(p.second)
               for p in _make(documents, short_seq_prob=0.0)
               if not p.is_random_next]
    self.assertGreater(np.mean(np.array(lengths) == 32), 0.9)
    lengths = [len(p.first) + len(p.second)
               for p in _make(documents, short_seq_prob=1.0)]
    self.assertBetween(np.mean(lengths), 12, 22)

  def test_truncation_keeps_berts_lengths(self):
    rng = np.random.default_rng(0)
    for a in range(1, 9):
      for b in range(1, 9):
        for budget in range(2, 12):
          first, second = pretraining_examples._truncate(
              np.arange(a), np.arange(b), budget, rng)
          want_a, want_b = a, b
          while want_a + want_b > budget:
            if want_a > want_b:
              want_a -= 1
            else:
              want_b -= 1
          self.assertEqual((len(first), len(second)), (want_a, want_b))

  def test_truncation_drops_from_both_ends(self):
    rng = np.random.default_rng(0)
    starts = [pretraining_examples._drop(np.arange(20), 10, rng)[0]
              for _ in range(500)]
    self.assertBetween(np.mean(starts), 4.7, 5.3)
    self.assertGreater(np.std(starts), 1.2)

  def test_join_adds_special_tokens(self):
    def pair(first, second, is_random_next):
      return pretraining_examples.SegmentPair(
          np.array(first, np.int32), np.array(second, np.int32), is_random_next)

    examples = pretraining_examples.join(
        [pair([7, 8], [9], False), pair([4], [5, 6, 7], True)],
        cls_id=2, sep_id=3)
    self.assertAllEqual(examples.lengths, [6, 7])
    self.assertAllEqual(
        examples.ids, [2, 7, 8, 3, 9, 3] + [2, 4, 3, 5, 6, 7, 3])
    self.assertAllEqual(
        examples.segment_ids, [0, 0, 0, 0, 1, 1] + [0, 0, 0, 1, 1, 1, 1])
    self.assertAllEqual(examples.is_random_next, [0, 1])
    for value in vars(examples).values():
      self.assertEqual(value.dtype, np.int64)

  def test_joined_pairs_come_apart_again(self):
    pairs = _make(_documents(8, 30, 5))
    examples = pretraining_examples.join(pairs, cls_id=-2, sep_id=-3)
    rows = np.split(examples.ids, np.cumsum(examples.lengths)[:-1])
    segments = np.split(examples.segment_ids, np.cumsum(examples.lengths)[:-1])
    for pair, row, segment in zip(pairs, rows, segments, strict=True):
      self.assertAllEqual(row, [-2, *pair.first, -3, *pair.second, -3])
      self.assertAllEqual(
          segment, [0] * (len(pair.first) + 2) + [1] * (len(pair.second) + 1))

  def test_seed_decides(self):
    documents = _documents(5, 30, 5)
    first, again, other = (
        [(p.first.tolist(), p.second.tolist(), p.is_random_next)
         for p in _make(documents, seed=seed)] for seed in (1, 1, 2))
    self.assertEqual(first, again)
    self.assertNotEqual(first, other)

  def test_single_document_has_only_true_pairs(self):
    pairs = _make(_documents(1, 30, 8))
    self.assertNotEmpty(pairs)
    self.assertFalse(any(p.is_random_next for p in pairs))

  def test_degenerate_documents(self):
    empty = np.array([], np.int32)
    one = np.array([5], np.int32)
    self.assertEmpty(_make([]))
    self.assertEmpty(_make([[], [empty]]))
    self.assertEmpty(_make([[one]]))  # One token makes no pair.
    pairs = _make([[one], [empty], [np.arange(500, dtype=np.int32)]])
    for pair in pairs:
      self.assertNotEmpty(pair.first)
      self.assertNotEmpty(pair.second)
      self.assertLessEqual(len(pair.first) + len(pair.second), 32)

  def test_bad_settings(self):
    with self.assertRaisesRegex(ValueError, 'max_seq_length is 4'):
      _make(_documents(2, 2, 2), max_seq_length=4)
    with self.assertRaisesRegex(ValueError, 'short_seq_prob is 2'):
      _make(_documents(2, 2, 2), short_seq_prob=2)

  def test_cost_grows_in_line(self):
    def seconds(sentences: int) -> float:
      documents = _documents(2, sentences, 3)
      start = time.process_time()
      _make(documents, max_seq_length=16)
      return time.process_time() - start

    seconds(1000)
    self.assertLess(seconds(40_000), 30 * max(seconds(4000), 0.005))


if __name__ == '__main__':
  tf.test.main()
