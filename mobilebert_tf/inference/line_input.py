# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Lines of text or JSON to what a model is asked, from any stream of bytes."""

from collections.abc import Iterator
import codecs
import dataclasses
import json
import re
from typing import Any, BinaryIO

from mobilebert_tf.common import files


TEXT, JSON = 'text', 'json'
_BLOCK = 262_144
_SURROGATES = re.compile('[\ud800-\udfff]')


@dataclasses.dataclass(frozen=True)
class Line:
  """A line of input.

  Attributes:
    number: From 1.
    fields: What it says by name; empty if it cannot be read.
    error: Why it cannot be read; empty if it can.
  """
  number: int
  fields: dict[str, Any] = dataclasses.field(default_factory=dict)
  error: str = ''


def read_blocks(stream: BinaryIO, block_size: int = _BLOCK,
                longest: int = files.LONGEST_LINE
                ) -> Iterator[list[bytes | None]]:
  """Yields lines as soon as they are there, as many as come at once.

  Args:
    stream: An unbuffered stream; `read`, or `read1` if it has that, returns
      what there is without waiting for more.
    block_size: How many bytes to read at once.
    longest: How many bytes a line may have.

  Yields:
    Whole lines, without their ends; None for one that is too long.
  """
  read = getattr(stream, 'read1', stream.read)
  rest, too_long = bytearray(), False
  while block := read(block_size):
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
  """Makes fields of lines.

  Args:
    line_format: `TEXT`, where a line is a text; `JSON`, where it is an object;
      or `auto`, where the first line that is not empty decides: it is JSON if
      it begins with `{`.
  """

  def __init__(self, line_format: str = 'auto'):
    self._format = line_format
    self._number = 0

  def parse(self, data: bytes | None) -> Line:
    """Returns what the next line says.

    Args:
      data: The line; None for one that is too long.

    Returns:
      Its fields: those of its object, or `text`.
    """
    self._number += 1
    number = self._number
    if data is None:
      return Line(number, error=(
          f'The line has more than {files.LONGEST_LINE:,} bytes.'))
    if number == 1:
      data = data.removeprefix(codecs.BOM_UTF8)
    try:
      text = data.decode('utf-8').removesuffix('\r')
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


def _parse_json(number: int, text: str) -> Line:
  try:
    fields = json.loads(text, parse_constant=_refuse)
  except (ValueError, RecursionError) as error:
    return Line(number, error=f'The line is not JSON: {error}.')
  if not isinstance(fields, dict):
    return Line(number, error=(
        'The line is JSON, but not an object such as {"text": "..."}.'))
  return Line(number, {name: _clean(value) for name, value in fields.items()})


def _clean(value: Any) -> Any:
  """Replaces halves of characters, which JSON can escape but are no text."""
  if isinstance(value, str):
    return _SURROGATES.sub('\ufffd', value)
  if isinstance(value, list):
    return [_SURROGATES.sub('\ufffd', item) if isinstance(item, str) else item
            for item in value]
  return value


def _refuse(constant: str) -> None:
  raise ValueError(f'{constant} is not a number of JSON')
