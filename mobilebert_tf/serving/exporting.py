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

"""Writes a trained classifier in the forms that it is deployed in."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from mobilebert_tf import files
from mobilebert_tf.data import tokenization
from mobilebert_tf.serving import loading
from mobilebert_tf.serving import rewriting
from mobilebert_tf.serving import text_classification
from mobilebert_tf.serving import text_predictor
from mobilebert_tf.serving import tflite
from mobilebert_tf.serving import tflite_classifier
from official.core import export_base

_TEXTS_AT_ONCE = 16


def export_saved_model(classifier: loading.TrainedModel,
                       output_dir: str | os.PathLike) -> None:
  """Writes a SavedModel that takes raw text.

  What runs is the classifier folded for inference, with the same outputs.

  Args:
    classifier: The classifier.
    output_dir: The SavedModel's folder, replaced if it exists.
  """
  tokenizer = tokenization.Tokenizer(
      classifier.vocab_file, classifier.lower_case)
  module = text_classification.TextClassification(
      rewriting.rewrite(classifier.model), tokenizer, classifier.labels,
      classifier.max_length)
  with files.replace_folder(output_dir, 'saved_model.pb') as folder:
    export_base.export(
        module, {'serve_text': 'serving_default', 'serve': 'serve'},
        str(folder), timestamped=False)


def export_tflite(classifier: loading.TrainedModel,
                  output_dir: str | os.PathLike,
                  lengths: Sequence[int] | None = None,
                  quantization: str = 'dynamic',
                  texts: Sequence[str] = (),
                  largest_disagreement: float = 1.0) -> None:
  """Writes a TFLite bundle of the classifier, folded for inference.

  Args:
    classifier: The classifier.
    output_dir: The bundle's folder, replaced if it exists.
    lengths: Lengths in tokens, padding included, that get a signature each; by
      default those that training had. Those beyond what the longest text needs
      are left out, and one that holds it is always there, so that TFLite cuts
      no text that the model would read.
    quantization: One of `tflite.QUANTIZATIONS`.
    texts: Some dozens, such as the classifier will be given: its channels are
      brought to the range that int8 and float16 have, by what these make of
      them (`rescaling`). Without any they stay as they are.
    largest_disagreement: Nothing is written if a larger share of the texts get
      another label than the Keras model gives them.

  Raises:
    ValueError: For an unknown quantization, or too many other labels.
  """
  longest = classifier.max_length + 1  # One [PAD] follows every text.
  if lengths is None:
    lengths = signature_lengths(classifier.max_length)
  lengths = sorted({*(n for n in lengths if n < longest), longest})
  model = rewriting.rewrite(classifier.model, _batches(classifier, texts))
  file = tflite.convert(model, lengths, quantization)
  tflite.write_bundle(
      output_dir, file, classifier.vocab_file, classifier.labels, lengths,
      classifier.lower_case, check=lambda folder: _check_agreement(
          folder, classifier, texts, largest_disagreement))


def _check_agreement(folder: pathlib.Path, classifier: loading.TrainedModel,
                     texts: Sequence[str], largest: float) -> None:
  """Raises ValueError if a bundle gives too many texts another label."""
  if not texts:
    return
  exported = np.array(list(
      tflite_classifier.TFLiteClassifier(folder).probabilities(texts)))
  expected = text_predictor.TextPredictor(classifier).scores(texts)
  others = exported.argmax(-1) != expected.argmax(-1)
  if np.mean(others) > largest or not np.isfinite(exported).all():
    worst = int(np.argmax(np.abs(exported - expected).max(-1)))
    raise ValueError(
        f'{others.sum()} of {len(texts)} texts get another label than the '
        f'Keras model gives them, more than {largest:.2%}; nothing is written. '
        f'Furthest apart is {texts[worst][:80]!r}. Try another quantization.')


def _batches(classifier: loading.TrainedModel, texts: Sequence[str]
             ) -> list[dict[str, tf.Tensor]]:
  """Returns inputs of texts."""
  tokenizer = tokenization.Tokenizer(
      classifier.vocab_file, classifier.lower_case)
  return [
      tokenizer.encode(texts[i:i + _TEXTS_AT_ONCE],
                       max_length=classifier.max_length)
      for i in range(0, len(texts), _TEXTS_AT_ONCE)
  ]


def signature_lengths(max_length: int) -> list[int]:
  """Returns the lengths that a file has signatures for.

  Args:
    max_length: How many tokens the longest text has.

  Returns:
    Powers of 2, and last the longest with a [PAD].

  Example:

  >>> signature_lengths(128)
  [16, 32, 64, 129]
  """
  lengths, length = [], 16
  while length < max_length:
    lengths.append(length)
    length *= 2
  return [*lengths, max_length + 1]
