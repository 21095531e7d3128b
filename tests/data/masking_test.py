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

"""Tests the rules of dynamic masking."""

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import masking
from mobilebert_tf.data import vocabulary as vocabulary_lib

_VOCABULARY = vocabulary_lib.Vocabulary(
    ('[PAD]', 'a', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
     *(f'w{i}' for i in range(94))))
_SPECIAL = (0, 2, 3, 4, 5)


def _texts(lengths, width=64):
  """Texts of [CLS] ... [SEP] with distinct ordinary tokens."""
  ids = np.zeros((len(lengths), width), np.int32)
  for row, n in zip(ids, lengths, strict=True):
    row[:n] = np.arange(6, 6 + n)
    row[0], row[n - 1] = 3, 4
  return ids, (ids != 0).astype(np.int32)


def _mask(ids, mask, max_predictions=20, rate=0.15, seed=(1, 2)):
  out = masking.mask_tokens(
      tf.constant(ids), tf.constant(mask), vocabulary=_VOCABULARY,
      max_predictions=max_predictions, rate=rate, seed=tf.constant(seed))
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


if __name__ == '__main__':
  tf.test.main()
