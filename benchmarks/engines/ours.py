# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Our network as our exports write it, metadata and vocabulary included."""

from typing import Any

from benchmarks.engines import contender
from benchmarks.engines import weights


def write_tflite(settings: contender.Settings,
                 quantizations: dict[str, str]) -> None:
  """Writes `.tflite` files with all usual lengths."""
  _write(settings, quantizations)


def write_one_length(settings: contender.Settings,
                     quantizations: dict[str, str]) -> None:
  """Writes `.tflite` files with the longest length alone."""
  _write(settings, quantizations, lengths=())


def write_edge_quantized(settings: contender.Settings,
                         quantizations: dict[str, str]) -> None:
  """Writes float32 files that ai-edge-quantizer makes dynamic int8."""
  from ai_edge_quantizer import quantizer as quantizer_lib
  from ai_edge_quantizer import recipe
  from mobilebert_tf.common import files
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.deployment import served_module
  from mobilebert_tf.deployment import tflite
  from mobilebert_tf.deployment import tflite_int4

  trained = weights.trained(settings)
  module = served_module.build(trained, agreement.batches(
      trained, agreement.RealTexts(list(settings.texts))))
  for path in quantizations:
    quantizer = quantizer_lib.Quantizer(bytearray(
        tflite.convert(module, signature_lengths(settings), 'none')))
    quantizer.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    files.write_bytes(path, tflite_int4.quantize_tables(
        bytes(quantizer.quantize().quantized_model)))


def write_onnx(settings: contender.Settings,
               quantizations: dict[str, str]) -> None:
  """Writes `.onnx` files for any length."""
  _write(settings, quantizations)


def _write(settings: contender.Settings, quantizations: dict[str, str],
           **options: Any) -> None:
  from mobilebert_tf.deployment import agreement
  from mobilebert_tf.deployment import formats

  trained = weights.trained(settings)
  texts = agreement.RealTexts(list(settings.texts))
  for path, quantization in quantizations.items():
    # How much they disagree is what the comparison tells.
    formats.for_output(path).write(
        trained, path, texts, quantization=quantization,
        largest_disagreement=1.0, report=lambda line: None, **options)


def signature_lengths(settings: contender.Settings) -> tuple[int, ...]:
  """Returns the lengths that our `.tflite` files have signatures for."""
  from mobilebert_tf.deployment import tflite
  return tuple(tflite.signature_lengths(
      tflite.LENGTHS, settings.lengths[-1] - 1))
