# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Folders of pre-training records, written by hand."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from mobilebert_tf.data import pretraining_records
from mobilebert_tf.text import vocabulary as vocabulary_lib

TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]',
          *(f'w{i}' for i in range(150)), *(f'##s{i}' for i in range(50)))

Record = Mapping[str, Sequence[int] | Sequence[float]]


def dynamic_records(count: int, max_seq_length: int = 32,
                    vocab_size: int = len(TOKENS)) -> list[Record]:
  """Returns unmasked records, each different, of lengths 5 to the longest."""
  records = []
  for number in range(count):
    rng = np.random.default_rng(number)
    length = int(rng.integers(5, max_seq_length + 1))
    ids = rng.integers(5, vocab_size, length)
    middle = int(rng.integers(2, length - 2))
    ids[[0, middle, -1]] = 2, 3, 3
    records.append({
        'input_ids': ids.tolist(),
        'segment_ids': [int(i > middle) for i in range(length)],
        'next_sentence_labels': [number % 2],
    })
  return records


def static_records(count: int, max_seq_length: int = 32,
                   max_predictions: int = 4) -> list[Record]:
  """Returns masked and padded records, as the Model Garden's loader reads."""
  records = []
  for number, record in enumerate(dynamic_records(count, max_seq_length)):
    ids = np.array(record['input_ids'])
    length = len(ids)
    rng = np.random.default_rng(number)
    ordinary = np.flatnonzero(ids > 4)
    used = min(max_predictions, len(ordinary), 1 + number % max_predictions)
    positions = np.sort(rng.choice(ordinary, used, replace=False))
    hidden = ids[positions].tolist()
    ids[positions] = 4
    unused = [0] * (max_predictions - used)
    padding = [0] * (max_seq_length - length)
    records.append({
        'input_ids': ids.tolist() + padding,
        'input_mask': [1] * length + padding,
        'segment_ids': [*record['segment_ids'], *padding],
        'masked_lm_positions': positions.tolist() + unused,
        'masked_lm_ids': hidden + unused,
        'masked_lm_weights': [1.0] * used + [0.0] * len(unused),
        'next_sentence_labels': record['next_sentence_labels'],
    })
  return records


def write_folder(folder: str, shards: Sequence[Sequence[Record]],
                 vocab_file: str, compressed: Sequence[int] = (),
                 counted: bool = True, **settings: Any) -> None:
  """Writes a finished folder of records.

  Args:
    folder: Is made if needed.
    shards: The records of each file.
    vocab_file: The vocabulary they are made with.
    compressed: Which of the files to compress.
    counted: Whether the manifest tells the number of records of each file.
    **settings: The manifest's.
  """
  os.makedirs(folder, exist_ok=True)
  files = {}
  for number, records in enumerate(shards):
    kind = 'GZIP' if number in compressed else ''
    name = f'part-{number}.tfrecord' + ('.gz' if kind else '')
    with tf.io.TFRecordWriter(os.path.join(folder, name),
                              tf.io.TFRecordOptions(kind)) as writer:
      for record in records:
        writer.write(_serialize(record))
    files[name] = {'examples': len(records)}
  vocabulary = vocabulary_lib.Vocabulary.read(vocab_file)
  manifest = {
      'format': pretraining_records.FORMAT, 'version': 2,
      'settings': {'max_seq_length': 32, **settings},
      'counts': {'examples': sum(map(len, shards))},
      'vocabulary_size': len(vocabulary),
      'vocabulary_sha256': vocabulary.sha256,
      'files': files if counted else {},
  }
  path = os.path.join(folder, pretraining_records.MANIFEST)
  with open(path, 'w', encoding='utf-8') as file:
    json.dump(manifest, file)


def _serialize(record: Record) -> bytes:
  example = tf.train.Example()
  for name, values in record.items():
    feature = example.features.feature[name]
    if name.endswith('weights'):
      feature.float_list.value.extend(values)
    else:
      feature.int64_list.value.extend(values)
  return example.SerializeToString()
