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

"""What a model answers to lines, as objects to be written as JSON."""

from collections.abc import Sequence
import dataclasses
import itertools
import math
from typing import Any

from mobilebert_tf.inference import line_input
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import predictor as classification_predictor
from mobilebert_tf.tasks.question_answering import predictor as question_answering_predictor
from mobilebert_tf.tasks.token_classification import predictor as token_classification_predictor
from mobilebert_tf.text import words as words_lib

_DAMAGED = 'The model answers with NaN: its weights are damaged.'
# A letter may become so many tokens at most, where accents are split off.
_TOKENS_A_CHARACTER = 4


class LineAnswerer:
  """Answers lines with any fine-tuned model.

  Each answer is an object with the number of its `line`, the `id` that the line
  gave, if any, and

  - of a classifier `label`, `probability` and the `probabilities` of all;
  - of a model that rates `value`;
  - of both `truncated`, where the model did not read the end of a text;
  - of a token classifier `tokens`, with `text`, `start`, `end`, `label` and
    `probability` of each, and `entities`, if its labels mark such;
  - of a span labeler `answer`, `start`, `end` and `score`, and `null_odds` if
    there may be no answer: `start` and `end` are then null.

  Starts and ends count characters (code points) of the text or context; where a
  line gave `words`, those of the words with one space between each. A line that
  cannot be answered has an `error` instead.

  Args:
    trained: The model.
    batch_size: How many texts are computed at once.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    self._trained = trained
    if trained.kind == loading.TOKEN_CLASSIFICATION:
      self._tokens = token_classification_predictor.TokenPredictor(trained, batch_size)
      self._check, self._answer = _check_words, self._answer_words
    elif trained.kind == loading.QUESTION_ANSWERING:
      self._questions = question_answering_predictor.QuestionAnswerer(trained, batch_size)
      self._check, self._answer = _check_question, self._answer_questions
    else:
      self._texts = classification_predictor.TextPredictor(trained, batch_size)
      self._check, self._answer = self._check_text, self._answer_texts

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

  # === Texts as a whole ===

  def _check_text(self, fields: dict[str, Any]) -> str:
    error = _check_strings(fields, ['text'])
    if error or 'pair' not in fields and not self._trained.pairs:
      return error
    if self._trained.pairs is False:
      return 'There is a "pair", but the model was trained on single texts.'
    return _check_strings(fields, ['pair'])

  def _answer_texts(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = [{}] * len(lines)
    # Where nobody knows whether the model is one of pairs, both may come.
    for paired, places in itertools.groupby(
        sorted(range(len(lines)), key=lambda i: 'pair' in lines[i]),
        key=lambda i: 'pair' in lines[i]):
      places = list(places)
      texts = [lines[i]['text'] for i in places]
      pairs = [lines[i]['pair'] for i in places] if paired else None
      cut = self._find_cut(texts, pairs)
      for i, scores, is_cut in zip(
          places, self._texts.scores(texts, pairs), cut, strict=True):
        answer = self._describe(scores.tolist())
        answers[i] = {**answer, 'truncated': True} if is_cut else answer
    return answers

  def _describe(self, scores: Any) -> dict[str, Any]:
    if self._trained.kind == loading.REGRESSION:
      if not math.isfinite(scores):
        return {'error': _DAMAGED}
      return {'value': round(scores, 6)}
    if not all(map(math.isfinite, scores)):
      return {'error': _DAMAGED}
    probabilities = dict(zip(
        self._trained.labels, (round(s, 6) for s in scores), strict=True))
    label = max(zip(scores, self._trained.labels, strict=True),
                key=lambda pair: pair[0])[1]
    return {'label': label, 'probability': probabilities[label],
            'probabilities': probabilities}

  def _find_cut(self, texts: list[str],
                pairs: list[str] | None) -> list[bool]:
    """Returns which texts are longer than the model reads."""
    longest = self._trained.max_length
    sizes = [len(t) + len(p) for t, p in zip(
        texts, pairs or [''] * len(texts), strict=True)]
    cut = [False] * len(texts)
    perhaps = [i for i, size in enumerate(sizes)
               if _TOKENS_A_CHARACTER * size + 3 > longest]
    if perhaps:
      lengths = self._texts.lengths(
          [texts[i] for i in perhaps],
          None if pairs is None else [pairs[i] for i in perhaps])
      for i, length in zip(perhaps, lengths, strict=True):
        cut[i] = bool(length > longest)
    return cut

  # === Words ===

  def _answer_words(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    texts, places = [], []
    for fields in lines:
      text, spans = _text_and_words(fields)
      texts.append(text)
      places.append(spans)
    answers = []
    for text, words in zip(
        texts, self._tokens.label(texts, places), strict=True):
      if not all(math.isfinite(word.probability) for word in words):
        answers.append({'error': _DAMAGED})
        continue
      answer = {'tokens': [_as_dict(word) for word in words]}
      if self._tokens.finds_entities:
        answer['entities'] = [
            _as_dict(e) for e in token_classification_predictor.entities(text, words)]
      answers.append(answer)
    return answers

  # === Questions ===

  def _answer_questions(
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


def _check_words(fields: dict[str, Any]) -> str:
  if 'words' not in fields:
    return _check_strings(fields, ['text'])
  words = fields['words']
  if not isinstance(words, list) or not words or not all(
      isinstance(word, str) and word for word in words):
    return '"words" is not a list of words.'
  return ''


def _check_question(fields: dict[str, Any]) -> str:
  return _check_strings(fields, ['question', 'context'])


def _check_strings(fields: dict[str, Any], names: Sequence[str]) -> str:
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


def _text_and_words(
    fields: dict[str, Any]) -> tuple[str, list[tuple[int, int]]]:
  if 'words' not in fields:
    return fields['text'], words_lib.find_words(fields['text'])
  ends = itertools.accumulate(len(word) + 1 for word in fields['words'])
  return ' '.join(fields['words']), [
      (end - 1 - len(word), end - 1)
      for word, end in zip(fields['words'], ends, strict=True)]


def _as_dict(value: Any) -> dict[str, Any]:
  fields = dataclasses.asdict(value)
  return {**fields, 'probability': round(fields['probability'], 6)}


def _record(line: line_input.Line, answer: dict[str, Any]) -> dict[str, Any]:
  given = {'id': line.fields['id']} if 'id' in line.fields else {}
  return {'line': line.number, **given, **answer}
