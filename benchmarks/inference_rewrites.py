# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

r"""Shows what rewrites for inference do to range, accuracy, size and speed.

python benchmarks/inference_rewrites.py --text_file=sentences.txt \
  --vocab_file=vocab.txt --amplitude=24

The encoder is the released architecture with random weights, of which some
channels between blocks are made larger by powers of two, up to 2^24, without a
change of its outputs: that is what NoNorm lets training do. Rewrites and
quantizations are compared with the float32 Keras model on texts that were not
calibrated with, tokens only, padding left out. Each TFLite file runs on one
thread; files take turns, text by text.
"""

from collections.abc import Callable, Sequence
import os
import statistics
import time
from typing import Any

from absl import app
from absl import flags

from mobilebert_tf.common import formatting
from mobilebert_tf.common import machine
from mobilebert_tf.reporting import text as text_lib

_TEXT_FILE = flags.DEFINE_string(
    'text_file', None, 'A text a line.', required=True)
_VOCAB_FILE = flags.DEFINE_string(
    'vocab_file', None, "BERT's vocab.txt.", required=True)
_BLOCKS = flags.DEFINE_integer('blocks', 24, 'Blocks of the encoder.')
_AMPLITUDE = flags.DEFINE_integer(
    'amplitude', 24, 'The largest outlier is this power of two; 0 for none.')
_LENGTH = flags.DEFINE_integer('length', 64, 'Tokens, padding included.')
_TEXTS = flags.DEFINE_integer('texts', 24, 'Texts that are compared.')
_ROUNDS = flags.DEFINE_integer('rounds', 3, 'Times each text is timed.')

_CALIBRATION = 16
_QUANTIZATIONS = ('none', 'dynamic')


def main(argv: list[str]) -> None:
  del argv
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  from benchmarks import reparametrization
  from mobilebert_tf.inference import folding
  from mobilebert_tf.inference import rewriting

  encoder = reparametrization.outlier_encoder(_BLOCKS.value, _AMPLITUDE.value)
  batches = _batches()
  calibration, batches = batches[:1], batches[1:]
  expected = [encoder(batch)['sequence_output'].numpy() for batch in batches]
  folded = folding.fold(encoder)
  ranges = rewriting.measure_ranges(folded, calibration)
  rescaled = rewriting.rescale(folded, ranges)
  variants = {'plain': encoder, 'folded': folded,
              'folded and rescaled': rescaled}
  files = {(name, quantization): _convert(variant, quantization)
           for name, variant in variants.items()
           for quantization in _QUANTIZATIONS}
  seconds = _time({key: _runner(file) for key, file in files.items()}, batches)
  rows = []
  for name, variant in variants.items():
    largest = f'{_largest(variant, calibration[0]):.3g}'
    for quantization in _QUANTIZATIONS:
      key = name, quantization
      rows.append((
          name, f'TFLite, {quantization}', largest,
          *_errors(_outputs(files[key], batches), expected, batches),
          formatting.quantity(len(files[key]) / 1e6, 'MB'),
          formatting.quantity(1e3 * seconds[key], 'ms')))
    if variant is not encoder:  # Which refuses float16.
      rows.append((name, 'float16', largest, *_errors(
          _run_half(variant, batches), expected, batches), '', ''))
  columns = [text_lib.Column(title, 'left' if i < 2 else 'right')
             for i, title in enumerate((
                 'Encoder', 'Computed in', 'Largest value', 'Cosine', 'Error',
                 'Size', 'Latency'))]
  print(f'{_BLOCKS.value} blocks, {_LENGTH.value} tokens, one thread; '
        f'{machine.describe_hardware()}\n')
  print(text_lib.format_table(text_lib.Table(tuple(columns), tuple(rows))))
  print('\nError: root mean square of the difference, in standard deviations '
        'of the outputs. Cosine: the smallest of any token.')


def _batches() -> list[dict[str, Any]]:
  """Returns texts to calibrate with as one batch, then those to compare."""
  from mobilebert_tf.text import tokenizer as tokenizer_lib

  with open(_TEXT_FILE.value, encoding='utf-8') as file:
    texts = [line.strip() for line in file if line.strip()]
  tokenizer = tokenizer_lib.Tokenizer(_VOCAB_FILE.value)
  texts = texts[:_CALIBRATION + _TEXTS.value]
  groups = [texts[:_CALIBRATION], *([t] for t in texts[_CALIBRATION:])]
  return [tokenizer.encode(group, max_length=_LENGTH.value - 1,
                           length=_LENGTH.value) for group in groups]


def _largest(variant: Any, batch: dict[str, Any]) -> float:
  """Returns the largest value between blocks or in them."""
  import numpy as np

  from mobilebert_tf.inference import folding
  from mobilebert_tf.inference import rewriting

  if isinstance(variant, folding.FoldedEncoder):
    ranges = rewriting.measure_ranges(variant, [batch])
    return max(float(value.max()) for value in ranges.values())
  outputs = variant(batch)
  return max(float(np.abs(hidden).max()) for hidden in (
      outputs['embedding_output'], *outputs['encoder_outputs']))


def _as_module(variant: Any) -> Any:
  """Returns a module from inputs to the last block's output."""
  import tensorflow as tf

  from mobilebert_tf.inference import folding
  from mobilebert_tf.inference import rewriting

  if isinstance(variant, folding.FoldedEncoder):
    return folding.InferenceEncoder(variant)
  model = rewriting.InferenceModel(variant)

  class Plain(tf.Module):

    def __init__(self):
      super().__init__()
      self.model = model

    def __call__(self, *inputs):
      return self.model(list(inputs))['sequence_output']

  return Plain()


def _convert(variant: Any, quantization: str) -> bytes:
  import tempfile

  import tensorflow as tf

  from mobilebert_tf.modeling import validation

  module = _as_module(variant)
  serve = tf.function(lambda *inputs: {'hidden': module(*inputs)})
  signature = serve.get_concrete_function(
      *(tf.TensorSpec([1, _LENGTH.value], tf.int32, name)
        for name in validation.INPUT_NAMES))
  with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(module, folder, signatures={'serve': signature})
    converter = tf.lite.TFLiteConverter.from_saved_model(
        folder, signature_keys=['serve'])
    if quantization == 'dynamic':
      converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def _runner(file: bytes) -> Callable[..., Any]:
  from ai_edge_litert import interpreter as litert
  interpreter = litert.Interpreter(model_content=file, num_threads=1)
  return interpreter.get_signature_runner('serve')


def _outputs(file: bytes, batches: Sequence[dict[str, Any]]) -> list[Any]:
  run = _runner(file)
  return [run(**{name: value.numpy() for name, value in batch.items()})[
      'hidden'] for batch in batches]


def _run_half(folded: Any, batches: Sequence[dict[str, Any]]) -> list[Any]:
  import tensorflow as tf

  from mobilebert_tf.inference import folding
  from mobilebert_tf.modeling import validation

  encoder = folding.InferenceEncoder(folded, tf.float16)
  return [encoder(*(batch[name] for name in validation.INPUT_NAMES)).numpy()
          for batch in batches]


def _time(runners: dict[Any, Callable[..., Any]],
          batches: Sequence[dict[str, Any]]) -> dict[Any, float]:
  """Returns the median seconds of each, text by text in turn."""
  found: dict[Any, list[float]] = {key: [] for key in runners}
  inputs = [{name: value.numpy() for name, value in batch.items()}
            for batch in batches]
  for run in runners.values():
    run(**inputs[0])
  for _ in range(_ROUNDS.value):
    for each in inputs:
      for key, run in runners.items():
        started = time.perf_counter()
        run(**each)
        found[key].append(time.perf_counter() - started)
  return {key: statistics.median(seconds) for key, seconds in found.items()}


def _errors(outputs: Sequence[Any], expected: Sequence[Any],
            batches: Sequence[dict[str, Any]]) -> tuple[str, str]:
  """Returns the smallest cosine of a token, and the relative error."""
  from benchmarks import closeness

  cosine, error = closeness.compare(*([
      each[batch['input_mask'].numpy() == 1]
      for each, batch in zip(values, batches, strict=True)]
                                      for values in (outputs, expected)))
  return f'{cosine:.6f}', f'{error:.2g}'


if __name__ == '__main__':
  app.run(main)
