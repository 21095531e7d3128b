# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Results of `inference.py`: its tables, and the ratios that are asked for."""

from collections.abc import Mapping, Sequence
import dataclasses
import statistics
from typing import Any

from benchmarks.engines import contenders
from benchmarks.engines import process
from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import text as text_lib

NOTES = (
    'Numbers over columns: tokens of a full row. Sentences: each at the least '
    'length that its contender offers, mean of their medians over rounds. '
    'Private memory: what a process took for it, without libraries and mapped '
    'files. Cosine, error: hidden states of all sentences beside the float32 '
    'Keras model with the same weights, the smallest cosine of a token and the '
    'relative error.')


@dataclasses.dataclass(frozen=True)
class Result:
  """How a contender did.

  Attributes:
    started: Facts that were known when it was ready.
    seconds: Seconds of each mode, `[rounds][runs]`.
  """
  started: process.Started
  seconds: Mapping[str, Sequence[Sequence[float]]]

  def milliseconds(self, mode: str, rounds: slice = slice(None)) -> float:
    """Returns the mean over the runs of a mode of medians over rounds."""
    timed = self.seconds[mode][rounds]
    return 1e3 * statistics.mean(
        statistics.median(each) for each in zip(*timed, strict=True))


@dataclasses.dataclass(frozen=True)
class Question:
  """A ratio of two contenders, `of` a mode or a field of `Started`."""
  over: str
  under: str
  of: str
  target: float
  at_most: bool = True


QUESTIONS = (
    Question('ours_int8', 'garden_int8', '128', 0.80),
    Question('ours_int8', 'garden_int8', process.SENTENCES, 0.27),
    Question('ours', 'garden', process.SENTENCES, 0.27),
    Question('huggingface_onnx', 'ours', process.SENTENCES, 1.3, at_most=False),
    Question('ours_int8', 'ours_one_length', 'private_megabytes', 1.2),
    Question('ours_int8', 'garden_int8', 'megabytes', 1.08),
)
_FIELDS = {'megabytes': 'file', 'private_megabytes': 'private memory',
           process.SENTENCES: 'sentences'}


def tabulate(lengths: Sequence[int], results: Mapping[str, Result]) -> str:
  """Returns the table of all contenders."""
  modes = [*map(str, lengths), process.SENTENCES]
  rows = []
  for name, result in results.items():
    started = result.started
    rows.append((
        title(name),
        *('' if mode not in result.seconds else _number(
            result.milliseconds(mode)) for mode in modes),
        '' if started.megabytes is None else _number(started.megabytes),
        _number(started.private_megabytes),
        *(('', '') if started.cosine is None else (
            f'{started.cosine:.6f}', f'{started.error:.1g}'))))
  return _format((
      'Milliseconds', *modes[:-1], 'Sentences', 'File, MB',
      'Private memory, MB', 'Cosine', 'Error'), rows)


def answer(results: Mapping[str, Result]) -> list[dict[str, Any]]:
  """Returns the ratio for each question whose contenders took part."""
  answers = []
  for question in QUESTIONS:
    if not {question.over, question.under} <= set(results):
      continue
    over, under = results[question.over], results[question.under]
    rounds: list[float] = []
    if hasattr(over.started, question.of):
      ratio = (getattr(over.started, question.of)
               / getattr(under.started, question.of))
    elif question.of in over.seconds and question.of in under.seconds:
      ratio, *rounds = (
          over.milliseconds(question.of, each)
          / under.milliseconds(question.of, each)
          for each in (slice(None), *(slice(i, i + 1) for i in range(
              len(over.seconds[question.of])))))
    else:
      continue
    answers.append({
        **dataclasses.asdict(question), 'ratio': ratio,
        'ratio_of_rounds': rounds,
        'reached': (ratio <= question.target if question.at_most
                    else ratio >= question.target)})
  return answers


def tabulate_answers(answers: Sequence[Mapping[str, Any]]) -> str:
  """Returns the table of ratios, each with its target."""
  rows = []
  for each in answers:
    rounds = each['ratio_of_rounds']
    rows.append((
        f'{title(each["over"])} / {title(each["under"])}',
        _FIELDS.get(each['of'], f'{each["of"]} tokens'), _ratio(each['ratio']),
        f'{_ratio(min(rounds))} to {_ratio(max(rounds))}' if rounds else '',
        f'at {"most" if each["at_most"] else "least"} {each["target"]:g}',
        'reached' if each['reached'] else 'MISSED'))
  return _format(('Ratio', 'Of', '', 'Of single rounds', 'Asked', ''), rows,
                 right=(2, 3))


def title(name: str) -> str:
  """Returns a contender's name in tables."""
  return contenders.CONTENDERS[name].title


def _format(headers: Sequence[str], rows: Sequence[tuple[str, ...]],
            right: Sequence[int] | None = None) -> str:
  right = range(1, len(headers)) if right is None else right
  return text_lib.format_table(text_lib.Table(tuple(
      text_lib.Column(header, 'right' if i in right else 'left')
      for i, header in enumerate(headers)), tuple(rows)))


def _number(value: float) -> str:
  return formatting.decimal(value, 1 if value >= 10 else 2)


def _ratio(value: float) -> str:
  """Returns three significant digits, since targets have two."""
  return formatting.decimal(value, 3 if value < 1 else 2)
