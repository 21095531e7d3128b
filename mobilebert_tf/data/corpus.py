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

"""Reads and writes text corpora: documents, paragraphs, sentences."""

from collections.abc import Iterable, Iterator, Sequence
import gzip
import io
import json
import os
import zlib

import tensorflow as tf
import tensorflow_text as tf_text


def find_files(paths_or_globs: str | os.PathLike
               | Sequence[str | os.PathLike]) -> list[str]:
  """Expands globs; sorted within each, each file once.

  Raises:
    FileNotFoundError: If one of them matches no file, naming it.
    ValueError: If none was given.
  """
  if isinstance(paths_or_globs, str | os.PathLike):
    paths_or_globs = [paths_or_globs]
  found: dict[str, None] = {}
  for pattern in map(os.fspath, paths_or_globs):
    files = [f for f in sorted(tf.io.gfile.glob(pattern))
             if not tf.io.gfile.isdir(f)]
    if not files:
      raise FileNotFoundError(f'No file matches {pattern!r}.')
    found.update(dict.fromkeys(files))
  if not found:
    raise ValueError('No input file was named.')
  return list(found)


def read_documents(
    paths_or_globs: str | os.PathLike | Sequence[str | os.PathLike]
) -> Iterator[list[str]]:
  """Reads documents from text files, one at a time.

  In plain text a document is a run of non-empty lines, each a paragraph, and
  blank lines part documents; a file's end also ends a document. In JSON lines
  (`.jsonl`, `.jsonl.gz`) each line is an object whose `text` is a document.
  `.gz` files are decompressed.

  Example:

    for paragraphs in read_documents('corpus/*.txt.gz'):
      ...

  Args:
    paths_or_globs: Files or globs, one or several.

  Yields:
    The paragraphs of a document, at least one, none empty.

  Raises:
    FileNotFoundError: If a path or glob matches no file. Raised at the call,
      like an empty list of paths, not at the first document.
    ValueError: While reading: bytes that are not UTF-8, a damaged gzip file, a
      line that is not JSON or has no `text`. Names the file and the line.
  """
  return _read_files(find_files(paths_or_globs))


def write_documents(documents: Iterable[Sequence[str]],
                    path: str | os.PathLike) -> int:
  """Writes documents as plain text that `read_documents` reads, atomically.

  Args:
    documents: Paragraphs of each document. White space in a paragraph,
      line breaks among it, becomes single spaces.
    path: The file to write; compressed if it ends with `.gz`.

  Returns:
    How many documents were written; those without text are left out.
  """
  path = os.path.abspath(os.fspath(path))
  os.makedirs(os.path.dirname(path), exist_ok=True)
  temporary = f'{path}.{os.getpid()}.tmp'
  count = 0
  try:
    with open(temporary, 'wb') as raw:
      # Without a time stamp and name the same documents give the same bytes.
      binary = gzip.GzipFile('', 'wb', fileobj=raw, mtime=0) if path.endswith(
          '.gz') else raw
      with io.TextIOWrapper(binary, 'utf-8', newline='\n') as f:
        for paragraphs in documents:
          lines = [' '.join(p.split()) for p in paragraphs]
          lines = [line for line in lines if line]
          if not lines:
            continue
          f.write(('\n' if count else '') + '\n'.join(lines) + '\n')
          count += 1
    os.replace(temporary, path)
  finally:
    if os.path.exists(temporary):
      os.remove(temporary)
  return count


def split_sentences(paragraphs: Sequence[str]) -> list[list[str]]:
  """Splits paragraphs into sentences with tensorflow-text's state machine.

  Args:
    paragraphs: The texts, split in one batch.

  Returns:
    The sentences of each paragraph, without white space around them; an empty
    list for a paragraph without text.
  """
  if not paragraphs:
    return []
  sentences = tf_text.StateBasedSentenceBreaker().break_sentences(
      tf.constant(list(paragraphs), tf.string))
  decoded = [s.decode('utf-8').strip()
             for s in sentences.flat_values.numpy().tolist()]
  splits = sentences.row_splits.numpy().tolist()
  return [[s for s in decoded[start:end] if s]
          for start, end in zip(splits, splits[1:], strict=False)]


def _read_files(files: list[str]) -> Iterator[list[str]]:
  for path in files:
    if path.removesuffix('.gz').endswith('.jsonl'):
      yield from _read_json_lines(path)
    else:
      yield from _read_plain_text(path)


def _read_plain_text(path: str) -> Iterator[list[str]]:
  paragraphs: list[str] = []
  for _, line in read_lines(path):
    line = line.strip()
    if line:
      paragraphs.append(line)
    elif paragraphs:
      yield paragraphs
      paragraphs = []
  if paragraphs:
    yield paragraphs


def _read_json_lines(path: str) -> Iterator[list[str]]:
  for number, line in read_lines(path):
    if not line.strip():
      continue
    try:
      record = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as e:
      raise ValueError(f'{path}:{number}: not JSON ({e}).') from e
    if not isinstance(record, dict) or not isinstance(record.get('text'), str):
      raise ValueError(f'{path}:{number}: expected an object whose `text` is a '
                       f'string, such as {{"text": "..."}}; got {line[:60]!r}.')
    # An escaped half of a surrogate pair is valid JSON but not text.
    text = record['text'].encode('utf-8', 'ignore').decode('utf-8')
    paragraphs = [p.strip() for p in text.split('\n') if p.strip()]
    if paragraphs:
      yield paragraphs


def read_lines(path: str) -> Iterator[tuple[int, str]]:
  """Yields the number, from 1, and the text of each line of a file.

  Raises:
    ValueError: If it is not UTF-8 or a damaged gzip file; names the line.
  """
  number = 0
  try:
    with tf.io.gfile.GFile(path, 'rb') as raw:
      f = gzip.GzipFile(fileobj=raw) if path.endswith('.gz') else raw
      for number, line in enumerate(f, start=1):
        yield number, line.decode('utf-8-sig' if number == 1 else 'utf-8')
  except UnicodeDecodeError as e:
    raise ValueError(
        f'{path}:{number}: not UTF-8 ({e.reason} at byte {e.start} of the '
        'line). Convert the file, for example with iconv.') from e
  except (gzip.BadGzipFile, EOFError, zlib.error) as e:
    raise ValueError(
        f'{path}:{number + 1}: not a whole gzip file ({e}).') from e
