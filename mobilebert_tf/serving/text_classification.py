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

"""A classifier as a servable module: from ids or from raw text to labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from mobilebert_tf.data import tokenization
from mobilebert_tf.modeling import validation
from official.core import export_base


class TextClassification(export_base.ExportModule):
  """Answers texts with labels and probabilities.

  Args:
    model: A classifier as a module, `rewriting.rewrite(classifier)` or
      `InferenceModel(classifier)`, whose output is logits `[batch, labels]`.
    tokenizer: The tokenizer that the classifier was trained with; it becomes
      part of the SavedModel.
    labels: Names of the classes, in the order of the logits.
    max_length: Longest text in tokens, special tokens included; the rest of a
      longer one is cut off.

  Example: `module.serve_text(tf.constant(['a text']))['label']`
  """

  def __init__(self, model: tf.Module, tokenizer: tokenization.Tokenizer,
               labels: Sequence[str], max_length: int):
    super().__init__(params=None, model=model,
                     inference_step=lambda inputs, model: model(inputs))
    self.tokenizer = tokenizer
    self._labels = tuple(labels)
    self._max_length = max_length

  @tf.function
  def serve(self, input_word_ids: tf.Tensor, input_mask: tf.Tensor,
            input_type_ids: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the probabilities of encoded texts.

    Args:
      input_word_ids: int32 `[batch, length]`, at least one [PAD] after each
        text, as in training.
      input_mask: int32 `[batch, length]`.
      input_type_ids: int32 `[batch, length]`.

    Returns:
      `probabilities`, float32 `[batch, labels]`.
    """
    logits = self.inference_step([input_word_ids, input_mask, input_type_ids])
    return {'probabilities': tf.nn.softmax(tf.cast(logits, tf.float32))}

  @tf.function
  def serve_text(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns label and probabilities of raw texts.

    Args:
      text: string `[batch]`, UTF-8.

    Returns:
      `probabilities`, float32 `[batch, labels]`; `label`, string `[batch]`, the
      most probable one; `labels`, string `[batch, labels]`, all of them in the
      order of the probabilities.
    """
    # Padded to the longest text plus one: an answer never depends on others.
    inputs = self.tokenizer.encode(text, max_length=self._max_length)
    probabilities = self.serve(**inputs)['probabilities']
    labels = tf.constant(self._labels)
    # TensorFlow Serving wants a row of every output for each text.
    return {
        'probabilities': probabilities,
        'label': tf.gather(labels, tf.argmax(probabilities, axis=-1)),
        'labels': tf.tile(labels[tf.newaxis], [tf.shape(text)[0], 1]),
    }

  def get_inference_signatures(
      self, function_keys: Mapping[str, str]) -> dict[str, Any]:
    """Returns the signatures of `serve` and `serve_text` by the keys given.

    Args:
      function_keys: Signature names by function, such as
        `{'serve_text': 'serving_default'}`.

    Returns:
      Concrete functions by signature name.

    Raises:
      ValueError: For a function other than the two.
    """
    ids = tf.TensorSpec([None, None], tf.int32)
    specs = {
        'serve': dict.fromkeys(validation.INPUT_NAMES, ids),
        'serve_text': {'text': tf.TensorSpec([None], tf.string)},
    }
    unknown = sorted(set(function_keys) - set(specs))
    if unknown:
      raise ValueError(
          f'Unknown function {", ".join(unknown)}; accepted: '
          f'{", ".join(specs)}.')
    return {
        key: getattr(self, function).get_concrete_function(**{
            name: tf.TensorSpec(spec.shape, spec.dtype, name)
            for name, spec in specs[function].items()
        }) for function, key in function_keys.items()
    }
