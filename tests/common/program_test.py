# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The frame of programs: which errors are one line, and flags of numbers."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import zlib

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized
import tensorflow as tf
import yaml

from mobilebert_tf.common import program


def _raising(error: BaseException):
  def main():
    raise error
  return main


class CallTest(parameterized.TestCase):

  @parameterized.parameters(
      (ValueError('bad.tsv:3: no label'), 'bad.tsv:3: no label'),
      (FileNotFoundError('no such run'), 'no such run'),
      (FloatingPointError('the loss is NaN'), 'the loss is NaN'),
      (RuntimeError('a worker died'), 'a worker died'),
      (EOFError('cut off'), 'cut off'),
      (LookupError('no experiment x'), 'no experiment x'),
      (KeyError('The key x is unknown.'), 'The key x is unknown.'),
      (zlib.error('damaged'), 'damaged'),
      (yaml.YAMLError('line 3'), 'line 3'),
      (tf.errors.NotFoundError(None, None, 'no file'), 'no file'),
      (ValueError('no data\n  In call to configurable \'x\''), 'no data'),
      (ValueError('a.yaml: no data\n  In call to configurable \'x\' (<class>)\n'
                  '  In call to configurable \'y\' (<class>). Name another.'),
       'a.yaml: no data'),
      (tf.errors.DataLossError(None, None, 'cut off\n\t [[node]]\n'),
       'cut off [[node]]'))
  def test_an_error_of_the_user_is_one_line(self, error, message):
    with self.assertRaises(SystemExit) as caught:
      program.call(_raising(error))
    self.assertEqual(str(caught.exception.code), f'program_test: {message}')

  @parameterized.parameters(
      TypeError('x'), KeyError('name'), IndexError('list index out of range'),
      NotImplementedError('later'), RecursionError('too deep'),
      AssertionError('never'))
  def test_a_mistake_in_the_code_keeps_its_traceback(self, error):
    with self.assertRaises(type(error)):
      program.call(_raising(error))

  @parameterized.parameters(
      ('', 'program_test: interrupted'),
      ('all is kept.', 'program_test: interrupted; all is kept.'))
  def test_an_interruption_says_what_is_left(self, interrupted, expected):
    shown = io.StringIO()
    with contextlib.redirect_stderr(shown):
      with self.assertRaises(SystemExit) as caught:
        program.call(_raising(KeyboardInterrupt()), interrupted=interrupted)
    self.assertEqual(caught.exception.code, 128 + signal.SIGINT)
    self.assertEqual(shown.getvalue(), f'\n{expected}\n')

  def test_arguments_go_in_and_the_exit_code_comes_out(self):
    self.assertEqual(program.call(lambda words: len(words), ['a', 'b']), 2)


_PRINTING = """
import sys
from absl import flags
from mobilebert_tf.common import program
flags.DEFINE_string('output_dir', 'out', 'Folder.')
flags.DEFINE_list('models', [], 'Files.')
flags.DEFINE_multi_string('input_files', None, 'Files.')
flags.DEFINE_string('title', '', 'Title.')
def main():
  print('\\u201cgood\\u201d \\u2026 \\u00b1 \\u5317 \\udc80')
  print('\\u2019', file=sys.stderr)
program.run(main)
"""


class ProcessTest(parameterized.TestCase):

  def _run(self, *arguments: str, **environment: str):
    return subprocess.run(
        [sys.executable, '-c', _PRINTING, *arguments], capture_output=True,
        env={**os.environ, **environment}, check=False)

  @parameterized.parameters(
      ('ascii', b'"good" ... +- ? ?\n', b"'"),
      ('latin-1', b'"good" ... \xb1 ? ?\n', b"'"),
      ('utf-8', '\u201cgood\u201d \u2026 \u00b1 \u5317 ?\n'.encode(),
       '\u2019'.encode()))
  def test_each_terminal_can_show_the_output(self, encoding, output, errors):
    done = self._run(PYTHONIOENCODING=encoding)
    self.assertEqual((done.returncode, done.stdout), (0, output))
    self.assertEqual(done.stderr.strip(), errors)

  @parameterized.parameters('output_dir', 'models', 'input_files')
  def test_an_empty_path_is_named(self, name):
    done = self._run(f'--{name}=')
    self.assertEqual(done.returncode, 1)
    self.assertIn(f'--{name} is empty. Name a path', done.stderr.decode())

  def test_other_flags_may_be_empty(self):
    self.assertEqual(self._run('--title=').returncode, 0)


class CaseTest(parameterized.TestCase):

  @parameterized.parameters(('true', True), ('false', False), ('1', True),
                            ('keep_accents', 'keep_accents'))
  def test_values(self, text, expected):
    self.assertEqual(program._CaseParser().parse(text), expected)

  def test_another(self):
    with self.assertRaises(ValueError):
      program._CaseParser().parse('accents')


class NumbersTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.values = flags.FlagValues()
    parser = program._NumbersParser(int, 1)
    flags.DEFINE(parser, 'threads', [1, 2], 'Help.', self.values,
                 flags.CsvListSerializer(','))

  def test_default_and_value(self):
    self.values(['program'])
    self.assertEqual(self.values.threads, [1, 2])
    self.values(['program', '--threads=3,1'])
    self.assertEqual(self.values.threads, [3, 1])

  @parameterized.parameters('', '1,1', '0', 'x', '1.5', '2,-1')
  def test_what_is_refused(self, value):
    with self.assertRaisesRegex(
        flags.IllegalFlagValueError,
        f'--threads={value}: expected one or more different whole numbers '
        'from 1, separated by commas'):
      self.values(['program', f'--threads={value}'])

  def test_numbers_that_are_not_finite_or_not_whole(self):
    parser = program._NumbersParser(float, 0)
    self.assertEqual(parser.parse('1e-4,3'), [1e-4, 3.0])
    with self.assertRaises(ValueError):
      parser.parse('nan')


class QuantityTest(parameterized.TestCase):

  @parameterized.parameters(('2', 2.0), ('2ms', 2.0), ('0.5 MS', 0.5),
                            ('1e-2ms', 0.01), (3, 3.0))
  def test_with_and_without_its_unit(self, text, expected):
    self.assertEqual(program._QuantityParser('ms').parse(text), expected)

  @parameterized.parameters('0', '-1ms', 'ms', '', '2MB', 'nan', 'inf', '2 s')
  def test_what_is_refused(self, value):
    values = flags.FlagValues()
    flags.DEFINE(program._QuantityParser('ms'), 'latency', None, 'Help.',
                 values)
    with self.assertRaisesRegex(
        flags.IllegalFlagValueError, 'a number above 0, in ms, such as 2ms'):
      values(['program', f'--latency={value}'])


if __name__ == '__main__':
  absltest.main()
