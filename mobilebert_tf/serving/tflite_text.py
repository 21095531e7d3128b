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

"""Signatures of a TFLite file that take text.

They need the custom operations of tensorflow-text, which are not in the usual
interpreters; a file with them runs everything else without.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow_text as tf_text

from mobilebert_tf.serving import served_module

TOKENIZE = 'tokenize'


def signature_name(length: int) -> str:
  """Returns the name of the text signature for a length."""
  return f'serve_text_{length}'


def signatures(module: served_module.ServedModule, lengths: Sequence[int]
               ) -> dict[str, tf.types.experimental.ConcreteFunction]:
  """Makes signatures that tokenize inside the file.

  `tokenize` gives the `ids` of a text, int32 `[tokens]`, without special
  tokens. `serve_text_<length>` answers it, cut off where it is longer than the
  length. Both take string `[1]` tensors by the names of `module.text_inputs`;
  `tokenize` only `text`.

  TFLite has FastBertTokenizer's own normaliser alone: `…` becomes three full
  stops, `½` becomes 1⁄2, and control characters become spaces, where BERT keeps
  the former and drops the latter. All other text gets the model's ids.

  Args:
    module: What answers.
    lengths: Lengths in tokens, padding included.

  Returns:
    Concrete functions by signature name.

  Raises:
    ValueError: For a model that answers questions.

  Example: `signatures(module, [64])['serve_text_64']`
  """
  if 'question' in module.text_inputs:
    raise ValueError(
        'A file that answers questions has no signatures of text: answers need '
        'windows and characters, which TFLiteRunner makes of ids.')
  vocabulary = module.tokenizer.vocabulary
  tokenizer = tf_text.FastBertTokenizer(
      vocab=list(vocabulary.tokens), token_out_type=tf.int32,
      lower_case_nfd_strip_accents=module.tokenizer.lower_case)

  def tokenize(text: tf.Tensor) -> tf.Tensor:
    return tokenizer.tokenize(text).flat_values

  def serve(length: int, texts: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    segments = [tokenize(texts[name]) for name in module.text_inputs]
    return module.numbers(*_pack(segments, length, vocabulary))

  spec = tf.TensorSpec([1], tf.string)
  made: dict[str, Any] = {TOKENIZE: tf.function(
      lambda text: {'ids': tokenize(text)}).get_concrete_function(
          tf.TensorSpec([1], tf.string, 'text'))}
  for length in lengths:
    made[signature_name(length)] = tf.function(
        lambda length=length, **texts: serve(length, texts)
    ).get_concrete_function(**dict.fromkeys(module.text_inputs, spec))
  return made


def _pack(segments: Sequence[tf.Tensor], length: int, vocabulary: Any
          ) -> list[tf.Tensor]:
  """Returns inputs `[1, length]` of one or two texts, int32 `[tokens]`."""
  budget = length - len(segments) - 2  # One [PAD] follows.
  if len(segments) == 2:
    first, second = (tf.size(s) for s in segments)
    # As BERT does: the longer one loses tokens, of two alike the second.
    keep = tf.minimum(first, tf.maximum((budget + 1) // 2, budget - second))
    segments = [segments[0][:keep], segments[1][:budget - keep]]
  else:
    segments = [segments[0][:budget]]
  sep = tf.constant([vocabulary.sep_id])
  words, types = [tf.constant([vocabulary.cls_id])], [tf.zeros([1], tf.int32)]
  for index, segment in enumerate(segments):
    words += [segment, sep]
    types.append(tf.fill([tf.size(segment) + 1], index))
  words, types = tf.concat(words, 0), tf.concat(types, 0)

  def pad(values: tf.Tensor, value: int = 0) -> tf.Tensor:
    padding = [[0, length - tf.size(words)]]
    padded = tf.pad(values, padding, constant_values=value)
    return tf.reshape(padded, [1, length])

  return [pad(words, vocabulary.pad_id), pad(tf.ones_like(words)), pad(types)]
