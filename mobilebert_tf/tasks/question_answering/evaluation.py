# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluation on SQuAD files: scores, official files, no-answer threshold."""

import collections
from collections.abc import Mapping, Sequence
import dataclasses
import functools
import math
import os
import pathlib
from typing import Any, ClassVar

import numpy as np

from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import metrics as base_metrics
from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import recipes
from mobilebert_tf.tasks.question_answering import metrics as metrics_lib
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import spans

QUESTION_WORDS = ('what', 'who', 'when', 'where', 'which', 'why', 'how')
OTHER = 'other'
_WHO = ('whom', 'whose')
# A question word in less than 1 / _RARE of the questions counts as OTHER.
_RARE = 50
# SQuAD v1.1 has another name for it than v2.0.
_OFFICIAL = {'exact': 'exact', 'exact_match': 'exact', 'f1': 'f1'}


def evaluate(trained: loading.TrainedModel,
             options: scoring.Options) -> scoring.Scored:
  """Scores a model on the questions of a SQuAD file; see `score_answers`.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not such a file.
  """
  data = _read_answered(options.data_file, options.columns, trained)
  answerer = predictor.QuestionAnswerer(
      trained, options.batch_size, null_threshold=options.no_answer_threshold,
      allow_no_answer=None if trained.params else data.has_unanswerable)
  return score_answers(data, answer_questions(answerer, data),
                       options.title_or_file())


def read_labelled(path: str, trained: loading.TrainedModel,
                  columns: scoring.Columns) -> scoring.Labelled:
  """Reads the questions of a SQuAD file; see `TaskKind.read_labelled`."""
  data = _read_answered(path, columns, trained)
  truths = [question.truths for question in data.questions]

  def score(answers: list[str]) -> list[dict[str, Any]]:
    scores = [metrics_lib.score_answer(answer, truth, data.has_unanswerable)
              for answer, truth in zip(answers, truths, strict=True)]
    return [scoring.mean_score(name, np.array(
        [getattr(each, name) for each in scores], np.float64))
            for name in ('f1', 'exact')]

  return scoring.Labelled(*_texts(data), score)


def read_texts(path: str) -> tuple[list[str], list[str] | None]:
  """Reads questions and contexts of a SQuAD file, or of pairs by lines."""
  if not path.lower().removesuffix('.gz').endswith('.json'):
    return real_texts.read(path, pairs=True)
  return _texts(squad.read(path))


def answer_questions(answerer: predictor.QuestionAnswerer,
                     data: squad.SquadData) -> dict[str, spans.Answer]:
  """Returns the answers to all questions by id, in the order of the data."""
  return dict(zip([question.id for question in data.questions],
                  answerer.answer(*_texts(data)), strict=True))


def predictions(answers: Mapping[str, spans.Answer],
                null_threshold: float | None = None) -> dict[str, str]:
  """Returns the text of each answer, by id.

  Args:
    answers: Answers by id.
    null_threshold: No-answer score above which there is no answer; None leaves
      the choice of the model.
  """
  if null_threshold is None:
    return {id_: answer.text for id_, answer in answers.items()}
  return {id_: answer.best.text
          if answer.best and answer.null_odds <= null_threshold else ''
          for id_, answer in answers.items()}


def tune_null_threshold(data: squad.SquadData,
                        answers: Mapping[str, spans.Answer]
                        ) -> tuple[float, float]:
  """Finds the no-answer threshold with the best F1 on labelled questions.

  It lies in the middle between two no-answer scores. Unlike in the official
  script, equal scores are not separated, and it may decline every question.

  Args:
    data: Questions of SQuAD v2.0 to tune on: the dev set, not the test set.
    answers: A model's answers by id.

  Returns:
    The threshold, and its F1 on these questions in percent.

  Raises:
    ValueError: If a question was not answered.
  """
  _check_answered(data, answers)
  answered = metrics_lib.score_questions(
      data, predictions(answers, np.inf), version_2=True)
  odds = np.array([answers[q.id].null_odds for q in data.questions])
  if_answered = np.array([answered[q.id].f1 for q in data.questions])
  if_not = np.array([metrics_lib.score_answer('', q.truths, True).f1
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


def write_files(folder: str | os.PathLike, answers: Mapping[str, spans.Answer],
                version_2: bool, null_threshold: float | None = None) -> None:
  """Writes predictions, n-best answers and, for v2.0, no-answer scores.

  They are `predictions.json`, `nbest_predictions.json` and `null_odds.json`, as
  BERT's reference code writes them and `mobilebert_tf.score_squad` reads them.
  The folder is made if needed; for `null_threshold` see `predictions`.
  """
  fields = ('text', 'probability', 'start_logit', 'end_logit')
  squad.write(
      folder, predictions(answers, null_threshold),
      {id_: [{name: getattr(candidate, name) for name in fields}
             for candidate in answer.n_best]
       for id_, answer in answers.items()},
      {id_: answer.null_odds
       for id_, answer in answers.items()} if version_2 else None)


def score_answers(data: squad.SquadData, answers: Mapping[str, spans.Answer],
                  task: str,
                  null_threshold: float | None = None) -> scoring.Scored:
  """Scores answers to the questions of SQuAD files.

  Args:
    data: The questions.
    answers: A model's answers by id.
    task: Title of the task in the report.
    null_threshold: Threshold as for `predictions`.

  Returns:
    Predictions and the official metrics in percent; its `write_files` writes
    the official files.

  Raises:
    ValueError: If a question was not answered, or lacks a true answer in v1.1.
  """
  version_2 = data.has_unanswerable
  _check_answered(data, answers)
  texts = predictions(answers, null_threshold)
  scores = metrics_lib.score_questions(data, texts, version_2)
  ids = [question.id for question in data.questions]
  questions, contexts = _texts(data)
  found = AnswerPredictions(
      task=task, ids=ids, questions=questions, contexts=contexts,
      truths=[question.truths for question in data.questions],
      answers=[texts[id_] for id_ in ids],
      scores=[_probability(answers[id_], texts[id_]) for id_ in ids],
      exact=[scores[id_].exact for id_ in ids],
      f1=[scores[id_].f1 for id_ in ids])
  facts = {}
  if version_2:
    threshold, best = tune_null_threshold(data, answers)
    facts['Best null threshold'] = (
        f'{threshold:.4g}, which gives an F1 of {best:.2f}% on these questions')
    if null_threshold is not None and math.isfinite(null_threshold):
      facts['Null threshold'] = f'{null_threshold:.4g}'
  return scoring.Scored(
      found, metrics_lib.evaluate(data, texts, version_2=version_2), facts,
      functools.partial(write_files, answers=answers, version_2=version_2,
                        null_threshold=null_threshold))


def score_run(recipe: Any, data: recipes.RecipeData,
              trained: loading.TrainedModel,
              folder: pathlib.Path) -> dict[str, scoring.Scored]:
  """Scores the held-out questions and answers the test part.

  The official files are written to `answers` in the folder of the run. For v2.0
  the tuned no-answer threshold becomes a field of the run's task.
  """
  answerer = predictor.QuestionAnswerer(trained)
  version_2 = recipe.task == 'squad_v2'
  found, threshold = {}, None
  for part, questions in data.parts.items():
    answers = answer_questions(answerer, questions)
    if part == 'dev':
      if version_2:
        threshold, _ = tune_null_threshold(questions, answers)
      scored = score_answers(questions, answers, recipe.task, threshold)
      found[part] = dataclasses.replace(
          scored, write_files=None,
          fractions={name: scored.metrics[name] / 100
                     for name in ('exact', 'f1', 'exact_match')
                     if name in scored.metrics},
          task_fields={
              'null_score_diff_threshold': threshold} if version_2 else {})
    write_files(folder / 'answers' / part, answers, version_2, threshold)
  return found


def _read_answered(path: str, columns: scoring.Columns,
                   trained: loading.TrainedModel | None) -> squad.SquadData:
  # The files themselves tell what neither the user nor the run has said.
  run = trained and trained.params and trained.params.task.train_data
  version_2 = {'squad_v1': False, 'squad_v2': True}.get(
      columns.task, getattr(run, 'version_2_with_negative', False) or None)
  data = squad.read(path, columns.titles, columns.exclude_titles,
                    version_2=version_2)
  data.check_answers()
  return data


def _texts(data: squad.SquadData) -> tuple[list[str], list[str]]:
  """Returns the questions and the context of each."""
  return ([question.text for question in data.questions],
          [data.context(question) for question in data.questions])


def _check_answered(data: squad.SquadData,
                    answers: Mapping[str, spans.Answer]) -> None:
  missing = [q.id for q in data.questions if q.id not in answers]
  if missing:
    raise ValueError(f'{len(missing)} questions were not answered, such as '
                     f'{missing[0]!r}.')


def _probability(answer: spans.Answer, text: str) -> float:
  """Returns the probability of a text, which a threshold may have chosen."""
  if text == answer.text:
    return answer.score
  if text:
    return answer.best.probability
  return next((candidate.probability for candidate in answer.n_best
               if candidate.start is None), 0.0)


# === The report ===


@dataclasses.dataclass(frozen=True, eq=False)
class AnswerPredictions(scoring.Predictions):
  """Predicted answers to questions about texts.

  Attributes:
    task: Title of the task in the report.
    ids: Ids of the questions, all different.
    questions: The questions.
    contexts: Text that each question is about.
    truths: Accepted answers to each question, none where there is no answer.
    answers: Predicted answers, '' for "no answer".
    scores: Confidences, float64 `[questions]`.
    exact: 1 for an exact match and else 0, float64 `[questions]`.
    f1: F1 of each answer, 0 to 1, float64 `[questions]`.

  Raises:
    ValueError: If there is no question, fields differ in length, an id is
      duplicated, or a number is not finite or out of range.
  """
  kind: ClassVar[str] = 'question_answering'
  task: str
  ids: Sequence[str]
  questions: Sequence[str]
  contexts: Sequence[str]
  truths: Sequence[Sequence[str]]
  answers: Sequence[str]
  scores: np.ndarray
  exact: np.ndarray
  f1: np.ndarray

  def __post_init__(self):
    count = len(self.questions)
    for name in ('questions', 'contexts', 'answers', 'ids'):
      scoring.check_texts(name, getattr(self, name), count)
    self._check_truths(count)
    seen = set()
    for row, name in enumerate(self.ids):
      if name in seen:
        raise ValueError(f'ids[{row}] is {name!r}, which is duplicated.')
      seen.add(name)
    for name in ('scores', 'exact', 'f1'):
      object.__setattr__(self, name, scoring.to_finite(
          getattr(self, name), name, count))
    for name in ('exact', 'f1'):
      values = getattr(self, name)
      for row in np.flatnonzero((values < 0) | (values > 1)):
        raise ValueError(f'{name}[{row}] is {values[row]:g}, which is not from '
                         '0 to 1.')

  def _check_truths(self, count: int) -> None:
    if len(self.truths) != count:
      raise ValueError(f'There are {len(self.truths)} truths for {count} '
                       'questions.')
    for row, truths in enumerate(self.truths):
      if isinstance(truths, str):
        raise ValueError(
            f'truths[{row}] is the text {scoring.abbreviate(truths)}; '
            'it has to be a list of texts, empty where there is no answer.')

  @property
  def has_unanswerable(self) -> bool:
    """Whether some questions have no answer in their text (SQuAD v2.0)."""
    return not all(self.truths)

  def quality(self) -> np.ndarray:
    return self.f1

  def sizes(self) -> np.ndarray:
    words = {text: len(text.split()) for text in set(self.contexts)}
    return np.array([words[text] for text in self.contexts], np.int32)

  def baseline(self) -> tuple[str, float] | None:
    unanswerable = np.mean([not truths for truths in self.truths])
    if not unanswerable:
      return None
    return 'always “no answer”', float(unanswerable)

  def severity(self) -> tuple[np.ndarray, np.ndarray]:
    """Orders by the lowest F1, then by the highest confidence."""
    return np.lexsort((-self.scores, self.f1)), self.exact < 1

  def groups(self) -> dict[str, list[base_metrics.Group]]:
    found = {'question_word': by_question_word(self)}
    if self.has_unanswerable:
      found['answerable'] = by_answerable(self)
    return found

  def metric_intervals(
      self, metrics: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Returns intervals in percent, as the official metrics are."""
    found = {}
    for name, field in _OFFICIAL.items():
      if name in metrics:
        group = base_metrics.group(name, getattr(self, field))
        scoring.check_metric(name, metrics[name], 100 * group.mean)
        found[name] = (100 * group.low, 100 * group.high)
    return found

  def mistake(self, row: int) -> dict[str, Any]:
    truths, answer = self.truths[row], self.answers[row]
    return {
        'id': self.ids[row],
        'question': analysis.cut(self.questions[row]),
        'context': analysis.excerpt(self.contexts[row], [*truths, answer]),
        'truths': [analysis.cut(truth) for truth in dict.fromkeys(truths)],
        'answer': analysis.cut(answer),
        'score': self.scores[row],
        'f1': self.f1[row],
    }


def question_word(question: str) -> str:
  """Returns the first of `QUESTION_WORDS` in a question, or `OTHER`.

  >>> question_word('In what year did it end?')
  'what'
  """
  for word in question.lower().split():
    word = word.strip('"“”‘’\'?,.:;()').removesuffix("'s").removesuffix('’s')
    if word in QUESTION_WORDS:
      return word
    if word in _WHO:
      return 'who'
  return OTHER


def by_question_word(predicted: AnswerPredictions) -> list[base_metrics.Group]:
  """Splits questions by their question word; `OTHER` has the rare ones."""
  words = [question_word(question) for question in predicted.questions]
  counts = collections.Counter(words)
  return analysis.by_name(predicted, (
      word if _RARE * counts[word] >= len(words) else OTHER for word in words))


def by_answerable(predicted: AnswerPredictions) -> list[base_metrics.Group]:
  """Splits questions into those with an answer in the text and the others."""
  return analysis.by_name(predicted, (
      'answerable' if truths else 'unanswerable'
      for truths in predicted.truths))
