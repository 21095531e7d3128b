# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""ONNX files, alone or in a folder of Hugging Face's, checked when written."""

from collections.abc import Callable, Sequence
import dataclasses
import hashlib
import os
import pathlib
import tempfile
from typing import Any

import numpy as np

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import bert
from mobilebert_tf.checkpoints import hugging_face
from mobilebert_tf.checkpoints import tokenizer_files
from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.common import outputs
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import onnx_files
from mobilebert_tf.deployment import onnx_graph
from mobilebert_tf.deployment import onnx_model
from mobilebert_tf.deployment import onnx_runner
from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.inference import folding
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.text import vocabulary

try:
  import onnx
  import onnxruntime.quantization
except ImportError as error:
  raise RuntimeError('Writing ONNX files needs onnx and onnxruntime: pip '
                     "install 'mobilebert_tf[onnx]'.") from error

MARKER = 'onnx'
_SETTINGS = frozenset({
    'config.json', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'})

# Tells the quantizer not to ask for optimizations, which the graph needs not.
_PREPARED = {'onnx.quant.pre_process': 'onnxruntime.quant'}


def write(trained: loading.TrainedModel, output_file: str | os.PathLike,
          texts: agreement.RealTexts, *, quantization: str = 'dynamic',
          reduce_range: bool = False,
          largest_disagreement: float = agreement.LARGEST_DISAGREEMENT,
          report: Callable[[str], None] = notices.inform) -> None:
  """Writes an `.onnx` file that holds all that answering text needs.

  Args:
    trained: The model.
    output_file: The file; one that this function wrote is replaced.
    texts: Some dozens of real texts, to bring channels to the range of int8 and
      float16, and to check the answers with.
    quantization: `none`; `float16`; or `dynamic` (int8 weights, activations
      quantised on the fly).
    reduce_range: Whether weights of `dynamic` have 7 bits, for x86 without
      VNNI, whose sums of two products of 8 bits saturate.
    largest_disagreement: See `agreement.check`.
    report: Receiver of what the check found, a line.

  Raises:
    FileExistsError: If `output_file` is of another kind.
    ValueError: For an unknown quantization, too many other answers, or no
      texts.

  Example: `write(registry.load('runs/sst2'), 'sst2.onnx', texts)`
  """
  _check_quantizations([quantization])
  agreement.check_texts(trained, texts)
  output_file = pathlib.Path(output_file).expanduser()
  outputs.check_file(output_file, onnx_files.begins_as_ours,
                     'an .onnx file of mobilebert_tf')
  folded = rewriting.fold(trained.model, agreement.batches(trained, texts))
  with files.replacing(output_file) as new:
    _write(trained, folded, new, quantization, reduce_range)
    report(_check(trained, new, texts, trained.kind.answers(trained, texts),
                  largest_disagreement))


def write_folder(
    trained: loading.TrainedModel, output_dir: str | os.PathLike,
    texts: agreement.RealTexts, *,
    quantizations: Sequence[str] = ('none', 'dynamic'),
    reduce_range: bool = False,
    largest_disagreement: float = agreement.LARGEST_DISAGREEMENT,
    report: Callable[[str], None] = notices.inform) -> None:
  """Writes a folder that transformers.js and optimum load.

  It has `onnx_files.FILES`, each as `write` makes it, and beside them
  `config.json` and the tokenizer's files.

  Args:
    trained: The model.
    output_dir: The folder; one that this function wrote is replaced.
    texts: Real texts; see `write`.
    quantizations: Names of `onnx_files.FILES`.
    reduce_range: Whether weights have 7 bits; see `write`.
    largest_disagreement: See there.
    report: Receiver of what the check of each file found.

  Raises:
    FileExistsError: If `output_dir` holds something else.
    ValueError: As `write`.

  Example: `write_folder(registry.load('runs/sst2'), 'sst2', texts)`
  """
  _check_quantizations(quantizations)
  agreement.check_texts(trained, texts)
  folder = pathlib.Path(output_dir).expanduser()
  _check_folder(folder)
  folded = rewriting.fold(trained.model, agreement.batches(trained, texts))
  with files.replace_folder(folder, MARKER) as new:
    _write_settings(trained, new)
    (new / MARKER).mkdir()
    expected = trained.kind.answers(trained, texts)
    for quantization in quantizations:
      path = new / onnx_files.FILES[quantization]
      _write(trained, folded, path, quantization, reduce_range)
      report(f'{onnx_files.FILES[quantization]}: ' + _check(
          trained, path, texts, expected, largest_disagreement))


def _check_quantizations(quantizations: Sequence[str]) -> None:
  unknown = [each for each in quantizations if each not in onnx_files.FILES]
  if unknown or not quantizations:
    raise ValueError(
        f'Unknown quantization {", ".join(unknown) or "(none is named)"}; ONNX '
        f'files are written with {", ".join(onnx_files.FILES)}.')


def _check(trained: loading.TrainedModel, path: str | os.PathLike,
           texts: agreement.RealTexts, expected: Any, largest: float) -> str:
  runner = onnx_runner.OnnxRunner(path, {trained.kind.name: trained.kind})
  return agreement.check(
      trained, texts, runner.comparable(texts.texts, texts.pairs), expected,
      largest)


def _check_folder(folder: pathlib.Path) -> None:
  """Raises FileExistsError if a folder has what was not written here."""
  if not folder.is_dir() or not any(folder.iterdir()):
    return  # `replace_folder` refuses a file.
  for path in sorted(each for each in folder.rglob('*') if each.is_file()):
    name = path.relative_to(folder).as_posix()
    if name in onnx_files.FILES.values():
      outputs.check_file(path, onnx_files.begins_as_ours,
                         'an .onnx file of mobilebert_tf')
    elif name not in _SETTINGS:
      raise FileExistsError(
          f'{folder} is no folder of export_onnx: it has {name}. Nothing in it '
          'was changed. Name a new folder.')


def _write(trained: loading.TrainedModel, folded: folding.FoldedEncoder,
           path: str | os.PathLike, quantization: str,
           reduce_range: bool) -> None:
  """Writes a file, without a check."""
  dtype = np.float16 if quantization == 'float16' else np.float32
  model = onnx_model.build(trained, folded, dtype)
  if quantization == 'dynamic':
    model = quantize(model, reduce_range)
  pathlib.Path(path).write_bytes(
      _with_metadata(model, trained, quantization))


def quantize(model: onnx.ModelProto,
             reduce_range: bool = False) -> onnx.ModelProto:
  """Returns a model with int8 weights, by ONNX Runtime's quantizer.

  Args:
    model: The model in float32, changed.
    reduce_range: Whether weights have 7 bits.
  """
  onnx.helper.set_model_props(model, _PREPARED)
  with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'model.onnx')
    onnxruntime.quantization.quantize_dynamic(
        onnx.shape_inference.infer_shapes(model), path,
        op_types_to_quantize=['MatMul', 'Gather'], per_channel=True,
        reduce_range=reduce_range,
        weight_type=onnxruntime.quantization.QuantType.QInt8,
        nodes_to_exclude=[node.name for node in model.graph.node
                          if node.name.startswith(onnx_graph.HEAD)])
    quantized = onnx.load(path)
  del quantized.metadata_props[:]
  quantized.producer_name = onnx_files.PRODUCER
  return quantized


def _with_metadata(model: onnx.ModelProto, trained: loading.TrainedModel,
                   quantization: str) -> bytes:
  """Returns the bytes of a file; those of the metadata come last."""
  metadata = tflite_file.TFLiteMetadata(
      kind=trained.kind, lengths=(), dynamic_length=True,
      max_length=_max_length(trained),
      lower_case=trained.lower_case, max_word_length=trained.max_word_length,
      quantization=quantization,
      checkpoint_sha256=served_module.weights_sha256(trained.model),
      labels=tuple(trained.labels), pairs=bool(trained.pairs),
      settings=trained.kind.settings(trained))
  tokens = vocabulary.Vocabulary.read(trained.vocab_file).tokens
  data = model.SerializeToString()
  about = onnx.ModelProto()
  onnx.helper.set_model_props(about, tflite_file.to_texts(
      metadata, ''.join(f'{token}\n' for token in tokens), **{
          onnx_runner.SIZE: len(data),
          onnx_runner.SHA256: hashlib.sha256(data).hexdigest()}))
  return data + about.SerializeToString()  # Protocol buffers join so.


def _write_settings(trained: loading.TrainedModel,
                    folder: pathlib.Path) -> None:
  """Writes `config.json` and the tokenizer's files."""
  model = trained.model
  if hasattr(model, 'pooling'):  # Hugging Face's classes have no such head.
    model = model.encoder
  checkpoint = checkpoints.of_model(
      model, trained.vocab_file, trained.lower_case)
  is_bert = isinstance(checkpoint.architecture, modeling.BertConfig)
  (bert if is_bert else hugging_face).write_settings(dataclasses.replace(
      checkpoint, labels=tuple(trained.labels),
      max_word_length=trained.max_word_length), str(folder))
  # The graph adds a [PAD], so a text takes one position less. Of other classes
  # than BERT's, transformers.js gives no segments, and pairs get other answers.
  path = str(folder / tokenizer_files.TOKENIZER_CONFIG)
  tokenizer_files.write_json(path, {
      **tokenizer_files.read_json(path),
      'model_max_length': _max_length(trained),
      'tokenizer_class': 'BertTokenizer'})


def _max_length(trained: loading.TrainedModel) -> int:
  architecture = getattr(trained.model, 'encoder', trained.model).architecture
  return min(trained.max_length, architecture.max_position_embeddings - 1)
