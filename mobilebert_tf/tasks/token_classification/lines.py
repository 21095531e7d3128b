# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers of a token classifier to lines."""

import dataclasses
import itertools
import math
from typing import Any

from mobilebert_tf.inference import line_answers
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.token_classification import answers as answers_lib
from mobilebert_tf.tasks.token_classification import predictor
from mobilebert_tf.text import words as words_lib


class WordLineAnswerer(line_answers.LineAnswerer):
  """Answers with `tokens`, and with `entities` if the labels mark entities.

  Each token has `text`, `start`, `end`, `label` and `probability`. Starts and
  ends count characters (code points) of the text; if a line gave `words`, those
  of the words with one space between each.

  Args:
    trained: The model.
    batch_size: Number of sentences that are computed together.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    super().__init__(trained)
    self._tokens = predictor.TokenPredictor(trained, batch_size)

  def _check(self, fields: dict[str, Any]) -> str:
    if 'words' not in fields:
      return line_answers.check_strings(fields, ['text'])
    words = fields['words']
    if not isinstance(words, list) or not words or not all(
        isinstance(word, str) and word for word in words):
      return '"words" is not a list of words.'
    return ''

  def _answer(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    texts, places = [], []
    for fields in lines:
      text, spans = _text_and_words(fields)
      texts.append(text)
      places.append(spans)
    answers = []
    for text, words in zip(
        texts, self._tokens.label(texts, places), strict=True):
      if not all(math.isfinite(word.probability) for word in words):
        answers.append({'error': line_answers.DAMAGED})
        continue
      answer = {'tokens': [_as_dict(word) for word in words]}
      if self._tokens.finds_entities:
        answer['entities'] = [
            _as_dict(e) for e in answers_lib.find_entities(text, words)]
      answers.append(answer)
    return answers


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
