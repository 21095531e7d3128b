# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers of a question-answering model to lines."""

from typing import Any

from mobilebert_tf.inference import line_answers
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.question_answering import predictor


class QuestionLineAnswerer(line_answers.LineAnswerer):
  """Answers with `answer`, `start`, `end` and `score`.

  If there may be no answer, the no-answer score follows as `null_odds`; `start`
  and `end` of no answer are null. They count characters (code points).

  Args:
    trained: The model.
    batch_size: Number of windows that are computed together.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    super().__init__(trained)
    self._questions = predictor.QuestionAnswerer(trained, batch_size)

  def _check(self, fields: dict[str, Any]) -> str:
    return line_answers.check_strings(fields, ['question', 'context'])

  def _answer(
      self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers = self._questions.answer(
        [fields['question'] for fields in lines],
        [fields['context'] for fields in lines])
    described = []
    for answer in answers:
      fields = {'answer': answer.text, 'start': answer.start,
                'end': answer.end, 'score': round(answer.score, 6)}
      if self._questions.allow_no_answer:
        fields['null_odds'] = round(answer.null_odds, 6)
      described.append(fields)
    return described
