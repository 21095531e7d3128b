# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers chosen in a graph: those that `spans` chooses, for any logits."""

import hypothesis
from hypothesis import strategies
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.question_answering import graph_spans
from mobilebert_tf.tasks.question_answering import spans as spans_lib
from mobilebert_tf.text import graph_windows
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import windows as windows_lib

_TEXT = 'x' * 200  # A character a token.


def _tokens(lengths: list[int]) -> plain_tokenizer.TokenizedTexts:
  splits = np.cumsum([0, *lengths])
  places = np.concatenate([np.arange(n, dtype=np.int32)
                           for n in (0, *lengths)])
  return plain_tokenizer.TokenizedTexts(places, places, places + 1, splits)


def _tensors(tokens: plain_tokenizer.TokenizedTexts) -> tokenizer.TokenTensors:
  return tokenizer.TokenTensors(*(
      tf.RaggedTensor.from_row_splits(values, tokens.splits)
      for values in (tokens.ids, tokens.starts, tokens.ends)))


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
    questions, contexts = _tokens(asked), _tokens(lengths[:len(asked)])
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
    found = graph_spans.find(windows, tf.constant(start_logits),
                             tf.constant(end_logits), choice)
    chosen = graph_spans.choose(
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
