# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Processes that measure an artefact: they answer, fail audibly, and end."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from unittest import mock

from absl.testing import absltest

from mobilebert_tf.deployment import child_process
from mobilebert_tf.deployment import exported_models
from tests.data import temporary

# A process that starts a child, says which, and waits.
_PARENT = """
import pathlib, sys, time
from mobilebert_tf.deployment import child_process
from mobilebert_tf.deployment import exported_models
artefact = exported_models.ExportedModel(
    'x', pathlib.Path('x'), 'tflite', 0)
with child_process.ChildProcess(artefact, 1) as child:
  print(child.pid, flush=True)
  time.sleep(60)
"""
_ARTEFACT = exported_models.ExportedModel(
    'x.tflite', pathlib.Path('/no/x.tflite'), 'tflite', 0)


def _program(*lines: str):
  """Makes the child run other lines than those of `measuring`."""
  return mock.patch.object(child_process, '_PROGRAM', '\n'.join(lines))


def _is_running(pid: int) -> bool:
  stat = pathlib.Path(f'/proc/{pid}/stat')
  try:
    return stat.read_text().rpartition(')')[2].split()[0] != 'Z'
  except (FileNotFoundError, ProcessLookupError):
    return False


class ChildProcessTest(temporary.TemporaryFiles, absltest.TestCase):

  def _ask(self, *lines: str):
    with _program(*lines):
      with child_process.ChildProcess(_ARTEFACT, 1) as child:
        return child.load()

  def test_a_request_is_a_line_of_json_and_so_is_the_reply(self):
    reply = self._ask(
        'import sys, json',
        'request = json.loads(sys.stdin.readline())',
        'print(json.dumps({"request": request}), flush=True)')
    self.assertEqual(reply['request'], {
        'what': 'load', 'path': '/no/x.tflite', 'format': 'tflite', 'threads': 1})

  def test_a_refusal_names_the_artefact(self):
    with self.assertRaisesRegex(ValueError, '^x.tflite: not good$'):
      self._ask('print(\'{"error": "not good"}\', flush=True); input()')
    with self.assertRaisesRegex(ValueError, '^/no/x.tflite is damaged$'):
      self._ask('print(\'{"error": "/no/x.tflite is damaged"}\', flush=True)',
                'input()')

  def test_an_artefact_that_is_missing_is_refused_by_the_real_child(self):
    with self.assertRaisesRegex(ValueError, 'x.tflite'):
      with child_process.ChildProcess(_ARTEFACT, 1) as child:
        child.load()

  def test_a_crash_is_told_with_the_last_line_of_the_errors(self):
    with self.assertRaisesRegex(
        child_process.Crash, '^x.tflite failed: RuntimeError: no such op$'):
      self._ask('input()', 'raise RuntimeError("no such op")')

  def test_a_signal_is_told_by_its_name(self):
    with self.assertRaisesRegex(
        child_process.Crash, 'ended by SIGKILL, as the system does where '
        'memory is short'):
      self._ask('import os, signal', 'os.kill(os.getpid(), signal.SIGKILL)')

  def test_many_errors_do_not_stop_it(self):
    reply = self._ask('import sys', 'input()',
                      'sys.stderr.write("x" * 1_000_000)', 'print("{}")')
    self.assertEqual(reply, {})

  def test_what_libraries_print_is_no_reply(self):
    # The real program, with a request that prints.
    with _program(
        'from mobilebert_tf.deployment import measuring',
        'def load(self, **_):', '  print("noise"); return {"fine": 1}',
        'measuring.Measured.load = load', 'measuring.serve({})'):
      with child_process.ChildProcess(_ARTEFACT, 1) as child:
        self.assertEqual(child.load(), {'fine': 1})
        self.assertEqual(child.load(), {'fine': 1})

  def test_it_ends_with_the_block_even_while_at_work(self):
    lines = ('from mobilebert_tf.deployment import measuring', 'import time',
             'def load(self, **_):', '  print("at work"); time.sleep(60)',
             'measuring.Measured.load = load', 'measuring.serve({})')
    with _program(*lines):
      with child_process.ChildProcess(_ARTEFACT, 1) as child:
        pid, started = child.pid, time.monotonic()
        child._process.stdin.write(json.dumps({'what': 'load'}) + '\n')
        child._process.stdin.flush()
        time.sleep(1)
        self.assertTrue(_is_running(pid))
    self.assertLess(time.monotonic() - started, 20)
    self.assertFalse(_is_running(pid))

  @absltest.skipUnless(os.path.isdir('/proc/self'), 'Needs Linux.')
  def test_it_ends_when_its_parent_is_killed(self):
    parent = subprocess.Popen([sys.executable, '-c', _PARENT],
                              stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    self.assertTrue(_is_running(pid))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while _is_running(pid) and time.monotonic() < deadline:
      time.sleep(0.1)
    self.assertFalse(_is_running(pid))


if __name__ == '__main__':
  absltest.main()
