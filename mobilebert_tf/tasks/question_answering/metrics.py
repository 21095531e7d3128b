# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The scores of SQuAD's official scripts, to the last digit.

Those of `official.nlp.tools` differ: fractions for v1.1, whose percentages have
other last digits, and v2.0 without the questions that lack a prediction.
"""

import collections
from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import math
import re
import string

from mobilebert_tf.data import squad

_PUNCTUATION = str.maketrans('', '', string.punctuation)
_ARTICLES = re.compile(r'\b(a|an|the)\b')
# The official script's, written when no-answer scores were probabilities.
OFFICIAL_NULL_THRESHOLD = 1.0


@dataclasses.dataclass(frozen=True)
class AnswerScore:
  """Exact match, 0 or 1, and F1 in words, 0 to 1, of one answer."""
  exact: int
  f1: float


def normalize(text: str) -> str:
  """Returns lower case without punctuation, articles and extra white space.

  >>> normalize('The  "Panthers", an NFL team.')
  'panthers nfl team'
  """
  text = text.lower().translate(_PUNCTUATION)
  return ' '.join(_ARTICLES.sub(' ', text).split())


def score_answer(prediction: str, answers: Sequence[str],
                 version_2: bool = False) -> AnswerScore:
  """Scores an answer by the best of the annotators'.

  Args:
    prediction: The answer; empty for "there is no answer".
    answers: The annotators' answers; none in v2.0 if there is no answer.
    version_2: Whether the rules of v2.0 apply.

  Raises:
    ValueError: If there is no answer to compare with, in v1.1.
  """
  golds = [normalize(answer) for answer in answers]
  if version_2:
    golds = [gold for gold in golds if gold] or ['']
  if not golds:
    raise ValueError('There is no answer to compare with.')
  given = normalize(prediction)
  return AnswerScore(
      max(int(given == gold) for gold in golds),
      max(_f1(given.split(), gold.split(), version_2) for gold in golds))


def score_questions(data: squad.SquadData, predictions: Mapping[str, str],
                    version_2: bool) -> dict[str, AnswerScore]:
  """Scores the answers by id, in the order of the data; a missing one gets 0.

  Raises:
    ValueError: If a question has no answer to compare with, in v1.1.
  """
  scores = {}
  for question in data.questions:
    if not version_2 and not question.answers:
      raise ValueError(f'{question.place}: the question {question.id!r} has no '
                       'answer, which only SQuAD v2.0 allows.')
    scores[question.id] = AnswerScore(0, 0.0)
    if question.id in predictions:
      scores[question.id] = score_answer(
          predictions[question.id], question.truths, version_2)
  return scores


def evaluate(data: squad.SquadData,
             predictions: Mapping[str, str],
             null_odds: Mapping[str, float] | None = None,
             null_threshold: float = OFFICIAL_NULL_THRESHOLD,
             version_2: bool | None = None) -> dict[str, float]:
  """Returns the numbers that the official script prints.

  A question of v2.0 without a prediction, a KeyError in the official script,
  scores 0 as in v1.1.

  Example: `evaluate(squad.read('dev-v1.1.json'), predictions)['f1']`

  Args:
    data: The questions.
    predictions: Answers by id.
    null_odds: No-answer scores by id; v2.0 only.
    null_threshold: No-answer score above which there is no answer.
    version_2: Whether the rules of v2.0 apply; None for the data's version.

  Returns:
    For v1.1 `exact_match` and `f1`. For v2.0 `exact`, `f1` and `total`, each
    also with the prefixes `HasAns_` and `NoAns_` for these questions alone,
    and, given no-answer scores, `best_exact`, `best_exact_thresh`, `best_f1`
    and `best_f1_thresh`.

  Raises:
    ValueError: If no prediction is of a question, a number is not finite, a
      no-answer score is missing, or a question of v1.1 has no answer.
  """
  if version_2 is None:
    version_2 = data.has_unanswerable
  if not any(question.id in predictions for question in data.questions):
    raise ValueError('No prediction is of a question of the data.')
  scores = score_questions(data, predictions, version_2)
  if not version_2:
    if null_odds is not None:
      raise ValueError('Null odds are of SQuAD v2.0, and the data of v1.1.')
    exact, f1 = _means(scores.values())
    return {'exact_match': exact, 'f1': f1}
  answerable = {q.id: bool(q.answers) for q in data.questions}
  if null_odds is None:
    return _by_kind(scores, answerable)
  null_odds = _checked_odds(null_odds, predictions, answerable)
  kept = {
      id_: AnswerScore(*2 * (int(not answerable[id_]),))
      if null_odds.get(id_, -math.inf) > null_threshold else score
      for id_, score in scores.items()
  }
  result = _by_kind(kept, answerable)
  for metric in ('exact', 'f1'):
    best, threshold = _best_threshold(
        {id_: getattr(score, metric) for id_, score in scores.items()},
        predictions, null_odds, answerable)
    result[f'best_{metric}'] = best
    result[f'best_{metric}_thresh'] = threshold
  return result


def _f1(given: list[str], gold: list[str], version_2: bool) -> float:
  if version_2 and not (given and gold):
    return float(given == gold)
  common = collections.Counter(given) & collections.Counter(gold)
  same = sum(common.values())
  if not same:
    return 0.0
  # In this order, for the last digit.
  precision, recall = same / len(given), same / len(gold)
  return 2 * precision * recall / (precision + recall)


def _means(scores: Iterable[AnswerScore]) -> tuple[float, float]:
  """Returns percentages, added up from left to right.

  `sum` would give other last digits from Python 3.12 on.
  """
  count, exact, f1 = 0, 0, 0.0
  for score in scores:
    count += 1
    exact += score.exact
    f1 += score.f1
  return 100.0 * exact / count, 100.0 * f1 / count


def _by_kind(scores: Mapping[str, AnswerScore],
             answerable: Mapping[str, bool]) -> dict[str, float]:
  result = {}
  for prefix, kinds in (('', (True, False)), ('HasAns_', (True,)),
                        ('NoAns_', (False,))):
    part = [score for id_, score in scores.items() if answerable[id_] in kinds]
    if part:
      exact, f1 = _means(part)
      result |= {f'{prefix}exact': exact, f'{prefix}f1': f1,
                 f'{prefix}total': len(part)}
  return result


def _checked_odds(null_odds: Mapping[str, float],
                  predictions: Mapping[str, str],
                  answerable: Mapping[str, bool]) -> dict[str, float]:
  """Returns the scores of predicted questions, in an order that breaks ties."""
  missing = [id_ for id_ in answerable
             if id_ in predictions and id_ not in null_odds]
  if missing:
    raise ValueError(f'Null odds of {len(missing)} questions are missing, such '
                     f'as {missing[0]!r}.')
  for id_, odds in null_odds.items():
    if not math.isfinite(odds):
      raise ValueError(f'The null odds of {id_!r} are {odds}.')
  return {id_: odds for id_, odds in null_odds.items()
          if id_ in answerable and id_ in predictions}


def _best_threshold(scores: Mapping[str, float],
                    predictions: Mapping[str, str],
                    null_odds: Mapping[str, float],
                    answerable: Mapping[str, bool]) -> tuple[float, float]:
  """Returns the best percentage and its threshold, as the official script.

  It may separate equal scores, and gives 0 where no answer at all is best;
  `evaluation.tune_null_threshold` does neither.
  """
  current = sum(not kind for kind in answerable.values())
  best, threshold = current, 0.0
  for id_ in sorted(null_odds, key=null_odds.get):
    if answerable[id_]:
      current += scores[id_]
    elif predictions[id_]:
      current -= 1
    if current > best:
      best, threshold = current, null_odds[id_]
  return 100.0 * best / len(scores), threshold
