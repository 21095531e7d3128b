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

"""A corpus as sections: pieces of files that workers read independently."""

from collections.abc import Iterator, Sequence
import dataclasses
import os
import re
import zlib

import tensorflow as tf

from mobilebert_tf.data import corpus

# How far to look for the end of a document, where a section should end.
_LONGEST_SEARCH = 4_000_000
# White space as `str.strip` has it, as far as it is ASCII.
_BLANK_LINE = re.compile(rb'\n[ \t\r\f\v\x1c-\x1f]*\n')


@dataclasses.dataclass(frozen=True)
class Section:
  """A piece of a text file that begins and ends with documents.

  Attributes:
    path: The file.
    start: Its first byte.
    end: The byte after its last one. A compressed file is one section, and
      these are bytes of the compressed file.
    compressed: Whether the file is.
    more: Sections that follow, where files are small. They are worked on
      together, so that the next segment of a pair can come from another one.
  """
  path: str
  start: int
  end: int
  compressed: bool = False
  more: tuple['Section', ...] = ()

  @property
  def num_bytes(self) -> int:
    """Its size in the files."""
    return self.end - self.start + sum(other.num_bytes for other in self.more)

  @property
  def paths(self) -> tuple[str, ...]:
    """The files that it is of."""
    return (self.path, *(other.path for other in self.more))

  @property
  def seed(self) -> int:
    """A number for its random choices, which the folder does not change."""
    name = os.path.basename(self.path)
    return zlib.crc32(f'{name}:{self.start}:{self.end}'.encode())


def plan(files: Sequence[str], section_bytes: int) -> list[Section]:
  """Divides files into sections, reading them near the borders alone.

  Args:
    files: Paths (`corpus.find_files`).
    section_bytes: How large a section should be; it ends with the document
      there. Compressed files cannot be divided.

  Returns:
    The sections, in the order of the text. Empty files have none.

  Raises:
    ValueError: If `section_bytes` is not positive.
  """
  if section_bytes < 1:
    raise ValueError(f'A section has to be larger than {section_bytes} bytes.')
  sections = []
  for path in files:
    size = tf.io.gfile.stat(path).length
    if path.endswith('.gz'):
      sections.append(Section(path, 0, size, compressed=True))
      continue
    borders = [0, *_borders(path, size, section_bytes), size]
    sections += [Section(path, start, end)
                 for start, end in zip(borders, borders[1:], strict=False)
                 if start < end]
  return _join_small(sections, section_bytes)


def read(section: Section) -> Iterator[list[str]]:
  """Yields the documents of a section, as `corpus.read_documents` does.

  Args:
    section: The section.

  Yields:
    The paragraphs of a document.

  Raises:
    ValueError: For what cannot be read, naming the file and the line.
  """
  yield from _read_own(section)
  for other in section.more:
    yield from _read_own(other)


def _read_own(section: Section) -> Iterator[list[str]]:
  if section.compressed:
    yield from corpus.documents_of_lines(
        section.path, corpus.read_lines(section.path))
    return
  try:
    yield from corpus.documents_of_lines(
        section.path,
        corpus.read_lines(section.path, section.start, section.end))
  except corpus.LineError as error:
    raise corpus.LineError(
        error.path, error.line + _lines_before(section), error.what) from error


def _join_small(sections: Sequence[Section],
                section_bytes: int) -> list[Section]:
  """Joins neighbours that are no larger together than a section should be."""
  joined: list[Section] = []
  for section in sections:
    if joined and joined[-1].num_bytes + section.num_bytes <= section_bytes:
      joined[-1] = dataclasses.replace(
          joined[-1], more=(*joined[-1].more, section))
    else:
      joined.append(section)
  return joined


def _borders(path: str, size: int, section_bytes: int) -> Iterator[int]:
  """Yields where documents begin, near the multiples of `section_bytes`."""
  border = 0
  with tf.io.gfile.GFile(path, 'rb') as file:
    while border + section_bytes < size:
      border = _next_document(file, border + section_bytes, size,
                              by_line=corpus.is_json_lines(path))
      if border < size:
        yield border


def _next_document(file: tf.io.gfile.GFile, start: int, size: int,
                   by_line: bool) -> int:
  """Returns where a document begins, or a line if that is far away."""
  file.seek(start)
  found = file.read(_LONGEST_SEARCH)
  if not by_line:
    blank = _BLANK_LINE.search(found)
    if blank:
      return start + blank.end()
    if start + len(found) >= size:
      return size
  # A line is never cut: it may be JSON, or end within a character.
  while found and b'\n' not in found:
    start += len(found)
    found = file.read(_LONGEST_SEARCH)
  return start + found.find(b'\n') + 1


def _lines_before(section: Section) -> int:
  """Counts the lines of a file before a section, which only errors need."""
  lines = 0
  with tf.io.gfile.GFile(section.path, 'rb') as file:
    while file.tell() < section.start:
      lines += file.read(min(1 << 20, section.start - file.tell())).count(b'\n')
  return lines
