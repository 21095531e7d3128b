# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""`.onnx` files in ONNX Runtime and OpenVINO."""

from collections.abc import Callable
from typing import Any

from benchmarks.engines import contender

_NAMES = ('input_ids', 'attention_mask', 'token_type_ids')


def start_onnxruntime(settings: contender.Settings,
                      path: str) -> contender.Bind:
  """Opens a file in ONNX Runtime, with all of its optimizations."""
  import onnxruntime

  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = settings.threads
  options.inter_op_num_threads = 1
  options.log_severity_level = 3
  session = onnxruntime.InferenceSession(
      path, options, providers=['CPUExecutionProvider'])
  first = session.get_outputs()[0].name

  def bind(row: contender.Row) -> Callable[[], Any]:
    inputs = dict(zip(_NAMES, row, strict=True))
    return lambda: session.run([first], inputs)[0]

  return bind


def start_openvino(settings: contender.Settings, path: str) -> contender.Bind:
  """Opens a file in OpenVINO, held to float32 where it is not int8."""
  import openvino

  # Processors that have bfloat16 would compute in it.
  model = openvino.Core().compile_model(path, 'CPU', {
      'INFERENCE_PRECISION_HINT': 'f32', 'PERFORMANCE_HINT': 'LATENCY',
      'INFERENCE_NUM_THREADS': settings.threads})
  request = model.create_infer_request()

  def bind(row: contender.Row) -> Callable[[], Any]:
    inputs = dict(zip(_NAMES, row, strict=True))
    return lambda: request.infer(inputs)[model.output(0)].copy()

  return bind
