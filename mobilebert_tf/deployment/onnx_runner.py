# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers text with an `.onnx` file by ONNX Runtime, without TensorFlow.

Task, tokenizer and labels are in the file's metadata, as `tflite_file` names
them. Their bytes come last, so that the checksum is of those before.
"""

from collections.abc import Mapping, Sequence
import hashlib
import os
from typing import Any

import numpy as np

from mobilebert_tf.deployment import text_runner
from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.inference import task_kind

try:
  import onnxruntime
except ImportError as error:
  raise RuntimeError('ONNX files are answered by onnxruntime: pip install '
                     'onnxruntime.') from error

INPUTS = ('input_ids', 'attention_mask', 'token_type_ids')
# Fields of metadata.json about the bytes of the model.
SIZE, SHA256 = 'model_bytes', 'model_sha256'


class OnnxRunner(text_runner.TextRunner):
  """Answers texts with a file that `export_onnx` wrote.

  It needs the file, `onnxruntime`, `tokenizers` and numpy. Each text is
  computed by itself, at its own length: dynamic int8 has one scale for all
  tokens of a batch, so that in a batch the others would change the answer.
  Threads may share a runner.

  Example:

    runner = OnnxRunner('sst2/onnx/model_quantized.onnx', registry.KINDS)
    runner.answer('a fine film')       # Label('positive', 0.98)
    runner.answer(['one', 'another'])  # [Label(...), Label(...)]

  Args:
    path: The file.
    kinds: All kinds of tasks by name.
    num_threads: Number of threads; None for ONNX Runtime's own choice.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If the file is damaged or something else.
  """

  def __init__(self, path: str | os.PathLike,
               kinds: Mapping[str, task_kind.TaskKind],
               num_threads: int | None = 1):
    if num_threads is not None and num_threads < 1:
      raise ValueError(f'num_threads is {num_threads}; it is at least 1.')
    session = _open(path, num_threads)
    try:
      metadata, vocabulary, fields = tflite_file.from_texts(
          session.get_modelmeta().custom_metadata_map, kinds)
      _check_bytes(path, fields)
      numbers = _Session(session, metadata)
    except ValueError as error:
      raise _damaged(path, error) from error
    super().__init__(metadata, vocabulary, numbers)


class _Session:
  """The numbers of a file; see `text_runner.Numbers`."""

  def __init__(self, session: onnxruntime.InferenceSession,
               metadata: tflite_file.TFLiteMetadata):
    self._session = session
    kind = metadata.kind
    self._names = {name: kind.hub_names.get(name, name)
                   for name in kind.number_outputs}
    self._shapes = {each.name: each.shape for each in session.get_outputs()}
    inputs = {each.name for each in session.get_inputs()}
    if inputs != set(INPUTS) or not set(self._names.values()) <= set(
        self._shapes):
      raise ValueError(f'it has to take {", ".join(INPUTS)} and give '
                       f'{", ".join(self._names.values())}.')

  def run(self, ids: np.ndarray, types: np.ndarray) -> dict[str, np.ndarray]:
    values = (ids, np.ones_like(ids), types)
    try:
      found = self._session.run(list(self._names.values()), {
          name: value[np.newaxis].astype(np.int64)
          for name, value in zip(INPUTS, values, strict=True)})
    except Exception as error:  # Of ONNX Runtime's own classes.
      why = ' '.join(str(error).split())
      raise ValueError(
          f'ONNX Runtime fails for {len(ids)} tokens: {why}') from error
    return dict(zip(self._names, found, strict=True))

  def output_shape(self, name: str) -> Sequence[Any]:
    shape = self._shapes[self._names[name]]
    return [each if isinstance(each, int) else 0 for each in shape]


def _open(path: str | os.PathLike,
          num_threads: int | None) -> onnxruntime.InferenceSession:
  if not os.path.exists(path):
    raise FileNotFoundError(f'There is no file {os.fspath(path)}. export_onnx '
                            'writes one.')
  if os.path.isdir(path):
    raise ValueError(f'{os.fspath(path)} is a folder; name a file in it, such '
                     'as onnx/model.onnx.')
  options = onnxruntime.SessionOptions()
  options.log_severity_level = 3  # Errors, which are raised as well.
  if num_threads is not None:
    options.intra_op_num_threads = options.inter_op_num_threads = num_threads
  try:
    return onnxruntime.InferenceSession(
        os.fspath(path), options, providers=['CPUExecutionProvider'])
  except Exception as error:  # Of ONNX Runtime's own classes.
    raise _damaged(path, error) from error


def _check_bytes(path: str | os.PathLike, fields: Mapping[str, Any]) -> None:
  """Raises ValueError unless the bytes of the model are those it was made of.
  """
  size = fields.get(SIZE)
  if type(size) is not int or not 0 < size < os.path.getsize(path):
    raise ValueError(f'{SIZE} is {size!r}.')
  with open(path, 'rb') as file:
    found = hashlib.sha256(file.read(size)).hexdigest()
  if found != fields.get(SHA256):
    raise ValueError('the checksum of its model is another than its metadata '
                     'say.')


def _damaged(path: str | os.PathLike, why: Any) -> ValueError:
  return ValueError(f'{os.fspath(path)} is damaged, or not what export_onnx '
                    f'wrote: {" ".join(str(why).split())}')


def open_runner(path: str | os.PathLike,
                kinds: Mapping[str, task_kind.TaskKind],
                num_threads: int | None) -> OnnxRunner:
  """Opens a file; see `formats.Format.open`."""
  return OnnxRunner(path, kinds, num_threads)
