# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers lines of text or JSON, read from any stream of bytes."""

import abc
from collections.abc import Iterator, Sequence
import dataclasses
from typing import Any, BinaryIO

from mobilebert_tf.common import files
from mobilebert_tf.common import parsing
from mobilebert_tf.inference import loading

TEXT, JSON = 'text', 'json'
DAMAGED = 'The model answers with NaN: its weights are damaged.'

_BLOCK = 262_144


@dataclasses.dataclass(frozen=True)
class Line:
  """A line of input.

  Attributes:
    number: Number of the line, from 1.
    fields: Fields of the line by name; empty if it cannot be read.
    error: Reason why the line cannot be read; empty if it can.
  """
  number: int
  fields: dict[str, Any] = dataclasses.field(default_factory=dict)
  error: str = ''


class LineAnswerer(abc.ABC):
  """Answers lines with a fine-tuned model; each kind of task has a subclass.

  Each answer is a JSON object with the number of its `line`, the `id` of the
  line, if any, and the fields that the subclass describes; or an `error`.
  """

  def __init__(self, trained: loading.TrainedModel):
    self._trained = trained

  @property
  def needs_json(self) -> bool:
    """Whether a line of plain text does not hold the inputs of the model."""
    return bool(self._trained.pairs)

  def answer(self, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Returns the answer to each line, in order."""
    errors = [line.error or self._check(line.fields) for line in lines]
    sound = [line.fields for line, error in zip(lines, errors, strict=True)
             if not error]
    answers = iter(self._answer(sound) if sound else [])
    return [_record(line, {'error': error} if error else next(answers))
            for line, error in zip(lines, errors, strict=True)]

  @abc.abstractmethod
  def _check(self, fields: dict[str, Any]) -> str:
    """Returns the error of a line's fields, or ''."""

  @abc.abstractmethod
  def _answer(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the answer to each line whose fields were checked."""


def check_strings(fields: dict[str, Any], names: Sequence[str]) -> str:
  """Returns the error of fields that have to be texts, or ''."""
  for name in names:
    if name not in fields:
      known = ', '.join(f'"{name}"' for name in names)
      return f'There is no "{name}"; the model needs {known}.'
    if not isinstance(fields[name], str):
      return (f'"{name}" has to be a text; it is of type '
              f'{type(fields[name]).__name__}.')
    if not fields[name].strip():
      return f'"{name}" is empty.'
  return ''


def read_blocks(stream: BinaryIO, block_size: int = _BLOCK,
                longest: int = files.LONGEST_LINE
                ) -> Iterator[list[bytes | None]]:
  """Yields the lines that have arrived, without waiting for more.

  Args:
    stream: Unbuffered stream, whose `read`, or `read1` if it has that, returns
      the available bytes.
    block_size: Number of bytes to read at a time.
    longest: Maximum number of bytes of a line.

  Yields:
    Whole lines, without their ends; None for one that is too long.
  """
  read = getattr(stream, 'read1', stream.read)
  rest, too_long = bytearray(), False
  for block in files.unify_line_ends(iter(lambda: read(block_size), b'')):
    *lines, unfinished = block.split(b'\n')
    if lines:
      lines[0] = bytes(rest + lines[0])
      rest = bytearray()
      whole: list[bytes | None] = [
          None if len(line) > longest else line for line in lines]
      if too_long:
        whole[0], too_long = None, False
      yield whole
    rest += unfinished
    if len(rest) > longest:  # Its end need not be kept.
      rest, too_long = bytearray(), True
  if rest or too_long:  # The last line has no end.
    yield [None if too_long else bytes(rest)]


class LineParser:
  """Parses lines.

  Args:
    line_format: `TEXT`; `JSON`, an object a line; or `auto`, where the first
      line that is not empty decides: all are JSON if it begins with `{`.
  """

  def __init__(self, line_format: str = 'auto'):
    self._format = line_format
    self._number = 0

  def parse(self, data: bytes | None) -> Line:
    """Parses the next line; None stands for one that is too long."""
    self._number += 1
    number = self._number
    if data is None:
      return Line(number, error=(
          f'The line has more than {files.LONGEST_LINE:,} bytes.'))
    try:
      text = data.decode('utf-8').lstrip('\ufeff')
    except UnicodeDecodeError as error:
      return Line(number, error=(
          f'The line is not UTF-8 ({error.reason} at byte {error.start}).'))
    if not text.strip():
      return Line(number, error='The line is empty.')
    if self._format == 'auto':
      self._format = JSON if text.lstrip().startswith('{') else TEXT
    if self._format == TEXT:
      return Line(number, {'text': text})
    return _parse_json(number, text)


def _record(line: Line, answer: dict[str, Any]) -> dict[str, Any]:
  given = {'id': line.fields['id']} if 'id' in line.fields else {}
  return {'line': line.number, **given, **answer}


def _parse_json(number: int, text: str) -> Line:
  try:
    fields = parsing.parse_json(text, allow_nan=False)
  except parsing.ParseError as error:
    return Line(number, error=f'The line is not JSON: {error}')
  if not isinstance(fields, dict):
    return Line(number, error=(
        'The line is JSON, but not an object such as {"text": "..."}.'))
  return Line(number, {name: _clean(value) for name, value in fields.items()})


def _clean(value: Any) -> Any:
  """Replaces lone surrogates, which JSON can escape but UTF-8 cannot hold."""
  if isinstance(value, str):
    return parsing.replace_surrogates(value)
  if isinstance(value, list):
    return [_clean(item) for item in value]
  return value
