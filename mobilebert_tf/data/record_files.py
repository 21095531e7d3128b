# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Files of serialized records: found, checked, counted and streamed."""

from collections.abc import Sequence
import glob
import os
from typing import Any

import tensorflow as tf

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.text import vocabulary as vocabulary_lib
from official.core import config_definitions as cfg

_SUFFIXES = ('.tfrecord', '.tfrecord.gz')
_MAX_INT64 = 2**63 - 1
_COUNT_BATCH = 4096


def read_in_order(files: Sequence[str]) -> tf.data.Dataset:
  """Returns the serialized records of TFRecord files, one file after another.

  Args:
    files: The files; those that end with `.gz` are decompressed.
  """
  return tf.data.Dataset.from_tensor_slices(list(files)).flat_map(_read_file)


def read_shuffled_forever(files: Sequence[str],
                          *,
                          seed: tuple[int, int],
                          shuffle_buffer_size: int,
                          first_epoch: int = 0,
                          cycle_length: int | None = None,
                          block_length: int = 1,
                          cache: bool = False,
                          deterministic: bool = True) -> tf.data.Dataset:
  """Returns the serialized records of all files, epoch after epoch.

  The order within an epoch depends on the seed and the number of the epoch
  alone, so that reading can begin with any epoch. TensorFlow's global seed is
  not used.

  Example:

    read_shuffled_forever(['a.tfrecord', 'b.tfrecord.gz'], seed=(7, 0),
                          shuffle_buffer_size=10_000, first_epoch=3)

  Args:
    files: The files, at least one of them not empty; those that end with `.gz`
      are decompressed.
    seed: Two numbers that determine the order.
    shuffle_buffer_size: Number of records in the shuffle buffer.
    first_epoch: The epoch to begin with, from 0.
    cycle_length: Number of files read in parallel; None for all, at most 16.
    block_length: Number of consecutive records from a file.
    cache: Whether to keep the records in memory when they are first read.
    deterministic: False lets a file that is slow to read come later.
  """
  def read(epoch_seed: tf.Tensor) -> tf.data.Dataset:
    paths = tf.random.experimental.stateless_shuffle(
        tf.constant(list(files)), epoch_seed)
    return tf.data.Dataset.from_tensor_slices(paths).interleave(
        _read_file,
        cycle_length=cycle_length or min(len(files), 16),
        block_length=block_length,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=deterministic)

  first_seed = tf.constant(seed, tf.int64)
  cached = read(first_seed).cache() if cache else None

  def read_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
    if not tf.executing_eagerly():
      # Only for this function's graph. `shuffle` would mix in the global seed,
      # which a resumed run may not have set as the first one did.
      tf.random.set_seed(1)
    epoch_seed = tf.random.experimental.stateless_fold_in(first_seed, epoch)
    file_seed, record_seed = tf.unstack(
        tf.random.experimental.stateless_split(epoch_seed, 2))
    records = read(file_seed) if cached is None else cached
    return records.shuffle(
        shuffle_buffer_size,
        tf.random.stateless_uniform([], record_seed, None, None, tf.int64),
        reshuffle_each_iteration=False)

  return tf.data.Dataset.range(first_epoch, _MAX_INT64).flat_map(read_epoch)


def is_empty(files: Sequence[str]) -> bool:
  """Whether none of the files holds a record."""
  with tf.init_scope():  # A dataset may be built within a `tf.function`.
    return next(iter(read_in_order(files).take(1)), None) is None


def count(files: Sequence[str]) -> int:
  """Counts the records of files, by reading them."""
  with tf.init_scope():
    sizes = read_in_order(files).batch(_COUNT_BATCH).map(
        lambda batch: tf.size(batch, tf.int64))
    return int(sizes.reduce(tf.constant(0, tf.int64), tf.add))


def _read_file(path: tf.Tensor) -> tf.data.Dataset:
  is_compressed = tf.strings.regex_full_match(path, r'(?s).*\.gz')
  return tf.data.TFRecordDataset(
      path, compression_type=tf.where(is_compressed, 'GZIP', ''))


def find_records(input_path: str | list[str] | tuple[str, ...]) -> list[str]:
  """Returns the record files of paths, globs and folders.

  Raises:
    FileNotFoundError: If one of them has none, or a folder lacks some of those
      that its manifest lists.
  """
  patterns = files_lib.split_paths(input_path)
  files = files_lib.find_files([p for pattern in patterns
                                for p in _globs(pattern)])
  for folder in filter(tf.io.gfile.isdir, patterns):
    _check_complete(folder, files)
  return files


def count_records(files: list[str]) -> int:
  """Counts records, from their manifests if possible, or by reading."""
  total, unknown = 0, []
  for folder, names in _by_folder(files).items():
    manifest = pretraining_records.read_manifest(folder)
    counts = manifest.get('files', {})
    for name in names:
      examples = counts.get(name, {}).get('examples')
      if examples is None:
        unknown.append(os.path.join(folder, name))
      else:
        total += examples
  return total + (count(unknown) if unknown else 0)


def check_records(files: list[str], vocabulary: vocabulary_lib.Vocabulary,
                  params: cfg.DataConfig) -> bool:
  """Checks that records fit the config of their loader.

  Args:
    files: Paths from `find_records`.
    vocabulary: The config's vocabulary.
    params: A `MobileBertPretrainDataConfig`.

  Returns:
    Whether they were masked when they were made.

  Raises:
    FileNotFoundError: If a folder of records is not finished.
    ValueError: If they do not fit, naming the folder and what to change.
  """
  is_masked: dict[bool, str] = {}
  for folder in sorted(_by_folder(files)):
    manifest = pretraining_records.read_manifest(folder)
    settings = manifest['settings']
    longest = settings['max_seq_length']
    if longest >= params.seq_length:
      # The trigram at the last token must see the same [PAD] as in serving.
      raise ValueError(
          f'{folder} has records of up to {longest} tokens, and a [PAD] '
          f'follows each, but seq_length is {params.seq_length}. Set it to '
          f'{longest + 1} or more, or make records with '
          f'--max_seq_length={params.seq_length - 1}.')
    if manifest['vocabulary_sha256'] != vocabulary.sha256:
      raise ValueError(
          f'{folder} was made with another vocabulary (of '
          f'{manifest["vocabulary_size"]} tokens) than {params.vocab_file} '
          f'(of {len(vocabulary)}). Name the one it was made with.')
    static = settings.get('masking', 'dynamic') == 'static'
    if static:
      _check_static(folder, settings, params)
    is_masked[static] = folder
  if len(is_masked) > 1:
    raise ValueError(
        f'{is_masked[True]} was made with --masking=static, and '
        f'{is_masked[False]} with --masking=dynamic. Read one kind at a time.')
  return True in is_masked


def _check_complete(folder: str, files: list[str]) -> None:
  """Raises FileNotFoundError if files of a manifest are missing."""
  found = {os.path.basename(path) for path in files
           if os.path.dirname(path) == folder.rstrip('/')}
  manifest = pretraining_records.read_manifest(folder)
  missing = sorted(set(manifest.get('files', ())) - found)
  if missing:
    raise FileNotFoundError(
        f'{folder} lacks {", ".join(missing[:5])}, which its '
        f'{pretraining_records.MANIFEST} lists ({len(missing)} files in all). '
        'Copy it again, or make the records again.')


def _globs(pattern: str) -> list[str]:
  if not tf.io.gfile.isdir(pattern):
    return [pattern]
  folder = glob.escape(pattern)  # A folder's name is not a pattern.
  globs = [os.path.join(folder, f'*{suffix}') for suffix in _SUFFIXES]
  # The first one stays if nothing is found, so that the error names it.
  return [g for g in globs if tf.io.gfile.glob(g)] or globs[:1]


def _by_folder(files: list[str]) -> dict[str, list[str]]:
  folders: dict[str, list[str]] = {}
  for path in files:
    folder, name = os.path.split(path)
    folders.setdefault(folder, []).append(name)
  return folders


def _check_static(folder: str, settings: dict[str, Any],
                  params: cfg.DataConfig) -> None:
  if params.whole_word_masking:
    raise ValueError(
        f'{folder} was made with --masking=static: whether whole words are '
        'masked was decided then. Leave whole_word_masking at false, or make '
        'records with --masking=dynamic.')
  most = settings['max_predictions_per_seq']
  if most > params.max_predictions_per_seq:
    raise ValueError(
        f'{folder} has up to {most} predictions in a record, but '
        f'max_predictions_per_seq is {params.max_predictions_per_seq}. Set it '
        f'to {most} or more.')
