# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Accounts for every weight of a checkpoint, and reads those of the model."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import name_map

_LISTED = 10  # Names shown in an error; a whole model has a thousand.


@dataclasses.dataclass(frozen=True)
class Source:
  """An open checkpoint of some format.

  Attributes:
    name: Path of the checkpoint, for messages.
    checkpoint_format: One of `name_map.FORMATS`.
    shapes: Shapes of the model's weights by that format's names, without
      training state (optimizer slots, steps, a teacher).
    read: Function from a name to its array.
  """
  name: str
  checkpoint_format: str
  shapes: Mapping[str, Sequence[int]]
  read: Callable[[str], np.ndarray]


def account(names: Sequence[name_map.WeightName],
            source: Source) -> list[name_map.WeightName]:
  """Matches a checkpoint with the name map, with nothing missing or left over.

  Args:
    names: Rows of every weight that it may hold. Encoder and pooler are
      required; a head may be absent as a whole.
    source: The checkpoint.

  Returns:
    The rows of the weights that it holds.

  Raises:
    ValueError: If weights are missing, left over, or of another shape, listing
      them.
  """
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


def read_weights(
    names: Sequence[name_map.WeightName], source: Source,
    progress: checkpoint_lib.Progress = checkpoint_lib.silent
) -> dict[str, np.ndarray]:
  """Reads weights in our layout.

  Args:
    names: Rows that `account` returned.
    source: The checkpoint.
    progress: Wraps the loop over the rows.

  Returns:
    float32 arrays by the names of our variables; other floating-point types
    are converted.

  Raises:
    ValueError: If an array is not a floating-point type, or not finite.
  """
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
  return weights


def listed(names: Sequence[str]) -> str:
  """Returns the first names and the number of the others as text."""
  rest = len(names) - _LISTED
  return ', '.join(names[:_LISTED]) + (f' and {rest} more' if rest > 0 else '')


def _check_shapes(names: Sequence[name_map.WeightName],
                  source: Source) -> None:
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
  """Raises ValueError if the weights of a head disagree on its classes."""
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
