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

"""A ZIP archive behind a model: TensorFlow Lite's "associated files".

Interpreters read the flatbuffer at the beginning of such a file and never come
to the archive; `unzip` reads it from the end. Nothing is compressed, because
TensorFlow Lite's own readers know no compression.
"""

from collections.abc import Mapping
import hashlib
import io
import os
import struct
from typing import BinaryIO
import zipfile

_LARGEST_DIRECTORY = 4096
_END = struct.Struct('<4s4H2LH')  # Of an archive without a comment.
_END_SIGNATURE = b'PK\x05\x06'
# Stands before the end where sizes are written with 64 bits.
_LOCATOR_SIZE, _LOCATOR_SIGNATURE = 20, b'PK\x06\x07'
_CHUNK = 1 << 20


def append(model: bytes, texts: Mapping[str, str]) -> bytes:
  """Returns a model with files behind it.

  Args:
    model: The flatbuffer.
    texts: What each file holds, by its name.

  Raises:
    ValueError: If the model has something behind it already.

  Example: `append(converter.convert(), {'vocab.txt': text})`
  """
  buffer = io.BytesIO(model)
  if zipfile.is_zipfile(buffer):
    raise ValueError('The model has an archive behind it already; give the '
                     'model that the converter made.')
  # 'a' counts from the beginning of the file, as readers of such files do.
  with zipfile.ZipFile(buffer, 'a', zipfile.ZIP_STORED) as archive:
    for name, text in texts.items():
      # A date of its own: the same model gives the same file at any time.
      entry = zipfile.ZipInfo(name)
      entry.external_attr = 0o644 << 16
      archive.writestr(entry, text.encode('utf-8'))
  return buffer.getvalue()


def read(file: BinaryIO,
         largest: Mapping[str, int]) -> tuple[dict[str, str], str]:
  """Reads the files behind a model, which may be anybody's.

  Args:
    file: The model with what `append` put behind it.
    largest: The files that may be there, and how many bytes each may have.

  Returns:
    What each file holds, by its name, and the SHA-256 of the model.

  Raises:
    ValueError: If there is no such archive, or anything else in it.

  Example: `texts, sha256 = read(file, {'vocab.txt': 1_000_000})`
  """
  _check_end(file, len(largest))
  try:
    with zipfile.ZipFile(file) as archive:
      entries = _entries(archive, largest)
      texts = {name: archive.read(entry).decode('utf-8')
               for name, entry in entries.items()}
  except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError,
          struct.error) as error:
    raise ValueError(str(error)) from error
  model_size = min((e.header_offset for e in entries.values()), default=0)
  return texts, _sha256(file, model_size)


def _check_end(file: BinaryIO, most: int) -> None:
  """Checks that a small archive ends the file, before that is parsed."""
  size = file.seek(0, os.SEEK_END)
  file.seek(max(0, size - _END.size - _LOCATOR_SIZE))
  found = file.read()
  locator, end = found[:-_END.size], found[-_END.size:]
  # The archive comes last, so a file that was cut off has none.
  if len(end) < _END.size or not end.startswith(_END_SIGNATURE):
    raise ValueError('it does not end with the archive that belongs behind the '
                     'model. Copy it again, or export it again.')
  *_, entries, length, start, comment = _END.unpack(end)
  if (entries > most or length > _LARGEST_DIRECTORY or comment or
      start + length + _END.size != size):
    raise ValueError('there is another archive behind the model.')
  if locator.startswith(_LOCATOR_SIGNATURE):  # Of sizes that are not checked.
    raise ValueError('the archive behind the model is of 64 bits.')


def _entries(archive: zipfile.ZipFile,
             largest: Mapping[str, int]) -> dict[str, zipfile.ZipInfo]:
  """Returns what is in the archive, if it is what may be there."""
  entries = {entry.filename: entry for entry in archive.infolist()}
  if len(entries) < len(archive.infolist()):
    raise ValueError('a file is in it twice.')
  for name, entry in entries.items():
    if name not in largest:
      raise ValueError(f'there is a file {name[:80]!r} in it.')
    # Then what is read is no larger than the file.
    if entry.compress_type != zipfile.ZIP_STORED:
      raise ValueError(f'{name} is compressed.')
    size = max(entry.file_size, entry.compress_size)
    if size > largest[name]:
      raise ValueError(f'{name} has {size} bytes; at most {largest[name]} are '
                       'read.')
  return entries


def _sha256(file: BinaryIO, size: int) -> str:
  """Returns the checksum of the first bytes of a file."""
  digest = hashlib.sha256()
  file.seek(0)
  while size and (chunk := file.read(min(_CHUNK, size))):
    digest.update(chunk)
    size -= len(chunk)
  return digest.hexdigest()
