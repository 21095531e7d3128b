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

"""How contexts are cut into overlapping windows of tokens, as arrays."""

from collections.abc import Sequence
import dataclasses

import numpy as np

from mobilebert_tf.text import plain_tokenizer

_SPECIAL_TOKENS = 3  # [CLS] question [SEP] context [SEP]
_NO_SPAN = -1


@dataclasses.dataclass(frozen=True)
class WindowSettings:
  """How contexts are cut.

  Attributes:
    seq_length: Tokens of a window: question, part of the context and the three
      special tokens. Batches are at most one longer: padding follows.
    doc_stride: By how many tokens a window begins after the one before.
    query_length: How many tokens of a question to keep, from its start.
  """
  seq_length: int = 384
  doc_stride: int = 128
  query_length: int = 64

  def __post_init__(self):
    for name in ('doc_stride', 'query_length'):
      if getattr(self, name) < 1:
        raise ValueError(f'{name} is {getattr(self, name)}; it has to be at '
                         'least 1.')
    room = self.seq_length - self.query_length - _SPECIAL_TOKENS
    if room < 1:
      raise ValueError(
          f'seq_length is {self.seq_length}, but a question may take '
          f'{self.query_length} tokens (query_length) and special tokens '
          f'{_SPECIAL_TOKENS}: nothing is left for the context.')


class WindowPlan:
  """The windows of questions, in their order, as arrays.

  A question has as many windows as its context needs, and one if that has no
  tokens. The long ones cost no more than the tokens they have.

  Example:

    plan = WindowPlan(tokenizer.tokenize_with_offsets(['Who?']),
                      tokenizer.tokenize_with_offsets(['It was Ada.']), [0])
    question, context = plan.pieces(0)  # The ids of the first window.

  Args:
    questions: The tokens of the questions.
    contexts: Those of the texts they are about.
    paragraphs: The context of each question, int `[questions]`.
    settings: How to cut.

  Attributes:
    questions: The tokens of the questions, whole.
    tokens: The tokens of the contexts.
    question: int32 `[windows]`, which question each is of.
    start: int64 `[windows]`, its first token among those of all contexts.
    size: int64 `[windows]`, how many tokens of the context it has.
    offset: int64 `[windows]`, where the context begins in it.
    length: int64 `[windows]`, its tokens, special ones included.
  """

  def __init__(self,
               questions: plain_tokenizer.TokenizedTexts,
               contexts: plain_tokenizer.TokenizedTexts,
               paragraphs: Sequence[int],
               settings: WindowSettings = WindowSettings()):
    self.settings = settings
    self.questions, self.tokens = questions, contexts
    self._paragraphs = np.asarray(paragraphs, np.int64)
    # === Cut ===
    asked = np.minimum(questions.lengths, settings.query_length)
    room = settings.seq_length - _SPECIAL_TOKENS - asked
    step = np.minimum(settings.doc_stride, room)  # So that there is no gap.
    begin = self.tokens.splits[self._paragraphs]
    length = self.tokens.lengths[self._paragraphs]
    counts = 1 + np.maximum(0, -(-(length - room) // step))
    self._first = np.concatenate([[0], np.cumsum(counts)])
    question = np.repeat(np.arange(len(asked)), counts)
    within = step[question] * (
        np.arange(len(question)) - self._first[question])
    self.question = question.astype(np.int32)
    self.start = begin[question] + within
    self.size = np.minimum(room[question], length[question] - within)
    self.offset = asked[question] + _SPECIAL_TOKENS - 1
    self.length = self.offset + self.size + 1

  def __len__(self) -> int:
    return len(self.question)

  def of_question(self, question: int) -> range:
    """Returns the numbers of a question's windows."""
    return range(self._first[question], self._first[question + 1])

  def pieces(self, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a window's question and part of the context, as ids.

    Args:
      row: The number of the window.

    Returns:
      Two int32 `[tokens]`, without special tokens.
    """
    asked = self.questions.splits[self.question[row]]
    start = self.start[row]
    # [CLS] and [SEP] stand before the context too.
    kept = self.offset[row] - (_SPECIAL_TOKENS - 1)
    return (self.questions.ids[asked:asked + kept],
            self.tokens.ids[start:start + self.size[row]])

  def positions(self, spans: np.ndarray) -> np.ndarray:
    """Returns where answers are in the windows.

    Args:
      spans: int `[questions, 2]`, the first character of each question's answer
        in the context, and the one after the last; two negative numbers where
        there is no answer.

    Returns:
      int32 `[windows, 2]`: first and last token in the window; 0, which is
      [CLS], in a window that lacks an answer or a part of it.
    """
    found = np.array([self._find(paragraph, *span) for paragraph, span in zip(
        self._paragraphs, spans, strict=True)], np.int64).reshape([-1, 2])
    first, last = found[self.question].T  # Among the tokens of all contexts.
    inside = (first >= self.start) & (last < self.start + self.size)
    inside &= first != _NO_SPAN
    shift = self.offset - self.start
    return np.where(inside[:, np.newaxis],
                    np.stack([first + shift, last + shift], 1),
                    0).astype(np.int32)

  def has_tokens(self, spans: np.ndarray) -> np.ndarray:
    """Whether any token stands for each answer, bool `[questions]`."""
    return np.array([self._find(paragraph, *span)[0] != _NO_SPAN
                     for paragraph, span in zip(self._paragraphs, spans,
                                                strict=True)], bool)

  def _find(self, paragraph: int, start: int, end: int) -> tuple[int, int]:
    """Returns the first and last token that touches characters of a context."""
    if start < 0:
      return _NO_SPAN, _NO_SPAN
    low, high = self.tokens.splits[paragraph:paragraph + 2]
    first = low + np.searchsorted(self.tokens.ends[low:high], start, 'right')
    last = low + np.searchsorted(self.tokens.starts[low:high], end) - 1
    return (first, last) if first <= last else (_NO_SPAN, _NO_SPAN)
