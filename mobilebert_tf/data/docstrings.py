# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""English prose of every installation: the docstrings of its libraries."""

import ast
from collections.abc import Iterable, Iterator
import dataclasses
import gc
import hashlib
import importlib.machinery
import inspect
import os
import pathlib
import re
import warnings

from absl import logging

# Installed by tensorflow, tf-models-official and keras-nlp; without `tf_keras`,
# which repeats `keras`.
DEFAULT_LIBRARIES = ('numpy', 'scipy', 'pandas', 'sklearn', 'matplotlib',
                     'tensorflow', 'keras', 'keras_hub', 'official',
                     'tensorflow_datasets')

_SKIPPED_FOLDERS = frozenset((
    'test', 'tests', 'testing', '_vendor', 'vendor', 'vendored', 'externals',
    'extern', '_extern', 'third_party', 'site-packages', '__pycache__'))
# Copies of other libraries' code, or generated modules with the same strings.
_SKIPPED_PATHS = (
    'tensorflow/_api', 'tensorflow/include', 'tensorflow/python/keras',
    'tensorflow/python/ops/numpy_ops', 'keras/_tf_keras', 'keras/api',
    'scipy/_lib/array_api_compat')
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_TEST_FILE = re.compile(r'(^test_.*|.*_tests?|^conftest)\.py$')
_FENCE = re.compile(r'^\s*(```|~~~)')
_DIRECTIVE = re.compile(r'^\s*(\.\. |:[a-z_]+:)')
_HAS_WORD = re.compile(r'[A-Za-z]{2}')
_NOT_LETTERS = re.compile(r'[^\w ]+|[\d_]+')
_ITEM = re.compile(r'^\s*([-*+•]|\d+[.)])\s+')
_FIELD = re.compile(r'^\s*[*\w, .]{1,40}\s?:(\s|$)')


@dataclasses.dataclass(frozen=True)
class Docstring:
  """The documentation of a module, class or function.

  Attributes:
    library: Top-level package, such as `'numpy'`.
    module: Dotted module, such as `'numpy.linalg._linalg'`.
    name: Dotted name within the module; empty for the module itself.
    text: The prose, one paragraph a line.
  """
  library: str
  module: str
  name: str
  text: str


def read_docstrings(libraries: Iterable[str] = DEFAULT_LIBRARIES,
                    min_characters: int = 200) -> Iterator[Docstring]:
  """Reads the documentation strings of libraries, which are not imported.

  Code, doctests, tables and markup lines are left out, as are tests, vendored
  copies and repeated texts. The order is fixed.

  Example: `for d in read_docstrings(['numpy']): print(d.module, d.text[:60])`

  Args:
    libraries: Top-level packages; a missing one is skipped with a warning.
    min_characters: Minimum length of a text.

  Raises:
    ValueError: If none of the libraries is installed.
  """
  libraries = list(libraries)
  roots = {name: find_library(name) for name in libraries}
  missing = [name for name, root in roots.items() if root is None]
  if len(missing) == len(roots):
    raise ValueError('None of these libraries is installed as a folder of '
                     f'Python files: {", ".join(libraries)}.')
  if missing:
    logging.warning('Not installed, so their documentation is left out: %s.',
                    ', '.join(missing))
  return _read(roots, min_characters)


def find_library(name: str) -> pathlib.Path | None:
  """Returns a top-level package's folder without importing it, or None."""
  spec = importlib.machinery.PathFinder.find_spec(name)
  if spec is None or not spec.submodule_search_locations:
    return None
  for location in spec.submodule_search_locations:
    if os.path.isdir(location):
      return pathlib.Path(location)
  return None


def extract_prose(docstring: str) -> str:
  """Returns the paragraphs of a docstring that are prose, one a line."""
  paragraphs = []
  block: list[str] = []
  in_fence = in_doctest = False
  for line in [*inspect.cleandoc(docstring).split('\n'), '']:
    if _FENCE.match(line):
      in_fence = not in_fence
      line = ''
    elif in_fence:
      line = ''
    stripped = line.strip()
    # A doctest with its output ends at the next blank line.
    in_doctest = bool(stripped) and (in_doctest or stripped.startswith('>>>'))
    if stripped and not in_doctest and _HAS_WORD.search(stripped):
      # An item or a field starts a paragraph.
      if block and (_ITEM.match(line) or _FIELD.match(line)):
        paragraphs.append(block)
        block = []
      if not _DIRECTIVE.match(line):
        block.append(_ITEM.sub('', stripped))
    elif block:
      paragraphs.append(block)
      block = []
  joined = (' '.join(' '.join(lines).split()) for lines in paragraphs)
  return '\n'.join(p for p in joined if _is_prose(p))


def _is_prose(paragraph: str) -> bool:
  """Whether it is language rather than a heading, a table or code."""
  if len(paragraph.split()) < 4:
    return False
  return len(_NOT_LETTERS.sub('', paragraph)) >= 0.75 * len(paragraph)


def _read(roots: dict[str, pathlib.Path | None],
          min_characters: int) -> Iterator[Docstring]:
  seen: set[bytes] = set()
  unreadable = 0
  for library, root in roots.items():
    for path in _python_files(root) if root else ():
      tree = _parse(path)
      if tree is None:
        unreadable += 1
        continue
      parts = library, *path.relative_to(root).with_suffix('').parts
      module = '.'.join(parts).removesuffix('.__init__')
      for name, docstring in _docstrings(tree):
        if len(docstring) < min_characters:
          continue
        text = extract_prose(docstring)
        if len(text) < min_characters:
          continue
        key = hashlib.sha256(' '.join(text.lower().split()).encode()).digest()
        if key not in seen:
          seen.add(key)
          yield Docstring(library, module, name, text)
  if unreadable:
    logging.info('%d files that this Python does not parse were skipped.',
                 unreadable)


def _python_files(root: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields the files of a library in a fixed order."""
  for folder, folders, files in os.walk(root):
    where = pathlib.Path(folder)
    folders[:] = sorted(
        f for f in folders if f not in _SKIPPED_FOLDERS and
        (where / f).relative_to(root.parent).as_posix() not in _SKIPPED_PATHS)
    for file in sorted(files):
      if file.endswith('.py') and not _TEST_FILE.match(file):
        yield where / file


def _parse(path: pathlib.Path) -> ast.Module | None:
  # A tree has many objects and no cycles: garbage collection would take most of
  # the time.
  collecting = gc.isenabled()
  gc.disable()
  try:
    with warnings.catch_warnings():
      warnings.simplefilter('ignore')  # About escapes in strings.
      source = path.read_bytes()
      # Parsing takes most of the time: not of files without docstrings.
      has_docstring = b'"""' in source or b"'''" in source
      return ast.parse(source if has_docstring else b'')
  except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
    return None
  finally:
    if collecting:
      gc.enable()


def _docstrings(tree: ast.Module) -> Iterator[tuple[str, str]]:
  """Yields name and docstring of the module, its classes and functions."""
  # Only statements: definitions are not inside expressions.
  stack: list[tuple[str, ast.AST]] = [('', tree)]
  while stack:
    name, node = stack.pop()
    named = isinstance(node, (ast.Module, *_DEFINITIONS))
    docstring = ast.get_docstring(node, clean=False) if named else None
    if docstring:
      # Lone surrogates, from `'\ud800'` in a source, cannot be written.
      yield name, docstring.encode('utf-8', 'ignore').decode('utf-8')
    children = []
    for child in ast.iter_child_nodes(node):
      if isinstance(child, _DEFINITIONS):
        children.append((f'{name}.{child.name}'.lstrip('.'), child))
      elif isinstance(child, ast.If | ast.Try | ast.With):
        children.append((name, child))
    stack.extend(reversed(children))
