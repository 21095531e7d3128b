# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What is installed suffices: imports, folders, versions and layering."""

import ast
import re

from absl.testing import absltest

import mobilebert_tf
from tests import python_files

_INSTALLED_FOLDERS = ('mobilebert_tf', 'export', 'configs')
# Files that import by name, which import-linter cannot see: the public API and
# the verbs, which stand above all rooms. Tests below check what they name.
_IMPORTERS_BY_NAME = ('mobilebert_tf/__init__.py', 'mobilebert_tf/__main__.py')
_IMPORTS_BY_NAME = ('__import__', 'import_module', 'run_module', 'run_path')


def _installed_files() -> list[str]:
  return [path for folder in _INSTALLED_FOLDERS
          for path in python_files.python_files(folder)]


def _pins() -> dict[str, str]:
  """Returns the versions of constraints.txt by canonical name."""
  lines = (python_files.ROOT / 'constraints.txt').read_text().splitlines()
  pins = [line.split('==') for line in lines if not line.startswith('#')]
  return {python_files.canonical(name): version for name, version in pins}


class ImportsTest(absltest.TestCase):

  def test_every_third_party_import_is_required(self):
    required = python_files.requirements('INSTALL_REQUIRES')
    extras = python_files.requirements('EXTRAS_REQUIRE')
    for path in _installed_files():
      optional = python_files.optional_imports(path)
      for module in sorted(python_files.third_party_imports(path)):
        with self.subTest(path=path, module=module):
          allowed = required | extras if module in optional else required
          self.assertTrue(
              python_files.distributions(module) & allowed,
              f"{path} imports {module}: add its distribution to setup.py's "
              'INSTALL_REQUIRES and to constraints.txt')

  def test_every_third_party_import_of_a_test_is_in_an_extra(self):
    required = python_files.requirements('INSTALL_REQUIRES')
    required |= python_files.requirements('EXTRAS_REQUIRE')
    for path in python_files.python_files('tests'):
      for module in sorted(python_files.third_party_imports(path)):
        with self.subTest(path=path, module=module):
          self.assertTrue(
              python_files.distributions(module) & required,
              f"{path} imports {module}: add its distribution to setup.py's "
              "'test' extra and to constraints.txt")

  def test_nothing_uses_the_keras_that_tensorflow_carries(self):
    for path in python_files.python_files():
      names = python_files.imported_names(path)
      self.assertEmpty([name for name in names
                        if name.startswith('tensorflow.keras')], path)
      for node in ast.walk(python_files.parse(path)):
        if isinstance(node, ast.Attribute) and node.attr == 'keras':
          self.assertNotEqual(
              getattr(node.value, 'id', None), 'tf',
              f'{path}:{node.lineno}: write tf_keras instead of tf.keras')

  def test_no_import_of_another_room_is_hidden_from_import_linter(self):
    for path in _installed_files():
      if path not in _IMPORTERS_BY_NAME:
        tree = python_files.parse(path)
        beside = {id(node.func) for node in ast.walk(tree)
                  if isinstance(node, ast.Call)
                  and ast.unparse(node).partition('(')[2].startswith(
                      "f'{__package__}.")}
        for node in ast.walk(tree):
          name = getattr(node, 'attr', None) or getattr(node, 'id', None)
          if id(node) not in beside:
            self.assertNotIn(name, _IMPORTS_BY_NAME,
                             f'{path}:{getattr(node, "lineno", 0)}: import it')

  def test_the_public_api_is_in_rooms(self):
    for name, module in mobilebert_tf._PUBLIC.items():
      path = python_files.own_file(f'mobilebert_tf.{module}')
      self.assertTrue((python_files.ROOT / path).is_file())
      self.assertGreater(path.count('/'), 1, f'{name}: {path} is no room')

  def test_rooms_do_not_use_the_public_api(self):
    # It reaches every room, so import-linter would not see which.
    public = {f'mobilebert_tf.{name}' for name in mobilebert_tf.__all__}
    for path in _installed_files():
      names = python_files.imported_names(path)
      names |= {ast.unparse(node) for node in ast.walk(python_files.parse(path))
                if isinstance(node, ast.Attribute)}
      self.assertNoCommonElements(names, public, path)

  def test_binaries_are_imported_by_tests_only(self):
    binaries = {path for path in _installed_files()
                if python_files.is_binary(path)}
    for path in _installed_files():
      imported = python_files.own_imports(path) & binaries
      self.assertEmpty(imported, f'{path} imports a program')


class DocstringsTest(absltest.TestCase):

  def test_public_functions_of_modules_have_docstrings(self):
    for path in _installed_files():
      for node in python_files.parse(path).body:
        public = isinstance(node, ast.FunctionDef) and node.name[0] != '_'
        if public and node.name != 'main':
          self.assertTrue(ast.get_docstring(node),
                          f'{path}:{node.lineno}: {node.name} has no docstring')


class FoldersTest(absltest.TestCase):

  def test_every_folder_of_python_files_is_a_package(self):
    for path in python_files.python_files():
      folder = (python_files.ROOT / path).parent
      if folder != python_files.ROOT:
        self.assertTrue((folder / '__init__.py').exists(),
                        f'{folder} has no __init__.py, so a wheel would lack '
                        f'{path}')

  def test_every_file_opens_with_the_licence(self):
    for path in python_files.python_files():
      text = (python_files.ROOT / path).read_text(encoding='utf-8')
      text = re.sub(r'\A#!.*\n', '', text)
      self.assertStartsWith(
          text, '# Copyright 2026 The mobilebert_tf Authors\n'
          '# SPDX-License-Identifier: Apache-2.0\n', path)


class ConstraintsTest(absltest.TestCase):

  def test_every_requirement_is_pinned(self):
    required = python_files.requirements('INSTALL_REQUIRES')
    required |= python_files.requirements('EXTRAS_REQUIRE')
    self.assertContainsSubset(required, _pins())

  def test_pins_are_exact(self):
    for name, version in _pins().items():
      self.assertRegex(version, r'^[\w.!+]+$', name)


class VersionTest(absltest.TestCase):

  def test_version_is_a_release(self):
    self.assertRegex(mobilebert_tf.__version__, r'^\d+\.\d+\.\d+$')


if __name__ == '__main__':
  absltest.main()
