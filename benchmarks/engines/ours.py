# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Our network as our exports write it: folded, rescaled, for many lengths."""

import types
from typing import Any

from benchmarks.engines import contender
from benchmarks.engines import weights

_CALIBRATION = 8  # Enough for a time; accuracy of static int8 wants more.


def write_tflite(settings: contender.Settings,
                 quantizations: dict[str, str]) -> None:
  """Writes `.tflite` files with a signature for each length."""
  _write_tflite(settings, settings.lengths, quantizations)


def write_one_length(settings: contender.Settings,
                     quantizations: dict[str, str]) -> None:
  """Writes `.tflite` files with one signature, to compare memory and size."""
  _write_tflite(settings, (settings.fixed,), quantizations)


def _write_tflite(settings: contender.Settings, lengths: tuple[int, ...],
                  quantizations: dict[str, str]) -> None:
  from mobilebert_tf.common import files
  from mobilebert_tf.deployment import tflite
  from mobilebert_tf.inference import folding

  module = folding.InferenceEncoder(_folded(settings))
  served = types.SimpleNamespace(
      model=module,
      numbers=lambda *inputs: {contender.HIDDEN: module(*inputs)})
  samples = [weights.inputs(contender.pad(tokens[:length - 1], length))
             for length in lengths
             for tokens in settings.sentences[:_CALIBRATION]]
  for path, quantization in quantizations.items():
    files.write_bytes(path, tflite.convert(
        served, lengths, quantization, calibration=samples))


def write_onnx(settings: contender.Settings,
               quantizations: dict[str, str]) -> None:
  """Writes `.onnx` files for any length."""
  from mobilebert_tf.common import files
  from mobilebert_tf.deployment import onnx
  from mobilebert_tf.deployment import onnx_graph

  folded = _folded(settings)
  width = folded.architecture.inter_block_size
  for path, quantization in quantizations.items():
    graph = onnx_graph.Graph()
    encoder = onnx_graph.Encoder(graph, folded, pad_id=0)
    hidden = encoder.unscale(encoder.stream())
    graph.output(contender.HIDDEN, encoder.by_token(hidden, width),
                 ['batch', 'sequence', width])
    model = graph.model()
    if quantization == 'dynamic':
      model = onnx.quantize(model)
    files.write_bytes(path, model.SerializeToString())


def _folded(settings: contender.Settings) -> Any:
  from mobilebert_tf.inference import rewriting

  batches = [weights.inputs(contender.pad(tokens, settings.lengths[-1]))
             for tokens in settings.sentences[:_CALIBRATION]]
  return rewriting.fold(weights.encoder(settings), batches)
