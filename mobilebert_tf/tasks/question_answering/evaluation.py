# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation of question answering on SQuAD files."""

from collections.abc import Mapping
import functools
import math
from typing import Any

import numpy as np

from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.question_answering import answers as answers_lib
from mobilebert_tf.tasks.question_answering import metrics as metrics_lib
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import spans
from mobilebert_tf.tasks.question_answering import scoring as answer_scoring


def evaluate(trained: loading.TrainedModel,
             options: scoring.Options) -> scoring.Scored:
  """Scores a model on the questions of a SQuAD file.

  Args:
    trained: The model.
    options: The file, and which of its articles count.

  Returns:
    Predictions and the official metrics; the official prediction files are
    written by `write_files`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file.
  """
  columns = options.columns
  data = squad.read(options.data_file, columns.titles, columns.exclude_titles)
  data.check_answers()
  version_2 = data.has_unanswerable
  answerer = predictor.QuestionAnswerer(
      trained, options.batch_size, null_threshold=options.no_answer_threshold,
      allow_no_answer=None if trained.params else version_2)
  answers = answers_lib.answer_questions(answerer, data)
  return score_answers(data, answers, options.title_or_file())


def read_labelled(path: str, columns: scoring.Columns) -> scoring.Labelled:
  """Reads the questions of a SQuAD file; see `TaskKind.read_labelled`."""
  data = squad.read(path, columns.titles, columns.exclude_titles)
  data.check_answers()
  truths = [[answer.text for answer in question.answers]
            for question in data.questions]

  def score(answers: list[str]) -> list[dict[str, Any]]:
    scores = [metrics_lib.score_answer(answer, truth, data.has_unanswerable)
              for answer, truth in zip(answers, truths, strict=True)]
    return [scoring.mean_score(name, np.array(
        [getattr(each, name) for each in scores], np.float64))
            for name in ('f1', 'exact')]

  return scoring.Labelled(
      [question.text for question in data.questions],
      [data.context(question) for question in data.questions], score)


def read_texts(path: str) -> tuple[list[str], list[str] | None]:
  """Reads questions and contexts of a SQuAD file, or of pairs by lines."""
  if not path.endswith('.json'):
    return real_texts.read(path, pairs=True)
  data = squad.read(path)
  return ([question.text for question in data.questions],
          [data.context(question) for question in data.questions])


def score_answers(data: squad.SquadData,
                  answers: Mapping[str, spans.Answer],
                  task: str,
                  null_threshold: float | None = None) -> scoring.Scored:
  """Scores answers to the questions of SQuAD files.

  Args:
    data: The questions.
    answers: What a model answered, by id: `answers.answer_questions`.
    task: What the report calls it.
    null_threshold: As for `answers.predictions`.

  Returns:
    Predictions and the official metrics, in percent.

  Raises:
    ValueError: If a question was not answered, or in v1.1 has no answer to
      compare with.
  """
  version_2 = data.has_unanswerable
  missing = [q.id for q in data.questions if q.id not in answers]
  if missing:
    raise ValueError(f'{len(missing)} questions were not answered, such as '
                     f'{missing[0]!r}.')
  texts = answers_lib.predictions(answers, null_threshold)
  scores = metrics_lib.score_questions(data, texts, version_2)
  ids = [question.id for question in data.questions]
  predictions = answer_scoring.AnswerPredictions(
      task=task, ids=ids,
      questions=[question.text for question in data.questions],
      contexts=[data.context(question) for question in data.questions],
      truths=[[answer.text for answer in question.answers]
              for question in data.questions],
      answers=[texts[id_] for id_ in ids],
      scores=[_score_of(answers[id_], texts[id_]) for id_ in ids],
      exact=[scores[id_].exact for id_ in ids],
      f1=[scores[id_].f1 for id_ in ids])
  facts = {}
  if version_2:
    threshold, best = answers_lib.tune_null_threshold(data, answers)
    facts['Best null threshold'] = (
        f'{threshold:.4g}, which gives an F1 of {best:.2f}% on these questions')
    if null_threshold is not None and math.isfinite(null_threshold):
      facts['Null threshold'] = f'{null_threshold:.4g}'
  return scoring.Scored(
      predictions, metrics_lib.evaluate(data, texts, version_2=version_2),
      facts, functools.partial(
          answers_lib.write_files, answers=answers, version_2=version_2,
          null_threshold=null_threshold))


def _score_of(answer: spans.Answer, text: str) -> float:
  """Returns the probability of what counts as the answer.

  Another threshold than the model's may have chosen it.
  """
  if text == answer.text:
    return answer.score
  if text:
    return answer.best.probability
  return next((candidate.probability for candidate in answer.n_best
               if candidate.start is None), 0.0)
