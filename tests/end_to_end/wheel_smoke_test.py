# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The wheel works where it is installed, far from the checkout.

Each test runs in an empty folder, with a Python that has the wheel and, of this
environment, only what the wheel depends on: a module or a data file that was
forgotten in setup.py is missed here, not by a user.
"""

import ast
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
import zipfile

import pytest
from absl.testing import absltest
from absl.testing import parameterized

from tests import python_files

pytestmark = pytest.mark.wheel

# Longer than that is an import that should have waited for main().
_HELP_SECONDS = 1.0
_VERBS = 'mobilebert_tf/__main__.py'
# What a wheel is built from, beside the files that it carries.
_WHEEL_EXTRAS = ('setup.py', 'pyproject.toml', 'LICENSE', 'README.md')


def installed_name(path: str) -> str:
  """Returns where the wheel puts a file, relative to site-packages."""
  return path if path.startswith('mobilebert_tf/') else f'mobilebert_tf/{path}'


def module_name(path: str) -> str:
  """Returns the name by which a file is imported, or run, once installed."""
  stem = installed_name(path).removesuffix('.py')
  stem = stem.removesuffix('/__init__').removesuffix('/__main__')
  return stem.replace('/', '.')


def sources() -> list[pathlib.Path]:
  """Returns every file that the wheel should carry."""
  return [path for folder in ('mobilebert_tf', 'export', 'configs')
          for path in python_files.below(folder)]


def binaries() -> list[str]:
  """Returns the programs that the wheel carries, but the one of the verbs."""
  return [path.as_posix() for path in sources()
          if path.suffix == '.py' and python_files.is_binary(path.as_posix())
          and path.as_posix() != _VERBS]


def defined_flags(path: str) -> set[str]:
  """Returns the names of the flags that a program itself defines."""
  return {
      node.args[0].value for node in ast.walk(python_files.parse(path))
      if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
      and node.func.attr.startswith('DEFINE_') and node.args
      and isinstance(node.args[0], ast.Constant)
  }


def run(command: list, folder: pathlib.Path) -> subprocess.CompletedProcess:
  """Runs a command in a folder, hiding the checkout from Python."""
  environment = {name: value for name, value in os.environ.items()
                 if name not in ('PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV')}
  return subprocess.run([str(word) for word in command], cwd=folder,
                        env=environment, capture_output=True, text=True,
                        check=False, timeout=300)


def build_wheel(folder: pathlib.Path) -> pathlib.Path:
  """Builds the wheel from a clean copy and returns its path.

  A copy, because setuptools would leave `build/` in the checkout and put what
  it finds there, stale or not, into the next wheel.

  Args:
    folder: An empty folder to work in.
  """
  for path in [*map(pathlib.Path, _WHEEL_EXTRAS), *sources()]:
    if (python_files.ROOT / path).is_file():
      copy = folder / 'sources' / path
      copy.parent.mkdir(parents=True, exist_ok=True)
      copy.write_bytes((python_files.ROOT / path).read_bytes())
  done = run([sys.executable, '-m', 'pip', 'wheel', '-qq', '--no-deps',
              '--no-build-isolation', '--wheel-dir', folder, '.'],
             folder / 'sources')
  if done.returncode:
    raise RuntimeError(
        f'The wheel cannot be built:\n{done.stdout}{done.stderr}')
  return next(folder.glob('mobilebert_tf-*.whl'))


def install_wheel(wheel: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
  """Makes an environment with the wheel and returns its Python.

  The dependencies are this environment's: a `.pth` file adds its folder behind
  the new one's. An editable install there stays out of it, since the `.pth`
  files of an added folder are not read.

  Args:
    wheel: What to install.
    folder: Where the environment is made.
  """
  venv.create(folder, with_pip=False, symlinks=True)
  site = pathlib.Path(sysconfig.get_path(
      'purelib', vars={'base': str(folder), 'platbase': str(folder)}))
  with zipfile.ZipFile(wheel) as archive:
    archive.extractall(site)
  (site / 'dependencies.pth').write_text(sysconfig.get_path('purelib') + '\n')
  return folder / 'bin/python'


class WheelTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    holder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(holder.cleanup)
    cls.root = pathlib.Path(holder.name)
    cls.wheel = build_wheel(cls.root)
    cls.python = install_wheel(cls.wheel, cls.root / 'environment')
    cls.empty = cls.root / 'empty'
    cls.empty.mkdir()

  def test_carries_every_file_and_nothing_generic(self):
    with zipfile.ZipFile(self.wheel) as archive:
      names = [name for name in archive.namelist() if '.dist-info/' not in name]
    expected = [installed_name(path.as_posix()) for path in sources()]
    self.assertCountEqual(names, expected)
    self.assertEqual({name.split('/')[0] for name in names}, {'mobilebert_tf'})

  def test_metadata_names_the_licence_and_the_python(self):
    with zipfile.ZipFile(self.wheel) as archive:
      name = next(n for n in archive.namelist() if n.endswith('/METADATA'))
      metadata = archive.read(name).decode('utf-8')
    self.assertIn('Requires-Python: >=3.11', metadata)
    self.assertIn('License-File: LICENSE', metadata)

  def test_mobilebert_is_a_command(self):
    with zipfile.ZipFile(self.wheel) as archive:
      name = next(n for n in archive.namelist()
                  if n.endswith('/entry_points.txt'))
      self.assertIn('mobilebert = mobilebert_tf.__main__:main',
                    archive.read(name).decode('utf-8').splitlines())
    done = run([self.python, '-m', 'mobilebert_tf'], self.empty)
    self.assertEqual(done.returncode, 0, done.stderr)
    for path in binaries():
      self.assertIn(f'\n  {pathlib.Path(path).stem} ', done.stdout)

  def test_imports_come_from_the_wheel(self):
    # Two programs, or modules of their flags, may define a flag of one name.
    modules = [module_name(path.as_posix()) for path in sources()
               if path.suffix == '.py' and path.as_posix() not in binaries()]
    done = run([self.python, '-c', (
        'import importlib, sys\n'
        'from absl import flags\n'
        'for name in sys.argv[1:]:\n'
        '  for flag in list(flags.FLAGS):\n'
        '    delattr(flags.FLAGS, flag)\n'
        '  print(importlib.import_module(name).__file__)\n'), *modules],
               self.empty)
    self.assertEqual(done.returncode, 0, done.stderr)
    files = [line for line in done.stdout.splitlines() if line.endswith('.py')]
    self.assertLen(files, len(modules))
    for file in files:
      self.assertStartsWith(file, str(self.root / 'environment'))

  def test_configurations_are_found(self):
    done = run([self.python, '-c', (
        'from importlib import resources\n'
        'folder = resources.files("mobilebert_tf.configs")\n'
        'print(*(p for p in folder.rglob("*.yaml")), sep="\\n")\n')],
               self.empty)
    self.assertEqual(done.returncode, 0, done.stderr)
    expected = [path for path in sources() if path.suffix == '.yaml']
    self.assertLen(done.stdout.split(), len(expected))

  @parameterized.parameters(*((path,) for path in binaries()))
  def test_help_answers_quickly(self, path):
    seconds = []
    while len(seconds) < 3 and min(seconds, default=99) > _HELP_SECONDS:
      start = time.monotonic()  # Once more if the machine was busy.
      done = run([self.python, '-X', 'importtime', '-m', module_name(path),
                  '--help'], self.empty)
      seconds.append(time.monotonic() - start)
    # absl prints its help to stdout and exits with 1.
    self.assertIn(done.returncode, (0, 1), done.stderr)
    self.assertNotIn('Traceback', done.stderr)
    self.assertIn('flags:', done.stdout)
    for flag in sorted(defined_flags(path)):
      self.assertRegex(done.stdout, rf'--(\[no\])?{flag}\b')
    imported = {line.split('|')[-1].strip()
                for line in done.stderr.splitlines() if '|' in line}
    self.assertNoCommonElements(
        imported, ['tensorflow', 'tf_keras', 'keras', 'matplotlib'],
        'heavy imports belong inside main()')
    self.assertLess(min(seconds), _HELP_SECONDS)

  def test_nothing_was_left_in_the_folder(self):
    self.assertEmpty(list(self.empty.iterdir()))


if __name__ == '__main__':
  absltest.main()
