# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Measures one exported model in a process of its own.

This module imports nothing but the standard library before a model is loaded,
so that what a model needs counts as its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
import traceback
import types
from typing import Any

from mobilebert_tf.common import machine
from mobilebert_tf.deployment import formats

_PATIENCE = 3  # Seconds until a process that is at work is killed.
_BATCH_SIZE = 16  # Texts that are answered together where nothing is timed.


class Crash(RuntimeError):
  """A function failed in a child process, or the process ended.

  Attributes:
    details: Output of the process.
  """

  def __init__(self, summary: str, details: str = ''):
    super().__init__(summary)
    self.details = details


class ChildProcess:
  """A process that calls functions, and ends with the `with` block.

  It also ends whenever its parent does.

  Example:

    with ChildProcess() as child:
      child.call(os.getpid)
  """

  def __enter__(self) -> 'ChildProcess':
    context = multiprocessing.get_context('spawn')
    # A file, because a pipe that nobody reads fills and stops the writer.
    self._log = tempfile.NamedTemporaryFile(suffix='.log')
    self._pipe, theirs = context.Pipe()
    self._process = context.Process(
        target=_serve, args=(theirs, self._log.name), daemon=True)
    self._process.start()
    theirs.close()  # Otherwise the pipe would not end with the process.
    return self

  def __exit__(self, *_: Any) -> None:
    self._pipe.close()
    self._process.join(_PATIENCE)
    self._process.kill()
    self._process.join()
    self._log.close()

  @property
  def pid(self) -> int:
    """The ID of the process."""
    return self._process.pid

  def call(self, function: Callable[..., Any], *args: Any,
           **kwargs: Any) -> Any:
    """Returns the result of a function that is called in the process.

    Args:
      function: Function of a module.
      *args: Its arguments, which are pickled.
      **kwargs: Its keyword arguments.

    Raises:
      Crash: If the function raises an error, or the process ends.
    """
    try:
      self._pipe.send((function, args, kwargs))
      value, error = self._pipe.recv()
    except (EOFError, ConnectionError):
      self._process.join()
      value, error = None, self._last_words()
    if error:
      raise Crash(error, self._read_log())
    return value

  def _read_log(self) -> str:
    self._log.seek(0)
    return self._log.read().decode('utf-8', 'replace')

  def _last_words(self) -> str:
    """Returns why the process ended: its signal, and its last line."""
    code = self._process.exitcode
    lines = self._read_log().strip().splitlines()
    said = lines[-1].strip() if lines else ''
    if code < 0:
      ended = f'its process was ended by {signal.Signals(-code).name}'
      if -code == signal.SIGKILL:
        ended += ', as the system does where memory is short'
      return f'{ended}: {said}' if said else f'{ended}.'
    return said or f'its process ended with {code} and said nothing.'


class MeasuringProcess(ChildProcess):
  """A process that loads one exported model and measures it.

  Args:
    model: The exported model.
    kinds: All kinds of tasks by name.
    threads: Number of threads to compute with.

  Example:

    with MeasuringProcess(model, registry.KINDS, threads=1) as process:
      process.load()
      process.ask('answer', texts=['a text'], pairs=None)
  """

  def __init__(self, model: formats.ExportedModel,
               kinds: Mapping[str, Any], threads: int):
    self._model, self._kinds, self._threads = model, kinds, threads

  def __enter__(self) -> 'MeasuringProcess':
    # Otherwise `multiprocessing` would import the program there, with all that
    # it imports.
    program = sys.modules['__main__']
    sys.modules['__main__'] = types.ModuleType('__main__')
    try:
      return super().__enter__()
    finally:
      sys.modules['__main__'] = program

  def load(self) -> dict[str, float]:
    """Loads the model; see `Measured.load`."""
    return self.ask('load', path=str(self._model.path), threads=self._threads,
                    format=self._model.format, kinds=self._kinds)

  def ask(self, method: str, **arguments: Any) -> Any:
    """Returns the result of a method of `Measured` in the process.

    Args:
      method: Name of the method.
      **arguments: Its arguments.

    Raises:
      ValueError: If the model is damaged, or cannot do that.
      Crash: If the method fails otherwise, or the process ends.
    """
    try:
      value, refusal = self.call(_ask, method, arguments)
    except Crash as crash:
      raise Crash(
          f'{self._model.name} failed: {crash}', crash.details) from None
    if refusal:
      known = str(self._model.path) in refusal
      raise ValueError(refusal if known else f'{self._model.name}: {refusal}')
    return value


# === In the child process ===


def _serve(pipe: multiprocessing.connection.Connection, log: str) -> None:
  """Calls the functions that come through the pipe, until it is closed."""
  signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent answers Ctrl-C.
  threading.Thread(target=_end_with_parent, daemon=True).start()
  with open(log, 'w', encoding='utf-8') as file:
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
  with contextlib.suppress(EOFError, ConnectionError):
    while True:
      function, args, kwargs = pipe.recv()
      try:
        reply = function(*args, **kwargs), None
      except Exception as error:  # pylint: disable=broad-exception-caught
        traceback.print_exc()
        first_line = str(error).strip().partition('\n')[0]
        reply = None, f'{type(error).__name__}: {first_line}'
      pipe.send(reply)


def _end_with_parent() -> None:
  """Ends this process when its parent ends, even while it is at work."""
  multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
  os._exit(1)


class Measured:
  """An exported model, loaded by `load`."""

  def load(self, path: str, format: str, kinds: Mapping[str, Any],
           threads: int) -> dict[str, float]:
    """Loads the model with the arguments of `Format.open`.

    Returns:
      `import_seconds`, for what it needs; `load_seconds`, from there until it
      can answer.
    """
    # Limits of the libraries that compute beside TensorFlow and TFLite.
    os.environ['OMP_NUM_THREADS'] = str(threads)
    started = time.perf_counter()
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    formats.FORMATS[format].import_runner()
    imported = time.perf_counter()
    self._memory = machine.peak_memory()
    before = time.perf_counter()
    self._runner = formats.FORMATS[format].open(path, kinds, threads)
    seconds = time.perf_counter() - before
    return {'import_seconds': imported - started, 'load_seconds': seconds}

  def describe(self) -> dict[str, Any]:
    """Describes the model.

    Returns:
      `task`, `labels`, `pairs`, `max_length` (None if unknown) and `counts`,
      whether it can count tokens.
    """
    about = getattr(self._runner, 'metadata', self._runner)
    return {
        'task': about.kind.name, 'labels': list(about.labels or ()),
        'pairs': bool(about.pairs or about.kind.reads_pairs),
        'max_length': getattr(about, 'max_length', None),
        'counts': hasattr(self._runner, 'count_tokens'),
    }

  def count(self, texts: list[str], pairs: list[str] | None) -> list[int]:
    """Returns the numbers of tokens of texts, special tokens included."""
    return [int(each) for each in self._runner.count_tokens(texts, pairs)]

  def answer(self, texts: list[str], pairs: list[str] | None) -> list[Any]:
    """Returns the answers: a text, a number or numbers for each text."""
    answers = []
    for batch in _batches(texts, pairs, _BATCH_SIZE):
      found = self._runner.comparable(*batch)
      answers += found.tolist() if hasattr(found, 'tolist') else found
    return answers

  def time_first(self, text: str, pair: str | None) -> float:
    """Returns the seconds of the first answer after loading."""
    return self._seconds([text], None if pair is None else [pair])

  def time_one(self, text: str, pair: str | None, batch_size: int,
               calls: int, enough_seconds: float) -> float:
    """Returns the median seconds of answering a text repeatedly.

    Args:
      text: The text.
      pair: The second text, or None.
      batch_size: Copies of the text in a call.
      calls: Maximum number of calls.
      enough_seconds: Seconds after which no call is added to the first three.
    """
    texts = [text] * batch_size
    pairs = None if pair is None else [pair] * batch_size
    self._seconds(texts, pairs)  # The first time takes longer.
    found, started = [], time.perf_counter()
    while len(found) < calls and (
        len(found) < 3 or time.perf_counter() - started < enough_seconds):
      found.append(self._seconds(texts, pairs))
    return statistics.median(found)

  def time_texts(self, texts: list[str], pairs: list[str] | None,
                 batch_size: int) -> list[float]:
    """Returns the seconds of each batch of texts, in their order."""
    batches = list(_batches(texts, pairs, batch_size))
    for batch in batches:  # A length takes longer when it comes first.
      self._seconds(*batch)
    return [self._seconds(*batch) for batch in batches]

  def memory(self) -> dict[str, int]:
    """Returns `peak_bytes` so far, and `growth_bytes`, less the imports'."""
    peak = machine.peak_memory()
    return {'peak_bytes': peak, 'growth_bytes': peak - self._memory}

  def _seconds(self, texts: list[str], pairs: list[str] | None) -> float:
    started = time.perf_counter()
    self._runner.comparable(texts, pairs)
    return time.perf_counter() - started


_measured = Measured()


def _ask(method: str, arguments: dict[str, Any]) -> tuple[Any, str]:
  """Returns a method's result, or the reason why the model is refused."""
  try:
    return getattr(_measured, method)(**arguments), ''
  except (OSError, ValueError) as error:
    return None, str(error) or type(error).__name__


def _batches(texts: Sequence[str], pairs: Sequence[str] | None,
             size: int) -> Iterator[tuple[Any, Any]]:
  for i in range(0, len(texts), size):
    yield texts[i:i + size], pairs[i:i + size] if pairs is not None else None
