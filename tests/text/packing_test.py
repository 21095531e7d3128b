# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Trimming and packing without TensorFlow give what those with it give."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.text import packing
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import vocabulary
from tests.data import temporary

_TOKENS = ('[CLS]', '[PAD]', 'a', '[UNK]', '[SEP]', '[MASK]')


class PackingTest(temporary.TemporaryFiles, parameterized.TestCase,
                       tf.test.TestCase):

  @parameterized.parameters(1, 2, 5, 6, 7, 30)
  def test_trim_equals_berts_loop(self, budget):
    for i in range(9):
      [alone] = packing.trim([np.arange(i)], budget)
      self.assertEqual(alone.tolist(), list(range(min(i, budget))))
      for j in range(9):
        first, second = list(range(i)), list(range(j))
        while len(first) + len(second) > budget:
          (first if len(first) > len(second) else second).pop()
        found = packing.trim([np.arange(i), np.arange(j)], budget)
        self.assertEqual([x.tolist() for x in found], [first, second])

  @parameterized.parameters(((),), ((2, 2, 3),), ((), ()), ((2,), (3, 2)),
                            ((), (2,)), ((2, 3), ()))
  def test_packed_as_by_the_tokenizer(self, *segments):
    tokenizer = tokenizer_lib.Tokenizer(
        self.make_file('vocab.txt', '\n'.join(_TOKENS)))
    expected = tokenizer.pack(
        [tf.ragged.constant([list(s)], tf.int32) for s in segments])
    ids, types = packing.Packer(vocabulary.Vocabulary(_TOKENS))(
        [np.array(s, np.int32) for s in segments])
    # Without the [PAD] that the tokenizer adds.
    self.assertAllEqual(ids, expected['input_word_ids'][0, :-1])
    self.assertAllEqual(types, expected['input_type_ids'][0, :-1])
    self.assertEqual((ids.dtype, types.dtype), (np.int32, np.int32))
    self.assertLen(ids, sum(map(len, segments)) +
                   packing.special_tokens(len(segments)))


if __name__ == '__main__':
  tf.test.main()
