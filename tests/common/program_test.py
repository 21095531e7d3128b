# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The frame of programs: which errors are one line, and flags of numbers."""

import contextlib
import io
import signal
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
      (ValueError('no data\n  In call to configurable \'x\''), 'no data'))
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


if __name__ == '__main__':
  absltest.main()
