# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""BUILD says the truth about every Python file.

Where a target is missing or wrong, the message is the target as it should be,
ready to paste.
"""

import ast
import dataclasses
import graphlib

from absl.testing import absltest

from tests import python_files

_RULES = ('py_binary', 'py_library', 'py_test')


@dataclasses.dataclass(frozen=True)
class Target:
  """A rule of BUILD, as far as it can be checked against the sources."""
  rule: str
  name: str
  srcs: tuple[str, ...]
  own_deps: frozenset[str] = frozenset()
  pip_deps: frozenset[str] = frozenset()

  def __str__(self) -> str:
    """Returns the target as buildifier formats it."""
    deps = [f'":{name}"' for name in sorted(self.own_deps)]
    deps += [f'requirement("{name}")' for name in sorted(self.pip_deps)]
    lines = [f'{self.rule}(', f'    name = "{self.name}",',
             f'    srcs = ["{self.srcs[0]}"],']
    if len(deps) == 1:
      lines.append(f'    deps = [{deps[0]}],')
    elif deps:
      lines += ['    deps = [', *(f'        {dep},' for dep in deps), '    ],']
    return '\n'.join([*lines, ')'])


def target_name(path: str) -> str:
  """Returns the name of a file's target: its path without `.py`."""
  return path.removesuffix('.py').removesuffix('/__init__')


def expected_target(path: str) -> Target:
  """Returns the target that a Python file should have.

  Args:
    path: Relative to the repository.
  """
  declared = python_files.requirements('INSTALL_REQUIRES')
  declared |= python_files.requirements('EXTRAS_REQUIRE')
  pip_deps = set()
  for module in python_files.third_party_imports(path):
    providers = python_files.distributions(module)
    pip_deps.add(min(providers & declared or providers))
  rule = ('py_test' if python_files.is_test(path) else
          'py_binary' if python_files.is_binary(path) else 'py_library')
  own_deps = map(target_name, python_files.own_imports(path))
  return Target(rule, target_name(path), (path,), frozenset(own_deps),
                frozenset(pip_deps))


def _calls() -> list[tuple[str, dict[str, ast.expr]]]:
  """Returns the rules of BUILD with their attributes; BUILD is Python too."""
  tree = python_files.parse('BUILD')
  return [(node.value.func.id, {k.arg: k.value for k in node.value.keywords})
          for node in tree.body if isinstance(node, ast.Expr)
          and isinstance(node.value, ast.Call)]


def read_targets() -> list[Target]:
  """Returns the Python targets of BUILD."""
  targets = []
  for rule, attributes in _calls():
    if rule in _RULES:
      deps = attributes.get('deps', ast.List([])).elts
      targets.append(Target(
          rule,
          ast.literal_eval(attributes['name']),
          tuple(ast.literal_eval(attributes['srcs'])),
          frozenset(dep.value.removeprefix(':') for dep in deps
                    if isinstance(dep, ast.Constant)),
          frozenset(dep.args[0].value for dep in deps
                    if isinstance(dep, ast.Call))))
  return targets


def read_data() -> set[str]:
  """Returns the files that the `data` of some target covers."""
  found = set()
  for _, attributes in _calls():
    value = attributes.get('data', ast.List([]))
    if isinstance(value, ast.Call):  # glob([...])
      for pattern in ast.literal_eval(value.args[0]):
        found.update(path.relative_to(python_files.ROOT).as_posix()
                     for path in python_files.ROOT.glob(pattern))
    else:
      found.update(ast.literal_eval(value))
  return found


class BuildFileTest(absltest.TestCase):

  def test_every_file_belongs_to_exactly_one_target(self):
    owned = [source for target in read_targets() for source in target.srcs]
    files = python_files.python_files()
    missing = [str(expected_target(path)) for path in files
               if path not in owned]
    if missing:
      self.fail('add to BUILD:\n' + '\n\n'.join(missing))
    self.assertCountEqual(owned, files, 'a file is gone, or owned twice')

  def test_each_target_says_what_its_file_is_and_imports(self):
    wrong = []
    for target in read_targets():
      self.assertLen(target.srcs, 1, f'{target.name}: one file, one target')
      if (python_files.ROOT / target.srcs[0]).is_file():
        expected = expected_target(target.srcs[0])
        if target != expected:
          wrong.append(f'BUILD has\n{target}\nbut the code says\n{expected}')
    if wrong:
      self.fail('\n\n'.join(wrong))

  def test_dependencies_have_no_cycle(self):
    graph = {target.name: target.own_deps for target in read_targets()}
    graphlib.TopologicalSorter(graph).prepare()  # Raises, naming the cycle.

  def test_data_files_belong_to_a_target(self):
    data = {path.as_posix() for folder in ('mobilebert_tf', 'export', 'configs')
            for path in python_files.below(folder) if path.suffix != '.py'}
    self.assertContainsSubset(
        data, read_data(), 'no `data = glob([...])` in BUILD covers a file')


if __name__ == '__main__':
  absltest.main()
