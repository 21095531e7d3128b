# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A teacher's answers at masked places, as features of records.

Of each place: the most probable tokens, their log probabilities, and the log of
the sum of all other probabilities.
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

import tensorflow as tf

IDS, LOG_PROBABILITIES, REST = (
    'teacher_ids', 'teacher_log_probabilities', 'teacher_rest')
PRECISIONS = ('float32', 'float16')
_LARGEST_SHORT = 2**16


@dataclasses.dataclass(frozen=True)
class AnswerSettings:
  """Settings of answers.

  Attributes:
    top_k: Number of tokens of each place.
    predictions: Number of places of each record.
    vocabulary_size: Number of tokens that the teacher knows.
    precision: Type of the log probabilities, one of `PRECISIONS`.
    teacher_sha256: SHA-256 of the teacher's weights.
  """
  top_k: int
  predictions: int
  vocabulary_size: int
  precision: str
  teacher_sha256: str

  def __post_init__(self):
    if self.precision not in PRECISIONS:
      raise ValueError(f'precision is {self.precision!r}; accepted: '
                       f'{", ".join(PRECISIONS)}.')
    if not 1 <= self.top_k < self.vocabulary_size:
      raise ValueError(
          f'top_k is {self.top_k}; it has to be from 1 to '
          f'{self.vocabulary_size - 1}, one less than the vocabulary.')

  @classmethod
  def of(cls, fields: Mapping[str, Any], folder: str) -> 'AnswerSettings':
    """Reads the settings in the manifest of a folder.

    Raises:
      ValueError: If they are damaged; names the folder.
    """
    try:
      return cls(**fields)
    except (TypeError, ValueError) as error:
      raise ValueError(f'The manifest of {folder} says of the answers: '
                       f'{error}') from error

  def features(self, ids: tf.Tensor, log_probabilities: tf.Tensor,
               rest: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns features of records, a string of bytes `[records, 1]` each.

    Args:
      ids: int32 `[records, predictions, top_k]`.
      log_probabilities: float32, of the same shape.
      rest: float32 `[records, predictions]`.
    """
    return {IDS: _encode(tf.cast(ids, self._id_dtype)),
            LOG_PROBABILITIES: _encode(tf.cast(
                log_probabilities, self.precision)),
            REST: _encode(tf.cast(rest, self.precision))}

  def parse(self, serialized: tf.Tensor,
            predictions: int) -> dict[str, tf.Tensor]:
    """Returns answers of serialized records, padded with zeros.

    Args:
      serialized: Records, string `[batch]`.
      predictions: Number of places of each, at least as many as it has.

    Returns:
      int32 `teacher_ids`, float32 `teacher_log_probabilities`
      `[batch, predictions, top_k]` and `teacher_rest` `[batch, predictions]`.
    """
    parsed = tf.io.parse_example(serialized, {
        name: tf.io.FixedLenFeature([], tf.string)
        for name in (IDS, LOG_PROBABILITIES, REST)})
    padding = [[0, 0], [0, predictions - self.predictions], [0, 0]]

    def decode(name: str, stored: Any, wanted: tf.DType,
               width: int) -> tf.Tensor:
      values = tf.reshape(tf.io.decode_raw(parsed[name], stored),
                          [-1, self.predictions, width])
      return tf.pad(tf.cast(values, wanted), padding)

    return {
        IDS: decode(IDS, self._id_dtype, tf.int32, self.top_k),
        LOG_PROBABILITIES: decode(
            LOG_PROBABILITIES, self.precision, tf.float32, self.top_k),
        REST: decode(REST, self.precision, tf.float32, 1)[..., 0]}

  @property
  def _id_dtype(self) -> tf.DType:
    return (tf.uint16 if self.vocabulary_size <= _LARGEST_SHORT else tf.int32)


def _encode(values: tf.Tensor) -> tf.Tensor:
  """Returns the bytes of each row, string `[rows, 1]`."""
  return tf.constant([[row.tobytes()] for row in values.numpy()])
