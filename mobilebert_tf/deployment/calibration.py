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

"""Real texts as a model's inputs, to calibrate an export with."""

from collections.abc import Sequence
import dataclasses

import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.text import graph_windows
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import windows as windows_lib

_TEXTS_AT_ONCE = 16

Inputs = dict[str, tf.Tensor]


def batches(trained: loading.TrainedModel, texts: agreement.RealTexts, *,
            rows: int = _TEXTS_AT_ONCE, length: int | None = None,
            most: int | None = None) -> list[Inputs]:
  """Encodes texts as the model reads them.

  Args:
    trained: The model.
    texts: The texts, or questions and contexts, of which every window counts.
    rows: How many go into one batch.
    length: That of all batches; None for that of the longest text and a [PAD]
      each. Texts that are longer lose their ends.
    most: How many texts or windows count, evenly from all; None for all.

  Returns:
    The model's inputs by name, int32 `[rows, length]`.

  Example: `batches(loading.load('runs/sst2'), RealTexts(['a', 'b']))`
  """
  tokenizer = tokenizer_lib.Tokenizer(trained.vocab_file, trained.lower_case)
  if trained.kind == loading.QUESTION_ANSWERING:
    settings = predictor.QuestionAnswerer(trained).window_settings
    if length is not None:
      settings = _shortened(settings, length - 1)
    windows = graph_windows.TextWindows(
        tokenizer, texts.texts, texts.pairs, range(len(texts)), settings)
    return [windows.batch(part, length) for part in _parts(
        _spread(len(windows), most), rows)]
  longest = trained.max_length
  if length is not None:
    longest = min(longest, length - 1)
  return [
      tokenizer.encode([texts.texts[i] for i in part],
                       texts.pairs and [texts.pairs[i] for i in part],
                       max_length=longest, length=length)
      for part in _parts(_spread(len(texts), most), rows)
  ]


def _spread(count: int, most: int | None) -> Sequence[int]:
  """Returns so many row numbers of all, evenly."""
  if most is None or most >= count:
    return range(count)
  return [i * count // most for i in range(most)]


def _parts(rows: Sequence[int], size: int) -> list[Sequence[int]]:
  return [rows[i:i + size] for i in range(0, len(rows), size)]


def _shortened(settings: windows_lib.WindowSettings,
               seq_length: int) -> windows_lib.WindowSettings:
  """Returns settings for windows of another length, half of them questions."""
  if seq_length >= settings.seq_length:
    return settings
  return dataclasses.replace(
      settings, seq_length=seq_length,
      query_length=max(1, min(settings.query_length, seq_length // 2 - 2)))
