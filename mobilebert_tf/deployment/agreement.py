# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Real texts to calibrate an export with, and its agreement with Keras."""

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import loading
from mobilebert_tf.inference import task_kind
from mobilebert_tf.text import tokenizer as tokenizer_lib

LARGEST_DISAGREEMENT = 0.005
# Fewer texts check next to nothing.
FEW_TEXTS = 32
# Differences of probabilities that quantization explains: a Keras model that is
# no surer than that has given no answer that an export could change.
ROUNDING = task_kind.ROUNDING
_TEXTS_AT_ONCE = 16

Inputs = dict[str, tf.Tensor]


@dataclasses.dataclass(frozen=True)
class RealTexts:
  """Texts such as a model will be given.

  Attributes:
    texts: Texts, or questions.
    pairs: Second text of each, or its context; None for single texts.
    source: Origin, for messages.
  """
  texts: Sequence[str]
  pairs: Sequence[str] | None = None
  source: str = ''

  def __len__(self) -> int:
    return len(self.texts)

  def take(self, places: Sequence[int]) -> 'RealTexts':
    """Returns the texts of these numbers."""
    return RealTexts(
        [self.texts[i] for i in places],
        None if self.pairs is None else [self.pairs[i] for i in places],
        self.source)


def check(trained: loading.TrainedModel, texts: RealTexts, found: Any,
          expected: Any, largest: float) -> str:
  """Refuses an export that answers otherwise.

  Args:
    trained: The model.
    texts: Texts that both answered.
    found: Answers of the exported model, as `TaskKind.answers` returns them.
    expected: Answers of the Keras model.
    largest: Largest share of texts with a different answer, as the kind's
      `certainly_differ` counts them. If it is not 0 and there are
      enough texts, one may always differ.

  Returns:
    What was found, for the terminal.

  Raises:
    ValueError: If more answers differ, or a number is not finite.
  """
  if isinstance(found, np.ndarray) and not np.isfinite(found).all():
    raise ValueError('The export gives numbers that are not finite; nothing is '
                     'written. Try another quantization.')
  others, by_rounding = differences(trained, texts, found, expected)
  if others.sum() > allowed(largest, len(texts)):
    raise ValueError(_refusal(texts, found, expected, others, largest))
  numbers = ', '.join(
      f'{name.replace("_", " ")} {value:.2g}' if value < 0.1 else
      f'{name.replace("_", " ")} {value:.4f}'
      for name, value in trained.kind.agreement(found, expected).items())
  report = (
      f'Checked with {len(texts)} texts ({texts.source or "given"}): '
      f'{np.count_nonzero(others)} get another answer than the Keras model '
      f'gives them, {by_rounding} more by rounding, where its own margin is '
      f'below {ROUNDING}; {numbers}.')
  if len(texts) < FEW_TEXTS:
    report += (f'\nNOTE: {len(texts)} texts check next to nothing. Give some '
               'hundred such as the model will read, with --text_file.')
  return report


def differences(trained: loading.TrainedModel, texts: RealTexts, found: Any,
                expected: Any) -> tuple[np.ndarray, int]:
  """Returns how much of each answer is another, and how many round otherwise.

  Args:
    trained: The model.
    texts: The texts.
    found: Answers, as `TaskKind.answers` returns them.
    expected: Answers of the Keras model.

  Returns:
    Of each text 0 or 1, or the share of its words, float64 `[texts]`; and the
    number of texts whose answers differ by no more than rounding explains.
  """
  others = np.asarray(trained.kind.differ(found, expected), np.float64)
  places = np.flatnonzero(others)
  if places.size:
    others[places] = trained.kind.certainly_differ(
        trained, texts.take(places), [found[i] for i in places],
        [expected[i] for i in places])
  return others, places.size - np.count_nonzero(others)


def allowed(largest: float, count: int) -> float:
  """Returns how many of some texts may get another answer; see `check`."""
  return max(largest * count, bool(largest) and count >= FEW_TEXTS)


def _refusal(texts: RealTexts, found: Any, expected: Any, others: np.ndarray,
             largest: float) -> str:
  first, count = int(np.argmax(others)), np.count_nonzero(others)
  parts = ('' if others.sum() == count else
           f', in {others.sum() / count:.1%} of the answer on average')
  return (
      f'{count} of {len(texts)} texts get another answer than the Keras '
      f'model gives them{parts} ({texts.source}), which is more than '
      f'{largest:.2%}; nothing is written. Among them is '
      f'{texts.texts[first][:80]!r}: {_shown(expected[first])} becomes '
      f'{_shown(found[first])}. Try another quantization, texts that the model '
      'was made for, or allow more with --largest_disagreement.')


def check_texts(trained: loading.TrainedModel, texts: RealTexts) -> None:
  """Raises ValueError if there is no text, or not what the model reads."""
  if not len(texts):
    raise ValueError('There is no text to check the export with.')
  if bool(trained.pairs) != (texts.pairs is not None):
    raise ValueError(
        f'The model reads {"two texts" if trained.pairs else "single texts"}; '
        f'{texts.source or "what it is checked with"} has others.')


def _shown(answer: Any) -> str:
  if isinstance(answer, str):
    return repr(answer)
  numbers = ', '.join(f'{value:.3g}' for value in np.ravel(answer)[:4])
  return f'[{numbers}{", ..." if np.size(answer) > 4 else ""}]'


def batches(trained: loading.TrainedModel, texts: RealTexts, *,
            rows: int = _TEXTS_AT_ONCE, length: int | None = None,
            most: int | None = None) -> list[Inputs]:
  """Encodes texts as the model reads them.

  Args:
    trained: The model.
    texts: Texts, or questions and contexts, of which every window counts.
    rows: Number of texts in one batch.
    length: Length of all batches in tokens, to which longer texts are cut; None
      for that of the longest text and a [PAD] each.
    most: Number of texts or windows, evenly from all; None for all.

  Returns:
    The model's inputs by name, int32 `[rows, length]`.

  Example: `batches(registry.load('runs/sst2'), RealTexts(['a', 'b']))`
  """
  return trained.kind.encode(
      trained, texts, rows=rows, length=length, most=most)


def encode_texts(trained: loading.TrainedModel, texts: RealTexts, *,
                 rows: int, length: int | None,
                 most: int | None) -> list[Inputs]:
  """Encodes texts, or pairs, that are read whole; see `batches`."""
  tokenizer = tokenizer_lib.Tokenizer.of(trained)
  longest = trained.max_length
  if length is not None:
    longest = min(longest, length - 1)
  return [
      tokenizer.encode([texts.texts[i] for i in part],
                       texts.pairs and [texts.pairs[i] for i in part],
                       max_length=longest, length=length)
      for part in row_batches(len(texts), rows, most)
  ]


def row_batches(
    count: int, rows: int, most: int | None) -> list[Sequence[int]]:
  """Returns batches of row numbers, of `most` rows evenly from all."""
  chosen: Sequence[int] = range(count)
  if most is not None and most < count:
    chosen = [i * count // most for i in range(most)]
  return [chosen[i:i + rows] for i in range(0, len(chosen), rows)]
