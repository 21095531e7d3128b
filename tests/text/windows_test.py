# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Windows, compared with a loop over tokens, and the positions of answers."""

import time

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.question_answering import graph_windows
from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import windows as windows_lib
from tests.data import temporary

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '##s',
           *(f'w{i}' for i in range(30)))


def _text(words: int, first: int = 0) -> str:
  return ' '.join(f'w{(first + 7 * i) % 30}' for i in range(words))


class SquadWindowsTest(parameterized.TestCase, temporary.TemporaryFiles,
                       tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.tokenizer = tokenizer.Tokenizer(
        self.make_file('vocab.txt', '\n'.join(_TOKENS)))

  def _windows(self, questions, contexts, paragraphs=None, **settings
               ) -> graph_windows.TextWindows:
    return graph_windows.TextWindows(
        self.tokenizer, questions, contexts,
        range(len(contexts)) if paragraphs is None else paragraphs,
        windows_lib.WindowSettings(**{
            'seq_length': 20, 'doc_stride': 5, 'query_length': 6, **settings}))

  def _expected(self, question: str, context: str, seq_length: int,
                doc_stride: int, query_length: int) -> list[list[str]]:
    """Cuts as BERT's reference code is described to."""
    asked = question.split()[:query_length]
    words, room = context.split(), seq_length - 3 - len(asked)
    windows, start = [], 0
    while True:
      windows.append(['[CLS]', *asked, '[SEP]', *words[start:start + room],
                      '[SEP]'])
      if start + room >= len(words):
        return windows
      start += min(doc_stride, room)

  @parameterized.product(
      words=(0, 11, 12, 17, 50), asked=(1, 9),
      doc_stride=(1, 5, 40))
  def test_windows_are_those_of_a_loop(self, words, asked, doc_stride):
    questions = [_text(asked, 3), _text(2)]
    contexts = [_text(words), _text(4)]
    windows = self._windows(questions, contexts, doc_stride=doc_stride)
    inputs = windows.batch(range(len(windows)))
    ids, mask = inputs['input_word_ids'].numpy(), inputs['input_mask'].numpy()
    for i in (0, 1):
      expected = self._expected(questions[i], contexts[i], 20, doc_stride, 6)
      rows = windows.of_question(i)
      self.assertLen(rows, len(expected))
      for row, tokens in zip(rows, expected, strict=True):
        self.assertEqual(windows.length[row], len(tokens))
        self.assertEqual(
            [_TOKENS[t] for t in ids[row, :len(tokens)]], tokens)
        asked_ids, context_ids = windows.pieces(row)
        self.assertEqual(
            ['[CLS]', *(_TOKENS[t] for t in asked_ids), '[SEP]',
             *(_TOKENS[t] for t in context_ids), '[SEP]'], tokens)
        self.assertEqual(mask[row].sum(), len(tokens))
        types = [0] * (min(asked, 6) + 2 if i == 0 else 4)
        self.assertAllEqual(inputs['input_type_ids'][row, :len(types)], types)
        self.assertEqual(
            int(tf.reduce_sum(inputs['input_type_ids'][row])),
            len(tokens) - len(types))
    # At least one [PAD] follows the longest.
    self.assertEqual(ids.shape[1], windows.length.max() + 1)

  def test_every_token_of_the_context_is_in_a_window(self):
    windows = self._windows([_text(6)], [_text(97)], doc_stride=9)
    seen = np.zeros([97], int)
    for start, size in zip(windows.start, windows.size, strict=True):
      seen[start:start + size] += 1
    self.assertTrue((seen > 0).all())

  def test_a_batch_in_a_graph_has_the_length_asked_for(self):
    windows = self._windows([_text(2)] * 2, [_text(3), _text(40)])
    dataset = tf.data.Dataset.from_tensor_slices([0, 1]).batch(2).map(
        lambda rows: windows.batch(rows, tf.constant(21, tf.int64)))
    [batch] = dataset
    self.assertEqual(batch['input_word_ids'].shape, [2, 21])
    self.assertAllEqual(batch['input_word_ids'],
                        windows.batch([0, 1], 21)['input_word_ids'])

  # === Positions ===

  def test_positions_of_an_answer_in_each_window(self):
    context = _text(30)
    words = context.split()
    start = len(' '.join(words[:12])) + 1  # Words 12 and 13.
    end = start + len(' '.join(words[12:14]))
    windows = self._windows([_text(2)], [context])
    positions = windows.positions(np.array([[start, end]]))
    inputs = windows.batch(range(len(windows)))['input_word_ids'].numpy()
    found = 0
    for row in range(len(windows)):
      first, last = positions[row]
      inside = windows.start[row] <= 12 and (
          13 < windows.start[row] + windows.size[row])
      self.assertEqual(first > 0, inside)
      if inside:
        found += 1
        self.assertEqual([_TOKENS[t] for t in inputs[row, first:last + 1]],
                         words[12:14])
      else:
        self.assertEqual((first, last), (0, 0))
    self.assertBetween(found, 2, len(windows) - 1)

  @parameterized.parameters(
      (0, 2, 4, 4), (1, 2, 4, 4), (3, 6, 5, 6), (5, 6, 6, 6), (2, 3, 0, 0),
      (2, 4, 5, 5), (-1, -1, 0, 0))
  def test_parts_of_words_and_what_has_no_token(self, start, end, first, last):
    windows = self._windows(['w1 w2'], ['w1 w2s'])  # w1 w2 ##s
    self.assertAllEqual(windows.positions(np.array([[start, end]])),
                        [[first, last]])
    self.assertAllEqual(windows.has_tokens(np.array([[start, end]])),
                        [first > 0])

  def test_questions_share_a_context(self):
    windows = self._windows(['w1', 'w2', 'w3'], ['w4 w5', 'w6'], [0, 1, 0])
    self.assertAllEqual(windows.positions(np.array([[3, 5], [0, 2], [0, 2]])),
                        [[4, 4], [3, 3], [3, 3]])
    self.assertLen(windows.tokens.ids, 3)

  # === Sizes ===

  @parameterized.parameters(
      ({'doc_stride': 0}, 'doc_stride is 0'),
      ({'query_length': -1}, 'query_length is -1'),
      ({'seq_length': 9}, 'seq_length is 9.*6 tokens.*nothing is left'))
  def test_settings_that_make_no_sense(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      self._windows(['w1'], ['w2'], **settings)

  def test_a_context_of_100_000_words(self):
    start = time.monotonic()
    windows = self._windows(
        [_text(20)], [_text(100_000)], seq_length=384, doc_stride=128,
        query_length=64)
    self.assertLess(time.monotonic() - start, 5)
    self.assertLen(windows, 1 + -(-(100_000 - 361) // 128))
    self.assertEqual(windows.start[-1] + windows.size[-1], 100_000)


if __name__ == '__main__':
  tf.test.main()
