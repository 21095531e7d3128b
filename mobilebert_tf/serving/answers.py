# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""What is answered to a question: the best spans, and which of them counts."""

import dataclasses

import numpy as np

from mobilebert_tf.data import answer_spans

# Where a context or a question has no text, nothing can be the answer. A number
# that is JSON and above any odds of a model.
NO_TEXT_ODDS = 1e9


@dataclasses.dataclass(frozen=True)
class Candidate:
  """One of the best answers.

  Attributes:
    text: As it stands in the context; empty for "there is no answer".
    start: Its first character in the context; None if there is no answer.
    end: The character after its last; None if there is no answer.
    probability: Among the best answers, 0 to 1.
    start_logit: How much the model takes it to start there.
    end_logit: How much to end there.
  """
  text: str
  start: int | None
  end: int | None
  probability: float
  start_logit: float
  end_logit: float


@dataclasses.dataclass(frozen=True)
class Answer:
  """What a model answers.

  Attributes:
    text: As it stands in the context, `context[start:end]`; empty if there is
      no answer.
    start: Its first character in the context; None if there is no answer.
    end: The character after its last; None if there is no answer.
    score: Its probability among the best answers, 0 to 1; 0 if neither context
      nor question have text.
    null_odds: How much rather there is no answer: the score of that less the
      score of the best answer.
    best: The best answer even where there rather is none; None if the context
      or the question has no text.
    n_best: The best answers, best first, "no answer" among them if that is
      allowed.
  """
  text: str
  start: int | None
  end: int | None
  score: float
  null_odds: float
  best: Candidate | None
  n_best: tuple[Candidate, ...]


def choose(spans: answer_spans.Spans, question: str, context: str,
           allow_no_answer: bool, null_threshold: float) -> Answer:
  """Makes an answer of the spans that were found.

  Example: `choose(finder.spans(0), 'Who?', 'It was Ada.', False, 0.0).text`

  Args:
    spans: Of the question.
    question: Its text.
    context: The text that it is about.
    allow_no_answer: Whether "there is no answer" is one.
    null_threshold: With null odds above it there is no answer.

  Returns:
    The answer; an empty one where question or context have no text.
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


def _candidate(span: answer_spans.Span, context: str, probability: float,
               is_null: bool) -> Candidate:
  start, end = (None, None) if is_null else (span.start, span.end)
  return Candidate('' if is_null else context[start:end], start, end,
                   probability, span.start_logit, span.end_logit)
