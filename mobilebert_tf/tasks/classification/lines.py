# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers of a model of whole texts to lines."""

import itertools
from typing import Any

import numpy as np

from mobilebert_tf.inference import line_answers
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks.classification import predictor

_TOKENS_A_CHARACTER = 4


class TextLineAnswerer(line_answers.LineAnswerer):
  """Answers with `TaskKind.describe`: labels with probabilities, or a value.

  An answer has `truncated` as well if the model did not read the end of a text.

  Args:
    trained: The model.
    batch_size: Number of texts that are computed together.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    super().__init__(trained)
    self._texts = predictor.TextPredictor(trained, batch_size)

  def _check(self, fields: dict[str, Any]) -> str:
    error = line_answers.check_strings(fields, ['text'])
    if error or 'pair' not in fields and not self._trained.pairs:
      return error
    if self._trained.pairs is False:
      return 'There is a "pair", but the model was trained on single texts.'
    return line_answers.check_strings(fields, ['pair'])

  def _answer(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
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
        answer = self._describe(scores)
        answers[i] = {**answer, 'truncated': True} if is_cut else answer
    return answers

  def _describe(self, scores: np.ndarray) -> dict[str, Any]:
    if not np.isfinite(scores).all():
      return {'error': line_answers.DAMAGED}
    return self._trained.kind.describe(scores, self._trained)

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
