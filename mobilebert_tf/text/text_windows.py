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

"""The windows of questions and contexts as tensors."""

from collections.abc import Sequence

import tensorflow as tf

from mobilebert_tf.text import offsets
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import windows

_DEFAULT = windows.WindowSettings()


class Windows(windows.WindowPlan):
  """The windows of questions, in their order; see `WindowPlan`.

  Example:

    windows = Windows(tokenizer, ['Who?'], ['It was Ada.'], [0])
    inputs = windows.batch([0])  # input_word_ids, input_mask, input_type_ids

  Args:
    tokenizer: The tokenizer.
    questions: Their texts.
    contexts: The texts they are about.
    paragraphs: The context of each question, int `[questions]`.
    settings: How to cut.
  """

  def __init__(self,
               tokenizer: tokenizer_lib.Tokenizer,
               questions: Sequence[str],
               contexts: Sequence[str],
               paragraphs: Sequence[int],
               settings: windows.WindowSettings = _DEFAULT):
    super().__init__(offsets.tokenize(tokenizer, questions),
                     offsets.tokenize(tokenizer, contexts),
                     paragraphs, settings)
    self._tokenizer = tokenizer
    self._asked = offsets.ragged_ids(
        self.questions)[:, :settings.query_length]

  def batch(self, rows: tf.Tensor | Sequence[int],
            length: int | tf.Tensor | None = None) -> dict[str, tf.Tensor]:
    """Makes inputs of windows; also in a graph.

    Args:
      rows: int `[batch]`, numbers of windows.
      length: That of the inputs; one more than the longest's if None.

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
    start = tf.gather(self.start, rows)
    places = tf.ragged.range(start, start + tf.gather(self.size, rows))
    context = places.with_values(tf.gather(self.tokens.ids, places.values))
    question = tf.gather(self._asked, tf.gather(self.question, rows))
    return [question, context]
