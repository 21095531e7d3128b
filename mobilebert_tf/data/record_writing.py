# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Writes pre-training records with all cores, and resumes a stopped run.

Each shard of the corpus becomes a file. Until all are complete, they lie in a
folder beside the output.
"""

from collections.abc import Callable, Iterator, Mapping
import collections
import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import re
import shutil
import sys
import threading
from typing import Any

import tensorflow as tf
import tqdm

import mobilebert_tf
from mobilebert_tf.common import files as files_lib
from mobilebert_tf.common import outputs
from mobilebert_tf.data import corpus
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.text import tokenizer as tokenizer_lib

_SECONDS_BETWEEN_UPDATES = 0.2
# Shards and their statistics, whole or not, and locks.
_UNFINISHED = re.compile(r'\.?(?:[0-9a-f]{16}\.tfrecord\S*|lock)')
# State of a worker process, set when it starts.
_worker: dict[str, Any] = {}


def write_records(paths_or_globs: files_lib.Paths,
                  vocab_file: str | os.PathLike, output_dir: str | os.PathLike,
                  settings: pretraining_records.RecordSettings | None = None, *,
                  shard_bytes: int = 64_000_000, compress: bool = False,
                  num_workers: int | None = None) -> dict[str, Any]:
  """Writes the records of a corpus; the folder appears when it is complete.

  Memory does not grow with the corpus. A run with the arguments of a stopped
  one resumes it; with the arguments of a finished one it writes nothing.

  Args:
    paths_or_globs: Text files, as for `corpus.read_documents`.
    vocab_file: BERT's `vocab.txt`.
    output_dir: The folder to make.
    settings: Settings of the examples.
    shard_bytes: Bytes of text in a shard. A compressed file is one shard.
    compress: Whether to compress the records (gzip).
    num_workers: Number of processes; None for one for each core.

  Returns:
    The manifest, as written to `manifest.json`.

  Raises:
    FileNotFoundError: If a path or glob matches no file.
    FileExistsError: If `output_dir` has other content or another writer.
    ValueError: If the text or the vocabulary cannot be read (names file and
      line), or the text gives no example.
    OSError: If a file cannot be written.
    RuntimeError: If a worker process was killed.

  Example:

    if __name__ == '__main__':  # Worker processes import the program again.
      write_records('books/*.txt', 'vocab.txt', '/tmp/records')
  """
  settings = settings or pretraining_records.RecordSettings()
  if '://' in os.fspath(output_dir):
    raise ValueError(
        f'{output_dir} is not on this machine. Write to a local folder and '
        'copy that.')
  output_dir = os.path.abspath(os.fspath(output_dir))
  tokenizer = tokenizer_lib.Tokenizer(
      vocab_file, settings.lower_case, settings.max_word_length)
  text_files = files_lib.find_files(paths_or_globs)
  made = corpus.make_shards(text_files, shard_bytes)
  if not made:
    raise ValueError(f'No text: all of the {len(text_files)} files are empty.')
  suffix = '.tfrecord.gz' if compress else '.tfrecord'
  shards = {
      _fingerprint(shard, settings, tokenizer.vocabulary.sha256) + suffix: shard
      for shard in made
  }
  if _is_finished(output_dir, list(shards)):
    return pretraining_records.read_manifest(output_dir)
  with _locked(f'{output_dir}.unfinished') as unfinished:
    if _is_finished(output_dir, list(shards)):  # Meanwhile, by another run.
      return pretraining_records.read_manifest(output_dir)
    missing = {name: shard for name, shard in shards.items()
               if not _is_complete(unfinished, name)}
    _write_shards(
        missing, shards, unfinished, vocab_file, settings,
        min(num_workers or len(os.sched_getaffinity(0)), max(len(missing), 1)))
    manifest = _publish(unfinished, output_dir, shards, settings, tokenizer,
                        suffix, text_files)
    for name in shards:
      os.remove(os.path.join(unfinished, name))
      os.remove(_statistics_path(unfinished, name))
    return manifest


@contextlib.contextmanager
def _locked(folder: str) -> Iterator[str]:
  """Makes the folder of an unfinished run, and locks it."""
  _check_unfinished(folder)
  with outputs.locked(folder):
    for path in pathlib.Path(folder).glob('*.tmp'):  # Of a killed run.
      shutil.rmtree(path) if path.is_dir() else path.unlink()
    yield folder
  with contextlib.suppress(OSError):  # It may have other shards.
    os.rmdir(folder)


def _check_unfinished(folder: str) -> None:
  """Raises FileExistsError if a folder holds other files than shards."""
  names = os.listdir(folder) if os.path.isdir(folder) else []
  foreign = [name for name in names if not _UNFINISHED.fullmatch(name)]
  if foreign:
    raise FileExistsError(
        f'{folder}, where unfinished records are kept, holds {foreign[0]}. '
        'Name another output folder, or move that file.')


# === Finished shards ===


def _fingerprint(shard: corpus.Shard,
                 settings: pretraining_records.RecordSettings,
                 vocabulary: str) -> str:
  """Returns a name that depends on all that the records depend on."""
  changed = [_version_of_file(path) for path in shard.paths]
  text = repr((shard, changed, settings, vocabulary, _versions()))
  return hashlib.sha256(text.encode()).hexdigest()[:16]


def _version_of_file(path: str) -> tuple[int, int]:
  """Returns the size and the modification time of a file."""
  if '://' in path:
    stat = tf.io.gfile.stat(path)
    return stat.length, stat.mtime_nsec
  stat = os.stat(path)  # TensorFlow's clock has whole seconds.
  return stat.st_size, stat.st_mtime_ns


@functools.cache
def _versions() -> tuple[str, ...]:
  """Returns the versions of the packages that records depend on."""
  return (mobilebert_tf.__version__, *map(
      importlib.metadata.version, ('numpy', 'sentencex', 'tensorflow-text')))


def _is_finished(output_dir: str, shards: list[str]) -> bool:
  """Whether the output is complete and of the same shards."""
  if not os.path.exists(output_dir) or (
      os.path.isdir(output_dir) and not os.listdir(output_dir)):
    return False
  with contextlib.suppress(FileNotFoundError, ValueError):
    manifest = pretraining_records.read_manifest(output_dir)
    if manifest.get('parts') == shards:
      for name, file in manifest['files'].items():
        path = os.path.join(output_dir, name)
        if not os.path.exists(path) or os.path.getsize(path) != file['bytes']:
          raise FileExistsError(
              f'{path} is not as {output_dir}/{pretraining_records.MANIFEST} '
              'says. Remove the folder, and make the records again.')
      return True
  raise FileExistsError(
      f'{output_dir} exists, and holds something else than these records. '
      'Remove it, or name another folder.')


def _is_complete(folder: str, name: str) -> bool:
  """Whether a shard and its statistics, which follow it, were written."""
  try:
    size = files_lib.read_json(_statistics_path(folder, name))['bytes']
    return os.path.getsize(os.path.join(folder, name)) == size
  except (OSError, ValueError, KeyError, TypeError):  # Absent, or damaged.
    return False


def _statistics_path(folder: str, name: str) -> str:
  return os.path.join(folder, f'{name}.json')


# === Worker processes ===


def _write_shards(missing: Mapping[str, corpus.Shard],
                  shards: Mapping[str, corpus.Shard], folder: str,
                  vocab_file: str | os.PathLike,
                  settings: pretraining_records.RecordSettings,
                  num_workers: int) -> None:
  """Writes the missing shards, with a progress bar."""
  total = sum(shard.num_bytes for shard in shards.values())
  todo = sum(shard.num_bytes for shard in missing.values())
  with tqdm.tqdm(total=total, initial=total - todo, desc='Records', unit='B',
                 unit_scale=True, mininterval=1, file=sys.stderr,
                 dynamic_ncols=True) as bar:
    if num_workers == 1:
      _start_worker(os.fspath(vocab_file), settings, folder, bar.update)
      for name, shard in missing.items():
        _write_shard(name, shard)
      return
    # TensorFlow's threads do not survive a fork.
    context = multiprocessing.get_context('spawn')
    done, stopped = context.Value('q', 0), context.Event()
    with concurrent.futures.ProcessPoolExecutor(
        num_workers, context, _start_process,
        (os.fspath(vocab_file), settings, folder, done, stopped)) as executor:
      futures = [executor.submit(_write_shard, name, shard)
                 for name, shard in missing.items()]
      try:
        _wait(futures, lambda: bar.update(total - todo + done.value - bar.n))
      except BaseException:
        stopped.set()
        executor.shutdown(cancel_futures=True)
        raise


def _wait(futures: list[concurrent.futures.Future],
          update: Callable[[], Any]) -> None:
  """Waits for all futures, or for the first that fails."""
  waiting = set(futures)
  while waiting:
    finished, waiting = concurrent.futures.wait(
        waiting, _SECONDS_BETWEEN_UPDATES)
    update()
    for future in finished:
      try:
        future.result()
      except concurrent.futures.process.BrokenProcessPool as error:
        raise RuntimeError(
            'A worker process was killed, perhaps for want of memory, or could '
            'not start, which it says above. Run the same again, perhaps with '
            'fewer workers: finished shards are kept.') from error


def _start_process(vocab_file: str,
                   settings: pretraining_records.RecordSettings, folder: str,
                   done: Any, stopped: Any) -> None:
  """Initializes a worker process, which uses one core."""
  threading.Thread(target=_end_with_parent, daemon=True).start()
  tf.config.threading.set_intra_op_parallelism_threads(1)
  tf.config.threading.set_inter_op_parallelism_threads(1)

  def advance(num_bytes: int) -> None:
    if stopped.is_set():  # A long shard would delay the exit.
      raise RuntimeError('Another shard failed, or the user stopped the run.')
    with done.get_lock():
      done.value += num_bytes

  _start_worker(vocab_file, settings, folder, advance)


def _end_with_parent() -> None:
  """Ends this process when its parent was killed."""
  multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
  os._exit(1)


def _start_worker(vocab_file: str, settings: pretraining_records.RecordSettings,
                  folder: str, advance: Callable[[int], Any]) -> None:
  _worker.update(
      tokenizer=tokenizer_lib.Tokenizer(
      vocab_file, settings.lower_case, settings.max_word_length),
      settings=settings, folder=folder, advance=advance)


# === In a worker ===


def _write_shard(name: str, shard: corpus.Shard) -> None:
  """Writes the records of a shard and its statistics, each atomically."""
  path = os.path.join(_worker['folder'], name)
  counts, told = collections.Counter(), 0

  def advance(num_bytes: int) -> None:
    # The bar counts bytes of files; text may have more or fewer.
    nonlocal told
    num_bytes = min(num_bytes, shard.num_bytes - told)
    told += num_bytes
    _worker['advance'](num_bytes)

  compression = 'GZIP' if name.endswith('.gz') else ''
  try:
    with files_lib.replacing(path) as new:
      with tf.io.TFRecordWriter(new, compression) as writer:
        for records in pretraining_records.make_records(
            shard, _worker['tokenizer'], _worker['settings'], counts, advance):
          for record in records:
            writer.write(record)
      _check_unchanged(name, shard)
  except tf.errors.OpError as error:  # Not picklable for the parent.
    raise OSError(f'From {shard.path} to {path}: {error.message}') from None
  with open(path, 'rb') as file:
    sha256 = hashlib.file_digest(file, 'sha256').hexdigest()
  files_lib.write_json(_statistics_path(_worker['folder'], name), {
      'counts': counts, 'bytes': os.path.getsize(path), 'sha256': sha256})
  advance(shard.num_bytes)


def _check_unchanged(name: str, shard: corpus.Shard) -> None:
  fingerprint = _fingerprint(
      shard, _worker['settings'], _worker['tokenizer'].vocabulary.sha256)
  if not name.startswith(fingerprint):
    raise ValueError(
        f'{", ".join(shard.paths)} changed while it was read. Run the same '
        'again when it stays as it is.')


# === The finished folder ===


def _publish(unfinished: str, output_dir: str,
             shards: Mapping[str, corpus.Shard],
             settings: pretraining_records.RecordSettings,
             tokenizer: tokenizer_lib.Tokenizer, suffix: str,
             text_files: list[str]) -> dict[str, Any]:
  """Names the files, writes the manifest and publishes the folder."""
  statistics = {name: files_lib.read_json(_statistics_path(unfinished, name))
                for name in shards}
  counts, records = collections.Counter(), {}
  for shard in statistics.values():
    counts.update(shard['counts'])
  if not counts['examples']:
    raise ValueError('The text gives no example: there is no word in it.')
  # A shard without a pair, such as of a single word, has no file.
  filled = [name for name in shards
            if statistics[name]['counts'].get('examples')]
  counts['empty_files'] = len(
      set(text_files) - {path for s in shards.values() for path in s.paths})
  with files_lib.replace_folder(
      output_dir, pretraining_records.MANIFEST, overwrite=False) as folder:
    for index, name in enumerate(filled):
      final = f'part-{index:05d}-of-{len(filled):05d}{suffix}'
      files_lib.link(os.path.join(unfinished, name), folder / final)
      shard = statistics[name]
      records[final] = {'examples': shard['counts']['examples'],
                        'bytes': shard['bytes'], 'sha256': shard['sha256']}
    manifest = {
        'format': pretraining_records.FORMAT, 'version': 2,
        'settings': dataclasses.asdict(settings), 'counts': dict(counts),
        'vocabulary_size': tokenizer.vocab_size,
        'vocabulary_sha256': tokenizer.vocabulary.sha256,
        'files': records, 'parts': list(shards),
    }
    files_lib.write_json(folder / pretraining_records.MANIFEST, manifest)
  return manifest
