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

"""Which questions of SQuAD files can be trained on, and why others cannot."""

from collections.abc import Mapping, Sequence
import dataclasses

from absl import logging
import numpy as np

from mobilebert_tf.data import squad

_NO_ANSWER = (-1, -1)
_NAMED = 3


@dataclasses.dataclass(frozen=True)
class TrainingQuestions:
  """Questions with the answers to learn.

  Attributes:
    questions: Those that can be trained on.
    spans: int32 `[questions, 2]`, the first character of each answer in the
      context and the one after the last; -1, -1 for "there is no answer".
    skipped: The places of all others, by the reason.
  """
  questions: tuple[squad.Question, ...]
  spans: np.ndarray
  skipped: dict[str, list[str]]


def select(data: squad.SquadData,
           version_2_with_negative: bool) -> TrainingQuestions:
  """Finds the questions that can be trained on.

  Example:

    chosen = select(squad.read('train-v1.1.json'), False)
    report(chosen.skipped, len(data.questions), 'train-v1.1.json')

  Args:
    data: The questions.
    version_2_with_negative: Whether those without an answer are among them.

  Returns:
    The questions, with the first answer that is where it should be.
  """
  questions, spans, skipped = [], [], {}
  for question in data.questions:
    reason, span = _examine(question, data.context(question),
                            version_2_with_negative)
    if reason:
      skipped.setdefault(reason, []).append(question.place)
    else:
      questions.append(question)
      spans.append(span)
  return TrainingQuestions(
      tuple(questions), np.array(spans, np.int32).reshape([-1, 2]), skipped)


def report(skipped: Mapping[str, Sequence[str]], total: int,
           path: str) -> None:
  """Logs what was skipped.

  Args:
    skipped: Places by reason.
    total: How many questions there were.
    path: What was read.

  Raises:
    ValueError: If no question is left.
  """
  lines = [
      f'{len(places):,} of {total:,} questions skipped: {reason}, such as '
      f'{", ".join(places[:_NAMED])}.' for reason, places in skipped.items()]
  if sum(map(len, skipped.values())) == total:
    raise ValueError(f'{path}: no question can be used. {" ".join(lines)}')
  for line in lines:
    logging.warning(line)


def _examine(question: squad.Question, context: str,
             version_2_with_negative: bool) -> tuple[str, tuple[int, int]]:
  """Returns why a question cannot be trained on, or the span of its answer."""
  if not question.text.strip():
    return 'the question is empty', _NO_ANSWER
  if not context.strip():
    return 'the context is empty', _NO_ANSWER
  if question.is_contradictory:
    return 'is_impossible contradicts the answers', _NO_ANSWER
  if not question.answers:
    if version_2_with_negative:
      return '', _NO_ANSWER
    return 'no answer, and version_2_with_negative is false', _NO_ANSWER
  answer = question.located(context)
  if answer is None:
    if not any(answer.text.strip() for answer in question.answers):
      return 'the answer is empty', _NO_ANSWER
    return 'the answer is not at its offset', _NO_ANSWER
  return '', (answer.start, answer.start + len(answer.text))
