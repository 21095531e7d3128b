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

"""Whether an export answers as the Keras model that it was made of."""

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np

from mobilebert_tf.inference import loading
from mobilebert_tf.modeling import validation
from mobilebert_tf.tasks.classification import predictor as classification_predictor
from mobilebert_tf.tasks.question_answering import predictor as question_answering_predictor
from mobilebert_tf.text import tokenizer as tokenizer_lib

# From where on an answer without a label is another one: a rating, in standard
# deviations of all ratings, and the cosine of an embedding.
_OTHER_RATING, _SAME_COSINE = 0.1, 0.99
_ROUNDING = 1e-3
_TEXTS_AT_ONCE = 16


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


def expected_answers(trained: loading.TrainedModel,
                     texts: RealTexts) -> np.ndarray | list[str]:
  """Returns what the Keras model answers.

  Args:
    trained: The model.
    texts: The texts.

  Returns:
    Probabilities `[texts, labels]`, ratings `[texts]`, mean embeddings
    `[texts, size]`, or answers to questions.
  """
  if trained.kind == loading.QUESTION_ANSWERING:
    answers = question_answering_predictor.QuestionAnswerer(trained).answer(
        texts.texts, texts.pairs)
    return [answer.text for answer in answers]
  if trained.kind == loading.EMBEDDINGS:
    return _embeddings(trained, texts)
  return classification_predictor.TextPredictor(trained).scores(texts.texts, texts.pairs)


def check(trained: loading.TrainedModel, texts: RealTexts, found: Any,
          expected: Any, largest: float) -> None:
  """Refuses an export that answers otherwise.

  Args:
    trained: The model.
    texts: What both were asked.
    found: The export's answers, as `expected_answers` has them.
    expected: The Keras model's.
    largest: The largest share of texts with another answer: another label or
      answer, a rating that is off by a tenth of the ratings' standard
      deviation, an embedding whose cosine is below 0.99. If it is not 0, one
      text may always have another.

  Raises:
    ValueError: If more answers differ, or a number is not finite.

  Example: `check(trained, texts, scores, expected, largest=0.005)`
  """
  if trained.kind != loading.QUESTION_ANSWERING and not np.isfinite(
      found).all():
    raise ValueError('The export gives numbers that are not finite; nothing is '
                     'written. Try another quantization.')
  others = differ(trained.kind, found, expected)
  allowed = max(int(largest * len(texts)), 1 if largest else 0)
  if others.sum() <= allowed:
    return
  first = int(np.flatnonzero(others)[0])
  raise ValueError(
      f'{others.sum()} of {len(texts)} texts get another answer than the Keras '
      f'model gives them ({texts.source}), which is more than {largest:.2%}; '
      'nothing is written. Among them is '
      f'{texts.texts[first][:80]!r}: {_shown(expected[first])} becomes '
      f'{_shown(found[first])}. Try another quantization, texts that the model '
      'was made for, or allow more with --largest_disagreement.')


def differ(kind: str, found: Any, expected: Any) -> np.ndarray:
  """Returns which answers are other ones, as `check` counts them.

  Args:
    kind: The model's.
    found: Answers, as `expected_answers` has them.
    expected: The Keras model's.

  Returns:
    bool `[texts]`.
  """
  if kind == loading.QUESTION_ANSWERING:
    return np.array([one != other for one, other in zip(
        found, expected, strict=True)], bool)
  if kind == loading.CLASSIFICATION:
    return found.argmax(-1) != expected.argmax(-1)
  if kind == loading.REGRESSION:
    rounding = _ROUNDING * (1 + np.abs(expected))  # Where all are alike.
    return np.abs(found - expected) > np.maximum(
        _OTHER_RATING * expected.std(), rounding)
  lengths = np.linalg.norm(found, axis=-1) * np.linalg.norm(expected, axis=-1)
  return (found * expected).sum(-1) < _SAME_COSINE * lengths


def _shown(answer: Any) -> str:
  if isinstance(answer, str):
    return repr(answer)
  numbers = ', '.join(f'{value:.3g}' for value in np.ravel(answer)[:4])
  return f'[{numbers}{", ..." if np.size(answer) > 4 else ""}]'


def _embeddings(trained: loading.TrainedModel, texts: RealTexts) -> np.ndarray:
  tokenizer = tokenizer_lib.Tokenizer(trained.vocab_file, trained.lower_case)
  vectors = []
  for start in range(0, len(texts), _TEXTS_AT_ONCE):
    inputs = tokenizer.encode(texts.texts[start:start + _TEXTS_AT_ONCE],
                              max_length=trained.max_length)
    hidden = trained.model([inputs[name] for name in validation.INPUT_NAMES],
                           training=False)['sequence_output'].numpy()
    mask = inputs['input_mask'].numpy()[:, :, np.newaxis]
    vectors.append((hidden * mask).sum(1) / mask.sum(1))
  return np.concatenate(vectors)
