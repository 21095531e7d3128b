# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""`.tflite` files: written by TensorFlow's converter, and run by LiteRT."""

from collections.abc import Callable, Sequence
import tempfile
from typing import Any

from benchmarks.engines import contender
from benchmarks.engines import weights

IMPORTS = ('ai_edge_litert.compiled_model', 'ai_edge_litert.interpreter')


def convert(module: Any, call: Callable[..., Any], length: int,
            quantizations: dict[str, str]) -> None:
  """Writes files with a signature for one length, as anyone would.

  Args:
    module: Module with the variables.
    call: Function from ids, mask and types to the last hidden states.
    length: Length of the signature.
    quantizations: Quantization by path.
  """
  import tensorflow as tf

  serve = tf.function(lambda *inputs: {contender.HIDDEN: call(*inputs)})
  name = signature(length)
  with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(module, folder, signatures={
        name: serve.get_concrete_function(*(
            tf.TensorSpec([1, length], tf.int32, each)
            for each in contender.INPUTS))})
    for path, quantization in quantizations.items():
      write(folder, [name], path, quantization)


def write(saved_model: str, signatures: Sequence[str], path: str,
          quantization: str) -> None:
  """Converts a SavedModel plainly."""
  import tensorflow as tf
  from mobilebert_tf.common import files

  converter = tf.lite.TFLiteConverter.from_saved_model(
      saved_model, signature_keys=list(signatures))
  if quantization == 'dynamic':
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
  files.write_bytes(path, converter.convert())


def signature(length: int) -> str:
  """Returns the name of the signature of a length."""
  return f'serve_{length}'


def start(settings: contender.Settings, path: str) -> contender.Bind:
  """Opens a file as `TFLiteRunner` does."""
  from mobilebert_tf.deployment import tflite_engines

  engine = tflite_engines.open_engine(path, settings.threads)

  def bind(row: contender.Row) -> Callable[[], Any]:
    values, name = weights.inputs(row), signature(row[0].shape[1])
    return lambda: engine.run(name, values)[contender.HIDDEN]

  return bind
