# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Writes pre-training records with all cores, and goes on where it stopped.

Each section of the corpus becomes a file. Until all of them are there, they
are kept in a folder beside the output, so that a run that was stopped makes
only those that are missing, and nothing that looks finished is not.
"""

from collections.abc import Callable, Iterator, Sequence
import collections
import concurrent.futures
import contextlib
import fcntl
import functools
import hashlib
import importlib.metadata
import json
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import shutil
import sys
import threading
from typing import Any

import tensorflow as tf
import tqdm

import mobilebert_tf
from mobilebert_tf.common import files as files_lib
from mobilebert_tf.data import corpus
from mobilebert_tf.data import pretraining_records
from mobilebert_tf.data import sections as sections_lib
from mobilebert_tf.text import tokenizer as tokenizer_lib

_SECONDS_BETWEEN_LOOKS = 0.2
_LOCK = 'lock'
# What a worker process has: set once when it starts.
_worker: dict[str, Any] = {}


def write_records(
    paths_or_globs: str | Sequence[str],
    vocab_file: str | os.PathLike,
    output_dir: str | os.PathLike,
    settings: pretraining_records.RecordSettings | None = None,
    *,
    section_bytes: int = 64_000_000,
    compress: bool = False,
    num_workers: int | None = None) -> dict[str, Any]:
  """Writes the records of a corpus; the folder appears only when complete.

  Examples are those of `pretraining_records`. Memory does not grow with the
  corpus. A run with the same arguments after one that was stopped makes what is
  missing; after one that was finished it makes nothing.

  Args:
    paths_or_globs: Text files, as for `corpus.read_documents`.
    vocab_file: BERT's `vocab.txt`.
    output_dir: The folder to make.
    settings: How examples are made.
    section_bytes: Text that goes into a file. A compressed text is one section.
    compress: Whether to compress the records (gzip).
    num_workers: Processes; one for each core if None, and none but this one
      if 1.

  Returns:
    The manifest, as written to `manifest.json`.

  Raises:
    FileNotFoundError: If a path or glob matches no file.
    FileExistsError: If `output_dir` holds something else, or another run is
      making it.
    ValueError: If the text or the vocabulary cannot be read, naming file and
      line, or the text gives no example.
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
        'copy it, or write it with a --runner of Apache Beam.')
  output_dir = os.path.abspath(os.fspath(output_dir))
  tokenizer = tokenizer_lib.Tokenizer(vocab_file, settings.lower_case)
  text_files = corpus.find_files(paths_or_globs)
  sections = sections_lib.plan(text_files, section_bytes)
  if not sections:
    raise ValueError(f'No text: all of the {len(text_files)} files are empty.')
  suffix = '.tfrecord.gz' if compress else '.tfrecord'
  parts = {
      _fingerprint(section, settings, tokenizer.vocabulary.sha256) + suffix:
          section for section in sections
  }
  if _is_finished(output_dir, list(parts)):
    return pretraining_records.read_manifest(output_dir)
  with _alone(f'{output_dir}.unfinished') as unfinished:
    if _is_finished(output_dir, list(parts)):  # By another run, meanwhile.
      return pretraining_records.read_manifest(output_dir)
    missing = {name: section for name, section in parts.items()
               if not _has(unfinished, name)}
    _make_parts(
        missing, parts, unfinished, vocab_file, settings,
        min(num_workers or len(os.sched_getaffinity(0)), max(len(missing), 1)))
    manifest = _finish(unfinished, output_dir, parts, settings, tokenizer,
                       suffix, text_files)
    for name in parts:
      os.remove(os.path.join(unfinished, name))
      os.remove(_account(unfinished, name))
    return manifest


@contextlib.contextmanager
def _alone(folder: str) -> Iterator[str]:
  """Makes a folder for what is unfinished, and keeps other runs out of it."""
  os.makedirs(folder, exist_ok=True)
  path = os.path.join(folder, _LOCK)
  with open(path, 'w', encoding='utf-8') as lock:
    try:
      fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
      raise FileExistsError(
          f'Another run is writing to {folder}. Wait for it, or stop it.'
      ) from error
    for name in os.listdir(folder):  # Of a run that was killed.
      if name.endswith('.tmp'):
        os.remove(os.path.join(folder, name))
    try:
      yield folder
    finally:
      os.remove(path)
  with contextlib.suppress(OSError):  # Unless other parts are in there.
    os.rmdir(folder)


def _fingerprint(section: sections_lib.Section,
                 settings: pretraining_records.RecordSettings,
                 vocabulary: str) -> str:
  """Returns a name that changes with all that a part depends on."""
  changed = [_when_changed(path) for path in section.paths]
  text = repr((section, changed, settings, vocabulary, _versions()))
  return hashlib.sha256(text.encode()).hexdigest()[:16]


def _when_changed(path: str) -> tuple[int, int]:
  """Returns the size of a file, and when it was written."""
  if '://' in path:
    stat = tf.io.gfile.stat(path)
    return stat.length, stat.mtime_nsec
  stat = os.stat(path)  # TensorFlow's clock has whole seconds.
  return stat.st_size, stat.st_mtime_ns


@functools.cache
def _versions() -> tuple[str, ...]:
  """Returns the versions of all that decides what a record is."""
  return (mobilebert_tf.__version__, *map(
      importlib.metadata.version, ('numpy', 'sentencex', 'tensorflow-text')))


def _is_finished(output_dir: str, parts: list[str]) -> bool:
  """Whether the output is there, whole, and of the same parts."""
  if not os.path.exists(output_dir) or (
      os.path.isdir(output_dir) and not os.listdir(output_dir)):
    return False
  with contextlib.suppress(FileNotFoundError, ValueError):
    manifest = pretraining_records.read_manifest(output_dir)
    if manifest.get('parts') == parts:
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


def _has(folder: str, name: str) -> bool:
  """Whether a part was finished: its account is written after it."""
  try:
    with open(_account(folder, name), encoding='utf-8') as file:
      size = json.load(file)['bytes']
    return os.path.getsize(os.path.join(folder, name)) == size
  except (OSError, ValueError, KeyError, TypeError):  # Absent, or damaged.
    return False


def _account(folder: str, name: str) -> str:
  return os.path.join(folder, f'{name}.json')


def _make_parts(missing: dict[str, sections_lib.Section],
                parts: dict[str, sections_lib.Section], folder: str,
                vocab_file: str | os.PathLike,
                settings: pretraining_records.RecordSettings,
                num_workers: int) -> None:
  """Makes the parts that are missing, with a progress bar."""
  total = sum(section.num_bytes for section in parts.values())
  todo = sum(section.num_bytes for section in missing.values())
  with tqdm.tqdm(total=total, initial=total - todo, desc='Records', unit='B',
                 unit_scale=True, mininterval=1, file=sys.stderr,
                 dynamic_ncols=True) as bar:
    if num_workers == 1:
      _start_worker(os.fspath(vocab_file), settings, folder, bar.update)
      for name, section in missing.items():
        _make_part(name, section)
      return
    # TensorFlow's threads do not survive a fork.
    context = multiprocessing.get_context('spawn')
    done, stopped = context.Value('q', 0), context.Event()
    with concurrent.futures.ProcessPoolExecutor(
        num_workers, context, _start_process,
        (os.fspath(vocab_file), settings, folder, done, stopped)) as executor:
      futures = [executor.submit(_make_part, name, section)
                 for name, section in missing.items()]
      try:
        _wait(futures, lambda: bar.update(total - todo + done.value - bar.n))
      except BaseException:
        stopped.set()
        executor.shutdown(cancel_futures=True)
        raise


def _wait(futures: list[concurrent.futures.Future],
          look: Callable[[], Any]) -> None:
  """Waits for all, or for the first that fails."""
  waiting = set(futures)
  while waiting:
    finished, waiting = concurrent.futures.wait(
        waiting, _SECONDS_BETWEEN_LOOKS)
    look()
    for future in finished:
      try:
        future.result()
      except concurrent.futures.process.BrokenProcessPool as error:
        raise RuntimeError(
            'A worker process was killed, perhaps for want of memory, or could '
            'not start, which it says above. Run the same again, perhaps with '
            'fewer workers: what is done is kept.'
        ) from error


def _start_process(vocab_file: str,
                   settings: pretraining_records.RecordSettings, folder: str,
                   done: Any, stopped: Any) -> None:
  """Readies a worker process, one of one core."""
  threading.Thread(target=_end_with_parent, daemon=True).start()
  tf.config.threading.set_intra_op_parallelism_threads(1)
  tf.config.threading.set_inter_op_parallelism_threads(1)

  def advance(num_bytes: int) -> None:
    if stopped.is_set():  # Or a long section would keep the user waiting.
      raise RuntimeError('Another section failed, or the user stopped the run.')
    with done.get_lock():
      done.value += num_bytes

  _start_worker(vocab_file, settings, folder, advance)


def _end_with_parent() -> None:
  """Ends this process when the one that started it was killed."""
  multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
  os._exit(1)


def _start_worker(vocab_file: str,
                  settings: pretraining_records.RecordSettings, folder: str,
                  advance: Callable[[int], Any]) -> None:
  _worker.update(
      tokenizer=tokenizer_lib.Tokenizer(vocab_file, settings.lower_case),
      settings=settings, folder=folder, advance=advance)


def _make_part(name: str, section: sections_lib.Section) -> None:
  """Writes a part and its account, each at once."""
  path = os.path.join(_worker['folder'], name)
  temporary = f'{path}.{os.getpid()}.tmp'
  counts, told = collections.Counter(), 0

  def advance(num_bytes: int) -> None:
    # The bar counts bytes of files, of which text may be more, or less.
    nonlocal told
    num_bytes = min(num_bytes, section.num_bytes - told)
    told += num_bytes
    _worker['advance'](num_bytes)

  compression = 'GZIP' if name.endswith('.gz') else ''
  try:
    with tf.io.TFRecordWriter(temporary, compression) as writer:
      for records in pretraining_records.make_records(
          section, _worker['tokenizer'], _worker['settings'], counts, advance):
        for record in records:
          writer.write(record)
    with open(temporary, 'rb') as file:
      os.fsync(file)  # Its name must not be there before it is.
      sha256 = hashlib.file_digest(file, 'sha256').hexdigest()
    _check_unchanged(name, section)
    account = {'counts': counts, 'bytes': os.path.getsize(temporary),
               'sha256': sha256}
    os.replace(temporary, path)
    files_lib.write_text(
        _account(_worker['folder'], name), json.dumps(account))
  except tf.errors.OpError as error:  # It does not cross processes.
    raise OSError(f'From {section.path} to {path}: {error.message}') from None
  finally:
    if os.path.exists(temporary):
      os.remove(temporary)
  advance(section.num_bytes)


def _check_unchanged(name: str, section: sections_lib.Section) -> None:
  fingerprint = _fingerprint(
      section, _worker['settings'], _worker['tokenizer'].vocabulary.sha256)
  if not name.startswith(fingerprint):
    raise ValueError(
        f'{", ".join(section.paths)} changed while it was read. Run the same '
        'again when it stays as it is.')


def _finish(unfinished: str, output_dir: str,
            parts: dict[str, sections_lib.Section],
            settings: pretraining_records.RecordSettings,
            tokenizer: tokenizer_lib.Tokenizer, suffix: str,
            text_files: list[str]) -> dict[str, Any]:
  """Gives the parts their names, writes the manifest, and shows the folder."""
  counts, records = collections.Counter(), {}
  accounts = {}
  for name in parts:
    with open(_account(unfinished, name), encoding='utf-8') as file:
      accounts[name] = json.load(file)
    counts.update(accounts[name]['counts'])
  if not counts['examples']:
    raise ValueError(
        'The text gives no example: there is no word in it.')
  # A section without a pair of segments, such as one of a single word.
  filled = [name for name in parts if accounts[name]['counts'].get('examples')]
  with files_lib.replace_folder(
      output_dir, pretraining_records.MANIFEST, overwrite=False) as folder:
    for index, name in enumerate(filled):
      final = f'part-{index:05d}-of-{len(filled):05d}{suffix}'
      _link(os.path.join(unfinished, name), folder / final)
      account = accounts[name]
      records[final] = {'examples': account['counts']['examples'],
                        'bytes': account['bytes'],
                        'sha256': account['sha256']}
    counts['empty_files'] = len(
        set(text_files) - {path for section in parts.values()
                           for path in section.paths})
    manifest = pretraining_records.make_manifest(
        settings, tokenizer, dict(counts), records, parts=list(parts))
    files_lib.write_text(folder / pretraining_records.MANIFEST,
                         json.dumps(manifest, indent=2) + '\n')
  return manifest


def _link(source: str, target: pathlib.Path) -> None:
  """Gives a file a second name, or copies it where file systems cannot."""
  try:
    os.link(source, target)
  except OSError:
    shutil.copyfile(source, target)
