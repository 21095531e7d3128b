# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A process of its own for an artefact, and questions to it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import Any

from mobilebert_tf.deployment import exported_models

_PROGRAM = (
    'from mobilebert_tf.deployment import measuring; '
    'from mobilebert_tf.tasks import registry; '
    'measuring.serve(registry.KINDS)')
_PATIENCE = 10  # Seconds until a process that should end is ended.


class Crash(RuntimeError):
  """A child ended that should not have; the message says of what."""


class ChildProcess:
  """A process that `measuring.serve`s one artefact.

  It ends with the `with` block, and whenever this process does.

  Args:
    artefact: What it loads, by `ask('load', ...)`, which `load` does.
    threads: On how many it computes.

  Example:

    with ChildProcess(artefact, threads=1) as child:
      child.load()
      child.ask('answer', texts=['a text'], pairs=None)
  """

  def __init__(self, artefact: exported_models.ExportedModel, threads: int):
    self._artefact, self._threads = artefact, threads

  def __enter__(self) -> 'ChildProcess':
    # A file, since a pipe that nobody reads fills and stops the writer.
    self._errors = tempfile.TemporaryFile()
    self._process = subprocess.Popen(
        [sys.executable, '-c', _PROGRAM], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=self._errors, text=True,
        encoding='utf-8',
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})
    return self

  def __exit__(self, *_: Any) -> None:
    try:
      self._process.stdin.close()
    except BrokenPipeError:  # It has ended before.
      pass
    try:
      self._process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
      pass
    finally:
      self._process.kill()  # Which does nothing where it has ended.
      self._process.wait()
      self._process.stdout.close()
      self._errors.close()

  @property
  def pid(self) -> int:
    """The number of the process."""
    return self._process.pid

  def load(self) -> dict[str, Any]:
    """Loads the artefact; see `measuring.Measured.load`."""
    return self.ask('load', path=str(self._artefact.path),
                    format=self._artefact.format, threads=self._threads)

  def ask(self, what: str, **arguments: Any) -> dict[str, Any]:
    """Returns the reply to a request.

    Args:
      what: The name of a method of `measuring.Measured`.
      **arguments: Its arguments.

    Returns:
      What the method returns.

    Raises:
      ValueError: If the artefact is damaged, or cannot do that.
      Crash: If the process ended.
    """
    try:
      self._process.stdin.write(
          json.dumps({'what': what, **arguments}) + '\n')
      self._process.stdin.flush()
      line = self._process.stdout.readline()
    except BrokenPipeError:
      line = ''
    if not line:
      raise Crash(f'{self._artefact.name} failed: {self._last_words()}')
    reply = json.loads(line)
    if 'error' in reply:
      known = str(self._artefact.path) in reply['error']
      raise ValueError(reply['error'] if known else
                       f'{self._artefact.name}: {reply["error"]}')
    return reply

  def _last_words(self) -> str:
    code = self._process.wait()
    self._errors.seek(0)
    lines = self._errors.read().decode('utf-8', 'replace').splitlines()
    said = next((line.strip() for line in reversed(lines) if line.strip()), '')
    if code < 0:
      name = signal.Signals(-code).name
      ended = f'its process was ended by {name}'
      if -code == signal.SIGKILL:
        ended += ', as the system does where memory is short'
      return f'{ended}: {said}' if said else f'{ended}.'
    return said or f'its process ended with {code} and said nothing.'
