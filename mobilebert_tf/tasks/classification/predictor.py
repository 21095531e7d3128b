# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers of a classifier or regression to texts, and to lines of text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import line_answers
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import validation
from mobilebert_tf.text import tokenizer

_TOKENS_A_CHARACTER = 4


class TextPredictor:
  """Answers texts, or pairs of texts.

  Texts of similar length share a batch, which is one token longer than its
  longest text, so that little padding is computed and an answer depends on
  nothing but its text. One compiled graph serves all lengths.

  Args:
    trained: A classifier or a regression.
    batch_size: Number of texts that are computed together.

  Raises:
    ValueError: If the model is of another kind.

  Example:

    trained = registry.load('runs/sst2')
    TextPredictor(trained).scores(['a gripping film', 'dull'])  # [2, classes]
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    if trained.kind.head != 'sequence_classification':
      raise ValueError(
          f'A model for {trained.kind.name.replace("_", " ")} does not answer '
          'texts as a whole; a classifier or a regression does.')
    if batch_size < 1:
      raise ValueError(f'batch_size is {batch_size}; it is at least 1.')
    self.trained = trained
    self._batch_size = batch_size
    self._tokenizer = tokenizer.Tokenizer.of(trained)
    model = rewriting.InferenceModel(trained.model)

    def compute(*segments: tf.RaggedTensor) -> tf.Tensor:
      inputs = self._tokenizer.pack(list(segments))
      return tf.cast(model([inputs[name] for name in validation.INPUT_NAMES]),
                     tf.float32)

    # Lengths and sizes of batches are left open, so each is traced once.
    ids = tf.RaggedTensorSpec([None, None], tf.int32)
    self._compute = {
        count: tf.function(compute, input_signature=[ids] * count)
        for count in (1, 2)}

  def scores(self, texts: Sequence[str],
             pairs: Sequence[str] | None = None) -> np.ndarray:
    """Returns the answer to each text.

    Args:
      texts: The texts, each read up to `max_length` tokens.
      pairs: Second text of each, for a model of pairs.

    Returns:
      As `TextAnswers.text_scores`: probabilities, float32 `[texts, classes]`;
      values of a regression, float32 `[texts]`.

    Raises:
      ValueError: If there are pairs and the model was trained without, or the
        other way round, or they are not as many as the texts.
    """
    return self.trained.kind.text_scores(
        self.logits(texts, pairs), self.trained)

  def logits(self, texts: Sequence[str],
             pairs: Sequence[str] | None = None) -> np.ndarray:
    """Returns the model's output for each text, float32 `[texts, classes]`.

    Arguments and errors are those of `scores`.
    """
    segments = self._tokenize(texts, pairs)
    segments = tokenizer.trim(
        segments, self.trained.max_length - len(segments) - 1)
    lengths = sum(s.row_lengths() for s in segments)
    order = np.argsort(lengths, kind='stable')
    logits = np.zeros([len(order), *self.trained.model.output_shape[1:]],
                      np.float32)
    # The longest first: if memory is short, the first batch shows it.
    for start in reversed(range(0, len(order), self._batch_size)):
      rows = order[start:start + self._batch_size]
      logits[rows] = self._compute[len(segments)](
          *(tf.gather(s, rows) for s in segments))
    return logits

  def lengths(self, texts: Sequence[str],
              pairs: Sequence[str] | None = None) -> np.ndarray:
    """Returns the lengths of texts in tokens, special tokens included.

    Returns:
      int32 `[texts]`, of whole texts, which may be longer than `max_length`.
    """
    segments = self._tokenize(texts, pairs)
    tokens = sum(s.row_lengths() for s in segments) + len(segments) + 1
    return tokens.numpy().astype(np.int32)

  def find_cut(self, texts: Sequence[str],
               pairs: Sequence[str] | None = None) -> list[bool]:
    """Returns which texts are longer than the model reads."""
    longest = self.trained.max_length
    sizes = [len(t) + len(p) for t, p in zip(
        texts, pairs or [''] * len(texts), strict=True)]
    cut = [False] * len(texts)
    perhaps = [i for i, size in enumerate(sizes)
               if _TOKENS_A_CHARACTER * size + 3 > longest]
    if perhaps:
      lengths = self.lengths(
          [texts[i] for i in perhaps],
          None if pairs is None else [pairs[i] for i in perhaps])
      for i, length in zip(perhaps, lengths, strict=True):
        cut[i] = bool(length > longest)
    return cut

  def _tokenize(self, texts: Sequence[str],
                pairs: Sequence[str] | None) -> list[tf.RaggedTensor]:
    known = self.trained.pairs
    if known is not None and known != (pairs is not None):
      raise ValueError(
          'The model was trained on '
          + ('pairs of texts; second texts are missing.' if known else
             'single texts; it does not read second ones.'))
    if pairs is not None and len(pairs) != len(texts):
      raise ValueError(
          f'There are {len(texts)} texts and {len(pairs)} second texts.')
    return [self._ragged(t) for t in (texts, pairs) if t is not None]

  def _ragged(self, texts: Sequence[str]) -> tf.RaggedTensor:
    ids = self._tokenizer.tokenize_strings(texts)
    values = np.concatenate([np.zeros([0], np.int32), *ids])
    return tf.RaggedTensor.from_row_lengths(
        values, np.array([len(row) for row in ids], np.int64))


class TextAnswerer:
  """Answers texts by `TaskKind.name_answers`, as an exported file does.

  Arguments are those of `TextPredictor`.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    self._texts = TextPredictor(trained, batch_size)

  def answer(self, texts: list[str], pairs: list[str] | None) -> list[Any]:
    """Returns the answer to each text; see `TaskKind.answerer`.

    Raises:
      ValueError: If a number is not finite, or as `TextPredictor.scores`.
    """
    trained = self._texts.trained
    scores = self._texts.scores(texts, pairs)
    if not np.isfinite(scores).all():
      raise ValueError(line_answers.DAMAGED)
    return trained.kind.name_answers(
        scores, self._texts.find_cut(texts, pairs), trained.labels,
        trained.kind.settings(trained))


class TextLineAnswerer(line_answers.LineAnswerer):
  """Answers with `TaskKind.describe`: labels with probabilities, or a value.

  An answer has `truncated: true` if the model did not read the end of a text.
  Arguments are those of `TextPredictor`.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    super().__init__(trained)
    self._texts = TextPredictor(trained, batch_size)

  def _check(self, fields: dict[str, Any]) -> str:
    error = line_answers.check_strings(fields, ['text'])
    if error or 'pair' not in fields and not self._trained.pairs:
      return error
    if self._trained.pairs is False:
      return 'There is a "pair", but the model was trained on single texts.'
    return line_answers.check_strings(fields, ['pair'])

  def _answer(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = [{}] * len(lines)
    # A checkpoint does not say whether its model reads pairs, so both run.
    for paired in (False, True):
      places = [i for i, line in enumerate(lines) if ('pair' in line) == paired]
      if not places:
        continue
      texts = [lines[i]['text'] for i in places]
      pairs = [lines[i]['pair'] for i in places] if paired else None
      cut = self._texts.find_cut(texts, pairs)
      for i, scores, is_cut in zip(
          places, self._texts.scores(texts, pairs), cut, strict=True):
        answers[i] = {**self._describe(scores),
                      **({'truncated': True} if is_cut else {})}
    return answers

  def _describe(self, scores: np.ndarray) -> dict[str, Any]:
    if not np.isfinite(scores).all():
      return {'error': line_answers.DAMAGED}
    return self._trained.kind.describe(scores, self._trained)
