# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Reads, finds and atomically replaces files.

Local paths need the standard library alone; `tf.io.gfile` is imported for paths
with a scheme, such as `gs://bucket/a.txt`.
"""

from collections.abc import Callable, Iterable, Iterator
import contextlib
import errno
import glob
import gzip
import hashlib
import json
import os
import pathlib
import shutil
from typing import Any, BinaryIO
import zlib

from mobilebert_tf.common import parsing
from mobilebert_tf.common import staging

# A line of 50 MB may still be text.
LONGEST_LINE = 64_000_000
_BLOCK = 2_000_000
_LARGEST_RATIO = 100  # Of JSON, compressed as well as possible: about 20.
_MARK = '\ufeff'  # Byte order mark.
_POINTER = b'version https://git-lfs.github.com/spec/'
_MOST_COMMAS = 8  # In the name of a file.


class LineError(ValueError):
  """A line of a text file that cannot be read.

  Args:
    path: The file.
    line: Number of the line, from 1.
    what: The problem and its remedy.
  """

  def __init__(self, path: str, line: int, what: str):
    super().__init__(path, line, what)  # Picklable, for worker processes.
    self.path, self.line, self.what = path, line, what

  def __str__(self) -> str:
    return f'{self.path}:{self.line}: {self.what}'


# === Writing ===


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[str]:
  """Replaces a file atomically by one that the caller writes.

  The old file stays until the new one is complete and on the disk.

  Args:
    path: The file, local or remote. Its folder is made if needed.

  Yields:
    The path to write to, of the same name.
  """
  path = os.fspath(path)
  parent, name = os.path.split(path)
  if _is_remote(path):
    import tensorflow as tf
    temporary = os.path.join(parent, f'.{name}.{os.getpid()}.tmp')
    tf.io.gfile.makedirs(parent)
    yield temporary
    tf.io.gfile.rename(temporary, path, overwrite=True)
    return
  with staging.beside(path) as folder:
    new = folder / name
    yield str(new)
    _flush(new)
    os.replace(new, path)


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
  """Writes a file, local or remote, atomically."""
  with replacing(path) as new:
    if _is_remote(new):
      import tensorflow as tf
      with tf.io.gfile.GFile(new, 'wb') as file:
        file.write(data)
    else:
      pathlib.Path(new).write_bytes(data)


def write_text(path: str | os.PathLike, text: str) -> None:
  """Writes a text file, local or remote, atomically as UTF-8."""
  write_bytes(path, text.encode('utf-8'))


def write_json(path: str | os.PathLike, value: Any, **options: Any) -> None:
  """Writes a JSON file, local or remote, atomically.

  Args:
    path: The file.
    value: The content.
    **options: Arguments of `json.dumps`; `indent` is 2 by default.
  """
  write_text(path, json.dumps(value, **{'indent': 2, **options}) + '\n')


@contextlib.contextmanager
def replace_folder(folder: str | os.PathLike, marker: str,
                   overwrite: bool = True) -> Iterator[pathlib.Path]:
  """Replaces a local folder atomically by one that the caller fills.

  The old folder stays until the new one is complete and on the disk.

  Args:
    folder: The folder to replace as a whole.
    marker: Name of a file that folders of this kind have.
    overwrite: Whether a folder with content may be replaced.

  Yields:
    The empty folder to fill, beside `folder`.

  Raises:
    FileExistsError: If `folder` has other content, may not be replaced, or was
      made by another program meanwhile.
  """
  folder = pathlib.Path(folder)
  if folder.exists() and not (folder / marker).exists() and (
      not folder.is_dir() or any(folder.iterdir())):
    raise FileExistsError(
        f'{folder} exists and has no {marker}, so it was not made by this '
        'program and will not be replaced. Name another folder.')
  with staging.beside(folder) as parent:
    new, old = parent / 'new', parent / 'old'
    new.mkdir()
    yield new
    for path in new.rglob('*'):
      _flush(path)
    if overwrite and folder.exists():
      os.rename(folder, old)
    try:
      os.rename(new, folder)
    except OSError as error:
      if old.exists():  # It would be removed with the staging folder.
        os.rename(old, folder)
      if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
        raise FileExistsError(
            f'{folder} exists already. Name another folder.') from error
      raise
    shutil.rmtree(old, ignore_errors=True)


def _flush(path: str | os.PathLike) -> None:
  """Waits until the content is on the disk, also after a power cut."""
  if os.path.islink(path):
    return  # It has none of its own.
  descriptor = os.open(path, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)


def link(source: str | os.PathLike, target: str | os.PathLike) -> None:
  """Links a file, or copies it where the file system has no links."""
  try:
    os.link(source, target)
  except OSError:
    shutil.copyfile(source, target)


# === Reading ===


def read_bytes(path: str | os.PathLike) -> bytes:
  """Reads a file, local or remote; raises OSError."""
  with open_binary(os.fspath(path)) as file:
    return file.read()


def read_text(path: str | os.PathLike) -> str:
  """Reads a UTF-8 file, local or remote, without its byte order mark.

  `.gz` files are decompressed.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not UTF-8 or a damaged gzip file; names the file and
      the line.
  """
  path = os.fspath(path)
  data = _decompress(path) if is_gzip(path) else read_bytes(path)
  return _decode(path, 0, data).removeprefix(_MARK)


def _decompress(path: str) -> bytes:
  most = size(path) * _LARGEST_RATIO + _BLOCK
  data = bytearray()
  with _naming_gzip(path):
    for block in _read_raw_blocks(path, 0, None):
      data += block
      if len(data) > most:
        raise ValueError(
            f'{path}: it unpacks to more than {_LARGEST_RATIO} times its size.')
  return bytes(data)


def read_json(path: str | os.PathLike, allow_nan: bool = True) -> Any:
  """Reads a JSON file; see `parsing.parse_json`, and `read_text` for errors."""
  return _parse(path, lambda text: parsing.parse_json(text, allow_nan))


def read_yaml(path: str | os.PathLike) -> Any:
  """Reads a YAML file; see `parsing.parse_yaml`, and `read_text` for errors."""
  return _parse(path, parsing.parse_yaml)


def _parse(path: str | os.PathLike, parse: Callable[[str], Any]) -> Any:
  try:
    return parse(read_text(path))
  except parsing.ParseError as error:
    if error.line:
      raise LineError(os.fspath(path), error.line, error.what) from error
    raise ValueError(f'{os.fspath(path)}: {error.what}') from error


def read_lines(path: str | os.PathLike, start: int = 0,
               end: int | None = None) -> Iterator[tuple[int, str]]:
  """Yields the number, from 1, and the text of each line of a UTF-8 file.

  Memory does not grow with the file. Lines end with `\\n`, `\\r\\n` or `\\r`,
  which are removed, as are byte order marks at their beginnings; `.gz` files
  are decompressed.

  Args:
    path: The file, local or remote.
    start: First byte to read, where a line begins; numbers count from it.
    end: Byte after the last one; None for all.

  Raises:
    FileNotFoundError: If there is no such file.
    LineError: If a line is not UTF-8 or longer than 64 MB, or the gzip file is
      damaged.
  """
  path, number, rest = os.fspath(path), 0, bytearray()
  with _naming_gzip(path, lambda: number + 1):
    for block in unify_line_ends(_read_raw_blocks(path, start, end)):
      # Only the first line of a block can exceed a block.
      if len(rest) + (block.find(b'\n') + 1 or len(block)) > LONGEST_LINE:
        raise LineError(path, number + 1, f'the line has more than '
                        f'{LONGEST_LINE:,} bytes. Is it text?')
      lines, newline, unfinished = block.rpartition(b'\n')
      if not newline:
        rest += block
        continue
      text = _decode(path, number, bytes(rest + lines))
      for line in text.split('\n'):
        number += 1
        yield number, line.lstrip(_MARK)
      rest = bytearray(unfinished)
  if rest:  # The file does not end with a newline.
    yield number + 1, _decode(path, number, bytes(rest)).lstrip(_MARK)


def count_lines(path: str, end: int) -> int:
  """Returns the number of line ends before a byte of a file."""
  return sum(block.count(b'\n') for block in unify_line_ends(
      _read_raw_blocks(path, 0, end)))


def unify_line_ends(blocks: Iterable[bytes]) -> Iterator[bytes]:
  """Yields blocks of bytes in which every line ends with `\\n`."""
  after_return = False
  for block in blocks:
    if after_return and block.startswith(b'\n'):
      block = block[1:]
    after_return = block.endswith(b'\r')
    yield block.replace(b'\r\n', b'\n').replace(b'\r', b'\n')


def is_gzip(path: str) -> bool:
  """Whether a file is compressed, by its name."""
  return path.lower().endswith('.gz')


def _read_raw_blocks(path: str, start: int, end: int | None) -> Iterator[bytes]:
  with open_binary(path) as raw:
    if is_gzip(path):
      file = gzip.GzipFile(fileobj=raw)
      # `read` would lose the text before a damaged place.
      while block := file.read1(_BLOCK):
        yield block
      return
    left = size(path) - start if end is None else end - start
    raw.seek(start)
    while left:
      block = raw.read(min(_BLOCK, left))
      if not block:
        raise OSError(f'{path} became shorter while it was read.')
      left -= len(block)
      yield block


@contextlib.contextmanager
def _naming_gzip(path: str, line: Callable[[], int] = lambda: 1
                 ) -> Iterator[None]:
  try:
    yield
  except (gzip.BadGzipFile, EOFError, zlib.error) as error:
    raise LineError(
        path, line(), f'not a whole gzip file ({error}).') from error


@contextlib.contextmanager
def open_binary(path: str) -> Iterator[BinaryIO]:
  """Opens a file to read bytes, with errors that name it."""
  try:
    if not _is_remote(path):
      with open(path, 'rb') as file:
        _check_is_no_pointer(path, file)
        yield file
      return
    import tensorflow as tf
    try:
      with tf.io.gfile.GFile(path, 'rb') as file:
        yield file
    except tf.errors.NotFoundError as error:
      raise FileNotFoundError from error
    except tf.errors.OpError as error:
      raise OSError(f'{path} cannot be read: {error.message}') from error
  except (FileNotFoundError, NotADirectoryError) as error:
    raise FileNotFoundError(f'{path} does not exist.') from error
  except IsADirectoryError as error:
    raise IsADirectoryError(f'{path} is a folder. Name a file.') from error


def _check_is_no_pointer(path: str, file: BinaryIO) -> None:
  """Raises ValueError for the pointer that Git LFS leaves for a large file."""
  if not file.seekable():  # Such as a pipe.
    return
  if file.read(len(_POINTER)) == _POINTER:
    raise ValueError(
        f'{path} is not the file, but its pointer of Git LFS: `git lfs pull` '
        'in the repository fetches it.')
  file.seek(0)


def _decode(path: str, lines_before: int, data: bytes) -> str:
  try:
    return data.decode('utf-8')
  except UnicodeDecodeError as error:
    line = lines_before + data.count(b'\n', 0, error.start) + 1
    raise LineError(path, line, f'not UTF-8 ({error.reason}). Convert the '
                    'file, for example with iconv.') from error


# === Finding ===


Paths = str | os.PathLike | Iterable[str | os.PathLike]


def split_paths(paths: Paths) -> list[str]:
  """Splits paths and globs at their commas, unless a file has such a name.

  What exists is a name, whatever its characters; `~` is a home only if nothing
  of that name exists.

  Args:
    paths: A text, in which commas separate, a path, or several of these.
  """
  if isinstance(paths, str | os.PathLike):
    paths = [paths]
  found = []
  for value in paths:
    if existing := _existing(os.fspath(value)):
      found.append(existing)
    elif isinstance(value, str):
      found += _split(value.split(','))
    else:
      found.append(os.path.expanduser(value))
  return found


def _split(parts: list[str]) -> Iterator[str]:
  """Yields what parts of a text between commas name."""
  while parts:
    for count in range(1, 1 + min(len(parts), _MOST_COMMAS + 1)):
      if name := _existing(','.join(parts[:count])):
        break
    else:
      count, name = 1, os.path.expanduser(parts[0].strip())
    if name:
      yield name
    parts = parts[count:]


def _existing(path: str) -> str:
  """Returns the path of a file or folder that has this name, or ''."""
  names = path, os.path.expanduser(path), os.path.expanduser(path.strip())
  return next((name for name in names if name and exists(name)), '')


def exists(path: str) -> bool:
  """Returns whether there is a file or folder of this name."""
  if not _is_remote(path):
    return os.path.exists(path)
  import tensorflow as tf
  return tf.io.gfile.exists(path)


def find_file(path: str | os.PathLike) -> str:
  """Returns the path of one existing file, which is never a pattern.

  Raises:
    FileNotFoundError: If there is no such file.
    IsADirectoryError: If it is a folder.
  """
  found = _existing(os.fspath(path))
  if not found:
    raise FileNotFoundError(f'{os.fspath(path)} does not exist.')
  if is_folder(found):
    raise IsADirectoryError(f'{found} is a folder. Name a file.')
  return found


def find_files(paths_or_globs: Paths) -> list[str]:
  """Expands globs; the files of each are sorted, and each file occurs once.

  The name of an existing file is no glob; see `split_paths`.

  Raises:
    FileNotFoundError: If a path or glob matches no file; names it.
    ValueError: If none was given.
  """
  found: dict[str, None] = {}
  for pattern in split_paths(paths_or_globs):
    matches = [pattern] if exists(pattern) else _glob(pattern)
    matches = [path for path in matches if not is_folder(path)]
    if not matches:
      raise FileNotFoundError(
          f'No file matches {pattern!r}.' if glob.has_magic(pattern) else
          f'{pattern} does not exist.')
    found.update(dict.fromkeys(matches))
  if not found:
    raise ValueError('No input file was named.')
  return list(found)


def is_folder(path: str) -> bool:
  """Whether a path is of a folder, local or remote."""
  if not _is_remote(path):
    return os.path.isdir(path)
  import tensorflow as tf
  return tf.io.gfile.isdir(path)


def _glob(pattern: str) -> list[str]:
  if not _is_remote(pattern):
    return sorted(glob.glob(pattern))
  import tensorflow as tf
  return sorted(tf.io.gfile.glob(pattern))


def size(path: str | os.PathLike) -> int:
  """Returns the size of a file in bytes, local or remote."""
  path = os.fspath(path)
  if not _is_remote(path):
    return os.path.getsize(path)
  import tensorflow as tf
  return tf.io.gfile.stat(path).length


def digest(path: str | os.PathLike) -> str:
  """Returns the SHA-256 of a local file."""
  with open(path, 'rb') as file:
    return hashlib.file_digest(file, 'sha256').hexdigest()


def folder_size(path: str | os.PathLike) -> int:
  """Returns the size in bytes of a local file, or of all files of a folder."""
  path = pathlib.Path(path)
  paths = path.rglob('*') if path.is_dir() else [path]
  return sum(file.stat().st_size for file in paths if file.is_file())


def _is_remote(path: str) -> bool:
  return '://' in path
