# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Windows and answers of a graph, compared to the plain ones and to loops."""

from absl.testing import parameterized
import hypothesis
from hypothesis import strategies
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.question_answering import graph_windows
from mobilebert_tf.tasks.question_answering import spans as spans_lib
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import windows as windows_lib


_TEXT = 'x' * 200  # A character a token.


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


def _characters(lengths: list[int]) -> plain_tokenizer.TokenizedTexts:
  splits = np.cumsum([0, *lengths])
  places = np.concatenate([np.arange(n, dtype=np.int32)
                           for n in (0, *lengths)])
  return plain_tokenizer.TokenizedTexts(places, places, places + 1, splits)


def _tensors(tokens: plain_tokenizer.TokenizedTexts) -> tokenizer.TokenTensors:
  return tokenizer.TokenTensors(*(
      tf.RaggedTensor.from_row_splits(values, tokens.splits)
      for values in (tokens.ids, tokens.starts, tokens.ends)))


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


class GraphSpansTest(tf.test.TestCase):

  @hypothesis.settings(max_examples=60, deadline=None)
  @hypothesis.given(
      asked=strategies.lists(strategies.integers(1, 9), min_size=1, max_size=3),
      lengths=strategies.lists(strategies.integers(0, 80), min_size=3,
                               max_size=3),
      stride=strategies.integers(1, 30), n_best=strategies.integers(1, 6),
      longest=strategies.integers(1, 8), seed=strategies.integers(0, 10**6),
      # Few values, so that many scores are equal.
      values=strategies.sampled_from([2, 5, 1000]),
      allow_no_answer=strategies.booleans(),
      threshold=strategies.sampled_from([-3.0, 0.0, 2.5]))
  def test_answers_are_those_of_the_plain_version(
      self, asked, lengths, stride, n_best, longest, seed, values,
      allow_no_answer, threshold):
    questions, contexts = _characters(asked), _characters(lengths[:len(asked)])
    settings = windows_lib.WindowSettings(24, stride, 6)
    choice = spans_lib.SpanSettings(n_best, longest)
    plan = windows_lib.WindowPlan(questions, contexts, range(len(asked)),
                                  settings)
    rng = np.random.default_rng(seed)
    start_logits, end_logits = rng.integers(
        -values, values, [2, len(plan), 25]).astype(np.float32) / 4
    finder = spans_lib.SpanFinder(plan, choice)
    for row in range(len(plan)):
      finder.add(row, start_logits[row], end_logits[row])

    tensors = _tensors(contexts)
    windows = graph_windows.cut(
        _tensors(questions).ids[:, :settings.query_length], tensors.ids,
        tf.range(len(asked)), settings)
    found = graph_windows.find(windows, tf.constant(start_logits),
                               tf.constant(end_logits), choice)
    chosen = graph_windows.choose(
        windows, found, tensors, tf.ones([len(asked)], tf.bool), choice,
        allow_no_answer=allow_no_answer, null_threshold=threshold)
    for i in range(len(asked)):
      expected = spans_lib.choose(
          finder.spans(i), 'Who?', _TEXT, allow_no_answer, threshold)
      start, end = int(chosen.start[i]), int(chosen.end[i])
      self.assertEqual((start, end), (-1, -1) if expected.start is None else
                       (expected.start, expected.end))
      self.assertAllClose(chosen.score[i], expected.score, 1e-6, 1e-6)
      self.assertAllClose(chosen.null_odds[i], expected.null_odds, 1e-6, 1e-6)


if __name__ == '__main__':
  tf.test.main()
