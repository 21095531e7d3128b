# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A process of its own that calls functions and reports how it ended."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable
from typing import Any

_PATIENCE = 3  # Seconds until a process that is at work is killed.


class Crash(RuntimeError):
  """A function failed in a child process, or the process ended.

  Attributes:
    details: All that the process printed.
  """

  def __init__(self, summary: str, details: str = ''):
    super().__init__(summary)
    self.details = details


class ChildProcess:
  """A process that calls functions.

  It ends with the `with` block, and whenever this process ends.

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
    """Calls a function in the process.

    Args:
      function: Function of a module.
      *args: Its arguments, which are pickled.
      **kwargs: Its keyword arguments.

    Returns:
      What it returns.

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


# === In the child process ===


def _serve(pipe: multiprocessing.connection.Connection, log: str) -> None:
  """Calls what comes through the pipe, until it is closed."""
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
