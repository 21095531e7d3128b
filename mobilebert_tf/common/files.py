# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Reads, finds and atomically replaces files.

Local paths need the standard library alone; `tf.io.gfile` is imported for paths
with a scheme, such as `gs://bucket/a.txt`.
"""

from collections.abc import Iterable, Iterator, Sequence
import contextlib
import errno
import gzip
import json
import os
import pathlib
import shutil
import tempfile
from typing import Any, BinaryIO
import zlib

# A line of 50 MB may still be text.
LONGEST_LINE = 64_000_000
_BLOCK = 2_000_000
_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
# The wheel installs configs/ inside the package; a checkout has it beside.
_CONFIGS = (_PACKAGE / 'configs', _PACKAGE.parent / 'configs')


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
    The path to write to, in the same folder.
  """
  path = os.fspath(path)
  folder, name = os.path.split(path)
  # Unlike those of tempfile.mkstemp, others may read it.
  temporary = os.path.join(folder, f'.{name}.{os.getpid()}.tmp')
  if _is_remote(path):
    import tensorflow as tf
    tf.io.gfile.makedirs(folder)
    yield temporary
    tf.io.gfile.rename(temporary, path, overwrite=True)
    return
  os.makedirs(folder or '.', exist_ok=True)
  try:
    yield temporary
    _flush(temporary)
    os.replace(temporary, path)
  finally:
    with contextlib.suppress(FileNotFoundError):
      os.remove(temporary)


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
  folder.parent.mkdir(parents=True, exist_ok=True)
  with tempfile.TemporaryDirectory(
      prefix=f'.{folder.name}-', dir=folder.parent) as staging:
    new, old = pathlib.Path(staging, 'new'), pathlib.Path(staging, 'old')
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
  descriptor = os.open(path, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)


# === Reading ===


def read_bytes(path: str | os.PathLike) -> bytes:
  """Reads a file, local or remote; raises OSError."""
  with open_binary(os.fspath(path)) as file:
    return file.read()


def read_text(path: str | os.PathLike) -> str:
  """Reads a UTF-8 file, local or remote, without its byte order mark.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is not UTF-8; names the file and the line.
  """
  return _decode(os.fspath(path), 0, read_bytes(path), is_start=True)


def read_json(path: str | os.PathLike, allow_nan: bool = True) -> Any:
  """Reads a JSON file, local or remote; raises the errors of `read_text`.

  Args:
    path: The file.
    allow_nan: Whether NaN and Infinity, which are not JSON, are accepted.
  """
  path, text = os.fspath(path), read_text(path)
  try:
    return json.loads(text, parse_constant=None if allow_nan else _refuse)
  except json.JSONDecodeError as error:
    raise LineError(path, error.lineno, f'not JSON, or cut off: {error.msg} at '
                    f'column {error.colno}.') from error
  except RecursionError as error:
    raise ValueError(f'{path}: too deeply nested to be read.') from error
  except ValueError as error:
    raise ValueError(f'{path}: {error}') from error


def read_yaml(path: str | os.PathLike, loader: type | None = None) -> Any:
  """Reads a YAML file, local or remote; raises the errors of `read_text`.

  Args:
    path: The file.
    loader: Subclass of `yaml.SafeLoader`; None for that class.
  """
  import yaml
  path, text = os.fspath(path), read_text(path)
  try:
    return yaml.load(text, loader or yaml.SafeLoader)
  except yaml.YAMLError as error:
    mark = getattr(error, 'problem_mark', None)
    raise LineError(path, mark.line + 1 if mark else 1,
                    f'not YAML ({error}).') from error
  except (RecursionError, ValueError) as error:  # Such as a 30th February.
    raise ValueError(f'{path}: not YAML ({error}).') from error


def read_lines(path: str, start: int = 0,
               end: int | None = None) -> Iterator[tuple[int, str]]:
  """Yields the number, from 1, and the text of each line of a UTF-8 file.

  Memory does not grow with the file. Lines end with `\\n` alone, which is
  removed; `.gz` files are decompressed.

  Args:
    path: The file, local or remote.
    start: First byte to read, where a line begins; numbers count from it.
    end: Byte after the last one; None for all.

  Raises:
    FileNotFoundError: If there is no such file.
    LineError: If a line is not UTF-8 or longer than 64 MB, or the gzip file is
      damaged.
  """
  number, rest = 0, bytearray()
  try:
    for block in _read_blocks(path, start, end):
      # Only the first line of a block can exceed a block.
      if len(rest) + (block.find(b'\n') + 1 or len(block)) > LONGEST_LINE:
        raise LineError(path, number + 1, f'the line has more than '
                        f'{LONGEST_LINE:,} bytes. Is it text?')
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
  except (gzip.BadGzipFile, EOFError, zlib.error) as error:
    raise LineError(
        path, number + 1, f'not a whole gzip file ({error}).') from error
  if rest:  # The file does not end with a newline.
    yield number + 1, _decode(
        path, number, bytes(rest), is_start=start + number == 0)


def _read_blocks(path: str, start: int, end: int | None) -> Iterator[bytes]:
  with open_binary(path) as raw:
    if path.endswith('.gz'):
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
def open_binary(path: str) -> Iterator[BinaryIO]:
  """Opens a file to read bytes, with errors that name it."""
  try:
    if not _is_remote(path):
      with open(path, 'rb') as file:
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


def _decode(path: str, lines_before: int, data: bytes, is_start: bool) -> str:
  try:
    return data.decode('utf-8-sig' if is_start else 'utf-8')
  except UnicodeDecodeError as error:
    # `error.object` lacks the byte order mark, and so does the offset.
    line = lines_before + error.object.count(b'\n', 0, error.start) + 1
    raise LineError(path, line, f'not UTF-8 ({error.reason}). Convert the '
                    'file, for example with iconv.') from error


def _refuse(constant: str) -> None:
  raise ValueError(f'{constant} is no number of JSON.')


# === Finding ===


def split_paths(paths: str | Sequence[str]) -> list[str]:
  """Splits a list of paths and globs, or a text, at its commas."""
  values = [paths] if isinstance(paths, str) else paths
  return [path.strip() for path in ','.join(values).split(',') if path.strip()]


def find_files(paths_or_globs: str | os.PathLike
               | Iterable[str | os.PathLike]) -> list[str]:
  """Expands globs; the files of each are sorted, and each file occurs once.

  The name of an existing file is no glob.

  Raises:
    FileNotFoundError: If a path or glob matches no file; names it.
    ValueError: If none was given.
  """
  import tensorflow as tf
  if isinstance(paths_or_globs, str | os.PathLike):
    paths_or_globs = [paths_or_globs]
  found: dict[str, None] = {}
  for pattern in map(os.fspath, paths_or_globs):
    matches = ([pattern] if tf.io.gfile.exists(pattern)
               else sorted(tf.io.gfile.glob(pattern)))
    matches = [path for path in matches if not tf.io.gfile.isdir(path)]
    if not matches:
      raise FileNotFoundError(f'No file matches {pattern!r}.')
    found.update(dict.fromkeys(matches))
  if not found:
    raise ValueError('No input file was named.')
  return list(found)


def config_path(relative: str) -> str:
  """Returns the path of a file of `configs/`, in a checkout or in the wheel.

  Args:
    relative: Path below `configs/`.

  Raises:
    FileNotFoundError: If there is no such file; lists those that exist.
  """
  for folder in _CONFIGS:
    if (folder / relative).is_file():
      return str(folder / relative)
  known = sorted({str(file.relative_to(folder)) for folder in _CONFIGS
                  for file in folder.glob('**/*.yaml')})
  raise FileNotFoundError(
      f'There is no {relative} in configs/; there are: {", ".join(known)}.')


def size(path: str | os.PathLike) -> int:
  """Returns the size of a file in bytes, local or remote."""
  path = os.fspath(path)
  if not _is_remote(path):
    return os.path.getsize(path)
  import tensorflow as tf
  return tf.io.gfile.stat(path).length


def folder_size(path: str | os.PathLike) -> int:
  """Returns the size in bytes of a local file, or of all files of a folder."""
  path = pathlib.Path(path)
  paths = path.rglob('*') if path.is_dir() else [path]
  return sum(file.stat().st_size for file in paths if file.is_file())


def _is_remote(path: str) -> bool:
  return '://' in path
