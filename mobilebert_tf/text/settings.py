# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of a tokenizer that change ids and are not in its vocabulary."""

from collections.abc import Mapping
from typing import Any

# True lower-cases and strips accents, as BERT uncased does; False does neither,
# as BERT cased; `keep_accents` lower-cases only, as uncased models of German;
# `mediapipe` gives the ids of MediaPipe Tasks (`mediapipe_words`).
LowerCase = bool | str
KEEP_ACCENTS = 'keep_accents'
MEDIAPIPE = 'mediapipe'
OTHER_CASES = (KEEP_ACCENTS, MEDIAPIPE)
# In characters, after lower-casing and stripping accents, as in Google's code.
MAX_WORD_LENGTH = 200
_LONGEST_WORD = 999  # What a regular expression of TensorFlow can count.
FIELDS = ('lower_case', 'max_word_length')


def check(lower_case: LowerCase, max_word_length: int) -> None:
  """Raises ValueError unless both are accepted."""
  if not isinstance(lower_case, bool) and lower_case not in OTHER_CASES:
    raise ValueError(f'lower_case is {lower_case!r}; accepted: true, false, '
                     f'{", ".join(OTHER_CASES)}.')
  if type(max_word_length) is not int or not (
      1 <= max_word_length <= _LONGEST_WORD):
    raise ValueError(f'max_word_length is {max_word_length!r}; it has to be a '
                     f'whole number from 1 to {_LONGEST_WORD}.')


def strips_accents(lower_case: LowerCase) -> bool:
  """Whether accents are stripped, too."""
  return lower_case is True


def describe(lower_case: LowerCase) -> str:
  """Returns a phrase for people."""
  if lower_case == KEEP_ACCENTS:
    return 'lower-cased, accents kept'
  if lower_case == MEDIAPIPE:
    return "lower-cased as MediaPipe's, A to Z only"
  return 'lower-cased' if lower_case else 'cased'


def agree(name: str, values: Mapping[str, Any], default: Any) -> Any:
  """Returns the value of a setting that several sources may say.

  Args:
    name: Name of the setting.
    values: The value by the name of its source, None where it says none.
    default: Value if no source says one.

  Raises:
    ValueError: If two sources differ; names both, with their values.
  """
  said = {source: value for source, value in values.items()
          if value is not None}
  if not said:
    return default
  (first, value), *others = said.items()
  for source, other in others:
    if other != value:
      raise ValueError(
          f'{name} is {text(value)} in {first}, but {text(other)} in {source}. '
          'One of them has to be changed, or left out.')
  return value


def text(value: Any) -> str:
  """Returns a value as it is written in YAML and on a command line."""
  return str(value).lower() if isinstance(value, bool) else str(value)
