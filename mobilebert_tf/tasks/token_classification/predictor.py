# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labels the words of texts, puts entities together, and answers lines."""

from collections.abc import Sequence
import dataclasses
import itertools
import math
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import conll
from mobilebert_tf.deployment import agreement
from mobilebert_tf.inference import line_answers
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import rewriting
from mobilebert_tf.modeling import validation
from mobilebert_tf.tasks.token_classification import kind
from mobilebert_tf.text import tokenizer
from mobilebert_tf.text import words as words_lib

_TOKENS_A_CHARACTER = 4


class TokenPredictor:
  """Labels words with a token classifier.

  Texts of any length are labelled: those longer than the model reads are cut
  into parts between words, as in training. Every batch ends in padding, so a
  label depends on its text alone.

  Args:
    trained: A token classifier.
    batch_size: Number of texts, or parts of texts, in a batch.

  Raises:
    ValueError: If the model is for another task.

  Example:

    predictor = TokenPredictor(registry.load('runs/conll2003'))
    [words] = predictor.answer(['Jim lives in Paris.'])
    [(w.text, w.label) for w in words]  # [('Jim', 'B-PER'), ('lives', 'O'), ...
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    if trained.kind.name != 'token_classification':
      raise ValueError(
          f'A model for {trained.kind.name.replace("_", " ")} does not label '
          'words. Fine-tune one: python -m mobilebert_tf.train '
          '--experiment=mobilebert/token_classification.')
    if batch_size < 1:
      raise ValueError(f'batch_size is {batch_size}; it is at least 1.')
    self.trained = trained
    self._batch_size = batch_size
    self._tokenizer = tokenizer.Tokenizer.of(trained)
    model = rewriting.InferenceModel(trained.model)

    # Lengths and sizes of batches are left open, so it is traced once.
    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
    def compute(pieces: tf.RaggedTensor) -> tf.Tensor:
      inputs = self._tokenizer.pack([pieces])
      outputs = model([inputs[name] for name in validation.INPUT_NAMES])
      return tf.nn.softmax(tf.cast(outputs['logits'], tf.float32))

    self._compute = compute

  def scores(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """Returns label probabilities for the words of sentences.

    Args:
      sentences: Words of each sentence.

    Returns:
      For each sentence float32 `[words, labels]`.
    """
    parts = split_words(self._tokenizer, sentences, self.trained.max_length)
    pieces = _to_ragged(parts)
    # Number of words before each part.
    before = np.concatenate([[0], np.cumsum(parts.is_first)])[parts.splits]
    scores = np.zeros([before[-1], len(self.trained.labels)], np.float32)
    order = np.argsort(parts.lengths, kind='stable')
    # The longest first, so that a lack of memory shows early.
    for start in reversed(range(0, len(order), self._batch_size)):
      rows = order[start:start + self._batch_size]
      computed = self._compute(tf.gather(pieces, rows)).numpy()
      for row, values in zip(rows, computed, strict=True):
        first = parts.is_first[parts.splits[row]:parts.splits[row + 1]]
        scores[before[row]:before[row + 1]] = values[1:1 + len(first)][first]
    ends = np.cumsum([len(sentence) for sentence in sentences], dtype=int)
    return np.split(scores, ends[:-1]) if len(ends) else []

  def answer(self, texts: Sequence[str]) -> list[list[kind.LabelledWord]]:
    """Labels the words of running text; see `words.find_words`."""
    return self.label(texts, list(map(words_lib.find_words, texts)))

  def label(self, texts: Sequence[str],
            places: Sequence[Sequence[tuple[int, int]]]
            ) -> list[list[kind.LabelledWord]]:
    """Labels words by their first character and the one after the last."""
    sentences = [[text[start:end] for start, end in spans]
                 for text, spans in zip(texts, places, strict=True)]
    return [
        kind.label_words(text, spans, scores, self.trained.labels)
        for text, spans, scores in zip(
            texts, places, self.scores(sentences), strict=True)
    ]

  def scores_of_texts(self, texts: Sequence[str]) -> list[np.ndarray]:
    """Returns `scores` of the words of running text."""
    return self.scores([
        [text[start:end] for start, end in words_lib.find_words(text)]
        for text in texts])

  def find_cut(self, sentences: Sequence[Sequence[str]]) -> list[bool]:
    """Returns which sentences have a word that is longer than is read."""
    budget = self.trained.max_length - words_lib.SPECIAL_TOKENS
    perhaps = list({word for words in sentences for word in words
                    if _TOKENS_A_CHARACTER * len(word) > budget})
    too_long = {word for word, ids in zip(
        perhaps, self._tokenizer.tokenize_strings(perhaps), strict=True)
                if len(ids) > budget} if perhaps else set()
    return [not too_long.isdisjoint(words) for words in sentences]

  @property
  def finds_entities(self) -> bool:
    """Whether the labels mark entities."""
    return conll.are_entities(self.trained.labels)


class TextAnswerer:
  """Answers texts with labelled words, as an exported file does.

  Arguments are those of `TokenPredictor`.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    self._tokens = TokenPredictor(trained, batch_size)

  def answer(self, texts: list[str],
             pairs: None = None) -> list[kind.LabelledText]:
    """Returns the words of each text; see `TaskKind.answerer`.

    Raises:
      ValueError: If a number is not finite.
    """
    del pairs
    found = self._tokens.answer(texts)
    if not all(math.isfinite(word.probability)
               for words in found for word in words):
      raise ValueError(line_answers.DAMAGED)
    cut = self._tokens.find_cut([[word.text for word in words]
                                 for words in found])
    labels = self._tokens.trained.labels
    return [kind.label_text(*each[:2], labels, each[2])
            for each in zip(texts, found, cut, strict=True)]


def encode_parts(trained: loading.TrainedModel, texts: agreement.RealTexts, *,
                 rows: int, length: int | None,
                 most: int | None) -> list[dict[str, tf.Tensor]]:
  """Encodes texts, the long ones in parts; see `TaskKind.encode`."""
  text_tokenizer = tokenizer.Tokenizer.of(trained)
  longest = trained.max_length
  if length is not None:
    longest = min(longest, length - 1)
  pieces = _to_ragged(split_words(text_tokenizer, [
      [text[start:end] for start, end in words_lib.find_words(text)]
      for text in texts.texts], longest))
  return [
      text_tokenizer.pack([tf.gather(pieces, list(part))], length)
      for part in agreement.row_batches(int(pieces.nrows()), rows, most)]


def split_words(text_tokenizer: tokenizer.Tokenizer,
                sentences: Sequence[Sequence[str]],
                max_length: int) -> words_lib.SentenceParts:
  """Splits words into WordPieces and sentences into parts; see `text.words`."""
  return words_lib.split_words(
      text_tokenizer.tokenize_strings, text_tokenizer.vocabulary.unk_id,
      sentences, max_length)


def _to_ragged(parts: words_lib.SentenceParts) -> tf.RaggedTensor:
  """Returns the pieces, int32 `[parts, (pieces)]`."""
  return tf.RaggedTensor.from_row_splits(
      parts.pieces, parts.splits, validate=False)


class WordLineAnswerer(line_answers.LineAnswerer):
  """Answers with `tokens`, and with `entities` if the labels mark entities.

  Each token has `text`, `start`, `end`, `label` and `probability`. Starts and
  ends count code points of the text, or of the words joined by spaces. An
  answer has `truncated: true` if a word is longer than the model reads.
  """

  def __init__(self, trained: loading.TrainedModel, batch_size: int = 32):
    super().__init__(trained)
    self._tokens = TokenPredictor(trained, batch_size)

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
    cut = self._tokens.find_cut([
        [text[start:end] for start, end in spans]
        for text, spans in zip(texts, places, strict=True)])
    for text, words, is_cut in zip(
        texts, self._tokens.label(texts, places), cut, strict=True):
      if not all(math.isfinite(word.probability) for word in words):
        answers.append({'error': line_answers.DAMAGED})
        continue
      answer = {'tokens': [_as_dict(word) for word in words]}
      if self._tokens.finds_entities:
        answer['entities'] = [
            _as_dict(e) for e in kind.find_entities(text, words)]
      answers.append({**answer, **({'truncated': True} if is_cut else {})})
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
