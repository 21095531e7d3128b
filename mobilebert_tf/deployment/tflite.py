# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""TensorFlow Lite files with a signature for each length, checked when written.

Signatures that take text need the custom operations of tensorflow-text; usual
interpreters run all other signatures of such a file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
import os
import pathlib
import re
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.common import outputs
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import mediapipe_file
from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import standard_metadata
from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.deployment import tflite_int4
from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.deployment import tflite_text
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import vocabulary

LENGTHS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384)

_SAMPLES = 64
_SHORTER = 0.9  # Of the longest; others would save next to nothing.
# Operations that static int8 leaves in float: all but matrix products.
# Attention is slower in integers, the mask's -3e4 would make one step of all
# scores, and integer sums round off what the streams carry from block to block.
_FLOAT_OPERATIONS = (
    'BATCH_MATMUL', 'SOFTMAX', 'ADD', 'SUB', 'MUL', 'DIV', 'SUM', 'MEAN',
    'SQUARED_DIFFERENCE', 'RSQRT', 'TANH')

Inputs = Mapping[str, np.ndarray]


def write(
    trained: loading.TrainedModel, output_file: str | os.PathLike,
    texts: agreement.RealTexts, *, lengths: Sequence[int] | None = None,
    quantization: str = 'dynamic', dynamic_length: bool = False,
    text_signatures: bool = False, runtime: str = tflite_file.LITERT,
    accumulation: str = 'float32',
    largest_disagreement: float = agreement.LARGEST_DISAGREEMENT,
    report: Callable[[str], None] = notices.inform) -> None:
  """Writes a `.tflite` file that holds all that answering text needs.

  Args:
    trained: The model.
    output_file: The file; a `.tflite` file that exists is replaced.
    texts: Some dozens of real texts, to bring channels to the range of int8 and
      float16, and to check the answers with.
    lengths: Lengths in tokens, padding included, that get a signature each, by
      default `LENGTHS`. One for the longest text is always there, and none is
      longer, or nearly as long.
    quantization: One of `tflite_file.QUANTIZATIONS`; see `convert`.
    dynamic_length: Whether there is a signature for any length.
    text_signatures: Whether there are signatures that take text.
    runtime: One of `tflite_file.RUNTIMES`. A file for MediaPipe has one
      signature, for the longest text or, with `dynamic_length`, for any.
    accumulation: Type in which runtimes may compute; see `convert`.
    largest_disagreement: See `agreement.check`.
    report: Receiver of what the check found, a few lines.

  Raises:
    FileExistsError: If `output_file` is of another kind.
    ValueError: For an unknown quantization, too many other answers, or no
      texts.

  Example: `write(registry.load('runs/sst2'), 'sst2.tflite', texts)`
  """
  agreement.check_texts(trained, texts)
  _check_options(quantization, dynamic_length, text_signatures, accumulation)
  if runtime == tflite_file.MEDIAPIPE:
    mediapipe_file.check(trained, lengths, text_signatures)
  output_file = pathlib.Path(output_file).expanduser()
  outputs.check_file(output_file, _is_tflite, 'a .tflite file')
  module = served_module.build(trained, agreement.batches(trained, texts))
  data = make_file(trained, module, texts, lengths=lengths,
                   quantization=quantization, dynamic_length=dynamic_length,
                   text_signatures=text_signatures, runtime=runtime,
                   accumulation=accumulation)
  with files.replacing(output_file) as new:
    pathlib.Path(new).write_bytes(data)
    ways = {dynamic_length, dynamic_length and runtime != tflite_file.LITERT}
    expected = trained.kind.answers(trained, texts)
    for model, settings in trained.kind.checked(trained):
      wanted = (expected if model is trained
                else model.kind.answers(model, texts))
      for use_dynamic_length in sorted(ways):
        try:
          found = run(new, model.kind, texts, use_dynamic_length, settings)
        except ValueError as error:
          raise _explain(error, quantization) from error
        line = agreement.check(
            model, texts, found, wanted, largest_disagreement)
        report(f'{line}{_way(use_dynamic_length, settings)}')
    if text_signatures:
      report(tflite_text.check_tokens(new, module.tokenizer, texts))
    if runtime == tflite_file.MEDIAPIPE:
      report(mediapipe_file.check_tokens(
          new, trained, texts, expected, largest_disagreement))
  written = signature_lengths(
      lengths or (), module.max_length, len(module.text_inputs))
  if set(lengths or ()) - set(written):
    report(f'Of --lengths it has {", ".join(map(str, written))}, since the '
           f'longest text has {module.max_length} tokens and a [PAD].')
  if quantization != 'int4':
    report('It needs TensorFlow Lite or LiteRT of '
           f'{tflite_file.min_runtime(data) or "unknown release"} or later.')


def _way(use_dynamic_length: bool, settings: Mapping[str, Any]) -> str:
  """Returns what the terminal is told of how a file was run."""
  ways = [*(['any length'] if use_dynamic_length else []),
          *(f'{name} {value}' for name, value in settings.items())]
  return f' ({", ".join(ways)})' if ways else ''


def _explain(error: ValueError, quantization: str) -> ValueError:
  """Returns the error of a file that the runtime does not run."""
  if 'XNNPACK' not in str(error):
    return error
  node = re.search(r'[Nn]ode number (\d+)', str(error))
  return ValueError(
      f'XNNPACK, which runs such files, refuses --quantization={quantization} '
      f'of this model{f" (operator {node[1]})" if node else ""}: the ranges of '
      'its activations are too far apart. Nothing is written; use '
      '--quantization=dynamic, or float16.')


def _is_tflite(beginning: bytes) -> bool:
  return beginning[4:8] == b'TFL3'


def make_file(trained: loading.TrainedModel,
              module: served_module.ServedModule,
              texts: agreement.RealTexts, *,
              lengths: Sequence[int] | None = None,
              quantization: str = 'dynamic', dynamic_length: bool = False,
              text_signatures: bool = False,
              runtime: str = tflite_file.LITERT,
              accumulation: str = 'float32') -> bytes:
  """Returns a `.tflite` file with metadata and vocabulary, without a check.

  Args:
    trained: The model.
    module: Its served module, calibrated.
    texts: As for `write`, like all other arguments.
    lengths: See there.
    quantization: See there.
    dynamic_length: See there.
    text_signatures: See there.
    runtime: See there.
    accumulation: See there.
  """
  if runtime == tflite_file.MEDIAPIPE:
    mediapipe_file.check(trained, lengths, text_signatures)
    lengths = [] if dynamic_length else [module.max_length]
  else:
    lengths = signature_lengths(
        LENGTHS if lengths is None else lengths, module.max_length,
        len(module.text_inputs))
  metadata = tflite_file.TFLiteMetadata(
      kind=trained.kind, lengths=tuple(lengths), max_length=module.max_length,
      lower_case=trained.lower_case,
      max_word_length=trained.max_word_length, quantization=quantization,
      checkpoint_sha256=served_module.weights_sha256(trained.model),
      labels=tuple(trained.labels), pairs=bool(trained.pairs),
      dynamic_length=dynamic_length, text_signatures=text_signatures,
      settings=trained.kind.settings(trained), runtime=runtime)
  calibration = (_encode_samples(trained, texts, lengths)
                 if quantization == 'int8' else [])
  model = convert(
      module, lengths, quantization, dynamic_length=dynamic_length,
      text_signatures=text_signatures, calibration=calibration,
      accumulation=accumulation,
      mediapipe_output=(trained.kind.number_outputs[0]
                        if runtime == tflite_file.MEDIAPIPE else ''))
  words = ''.join(f'{token}\n' for token in vocabulary.Vocabulary.read(
      trained.vocab_file).tokens)
  metadata = dataclasses.replace(
      metadata, min_runtime=(  # The quantizer leaves that of float32.
          '' if quantization == 'int4' else tflite_file.min_runtime(model)))
  return tflite_file.pack(
      standard_metadata.attach(model, metadata), metadata, words)


def run(file: str | os.PathLike, kind: task_kind.TaskKind,
        texts: agreement.RealTexts, use_dynamic_length: bool = True,
        settings: Mapping[str, Any] | None = None) -> np.ndarray | list[str]:
  """Returns a file's answers, as `TaskKind.answers` does."""
  runner = tflite_runner.TFLiteRunner(
      file, {kind.name: kind}, use_dynamic_length=use_dynamic_length,
      settings=settings)
  return runner.comparable(texts.texts, texts.pairs)


def signature_lengths(lengths: Sequence[int], max_length: int,
                      segments: int = 1) -> list[int]:
  """Returns the lengths that a file has signatures for.

  Args:
    lengths: Wanted lengths.
    max_length: Maximum length of a text in tokens.
    segments: Number of texts that are read together.

  Returns:
    The wanted ones that are shorter than the longest text and its [PAD] by a
    tenth or more, and last that.
  """
  least = 2 + 2 * segments  # [CLS], a token and [SEP] of each, and a [PAD].
  if any(length < least for length in lengths):
    raise ValueError(
        f'A signature has at least {least} tokens: special ones, a [PAD] and '
        f'one of each text; got {", ".join(map(str, lengths))}.')
  longest = max_length + 1
  return sorted({*(n for n in lengths if n <= _SHORTER * longest), longest})


# === Conversion ===


def convert(module: served_module.ServedModule, lengths: Sequence[int],
            quantization: str = 'dynamic', *, dynamic_length: bool = False,
            text_signatures: bool = False,
            calibration: Iterable[Inputs] = (),
            accumulation: str = 'float32',
            mediapipe_output: str = '') -> bytes:
  """Converts a served module, with a signature for each length.

  The signatures share their weights. Each takes int32 `[1, length]` tensors
  `input_word_ids`, `input_mask` and `input_type_ids`, and gives the module's
  `numbers`, float32.

  Args:
    module: The module.
    lengths: Lengths in tokens, padding included.
    quantization: `none`; `float16` (weights); `dynamic` (int8 weights,
      activations quantised on the fly); `int4` (the same with int4 weights);
      or `int8` (activations of matrix products as well, by measured ranges;
      attention and sums stay in float).
    dynamic_length: Whether there is a signature `serve_dynamic` for any length.
    text_signatures: Whether there are `tokenize` and `serve_text_<length>`.
    calibration: Inputs `[1, length]` for int8, some of each length.
    accumulation: `float16` tells runtimes that they may compute products and
      sums of `float16` files in it, where the processor can; `float32`.
    mediapipe_output: The only output of a file for MediaPipe; empty for others.

  Raises:
    ValueError: For an unknown quantization, no length, or a length of int8 that
      has no calibration.
  """
  _check_options(quantization, dynamic_length, text_signatures, accumulation)
  wanted = [*lengths, *([None] if dynamic_length else [])]
  if not wanted:
    raise ValueError('A TFLite file needs at least one length.')
  signatures = {
      tflite_runner.signature_name(length): (
          mediapipe_file.signature(module, length, mediapipe_output)
          if mediapipe_output else _signature(module, length))
      for length in wanted
  }
  further = {} if mediapipe_output else {
      name: function for length in wanted
      for name, function in module.file_signatures(
          tflite_runner.signature_name(length), length).items()}
  if further and quantization == 'int8':
    raise ValueError(
        'int8 is calibrated for signatures of whole texts; this model also has '
        f'{next(iter(further))}. Use dynamic.')
  signatures |= further
  if text_signatures:
    signatures |= tflite_text.signatures(module, lengths)
  # The converter crashes on concrete functions in this TensorFlow, and works
  # from a SavedModel (reference/export_feasibility.md).
  with tempfile.TemporaryDirectory() as folder:
    # Only the weights: what has a `serve` is taken for a Keras 3 export.
    tf.saved_model.save(module.model, folder, signatures=signatures)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        folder, signature_keys=list(signatures))
    converter.allow_custom_ops = text_signatures
    if quantization == 'int8':
      return _quantize(converter, _samples(calibration, lengths))
    if quantization == 'int4':
      return tflite_int4.quantize(converter.convert())
    if quantization != 'none':
      converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == 'float16':
      converter.target_spec.supported_types = [tf.float16]
      if accumulation == 'float16':
        # pylint: disable-next=protected-access
        converter.target_spec._experimental_supported_accumulation_type = (
            tf.float16)
    return converter.convert()


def _check_options(quantization: str, dynamic_length: bool,
                   text_signatures: bool, accumulation: str) -> None:
  """Raises ValueError for options that no file has, or not together."""
  if quantization not in tflite_file.QUANTIZATIONS:
    raise ValueError(
        f'Unknown quantization {quantization!r}; accepted: '
        f'{", ".join(tflite_file.QUANTIZATIONS)}.')
  if quantization == 'int8' and (dynamic_length or text_signatures):
    raise ValueError(
        'int8 is calibrated for lengths: there is no signature for any length, '
        'and none for text. Use dynamic, or leave these out.')
  if quantization == 'int4':
    tflite_int4.check_installed()
  if accumulation != 'float32' and (
      accumulation != 'float16' or quantization != 'float16'):
    raise ValueError(
        f'--accumulation={accumulation} is for --quantization=float16; with '
        f'{quantization}, it is float32.')


def _signature(module: served_module.ServedModule, length: int | None
               ) -> tf.types.experimental.ConcreteFunction:
  def serve(input_word_ids, input_mask, input_type_ids):
    return module.numbers(input_word_ids, input_mask, input_type_ids)

  return tf.function(serve).get_concrete_function(
      *(tf.TensorSpec([1, length], tf.int32, name)
        for name in validation.INPUT_NAMES))


def _samples(calibration: Iterable[Inputs], lengths: Sequence[int]
             ) -> list[tuple[str, dict[str, Any]]]:
  """Returns inputs with the names of their signatures."""
  first = validation.INPUT_NAMES[0]
  samples = [
      (tflite_runner.signature_name(inputs[first].shape[1]), dict(inputs))
      for inputs in calibration
  ]
  wanted = map(tflite_runner.signature_name, lengths)
  if missing := sorted(set(wanted) - {name for name, _ in samples}):
    raise ValueError(
        f'int8 needs texts to calibrate each signature; {", ".join(missing)} '
        'have none.')
  return samples


def _quantize(converter: tf.lite.TFLiteConverter,
              samples: list[tuple[str, dict[str, Any]]]) -> bytes:
  converter.optimizations = [tf.lite.Optimize.DEFAULT]
  converter.representative_dataset = lambda: iter(samples)
  options = tf.lite.experimental.QuantizationDebugOptions(
      denylisted_ops=list(_FLOAT_OPERATIONS))
  debugger = tf.lite.experimental.QuantizationDebugger(
      converter=converter, debug_options=options,
      debug_dataset=lambda: iter(samples))
  return debugger.get_nondebug_quantized_model()


def _encode_samples(trained: loading.TrainedModel,
                    texts: agreement.RealTexts,
                    lengths: Sequence[int]) -> list[dict]:
  return [
      {name: value.numpy() for name, value in inputs.items()}
      for length in lengths
      for inputs in agreement.batches(
          trained, texts, rows=1, length=length, most=_SAMPLES)
  ]
