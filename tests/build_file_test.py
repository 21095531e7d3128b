# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""BUILD covers every room, program and test, with the imports they have."""

import ast
import tomllib

from absl.testing import absltest

from tests import python_files

_UNLAYERED = {'serving'}  # Old names, for one release.


def _build_value(name: str):
  """Returns a value that BUILD, which is Python too, assigns to a name."""
  for node in python_files.parse('BUILD').body:
    if isinstance(node, ast.Assign) and node.targets[0].id == name:
      return ast.literal_eval(node.value)
  raise KeyError(f'BUILD assigns no {name}.')


def _layers() -> list[str]:
  """Returns the rooms that import-linter orders, lowest first."""
  settings = tomllib.loads((python_files.ROOT / 'pyproject.toml').read_text())
  _, *layers = settings['tool']['importlinter']['contracts'][0]['layers']
  return [layer.strip('()') for layer in reversed(layers)]


def _distributions(*paths: str) -> str:
  """Returns the pinned distributions that files import, as BUILD has them.

  The hub `pip` has those of constraints.txt. What a benchmark compares with may
  not be among them.
  """
  pins = (python_files.ROOT / 'constraints.txt').read_text().splitlines()
  pinned = {python_files.canonical(pin.split('==')[0]) for pin in pins}
  declared = python_files.requirements('INSTALL_REQUIRES')
  declared |= python_files.requirements('EXTRAS_REQUIRE')
  found = set()
  for module in set().union(*map(python_files.third_party_imports, paths)):
    providers = python_files.distributions(module)
    found.add(min(providers & declared or providers))
  return ' '.join(sorted(found & pinned))


def _rooms(room: str, below: list[str]) -> str:
  """Returns the rooms that a room imports; import-linter checks the others."""
  imported = set().union(*map(
      python_files.own_imports,
      python_files.python_files(f'mobilebert_tf/{room}')))
  names = {path.split('/')[1] for path in imported if path.count('/') > 1}
  return ' '.join(name for name in below if name in names)


class BuildFileTest(absltest.TestCase):

  def test_rooms(self):
    folders = {path.parts[1] for path in python_files.below('mobilebert_tf')
               if len(path.parts) > 2}
    order = [*_layers(), *sorted(_UNLAYERED)]
    rooms = [name for name in order if name in folders]
    self.assertCountEqual(rooms, folders)
    expected = {
        room: (_rooms(room, rooms[:i]), _distributions(
            *python_files.python_files(f'mobilebert_tf/{room}')))
        for i, room in enumerate(rooms)
    }
    found = _build_value('ROOMS')
    self.assertEqual(list(found), rooms)
    for room, row in expected.items():
      self.assertEqual(found[room], row, f'"{room}" in ROOMS of BUILD')

  def test_programs(self):
    paths = {path.split('/')[1][:-len('.py')]: path
             for path in python_files.python_files('mobilebert_tf')
             if path.count('/') == 1 and '__' not in path}
    self.assertEqual(
        _build_value('PROGRAMS'),
        {name: _distributions(path) for name, path in paths.items()})

  def test_programs_of_export(self):
    self.assertEqual(
        [f'export/{name}.py' for name in _build_value('EXPORT_PROGRAMS')],
        [path for path in python_files.python_files('export')
         if python_files.is_binary(path)])

  def test_distributions_of_tests_and_benchmarks(self):
    for folder, name in (('tests', 'TEST_DISTRIBUTIONS'),
                         ('benchmarks', 'BENCHMARK_DISTRIBUTIONS')):
      self.assertEqual(_build_value(name), _distributions(
          *python_files.python_files(folder)).split(' '), name)


if __name__ == '__main__':
  absltest.main()
