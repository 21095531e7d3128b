# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Files of models that are compared, each written once."""

import hashlib
import pathlib
from typing import Any

from absl import logging
import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import tflite
from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.inference import loading

FILES = 'files.json'  # Which model each file of a folder is of.
_CHECKED = 256  # Texts that a file is checked with.


def write_once(
    trained: loading.TrainedModel, path: pathlib.Path, data: Any,
    quantization: str,
    largest_disagreement: float = agreement.LARGEST_DISAGREEMENT
) -> pathlib.Path:
  """Returns the `.tflite` file of a model, written unless it is there.

  Args:
    trained: The model.
    path: Path of the file; `files.json` beside it says which model it is of.
    data: Config of labelled data, whose texts the file is checked with.
    quantization: One of `tflite_file.QUANTIZATIONS`.
    largest_disagreement: See `agreement.check`.

  Raises:
    ValueError: If the file would answer otherwise than the model.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  known = path.parent / FILES
  made, own = files.read_json(known) if known.exists() else {}, _hash(
      trained, f'{quantization} {largest_disagreement}')
  if made.get(path.name) != own or not path.exists():
    texts = real_texts.read_labelled(trained, data.input_path, _CHECKED, data)
    tflite.write(trained, path, texts, quantization=quantization,
                 largest_disagreement=largest_disagreement, report=logging.info)
    files.write_json(known, {**made, path.name: own}, indent=1)
  return path


def _hash(trained: loading.TrainedModel, how: str) -> str:
  """Returns what tells a file from others: its weights, and how it is written.

  Settings do not count, as those of a file are changed when it is opened.
  """
  found = hashlib.sha256(how.encode())
  for weight in sorted(trained.model.weights, key=lambda each: each.name):
    found.update(weight.name.encode())
    found.update(np.ascontiguousarray(weight.numpy()).tobytes())
  return found.hexdigest()
