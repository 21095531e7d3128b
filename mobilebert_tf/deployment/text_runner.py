# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers texts with a file that has its tokenizer, whatever its format."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from mobilebert_tf.deployment import tflite_file
from mobilebert_tf.inference import predictor
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import vocabulary as vocabulary_lib

_TEXTS_AT_ONCE = 1000

Text = predictor.Text


class Numbers(Protocol):
  """A model that computes the numbers of one row; threads may share it."""

  def run(self, ids: np.ndarray, types: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the outputs for a text, one row, by name.

    Args:
      ids: int32 `[tokens]`, special tokens included, no padding.
      types: int32 `[tokens]`, the segment of each.

    Raises:
      ValueError: If the runtime fails.
    """

  def output_shape(self, name: str) -> Sequence[int]:
    """Returns the shape of an output."""


class TextRunner:
  """Answers texts with the numbers that a model computes of them.

  Texts of any length are answered: classifiers cut them at the end, contexts of
  questions are read in windows, and texts whose words get labels in parts. An
  answer depends on its text alone.

  Args:
    metadata: Metadata of the file.
    vocabulary: Vocabulary of the file.
    numbers: The model.

  Attributes:
    metadata: Metadata of the file.
    vocabulary: Vocabulary of the file.
    tokenizer: Tokenizer with this vocabulary.
  """

  def __init__(self, metadata: tflite_file.TFLiteMetadata,
               vocabulary: vocabulary_lib.Vocabulary, numbers: Numbers):
    self.metadata, self.vocabulary = metadata, vocabulary
    self.tokenizer = plain_tokenizer.PlainTokenizer(
        vocabulary.tokens, metadata.lower_case, metadata.max_word_length)
    self._pack = plain_tokenizer.Packer(vocabulary)
    self._numbers = numbers

  def answer(self, text: Text | Iterable[Text],
             pair: Text | Iterable[Text] | None = None) -> Any:
    """Answers a text, or each of several.

    Args:
      text: One text or several, as strings or UTF-8; a question, if the model
        answers questions.
      pair: Second text of each, or context of the question, if the model reads
        pairs.

    Returns:
      The answer as the kind of task defines it (`TaskKind.to_answer`): a
      `Label` of a classifier, a float of a regression, a vector `[size]` of an
      encoder, an
      `Answer` to a question, a `LabelledText` of words and entities. A list of
      these for several texts.

    Raises:
      TypeError: If a text is something else.
      ValueError: If pairs are missing, unwanted, or of another number than
        texts.
    """
    single = isinstance(text, Text)
    if single and pair is not None:
      if not isinstance(pair, Text):
        raise TypeError('The text is one, so its pair has to be one string '
                        f'too; it is {predictor.describe(pair)}.')
      pair = [pair]
    texts, pairs = self._check([text] if single else text, pair)
    found = self.metadata.kind.answer_file(self, texts, pairs)
    return found[0] if single else found

  def scores(self, texts: Iterable[Text],
             pairs: Iterable[Text] | None = None) -> np.ndarray:
    """Returns the numbers that the model computes of texts.

    Args:
      texts: The texts.
      pairs: Second text of each, if the model reads pairs.

    Returns:
      Probabilities float32 `[texts, labels]`, of a regression values `[texts]`,
      of an encoder vectors `[texts, size]`.

    Raises:
      TypeError: As `answer`.
      ValueError: As `answer`, and for a model whose answers are no numbers.
    """
    found = self.metadata.kind.file_scores(self, *self._check(texts, pairs))
    if not isinstance(found, np.ndarray):
      raise ValueError(
          f'A model for {self.metadata.kind.name} has no scores of texts. Use '
          f'answer({", ".join(self._text_names)}).')
    return found

  def comparable(self, texts: Iterable[Text],
                 pairs: Iterable[Text] | None = None) -> np.ndarray | list[str]:
    """Returns answers as `TaskKind.answers` does, to compare models."""
    return self.metadata.kind.comparable(self, *self._check(texts, pairs))

  def count_tokens(self, texts: Iterable[Text],
                   pairs: Iterable[Text] | None = None) -> np.ndarray:
    """Counts the tokens of whole texts, also where fewer are read.

    Args:
      texts: The texts.
      pairs: Second text of each, if the model reads pairs.

    Returns:
      int32 `[texts]`, special tokens included.

    Raises:
      TypeError: As `answer`.
      ValueError: As `answer`.
    """
    texts, pairs = self._check(texts, pairs)
    return np.array([
        sum(map(len, segments)) + plain_tokenizer.special_tokens(len(segments))
        for segments in self.segments(texts, pairs)], np.int32)

  def truncated(self, texts: Iterable[Text],
                pairs: Iterable[Text] | None = None) -> list[bool]:
    """Returns whether the model reads less than a whole text, of each.

    A `Label`, an `Answer` or a `LabelledText` says so by itself: of a question
    it is meant, since contexts are read whole, and of texts whose words get
    labels a word.

    Args:
      texts: The texts.
      pairs: Second text of each, if the model reads pairs.
    """
    texts, pairs = self._check(texts, pairs)
    return self.metadata.kind.truncated(self, texts, pairs)

  def is_cut(self, segments: Sequence[np.ndarray]) -> bool:
    """Returns whether a text, and its pair, have more tokens than are read."""
    return sum(map(len, segments)) > self._budget(segments)

  def compute(self, texts: list[str], pairs: list[str] | None) -> np.ndarray:
    """Returns the rows that answers are made of; see `read`."""
    return self.read(texts, pairs)[0]

  def read(self, texts: list[str], pairs: list[str] | None
           ) -> tuple[np.ndarray, list[bool]]:
    """Computes a row for each text (`TaskKind.file_row`).

    Args:
      texts: The texts.
      pairs: Second text of each, or None.

    Returns:
      The rows, float32 `[texts, ...]`, and whether each text was cut.

    Raises:
      ValueError: If a number is not finite.
    """
    kind, rows, cut = self.metadata.kind, [], []
    for segments in self.segments(texts, pairs):
      cut.append(self.is_cut(segments))
      row = kind.file_row(self.run(plain_tokenizer.trim(
          segments, self._budget(segments))))
      self.check_finite(row)
      rows.append(row)
    if rows:
      return np.stack(rows), cut
    output = kind.number_outputs[0]
    row = kind.file_row({output: np.zeros(
        [1, *self._numbers.output_shape(output)[1:]], np.float32)})
    return np.zeros([0, *row.shape], np.float32), cut

  def run(self, segments: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Computes all outputs of one row, `[1, ...]`, by name.

    Args:
      segments: Tokens of the text, and of its pair if it has one, int32
        `[tokens]`.
    """
    return self._numbers.run(*self._pack(segments))

  def check_finite(self, numbers: np.ndarray) -> None:
    """Raises ValueError unless all numbers are finite."""
    if not np.isfinite(numbers).all():
      raise ValueError('The model gives numbers that are not finite. Export '
                       'it with another quantization.')

  def _budget(self, segments: Sequence[np.ndarray]) -> int:
    """Returns the number of tokens that are read, without special ones."""
    return self.metadata.max_length - plain_tokenizer.special_tokens(
        len(segments))

  def segments(self, texts: list[str],
               pairs: list[str] | None) -> Iterable[list[np.ndarray]]:
    """Yields the tokens of each text, and of its pair if it has one."""
    columns = [texts] if pairs is None else [texts, pairs]
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
      parts = [column[start:start + _TEXTS_AT_ONCE] for column in columns]
      # One premise often occurs with many hypotheses.
      distinct = list(dict.fromkeys(text for part in parts for text in part))
      tokens = dict(zip(distinct, self.tokenizer.tokenize(distinct),
                        strict=True))
      for row in zip(*parts, strict=True):
        yield [tokens[text] for text in row]

  @property
  def _text_names(self) -> tuple[str, ...]:
    """Names of the one or two texts that the model reads."""
    return predictor.text_names(self.metadata.kind, self.metadata.pairs)

  def _check(self, texts: Any, pairs: Any
             ) -> tuple[list[str], list[str] | None]:
    """Returns texts and pairs as strings, if they are what the model reads."""
    return predictor.check_texts(
        texts, pairs, self._text_names, self.metadata.kind.pair_title)
