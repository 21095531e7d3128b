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

"""Answers texts with a TFLite classifier."""

import functools
import json
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

from ai_edge_litert import interpreter as litert
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import tokenization
from mobilebert_tf.serving import tflite


class TFLiteClassifier:
  """A bundle of `tflite.write_bundle`, ready to answer.

  Args:
    folder: The bundle.
    num_threads: Threads of the interpreter.

  Raises:
    FileNotFoundError: If the folder lacks a file of the bundle.
    ValueError: If a file of the bundle is damaged.

  Example: `TFLiteClassifier('export/tflite').answer(['a text'])`
  """

  def __init__(self, folder: str | os.PathLike, num_threads: int = 1):
    folder = pathlib.Path(folder)
    for name in (tflite.MODEL_FILE, tflite.VOCABULARY_FILE,
                 tflite.METADATA_FILE):
      if not (folder / name).exists():
        raise FileNotFoundError(
            f'{folder / name} is missing; {folder} should be a folder that '
            'export_tflite wrote.')
    metadata = _read_metadata(folder / tflite.METADATA_FILE)
    self.labels: list[str] = metadata['labels']
    self._lengths = sorted(metadata['lengths'])
    tokenizer = tokenization.Tokenizer(
        str(folder / tflite.VOCABULARY_FILE), metadata['lower_case'])
    # One graph: run one by one, its operations cost more than the model does.
    self._encode = tf.function(
        functools.partial(tokenizer.encode, max_length=self._lengths[-1] - 1),
        input_signature=[tf.TensorSpec([None], tf.string)])
    file = folder / tflite.MODEL_FILE
    try:
      self._interpreter = litert.Interpreter(str(file), num_threads=num_threads)
      self._runners = {
          length: self._interpreter.get_signature_runner(
              tflite.signature_name(length)) for length in self._lengths
      }
    except (RuntimeError, ValueError) as error:
      raise ValueError(
          f'{file} is damaged, or not what export_tflite wrote: {error}'
      ) from error

  def probabilities(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
    """Yields the probabilities of each text, float32 `[labels]`."""
    for text in texts:
      # The shortest signature that holds the text and one [PAD] after it; the
      # end of a text longer than the longest is cut off.
      inputs = self._encode(tf.constant([text]))
      needed = inputs['input_word_ids'].shape[1]
      length = next(known for known in self._lengths if known >= needed)
      padded = {
          name: np.pad(value.numpy(), [(0, 0), (0, length - needed)])
          for name, value in inputs.items()
      }
      yield self._runners[length](**padded)['probabilities'][0]

  def answer(self, texts: Iterable[str]) -> list[tuple[str, float]]:
    """Returns label and probability of each text.

    Args:
      texts: The texts.

    Returns:
      The most probable label and its probability, for each.
    """
    answers = []
    for probabilities in self.probabilities(texts):
      best = int(np.argmax(probabilities))
      answers.append((self.labels[best], float(probabilities[best])))
    return answers


def _read_metadata(path: pathlib.Path) -> dict[str, Any]:
  """Returns the metadata; raises ValueError if it is not `write_bundle`'s."""
  try:
    metadata = json.loads(path.read_text('utf-8'))
  except ValueError as error:
    raise ValueError(f'{path} is damaged: {error}') from error
  missing = {'labels', 'lengths', 'lower_case'} - set(metadata)
  if missing:
    raise ValueError(
        f'{path} lacks {", ".join(sorted(missing))}; export_tflite writes it.')
  return metadata
