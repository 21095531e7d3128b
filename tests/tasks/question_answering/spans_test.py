# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The best spans, compared with a search through all of them."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.question_answering import graph_windows
from mobilebert_tf.tasks.question_answering import spans as spans_lib
from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import windows as windows_lib
from tests.data import temporary

_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
           *(f'w{i}' for i in range(30)))


class AnswerSpansTest(parameterized.TestCase, temporary.TemporaryFiles,
                      tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.tokenizer = tokenizer.Tokenizer(
        self.make_file('vocab.txt', '\n'.join(_TOKENS)))

  def _windows(self, *words: int, **settings) -> graph_windows.TextWindows:
    contexts = [' '.join(f'w{i % 30}' for i in range(n)) for n in words]
    return graph_windows.TextWindows(
        self.tokenizer, ['w1 w2'] * len(words), contexts, range(len(words)),
        windows_lib.WindowSettings(**{
            'seq_length': 20, 'doc_stride': 5, 'query_length': 6, **settings}))

  def _logits(self, windows, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    # As wide as a batch, with something in padding's place, and equal ones.
    return np.round(rng.normal(size=[len(windows), 2, 25]), 1).astype('float32')

  def _brute_force(self, windows, logits, question, n_best, longest):
    """Returns (score, start, end), best first."""
    def shown(row, token):
      left = token - windows.start[row]
      right = windows.start[row] + windows.size[row] - 1 - token
      return min(left, right) + 0.01 * windows.size[row] if min(
          left, right) >= 0 else -1
    rows = windows.of_question(question)
    best = {}
    for row in rows:
      for i in range(windows.size[row]):
        token = windows.start[row] + i
        # The first of the windows that show most.
        if max(rows, key=lambda r: (shown(r, token), -r)) != row:
          continue
        for j in range(i, min(i + longest, windows.size[row])):
          start = int(windows.tokens.starts[token])
          end = int(windows.tokens.ends[token + j - i])
          score = (float(logits[row, 0, windows.offset[row] + i]) +
                   float(logits[row, 1, windows.offset[row] + j]))
          best[start, end] = max(score, best.get((start, end), -np.inf))
    spans = sorted((-score, *span) for span, score in best.items())
    return [(-score, start, end) for score, start, end in spans[:n_best]]

  @parameterized.product(
      seed=(0, 1), doc_stride=(2, 5, 40), n_best=(1, 20),
      longest=(1, 6))
  def test_the_best_are_those_of_a_search(self, seed, doc_stride, n_best,
                                          longest):
    windows = self._windows(40, 3, 16, doc_stride=doc_stride)
    logits = self._logits(windows, seed)
    finder = spans_lib.SpanFinder(
        windows, spans_lib.SpanSettings(n_best, longest))
    for row in np.random.default_rng(seed).permutation(len(windows)):
      finder.add(row, *logits[row])
    for question in range(3):
      spans = finder.spans(question)
      found = [(span.score, span.start, span.end) for span in spans.best]
      expected = self._brute_force(windows, logits, question, n_best, longest)
      self.assertAllClose([f[0] for f in found], [e[0] for e in expected])
      self.assertEqual([f[1:] for f in found], [e[1:] for e in expected])
      null = min(logits[row, 0, 0] + logits[row, 1, 0]
                 for row in windows.of_question(question))
      self.assertAllClose(spans.null.score, null)
      self.assertAllClose(spans.null_odds, null - expected[0][0])

  def test_question_padding_and_special_tokens_are_no_answer(self):
    windows = self._windows(5)
    logits = np.full([2, 25], 9.0)
    logits[:, windows.offset[0]:windows.length[0] - 1] = 0
    finder = spans_lib.SpanFinder(windows)
    finder.add(0, *logits)
    spans = finder.spans(0)
    self.assertEqual({span.score for span in spans.best}, {0.0})
    self.assertLen(spans.best, 5 * 6 / 2)
    self.assertEqual(spans.null.score, 18.0)

  def test_a_context_without_tokens_has_no_spans(self):
    windows = self._windows(0)
    finder = spans_lib.SpanFinder(windows)
    finder.add(0, *np.zeros([2, 8]))
    self.assertEqual(finder.spans(0).best, ())

  def test_a_window_that_is_missing(self):
    finder = spans_lib.SpanFinder(self._windows(40))
    finder.add(0, *np.zeros([2, 25]))
    with self.assertRaises(KeyError):
      finder.spans(0)

  @parameterized.parameters(np.nan, np.inf)
  def test_logits_that_are_no_numbers(self, value):
    finder = spans_lib.SpanFinder(self._windows(4))
    logits = np.zeros([2, 12])
    logits[0, 10] = value
    finder.add(0, *logits)  # Padding may be anything.
    logits[0, 5] = value
    with self.assertRaisesRegex(ValueError, 'not finite.*diverged'):
      finder.add(0, *logits)

  def test_settings_that_make_no_sense(self):
    for name in ('n_best', 'max_answer_length'):
      with self.assertRaisesRegex(ValueError, f'{name} is 0'):
        spans_lib.SpanSettings(**{name: 0})


if __name__ == '__main__':
  tf.test.main()
