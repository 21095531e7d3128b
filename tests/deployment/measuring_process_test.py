# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Processes that measure a model: they answer, fail audibly, and end."""

import os
import pathlib
import signal
import subprocess
import sys
import time

from absl.testing import absltest

from mobilebert_tf.deployment import formats
from mobilebert_tf.deployment import measuring
from tests.data import temporary

_MODEL = formats.ExportedModel(
    'x.tflite', pathlib.Path('/no/x.tflite'), 'tflite', 0)
# A program that must not be imported again by its child process.
_PROGRAM = """
import pathlib, sys, time
from mobilebert_tf.deployment import formats
from mobilebert_tf.deployment import measuring
from mobilebert_tf.tasks import registry
_MODULES = 'list(__import__("sys").modules)'
model = formats.ExportedModel('x', pathlib.Path('/no/x'), 'tflite', 0)
with measuring.MeasuringProcess(model, registry.KINDS, 1) as process:
  print(process.pid, *process.call(eval, _MODULES))
  process.call(len, registry.KINDS)
  print(*process.call(eval, _MODULES), flush=True)
  time.sleep(float(sys.argv[1]))
"""


def _refuse(refusal: str) -> None:
  """Makes models refuse to be described, in a child process."""
  def describe(_):
    raise ValueError(refusal)
  measuring.Measured.describe = describe


def _fail(message: str) -> None:
  raise RuntimeError(message)


def _be_killed() -> None:
  """Makes the process that describes a model be killed."""
  measuring.Measured.describe = lambda _: os.kill(os.getpid(), signal.SIGKILL)


def _exit() -> None:
  print('the last words', file=sys.stderr)
  os._exit(3)


def _write_errors() -> int:
  return sys.stderr.write('x' * 1_000_000)


def _print(reply: str) -> str:
  print('noise')
  os.system('echo more noise')
  return reply


def _work(marker: str) -> None:
  pathlib.Path(marker).touch()
  time.sleep(60)


def _is_running(pid: int) -> bool:
  stat = pathlib.Path(f'/proc/{pid}/stat')
  try:
    return stat.read_text().rpartition(')')[2].split()[0] != 'Z'
  except (FileNotFoundError, ProcessLookupError):
    return False


class ChildProcessTest(temporary.TemporaryFiles, absltest.TestCase):

  def test_it_calls_functions_and_survives_what_they_raise(self):
    with measuring.ChildProcess() as child:
      self.assertEqual(child.call(max, [1, 3, 2], key=abs), 3)
      with self.assertRaisesRegex(
          measuring.Crash, '^RuntimeError: no such op$') as caught:
        child.call(_fail, 'no such op\nand more')
      self.assertIn('in _fail\n', caught.exception.details)
      # What is printed is no reply, and does not fill a pipe.
      self.assertEqual(child.call(_write_errors), 1_000_000)
      self.assertEqual(child.call(_print, 'fine'), 'fine')
      self.assertEqual(child.call(os.getpid), child.pid)
      self.assertNotEqual(child.pid, os.getpid())

  def test_the_end_of_a_process_is_told_with_its_last_line(self):
    with measuring.ChildProcess() as child:
      with self.assertRaisesRegex(measuring.Crash, '^the last words$'):
        child.call(_exit)
      with self.assertRaisesRegex(measuring.Crash, '^the last words$'):
        child.call(os.getpid)

  def test_it_ends_with_the_block_even_while_at_work(self):
    marker = pathlib.Path(self.make_folder(), 'at_work')
    with measuring.ChildProcess() as child:
      child._pipe.send((_work, (str(marker),), {}))
      while not marker.exists():
        time.sleep(0.1)
      pid, started = child.pid, time.monotonic()
      self.assertTrue(_is_running(pid))
    self.assertLess(time.monotonic() - started, 20)
    self.assertFalse(_is_running(pid))


class MeasuringProcessTest(temporary.TemporaryFiles, absltest.TestCase):

  def test_a_refusal_names_the_model(self):
    with measuring.MeasuringProcess(_MODEL, {}, 1) as process:
      process.call(_refuse, 'not good')
      with self.assertRaisesRegex(ValueError, '^x.tflite: not good$'):
        process.ask('describe')
      process.call(_refuse, '/no/x.tflite is damaged')
      with self.assertRaisesRegex(ValueError, '^/no/x.tflite is damaged$'):
        process.ask('describe')

  def test_a_model_that_is_missing_is_refused(self):
    with measuring.MeasuringProcess(_MODEL, {}, 1) as process:
      with self.assertRaisesRegex(ValueError, 'x.tflite'):
        process.load()

  def test_a_crash_names_the_model_and_the_signal(self):
    with measuring.MeasuringProcess(_MODEL, {}, 1) as process:
      with self.assertRaisesRegex(
          measuring.Crash, '^x.tflite failed: AttributeError: '):
        process.ask('nothing')
      process.call(_be_killed)
      with self.assertRaisesRegex(
          measuring.Crash, '^x.tflite failed: its process was ended by '
          'SIGKILL, as the system does where memory is short'):
        process.ask('describe')

  def test_it_imports_neither_its_program_nor_what_that_imports(self):
    found = subprocess.run(
        [sys.executable, self.make_file('program.py', _PROGRAM), '0'],
        stdout=subprocess.PIPE, text=True, check=True,
        env=_environment()).stdout.splitlines()
    before, with_kinds = (line.split() for line in found)
    self.assertNotIn('numpy', before)
    self.assertIn('mobilebert_tf.tasks.embedding.kind', with_kinds)
    for module in ('tensorflow', 'mobilebert_tf.tasks.registry'):
      self.assertNotIn(module, with_kinds)

  @absltest.skipUnless(os.path.isdir('/proc/self'), 'Needs Linux.')
  def test_it_ends_when_its_parent_is_killed(self):
    parent = subprocess.Popen(
        [sys.executable, '-c', _PROGRAM, '60'], stdout=subprocess.PIPE,
        text=True, env=_environment())
    pid = int(parent.stdout.readline().split()[0])
    self.assertTrue(_is_running(pid))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while _is_running(pid) and time.monotonic() < deadline:
      time.sleep(0.1)
    self.assertFalse(_is_running(pid))


def _environment() -> dict[str, str]:
  return {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}


if __name__ == '__main__':
  absltest.main()
