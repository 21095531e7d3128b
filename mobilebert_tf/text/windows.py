# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Contexts cut into overlapping windows of tokens, without TensorFlow."""

from collections.abc import Sequence
import dataclasses
import types
from typing import Any

import numpy as np

from mobilebert_tf.text import plain_tokenizer

SPECIAL_TOKENS = 3  # [CLS] question [SEP] context [SEP]
_NO_SPAN = -1
# Windows of a context that an exported model reads, if nothing else is said.
MOST_WINDOWS = 512


@dataclasses.dataclass(frozen=True)
class WindowSettings:
  """Settings of the windows.

  Attributes:
    seq_length: Maximum length of a window in tokens: question, part of the
      context and the three special tokens, without padding.
    doc_stride: Distance between the starts of consecutive windows, in tokens.
    query_length: Maximum number of tokens of a question.
  """
  seq_length: int = 384
  doc_stride: int = 128
  query_length: int = 64

  def __post_init__(self):
    for name in ('doc_stride', 'query_length'):
      if getattr(self, name) < 1:
        raise ValueError(f'{name} is {getattr(self, name)}; it has to be at '
                         'least 1.')
    room = self.seq_length - self.query_length - SPECIAL_TOKENS
    if room < 1:
      raise ValueError(
          f'seq_length is {self.seq_length}, but a question may take '
          f'{self.query_length} tokens (query_length) and special tokens '
          f'{SPECIAL_TOKENS}: nothing is left for the context.')


def too_many(most: int, settings: WindowSettings) -> str:
  """Returns the message for a context that has too many windows."""
  return (f'A context needs more than {most} windows of {settings.seq_length} '
          'tokens (max_windows). Shorten it, or export the model with more, '
          '--max_windows.')


def measure(asked: Any, length: Any, settings: WindowSettings,
            ops: types.ModuleType = np) -> tuple[Any, Any, Any]:
  """Measures the windows of questions.

  Args:
    asked: int64 `[questions]`, number of tokens of each question.
    length: int64 `[questions]`, number of tokens of its context.
    settings: Settings of the windows.
    ops: `numpy` or `tensorflow`, the library of the arguments.

  Returns:
    int64 `[questions]` each: room for the context in a window, distance between
      windows, and number of windows.
  """
  room = settings.seq_length - SPECIAL_TOKENS - asked
  step = ops.minimum(room, settings.doc_stride)  # No more, or tokens are lost.
  return room, step, 1 + ops.maximum(-(-(length - room) // step), 0)


def best_window(place: Any, count: Any, length: Any, room: Any, step: Any,
                ops: types.ModuleType = np) -> Any:
  """Returns the number of the window that shows most around tokens, int64.

  The shorter side of a token counts, then the length of the window; of equal
  windows the first is returned, as in BERT's reference code.

  Args:
    place: int64, the tokens' places in their context; all shapes broadcast.
    count: Number of windows of the question.
    length: Number of tokens of its context.
    room: Room for the context in a window.
    step: Distance between windows.
    ops: `numpy` or `tensorflow`, the library of the arguments.
  """
  def shown(left: Any, size: Any) -> Any:
    fewer = ops.minimum(left, size - 1 - left)
    # Division by 1 makes float64 in numpy and in TensorFlow.
    score = fewer / 1 + 0.01 * (size / 1)
    return ops.where(fewer >= 0, score, -np.inf)

  last = count - 1
  # All but the last are equally long, and the one with the nearest middle shows
  # most: no need to compare the hundreds of windows of a small stride.
  nearest = -(-(2 * place - (room - 1) - step) // (2 * step))
  nearest = ops.maximum(ops.minimum(nearest, last - 1), 0)
  return ops.where(shown(place - nearest * step, room) >=
                   shown(place - last * step, length - last * step),
                   nearest, last)


class WindowPlan:
  """The windows of questions, in their order, as arrays.

  A question has as many windows as its context needs, at least one.

  Args:
    questions: Tokens of the questions.
    contexts: Tokens of the texts that they are about.
    paragraphs: Number of the context of each question, int `[questions]`.
    settings: Settings of the windows.

  Attributes:
    questions: Tokens of the questions.
    tokens: Tokens of the contexts.
    question: int32 `[windows]`, number of the question.
    start: int64 `[windows]`, first token among those of all contexts.
    size: int64 `[windows]`, number of its tokens that are the context's.
    offset: int64 `[windows]`, place of the context in the window.
    length: int64 `[windows]`, number of its tokens, special ones included.
  """

  def __init__(self, questions: plain_tokenizer.TokenizedTexts,
               contexts: plain_tokenizer.TokenizedTexts,
               paragraphs: Sequence[int],
               settings: WindowSettings = WindowSettings()):
    self.settings = settings
    self.questions, self.tokens = questions, contexts
    self._paragraphs = np.asarray(paragraphs, np.int64)
    # === Cut ===
    asked = np.minimum(questions.lengths, settings.query_length)
    begin = self.tokens.splits[self._paragraphs]
    length = self.tokens.lengths[self._paragraphs]
    room, step, counts = measure(asked, length, settings)
    self._measures = counts, length, room, step
    self._first = np.concatenate([[0], np.cumsum(counts)])
    question = np.repeat(np.arange(len(asked)), counts)
    within = step[question] * (np.arange(len(question)) - self._first[question])
    self.question = question.astype(np.int32)
    self.start = begin[question] + within
    self.size = np.minimum(room[question], length[question] - within)
    self.offset = asked[question] + SPECIAL_TOKENS - 1
    self.length = self.offset + self.size + 1

  def __len__(self) -> int:
    return len(self.question)

  def of_question(self, question: int) -> range:
    """Returns the numbers of a question's windows."""
    return range(self._first[question], self._first[question + 1])

  def pieces(self, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a window's question and part of the context, int32 `[tokens]`."""
    asked = self.questions.splits[self.question[row]]
    start = self.start[row]
    # [CLS] and [SEP] precede the context too.
    kept = self.offset[row] - (SPECIAL_TOKENS - 1)
    return (self.questions.ids[asked:asked + kept],
            self.tokens.ids[start:start + self.size[row]])

  def shows_most(self, row: int) -> np.ndarray:
    """Whether a window is the `best_window` of its tokens, bool `[size]`."""
    question = self.question[row]
    count, length, room, step = (x[question] for x in self._measures)
    number = row - self._first[question]
    place = number * step + np.arange(self.size[row])
    return best_window(place, count, length, room, step) == number

  def positions(self, spans: np.ndarray) -> np.ndarray:
    """Returns the positions of answers in the windows.

    Args:
      spans: int `[questions, 2]`, the first character of each question's answer
        in the context, and the one after the last; negative without answer.

    Returns:
      int32 `[windows, 2]`: first and last token in the window; 0, which is
        [CLS], in a window without the whole answer.
    """
    found = self._find_all(spans)
    first, last = found[self.question].T  # Among the tokens of all contexts.
    inside = (first >= self.start) & (last < self.start + self.size)
    inside &= first != _NO_SPAN
    shift = self.offset - self.start
    return np.where(inside[:, np.newaxis],
                    np.stack([first + shift, last + shift], 1),
                    0).astype(np.int32)

  def has_tokens(self, spans: np.ndarray) -> np.ndarray:
    """Whether each answer has a token, bool `[questions]`."""
    return self._find_all(spans)[:, 0] != _NO_SPAN

  def _find_all(self, spans: np.ndarray) -> np.ndarray:
    return np.array([self._find(paragraph, *span) for paragraph, span in zip(
        self._paragraphs, spans, strict=True)], np.int64).reshape([-1, 2])

  def _find(self, paragraph: int, start: int, end: int) -> tuple[int, int]:
    """Returns the first and last token that touches characters of a context."""
    if start < 0:
      return _NO_SPAN, _NO_SPAN
    low, high = self.tokens.splits[paragraph:paragraph + 2]
    first = low + np.searchsorted(self.tokens.ends[low:high], start, 'right')
    last = low + np.searchsorted(self.tokens.starts[low:high], end) - 1
    return (first, last) if first <= last else (_NO_SPAN, _NO_SPAN)
