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

"""Exports, and what each of them costs and answers."""

import pathlib
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.workflow import finetune
from mobilebert_tf.serving import exporting
from mobilebert_tf.serving import loading
from mobilebert_tf.serving import tflite
from mobilebert_tf.serving import tflite_classifier

SAVED_MODEL, TFLITE = 'saved_model', 'tflite'
_TIMED_TEXTS = 100
_CALIBRATION_TEXTS = 64


def export(folder: pathlib.Path, classifier_folder: pathlib.Path,
           task: dict[str, Any]) -> list[dict[str, Any]]:
  """Exports the classifier and measures each export on the held-out part.

  Args:
    folder: Gets a SavedModel and a TFLite bundle.
    classifier_folder: The fine-tuned classifier's checkpoints.
    task: What `finetune.prepare` returned.

  Returns:
    For each export its size, latency, accuracy, and the share of held-out texts
    for which it gives the Keras model's label.
  """
  classifier = loading.load_classifier(str(classifier_folder))
  exporting.export_saved_model(classifier, folder / SAVED_MODEL)
  texts, expected = finetune.read_dev(task)
  exporting.export_tflite(
      classifier, folder / TFLITE, texts=texts[:_CALIBRATION_TEXTS])
  reference = np.argmax(finetune.probabilities(classifier, texts), axis=-1)
  served = tf.saved_model.load(str(folder / SAVED_MODEL)).signatures[
      'serving_default']
  lite = tflite_classifier.TFLiteClassifier(folder / TFLITE)

  def serve(text: str) -> np.ndarray:
    return served(text=tf.constant([text]))['probabilities'].numpy()[0]

  def run_lite(text: str) -> np.ndarray:
    return next(lite.probabilities([text]))

  return [
      _measure(name, path, function, texts, expected, reference)
      for name, path, function in (
          ('SavedModel, float32, text in', folder / SAVED_MODEL, serve),
          ('TFLite, dynamic-range int8', folder / TFLITE / tflite.MODEL_FILE,
           run_lite))
  ]


def answer(folder: pathlib.Path,
           texts: Sequence[str]) -> list[dict[str, Any]]:
  """Answers texts with the TFLite bundle of `export`.

  Args:
    folder: What `export` wrote.
    texts: The texts.

  Returns:
    For each its label and probability.
  """
  classifier = tflite_classifier.TFLiteClassifier(folder / TFLITE)
  return [
      {'text': text, 'label': label, 'probability': probability,
       'source': 'TFLite'}
      for text, (label, probability) in zip(
          texts, classifier.answer(texts), strict=True)
  ]


def _labels(function: Callable[[str], np.ndarray],
            texts: Sequence[str]) -> np.ndarray:
  return np.array([np.argmax(function(text)) for text in texts])


def _measure(name: str, path: pathlib.Path,
             function: Callable[[str], np.ndarray], texts: Sequence[str],
             expected: np.ndarray, reference: np.ndarray) -> dict[str, Any]:
  predicted = _labels(function, texts)  # Warms every length up, too.
  return {
      'name': name,
      'path': str(path),
      'megabytes': _size(path) / 1e6,
      'latency_ms': 1e3 * statistics.median(
          _seconds(function, text) for text in texts[:_TIMED_TEXTS]),
      'accuracy': float(np.mean(predicted == expected)),
      'agreement': float(np.mean(predicted == reference)),
  }


def _seconds(function: Callable[[str], np.ndarray], text: str) -> float:
  started = time.perf_counter()
  function(text)
  return time.perf_counter() - started


def _size(path: pathlib.Path) -> int:
  files = path.rglob('*') if path.is_dir() else [path]
  return sum(file.stat().st_size for file in files if file.is_file())
