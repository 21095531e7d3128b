# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Commands of YAML files and documents are accepted, with their flags."""

import functools
import json
import pathlib
import re
import shlex
import subprocess
import sys
from typing import Any

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.training import configuration
from mobilebert_tf.training import device_flags
from mobilebert_tf.training import devices
from tests import python_files
from tests.training import devices_test

_TRAINING = ('train', 'finetune', 'finetune_search', 'quickstart', 'ablation')
_OTHERS = ('adapt', 'add_exits', 'choose', 'convert_checkpoint', 'embed',
           'evaluate', 'export.export_onnx', 'export.export_saved_model',
           'export.export_tflite', 'extract', 'model_card', 'push_to_hub',
           'search')
_MAKE = re.compile(r"^make (\w+)(?: ARGS='(.*)')?")
_COMMAND = re.compile(
    r'^(?:\| Command \| )?(?:python -m mobilebert_tf\.|mobilebert )'
    rf'({"|".join((*_TRAINING, *_OTHERS))})\b(.*?)(?: \|)?$')
_PARSE = """
import copy, importlib, json, sys
from absl import flags
module, commands = sys.argv[1], json.load(sys.stdin)
importlib.import_module(module)
for command in commands:
  values = copy.deepcopy(flags.FLAGS)
  values(['program', *command])
  print(json.dumps(values.flag_values_dict()))
"""


def _lines(path: pathlib.Path) -> list[str]:
  """Returns the lines of a document or of a header, whole."""
  text = re.sub(r'^# ?', '', path.read_text('utf-8'), flags=re.M)
  return [_MAKE.sub(r'mobilebert \1 \2', line.strip())
          for line in re.sub(r'\\\n\s*', '', text).splitlines()]


@functools.cache
def _commands() -> dict[str, tuple[str, list[str]]]:
  """Returns the program and the arguments of each command, by its place."""
  root = python_files.ROOT
  paths = [*root.glob('configs/**/*.yaml'), *root.glob('docs/*.md'),
           root / 'README.md', root / 'CONTRIBUTING.md']
  return {
      f'{path.relative_to(root)}: {line}': (found[1], [
          word for word in shlex.split(found[2], comments=True)
          if word != '...'])
      for path in sorted(paths) for line in _lines(path)
      if (found := _COMMAND.match(line))}


@functools.cache
def _flags(program: str) -> dict[str, dict[str, Any]]:
  """Returns the flags of each command of a program, by its place."""
  commands = {place: arguments for place, (each, arguments)
              in _commands().items() if each == program}
  done = subprocess.run(
      [sys.executable, '-c', _PARSE, f'mobilebert_tf.{program}'],
      input=json.dumps(list(commands.values())), text=True,
      capture_output=True, check=False, cwd=python_files.ROOT)
  if done.returncode:
    raise ValueError(f'{program}: {done.stderr[-1000:]}')
  return dict(zip(commands, map(json.loads, done.stdout.splitlines()),
                  strict=True))


class CommandsTest(parameterized.TestCase):

  def test_there_are_some_of_each_kind(self):
    found = {program for program, _ in _commands().values()}
    self.assertEqual(found, {*_TRAINING, *_OTHERS})
    for folder in ('configs/experiments/pretrain.yaml', 'docs/distillation.md',
                   'docs/finetuning.md'):
      self.assertTrue(any(place.startswith(folder) for place in _commands()))

  @parameterized.parameters(*_TRAINING)
  def test_flags(self, program):
    for values in _flags(program).values():
      self.assertContainsSubset(device_flags.FIELDS, values)

  @parameterized.parameters(*_OTHERS)
  def test_flags_of_other_programs(self, program):
    self.assertNotEmpty(_flags(program))  # Each is parsed.

  @parameterized.parameters(*(place for place, (program, _)
                              in _commands().items() if program == 'train'))
  def test_settings_and_devices(self, place):
    values = _flags('train')[place]
    runtime = {field: values[flag]
               for flag, field in device_flags.FIELDS.items()
               if values[flag] is not None}
    params = configuration.read(
        values['experiment'], values['config_file'] or (),
        values['params_override'] or '', runtime)
    with devices_test.machine(gpus=8):
      if params.runtime.tpu:
        self.assertEqual(devices._strategy_name(params.runtime, 1), 'tpu')
      else:
        strategy = devices.build_strategy(params.runtime)
        self.assertEqual(strategy.num_replicas_in_sync, 8)


if __name__ == '__main__':
  tf.test.main()
