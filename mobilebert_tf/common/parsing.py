# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Parses JSON and YAML of any origin in time and memory linear in the text."""

import json
import math
import re
import sys
from typing import Any

_DEEPEST = 100
_LONGEST_NUMBER = 1000
# More of it would seem to hang.
_LONGEST_YAML = 1_000_000
_SURROGATES = re.compile('[\ud800-\udfff]')


class ParseError(ValueError):
  """A text that is not JSON or YAML, or not acceptable.

  Args:
    what: The problem, in one line.
    line: Number of the line, from 1; 0 if unknown.
  """

  def __init__(self, what: str, line: int = 0):
    super().__init__(what, line)
    self.what, self.line = what, line

  def __str__(self) -> str:
    return self.what


def parse_json(text: str, allow_nan: bool = True) -> Any:
  """Parses JSON.

  Names that are duplicated with different values, values nested deeper than 100
  levels and numbers of more than 1,000 digits are refused.

  Args:
    text: The text.
    allow_nan: Whether NaN and Infinity, which are not JSON, are accepted.

  Raises:
    ParseError: If it is refused.
  """
  try:
    value = json.loads(
        text, object_pairs_hook=_to_dict, parse_int=_to_int,
        parse_float=None if allow_nan else _to_finite_float,
        parse_constant=None if allow_nan else _refuse)
  except json.JSONDecodeError as error:
    raise ParseError(f'not JSON, or cut off: {error.msg} at column '
                     f'{error.colno}.', error.lineno) from error
  except RecursionError as error:
    raise ParseError(_too_deep()) from error
  _check_depth(value)
  return value


def parse_yaml(text: str) -> Any:
  """Parses YAML of plain values.

  Aliases and merge keys, which can make gigabytes of a few lines, duplicate
  keys, values nested deeper than 100 levels, numbers of more than 1,000 digits
  and texts of more than a million characters are refused.

  Raises:
    ParseError: If it is refused.
  """
  import yaml
  if len(text) > _LONGEST_YAML:
    raise ParseError(f'{len(text):,} characters are too many for YAML; at most '
                     f'{_LONGEST_YAML:,} are read.')
  try:
    loader = _yaml_loader()
    _check_events(text, loader)
    return yaml.load(text, loader)
  except yaml.reader.ReaderError as error:
    raise ParseError(
        f'not YAML (the character {chr(error.character)!r}).',
        text.count('\n', 0, error.position) + 1) from error
  except yaml.YAMLError as error:
    mark = getattr(error, 'problem_mark', None) or getattr(
        error, 'context_mark', None)
    what = getattr(error, 'problem', None) or str(error)
    last = text.rstrip().count('\n')  # What is cut off ends behind it.
    raise ParseError(f'not YAML ({" ".join(what.split())}).',
                     min(mark.line, last) + 1 if mark else 0) from error
  except RecursionError as error:
    raise ParseError(_too_deep()) from error
  # Such as a 30th February, or an unknown sign of a date.
  except (ArithmeticError, LookupError, TypeError, ValueError) as error:
    raise ParseError(
        f'not YAML ({" ".join(str(error).split())}).') from error


def replace_surrogates(text: str) -> str:
  """Replaces half characters, which JSON can escape, but UTF-8 cannot hold."""
  return _SURROGATES.sub('\ufffd', text)


def _to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
  fields = dict(pairs)
  if len(fields) < len(pairs):
    for name, value in pairs:
      if value != fields[name]:
        raise ParseError(f'{name[:60]!r} is duplicated, with different values.')
  return fields


def is_number(value: Any) -> bool:
  """Returns whether a parsed value is a number that a finite float can hold."""
  return type(value) in (int, float) and abs(value) <= sys.float_info.max


def _to_int(digits: str) -> int:
  if len(digits) > _LONGEST_NUMBER:
    raise ParseError(f'a number has {len(digits):,} digits.')
  return int(digits)


def _to_finite_float(digits: str) -> float:
  value = float(digits)
  if not math.isfinite(value):
    raise ParseError(f'{digits[:20]} is too large a number.')
  return value


def _refuse(constant: str) -> None:
  raise ParseError(f'{constant} is no number of JSON.')


def _too_deep() -> str:
  return f'too deeply nested; at most {_DEEPEST} levels are read.'


def _check_depth(value: Any) -> None:
  level = [value]
  for _ in range(_DEEPEST):
    level = [child for each in level if isinstance(each, dict | list)
             for child in (each.values() if isinstance(each, dict) else each)
             if isinstance(child, dict | list)]
    if not level:
      return
  raise ParseError(_too_deep())


def _yaml_loader() -> type:
  """Returns the loader; PyYAML is imported where it is needed."""
  import yaml

  # libyaml's is ten times as fast.
  class Loader(getattr(yaml, 'CSafeLoader', yaml.SafeLoader)):
    """Refuses what a text of plain values has no use for."""

    def flatten_mapping(self, node: Any) -> None:
      for key, _ in node.value:
        if key.tag == 'tag:yaml.org,2002:merge':
          _refuse_yaml('merge keys (<<) are not accepted', key)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
      mapping = super().construct_mapping(node, deep)
      if len(mapping) < len(node.value):
        seen = set()
        for key_node, _ in node.value:
          key = self.construct_object(key_node, deep=True)
          if key in seen:
            _refuse_yaml(f'{str(key)[:60]!r} is a duplicate key', key_node)
          seen.add(key)
      return mapping

    def construct_scalar(self, node: Any) -> Any:
      value = super().construct_scalar(node)
      if len(value) > _LONGEST_NUMBER and node.tag in (
          'tag:yaml.org,2002:int', 'tag:yaml.org,2002:float'):
        _refuse_yaml(f'a number has {len(value):,} digits', node)
      return value

  return Loader


def _check_events(text: str, loader: type) -> None:
  """Refuses aliases and depth before they are made objects."""
  import yaml
  depth = 0
  for event in yaml.parse(text, loader):
    if isinstance(event, yaml.AliasEvent):
      _refuse_yaml('aliases (*name) are not accepted', event)
    if isinstance(event, yaml.CollectionStartEvent):
      depth += 1
    if isinstance(event, yaml.CollectionEndEvent):
      depth -= 1
    if depth > _DEEPEST:
      _refuse_yaml(_too_deep(), event)


def _refuse_yaml(what: str, place: Any) -> None:
  import yaml
  raise yaml.constructor.ConstructorError(
      problem=what, problem_mark=place.start_mark)
