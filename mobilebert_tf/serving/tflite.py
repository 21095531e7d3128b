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

"""Conversion of a classifier to TensorFlow Lite."""

import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Sequence

import tensorflow as tf

from mobilebert_tf import files
from mobilebert_tf.modeling import validation

QUANTIZATIONS = ('none', 'float16', 'dynamic')
MODEL_FILE, VOCABULARY_FILE = 'model.tflite', 'vocab.txt'
METADATA_FILE = 'metadata.json'


def signature_name(length: int) -> str:
  """Returns the name of the signature for one length, such as `classify_64`."""
  return f'classify_{length}'


def convert(model: tf.Module, lengths: Sequence[int],
            quantization: str = 'dynamic') -> bytes:
  """Converts a classifier, with a signature for each length.

  The signatures share their weights. Each takes int32 `[1, length]` tensors
  `input_word_ids`, `input_mask` and `input_type_ids`, and gives
  `probabilities`, float32 `[1, labels]`.

  Args:
    model: A classifier as a module, `rewriting.rewrite(classifier)` or
      `InferenceModel(classifier)`, whose output is logits `[batch, labels]`.
    lengths: Lengths in tokens, padding included.
    quantization: `none`, `float16` (weights) or `dynamic` (int8 weights,
      activations quantised on the fly).

  Returns:
    The file's bytes.

  Raises:
    ValueError: For an unknown quantization or no length.
  """
  if quantization not in QUANTIZATIONS:
    raise ValueError(
        f'Unknown quantization {quantization!r}; accepted: '
        f'{", ".join(QUANTIZATIONS)}.')
  if not lengths:
    raise ValueError('A TFLite file needs at least one length.')
  signatures = {
      signature_name(length): _signature(model, length) for length in lengths
  }
  # The converter crashes on concrete functions in this TensorFlow, and works
  # from a SavedModel (reference/export_feasibility.md).
  with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(model, folder, signatures=signatures)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        folder, signature_keys=list(signatures))
    if quantization != 'none':
      converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == 'float16':
      converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def write_bundle(folder: str | os.PathLike, file: bytes, vocab_file: str,
                 labels: Sequence[str], lengths: Sequence[int],
                 lower_case: bool = True,
                 check: Callable[[pathlib.Path], None] = lambda _: None
                 ) -> None:
  """Writes a TFLite file with all that answering text needs beside it.

  Args:
    folder: Where to; a bundle that exists is replaced as a whole.
    file: The TFLite file's bytes.
    vocab_file: The vocabulary to copy.
    labels: Names of the classes.
    lengths: Lengths of the signatures.
    lower_case: Whether the tokenizer lower-cases.
    check: Is given the bundle before it takes its place; what it raises leaves
      nothing behind.

  Raises:
    FileExistsError: If the folder holds something other than a bundle.
  """
  metadata = {'labels': list(labels), 'lengths': sorted(lengths),
              'lower_case': lower_case}
  with files.replace_folder(folder, METADATA_FILE) as new:
    (new / MODEL_FILE).write_bytes(file)
    shutil.copyfile(vocab_file, new / VOCABULARY_FILE)
    (new / METADATA_FILE).write_text(
        json.dumps(metadata, indent=2), encoding='utf-8')
    check(new)


def _signature(model: tf.Module,
               length: int) -> tf.types.experimental.ConcreteFunction:
  def classify(input_word_ids, input_mask, input_type_ids):
    logits = model([input_word_ids, input_mask, input_type_ids])
    return {'probabilities': tf.nn.softmax(tf.cast(logits, tf.float32))}

  return tf.function(classify).get_concrete_function(
      *(tf.TensorSpec([1, length], tf.int32, name)
        for name in validation.INPUT_NAMES))
