# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers text with a `.tflite` file, without TensorFlow."""

from collections.abc import Mapping
import os
import threading
import warnings
from typing import Any

import numpy as np

from mobilebert_tf.deployment import flatbuffer_check
from mobilebert_tf.deployment import text_runner
from mobilebert_tf.deployment import tflite_engines
from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.inference import task_kind

DYNAMIC = 'serve_dynamic'
INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids')


def signature_name(length: int | None) -> str:
  """Returns the name of the signature for a length, such as `serve_64`."""
  return DYNAMIC if length is None else f'serve_{length}'


class Signatures:
  """The signatures of a file.

  Threads may share it: they take turns, since an engine has one set of inputs
  and outputs.

  Args:
    path: The file, already checked.
    metadata: Its metadata.
    pad_id: The id of [PAD].
    num_threads: Threads of the interpreter.
    use_dynamic_length: Whether the signature for any length, if there is one,
      is preferred to those that pad.
    weight_cache: Folder of packed weights; see `TFLiteRunner`.

  Raises:
    ValueError: If the interpreter refuses the file, or a signature is missing.
  """

  def __init__(self, path: str | os.PathLike,
               metadata: tflite_file.TFLiteMetadata, pad_id: int,
               num_threads: int = 1, use_dynamic_length: bool = True,
               weight_cache: str | os.PathLike | None = None):
    self._path = os.fspath(path)
    self.metadata, self._pad_id = metadata, pad_id
    self._use_dynamic_length = metadata.dynamic_length and use_dynamic_length
    self.lock = threading.Lock()
    try:
      any_length = flatbuffer_check.check_file(path)
      if any_length and weight_cache is not None:
        weight_cache = None
        warnings.warn(f'{path} has a signature for any length, and of such '
                      'files no packed weights are kept.', stacklevel=3)
      self.engine = tflite_engines.open_engine(
          self._path, num_threads,
          tflite_engines.cache_file(weight_cache, metadata.model_sha256)
          if weight_cache is not None else '',
          any_length=any_length)
      found = self.engine.signatures()
    except (RuntimeError, ValueError) as error:
      raise tflite_file.damaged(path, error) from error
    self._names = [signature_name(n) for n in metadata.lengths]
    if metadata.dynamic_length:
      self._names.append(DYNAMIC)
    self._check(found)

  def output_size(self, name: str) -> int:
    """Returns the last dimension of an output, such as the number of labels."""
    return int(self.output_shape(name)[-1])

  def output_shape(self, name: str) -> np.ndarray:
    """Returns the shape of an output of the first signature."""
    with self.lock:
      return self.engine.output_shape(self._names[0], name)

  def run(self, ids: np.ndarray, types: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the outputs for a text, one row, by name.

    Args:
      ids: int32 `[tokens]`, special tokens included, no padding.
      types: int32 `[tokens]`, the segment of each.

    Raises:
      ValueError: If the interpreter fails.
    """
    name, length = self._choose(len(ids))
    inputs = np.zeros([3, 1, length], np.int32)
    inputs[0] = self._pad_id
    inputs[:, 0, :len(ids)] = ids, np.ones_like(ids), types
    try:
      with self.lock:  # The outputs are copies.
        return self.metadata.kind.run_file(
            self.engine.run, name, self.metadata,
            dict(zip(INPUTS, inputs, strict=True)))
    except (RuntimeError, ValueError) as error:
      why = ' '.join(str(error).split())
      raise ValueError(f'{self._path}: the signature {name} fails for '
                       f'{length} tokens: {why}') from error

  def _choose(self, tokens: int) -> tuple[str, int]:
    """Returns the signature for a text, and its length of input.

    At least one [PAD] follows each text, so that no answer depends on padding.
    """
    needed = tokens + self.metadata.padding
    length = next((n for n in self.metadata.lengths if n >= needed), None)
    if length is None or self._use_dynamic_length and length != needed:
      return DYNAMIC, needed
    return signature_name(length), length

  def _check(self, found: dict[str, dict[str, list[str]]]) -> None:
    further: dict[str, set[str]] = {}
    for name in self._names:
      further |= self.metadata.kind.file_signatures(name, self.metadata)
    missing = [name for name in (*self._names, *further) if name not in found]
    if missing:
      raise tflite_file.damaged(
          self._path, f'it lacks the signature {", ".join(missing)}.')
    outputs = set(self.metadata.kind.number_outputs)
    if self.metadata.runtime == tflite_file.MEDIAPIPE:  # It takes one.
      outputs = {self.metadata.kind.number_outputs[0]}
    for name in self._names:
      if (set(found[name]['inputs']) != set(INPUTS) or
          not outputs.issubset(found[name]['outputs'])):
        raise tflite_file.damaged(
            self._path, f'the signature {name} has to take {", ".join(INPUTS)} '
            f'and give {", ".join(sorted(outputs))}.')
    for name, wanted in further.items():
      if not wanted.issubset(found[name]['outputs']):
        raise tflite_file.damaged(
            self._path, f'the signature {name} has to give '
            f'{", ".join(sorted(wanted))}.')
    labels = self.metadata.labels
    if not labels:  # Signatures are made ready when they are first used.
      return
    size = self.output_size(self.metadata.kind.number_outputs[0])
    if size != len(labels):
      raise tflite_file.damaged(
          self._path, f'it has {len(labels)} labels for {size} outputs.')


class TFLiteRunner(text_runner.TextRunner):
  """Answers texts with a file that `export_tflite` wrote.

  It needs the file, `ai_edge_litert`, `tokenizers` and numpy. Texts of any
  length are answered: classifiers cut them at the end, contexts of questions
  are read in windows, and texts whose words get labels in parts. An answer
  depends on its text alone. Threads that share a runner take turns; one each is
  faster.

  Example:

    runner = TFLiteRunner('model.tflite')
    runner.answer('a fine film')       # Label('positive', 0.98)
    runner.answer(['one', 'another'])  # [Label(...), Label(...)]

  Args:
    path: The file.
    kinds: All kinds of tasks by name.
    num_threads: Number of threads of the interpreter.
    use_dynamic_length: Whether a text that no signature fits exactly goes to
      the one for any length, if the file has it, and not to a longer one.
    weight_cache: Folder that keeps weights as the runtime packs them, so that
      later processes map them and begin at once; made if it is missing. By
      default they are packed when the file is opened, and so are those of a
      file with a signature for any length.
    settings: Settings of the kind of task that replace those of the file, such
      as `{'thresholds': [0.2, 0.2]}` of early exits.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If the file is damaged or something else, or has no such
      settings.

  Attributes:
    metadata: Metadata of the file.
    vocabulary: Vocabulary of the file.
    tokenizer: Tokenizer with this vocabulary.
  """

  def __init__(self, path: str | os.PathLike,
               kinds: Mapping[str, task_kind.TaskKind], num_threads: int = 1,
               use_dynamic_length: bool = True,
               weight_cache: str | os.PathLike | None = None,
               settings: Mapping[str, Any] | None = None):
    if num_threads < 1:
      raise ValueError(f'num_threads is {num_threads}; it is at least 1.')
    metadata, vocabulary = tflite_file.read_metadata(path, kinds)
    metadata = tflite_file.with_settings(metadata, settings or {})
    self._signatures = Signatures(
        path, metadata, vocabulary.pad_id, num_threads, use_dynamic_length,
        weight_cache)
    super().__init__(metadata, vocabulary, self._signatures)

  def change_settings(self, settings: Mapping[str, Any]) -> None:
    """Changes settings of the kind of task for all later texts.

    Not for while another thread asks for answers, which may get either.

    Args:
      settings: As those that it is opened with.

    Raises:
      ValueError: If there are no such settings.

    Example: `runner.change_settings({'thresholds': [0.3]})`
    """
    with self._signatures.lock:
      self.metadata = self._signatures.metadata = tflite_file.with_settings(
          self.metadata, settings)


def open_runner(path: str | os.PathLike,
                kinds: Mapping[str, task_kind.TaskKind],
                num_threads: int | None) -> TFLiteRunner:
  """Opens a file; see `formats.Format.open`."""
  return TFLiteRunner(path, kinds, num_threads or 1)
