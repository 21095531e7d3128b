# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Selects answers from the logits of windows, without TensorFlow.

`graph_windows` does the same inside a graph.
"""

from collections.abc import Sequence
import dataclasses
import math

import numpy as np

from mobilebert_tf.deployment import tflite_runner
from mobilebert_tf.text import windows as windows_lib

NOT_FINITE = ('The model gives logits that are not finite. Its weights are '
              'damaged, or its training diverged.')
# The no-answer score where context or question have no text: a number that is
# JSON and above any no-answer score of a model.
NO_TEXT_ODDS = 1e9


@dataclasses.dataclass(frozen=True)
class SpanSettings:
  """Number of answers to keep, and their maximum length in tokens."""
  n_best: int = 20
  max_answer_length: int = 30

  def __post_init__(self):
    for name in ('n_best', 'max_answer_length'):
      if getattr(self, name) < 1:
        raise ValueError(f'{name} is {getattr(self, name)}; it has to be at '
                         'least 1.')


@dataclasses.dataclass(frozen=True)
class Span:
  """A part of a context that may be the answer, `context[start:end]`.

  Attributes:
    start: First character.
    end: Character after the last.
    start_logit: The model's logit of the first token.
    end_logit: The model's logit of the last token.
  """
  start: int
  end: int
  start_logit: float
  end_logit: float

  @property
  def score(self) -> float:
    return self.start_logit + self.end_logit


@dataclasses.dataclass(frozen=True)
class Spans:
  """The spans found for a question.

  Attributes:
    best: Best spans, best first, each stretch of text once; empty if the
      context has no tokens.
    null: "There is no answer", characters 0 to 0, from the window with the
      lowest score of it.
  """
  best: tuple[Span, ...]
  null: Span

  @property
  def null_odds(self) -> float:
    """The no-answer score: score of `null` minus that of the best span."""
    return self.null.score - self.best[0].score


class SpanFinder:
  """Collects the spans of windows that come in any order.

  All spans up to the longest are compared; the reference code compares those
  that start and end at one of the 20 best places. Of several windows with a
  token, the one that shows most on both sides of it counts.

  Example:

    finder = SpanFinder(windows)
    for row in range(len(windows)):
      finder.add(row, start_logits[row], end_logits[row])
    finder.spans(question=0).best[0]
  """

  def __init__(self, windows: windows_lib.WindowPlan,
               settings: SpanSettings = SpanSettings()):
    self._windows = windows
    self._settings = settings
    self._found: dict[int, list[Span]] = {}
    self._null: dict[int, Span] = {}

  def add(self, row: int, start_logits: np.ndarray,
          end_logits: np.ndarray) -> None:
    """Adds the logits of window `row`, `[length]`; padding may follow.

    Raises:
      ValueError: If a logit is not finite.
    """
    windows = self._windows
    length, offset = windows.length[row], windows.offset[row]
    logits = np.stack([start_logits[:length], end_logits[:length]])
    logits = logits.astype(np.float64)
    if not np.isfinite(logits).all():
      raise ValueError(NOT_FINITE)
    self._null[row] = Span(0, 0, *logits[:, 0].tolist())
    starts, ends = logits[:, offset:-1]  # Of the context.
    self._found[row] = self._best(row, starts, ends)

  def is_cut(self, question: int) -> bool:
    """Returns whether the end of a question is in none of its windows."""
    windows = self._windows
    return bool(windows.questions.lengths[question]
                > windows.settings.query_length)

  def spans(self, question: int) -> Spans:
    """Returns the spans of a question whose windows were all added."""
    rows = self._windows.of_question(question)
    spans = [span for row in rows for span in self._found[row]]
    # Of equal scores the first in the text, then the shortest.
    spans.sort(key=lambda span: (-span.score, span.start, span.end))
    unique = {}
    for span in spans:
      unique.setdefault((span.start, span.end), span)
    return Spans(tuple(unique.values())[:self._settings.n_best],
                 min((self._null[row] for row in rows),
                     key=lambda span: span.score))

  def _best(self, row: int, starts: np.ndarray,
            ends: np.ndarray) -> list[Span]:
    if not len(starts):
      return []
    longest = min(self._settings.max_answer_length, len(starts))
    padded = np.concatenate([ends, np.full([longest - 1], -np.inf)])
    reach = np.lib.stride_tricks.sliding_window_view(padded, longest)
    allowed = np.where(self._windows.shows_most(row), starts, -np.inf)
    scores = (allowed[:, np.newaxis] + reach).ravel()
    count = min(self._settings.n_best, len(scores))
    # Equal scores beyond the last would be chosen from at random.
    limit = np.partition(scores, -count)[-count]
    places = np.flatnonzero(scores >= max(limit, np.finfo(np.float64).min))
    places = places[np.argsort(-scores[places], kind='stable')][:count]
    tokens, first = self._windows.tokens, self._windows.start[row]
    return [
        Span(int(tokens.starts[first + i]), int(tokens.ends[first + i + more]),
             float(starts[i]), float(ends[i + more]))
        for i, more in (divmod(int(place), longest) for place in places)
    ]


@dataclasses.dataclass(frozen=True)
class Candidate:
  """One of the best answers; see `Answer` and `Span`.

  Attributes:
    probability: Probability among the best answers, 0 to 1.
  """
  text: str
  start: int | None
  end: int | None
  probability: float
  start_logit: float
  end_logit: float


@dataclasses.dataclass(frozen=True)
class Answer:
  """A model's answer to a question.

  Attributes:
    text: `context[start:end]`; empty if there is no answer.
    start: First character; None if there is no answer.
    end: Character after the last; None if there is no answer.
    score: Probability among the best answers, 0 to 1; 0 without text.
    null_odds: The no-answer score minus the score of the best answer.
    best: Best span even where "no answer" wins; None if context or question
      have no text.
    n_best: Best answers, best first, "no answer" among them if allowed.
    truncated: Whether the end of the question was not read.
  """
  text: str
  start: int | None
  end: int | None
  score: float
  null_odds: float
  best: Candidate | None
  n_best: tuple[Candidate, ...]
  truncated: bool = False

  def margin(self, allow_no_answer: bool, null_threshold: float) -> float:
    """Returns by how much of a score this answer is the model's, not another.

    Args:
      allow_no_answer: As for `choose`.
      null_threshold: As for `choose`.
    """
    if self.best is None:  # No text.
      return math.inf
    margins = [abs(self.null_odds - null_threshold)] if allow_no_answer else []
    if self.start is not None:
      scores = [each.start_logit + each.end_logit for each in self.n_best
                if each.start is not None and each.text != self.text]
      best = self.best.start_logit + self.best.end_logit
      margins.append(best - max(scores, default=-math.inf))
    return min(margins)


def choose(spans: Spans, question: str, context: str,
           allow_no_answer: bool, null_threshold: float) -> Answer:
  """Selects the answer, an empty one where question or context have no text.

  Args:
    spans: Spans of the question.
    question: Text of the question.
    context: Text that it is about.
    allow_no_answer: Whether "there is no answer" is an answer.
    null_threshold: Value of `null_odds` above which there is no answer.
  """
  if not spans.best or not question.strip():
    return Answer('', None, None, 0.0, NO_TEXT_ODDS, None, ())
  found = [spans.null] if allow_no_answer else []
  ranked = sorted([*spans.best, *found], key=lambda span: -span.score)
  scores = np.array([span.score for span in ranked])
  weights = np.exp(scores - scores.max())
  n_best = tuple(
      _candidate(span, context, float(probability), span is spans.null)
      for span, probability in zip(ranked, weights / weights.sum(),
                                   strict=True))
  best = next(c for c in n_best if c.start is not None)
  chosen = best
  if allow_no_answer and spans.null_odds > null_threshold:
    chosen = next(c for c in n_best if c.start is None)
  return Answer(chosen.text, chosen.start, chosen.end, chosen.probability,
                spans.null_odds, best, n_best)


def choose_all(finder: SpanFinder, questions: Sequence[str],
               contexts: Sequence[str], allow_no_answer: bool,
               null_threshold: float) -> list[Answer]:
  """Selects the answer to each question; see `choose`."""
  return [dataclasses.replace(
      choose(finder.spans(i), question, context, allow_no_answer,
             null_threshold), truncated=finder.is_cut(i))
          for i, (question, context) in enumerate(
              zip(questions, contexts, strict=True))]


def _candidate(span: Span, context: str, probability: float,
               is_null: bool) -> Candidate:
  start, end = (None, None) if is_null else (span.start, span.end)
  return Candidate('' if is_null else context[start:end], start, end,
                   probability, span.start_logit, span.end_logit)


def number_contexts(contexts: Sequence[str]) -> tuple[list[str], list[int]]:
  """Returns the different contexts, and the number among them of each."""
  numbers: dict[str, int] = {}
  paragraphs = [numbers.setdefault(c, len(numbers)) for c in contexts]
  return list(numbers), paragraphs


def answer_with_file(runner: tflite_runner.TFLiteRunner, questions: list[str],
                     contexts: list[str]) -> list[Answer]:
  """Answers each question from its context with a `.tflite` file."""
  settings, tokenizer = runner.metadata.settings, runner.tokenizer
  texts, paragraphs = number_contexts(contexts)
  plan = windows_lib.WindowPlan(
      tokenizer.tokenize_with_offsets(questions),
      tokenizer.tokenize_with_offsets(texts), paragraphs,
      windows_lib.WindowSettings(
          runner.metadata.max_length, settings.doc_stride,
          settings.query_length))
  for question in range(len(questions)):
    if len(plan.of_question(question)) > settings.max_windows:
      raise ValueError(
          windows_lib.too_many(settings.max_windows, plan.settings))
  finder = SpanFinder(plan, SpanSettings(
      settings.n_best, settings.max_answer_length))
  for row in range(len(plan)):
    found = runner.run(plan.pieces(row))
    finder.add(row, found['start_logits'][0], found['end_logits'][0])
  return choose_all(finder, questions, contexts, settings.allow_no_answer,
                    settings.null_threshold)
