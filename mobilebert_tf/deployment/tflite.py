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

from absl import logging
from ai_edge_litert import interpreter as litert
import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text

from mobilebert_tf.common import files
from mobilebert_tf.common import outputs
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from mobilebert_tf.text import tokenizer as tokenizer_lib
from mobilebert_tf.text import vocabulary

LENGTHS = (16, 32, 64, 128, 384)

_SAMPLES = 64
# Operations that static int8 leaves in float: all but matrix products.
# Attention is slower in integers, the mask's -3e4 would make one step of all
# scores, and integer sums round off what the streams carry from block to block.
_FLOAT_OPERATIONS = (
    'BATCH_MATMUL', 'SOFTMAX', 'ADD', 'SUB', 'MUL', 'DIV', 'SUM', 'MEAN',
    'SQUARED_DIFFERENCE', 'RSQRT', 'TANH')
# Share of texts with other ids of which signatures of text are refused.
_LARGEST_OTHER_IDS = 0.1
# Of letters, signs, digits, ligatures, full-width and Arabic forms.
_NFKC = 'ß™…½²ªﬁＡ１！ｱ①㎏ﷺﺎĳſ№Ⅷ'

Inputs = Mapping[str, np.ndarray]


def write(
    trained: loading.TrainedModel, output_file: str | os.PathLike,
    texts: agreement.RealTexts, *, lengths: Sequence[int] = LENGTHS,
    quantization: str = 'dynamic', dynamic_length: bool = False,
    text_signatures: bool = False,
    largest_disagreement: float = agreement.LARGEST_DISAGREEMENT,
    report: Callable[[str], None] = logging.info) -> None:
  """Writes a `.tflite` file that holds all that answering text needs.

  Args:
    trained: The model.
    output_file: The file; a `.tflite` file that exists is replaced.
    texts: Some dozens of real texts, to bring channels to the range of int8 and
      float16, and to check the answers with.
    lengths: Lengths in tokens, padding included, that get a signature each. One
      for the longest text is always there, and none is longer.
    quantization: One of `tflite_file.QUANTIZATIONS`; see `convert`.
    dynamic_length: Whether there is a signature for any length.
    text_signatures: Whether there are signatures that take text.
    largest_disagreement: See `agreement.check`.
    report: Receiver of what the check found, a few lines.

  Raises:
    FileExistsError: If `output_file` is of another kind.
    ValueError: For an unknown quantization, too many other answers, or no
      texts.

  Example: `write(registry.load('runs/sst2'), 'sst2.tflite', texts)`
  """
  agreement.check_texts(trained, texts)
  output_file = pathlib.Path(output_file).expanduser()
  outputs.check_file(output_file, _is_tflite, 'a .tflite file')
  module = served_module.build(trained, agreement.batches(trained, texts))
  data = make_file(trained, module, texts, lengths=lengths,
                   quantization=quantization, dynamic_length=dynamic_length,
                   text_signatures=text_signatures)
  with files.replacing(output_file) as new:
    pathlib.Path(new).write_bytes(data)
    expected = trained.kind.answers(trained, texts)
    for use_dynamic_length in sorted({False, dynamic_length}):
      try:
        found = run(new, trained.kind, texts, use_dynamic_length)
      except ValueError as error:
        raise _explain(error, quantization) from error
      line = agreement.check(
          trained, texts, found, expected, largest_disagreement)
      report(f'{line}{" (any length)" if use_dynamic_length else ""}')
    if text_signatures:
      report(check_tokens(new, module.tokenizer, texts))
  report('It needs TensorFlow Lite or LiteRT of '
         f'{tflite_file.min_runtime(data) or "unknown release"} or later.')


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
              texts: agreement.RealTexts, *, lengths: Sequence[int] = LENGTHS,
              quantization: str = 'dynamic', dynamic_length: bool = False,
              text_signatures: bool = False) -> bytes:
  """Returns a `.tflite` file with metadata and vocabulary, without a check.

  Args:
    trained: The model.
    module: Its served module, calibrated.
    texts: As for `write`, like all other arguments.
    lengths: See there.
    quantization: See there.
    dynamic_length: See there.
    text_signatures: See there.
  """
  lengths = signature_lengths(
      lengths, module.max_length, len(module.text_inputs))
  metadata = tflite_file.TFLiteMetadata(
      kind=trained.kind, lengths=tuple(lengths), max_length=module.max_length,
      lower_case=trained.lower_case,
      max_word_length=trained.max_word_length, quantization=quantization,
      checkpoint_sha256=served_module.weights_sha256(trained.model),
      labels=tuple(trained.labels), pairs=bool(trained.pairs),
      dynamic_length=dynamic_length, text_signatures=text_signatures,
      settings=trained.kind.settings(trained))
  calibration = (_encode_samples(trained, texts, lengths)
                 if quantization == 'int8' else [])
  model = convert(
      module, lengths, quantization, dynamic_length=dynamic_length,
      text_signatures=text_signatures, calibration=calibration)
  words = ''.join(f'{token}\n' for token in vocabulary.Vocabulary.read(
      trained.vocab_file).tokens)
  metadata = dataclasses.replace(
      metadata, min_runtime=tflite_file.min_runtime(model))
  return tflite_file.pack(model, metadata, words)


def run(file: str | os.PathLike, kind: task_kind.TaskKind,
        texts: agreement.RealTexts, use_dynamic_length: bool = True
        ) -> np.ndarray | list[str]:
  """Returns a file's answers, as `TaskKind.answers` does."""
  runner = tflite_runner.TFLiteRunner(
      file, {kind.name: kind}, use_dynamic_length=use_dynamic_length)
  return runner.comparable(texts.texts, texts.pairs)


def signature_lengths(lengths: Sequence[int], max_length: int,
                      segments: int = 1) -> list[int]:
  """Returns the lengths that a file has signatures for.

  Args:
    lengths: Wanted lengths.
    max_length: Maximum length of a text in tokens.
    segments: Number of texts that are read together.

  Returns:
    The wanted ones that are shorter than the longest text and its [PAD], and
    last that.
  """
  least = 2 + 2 * segments  # [CLS], a token and [SEP] of each, and a [PAD].
  if any(length < least for length in lengths):
    raise ValueError(
        f'A signature has at least {least} tokens: special ones, a [PAD] and '
        f'one of each text; got {", ".join(map(str, lengths))}.')
  longest = max_length + 1
  return sorted({*(n for n in lengths if n < longest), longest})


# === Conversion ===


def convert(module: served_module.ServedModule, lengths: Sequence[int],
            quantization: str = 'dynamic', *, dynamic_length: bool = False,
            text_signatures: bool = False,
            calibration: Iterable[Inputs] = ()) -> bytes:
  """Converts a served module, with a signature for each length.

  The signatures share their weights. Each takes int32 `[1, length]` tensors
  `input_word_ids`, `input_mask` and `input_type_ids`, and gives the module's
  `numbers`, float32.

  Args:
    module: The module.
    lengths: Lengths in tokens, padding included.
    quantization: `none`; `float16` (weights); `dynamic` (int8 weights,
      activations quantised on the fly); or `int8` (activations of matrix
      products as well, by measured ranges; attention and sums stay in float).
    dynamic_length: Whether there is a signature `serve_dynamic` for any length.
    text_signatures: Whether there are `tokenize` and `serve_text_<length>`.
    calibration: Inputs `[1, length]` for int8, some of each length.

  Raises:
    ValueError: For an unknown quantization, no length, or a length of int8 that
      has no calibration.
  """
  if quantization not in tflite_file.QUANTIZATIONS:
    raise ValueError(
        f'Unknown quantization {quantization!r}; accepted: '
        f'{", ".join(tflite_file.QUANTIZATIONS)}.')
  if quantization == 'int8' and (dynamic_length or text_signatures):
    raise ValueError(
        'int8 is calibrated for lengths: there is no signature for any length, '
        'and none for text. Use dynamic, or leave these out.')
  if not lengths:
    raise ValueError('A TFLite file needs at least one length.')
  signatures = {
      tflite_runner.signature_name(length): _signature(module, length)
      for length in lengths
  }
  if dynamic_length:
    signatures[tflite_runner.DYNAMIC] = _signature(module, None)
  if text_signatures:
    signatures |= make_text_signatures(module, lengths)
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
    if quantization != 'none':
      converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == 'float16':
      converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


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


# === Signatures of text ===


def make_text_signatures(
    module: served_module.ServedModule, lengths: Sequence[int]
) -> dict[str, tf.types.experimental.ConcreteFunction]:
  """Makes signatures that tokenize inside the file, by their names.

  `tokenize` gives the `ids` of a text, int32 `[tokens]`, without special
  tokens. `serve_text_<length>` answers it, cut off at the length. Both take
  string `[1]` tensors by the names of `module.text_inputs`; `tokenize` only
  `text`.

  TFLite has FastBertTokenizer's own normaliser alone, which is NFKC where that
  of BERT is NFD: `…` becomes three full stops, `ß` ss, full-width letters and
  digits usual ones; and control characters become spaces. `check_tokens` counts
  the texts that get other ids.

  Args:
    module: The module.
    lengths: Lengths in tokens, padding included.

  Raises:
    ValueError: For a model that answers with parts of a text.
  """
  if not module.answers_whole_texts:
    raise ValueError(
        'A file that answers questions or labels words has no signatures of '
        'text: answers need windows and characters, which TFLiteRunner makes '
        'of ids.')
  if module.tokenizer.lower_case == settings.KEEP_ACCENTS:
    raise ValueError(
        'TFLite cannot lower-case and keep accents, as this model was trained '
        'with. Leave --text_signatures out; TFLiteRunner does it.')
  vocabulary = module.tokenizer.vocabulary
  tokenizer = tf_text.FastBertTokenizer(
      vocab=list(vocabulary.tokens), token_out_type=tf.int32,
      max_bytes_per_word=4 * module.tokenizer.max_word_length,
      lower_case_nfd_strip_accents=module.tokenizer.lower_case)

  def tokenize(text: tf.Tensor) -> tf.Tensor:
    return tokenizer.tokenize(text).flat_values

  def serve(length: int, texts: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    segments = [tokenize(texts[name]) for name in module.text_inputs]
    return module.numbers(*_pack(segments, length, vocabulary))

  spec = tf.TensorSpec([1], tf.string)
  made: dict[str, Any] = {'tokenize': tf.function(
      lambda text: {'ids': tokenize(text)}).get_concrete_function(
          tf.TensorSpec([1], tf.string, 'text'))}
  for length in lengths:
    made[f'serve_text_{length}'] = tf.function(
        lambda length=length, **texts: serve(length, texts)
    ).get_concrete_function(**dict.fromkeys(module.text_inputs, spec))
  return made


def check_tokens(file: str | os.PathLike, tokenizer: tokenizer_lib.Tokenizer,
                 texts: agreement.RealTexts) -> str:
  """Refuses signatures of text that read many texts otherwise than training.

  Args:
    file: The file.
    tokenizer: The tokenizer of the model.
    texts: Texts that it is checked with.

  Returns:
    What was found, for the terminal.

  Raises:
    ValueError: If too many texts get other ids.
  """
  from tensorflow_text import tflite_registrar  # Only here: an extension.
  interpreter = litert.InterpreterWithCustomOps(
      custom_op_registerers=tflite_registrar.SELECT_TFTEXT_OPS,
      model_path=os.fspath(file))
  tokenize = interpreter.get_signature_runner('tokenize')

  def differ(text: str, expected: np.ndarray) -> bool:
    given = np.array([text.encode('utf-8', 'replace')], object)
    return not np.array_equal(tokenize(text=given)['ids'], expected)

  every = [*texts.texts, *(texts.pairs or ())]
  others = [text for text, ids in zip(
      every, tokenizer.tokenize_strings(every), strict=True)
            if differ(text, ids)]
  if len(others) > _LARGEST_OTHER_IDS * len(every):
    raise ValueError(
        f'Signatures of text read {len(others)} of {len(every)} texts '
        f'otherwise than training did, such as {others[0][:80]!r}: they know '
        "NFKC, not BERT's normalisation. Leave --text_signatures out; "
        'TFLiteRunner gives the right ids.')
  characters = [each for each, ids in zip(
      _NFKC, tokenizer.tokenize_strings(list(_NFKC)), strict=True)
                if differ(each, ids)]
  return (f'Signatures of text read {len(others)} of {len(every)} texts with '
          f'other ids than training, and of {len(_NFKC)} characters that NFKC '
          f'changes {len(characters)}: {" ".join(characters)}')


def _pack(segments: Sequence[tf.Tensor], length: int, vocabulary: Any
          ) -> list[tf.Tensor]:
  """Returns inputs `[1, length]` of one or two texts, int32 `[tokens]`."""
  budget = length - len(segments) - 2  # One [PAD] follows.
  if len(segments) == 2:
    lengths = plain_tokenizer.kept_lengths(*map(tf.size, segments), budget, tf)
    segments = [s[:length] for s, length in zip(segments, lengths, strict=True)]
  else:
    segments = [segments[0][:budget]]
  sep = tf.constant([vocabulary.sep_id])
  words, types = [tf.constant([vocabulary.cls_id])], [tf.zeros([1], tf.int32)]
  for index, segment in enumerate(segments):
    words += [segment, sep]
    types.append(tf.fill([tf.size(segment) + 1], index))
  words, types = tf.concat(words, 0), tf.concat(types, 0)

  def pad(values: tf.Tensor, value: int = 0) -> tf.Tensor:
    padding = [[0, length - tf.size(words)]]
    padded = tf.pad(values, padding, constant_values=value)
    return tf.reshape(padded, [1, length])

  return [pad(words, vocabulary.pad_id), pad(tf.ones_like(words)), pad(types)]


def _encode_samples(trained: loading.TrainedModel,
                    texts: agreement.RealTexts,
                    lengths: Sequence[int]) -> list[dict]:
  return [
      {name: value.numpy() for name, value in inputs.items()}
      for length in lengths
      for inputs in agreement.batches(
          trained, texts, rows=1, length=length, most=_SAMPLES)
  ]
