# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Compiles the phones' samples for this machine, and lets them answer.

Their compilers are no part of the `test` extra; tests skip what is missing.

- Kotlin: `pip install --no-deps kotlin-jupyter-kernel`, whose jars have a
  compiler, and Debian's `default-jdk-headless` and `libandroid-json-java`.
- Swift: Debian 13's `swiftlang` and `g++`, here or in a folder that
  `MOBILEBERT_TF_SWIFT_ROOT` names, in which `/proc`, and this repository and
  `/tmp` at their own paths, are mounted.

LiteRT's own libraries for phones are in none of these registries. In their
place stand an `Interpreter` in Java and a `TensorFlowLiteC` in C, which ask
this module to run LiteRT's interpreter.
"""

from collections.abc import Iterator, Sequence
import contextlib
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
from typing import Any
import zipfile

from ai_edge_litert import interpreter as litert
import numpy as np

from tests import python_files
from tests.examples import native_text

_EXAMPLES = python_files.ROOT / 'examples'
_TESTS = python_files.ROOT / 'tests/examples'
_JSON_JAR = pathlib.Path('/usr/share/java/com.android.json.jar')
_SWIFT_ROOT = os.environ.get('MOBILEBERT_TF_SWIFT_ROOT', '')


class MissingError(Exception):
  """A compiler is missing; the message says which."""


def build_kotlin(folder: pathlib.Path) -> list[str]:
  """Compiles the Kotlin sample, and returns the command that answers.

  Args:
    folder: Folder for what is compiled.

  Raises:
    MissingError: If something that it needs is not installed.
  """
  found = importlib.util.find_spec('run_kotlin_kernel')
  if not found or not shutil.which('javac') or not _JSON_JAR.exists():
    raise MissingError('kotlin-jupyter-kernel, a JDK or libandroid-json-java')
  jars = pathlib.Path(found.submodule_search_locations[0], 'jars')
  [library] = jars.glob('kotlin-stdlib-*.jar')
  classes = folder / 'classes'
  path = f'{library}:{_JSON_JAR}:{classes}'
  stand_ins = _TESTS / 'android/org/tensorflow/lite'
  _run('javac', '-d', classes, *stand_ins.glob('*.java'))
  _run('java', '-cp', f'{jars}/*', 'org.jetbrains.kotlin.cli.jvm.K2JVMCompiler',
       '-no-stdlib', '-no-reflect', '-Werror', '-cp', path, '-d', classes,
       _EXAMPLES / 'android/MobileBert.kt', _TESTS / 'android/Main.kt')
  home = pathlib.Path(shutil.which('javac')).resolve().parents[1]
  native_text.compile_to(
      folder / 'libmobilebert_text.so', '-O1', '-shared', '-fPIC',
      f'-I{home}/include', f'-I{home}/include/linux',
      str(_EXAMPLES / 'android/jni.cc'))
  return ['java', '-Xcheck:jni', f'-Djava.library.path={folder}', '-cp', path,
          'MainKt']


def build_swift(folder: pathlib.Path) -> list[str]:
  """Compiles the Swift sample; see `build_kotlin`."""
  root = ['chroot', _SWIFT_ROOT] if _SWIFT_ROOT else []
  if not root and not shutil.which('swiftc'):
    raise MissingError('swiftlang')
  text, lite = native_text.SOURCES, _TESTS / 'ios/TensorFlowLiteC'
  _run(*root, 'cc', '-Wall', '-Werror', '-c', lite / 'c_api.c',
       '-o', folder / 'c_api.o')
  objects = [folder / 'c_api.o']
  for source in sorted(text.glob('*.cc')):
    objects.append(folder / f'{source.stem}.o')
    _run(*root, 'c++', '-std=c++17', '-O1', f'-I{text}/include', '-c', source,
         '-o', objects[-1])
  program = folder / 'answer'
  _run(*root, 'swiftc', '-swift-version', '6', '-warnings-as-errors',
       f'-I{text}/include', f'-I{lite}', _EXAMPLES / 'ios/MobileBert.swift',
       _TESTS / 'ios/main.swift', *objects, '-lstdc++', '-o', program)
  return [*root, str(program)]


def _run(*command: str | os.PathLike) -> None:
  subprocess.run(list(map(os.fspath, command)), check=True, timeout=900)


class Phone:
  """A running sample. `calls` are the calls of its class, by name."""

  def __init__(self, process: subprocess.Popen, model: pathlib.Path):
    self._process = process
    self._interpreter = litert.Interpreter(str(model))
    self._outputs: dict[str, np.ndarray] = {}

  def call(self, name: str, **fields: Any) -> Any:
    """Returns an answer as JSON, or why it was refused."""
    self._write(json.dumps({'call': name, **fields}))
    while True:
      kind, _, rest = self._process.stdout.readline().partition(' ')
      if kind == '=':
        return json.loads(rest)['answer']
      if kind != '?':
        raise ValueError(f'The sample says {kind} {rest}')
      self._write(self._answer(*rest.split()))

  def _write(self, line: str) -> None:
    self._process.stdin.write(line + '\n')
    self._process.stdin.flush()

  def _answer(self, what: str, *words: str) -> str:
    if what == 'size':
      signature, output = words
      runner = self._interpreter.get_signature_runner(signature)
      return str(np.prod(runner.get_output_details()[output]['shape']))
    if what == 'output':
      return ','.join(map(repr, self._outputs[words[0]].ravel().tolist()))
    signature, *inputs = words
    values = {name: np.array([json.loads(numbers)], np.int32)
              for name, _, numbers in (word.partition('=') for word in inputs)}
    self._outputs = self._interpreter.get_signature_runner(signature)(**values)
    return 'done'


@contextlib.contextmanager
def run(command: Sequence[str], model: pathlib.Path) -> Iterator[Phone]:
  """Starts a sample for a file, which is unpacked beside itself."""
  with zipfile.ZipFile(model) as archive:
    archive.extractall(model.parent)
  with subprocess.Popen(
      [*command, str(model.parent)], stdin=subprocess.PIPE,
      stdout=subprocess.PIPE, encoding='utf-8') as process:
    yield Phone(process, model)
    process.stdin.close()
    if process.wait(30):
      raise ValueError(f'The sample ends with {process.returncode}.')
