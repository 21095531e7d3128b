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

from mobilebert_tf.common import files
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import saved_model as saved_model_lib
from mobilebert_tf.deployment import tflite
from mobilebert_tf.pipelines import task as task_lib
from mobilebert_tf.tasks import registry

SAVED_MODEL, TFLITE = 'saved_model', 'model.tflite'
_TIMED_TEXTS = 100
_CALIBRATION_TEXTS = 64
# So small and so briefly trained a model is often undecided.
_LARGEST_DISAGREEMENT = 0.05


def export(folder: pathlib.Path, classifier_folder: pathlib.Path,
           task: dict[str, Any]) -> list[dict[str, Any]]:
  """Exports the classifier and measures each export on the held-out part.

  Args:
    folder: Gets a SavedModel and a TFLite file.
    classifier_folder: The fine-tuned classifier's checkpoints.
    task: What `finetune.prepare` returned.

  Returns:
    For each export its size, latency, accuracy, and the share of held-out texts
    for which it gives the Keras model's label.
  """
  classifier = registry.load(str(classifier_folder))
  texts, expected = task_lib.read_dev(task)
  real = agreement.RealTexts(
      texts[:_CALIBRATION_TEXTS], source='the held-out part')
  saved_model = saved_model_lib.write(
      classifier, folder / SAVED_MODEL, real, version=1,
      largest_disagreement=_LARGEST_DISAGREEMENT)
  tflite.write(
      classifier, folder / TFLITE, real,
      largest_disagreement=_LARGEST_DISAGREEMENT)
  reference = np.argmax(task_lib.probabilities(classifier, texts), axis=-1)
  loaded = tf.saved_model.load(str(saved_model))
  served = loaded.signatures['serve_text']
  lite = registry.TFLiteRunner(folder / TFLITE)

  def serve(text: str) -> np.ndarray:
    return served(text=tf.constant([text]))['probabilities'].numpy()[0]

  return [
      _measure(name, path, function, texts, expected, reference)
      for name, path, function in (
          ('SavedModel, float32, text in', saved_model, serve),
          ('TFLite, dynamic-range int8', folder / TFLITE,
           lambda text: lite.scores([text])[0]))
  ]


def answer(folder: pathlib.Path,
           texts: Sequence[str]) -> list[dict[str, Any]]:
  """Answers texts with the TFLite file of `export`.

  Args:
    folder: What `export` wrote.
    texts: The texts.

  Returns:
    For each its label and probability.
  """
  runner = registry.TFLiteRunner(folder / TFLITE)
  return [
      {'text': text, 'label': answer.label, 'probability': answer.probability,
       'source': 'TFLite'}
      for text, answer in zip(texts, runner.answer(texts), strict=True)
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
      'megabytes': files.folder_size(path) / 1e6,
      'latency_ms': 1e3 * statistics.median(
          _seconds(function, text) for text in texts[:_TIMED_TEXTS]),
      'accuracy': float(np.mean(predicted == expected)),
      'agreement': float(np.mean(predicted == reference)),
  }


def _seconds(function: Callable[[str], np.ndarray], text: str) -> float:
  started = time.perf_counter()
  function(text)
  return time.perf_counter() - started
