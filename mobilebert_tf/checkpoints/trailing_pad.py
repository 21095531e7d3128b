# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The [PAD] behind a text, for software that puts none there.

Here a [PAD] follows every text, and the trigram of [SEP] has its vector.
sentence-transformers adds none to the longest text of a batch. So its folder
has a [PAD] of zeros, and [SEP] is of a segment of its own, whose vector has
what [PAD] adds. The two rows that this replaces lie beside the weights, and are
put back when these are read here.
"""

from collections.abc import Mapping
import dataclasses
import os

import numpy as np
import safetensors.numpy

from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import safetensors_files
from mobilebert_tf.common import files

FILE = 'trailing_pad.safetensors'
WORDS, SEGMENTS = 'word_embeddings/embeddings', 'embeddings/type_embeddings'
_TRIGRAM = 'embeddings/projection/kernel'
_WORD, _SEGMENT = 'word_row', 'segment_row'


def move(encoder: checkpoint_lib.Checkpoint
         ) -> tuple[checkpoint_lib.Checkpoint, dict[str, np.ndarray]]:
  """Moves what [SEP] sees behind it from the row of [PAD] to a segment.

  Args:
    encoder: An encoder with a trigram and its vocabulary.

  Returns:
    The encoder for other software, and the two rows that it lost; none if [PAD]
    is of zeros already, or there is no second segment.
  """
  pad = encoder.vocabulary.pad_id
  words, segments = (encoder.weights[name].copy()
                     for name in (WORDS, SEGMENTS))
  if len(segments) < 2 or not words[pad].any():
    return encoder, {}
  apart = {_WORD: words[pad].copy(), _SEGMENT: segments[1].copy()}
  after = encoder.weights[_TRIGRAM][:words.shape[1]]
  segments[1] = segments[0] + words[pad] @ after
  words[pad] = 0
  return dataclasses.replace(encoder, weights={
      **encoder.weights, WORDS: words, SEGMENTS: segments}), apart


def write(apart: Mapping[str, np.ndarray], folder: str) -> None:
  """Writes the two rows beside the weights."""
  files.write_bytes(os.path.join(folder, FILE),
                    safetensors.numpy.save(dict(apart)))


def restore(encoder: checkpoint_lib.Checkpoint,
            folder: str) -> checkpoint_lib.Checkpoint:
  """Puts back what `move` moved, if there are rows beside the weights.

  Raises:
    ValueError: If they are damaged, or not of this encoder.
  """
  path = os.path.join(folder, FILE)
  if not os.path.exists(path):
    return encoder
  rows, weights = safetensors_files.read_file(path), dict(encoder.weights)
  pad = encoder.vocabulary.pad_id if encoder.vocabulary else 0
  for name, table, row in ((_WORD, WORDS, pad), (_SEGMENT, SEGMENTS, 1)):
    whole = weights[table].copy()
    if name not in rows or row >= len(whole) or (
        rows[name].shape != whole[row].shape):
      raise ValueError(f'{path} is not of the encoder beside it.')
    whole[row] = rows[name]
    weights[table] = whole
  return dataclasses.replace(encoder, weights=weights)
