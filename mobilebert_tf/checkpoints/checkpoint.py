# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A checkpoint in memory, of any format: an architecture and its weights."""

import collections
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mobilebert_tf.checkpoints import name_map
from mobilebert_tf.modeling import architectures
from mobilebert_tf.text import settings
from mobilebert_tf.text import vocabulary as vocabulary_lib

# Fields of the architecture that the weights do not depend on.
SETTINGS = ('attention_mask', 'hidden_dropout_rate', 'attention_dropout_rate',
            'initializer_range')

_USUAL_PROBLEMS = ('single_label_classification', 'regression')
_LISTED = 10  # Names shown in an error; a whole model has a thousand.

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
    labels: Names of the classes; placeholders (LABEL_0) count as none.
    vocabulary: Vocabulary beside the weights, if there is one.
    lower_case: Whether the tokenizer lower-cases (`text.settings`); None
      only if neither a file nor a vocabulary says so.
    max_word_length: Maximum length of a word of the tokenizer, in characters.
    source: Origin of the weights, for messages.
    problem_type: Meaning of the classifier's logits in the words of
      transformers; '' for the usual one of their number.
    notes: Sentences on what was read as something else, or left out.
  """
  architecture: architectures.MobileBertConfig
  weights: Mapping[str, np.ndarray]
  parts: tuple[str, ...]
  labels: tuple[str, ...] = ()
  vocabulary: vocabulary_lib.Vocabulary | None = None
  lower_case: settings.LowerCase | None = None
  source: str = ''
  problem_type: str = ''
  notes: tuple[str, ...] = ()
  max_word_length: int = settings.MAX_WORD_LENGTH

  def __post_init__(self):
    labels = tuple(self.labels)
    if labels == tuple(f'LABEL_{i}' for i in range(len(labels))):
      labels = ()
    object.__setattr__(self, 'labels', labels)
    if self.lower_case is None and self.vocabulary is not None:
      object.__setattr__(self, 'lower_case', not self.vocabulary.is_cased)
    counts = collections.Counter(filter(_is_text, labels))
    for label in labels:
      if not _is_text(label) or not label or '\n' in label or (
          '\r' in label) or counts[label] > 1:
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


def check_names(checkpoint: Checkpoint, checkpoint_format: str,
                title: str) -> None:
  """Raises ValueError if a format has no names for the weights of a part.

  Args:
    checkpoint: The checkpoint.
    checkpoint_format: One of `name_map.FORMATS`.
    title: Name of the format's implementation.
  """
  for name in checkpoint.names:
    if name.key(checkpoint_format) is None:
      raise ValueError(
          f'{title} has no {name.part.replace("_", " ")}, so there is no name '
          'for its weights. Write another format.')


def check_heads(checkpoint: Checkpoint, title: str) -> None:
  """Raises ValueError if heads are no equal shares of a block's width.

  Args:
    checkpoint: The checkpoint.
    title: Name of an implementation that derives their width.
  """
  config = checkpoint.architecture
  if config.attention_size != config.intra_block_size:
    raise ValueError(
        f'{title} derives the width of a head from that of a block: '
        f'{config.num_attention_heads} heads of {config.attention_head_size} '
        f'in a block of {config.intra_block_size} have no place there. Write '
        'the format mobilebert_tf.')


def notes_on_settings(checkpoint: Checkpoint) -> list[str]:
  """Returns notes on settings that only our own format can hold."""
  mask = checkpoint.architecture.attention_mask
  if mask == architectures.MobileBertConfig().attention_mask:
    return []
  return [f'Left out: attention_mask={mask}; the format has no field for it, '
          'and a model that is read from it masks padding wholly.']


def differences(one: Checkpoint, other: Checkpoint) -> list[str]:
  """Returns sentences on all differences of two checkpoints, of any bit."""
  found = []
  fields = ['labels', 'problem_type', 'vocabulary']
  if one.vocabulary is not None:
    fields += settings.FIELDS
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


@dataclasses.dataclass(frozen=True)
class Source:
  """An open checkpoint of some format.

  Attributes:
    name: Path of the checkpoint, for messages.
    checkpoint_format: One of `name_map.FORMATS`.
    shapes: Shapes of the model's weights by that format's names.
    read: Function that returns the array of a name.
  """
  name: str
  checkpoint_format: str
  shapes: Mapping[str, Sequence[int]]
  read: Callable[[str], np.ndarray]


def read_weights(
    names: Sequence[name_map.WeightName], source: Source,
    progress: Progress = silent
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
  """Reads every weight of a checkpoint, none missing and none left over.

  Args:
    names: Rows of all weights; a head may be absent as a whole.
    source: The checkpoint.
    progress: Wrapper of the loop over the rows.

  Returns:
    float32 arrays by the names of our variables, and their parts.

  Raises:
    ValueError: If weights are missing, left over, of another shape, not of a
      floating-point type or not finite.
  """
  names = _account(names, source)
  weights = {}
  for name in progress(names, 'reading'):
    key = name.key(source.checkpoint_format)
    array = np.asarray(source.read(key))
    # ml_dtypes' bfloat16 is no subtype of numpy's floating.
    if array.dtype.kind != 'f' and array.dtype.name != 'bfloat16':
      raise ValueError(
          f'{source.name}: {key} is of {array.dtype}; weights are float32.')
    array = array.astype(np.float32, copy=False)
    if not np.isfinite(array).all():
      raise ValueError(
          f'{source.name}: {key} holds NaN or infinity. The training that '
          'wrote it had diverged, or the file is damaged.')
    weights[name.ours] = name.to_ours(array, source.checkpoint_format)
  return weights, name_map.parts_of(names)


def listed(names: Sequence[str]) -> str:
  """Returns the first names and the number of the others as text."""
  rest = len(names) - _LISTED
  return ', '.join(names[:_LISTED]) + (f' and {rest} more' if rest > 0 else '')


def _is_text(label: Any) -> bool:
  return isinstance(label, str)


def _same_bits(one: np.ndarray, other: np.ndarray) -> bool:
  return one.shape == other.shape and np.array_equal(
      np.ascontiguousarray(one).view(np.uint32),
      np.ascontiguousarray(other).view(np.uint32))


def _account(names: Sequence[name_map.WeightName],
             source: Source) -> list[name_map.WeightName]:
  """Returns the rows of the weights that a checkpoint holds."""
  keys = {name.ours: name.key(source.checkpoint_format) for name in names}
  present = {
      name.part for name in names if keys[name.ours] in source.shapes
  } | {'encoder', 'pooler'}
  names = [name for name in names if name.part in present]
  missing = [keys[name.ours] for name in names
             if keys[name.ours] not in source.shapes]
  if missing:
    raise ValueError(
        f'{source.name} lacks {len(missing)} of {len(names)} weights: '
        f'{listed(missing)}. Is it the checkpoint of a MobileBERT, and the '
        'config the one it was made with?')
  known = {keys[name.ours] for name in names}
  left_over = sorted(set(source.shapes) - known)
  if left_over:
    raise ValueError(
        f'{source.name} has {len(left_over)} weights that its config does not '
        f'describe: {listed(left_over)}. Is the number of blocks or of '
        'feed-forward networks another, or the shared bottleneck, or is it a '
        'model of another kind?')
  _check_shapes(names, source)
  return names


def _check_shapes(names: Sequence[name_map.WeightName], source: Source) -> None:
  wrong = []
  for name in names:
    key = name.key(source.checkpoint_format)
    shape = tuple(source.shapes[key])
    expected = name.shape_in(source.checkpoint_format)
    if len(shape) != len(expected) or any(
        size not in (length, None)
        for length, size in zip(shape, expected, strict=True)):
      expected = str(expected).replace('None', 'classes')
      wrong.append(f'{key} is {shape}, the config says {expected}')
  if wrong:
    raise ValueError(
        f'{source.name} does not fit its config: {listed(wrong)}.')
  _check_classes(names, source)


def _check_classes(names: Sequence[name_map.WeightName],
                   source: Source) -> None:
  """Raises ValueError if a head's weights are of several numbers of classes."""
  sizes = {}
  for name in names:
    key = name.key(source.checkpoint_format)
    for size, length in zip(name.shape_in(source.checkpoint_format),
                            source.shapes[key], strict=True):
      if size is None:
        sizes[key] = length
  if len(set(sizes.values())) > 1 or 0 in sizes.values():
    said = ', '.join(f'{key} {size}' for key, size in sizes.items())
    raise ValueError(
        f'{source.name}: the weights of its head disagree on the number of '
        f'classes, or have none: {said}.')
