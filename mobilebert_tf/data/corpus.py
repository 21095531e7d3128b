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

import sentencex
import tensorflow as tf

# A line of 50 MB may still be text.
LONGEST_LINE = 64_000_000
_BLOCK = 2_000_000


def split_paths(paths: str | Sequence[str]) -> list[str]:
  """Returns the paths and globs of a list, or of a text with commas.

  Example: `split_paths('a.txt, b/*.txt')` is `['a.txt', 'b/*.txt']`
  """
  values = [paths] if isinstance(paths, str) else list(paths)
  return [path.strip() for value in values for path in value.split(',')
          if path.strip()]


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


def split_sentences(paragraphs: Sequence[str],
                    language: str = 'en') -> list[list[str]]:
  """Splits paragraphs into sentences with `sentencex`, Wikimedia's splitter.

  Args:
    paragraphs: The texts.
    language: ISO 639 code of their language, for its abbreviations.

  Returns:
    The sentences of each paragraph, without white space around them; an empty
    list for a paragraph without text.
  """
  sentences = []
  for paragraph in paragraphs:
    stripped = (s.strip() for s in sentencex.segment(language, paragraph))
    sentences.append([s for s in stripped if s])
  return sentences


def is_json_lines(path: str) -> bool:
  """Whether a file holds JSON lines, by its name."""
  return path.removesuffix('.gz').endswith('.jsonl')


def documents_of_lines(
    path: str, lines: Iterable[tuple[int, str]]) -> Iterator[list[str]]:
  """Yields the documents that numbered lines of a file make.

  Args:
    path: The file's name, which says what it holds.
    lines: Its lines.

  Yields:
    The paragraphs of a document.

  Raises:
    ValueError: If a line is not JSON where it should be, or has no `text`.
  """
  if is_json_lines(path):
    yield from _read_json_lines(path, lines)
  else:
    yield from _read_plain_text(lines)


class LineError(ValueError):
  """A line of a text file that cannot be read.

  Args:
    path: The file.
    line: The number of the line, from 1.
    what: What is wrong, and what to do.
  """

  def __init__(self, path: str, line: int, what: str):
    super().__init__(path, line, what)  # So that it crosses processes whole.
    self.path, self.line, self.what = path, line, what

  def __str__(self) -> str:
    return f'{self.path}:{self.line}: {self.what}'


def too_long(path: str, line: int) -> LineError:
  """Returns the error for a line that is hardly text."""
  return LineError(path, line, f'the line has more than {LONGEST_LINE:,} '
                   'bytes. Is it text?')


def not_utf8(path: str, line: int, error: UnicodeDecodeError) -> LineError:
  """Returns the error for a line that is not UTF-8."""
  return LineError(path, line, f'not UTF-8 ({error.reason}). Convert the file, '
                   'for example with iconv.')


def _read_files(files: list[str]) -> Iterator[list[str]]:
  for path in files:
    yield from documents_of_lines(path, read_lines(path))


def _read_plain_text(lines: Iterable[tuple[int, str]]) -> Iterator[list[str]]:
  paragraphs: list[str] = []
  for _, line in lines:
    line = line.strip()
    if line:
      paragraphs.append(line)
    elif paragraphs:
      yield paragraphs
      paragraphs = []
  if paragraphs:
    yield paragraphs


def _read_json_lines(
    path: str, lines: Iterable[tuple[int, str]]) -> Iterator[list[str]]:
  for number, line in lines:
    if not line.strip():
      continue
    try:
      record = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as e:
      raise LineError(path, number, f'not JSON ({e}).') from e
    if not isinstance(record, dict) or not isinstance(record.get('text'), str):
      raise LineError(
          path, number, 'expected an object whose `text` is a string, such as '
          f'{{"text": "..."}}; got {line[:60]!r}.')
    # An escaped half of a surrogate pair is valid JSON but not text.
    text = record['text'].encode('utf-8', 'ignore').decode('utf-8')
    paragraphs = [p.strip() for p in text.split('\n') if p.strip()]
    if paragraphs:
      yield paragraphs


def read_lines(path: str, start: int = 0,
               end: int | None = None) -> Iterator[tuple[int, str]]:
  """Yields the number, from 1, and the text of each line of a file.

  Lines end with `\\n` alone, of which they are rid.

  Args:
    path: The file.
    start: Its first byte that is read, where a line begins.
    end: The byte after the last one; None for all. Numbers count from `start`.

  Raises:
    ValueError: If it is not UTF-8 or a damaged gzip file; names the line.
  """
  number, rest = 0, bytearray()
  try:
    for block in _read_blocks(path, start, end):
      # Only the first line of a block can be longer than a block.
      if len(rest) + (block.find(b'\n') + 1 or len(block)) > LONGEST_LINE:
        raise too_long(path, number + 1)
      lines, newline, unfinished = block.rpartition(b'\n')
      if not newline:
        rest += block
        continue
      text = _decode(
          path, number, bytes(rest + lines), is_start=start + number == 0)
      for line in text.split('\n'):
        number += 1
        yield number, line
      rest = bytearray(unfinished)
  except (gzip.BadGzipFile, EOFError, zlib.error) as e:
    raise LineError(path, number + 1, f'not a whole gzip file ({e}).') from e
  if rest:  # The file does not end with a newline.
    yield number + 1, _decode(
        path, number, bytes(rest), is_start=start + number == 0)


def _read_blocks(path: str, start: int, end: int | None) -> Iterator[bytes]:
  # Not line by line, for which TensorFlow would drop every carriage return.
  with tf.io.gfile.GFile(path, 'rb') as raw:
    if path.endswith('.gz'):
      file = gzip.GzipFile(fileobj=raw)
      # `read` would lose what comes before a damaged place.
      while block := file.read1(_BLOCK):
        yield block
      return
    left = raw.size() - start if end is None else end - start
    raw.seek(start)
    while left:
      block = raw.read(min(_BLOCK, left))
      if not block:
        raise OSError(f'{path} became shorter while it was read.')
      left -= len(block)
      yield block


def _decode(path: str, lines_before: int, data: bytes, is_start: bool) -> str:
  try:
    return data.decode('utf-8-sig' if is_start else 'utf-8')
  except UnicodeDecodeError as error:
    # Of the object, because it lacks the byte order mark.
    line = lines_before + error.object.count(b'\n', 0, error.start) + 1
    raise not_utf8(path, line, error) from error
