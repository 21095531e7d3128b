# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A checkpoint in memory, of any format: an architecture and its weights."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.modeling import architectures
from mobilebert_tf.text import vocabulary as vocabulary_lib

# Fields that change neither the set of weights nor their meaning.
SETTINGS = ('attention_mask', 'hidden_dropout_rate', 'attention_dropout_rate',
            'initializer_range')

_USUAL_PROBLEMS = ('single_label_classification', 'regression')

# Wraps a loop over weights, as tqdm does: progress(items, 'reading').
Progress = Callable[[Sequence[Any], str], Iterable[Any]]


def silent(items: Sequence[Any], description: str) -> Iterable[Any]:
  """Shows no progress."""
  del description
  return items


@dataclasses.dataclass(frozen=True)
class Checkpoint:
  """A model in memory, between any two formats.

  Attributes:
    architecture: Architecture of the encoder.
    weights: float32 arrays by the names of our variables (`name_map`).
    parts: Parts that the weights belong to, of `name_map.PARTS`.
    labels: Names of the classes, if known. LABEL_0, LABEL_1 and so on, the
      placeholders of other implementations, count as none.
    vocabulary: Vocabulary beside the weights, if there is one.
    lower_case: Whether the tokenizer lower-cases.
    source: Origin of the weights, for messages.
    problem_type: Meaning of the classifier's logits in the words of
      transformers. The usual ones, `regression` of one logit and
      `single_label_classification` of several, count as ''.
  """
  architecture: architectures.MobileBertConfig
  weights: Mapping[str, np.ndarray]
  parts: tuple[str, ...]
  labels: tuple[str, ...] = ()
  vocabulary: vocabulary_lib.Vocabulary | None = None
  lower_case: bool = True
  source: str = ''
  problem_type: str = ''

  def __post_init__(self):
    labels = tuple(self.labels)
    if labels == tuple(f'LABEL_{i}' for i in range(len(labels))):
      labels = ()
    object.__setattr__(self, 'labels', labels)
    for label in labels:
      if not isinstance(label, str) or not label or '\n' in label or (
          '\r' in label) or labels.count(label) > 1:
        raise ValueError(
            f'{self.source or "The model"} has the label {label!r:.80}; labels '
            'are distinct names of one line each.')
    usual = _USUAL_PROBLEMS[self.num_classes == 1]
    if self.problem_type == usual or self.num_classes is None:
      object.__setattr__(self, 'problem_type', '')

  @property
  def heads(self) -> tuple[str, ...]:
    """The parts that are heads."""
    return tuple(part for part in self.parts if part in name_map.HEADS)

  @property
  def num_classes(self) -> int | None:
    """Number of logits of the classifier; None if there is none."""
    for name in ('classifier/bias', 'token_classifier/bias'):
      if name in self.weights:
        return self.weights[name].size
    return None

  @property
  def num_parameters(self) -> int:
    """Number of parameters of all parts."""
    return sum(array.size for array in self.weights.values())

  @property
  def names(self) -> list[name_map.WeightName]:
    """Rows of the name map for the weights."""
    return name_map.weight_names(self.architecture, self.heads)

  def without_pooler(self) -> 'Checkpoint':
    """Returns the same model, whose pooled output is the raw first token."""
    return dataclasses.replace(
        self,
        architecture=architectures.resolve(
            {**self.architecture.as_dict(), 'use_pooler': False}),
        weights={name: array for name, array in self.weights.items()
                 if not name.startswith('pooler/')},
        parts=tuple(part for part in self.parts if part != 'pooler'))


def notes_on_settings(checkpoint: Checkpoint) -> list[str]:
  """Returns notes on settings that only our own format can hold."""
  default = architectures.MobileBertConfig().attention_mask
  if checkpoint.architecture.attention_mask == default:
    return []
  return [f'Left out: attention_mask='
          f'{checkpoint.architecture.attention_mask}; the format has no field '
          'for it, and a model that is read from it masks padding wholly.']


def differences(one: Checkpoint, other: Checkpoint) -> list[str]:
  """Returns the differences of two checkpoints, to the last bit.

  Args:
    one: A checkpoint.
    other: Another one.

  Returns:
    Sentences, none if architecture, weights, labels and vocabulary are equal.
  """
  found = []
  fields = ['labels', 'problem_type', 'vocabulary']
  if one.vocabulary is not None:
    fields.append('lower_case')
  for field in fields:
    if getattr(one, field) != getattr(other, field):
      found.append(f'{field} is not the same')
  fields = one.architecture.as_dict()
  found += [
      f'{field} is {value!r} and {fields[field]!r}'
      for field, value in other.architecture.as_dict().items()
      if value != fields[field]
  ]
  found += [f'{name} is in one of them only'
            for name in sorted(one.weights.keys() ^ other.weights.keys())]
  found += [
      f'{name} is not the same' for name, array in one.weights.items()
      if name in other.weights and not _same_bits(array, other.weights[name])
  ]
  return found


def _same_bits(one: np.ndarray, other: np.ndarray) -> bool:
  return one.shape == other.shape and np.array_equal(
      np.ascontiguousarray(one).view(np.uint32),
      np.ascontiguousarray(other).view(np.uint32))
