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

"""Contexts cut into overlapping windows of tokens, inside a graph."""

from typing import NamedTuple

import tensorflow as tf

from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import windows as windows_lib

_SPECIAL_TOKENS = 3  # [CLS] question [SEP] context [SEP]


class Windows(NamedTuple):
  """The windows of questions, in their order, as `window_plan.WindowPlan`.

  Attributes:
    question: Which question each is of, int64 `[windows]` as all of these.
    number: Which of its question's windows it is, from 0.
    count: How many of them there are.
    asked: Tokens of the question, as far as they are kept.
    begin: The context's first token among those of all contexts.
    length: Tokens of the context.
    start: The window's first token among those of its context.
    size: How many tokens of the context it has.
    room: How many it has room for.
    step: By how many tokens it begins after the one before.
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
    """Where the context begins in each window, int64 `[windows]`."""
    return self.asked + _SPECIAL_TOKENS - 1

  def take(self, rows: tf.Tensor) -> 'Windows':
    """Returns some of the windows.

    Args:
      rows: int `[rows]`, their numbers among all.
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
    paragraphs: The context of each question, int `[questions]`.
    settings: How to cut.

  Returns:
    The windows, at least one for each question.

  Example: `cut(question_ids, context_ids, tf.range(2), settings).size`
  """
  asked = questions.row_lengths()
  room = settings.seq_length - _SPECIAL_TOKENS - asked
  # So that there is no gap.
  step = tf.minimum(tf.cast(settings.doc_stride, tf.int64), room)
  length = tf.gather(contexts.row_lengths(), paragraphs)
  count = 1 + tf.maximum(_divide_up(length - room, step), 0)
  # === From questions to windows ===
  numbers = tf.ragged.range(count)
  question = tokenizer.row_of_values(numbers)
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
    questions: What was cut.
    contexts: The same.

  Returns:
    Two int32 `[windows, (tokens)]`, for `Tokenizer.pack`.

  Example: `tokenizer.pack(segments(windows, question_ids, context_ids))`
  """
  first = windows.begin + windows.start
  places = tf.ragged.range(first, first + windows.size)
  return [tf.gather(questions, windows.question),
          places.with_values(tf.gather(contexts.values, places.values))]


def shows_most(windows: Windows, width: tf.Tensor) -> tf.Tensor:
  """Whether no window of the question shows more around each token.

  Of windows that show as much on the poorer side of a token the longer counts,
  of two alike the first.

  Args:
    windows: The windows.
    width: How many tokens to look at.

  Returns:
    bool `[windows, width]`, for the tokens of each window's part of its
    context; False after its end.

  Example: `shows_most(windows, tf.reduce_max(windows.size))`
  """
  of = Windows(*(values[:, tf.newaxis] for values in windows))
  place = of.start + tf.range(tf.cast(width, tf.int64))
  last = of.count - 1
  # All but the last are equally long: the one whose middle is nearest shows
  # most. That spares comparing it to the hundreds that a small stride makes.
  nearest = _divide_up(2 * place - (of.room - 1) - of.step, 2 * of.step)
  nearest = tf.clip_by_value(nearest, 0, tf.maximum(last - 1, 0))
  in_last = _context(place - last * of.step, of.length - last * of.step)
  best = tf.where(_context(place - nearest * of.step, of.room) >= in_last,
                  nearest, last)
  return (best == of.number) & (place < of.start + of.size)


def _context(left: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
  """How much a window shows on the poorer side of tokens, -inf outside."""
  fewer = tf.minimum(left, size - 1 - left)
  # The sum that `answer_spans` makes, so that both round alike.
  shown = tf.cast(fewer, tf.float64) + 0.01 * tf.cast(size, tf.float64)
  return tf.where(fewer < 0, tf.constant(float('-inf'), tf.float64), shown)


def _divide_up(values: tf.Tensor, divisor: tf.Tensor) -> tf.Tensor:
  """Returns quotients rounded up."""
  return -(-values // divisor)
