# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Files of pre-training records: found, checked against manifests, and read."""

from collections.abc import Sequence
import concurrent.futures
import hashlib
import os
from typing import Any

import tensorflow as tf

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import answer_records
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import vocabulary as vocabulary_lib

_SUFFIXES = ('.tfrecord', '.tfrecord.gz')
_MAX_INT64 = 2**63 - 1
_COUNT_BATCH = 4096
_REMEDY = 'Copy it again, or make the records again.'
_THREADS = 16  # For the sizes of remote files.
# Reading records of up to this size takes a second.
_CHECKED_BYTES = 200_000_000


def read_in_order(files: Sequence[str]) -> tf.data.Dataset:
  """Returns the records of TFRecord files, one file after another."""
  return tf.data.Dataset.from_tensor_slices(list(files)).flat_map(_read_file)


def read_shuffled_forever(
    files: Sequence[str], *, seed: tuple[int, int], shuffle_buffer_size: int,
    first_epoch: int = 0, cycle_length: int | None = None,
    block_length: int = 1, cache: bool = False,
    deterministic: bool = True) -> tf.data.Dataset:
  """Returns the serialized records of all files, epoch after epoch.

  The order within an epoch depends only on the seed and the number of the
  epoch, so reading can begin with any epoch; not on TensorFlow's global seed.

  Args:
    files: Paths of files, at least one of them not empty, compressed if they
      end with `.gz`.
    seed: Seed of the order.
    shuffle_buffer_size: Number of records in the shuffle buffer.
    first_epoch: First epoch, from 0.
    cycle_length: Number of files read in parallel; None for all, at most 16.
    block_length: Number of consecutive records from a file.
    cache: Whether to keep the records in memory.
    deterministic: Whether to wait for a file that is slow to read.
  """
  def read(epoch_seed: tf.Tensor) -> tf.data.Dataset:
    paths = tf.random.experimental.stateless_shuffle(
        tf.constant(list(files)), epoch_seed)
    return tf.data.Dataset.from_tensor_slices(paths).interleave(
        _read_file, cycle_length=cycle_length or min(len(files), 16),
        block_length=block_length, num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=deterministic)

  first_seed = tf.constant(seed, tf.int64)
  cached = read(first_seed).cache() if cache else None

  def read_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
    if not tf.executing_eagerly():
      # For this function's graph only. `shuffle` would mix in the global seed,
      # which may differ in a resumed run.
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
  """Returns whether none of the files holds a record."""
  with tf.init_scope():  # A dataset may be built within a `tf.function`.
    try:
      return next(iter(read_in_order(files).take(1)), None) is None
    except tf.errors.DataLossError as error:
      raise ValueError(find_damage(files)) from error


def count_by_reading(files: Sequence[str]) -> int:
  """Counts records by reading them."""
  with tf.init_scope():
    sizes = read_in_order(files).batch(_COUNT_BATCH).map(
        lambda batch: tf.size(batch, tf.int64))
    return int(sizes.reduce(tf.constant(0, tf.int64), tf.add))


def find_damage(files: Sequence[str]) -> str:
  """Reads files; returns which one is damaged, or ''.

  TensorFlow's errors do not name it.
  """
  for path in files:
    try:
      count_by_reading([path])
    except tf.errors.OpError as error:
      return f'{path} is damaged ({error.message}). {_REMEDY}'
  return ''


def _read_file(path: tf.Tensor) -> tf.data.Dataset:
  """Returns the records of a file, decompressed if its name ends with .gz."""
  is_compressed = tf.strings.regex_full_match(path, r'(?si).*\.gz')
  return tf.data.TFRecordDataset(
      path, compression_type=tf.where(is_compressed, 'GZIP', ''))


def find_records(input_path: files_lib.Paths) -> list[str]:
  """Returns the record files of paths, globs and folders.

  Raises:
    FileNotFoundError: If one of them has none, or not all of its manifest.
    ValueError: If a file is not as its manifest says; names it.
  """
  files: dict[str, None] = {}
  for path in files_lib.split_paths(input_path):
    if files_lib.is_folder(path):
      found = _files_of(path)
      _check_complete(path, found)
    else:
      found = files_lib.find_files(path)
    files.update(dict.fromkeys(found))
  _check_sizes(list(files))
  return list(files)


def count_records(files: list[str]) -> int:
  """Counts records by their manifests, or by reading where those do not say."""
  total, unknown = 0, []
  for folder, names in by_folder(files).items():
    manifest = pretraining_records.read_manifest(folder)
    counts = manifest.get('files', {})
    for name in names:
      examples = counts.get(name, {}).get('examples')
      if examples is None:
        unknown.append(os.path.join(folder, name))
      else:
        total += examples
  return total + (count_by_reading(unknown) if unknown else 0)


def check_records(files: list[str], vocabulary: vocabulary_lib.Vocabulary,
                  params: Any) -> bool:
  """Checks that records fit the config of their loader.

  Returns:
    Whether they were masked when they were made.

  Raises:
    FileNotFoundError: If a folder of records is not finished.
    ValueError: If they do not fit; names the folder and the remedy.
  """
  is_masked: dict[bool, str] = {}
  for folder in sorted(by_folder(files)):
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
    for name in text_settings.FIELDS:
      text_settings.agree(name, {
          os.path.join(folder, pretraining_records.MANIFEST):
              settings.get(name),
          'task.train_data': getattr(params, name)}, None)
    static = settings.get('masking', 'dynamic') == 'static'
    if static:
      _check_static(folder, settings, params)
    is_masked[static] = folder
  if len(is_masked) > 1:
    raise ValueError(
        f'{is_masked[True]} was made with --masking=static, and '
        f'{is_masked[False]} with --masking=dynamic. Read one kind at a time.')
  return True in is_masked


def find_answers(files: list[str]) -> answer_records.AnswerSettings:
  """Returns the settings of the teacher's answers in records.

  Raises:
    FileNotFoundError: If a folder of records is not finished.
    ValueError: If one has none, or answers of another kind; names it.
  """
  found: dict[answer_records.AnswerSettings, str] = {}
  for folder in sorted(by_folder(files)):
    answers = pretraining_records.read_manifest(folder).get('answers')
    if answers is None:
      raise ValueError(
          f'{folder} has no answers of a teacher, but '
          'task.train_data.use_teacher_answers is true. Make such records with '
          'mobilebert_tf.cache_answers.')
    found[answer_records.AnswerSettings.of(answers, folder)] = folder
  if len(found) > 1:
    (first, there), (other, here), *_ = found.items()
    raise ValueError(f'The answers in {there} are {first}, but those in {here} '
                     f'are {other}. Read one kind at a time.')
  [answers] = found
  return answers


def _check_complete(folder: str, files: list[str]) -> None:
  """Raises FileNotFoundError if files of the manifest are missing."""
  found = {os.path.basename(path) for path in files
           if os.path.dirname(path) == folder.rstrip('/')}
  manifest = pretraining_records.read_manifest(folder)
  missing = sorted(set(manifest.get('files', ())) - found)
  if missing:
    raise FileNotFoundError(
        f'{folder} lacks {", ".join(missing[:5])}, which its '
        f'{pretraining_records.MANIFEST} lists ({len(missing)} files in all). '
        f'{_REMEDY}')


def _check_sizes(files: list[str]) -> None:
  """Raises ValueError for a file of another size than its manifest says."""
  with concurrent.futures.ThreadPoolExecutor(_THREADS) as executor:
    sizes = dict(zip(files, executor.map(files_lib.size, files), strict=True))
  for folder, names in by_folder(files).items():
    listed = pretraining_records.read_manifest(folder).get('files', {})
    for name in names:
      path, entry = os.path.join(folder, name), listed.get(name, {})
      if sizes[path] != entry.get('bytes', sizes[path]):
        _refuse(path, f'has {sizes[path]:,} bytes, where', 'bytes', entry)
      if entry.get('sha256') and sum(sizes.values()) <= _CHECKED_BYTES:
        found = hashlib.sha256(files_lib.read_bytes(path)).hexdigest()
        if found != entry['sha256']:
          _refuse(path, 'has another checksum than', 'sha256', entry)


def _refuse(path: str, what: str, field: str, entry: dict[str, Any]) -> None:
  raise ValueError(f'{path} {what} {pretraining_records.MANIFEST} says {field} '
                   f'{entry[field]}. It is damaged. {_REMEDY}')


def _files_of(folder: str) -> list[str]:
  found = tf.io.gfile.listdir(folder)
  names = [name for suffix in _SUFFIXES for name in sorted(found)
           if name.endswith(suffix)]
  if not names:
    raise FileNotFoundError(
        f'{folder} has no file of records (*{" or *".join(_SUFFIXES)}).')
  return [os.path.join(folder, name) for name in names]


def by_folder(files: list[str]) -> dict[str, list[str]]:
  """Returns the names of files by their folder."""
  folders: dict[str, list[str]] = {}
  for path in files:
    folder, name = os.path.split(path)
    folders.setdefault(folder, []).append(name)
  return folders


def _check_static(folder: str, settings: dict[str, Any],
                  params: Any) -> None:
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
