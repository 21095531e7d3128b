# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs the signatures of a `.tflite` file, the shortest that holds a text."""

import os

from ai_edge_litert import interpreter as litert
import numpy as np

from mobilebert_tf.deployment import tflite_file

DYNAMIC = 'serve_dynamic'
INPUTS = ('input_word_ids', 'input_mask', 'input_type_ids')


def signature_name(length: int) -> str:
  """Returns the name of the signature for a length, such as `serve_64`."""
  return f'serve_{length}'


class Signatures:
  """The signatures of a file, each made ready when it is first used.

  Not for several threads at once, as interpreters are not.

  Args:
    path: The file, which was found to be whole.
    metadata: What it says of itself.
    pad_id: The id of [PAD].
    num_threads: Threads of the interpreter.
    use_dynamic_length: Whether the signature for any length, where there is
      one, is preferred to those that pad.

  Raises:
    ValueError: If the interpreter refuses the file, or it lacks a signature
      that it should have.

  Example: `Signatures(path, metadata, 0).run(ids, types)['probabilities'][0]`
  """

  def __init__(self, path: str | os.PathLike,
               metadata: tflite_file.TFLiteMetadata, pad_id: int,
               num_threads: int = 1, use_dynamic_length: bool = True):
    self._path = os.fspath(path)
    self._metadata, self._pad_id = metadata, pad_id
    self._use_dynamic_length = metadata.dynamic_length and use_dynamic_length
    self._runners: dict[str, litert.SignatureRunner] = {}
    try:
      # By its path: the file is mapped, not read.
      self._interpreter = litert.Interpreter(
          self._path, num_threads=num_threads)
      found = self._interpreter.get_signature_list()
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
    details = self._runner(self._names[0]).get_output_details()
    return details[name]['shape']

  def run(self, ids: np.ndarray, types: np.ndarray) -> dict[str, np.ndarray]:
    """Computes the outputs for a text.

    Args:
      ids: int32 `[tokens]`, special tokens included, no padding.
      types: int32 `[tokens]`, the segment of each.

    Returns:
      The outputs by name, of one row.

    Raises:
      ValueError: If the interpreter fails.
    """
    name, length = self._choose(len(ids))
    inputs = np.zeros([3, 1, length], np.int32)
    inputs[0] = self._pad_id
    inputs[:, 0, :len(ids)] = ids, np.ones_like(ids), types
    try:
      return self._runner(name)(**dict(zip(INPUTS, inputs, strict=True)))
    except (RuntimeError, ValueError) as error:
      raise ValueError(f'{self._path}: the signature {name} fails for '
                       f'{length} tokens: {error}') from error

  def _choose(self, tokens: int) -> tuple[str, int]:
    """Returns the signature for a text, and the length of what it is given.

    An answer never depends on padding: at least one [PAD] follows each text.
    """
    needed = tokens + 1
    length = next((n for n in self._metadata.lengths if n >= needed), None)
    if length is None or self._use_dynamic_length and length != needed:
      return DYNAMIC, needed
    return signature_name(length), length

  def _runner(self, name: str) -> litert.SignatureRunner:
    if name not in self._runners:
      self._runners[name] = self._interpreter.get_signature_runner(name)
    return self._runners[name]

  def _check(self, found: dict[str, dict[str, list[str]]]) -> None:
    missing = [name for name in self._names if name not in found]
    if missing:
      raise tflite_file.damaged(
          self._path, f'it lacks the signature {", ".join(missing)}.')
    outputs = set(self._metadata.kind.number_outputs)
    for name in self._names:
      if (set(found[name]['inputs']) != set(INPUTS) or
          not outputs.issubset(found[name]['outputs'])):
        raise tflite_file.damaged(
            self._path, f'the signature {name} has to take {", ".join(INPUTS)} '
            f'and give {", ".join(sorted(outputs))}.')
    labels = self._metadata.labels
    if not labels:  # Signatures are made ready when they are first used.
      return
    size = self.output_size(self._metadata.kind.number_outputs[0])
    if size != len(labels):
      raise tflite_file.damaged(
          self._path, f'it has {len(labels)} labels for {size} outputs.')
