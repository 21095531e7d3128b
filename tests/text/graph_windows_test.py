# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Windows cut in a graph and outside, compared to each other and to loops."""

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import numpy as np
import tensorflow as tf

from mobilebert_tf.text import graph_windows
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import windows as windows_lib


def _tokens(lengths: list[int]) -> plain_tokenizer.TokenizedTexts:
  splits = np.cumsum([0, *lengths])
  places = np.arange(splits[-1], dtype=np.int32)
  return plain_tokenizer.TokenizedTexts(places, places, places + 1, splits)


def _ragged(tokens: plain_tokenizer.TokenizedTexts) -> tf.RaggedTensor:
  return tf.RaggedTensor.from_row_splits(tokens.ids, tokens.splits)


def _shows_most(plan: windows_lib.WindowPlan, row: int) -> list[bool]:
  """Compares all windows around each token, as BERT's reference code does."""
  rows = plan.of_question(plan.question[row])
  best = []
  for token in range(plan.start[row], plan.start[row] + plan.size[row]):
    scores = []
    for other in rows:
      left = token - plan.start[other]
      right = plan.start[other] + plan.size[other] - 1 - token
      scores.append(min(left, right) + 0.01 * plan.size[other]
                    if min(left, right) >= 0 else float('-inf'))
    best.append(rows[scores.index(max(scores))] == row)
  return best


class GraphWindowsTest(parameterized.TestCase, tf.test.TestCase):

  def _check(self, asked, lengths, paragraphs, settings):
    """Compares windows, and which of them shows most around each token."""
    questions, contexts = _tokens(asked), _tokens(lengths)
    plan = windows_lib.WindowPlan(questions, contexts, paragraphs, settings)
    kept = _ragged(questions)[:, :settings.query_length]
    windows = graph_windows.cut(
        kept, _ragged(contexts), tf.constant(paragraphs), settings)
    self.assertAllEqual(windows.question, plan.question)
    self.assertAllEqual(windows.begin + windows.start, plan.start)
    self.assertAllEqual(windows.size, plan.size)
    self.assertAllEqual(windows.offset, plan.offset)
    width = int(plan.size.max())
    most = graph_windows.shows_most(windows, width).numpy()
    question, context = graph_windows.segments(windows, kept, _ragged(contexts))
    for row in range(len(plan)):
      size = plan.size[row]
      self.assertAllEqual(most[row, :size], plan.shows_most(row))
      self.assertAllEqual(most[row, :size], _shows_most(plan, row))
      self.assertFalse(most[row, size:].any())
      for got, expected in zip((question, context), plan.pieces(row),
                               strict=True):
        self.assertAllEqual(got[row], expected)

  @hypothesis.settings(max_examples=50, deadline=None)
  @hypothesis.given(
      asked=strategies.lists(strategies.integers(0, 12), min_size=1,
                             max_size=3),
      lengths=strategies.lists(strategies.integers(0, 150), min_size=1,
                               max_size=3),
      seq_length=strategies.integers(12, 60), stride=strategies.integers(1, 70),
      query_length=strategies.integers(1, 8), data=strategies.data())
  def test_windows_of_any_size(self, asked, lengths, seq_length, stride,
                               query_length, data):
    paragraphs = data.draw(strategies.lists(
        strategies.integers(0, len(lengths) - 1), min_size=len(asked),
        max_size=len(asked)))
    self._check(asked, lengths, paragraphs, windows_lib.WindowSettings(
        seq_length, stride, query_length))

  @parameterized.parameters(121, 128, 130, 254, 300)
  def test_a_last_window_that_is_100_or_200_shorter(self, stride):
    # Where a hundred times a hundredth is as much as one more token.
    room = 384 - 3 - 4
    for size in (room - 100, room - 200, room):
      self._check([4], [2 * stride + size], [0],
                  windows_lib.WindowSettings(doc_stride=stride))

  def test_no_windows(self):
    windows = graph_windows.cut(
        _ragged(_tokens([])), _ragged(_tokens([])),
        tf.zeros([0], tf.int32), windows_lib.WindowSettings())
    self.assertEqual([x.shape for x in windows], [[0]] * len(windows))


if __name__ == '__main__':
  tf.test.main()
