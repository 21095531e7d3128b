# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Writes a trained model in the forms that it is deployed in.

Nothing is written that does not answer as the Keras model does, on real text.
"""

from collections.abc import Sequence
import os
import pathlib
import tempfile

import numpy as np
import tensorflow as tf

from mobilebert_tf.common import files
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import building
from mobilebert_tf.deployment import calibration
from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import tflite
from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.deployment import warm_up
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import spans as spans_lib
from mobilebert_tf.text import vocabulary
from official.core import export_base

LENGTHS = (16, 32, 64, 128, 384)
LARGEST_DISAGREEMENT = 0.005

_MARKER = 'saved_model.pb'
# Inputs that int8 ranges are measured on, for each length.
_SAMPLES = 64
_WARM_UP_TEXTS = 8
_OUTPUTS = {
    loading.CLASSIFICATION: 'probabilities',
    loading.REGRESSION: 'score',
    loading.EMBEDDINGS: 'mean_output',
    loading.QUESTION_ANSWERING: 'answer',
}


def export_saved_model(
    trained: loading.TrainedModel, output_dir: str | os.PathLike,
    texts: agreement.RealTexts, *, version: int | None = None,
    xla: bool = False,
    largest_disagreement: float = LARGEST_DISAGREEMENT) -> pathlib.Path:
  """Writes a SavedModel that takes ids, examples or text.

  What runs is the model folded for inference, with the same outputs.

  Args:
    trained: The model.
    output_dir: A folder of versions, as TensorFlow Serving watches it: the
      SavedModel is a folder in it.
    texts: Real ones, to check its answers and to warm it up with.
    version: The SavedModel's number; it is replaced if it exists. By default
      one more than the latest.
    xla: Whether XLA compiles the model: each length, rounded up to some, takes
      seconds at its first use and less time from then on.
    largest_disagreement: See `agreement.check`.

  Returns:
    The SavedModel's folder.

  Raises:
    FileExistsError: If `output_dir` holds something else.
    ValueError: If too many answers differ, or there are no texts.

  Example: `export_saved_model(loading.load('runs/sst2'), 'sst2', texts)`
  """
  _check_texts(trained, texts)
  output_dir = pathlib.Path(output_dir).expanduser()
  latest = _latest_version(output_dir)
  folder = output_dir / str(latest + 1 if version is None else version)
  module = building.build(trained, xla=xla)
  expected = agreement.expected_answers(trained, texts)
  # Another export may have taken the number meanwhile.
  with files.replace_folder(
      folder, _MARKER, overwrite=version is not None) as new:
    export_base.export(
        module, served_module.SIGNATURES, str(new), timestamped=False)
    warm_up.write(new, 'serve_text', [
        _inputs(module, agreement.RealTexts(*columns))
        for columns in _first(texts, _WARM_UP_TEXTS)])
    found = _serve(new, module, trained.kind, texts)
    agreement.check(trained, texts, found, expected, largest_disagreement)
  return folder


def export_tflite(
    trained: loading.TrainedModel, output_file: str | os.PathLike,
    texts: agreement.RealTexts, *, lengths: Sequence[int] = LENGTHS,
    quantization: str = 'dynamic', dynamic_length: bool = False,
    text_signatures: bool = False,
    largest_disagreement: float = LARGEST_DISAGREEMENT) -> None:
  """Writes a `.tflite` file that holds all that answering text needs.

  Args:
    trained: The model.
    output_file: The file; one that exists is replaced.
    texts: Some dozens of real ones: its channels are brought to the range that
      int8 and float16 have, by what these make of them, and its answers are
      checked with them.
    lengths: Lengths in tokens, padding included, that get a signature each.
      Those beyond what the longest text needs are left out, and one that holds
      it is always there, so that TFLite cuts no text that the model would read.
    quantization: One of `tflite_metadata.QUANTIZATIONS`.
    dynamic_length: Whether there is a signature for any length.
    text_signatures: Whether there are signatures that take text.
    largest_disagreement: See `agreement.check`.

  Raises:
    ValueError: For an unknown quantization, too many other answers, or no
      texts.

  Example: `export_tflite(loading.load('runs/sst2'), 'sst2.tflite', texts)`
  """
  _check_texts(trained, texts)
  output_file = pathlib.Path(output_file).expanduser()
  if output_file.is_dir():
    raise FileExistsError(f'{output_file} is a folder. Name a file.')
  module = building.build(trained, calibration.batches(trained, texts))
  data = convert(trained, module, texts, lengths=lengths,
                 quantization=quantization, dynamic_length=dynamic_length,
                 text_signatures=text_signatures)
  output_file.parent.mkdir(parents=True, exist_ok=True)
  with tempfile.TemporaryDirectory(
      prefix=f'.{output_file.name}-', dir=output_file.parent) as staging:
    new = pathlib.Path(staging, output_file.name)
    new.write_bytes(data)
    expected = agreement.expected_answers(trained, texts)
    for use_dynamic_length in {False, dynamic_length}:
      found = run_tflite(new, trained.kind, texts, use_dynamic_length)
      agreement.check(trained, texts, found, expected, largest_disagreement)
    os.replace(new, output_file)


def convert(trained: loading.TrainedModel, module: served_module.ServedModule,
            texts: agreement.RealTexts, *, lengths: Sequence[int] = LENGTHS,
            quantization: str = 'dynamic', dynamic_length: bool = False,
            text_signatures: bool = False) -> bytes:
  """Makes a `.tflite` file, and does not check it.

  Args:
    trained: The model.
    module: What `building.build` made of it.
    texts: As for `export_tflite`.
    lengths: The same.
    quantization: The same.
    dynamic_length: The same.
    text_signatures: The same.

  Returns:
    The file, metadata and vocabulary included.
  """
  lengths = signature_lengths(
      lengths, module.max_length, len(module.text_inputs))
  samples = []
  if quantization == 'int8':
    samples = _samples(trained, texts, lengths)
  metadata = _metadata(trained, module, lengths, quantization, dynamic_length,
                       text_signatures)
  model = tflite.convert(
      module, lengths, quantization, dynamic_length=dynamic_length,
      text_signatures=text_signatures, calibration=samples)
  words = ''.join(f'{token}\n' for token in vocabulary.Vocabulary.read(
      trained.vocab_file).tokens)
  return tflite_file.pack(model, metadata, words)


def run_tflite(file: str | os.PathLike, kind: str,
               texts: agreement.RealTexts, use_dynamic_length: bool = True
               ) -> np.ndarray | list[str]:
  """Returns a file's answers, as `agreement.expected_answers` has them."""
  runner = tflite_runner.TFLiteRunner(
      file, use_dynamic_length=use_dynamic_length)
  if kind == loading.QUESTION_ANSWERING:
    return [answer.text for answer in runner.answer(texts.texts, texts.pairs)]
  return runner.scores(texts.texts, texts.pairs)


def signature_lengths(lengths: Sequence[int], max_length: int,
                      segments: int = 1) -> list[int]:
  """Returns the lengths that a file has signatures for.

  Args:
    lengths: Those that are wanted.
    max_length: How many tokens the longest text has.
    segments: How many texts are read together.

  Returns:
    The wanted ones that are shorter than the longest text and its [PAD], and
    last that.

  Example:

  >>> signature_lengths([16, 64, 384], 128)
  [16, 64, 129]
  """
  least = 2 + 2 * segments  # [CLS], a token and [SEP] of each, and a [PAD].
  if any(length < least for length in lengths):
    raise ValueError(
        f'A signature has at least {least} tokens: special ones, a [PAD] and '
        f'one of each text; got {", ".join(map(str, lengths))}.')
  longest = max_length + 1
  return sorted({*(n for n in lengths if n < longest), longest})


# === SavedModel ===


def _latest_version(folder: pathlib.Path) -> int:
  """Returns the highest number of a version; raises FileExistsError."""
  if not folder.exists():
    return 0
  entries = [] if not folder.is_dir() else [
      path for path in folder.iterdir() if not path.name.startswith('.')]
  strange = [path for path in entries if not path.name.isdecimal()]
  if strange or not folder.is_dir():
    raise FileExistsError(
        f'{folder} holds {strange[0].name if strange else "a file"}, so it is '
        'no folder of versions of a SavedModel. Name another folder.')
  return max((int(path.name) for path in entries), default=0)


def _inputs(module: served_module.ServedModule,
            texts: agreement.RealTexts) -> dict[str, tf.Tensor]:
  columns = [texts.texts] if texts.pairs is None else [texts.texts, texts.pairs]
  return {name: tf.constant(column, tf.string)
          for name, column in zip(module.text_inputs, columns, strict=True)}


def _first(texts: agreement.RealTexts, count: int
           ) -> list[tuple[list[str], list[str] | None]]:
  """Returns the first texts one by one."""
  return [([text], texts.pairs and [texts.pairs[i]])
          for i, text in enumerate(texts.texts[:count])]


def _serve(folder: pathlib.Path, module: served_module.ServedModule, kind: str,
           texts: agreement.RealTexts):
  loaded = tf.saved_model.load(str(folder))
  outputs = loaded.signatures['serve_text'](**_inputs(module, texts))
  answers = outputs[_OUTPUTS[kind]].numpy()
  if kind == loading.QUESTION_ANSWERING:
    return [answer.decode('utf-8') for answer in answers]
  return answers


# === TensorFlow Lite ===


def _samples(trained: loading.TrainedModel, texts: agreement.RealTexts,
             lengths: Sequence[int]) -> list[dict]:
  return [
      {name: value.numpy() for name, value in inputs.items()}
      for length in lengths
      for inputs in calibration.batches(
          trained, texts, rows=1, length=length, most=_SAMPLES)
  ]


def _metadata(trained: loading.TrainedModel, module: served_module.ServedModule,
              lengths: Sequence[int], quantization: str, dynamic_length: bool,
              text_signatures: bool) -> tflite_file.TFLiteMetadata:
  settings = None
  if trained.kind == loading.QUESTION_ANSWERING:
    answerer = predictor.QuestionAnswerer(trained)
    windows, spans = answerer.window_settings, answerer.span_settings
    settings = tflite_file.QuestionAnsweringSettings(
        doc_stride=windows.doc_stride, query_length=windows.query_length,
        n_best=spans.n_best, max_answer_length=spans.max_answer_length,
        allow_no_answer=answerer.allow_no_answer,
        # JSON has no infinity.
        null_threshold=float(np.clip(
            answerer.null_threshold, -spans_lib.NO_TEXT_ODDS,
            spans_lib.NO_TEXT_ODDS)))
  return tflite_file.TFLiteMetadata(
      task=trained.kind, lengths=tuple(lengths), max_length=module.max_length,
      lower_case=trained.lower_case, quantization=quantization,
      checkpoint_sha256=building.weights_sha256(trained.model),
      labels=tuple(trained.labels), pairs=bool(trained.pairs),
      dynamic_length=dynamic_length, text_signatures=text_signatures,
      question_answering=settings)


def _check_texts(trained: loading.TrainedModel,
                 texts: agreement.RealTexts) -> None:
  if not len(texts):
    raise ValueError('There is no text to check the export with.')
  if bool(trained.pairs) != (texts.pairs is not None):
    raise ValueError(
        f'The model reads {"two texts" if trained.pairs else "single texts"}; '
        f'{texts.source or "what it is checked with"} has others.')
