# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What the repository's Python files import, read without importing them.

The tests of BUILD and of the packaging compare this with what is declared.
"""

import ast
import functools
import importlib.metadata
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
_GENERATED_FOLDERS = frozenset(['__pycache__', 'build', 'dist', 'runs'])


def below(folder: str = '.') -> list[pathlib.Path]:
  """Returns the repository's own files below a folder, sorted.

  Args:
    folder: Relative to the repository.

  Returns:
    Paths relative to the repository, without hidden and generated folders.
  """
  found = []
  for path in sorted((ROOT / folder).iterdir()):
    generated = path.name in _GENERATED_FOLDERS or path.suffix == '.egg-info'
    if generated or path.name.startswith('.'):
      continue
    relative = path.relative_to(ROOT)
    if path.is_dir():
      found += [] if (path / 'pyvenv.cfg').exists() else below(str(relative))
    else:
      found.append(relative)
  return found


def python_files(folder: str = '.') -> list[str]:
  """Returns the Python files below a folder, as `'mobilebert_tf/train.py'`."""
  return [path.as_posix() for path in below(folder) if path.suffix == '.py']


def is_test(path: str) -> bool:
  """Tells whether pytest collects the file."""
  return path.endswith('_test.py')


def is_binary(path: str) -> bool:
  """Tells whether the file runs as a program and is not a test."""
  return path.endswith('/__main__.py') or not is_test(path) and any(
      isinstance(node, ast.If) and '__name__' in ast.dump(node.test)
      for node in parse(path).body)


@functools.cache
def parse(path: str) -> ast.Module:
  """Returns the syntax tree of a file of the repository."""
  return ast.parse((ROOT / path).read_text(encoding='utf-8'), filename=path)


def imported_names(path: str) -> set[str]:
  """Returns what a file imports, wherever in it, as dotted names.

  `from a import b` counts as `a.b`, which may be a module or a name inside one.

  Args:
    path: Relative to the repository.

  Returns:
    Such as `{'os', 'mobilebert_tf.modeling.block'}`.
  """
  names = set()
  for node in ast.walk(parse(path)):
    if isinstance(node, ast.Import):
      names.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      prefix = [] if not node.level else list(
          pathlib.PurePosixPath(path).parts[:-node.level])
      module = '.'.join(prefix + ([node.module] if node.module else []))
      names.update(f'{module}.{alias.name}' for alias in node.names)
  return names


def own_file(name: str) -> str | None:
  """Returns the file that a dotted name comes from, or None if not ours.

  Args:
    name: Such as `'mobilebert_tf.modeling.block.MobileBertBlock'`. The names
      under which the wheel installs `export/` and `configs/` are known too.
  """
  parts = name.split('.')
  if parts[0] == 'mobilebert_tf' and parts[1:2] in (['export'], ['configs']):
    parts = parts[1:]
  while parts:
    stem = '/'.join(parts)
    for candidate in (f'{stem}.py', f'{stem}/__init__.py'):
      if (ROOT / candidate).is_file():
        return candidate
    parts = parts[:-1]
  return None


def own_imports(path: str) -> set[str]:
  """Returns the files of the repository that a file imports."""
  found = {own_file(name) for name in imported_names(path)}
  return found - {None, path}


def third_party_imports(path: str) -> set[str]:
  """Returns the top-level modules that come from neither us nor Python."""
  names = {name for name in imported_names(path) if own_file(name) is None}
  tops = {name.split('.')[0] for name in names}
  return tops - sys.stdlib_module_names


def optional_imports(path: str) -> set[str]:
  """Returns the top-level modules that a file does without if need be."""
  modules = set()
  for node in ast.walk(parse(path)):
    if isinstance(node, ast.Try) and any(
        getattr(handler.type, 'id', None) == 'ImportError'
        for handler in node.handlers):
      for statement in node.body:
        if isinstance(statement, ast.Import):
          modules |= {each.name.split('.')[0] for each in statement.names}
        elif isinstance(statement, ast.ImportFrom):
          modules.add(statement.module.split('.')[0])
  return modules


def canonical(distribution: str) -> str:
  """Returns a distribution's name as package indexes compare it (PEP 503)."""
  return re.sub(r'[-_.]+', '-', distribution).lower()


# It reads the files of every distribution.
_distributions = functools.cache(importlib.metadata.packages_distributions)


def distributions(module: str) -> frozenset[str]:
  """Returns the installed distributions that provide a top-level module.

  Args:
    module: Such as `'yaml'`.

  Returns:
    Such as `{'pyyaml'}`; the module's own name if nothing installed has it.
  """
  return frozenset(map(canonical, _distributions().get(module, [module])))


def requirements(variable: str) -> set[str]:
  """Returns the distributions that setup.py lists.

  Args:
    variable: `'INSTALL_REQUIRES'` or `'EXTRAS_REQUIRE'`.

  Returns:
    Canonical names, without versions; those of all extras together.
  """
  for node in parse('setup.py').body:
    if isinstance(node, ast.Assign) and node.targets[0].id == variable:
      value = ast.literal_eval(node.value)
      lines = sum(value.values(), []) if isinstance(value, dict) else value
      return {canonical(re.match(r'[\w.-]+', line).group()) for line in lines}
  raise ValueError(f'setup.py assigns no {variable}.')
