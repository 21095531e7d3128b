# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Agreement of an exported model with the Keras model it was made of."""

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np

from mobilebert_tf.inference import loading


LARGEST_DISAGREEMENT = 0.005


@dataclasses.dataclass(frozen=True)
class RealTexts:
  """Texts such as a model will be given.

  Attributes:
    texts: The texts, or questions.
    pairs: The second text of each, or its context; None for single texts.
    source: Where they are from.
  """
  texts: Sequence[str]
  pairs: Sequence[str] | None = None
  source: str = ''

  def __len__(self) -> int:
    return len(self.texts)


def check(trained: loading.TrainedModel, texts: RealTexts, found: Any,
          expected: Any, largest: float) -> None:
  """Refuses an export that answers otherwise.

  Args:
    trained: The model.
    texts: What both were asked.
    found: Answers of the exported model, as `TaskKind.answers` returns them.
    expected: Answers of the Keras model.
    largest: Largest share of texts with a different answer, as the kind's
      `differ` counts them: a text whose answer differs in a part counts by that
      part. If it is not 0, one text may always differ.

  Raises:
    ValueError: If more answers differ, or a number is not finite.

  Example: `check(trained, texts, scores, expected, largest=0.005)`
  """
  if isinstance(found, np.ndarray) and not np.isfinite(found).all():
    raise ValueError('The export gives numbers that are not finite; nothing is '
                     'written. Try another quantization.')
  others = trained.kind.differ(found, expected)
  if others.sum() <= max(largest * len(texts), 1 if largest else 0):
    return
  first, count = int(np.argmax(others)), np.count_nonzero(others)
  parts = ('' if others.sum() == count else
           f', in {others.sum() / count:.1%} of the answer on average')
  raise ValueError(
      f'{count} of {len(texts)} texts get another answer than the Keras '
      f'model gives them{parts} ({texts.source}), which is more than '
      f'{largest:.2%}; nothing is written. Among them is '
      f'{texts.texts[first][:80]!r}: {_shown(expected[first])} becomes '
      f'{_shown(found[first])}. Try another quantization, texts that the model '
      'was made for, or allow more with --largest_disagreement.')


def check_texts(trained: loading.TrainedModel,
                texts: RealTexts) -> None:
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
