# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""One interface to trained and exported models: texts in, answers out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
import typing
from typing import Any

if typing.TYPE_CHECKING:  # Loads no TensorFlow: a `.tflite` file needs none.
  from mobilebert_tf.inference import task_kind

Text = str | bytes
# From texts, and second texts or None, to an answer for each.
Answer = Callable[[list[str], list[str] | None], Sequence[Any]]


@typing.runtime_checkable
class Predictor(typing.Protocol):
  """What `mobilebert_tf.load` returns, whatever it loads.

  Answers are those that the kind of task defines, the same from each runtime:
  a `Label` of a classifier, a list of them where a text can have several, a
  float of a regression, a `LabelledText` of words and entities, an `Answer` to
  a question, a vector `[size]` of an encoder. They depend on nothing but the
  text. Threads may share it.

  Attributes:
    task: Name of the kind of task, such as `classification`.
    labels: Labels in the order of the model's outputs; empty where it has none.
  """
  task: str
  labels: list[str]

  def __call__(self, text: Text, pair: Text | None = None) -> Any:
    """Returns the answer to a text, or to a question about a context."""

  def batch(self, texts: Iterable[Text],
            pairs: Iterable[Text] | None = None) -> list[Any]:
    """Returns the answer to each of several texts."""

  def close(self) -> None:
    """Releases the model, which answers nothing more."""


class TextPredictor:
  """A `Predictor` of a function that answers texts.

  Args:
    answer: Function from texts, and second texts or None, to an answer for
      each; threads may call it at the same time.
    kind: Kind of task.
    labels: Labels in the order of the model's outputs.
    pairs: Whether it reads two texts; None for one or two.
    source: Origin of the model, for messages.

  Example:

    with mobilebert_tf.load('sst2.tflite') as classify:
      classify('a gripping film')         # Label('positive', 0.98)
      classify.batch(['one', 'another'])  # [Label(...), Label(...)]
  """

  def __init__(self, answer: Answer, kind: task_kind.TaskKind,
               labels: Sequence[str] = (), pairs: bool | None = False,
               source: str = ''):
    self._answer: Answer | None = answer
    self._names = text_names(kind, pairs)
    self._title = kind.pair_title
    self.task, self.labels, self._source = kind.name, list(labels), source

  def __call__(self, text: Text, pair: Text | None = None) -> Any:
    if not isinstance(text, Text):
      raise TypeError(f'One text is answered, not {describe(text)}; batch() '
                      'answers several.')
    if pair is not None and not isinstance(pair, Text):
      raise TypeError(f'The second text is no string but {describe(pair)}.')
    return self.batch([text], None if pair is None else [pair])[0]

  def batch(self, texts: Iterable[Text],
            pairs: Iterable[Text] | None = None) -> list[Any]:
    answer = self._answer  # Another thread may close it meanwhile.
    if answer is None:
      raise ValueError(f'{self._source or "The model"} was closed. Load it '
                       'again.')
    texts, pairs = check_texts(texts, pairs, self._names, self._title)
    return list(answer(texts, pairs)) if texts else []

  def close(self) -> None:
    self._answer = None

  def __enter__(self) -> TextPredictor:
    return self

  def __exit__(self, *_: Any) -> None:
    self.close()

  def __repr__(self) -> str:
    return f'<{self.task} of {self._source}>'


# === Texts as callers give them ===


def text_names(kind: task_kind.TaskKind,
               pairs: bool | None) -> tuple[str, ...]:
  """Returns the names of the texts that a model reads.

  Args:
    kind: Kind of task.
    pairs: Whether the model reads two texts; None for one or two.

  Returns:
    One name or two; none if either will do.
  """
  if pairs is None and kind.reads_pairs is None:
    return ()
  return kind.text_names[:2 if pairs or kind.reads_pairs else 1]


def check_texts(texts: Any, pairs: Any, names: Sequence[str],
                pair_title: str = 'pairs of texts'
                ) -> tuple[list[str], list[str] | None]:
  """Returns texts and pairs as strings, if they are what a model reads.

  Args:
    texts: Strings, or UTF-8 of which invalid bytes become U+FFFD.
    pairs: Second text of each, or None.
    names: Names of the texts that it reads; empty if one or two will do.
    pair_title: Name of two texts in messages.

  Raises:
    TypeError: If a text is something else.
    ValueError: If pairs are missing, unwanted, or of another number than
      texts.
  """
  if len(names) == 2 and pairs is None:
    raise ValueError(f'The model reads {pair_title}: give both.')
  if len(names) == 1 and pairs is not None:
    raise ValueError('The model reads single texts: give no pairs.')
  texts = _decode(texts, 'text')
  if pairs is None:
    return texts, None
  pairs = _decode(pairs, 'pair')
  if len(pairs) != len(texts):
    raise ValueError(f'There are {len(texts)} texts and {len(pairs)} pairs: '
                     'give one for each.')
  return texts, pairs


def _decode(texts: Any, what: str) -> list[str]:
  """Returns texts as strings, with invalid UTF-8 in bytes replaced."""
  if isinstance(texts, Text) or not isinstance(texts, Iterable):
    raise TypeError(f'A list of {what}s was expected, not {describe(texts)}.')
  result = []
  for i, text in enumerate(texts):
    if not isinstance(text, Text):
      raise TypeError(f'Each {what} has to be a string; number {i} is '
                      f'{describe(text)}.')
    result.append(text.decode('utf-8', 'replace')
                  if isinstance(text, bytes) else str(text))
  return result


def describe(value: Any) -> str:
  """Returns a value and its type for messages."""
  return f'{str(value)[:80]!r} ({type(value).__name__})'
