# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Text corpora: documents, the shards they are read in, and sentences."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import gzip
import io
import itertools
import os
import re
from typing import BinaryIO
import zlib

import sentencex

from mobilebert_tf.common import files as files_lib
from mobilebert_tf.common import parsing

# How far to search for the end of a document at the border of a shard.
_LONGEST_SEARCH = 4_000_000
# A carriage return at the end of what was read may have its newline behind it.
_LINE_END = rb'(?:\r?\n|\r(?=[^\n]))'
# White space as `str.strip` has it, as far as it is ASCII.
_BLANK_LINE = re.compile(_LINE_END + rb'[ \t\f\v\x1c-\x1f]*' + _LINE_END)


# === Documents ===


def read_documents(paths_or_globs: files_lib.Paths) -> Iterator[list[str]]:
  """Reads documents, lists of non-empty paragraphs, one at a time.

  In plain text a document is a run of non-empty lines, each a paragraph; blank
  lines and a file's end separate documents. In JSON lines (`.jsonl`,
  `.jsonl.gz`) each line is an object whose `text` is a document. `.gz` files
  are decompressed.

  Example: `for paragraphs in read_documents('corpus/*.txt.gz'): ...`

  Raises:
    FileNotFoundError: If a path or glob matches no file.
    ValueError: While reading: bytes that are not UTF-8, a damaged gzip file, a
      line that is not JSON or has no `text`. Names the file and the line.
  """
  # Files are found now, not when the first document is read.
  paths = files_lib.find_files(paths_or_globs)
  return itertools.chain.from_iterable(
      _documents(path, files_lib.read_lines(path)) for path in paths)


def write_documents(documents: Iterable[Sequence[str]],
                    path: str | os.PathLike) -> int:
  """Writes documents as plain text that `read_documents` reads, atomically.

  Args:
    documents: Paragraphs; white space in them becomes single spaces.
    path: The file to write; compressed if it ends with `.gz`.

  Returns:
    Number of documents written; those without text are left out.
  """
  path, count = os.fspath(path), 0
  with files_lib.replacing(path) as new, open(new, 'wb') as raw:
    # Without time and name equal documents give equal bytes.
    binary = (gzip.GzipFile('', 'wb', fileobj=raw, mtime=0)
              if files_lib.is_gzip(path) else raw)
    with io.TextIOWrapper(binary, 'utf-8', newline='\n') as file:
      for paragraphs in documents:
        lines = [' '.join(p.split()) for p in paragraphs]
        lines = [line for line in lines if line]
        if lines:
          file.write(('\n' if count else '') + '\n'.join(lines) + '\n')
          count += 1
  return count


def split_sentences(paragraphs: Sequence[str],
                    language: str = 'en') -> list[list[str]]:
  """Splits paragraphs into stripped sentences with Wikimedia's `sentencex`.

  Args:
    paragraphs: The texts.
    language: ISO 639 code of their language, for its abbreviations.
  """
  sentences = []
  for paragraph in paragraphs:
    stripped = (s.strip() for s in sentencex.segment(language, paragraph))
    sentences.append([s for s in stripped if s])
  return sentences


def _documents(
    path: str, lines: Iterable[tuple[int, str]]) -> Iterator[list[str]]:
  """Yields the documents of a file's numbered lines."""
  if _is_json_lines(path):
    yield from _read_json_lines(path, lines)
  else:
    yield from _read_plain_text(lines)


def _is_json_lines(path: str) -> bool:
  return path.lower().removesuffix('.gz').endswith('.jsonl')


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
      record = parsing.parse_json(line)
    except parsing.ParseError as e:
      raise files_lib.LineError(path, number, str(e)) from e
    if not isinstance(record, dict) or not isinstance(record.get('text'), str):
      raise files_lib.LineError(
          path, number, 'expected an object whose `text` is a string, such as '
          f'{{"text": "..."}}; got {line[:60]!r}.')
    # An escaped half of a surrogate pair is valid JSON, but not text.
    text = record['text'].encode('utf-8', 'ignore').decode('utf-8')
    paragraphs = [p.strip() for p in text.split('\n') if p.strip()]
    if paragraphs:
      yield paragraphs


# === Shards ===


@dataclasses.dataclass(frozen=True)
class Shard:
  """A piece of a corpus of whole documents, for one worker.

  Attributes:
    path: The file.
    start: First byte of the piece; a compressed file is one piece.
    end: Byte after its last one.
    compressed: Whether the file is compressed.
    more: Pieces of further files, where files are small, so that the next
      segment of a pair can come from another file.
  """
  path: str
  start: int
  end: int
  compressed: bool = False
  more: tuple['Shard', ...] = ()

  @property
  def num_bytes(self) -> int:
    """Size in the files."""
    return self.end - self.start + sum(other.num_bytes for other in self.more)

  @property
  def paths(self) -> tuple[str, ...]:
    """Files of all pieces."""
    return (self.path, *(other.path for other in self.more))

  @property
  def seed(self) -> int:
    """Seed of its random choices, independent of the folder."""
    name = os.path.basename(self.path)
    return zlib.crc32(f'{name}:{self.start}:{self.end}'.encode())


def make_shards(files: Sequence[str], shard_bytes: int) -> list[Shard]:
  """Divides files into shards of whole documents, in the order of the text.

  Args:
    files: The files; empty ones have no shard.
    shard_bytes: Size of a shard. Compressed files are not divided.

  Raises:
    ValueError: If `shard_bytes` is not positive.
  """
  if shard_bytes < 1:
    raise ValueError(f'A shard has to be larger than {shard_bytes} bytes.')
  shards = []
  for path in files:
    size = files_lib.size(path)
    if files_lib.is_gzip(path):
      shards.append(Shard(path, 0, size, compressed=True))
      continue
    borders = [0, *_borders(path, size, shard_bytes), size]
    shards += [Shard(path, start, end)
               for start, end in zip(borders, borders[1:], strict=False)
               if start < end]
  return _join_small(shards, shard_bytes)


def read_shard(shard: Shard) -> Iterator[list[str]]:
  """Yields the documents of a shard, with errors of `read_documents`."""
  for piece in (shard, *shard.more):
    if piece.compressed:
      yield from _documents(piece.path, files_lib.read_lines(piece.path))
      continue
    try:
      yield from _documents(piece.path, files_lib.read_lines(
          piece.path, piece.start, piece.end))
    except files_lib.LineError as error:
      line = error.line + files_lib.count_lines(piece.path, piece.start)
      raise files_lib.LineError(error.path, line, error.what) from error


def _join_small(shards: Sequence[Shard], shard_bytes: int) -> list[Shard]:
  """Joins neighbours up to the size of a shard."""
  joined: list[Shard] = []
  for shard in shards:
    if joined and joined[-1].num_bytes + shard.num_bytes <= shard_bytes:
      joined[-1] = dataclasses.replace(
          joined[-1], more=(*joined[-1].more, shard))
    else:
      joined.append(shard)
  return joined


def _borders(path: str, size: int, shard_bytes: int) -> Iterator[int]:
  """Yields where documents begin near the multiples of `shard_bytes`."""
  border = 0
  with files_lib.open_binary(path) as file:
    while border + shard_bytes < size:
      border = _next_document(file, border + shard_bytes, size,
                              by_line=_is_json_lines(path))
      if border < size:
        yield border


def _next_document(file: BinaryIO, start: int, size: int, by_line: bool) -> int:
  """Returns the start of the next document, or of a line if it is far away."""
  file.seek(start)
  found = file.read(_LONGEST_SEARCH)
  if not by_line:
    blank = _BLANK_LINE.search(found)
    if blank:
      return start + blank.end()
    if start + len(found) >= size:
      return size
  # A line is not cut: it may be JSON, and a cut may split a character.
  while found:
    if end := re.search(_LINE_END, found):
      return start + end.end()
    start += len(found)
    found = file.read(_LONGEST_SEARCH)
  return start
