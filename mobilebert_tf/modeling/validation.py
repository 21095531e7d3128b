# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Checks of the arguments and inputs of models."""

from collections.abc import Mapping, Sequence
import json
import os
from typing import Any

import numpy as np
import tensorflow as tf, tf_keras

_KERAS_DEFAULTS = {'floatx': 'float32', 'epsilon': 1e-7,
                   'image_data_format': 'channels_last'}
INPUT_NAMES = ('input_word_ids', 'input_mask', 'input_type_ids')
_ID_DTYPES = (tf.int32, tf.int64)
_NOT_DENSE = (tf.RaggedTensor, tf.RaggedTensorSpec, tf.SparseTensor,
              tf.SparseTensorSpec)
_MASK_DTYPES = (tf.int32, tf.int64, tf.bool)


def ignore_keras_json() -> None:
  """Undoes what `keras.json` sets, which is meant for other programs."""
  home = os.environ.get('KERAS_HOME') or os.path.join('~', '.keras')
  path = os.path.expanduser(os.path.join(home, 'keras.json'))
  try:
    with open(path, encoding='utf-8') as file:
      settings = json.load(file)
  except (OSError, ValueError):
    return
  for name, default in _KERAS_DEFAULTS.items():
    if settings.get(name, default) != default:
      getattr(tf_keras.backend, f'set_{name}')(default)


def check_dtype_policy(policy: Any) -> tf_keras.mixed_precision.Policy:
  """Returns a dtype policy, and refuses float16.

  Args:
    policy: Name of a policy, a policy, a dtype, or None for the global policy.

  Raises:
    ValueError: For a policy that computes in float16. The activations of a
      trained MobileBERT reach 1e7, float16 ends at 65,504
      (huggingface/transformers issue 11327 shows the NaN).

  Example:

  >>> check_dtype_policy('mixed_bfloat16').compute_dtype
  'bfloat16'
  """
  if isinstance(policy, tf.DType):
    policy = policy.name
  if policy is None:
    policy = tf_keras.mixed_precision.global_policy()
  if not isinstance(policy, tf_keras.mixed_precision.Policy):
    policy = tf_keras.mixed_precision.Policy(policy)
  if policy.compute_dtype not in ('float32', 'bfloat16', 'float64'):
    raise ValueError(
        f'The dtype policy {policy.name!r} computes in '
        f'{policy.compute_dtype}, where MobileBERT overflows: NoNorm lets '
        'activations reach 1e7 and float16 ends at 65504. Accepted: float32, '
        'mixed_bfloat16, bfloat16, float64.')
  return policy


def check_labels(labels: Sequence[str], num_classes: int) -> tuple[str, ...]:
  """Checks the names of classes, and returns them as a tuple.

  Args:
    labels: Distinct names, one for each class, or none.
    num_classes: Number of classes.

  Raises:
    ValueError: If their number is another, two are equal, or one is not a
      string.

  Example:

  >>> check_labels(['ham', 'spam'], num_classes=2)
  ('ham', 'spam')
  """
  if isinstance(labels, str) or not isinstance(labels, Sequence) or not all(
      isinstance(label, str) for label in labels):
    raise ValueError(f'labels is a list of names; got {labels!r}.')
  if labels and len(labels) != num_classes:
    raise ValueError(
        f'num_classes is {num_classes}, but there are {len(labels)} labels: '
        f'{_shortened(labels)}.')
  repeated = sorted({label for label in labels if labels.count(label) > 1})
  if repeated:
    raise ValueError(
        f'labels have to be distinct; more than once: {_shortened(repeated)}.')
  return tuple(labels)


def _shortened(labels: Sequence[str]) -> str:
  return ', '.join(labels[:10]) + (', ...' if len(labels) > 10 else '')


def check_encoder_inputs(
    inputs: Any,
    max_length: int,
    extra: Mapping[str, tuple[tf.DType, ...]] | None = None
) -> list[tf.Tensor]:
  """Checks the inputs of an encoder, and returns them in order.

  Args:
    inputs: Mapping with at least the keys of `INPUT_NAMES` (others, such as
      labels, are left alone), or a sequence in that order. Integer tensors
      `[batch, length]`; the mask may be boolean.
    max_length: Maximum length of a sequence, in tokens.
    extra: Required inputs after these, name to accepted dtypes.

  Returns:
    List of tensors in the order of `INPUT_NAMES`, then `extra`.

  Raises:
    ValueError: If an input is missing, has another rank or dtype, is longer
      than `max_length`, or has another shape than the others.

  Example:

  >>> ids = tf.zeros([1, 4], tf.int32)
  >>> len(check_encoder_inputs([ids, ids, ids], max_length=8))
  3
  """
  accepted = dict(zip(INPUT_NAMES, (_ID_DTYPES, _MASK_DTYPES, _ID_DTYPES),
                      strict=True))
  accepted.update(extra or {})
  named = _by_name(inputs, tuple(accepted))
  for name, dtypes in accepted.items():
    named[name] = _check_tensor(name, named[name], dtypes)
  _check_lengths(named, max_length)
  return [named[name] for name in accepted]


def _by_name(inputs: Any, names: tuple[str, ...]) -> dict[str, Any]:
  if isinstance(inputs, Mapping):
    missing = [name for name in names if name not in inputs]
    if missing:
      raise ValueError(
          f'Missing input {", ".join(missing)}; given: '
          f'{", ".join(map(str, inputs)) or "nothing"}; needed: '
          f'{", ".join(names)}.')
    return {name: inputs[name] for name in names}
  if isinstance(inputs, Sequence) and not isinstance(inputs, str):
    if len(inputs) != len(names):
      raise ValueError(
          f'Got {len(inputs)} inputs; needed are {len(names)}, in this order: '
          f'{", ".join(names)}.')
    return dict(zip(names, inputs, strict=True))
  raise ValueError(
      f'Inputs are a dict or a list of {", ".join(names)}; got '
      f'{type(inputs).__name__}.')


def _check_tensor(name: str, value: Any,
                  dtypes: tuple[tf.DType, ...]) -> tf.Tensor:
  if isinstance(getattr(value, 'type_spec', value), _NOT_DENSE):
    raise ValueError(
        f'{name} is a {type(value).__name__}; accepted: a dense tensor, padded '
        'to [batch, length].')
  if isinstance(value, np.ndarray) or not hasattr(value, 'dtype'):
    try:
      value = tf.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
      raise ValueError(
          f'{name} is no tensor but {value!r:.80}; accepted: integers [batch, '
          'length], every row padded to the same length.') from error
  if value.dtype not in dtypes:
    raise ValueError(
        f'{name} has dtype {tf.as_dtype(value.dtype).name}; accepted: '
        f'{", ".join(dtype.name for dtype in dtypes)}.')
  if value.shape.rank is not None and value.shape.rank != 2:
    raise ValueError(
        f'{name} has shape {tuple(value.shape)}, rank {value.shape.rank}; '
        'accepted: rank 2, [batch, length].')
  return value


def _check_lengths(named: Mapping[str, tf.Tensor], max_length: int) -> None:
  word_ids = named['input_word_ids']
  for name in INPUT_NAMES[1:]:
    if not word_ids.shape.is_compatible_with(named[name].shape):
      raise ValueError(
          f'{name} has shape {tuple(named[name].shape)}, but input_word_ids '
          f'has {tuple(word_ids.shape)}; they have to be the same.')
    _check_shapes_at_run_time(name, named[name], word_ids)
  length = word_ids.shape[1] if word_ids.shape.rank else None
  if length == 0:
    raise ValueError('The sequence has no tokens; pad it to one at least.')
  if length is not None and length > max_length:
    raise ValueError(
        f'The sequence has {length} tokens; this model has positions for '
        f'{max_length} (max_position_embeddings). Truncate the text or build '
        'the model with more positions.')


def _check_shapes_at_run_time(name: str, value: tf.Tensor,
                              word_ids: tf.Tensor) -> None:
  """Adds the check to the graph if shapes are unknown when tracing.

  Without it a mask of one row or one column would be broadcast silently.
  """
  if not isinstance(value, tf.Tensor) or not isinstance(word_ids, tf.Tensor):
    return  # Symbolic inputs of a functional model, which hold no values.
  if value.shape.is_fully_defined() and word_ids.shape.is_fully_defined():
    return
  tf.debugging.assert_equal(
      tf.shape(value), tf.shape(word_ids),
      f'{name} and input_word_ids have to have the same shape.')
