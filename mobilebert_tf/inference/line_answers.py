# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What a model answers to lines, as objects to be written as JSON."""

import abc
from collections.abc import Sequence
from typing import Any

from mobilebert_tf.inference import line_input
from mobilebert_tf.inference import loading

DAMAGED = 'The model answers with NaN: its weights are damaged.'


class LineAnswerer(abc.ABC):
  """Answers lines with a fine-tuned model; each kind of task has a subclass.

  Each answer is an object with the number of its `line`, the `id` that the line
  gave, if any, and the fields that the subclass describes. A line that cannot
  be answered has an `error` instead.

  Args:
    trained: The model.
  """

  def __init__(self, trained: loading.TrainedModel):
    self._trained = trained

  @property
  def needs_json(self) -> bool:
    """Whether a line of plain text cannot say what the model has to know."""
    return bool(self._trained.pairs)

  def answer(self, lines: Sequence[line_input.Line]) -> list[dict[str, Any]]:
    """Answers lines.

    Args:
      lines: The lines.

    Returns:
      An object for each, in their order.
    """
    errors = [line.error or self._check(line.fields) for line in lines]
    sound = [line.fields for line, error in zip(lines, errors, strict=True)
             if not error]
    answers = iter(self._answer(sound) if sound else [])
    return [_record(line, {'error': error} if error else next(answers))
            for line, error in zip(lines, errors, strict=True)]

  @abc.abstractmethod
  def _check(self, fields: dict[str, Any]) -> str:
    """Returns what is wrong with the fields of a line; '' if nothing is."""

  @abc.abstractmethod
  def _answer(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the answer to each line whose fields were checked."""


def check_strings(fields: dict[str, Any], names: Sequence[str]) -> str:
  """Returns what is wrong with fields that have to be texts; '' if nothing."""
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


def _record(line: line_input.Line, answer: dict[str, Any]) -> dict[str, Any]:
  given = {'id': line.fields['id']} if 'id' in line.fields else {}
  return {'line': line.number, **given, **answer}
