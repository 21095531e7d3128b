# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""`mobilebert VERB`: the table of verbs, and each verb's program."""

import functools
import subprocess
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf import __main__ as main
from tests import python_files

_HELP_SECONDS = 1.0
_FLAGS_ONLY = sorted(set(main.VERBS) - {'quickstart'})


def _run(*command: str) -> subprocess.CompletedProcess:
  return subprocess.run(
      [sys.executable, '-m', *command], capture_output=True, text=True,
      check=False, timeout=300, cwd=python_files.ROOT)


@functools.cache
def _programs() -> dict[str, str]:
  """Returns the module of each program by its verb."""
  paths = [path for path in python_files.python_files()
           if path.rpartition('/')[0] in ('mobilebert_tf', 'export')
           and python_files.is_binary(path) and '__main__' not in path]
  modules = [path.removeprefix('mobilebert_tf/').removesuffix('.py')
             for path in paths]
  return {module.rpartition('/')[2]:
          f'mobilebert_tf.{module.replace("/", ".")}' for module in modules}


class VerbsTest(parameterized.TestCase):

  def test_every_program_is_a_verb(self):
    self.assertEqual(main.VERBS, _programs())

  def test_the_top_level_holds_programs_only(self):
    for path in python_files.python_files('mobilebert_tf'):
      if path.count('/') == 1 and not path.endswith('/__init__.py'):
        self.assertTrue(python_files.is_binary(path), path)

  @parameterized.parameters(*main.VERBS.items())
  def test_help_answers_quickly_and_alike(self, verb, module):
    seconds = []
    while len(seconds) < 5 and min(seconds, default=99) > _HELP_SECONDS:
      start = time.monotonic()  # Once more if the machine was busy.
      done = _run('mobilebert_tf', verb, '--help')
      seconds.append(time.monotonic() - start)
    self.assertLess(min(seconds), _HELP_SECONDS)
    self.assertIn(f'-m {module} ', done.stdout)
    self.assertIn('\nflags:\n', done.stdout)
    self.assertEqual(done.stdout, _run(module, '--help').stdout)

  @parameterized.parameters('', '--help', 'help')
  def test_all_verbs_are_listed(self, *words):
    done = _run('mobilebert_tf', *filter(None, words))
    self.assertEqual(done.returncode, 0, done.stderr)
    for verb in main.VERBS:
      self.assertRegex(done.stdout, rf'(?m)^  {verb} +\w')

  def test_an_unknown_verb_gets_the_nearest(self):
    done = _run('mobilebert_tf', 'finetun', '--task=x')
    self.assertEqual(done.returncode, 1)
    self.assertEqual(done.stdout, '')
    self.assertStartsWith(done.stderr, 'mobilebert: unknown verb: finetun. Did '
                          'you mean finetune?')
    self.assertLen(done.stderr.splitlines(), 1)

  @parameterized.parameters(*_FLAGS_ONLY)
  def test_flags_that_are_missing_or_unknown_are_one_line(self, verb):
    for flag, message in (
        ('--batch_sise=3', "Unknown command line flag 'batch_sise'"),
        (None, '--(\\w+) .*must be given')):
      done = _run('mobilebert_tf', verb, *filter(None, [flag]))
      self.assertEqual(done.returncode, 1)
      self.assertRegex(done.stderr, rf'^{verb}: .*{message}')
      self.assertLen(done.stderr.splitlines(), 1, done.stderr)

  def test_arguments_that_are_no_flags_are_one_line(self):
    done = _run('mobilebert_tf', 'score_squad', '--data=x', '--predictions=y',
                'more', 'words')
    self.assertEqual(done.returncode, 1)
    self.assertEqual(
        done.stderr, 'score_squad: unexpected argument: more words. Flags '
        'begin with --; --help lists them.\n')

  def test_bash_completes_verbs_and_flags(self):
    script = _run('mobilebert_tf', '--completion').stdout
    for words, expected in (
        (['fine'], {'finetune', 'finetune_search'}),
        (['score_squad', '--pre'], {'--predictions'})):
      done = subprocess.run(
          ['bash', '-c', f'mobilebert() {{ {sys.executable} -m mobilebert_tf '
           f'"$@"; }}\n{script}\nCOMP_WORDS=(mobilebert {" ".join(words)})\n'
           f'COMP_CWORD={len(words)}; _mobilebert; echo "${{COMPREPLY[@]}}"'],
          capture_output=True, text=True, check=True, timeout=60,
          cwd=python_files.ROOT)
      self.assertEqual(set(done.stdout.split()), expected, done.stderr)


if __name__ == '__main__':
  absltest.main()
