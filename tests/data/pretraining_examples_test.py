# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests segment pairs and masks against the rules of BERT's recipe."""

import itertools
import time

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import pretraining_examples
from mobilebert_tf.text import vocabulary as vocabulary_lib

_VOCABULARY = vocabulary_lib.Vocabulary(
    ('[PAD]', 'a', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
     *(f'w{i}' for i in range(94))))
_SPECIAL = (0, 2, 3, 4, 5)
_PIECES = vocabulary_lib.Vocabulary(
    ('[PAD]', 'a', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
     *(f'w{i}' for i in range(40)), *(f'##{i}' for i in range(40)), '#', '##'))
_IS_PIECE = np.array([t.startswith('##') for t in _PIECES.tokens])
_W, _P = 10, 50  # The start of a word, and a piece of one.


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


# === Masks ===


def _texts(lengths, width=64):
  """Texts of [CLS] ... [SEP] with distinct ordinary tokens."""
  ids = np.zeros((len(lengths), width), np.int32)
  for row, n in zip(ids, lengths, strict=True):
    row[:n] = np.arange(6, 6 + n)
    row[0], row[n - 1] = 3, 4
  return ids, (ids != 0).astype(np.int32)


def _mask(ids, mask, max_predictions=20, rate=0.15, seed=(1, 2),
          vocabulary=_VOCABULARY, whole_word=False):
  out = pretraining_examples.mask_tokens(
      tf.constant(ids), tf.constant(mask), vocabulary=vocabulary,
      max_predictions=max_predictions, rate=rate, seed=tf.constant(seed),
      whole_word=whole_word)
  return {k: v.numpy() for k, v in out.items()}


class MaskingTest(tf.test.TestCase):

  def test_slots(self):
    lengths = [3, 4, 10, 40, 64]
    ids, mask = _texts(lengths)
    out = _mask(ids, mask, max_predictions=7)
    # round(0.15 n), from 1 to 7: 0.45, 0.6, 1.5 (to even), 6, 9.6.
    self.assertAllEqual(out['masked_lm_weights'].sum(1), [1, 1, 2, 6, 7])
    for row in range(len(lengths)):
      n = int(out['masked_lm_weights'][row].sum())
      positions = out['masked_lm_positions'][row]
      self.assertAllEqual(out['masked_lm_weights'][row],
                          [1] * n + [0] * (7 - n))
      self.assertTrue(np.all(np.diff(positions[:n]) > 0))
      self.assertAllEqual(positions[n:], [0] * (7 - n))
      self.assertAllEqual(out['masked_lm_ids'][row, n:], [0] * (7 - n))
      self.assertAllEqual(out['masked_lm_ids'][row, :n],
                          ids[row, positions[:n]])
      self.assertNoCommonElements(out['masked_lm_ids'][row, :n], _SPECIAL)
      others = np.setdiff1d(np.arange(64), positions[:n])
      self.assertAllEqual(out['input_word_ids'][row, others], ids[row, others])
    self.assertEqual(out['masked_lm_positions'].dtype, np.int32)
    self.assertEqual(out['masked_lm_weights'].dtype, np.float32)

  def test_shares(self):
    ids, mask = _texts([64] * 2000)
    out = _mask(ids, mask)
    used = out['masked_lm_weights'] > 0
    shown = np.take_along_axis(
        out['input_word_ids'], out['masked_lm_positions'], 1)[used]
    true = out['masked_lm_ids'][used]
    self.assertLen(true, 2000 * 10)
    self.assertNear(np.mean(shown == 5), 0.8, 0.01)
    self.assertNear(np.mean(shown == true), 0.1 + 0.1 / 95, 0.01)
    random = shown[(shown != 5) & (shown != true)]
    self.assertNoCommonElements(set(random.tolist()), _SPECIAL)
    self.assertLen(set(random.tolist()), 95)  # All ordinary tokens occur.
    # Each position alike.
    counts = np.bincount(out['masked_lm_positions'][used], minlength=64)
    self.assertEqual(counts[0] + counts[63], 0)
    self.assertAllInRange(counts[1:63] / 2000, 0.1, 0.23)

  def test_only_special_tokens(self):
    ids = np.array([[3, 4, 4, 0], [3, 2, 5, 4]], np.int32)
    out = _mask(ids, (ids != 0).astype(np.int32))
    self.assertAllEqual(out['input_word_ids'], ids)
    self.assertAllEqual(out['masked_lm_weights'], np.zeros((2, 20)))

  def test_seed_decides(self):
    ids, mask = _texts([60] * 4)
    first, again, other = (_mask(ids, mask, seed=s)
                           for s in ((1, 2), (1, 2), (1, 3)))
    self.assertAllEqual(first['input_word_ids'], again['input_word_ids'])
    self.assertNotAllEqual(first['masked_lm_positions'],
                           other['masked_lm_positions'])

  def test_more_slots_than_tokens(self):
    ids, mask = _texts([5], width=6)
    out = _mask(ids, mask, max_predictions=20, rate=0.99)
    self.assertAllEqual(out['masked_lm_positions'], [[1, 2, 3] + [0] * 17])


def _random_texts(seed, size=200, width=40):
  """Texts of random tokens, special ones in any place, and random lengths."""
  rng = np.random.default_rng(seed)
  ids = rng.integers(6, len(_PIECES), [size, width])
  ids = np.where(rng.random(ids.shape) < rng.random([size, 1]), ids, _P)
  ids = np.where(rng.random(ids.shape) < 0.1, rng.integers(0, 6, ids.shape),
                 ids)
  mask = np.arange(width) < rng.integers(1, width + 1, [size, 1])
  return (ids * mask).astype(np.int32), mask.astype(np.int32)


def _words(ids, mask):
  """The positions of each word of a text, by BERT's rule, within segments."""
  words = []
  for i in np.flatnonzero(mask):
    if ids[i] in _SPECIAL:
      continue
    if _IS_PIECE[ids[i]] and words and words[-1][-1] == i - 1:
      words[-1].append(i)
    else:
      words.append([i])
  return words


def _bert_choice(words, budget):
  """BERT's loop over words, in the order they are given."""
  chosen = []
  for word in words:
    if len(chosen) >= budget:
      break
    if len(chosen) + len(word) <= budget:
      chosen += word
  return chosen


class WholeWordMaskingTest(parameterized.TestCase, tf.test.TestCase):

  def _mask(self, ids, mask, **kwargs):
    return _mask(ids, mask, vocabulary=_PIECES, whole_word=True, **kwargs)

  @parameterized.product(seed=[0, 1, 2], max_predictions=[1, 5, 20],
                         rate=[0.15, 0.5])
  def test_properties_of_random_texts(self, seed, max_predictions, rate):
    ids, mask = _random_texts(seed)
    out = self._mask(ids, mask, max_predictions=max_predictions, rate=rate,
                     seed=(seed, 5))
    for row in range(len(ids)):
      used = out['masked_lm_weights'][row] > 0
      chosen = out['masked_lm_positions'][row][used].tolist()
      words = _words(ids[row], mask[row])
      budget = min(max(round(mask[row].sum() * rate), 1), max_predictions)
      taken = [w for w in words if set(w) & set(chosen)]
      self.assertEqual(sorted(sum(taken, [])), chosen)  # Whole words only.
      self.assertLessEqual(len(chosen), budget)
      # No word that would still fit was left out.
      left = [len(w) for w in words if w not in taken]
      self.assertFalse([n for n in left if n <= budget - len(chosen)])
      self.assertAllEqual(out['masked_lm_ids'][row][used], ids[row, chosen])
      self.assertAllEqual(used, np.arange(max_predictions) < len(chosen))
      for name in ('masked_lm_positions', 'masked_lm_ids'):
        self.assertAllEqual(out[name][row][~used], 0 * out[name][row][~used])
      others = np.setdiff1d(np.arange(ids.shape[1]), chosen)
      self.assertAllEqual(out['input_word_ids'][row, others], ids[row, others])

  def test_takes_what_the_loop_of_bert_takes(self):
    rng = np.random.default_rng(0)
    lengths = rng.choice([0, 1, 1, 2, 3, 4, 9, 30], [500, 25])
    budgets = rng.integers(1, 40, 500)
    taken = pretraining_examples._take_in_order(
        tf.constant(lengths, tf.int32),
        tf.constant(budgets[:, np.newaxis], tf.int32)).numpy()
    for row, budget in enumerate(budgets):
      words = [[i] * n for i, n in enumerate(lengths[row])]
      self.assertEqual(np.flatnonzero(taken[row]).tolist(),
                       sorted(set(_bert_choice(words, budget))))

  @parameterized.parameters(
      ([_W, _W, _P, _W, _P, _P, _W, 4, _W, _P], 4),
      ([_W, 4, _W, _P, _P, _P, 4, _W, _P, _W], 3),
      ([_W, _W, _W, _W, _W, _W, _W], 2))
  def test_sets_of_words_are_as_likely_as_in_bert(self, text, budget):
    ids = np.array([text], np.int32)
    mask = np.ones_like(ids)
    orders = list(itertools.permutations(_words(ids[0], mask[0])))
    want = {}
    for words in orders:
      chosen = tuple(sorted(_bert_choice(words, budget)))
      want[chosen] = want.get(chosen, 0) + 1 / len(orders)
    size = 20_000
    out = self._mask(np.repeat(ids, size, 0), np.repeat(mask, size, 0),
                     max_predictions=budget, rate=0.9)
    got = {}
    for positions, weights in zip(
        out['masked_lm_positions'], out['masked_lm_weights'], strict=True):
      chosen = tuple(positions[weights > 0].tolist())
      got[chosen] = got.get(chosen, 0) + 1 / size
    self.assertEqual(got.keys(), want.keys())
    for chosen, share in want.items():
      deviation = (share * (1 - share) / size) ** 0.5
      self.assertNear(got[chosen], share, 5 * deviation, str(chosen))

  def test_each_token_of_a_word_has_its_own_chance(self):
    ids = np.array([[3, _W, _P, _P + 1, 4]] * 20_000, np.int32)
    out = self._mask(ids, np.ones_like(ids), rate=0.6)
    shown = out['input_word_ids'][:, 1:4]
    self.assertAllEqual(out['masked_lm_weights'].sum(1), [3] * len(ids))
    hidden, kept = shown == 5, shown == ids[:, 1:4]
    self.assertAllClose(hidden.mean(0), [0.8] * 3, atol=0.015)
    self.assertAllClose(kept.mean(0), [0.1 + 0.1 / 83] * 3, atol=0.01)
    self.assertNoCommonElements(
        set(shown[~hidden & ~kept].tolist()), _SPECIAL)
    self.assertNear(hidden.all(1).mean(), 0.8 ** 3, 0.015)

  def test_words_longer_than_the_budget(self):
    # Two words of five, and one of each; the budget is round(0.25 n).
    long = [_W, _P, _P, _P, _P]
    ids = np.array([[3, *long, 4, *long, 4], [3, *long, _W, *long, 4],
                    [3, *long, *long, _W, _P]], np.int32)
    out = self._mask(ids, np.ones_like(ids), rate=0.25)
    self.assertAllEqual(out['masked_lm_weights'].sum(1), [0, 1, 2])
    self.assertEqual(out['masked_lm_positions'][1, 0], 6)
    self.assertAllEqual(out['masked_lm_positions'][2, :2], [11, 12])
    self.assertAllEqual(out['input_word_ids'][0], ids[0])

  def test_a_piece_after_a_special_token_is_a_word(self):
    # The end of a word that was cut, and after [UNK] and padding.
    ids = np.array([[3, _W, 4, _P, _P, 2, _P, 4]], np.int32)
    seen = set()
    for seed in range(40):
      out = self._mask(ids, np.ones_like(ids), rate=0.25, seed=(seed, 0))
      used = out['masked_lm_weights'][0] > 0
      seen.add(tuple(out['masked_lm_positions'][0][used].tolist()))
    self.assertEqual(seen, {(1, 6), (3, 4)})

  def test_seed_decides(self):
    ids, mask = _random_texts(3)
    first, again, other = (self._mask(ids, mask, seed=s)
                           for s in ((1, 2), (1, 2), (1, 3)))
    for name in first:
      self.assertAllEqual(first[name], again[name])
    self.assertNotAllEqual(first['masked_lm_positions'],
                           other['masked_lm_positions'])

  def test_only_special_tokens(self):
    ids = np.array([[3, 4, 4, 0], [3, 2, 5, 4]], np.int32)
    out = self._mask(ids, (ids != 0).astype(np.int32))
    self.assertAllEqual(out['input_word_ids'], ids)
    self.assertAllEqual(out['masked_lm_weights'], np.zeros((2, 20)))

  def test_words_of_one_token_are_masked_like_tokens(self):
    ids, mask = _texts([60] * 50)
    out = _mask(ids, mask, whole_word=True)
    self.assertAllEqual(out['masked_lm_weights'].sum(1), [9] * 50)


if __name__ == '__main__':
  tf.test.main()
