# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""From a model's answers to the official files, and the null threshold."""

from collections.abc import Mapping, Sequence
import os

import numpy as np

from mobilebert_tf.data import squad
from mobilebert_tf.tasks.question_answering import metrics
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import spans as answer_types


def answer_questions(
    answerer: predictor.QuestionAnswerer,
    data: squad.SquadData) -> dict[str, answer_types.Answer]:
  """Answers all questions of SQuAD files.

  Example:

    data = squad.read('dev-v1.1.json')
    answers = answer_questions(
        QuestionAnswerer(registry.load('runs/squad_v1')), data)
    squad_metrics.evaluate(data, predictions(answers))

  Args:
    answerer: The model.
    data: The questions; annotators' answers are not needed.

  Returns:
    The answers by id, in the order of the data.
  """
  answers = answerer.answer([q.text for q in data.questions],
                            [data.context(q) for q in data.questions])
  return {question.id: answer for question, answer in zip(
      data.questions, answers, strict=True)}


def predictions(answers: Mapping[str, answer_types.Answer],
                null_threshold: float | None = None) -> dict[str, str]:
  """Returns the text of each answer.

  Args:
    answers: By id.
    null_threshold: If given, there is no answer where null odds are above it,
      and else the best one; if not, what was answered stands.
  """
  if null_threshold is None:
    return {id_: answer.text for id_, answer in answers.items()}
  return {id_: answer.best.text
          if answer.best and answer.null_odds <= null_threshold else ''
          for id_, answer in answers.items()}


def null_odds(answers: Mapping[str, answer_types.Answer]
              ) -> dict[str, float]:
  """Returns how much rather there is no answer, by id."""
  return {id_: answer.null_odds for id_, answer in answers.items()}


def tune_null_threshold(data: squad.SquadData,
                        answers: Mapping[str, answer_types.Answer]
                        ) -> tuple[float, float]:
  """Finds the threshold of null odds with the best F1 on labelled questions.

  Equal odds are not parted, and a threshold below all odds is one, which the
  official script's search does not know. It is in the middle between the odds
  of two questions.

  Args:
    data: Questions of SQuAD v2.0, to tune on: the dev set, not the test set.
    answers: A model's answers to them, by id.

  Returns:
    The threshold, for `QuestionAnswerer` or `null_score_diff_threshold`, and
    the F1 in percent that it gives on these questions.

  Raises:
    ValueError: If a question has no answer of the model.
  """
  missing = [q.id for q in data.questions if q.id not in answers]
  if missing:
    raise ValueError(f'{len(missing)} questions were not answered, such as '
                     f'{missing[0]!r}.')
  answered = metrics.score_questions(
      data, predictions(answers, np.inf), version_2=True)
  odds = np.array([answers[q.id].null_odds for q in data.questions])
  if_answered = np.array([answered[q.id].f1 for q in data.questions])
  if_not = np.array([
      metrics.score_answer('', [a.text for a in q.answers], True).f1
      for q in data.questions])
  order = np.argsort(odds, kind='stable')
  odds = odds[order]
  # Entry i: the first i questions are answered.
  gain = (if_answered - if_not)[order]
  f1 = if_not.sum() + np.concatenate([[0.0], np.cumsum(gain)])
  possible = np.concatenate([[True], odds[1:] > odds[:-1], [True]])
  best = int(np.argmax(np.where(possible, f1, -np.inf)))
  low, high = np.concatenate([[odds[0] - 1], odds, [odds[-1] + 1]])[
      best:best + 2]
  middle = (low + high) / 2
  threshold = middle if middle < high else low
  return float(threshold), float(100 * f1[best] / len(odds))


def write_files(folder: str | os.PathLike,
                answers: Mapping[str, answer_types.Answer],
                version_2: bool,
                null_threshold: float | None = None) -> None:
  """Writes predictions, n-best answers and, for v2.0, null odds.

  They are `predictions.json`, `nbest_predictions.json` and `null_odds.json`, as
  BERT's reference code writes them and `mobilebert_tf.score_squad` reads them.

  Args:
    folder: Made if needed.
    answers: By id.
    version_2: Whether there may be no answer.
    null_threshold: As for `predictions`.

  Example: `write_files('answers', answers, data.has_unanswerable)`
  """
  squad.write(
      folder, predictions(answers, null_threshold),
      {id_: _official(answer.n_best) for id_, answer in answers.items()},
      null_odds(answers) if version_2 else None)


def _official(n_best: Sequence[answer_types.Candidate]
              ) -> list[dict[str, float | str]]:
  return [{'text': candidate.text, 'probability': candidate.probability,
           'start_logit': candidate.start_logit,
           'end_logit': candidate.end_logit} for candidate in n_best]
