# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Formats numbers as text, for pages and terminal tables.

Anything but a finite number becomes 'n/a', as in the report of a failed run.
"""

import numbers
import sys
from typing import Any

NOT_AVAILABLE = 'n/a'


def is_number(value: Any) -> bool:
  """Whether `value` is a finite real number (numpy's scalars included).

  A whole number that no float can hold is none.
  """
  return (isinstance(value, numbers.Real) and not isinstance(value, bool)
          and bool(abs(value) <= sys.float_info.max))


def decimal(value: Any, digits: int = 2) -> str:
  """Formats a number with thousands separators: `'1,234.50'`."""
  if not is_number(value):
    return NOT_AVAILABLE
  return f'{float(value):,.{digits}f}'


def count(value: Any) -> str:
  """Formats a whole number: `'24,581,888'`."""
  return decimal(value, 0)


def approximate_count(value: Any) -> str:
  """Formats a large number for running text: `'24.6 million'`."""
  if not is_number(value):
    return NOT_AVAILABLE
  if abs(value) >= 999_950:
    return f'{value / 1e6:,.1f} million'
  return count(value)


def percent(value: Any, digits: int = 1) -> str:
  """Formats a fraction as a percentage: `'81.4%'`.

  Other values than exactly 0 and 1 get as many digits, up to 6, as distinguish
  them from 0% and 100%: `'99.96%'` for 0.9996.
  """
  if not is_number(value):
    return NOT_AVAILABLE
  value = float(value)
  while digits < 6 and value not in (0.0, 1.0) and (
      float(f'{100 * value:.{digits}f}') in (0.0, 100.0)):
    digits += 1
  return f'{100 * value:.{digits}f}%'


def points(difference: Any) -> str:
  """Formats a difference of two fractions: `'4.5 points'`, without a sign."""
  if not is_number(difference):
    return NOT_AVAILABLE
  text = percent(abs(difference)).removesuffix('%')
  return f'{text} point' if text == '1.0' else f'{text} points'


def duration(seconds: Any) -> str:
  """Formats seconds: `'8.1 s'`, `'9 min 12 s'`, `'1 h 03 min'`."""
  if not is_number(seconds):
    return NOT_AVAILABLE
  if abs(seconds) < 59.95:
    return f'{seconds:.1f} s'
  whole = round(seconds)
  if whole < 3600:
    return f'{whole // 60} min {whole % 60:02d} s'
  minutes = round(seconds / 60)
  return f'{minutes // 60} h {minutes % 60:02d} min'


def quantity(value: Any, unit: str) -> str:
  """Formats a measurement with its unit: `'8.1 MB'`, `'0.34 ms'`, `'1,200 MB'`.
  """
  if not is_number(value):
    return NOT_AVAILABLE
  size = abs(float(value))
  digits = 2 if size < 0.995 else 1 if size < 999.95 else 0
  return f'{decimal(value, digits)} {unit}'


def listing(items: list[str]) -> str:
  """Joins items with commas and "and": `'a'`, `'a and b'`, `'a, b and c'`."""
  if len(items) < 2:
    return ''.join(items)
  return ', '.join(items[:-1]) + ' and ' + items[-1]
