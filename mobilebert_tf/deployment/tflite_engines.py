# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runtimes that compute the signatures of a `.tflite` file.

`CompiledModel` packs the weights once for all signatures, into memory that they
share or into a file that later processes map. `Interpreter` packs them for each
anew, and runs what `CompiledModel` does not: files with custom operations, or
for any length.
"""

import atexit
from collections.abc import Collection, Iterator, Mapping
import contextlib
import functools
import importlib.metadata
import os
import pathlib
import sys
import threading
from typing import Any

import numpy as np

_IN_MEMORY = ':memory'  # XNNPACK's name of a cache without a file.
# Standard error is one for the process.
_stderr_lock = threading.Lock()

Signatures = Mapping[str, Mapping[str, list[str]]]


class CompiledEngine:
  """Runs signatures by LiteRT's `CompiledModel`.

  Args:
    path: The file, already checked.
    num_threads: Number of threads.
    weight_cache: File of packed weights, made if it is not there; empty for a
      cache in memory.

  Raises:
    ImportError: If this release of LiteRT has no `CompiledModel`.
    RuntimeError: If it refuses the file.
  """

  def __init__(self, path: str, num_threads: int, weight_cache: str = ''):
    from ai_edge_litert import compiled_model as litert
    # Nothing under the final name is ever half written.
    new = f'{weight_cache}.{os.getpid()}-{threading.get_ident()}.new' if (
        weight_cache and not os.path.exists(weight_cache)) else ''
    options = litert.Options(
        hardware_accelerators=litert.HardwareAccelerator.CPU,
        cpu_options=litert.CpuOptions(
            num_threads=num_threads,
            xnnpack_weight_cache_path=new or weight_cache or _IN_MEMORY))
    with _quiet():
      self._model = litert.CompiledModel.from_file(
          path, environment=_environment(), options=options)
    if new and os.path.exists(new):
      os.replace(new, weight_cache)
    self._ready: dict[str, _Call] = {}
    self._shared: dict[tuple[Any, ...], list[Any]] = {}  # What is handed on.

  def signatures(self) -> Signatures:
    """Returns the names of inputs and outputs of each signature."""
    return self._model.get_signature_list()

  def output_shape(self, signature: str, output: str) -> np.ndarray:
    """Returns the shape of an output."""
    details = self._model.get_output_tensor_details(signature)
    return np.array(details[output]['shape'])

  def run(self, signature: str, inputs: Mapping[str, Any],
          handed_on: Collection[str] = ()) -> dict[str, Any]:
    """Returns the outputs by name, for inputs of the signature's shapes.

    Args:
      signature: Name of the signature.
      inputs: Arrays, or outputs that another signature has handed on.
      handed_on: Outputs, and inputs, to return as inputs of another signature,
        without a copy. They last until the signature after that one runs.
    """
    call = self._ready.get(signature)
    if call and call.fits(inputs, handed_on):
      return call.run(inputs)
    with _quiet():
      call = self._ready[signature] = self._prepare(
          signature, inputs, handed_on)
      return call.run(inputs)

  def _prepare(self, signature: str, inputs: Mapping[str, Any],
               handed_on: Collection[str]) -> '_Call':
    """Makes the buffers of a signature, for inputs of these shapes."""
    model = self._model
    for name, details in model.get_input_tensor_details(signature).items():
      given = inputs[name]
      if isinstance(given, np.ndarray) and (
          tuple(details['shape']) != given.shape):
        raise ValueError(f'it takes {list(details["shape"])}, not '
                         f'{list(given.shape)}.')
    outputs = model.get_output_tensor_details(signature)
    return _Call(
        model, signature, handed_on,
        {name: (model.create_input_buffer_by_name(signature, name)
                if isinstance(given, np.ndarray) else given, given)
         for name, given in inputs.items()},
        {name: (self._output_buffer(signature, name, details, inputs,
                                    name in handed_on), details)
         for name, details in outputs.items()})

  def _output_buffer(self, signature: str, name: str,
                     details: Mapping[str, Any], inputs: Mapping[str, Any],
                     is_handed_on: bool) -> Any:
    """Returns a buffer of an output.

    Signatures that follow each other share two for what they hand on, so that
    it stays in the cache.
    """
    if not is_handed_on:
      return self._model.create_output_buffer_by_name(signature, name)
    shared = self._shared.setdefault(
        (name, *details['shape'], str(details['dtype'])), [])
    given = list(inputs.values())
    for buffer in shared:
      if not any(buffer is each for each in given):
        return buffer
    shared.append(self._model.create_output_buffer_by_name(signature, name))
    return shared[-1]


class _Call:
  """A signature with its buffers, so that a call does little in Python.

  Args:
    model: The model.
    signature: Name of the signature.
    handed_on: See `CompiledEngine.run`.
    inputs: Buffer of each input, and what was given for it.
    outputs: Buffer of each output, and its type and shape.
  """

  def __init__(self, model: Any, signature: str, handed_on: Collection[str],
               inputs: Mapping[str, tuple[Any, Any]],
               outputs: Mapping[str, tuple[Any, Mapping[str, Any]]]):
    # By its number, nothing is looked up by name.
    number = model.get_signature_index(signature)
    names = model.get_signature_by_index(number)
    self._run = functools.partial(
        model.run_by_index, number,
        [inputs[name][0] for name in names['inputs']],
        [outputs[name][0] for name in names['outputs']])
    self._handed_on = handed_on
    self._written = [(name, buffer, given.shape)
                     for name, (buffer, given) in inputs.items()
                     if isinstance(given, np.ndarray)]
    self._taken = [(name, buffer) for name, (buffer, given) in inputs.items()
                   if not isinstance(given, np.ndarray)]
    self._found = {name: (outputs if name in outputs else inputs)[name][0]
                   for name in handed_on}
    self._read = [(name, buffer, int(np.prod(details['shape'])),
                   details['dtype'], tuple(details['shape']))
                  for name, (buffer, details) in outputs.items()
                  if name not in handed_on]

  def fits(self, inputs: Mapping[str, Any],
           handed_on: Collection[str]) -> bool:
    """Returns whether the buffers are those of such inputs."""
    return handed_on == self._handed_on and all([
        inputs[name] is buffer for name, buffer in self._taken]) and all([
            getattr(inputs[name], 'shape', None) == shape
            for name, _, shape in self._written])

  def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the outputs by name, for inputs that fit."""
    for name, buffer, _ in self._written:
      buffer.write(inputs[name])
    self._run()
    found = dict(self._found)
    for name, buffer, size, dtype, shape in self._read:
      found[name] = buffer.read(size, dtype).reshape(shape)
    return found


class InterpreterEngine:
  """Runs signatures by LiteRT's `Interpreter`, each made ready when first used.

  Args:
    path: The file, already checked.
    num_threads: Number of threads.

  Raises:
    RuntimeError: If it refuses the file.
    ValueError: If it refuses the file.
  """

  def __init__(self, path: str, num_threads: int):
    from ai_edge_litert import interpreter as litert
    # Given its path, it maps the file instead of reading it.
    self._interpreter = litert.Interpreter(path, num_threads=num_threads)
    self._ready: dict[str, Any] = {}

  def signatures(self) -> Signatures:
    """Returns the names of inputs and outputs of each signature."""
    return self._interpreter.get_signature_list()

  def output_shape(self, signature: str, output: str) -> np.ndarray:
    """Returns the shape of an output."""
    return self._runner(signature).get_output_details()[output]['shape']

  def run(self, signature: str, inputs: Mapping[str, np.ndarray],
          handed_on: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Returns the outputs by name, which are copies, also those handed on."""
    return {**{name: inputs[name] for name in handed_on if name in inputs},
            **self._runner(signature)(**inputs)}

  def _runner(self, signature: str) -> Any:
    if signature not in self._ready:
      self._ready[signature] = self._interpreter.get_signature_runner(
          signature)
    return self._ready[signature]


Engine = CompiledEngine | InterpreterEngine


def open_engine(path: str, num_threads: int, weight_cache: str = '', *,
                any_length: bool = False) -> Engine:
  """Returns the fastest engine that runs a file.

  Args:
    path: The file, already checked.
    num_threads: Number of threads.
    weight_cache: See `CompiledEngine`.
    any_length: Whether a signature takes any length. `CompiledModel` of LiteRT
      2.3 writes outputs that grow with it beyond the end of their buffers.

  Raises:
    RuntimeError: If none does.
    ValueError: If none does.
  """
  if any_length:
    return InterpreterEngine(path, num_threads)
  try:
    engine = CompiledEngine(path, num_threads, weight_cache)
    with _quiet():
      for name, signature in engine.signatures().items():
        engine.output_shape(name, signature['outputs'][0])  # Or it is refused.
    return engine
  except (ImportError, RuntimeError, ValueError, TypeError):
    return InterpreterEngine(path, num_threads)


def cache_file(folder: str | os.PathLike, model_sha256: str) -> str:
  """Returns the file of a model's packed weights in a folder, which is made.

  The runtime's release is in its name, since others pack otherwise.
  """
  folder = pathlib.Path(folder).expanduser()
  folder.mkdir(mode=0o700, parents=True, exist_ok=True)
  release = importlib.metadata.version('ai-edge-litert')
  return str(folder / f'{model_sha256[:32]}-{release}.xnnpack')


# === LiteRT's log ===


@functools.cache
def _environment() -> Any:
  """Returns what all models of a process share.

  LiteRT logs some lines when it ends, which is when the process does.
  """
  from ai_edge_litert import environment as litert
  atexit.register(_silence)
  return litert.Environment.create()


def _silence() -> None:
  """Sends what native code still writes to standard error nowhere."""
  with contextlib.suppress(OSError, ValueError):
    if sys.stderr:  # None where Python started without one.
      sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
  """Keeps LiteRT's log, a dozen lines for each file, from standard error.

  It has no setting for that. What raises an error says so by itself. What other
  threads write meanwhile is lost: the descriptor is one for the process.
  """
  with _stderr_lock:
    if sys.stderr:
      sys.stderr.flush()
    try:
      saved = os.dup(2)
    except OSError:  # Closed, as in a service.
      yield
      return
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
      os.dup2(sink, 2)
      yield
    finally:
      os.dup2(saved, 2)
      os.close(saved)
      os.close(sink)
