# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The frame of all programs: flags, one call, errors of users in one line.

A program defines flags and a `main`, and ends in

  if __name__ == '__main__':
    program.run(main)

Slow imports belong inside `main`, so that --help answers quickly.
"""

import codecs
import io
import os
import pathlib
import re
import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from absl import app
from absl import flags
from absl import logging

flags.disclaim_key_flags()  # Functions here define those of their callers.

_OTHER_CASES = ('keep_accents', 'mediapipe')  # Of `text.settings`.
_INTERRUPTED = 130  # 128 and the number of SIGINT, as shells count.
_USER_ERRORS = (ArithmeticError, EOFError, LookupError, OSError, RuntimeError,
                ValueError, zlib.error)
_MISTAKES = (IndexError, NotImplementedError, RecursionError)
_PLAINER = 'mobilebert_tf.plainer'
_PLAIN = {'“': '"', '”': '"', '‘': "'", '’': "'", '…': '...', '–': '-',
          '—': '-', '−': '-', '×': 'x', '·': '.', '→': '->', '\u00a0': ' ',
          '\u202f': ' ', '±': '+-', '≤': '<=', '≥': '>='}
# Flags whose values are paths.
_PATH = re.compile(
    r'(^|_)(dir|files?|checkpoint|input|output|models|runs|data|predictions|'
    r'null_odds|teacher|index|documents)$')
_GIN = re.compile(r'\n  In call to configurable .*')
_NOT_SET = re.compile(
    r'flag --(\w+)=None: Flag --\1 must have a value other than None\.')


def run(main: Callable[..., int | None], *, interrupted: str = '',
        verbosity: int = logging.WARNING,
        takes_arguments: bool = False) -> None:
  """Parses the flags, calls the program and exits.

  Args:
    main: Work of the program. Returns the exit code, or None for 0.
    interrupted: State after Ctrl-C, such as `'nothing was written.'`.
    verbosity: Level of absl's log unless `--verbosity` is given.
    takes_arguments: Whether `main` takes the list of arguments that are not
      flags; if not, such arguments are an error.
  """
  name = name_of(main)
  _settle_environment()

  def parse(argv: Sequence[str]) -> list[str]:
    arguments = _parse_flags(name, argv)
    if flags.FLAGS['verbosity'].using_default_value:
      logging.set_verbosity(verbosity)
    return arguments

  def call_main(argv: list[str]) -> int | None:
    _, *arguments = argv
    if takes_arguments:
      return call(main, arguments, interrupted=interrupted)
    if arguments:
      sys.exit(f'{name}: unexpected argument: {" ".join(arguments)}. Flags '
               'begin with --; --help lists them.')
    return call(main, interrupted=interrupted)

  app.run(call_main, flags_parser=parse)


def call(main: Callable[..., int | None], *arguments: Any,
         interrupted: str = '') -> int | None:
  """Calls the program, and exits with one line on an error of its user.

  Other exceptions are mistakes in the code and keep their traceback;
  `--verbosity=1` shows every traceback.
  """
  name = name_of(main)
  _settle_environment()
  _quieten_tensorflow()
  try:
    return main(*arguments)
  except Exception as error:
    if not is_user_error(error):
      raise
    logging.debug('Where it was raised:', exc_info=True)
    sys.exit(f'{name}: {_message(error)}')
  except KeyboardInterrupt:
    print(f'\n{name}: interrupted{interrupted and "; "}{interrupted}',
          file=sys.stderr)
    sys.exit(_INTERRUPTED)


def name_of(main: Callable[..., Any]) -> str:
  """Returns the name of a program, that of its file."""
  return pathlib.Path(main.__code__.co_filename).stem


def is_user_error(error: Exception) -> bool:
  """Returns whether the user of a program can correct the error."""
  if isinstance(error, KeyError):  # A bare key is a mistake in the code.
    return ' ' in _message(error)
  if isinstance(error, _MISTAKES):
    return False
  # A library that was not imported cannot have raised the error.
  tensorflow, yaml = map(sys.modules.get, ('tensorflow', 'yaml'))
  return (isinstance(error, _USER_ERRORS)
          or tensorflow and isinstance(error, tensorflow.errors.OpError)
          or yaml and isinstance(error, yaml.YAMLError) or False)


def DEFINE_case(name: str, default: bool | str | None,
                description: str) -> flags.FlagHolder:
  """Defines a flag of a bool or a word (`text.settings`)."""
  flag = flags.BooleanFlag(name, default, description)
  flag.parser = _CaseParser()
  return flags.DEFINE_flag(flag)


class _CaseParser(flags.BooleanParser):
  """Parses a bool, `keep_accents` or `mediapipe`."""

  def parse(self, argument: str | bool | int) -> bool | str:
    return argument if argument in _OTHER_CASES else super().parse(argument)


def DEFINE_numbers(name: str, default: Sequence[float], description: str,
                   lower_bound: float, kind: type = int) -> flags.FlagHolder:
  """Defines a flag whose value is a list of different numbers.

  Args:
    name: Name of the flag.
    default: Default of the flag.
    description: Description in `--help`.
    lower_bound: Smallest accepted number.
    kind: `int` or `float`.
  """
  return flags.DEFINE(
      _NumbersParser(kind, lower_bound), name, default, description,
      serializer=flags.CsvListSerializer(','))


class _NumbersParser(flags.ArgumentParser):
  """Parses numbers that are separated by commas."""

  syntactic_help = 'a comma separated list'

  def __init__(self, kind: type, lower_bound: float):
    self._kind, self._lower_bound = kind, lower_bound

  def flag_type(self) -> str:
    return 'comma separated list of numbers'

  def parse(self, argument: str | Sequence[float]) -> list[float]:
    words = argument.split(',') if isinstance(argument, str) else argument
    try:
      numbers = [self._kind(word) for word in words]
    except ValueError:
      numbers = []
    if (not numbers or len(set(numbers)) < len(numbers)
        or not all(number >= self._lower_bound for number in numbers)):
      whole = 'whole ' if self._kind is int else ''
      raise ValueError(f'expected one or more different {whole}numbers from '
                       f'{self._lower_bound}, separated by commas.')
    return numbers


def DEFINE_quantity(name: str, unit: str,
                    description: str) -> flags.FlagHolder:
  """Defines a flag whose value is a number above 0 of a unit, None by default.

  Args:
    name: Name of the flag.
    unit: Unit, which may be named: `--latency=2` and `--latency=2ms`.
    description: Description in `--help`.
  """
  return flags.DEFINE(_QuantityParser(unit), name, None, description)


class _QuantityParser(flags.ArgumentParser):
  """Parses a number with or without its unit."""

  def __init__(self, unit: str):
    self.syntactic_help = f'a number above 0, in {unit}'
    self._unit = unit

  def flag_type(self) -> str:
    return f'number, in {self._unit}'

  def parse(self, argument: str | float) -> float:
    words = str(argument).strip()
    if words.lower().endswith(self._unit.lower()):
      words = words[:-len(self._unit)]
    try:
      number = float(words)
    except ValueError:
      number = 0.0
    if not 0 < number < float('inf'):
      raise ValueError(f'expected {self.syntactic_help}, such as '
                       f'2{self._unit}.')
    return number


def _parse_flags(name: str, argv: Sequence[str]) -> list[str]:
  try:
    arguments = flags.FLAGS(argv)
    _check_paths()
    return arguments
  except flags.Error as error:
    message = str(error)
    missing = ' and '.join(f'--{flag}' for flag in _NOT_SET.findall(message))
    if missing:
      message = f'{missing} must be given.'
    sys.exit(f'{name}: ' + message.replace('\n', ' ') + ' --help lists the '
             'flags.')


def _check_paths() -> None:
  """Refuses paths without a value, such as of a variable that is not set."""
  for name in flags.FLAGS:
    flag = flags.FLAGS[name]
    values = flag.value if isinstance(flag.value, list) else [flag.value]
    if flag.present and _PATH.search(name) and not any(
        value is not None and str(value).strip() for value in values):
      raise flags.IllegalFlagValueError(
          f'--{name} is empty. Name a path, or leave the flag out.')


def _settle_environment() -> None:
  """Makes a program independent of its terminal and of other programs."""
  os.environ['KERAS_HOME'] = os.devnull  # A keras.json could be of Keras 3.
  codecs.register_error(_PLAINER, _make_plainer)
  for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, io.TextIOWrapper):
      stream.reconfigure(errors=_PLAINER)


def _make_plainer(error: UnicodeError) -> tuple[str, int]:
  """Replaces characters that the encoding of the terminal lacks."""
  if not isinstance(error, UnicodeEncodeError):
    raise error
  missing = error.object[error.start:error.end]
  return (''.join(_PLAIN.get(character, '?') for character in missing),
          error.end)


def _quieten_tensorflow() -> None:
  """Hides the messages of TensorFlow's runtime about the machine."""
  if logging.get_verbosity() < logging.INFO:
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')


def _message(error: Exception) -> str:
  # A KeyError quotes its message, and gin adds its calls.
  message = str(error.args[0]) if isinstance(error, KeyError) else str(error)
  lines = _GIN.sub('', message).splitlines()
  return ' '.join(filter(None, map(str.strip, lines)))
