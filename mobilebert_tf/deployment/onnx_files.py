# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Where ONNX files are in a folder, and how those begin that we write."""

import pathlib

PRODUCER = 'mobilebert_tf'
SUFFIX = '.onnx'
# Files of a folder by quantization, where transformers.js looks for its `dtype`
# fp32, fp16 and q8.
FILES = {'none': 'onnx/model.onnx', 'float16': 'onnx/model_fp16.onnx',
         'dynamic': 'onnx/model_quantized.onnx'}
_BEGINNING = 64  # Bytes with version and producer.


def begins_as_ours(beginning: bytes) -> bool:
  """Returns whether a file begins as ours do: version, then producer."""
  return beginning[:1] == b'\x08' and PRODUCER.encode() in beginning


def is_ours(path: pathlib.Path) -> bool:
  """Returns whether a file was written by this package."""
  with path.open('rb') as file:
    return begins_as_ours(file.read(_BEGINNING))
