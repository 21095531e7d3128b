# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Contexts cut into overlapping windows of tokens, as tensors.

`cut` works inside a graph; `TextWindows` makes batches of windows that were
planned outside, by the same arithmetic (`windows`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import windows as windows_lib

_DEFAULT = windows_lib.WindowSettings()


class TextWindows(windows_lib.WindowPlan):
  """The windows of questions, in their order; see `WindowPlan`.

  Example:

    windows = TextWindows(tokenizer, ['Who?'], ['It was Ada.'], [0])
    inputs = windows.batch([0])  # input_word_ids, input_mask, input_type_ids

  Args:
    tokenizer: The tokenizer.
    questions: Texts of the questions.
    contexts: Texts that they are about.
    paragraphs: Number of the context of each question, int `[questions]`.
    settings: Settings of the windows.
  """

  def __init__(self,
               tokenizer: tokenizer_lib.Tokenizer,
               questions: Sequence[str],
               contexts: Sequence[str],
               paragraphs: Sequence[int],
               settings: windows_lib.WindowSettings = _DEFAULT):
    super().__init__(tokenizer.tokenize_strings_with_offsets(questions),
                     tokenizer.tokenize_strings_with_offsets(contexts),
                     paragraphs, settings)
    self._tokenizer = tokenizer
    self._asked = tf.RaggedTensor.from_row_splits(
        self.questions.ids, self.questions.splits,
        validate=False)[:, :settings.query_length]

  def batch(self, rows: tf.Tensor | Sequence[int],
            length: int | tf.Tensor | None = None) -> dict[str, tf.Tensor]:
    """Makes inputs of windows; also in a graph.

    Args:
      rows: int `[batch]`, numbers of windows.
      length: Length of the inputs; one more than the longest window if None.

    Returns:
      int32 `input_word_ids`, `input_mask`, `input_type_ids` `[batch, length]`.
    """
    return self._tokenizer.pack(self.segments(rows), length)

  def segments(self, rows: tf.Tensor | Sequence[int]) -> list[tf.RaggedTensor]:
    """Returns questions and parts of contexts, without special tokens.

    Args:
      rows: int `[batch]`, numbers of windows.

    Returns:
      Two int32 `[batch, (tokens)]`, for `Tokenizer.pack`.
    """
    return _segments(self._asked, tf.gather(self.question, rows),
                     self.tokens.ids, tf.gather(self.start, rows),
                     tf.gather(self.size, rows))


class Windows(NamedTuple):
  """The windows of questions, in their order, cut inside a graph.

  Attributes:
    question: Number of the question, int64 `[windows]` as all of these.
    number: Number among the windows of its question, from 0.
    count: Number of windows of its question.
    asked: Number of tokens of the question that are kept.
    begin: The context's first token among those of all contexts.
    length: Number of tokens of the context.
    start: The window's first token among those of its context.
    size: Number of its tokens that are the context's.
    room: Number of tokens of a context that it has room for.
    step: Distance to the window before, in tokens.
  """
  question: tf.Tensor
  number: tf.Tensor
  count: tf.Tensor
  asked: tf.Tensor
  begin: tf.Tensor
  length: tf.Tensor
  start: tf.Tensor
  size: tf.Tensor
  room: tf.Tensor
  step: tf.Tensor

  @property
  def offset(self) -> tf.Tensor:
    """Place of the context in each window, int64 `[windows]`."""
    return self.asked + windows_lib.SPECIAL_TOKENS - 1

  def take(self, rows: tf.Tensor) -> 'Windows':
    """Returns some of the windows.

    Args:
      rows: int `[rows]`, numbers of the windows.
    """
    return Windows(*(tf.gather(values, rows) for values in self))


def cut(questions: tf.RaggedTensor, contexts: tf.RaggedTensor,
        paragraphs: tf.Tensor,
        settings: windows_lib.WindowSettings) -> Windows:
  """Cuts contexts into windows.

  Args:
    questions: int32 `[questions, (tokens)]`, no longer than
      `settings.query_length`.
    contexts: int32 `[contexts, (tokens)]`.
    paragraphs: Number of the context of each question, int `[questions]`.
    settings: Settings of the windows.

  Returns:
    The windows, at least one for each question.

  Example: `cut(question_ids, context_ids, tf.range(2), settings).size`
  """
  asked = questions.row_lengths()
  length = tf.gather(contexts.row_lengths(), paragraphs)
  room, step, count = windows_lib.measure(asked, length, settings, tf)
  # === From questions to windows ===
  numbers = tf.ragged.range(count)
  question = tokenizer_lib.row_of_values(numbers)
  count, asked, begin, length, room, step = (
      tf.gather(values, question) for values in (
          count, asked, tf.gather(contexts.row_starts(), paragraphs), length,
          room, step))
  start = step * numbers.values
  return Windows(question, numbers.values, count, asked, begin, length, start,
                 tf.minimum(room, length - start), room, step)


def segments(windows: Windows, questions: tf.RaggedTensor,
             contexts: tf.RaggedTensor) -> list[tf.RaggedTensor]:
  """Returns questions and parts of contexts, without special tokens.

  Args:
    windows: The windows.
    questions: Tokens of the questions, as for `cut`.
    contexts: Tokens of the contexts, as for `cut`.

  Returns:
    Two int32 `[windows, (tokens)]`, for `Tokenizer.pack`.

  Example: `tokenizer.pack(segments(windows, question_ids, context_ids))`
  """
  return _segments(questions, windows.question, contexts.values,
                   windows.begin + windows.start, windows.size)


def shows_most(windows: Windows, width: tf.Tensor) -> tf.Tensor:
  """Whether no window of the question shows more around each token.

  Args:
    windows: The windows.
    width: Number of tokens to look at.

  Returns:
    bool `[windows, width]`, for the tokens of each window's part of its
    context; False after its end. See `windows.best_window`.

  Example: `shows_most(windows, tf.reduce_max(windows.size))`
  """
  of = Windows(*(values[:, tf.newaxis] for values in windows))
  place = of.start + tf.range(tf.cast(width, tf.int64))
  best = windows_lib.best_window(
      place, of.count, of.length, of.room, of.step, tf)
  return (best == of.number) & (place < of.start + of.size)


def _segments(questions: tf.RaggedTensor, question: tf.Tensor,
              contexts: tf.Tensor, start: tf.Tensor,
              size: tf.Tensor) -> list[tf.RaggedTensor]:
  """Returns int32 `[windows, (tokens)]` of questions and of contexts.

  Args:
    questions: int32 `[questions, (tokens)]`.
    question: Number of the question of each window, `[windows]`.
    contexts: int32 `[tokens]`, of all contexts.
    start: First token of each window among these, `[windows]`.
    size: Number of tokens of each window's context, `[windows]`.
  """
  places = tf.ragged.range(start, start + size)
  return [tf.gather(questions, question),
          places.with_values(tf.gather(contexts, places.values))]
