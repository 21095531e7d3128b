# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts with a vector each: a folder of shards, or files made elsewhere.

A folder has a `manifest.json` and pairs of `part-00000-of-00002.jsonl`, a JSON
string a line, and `part-00000-of-00002.npy`. No text occurs twice.
`vector_writing` makes it.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import hashlib
import json
import os
import re
import tokenize
from typing import Any

import numpy as np

from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.data import text_files

MANIFEST = 'manifest.json'
FORMAT, VERSION = 'mobilebert_tf vectors', 1
DTYPES = ('float32', 'float16')
TEXTS, VECTORS = '.jsonl', '.npy'

_PART = re.compile(r'part-\d{5,}-of-\d{5,}')
_ROWS_AT_ONCE = 65_536
# Columns of Parquet files, the first that there is.
_TEXT_COLUMNS = (text_files.FIELD, 'sentence', 'texts', 'sentences')
_VECTOR_COLUMNS = ('vector', 'embedding', 'vectors', 'embeddings')
_BESIDE = ('.txt', TEXTS, '.txt.gz')


@dataclasses.dataclass(frozen=True)
class Shard:
  """A pair of files of a store.

  Attributes:
    name: Name of both, without `.jsonl` and `.npy`.
    count: Number of texts.
    texts_sha256: SHA-256 of the file of texts.
    vectors_sha256: SHA-256 of the file of vectors.
  """
  name: str
  count: int
  texts_sha256: str
  vectors_sha256: str

  def __post_init__(self):
    if not isinstance(self.name, str) or not _PART.fullmatch(self.name):
      raise ValueError(f'the shard {self.name!r:.80} is no name of a shard')
    if not isinstance(self.count, int) or self.count < 1:
      raise ValueError(f'{self.name} has the count {self.count!r:.80}')


class Rows:
  """Vectors of several files as one array `[rows, size]`, not in memory.

  It is read by a number, a slice or an array of numbers, which return numpy
  arrays, and by `np.asarray`.

  Args:
    parts: Arrays `[*, size]` of the same type, memory-mapped or not.
  """
  ndim = 2

  def __init__(self, parts: Sequence[np.ndarray]):
    self._parts = parts
    self._ends = np.cumsum([len(part) for part in parts])
    self.shape = int(self._ends[-1]), parts[0].shape[1]
    self.dtype = parts[0].dtype

  def __len__(self) -> int:
    return self.shape[0]

  def __getitem__(self, key: Any) -> np.ndarray:
    rows = (np.arange(*key.indices(len(self))) if isinstance(key, slice)
            else np.asarray(key))
    if rows.dtype == bool:
      rows = np.flatnonzero(rows)
    if not rows.size:
      rows = rows.astype(np.int64)
    flat = np.atleast_1d(rows)
    flat = np.where(flat < 0, flat + len(self), flat)
    if flat.size and not 0 <= flat.min() <= flat.max() < len(self):
      raise IndexError(f'Row {key} of {len(self)} rows.')
    found = np.empty([flat.size, self.shape[1]], self.dtype)
    of_part = np.searchsorted(self._ends, flat, side='right')
    for i in np.unique(of_part):
      places = of_part == i
      part = self._parts[i]
      found[places] = part[flat[places] - (self._ends[i] - len(part))]
    return found if np.ndim(rows) else found[0]

  def __array__(self, dtype: Any = None, copy: bool | None = None
                ) -> np.ndarray:
    del copy  # It is always one.
    return np.concatenate(self._parts).astype(dtype or self.dtype, copy=False)


class Lines(Sequence):
  """Texts of several files of JSON strings, read when they are asked for.

  Attributes:
    line_ends: Places of the ends of lines, of each file.

  Args:
    paths: The files.
  """

  def __init__(self, paths: Sequence[str]):
    self._paths = paths
    self._bytes = [np.memmap(path, np.uint8, 'r') for path in paths]
    self.line_ends = [np.flatnonzero(data == ord('\n'))
                       for data in self._bytes]
    self._ends = np.cumsum([len(ends) for ends in self.line_ends])

  def __len__(self) -> int:
    return int(self._ends[-1])

  def __getitem__(self, key: Any) -> Any:
    if isinstance(key, slice):
      return [self[i] for i in range(*key.indices(len(self)))]
    row = range(len(self))[key]
    i = int(np.searchsorted(self._ends, row, side='right'))
    ends = self.line_ends[i]
    row -= self._ends[i] - len(ends)
    begin = ends[row - 1] + 1 if row else 0
    try:
      text = json.loads(self._bytes[i][begin:ends[row]].tobytes())
    except ValueError as error:
      raise files.LineError(
          self._paths[i], int(row) + 1, f'not a JSON string ({error}).'
      ) from error
    if not isinstance(text, str) or not text:
      raise files.LineError(
          self._paths[i], int(row) + 1,
          f'{text!r:.80} stands where a text is expected.')
    return text


@dataclasses.dataclass(frozen=True)
class VectorStore:
  """Distinct texts and their vectors.

  Attributes:
    texts: The texts.
    vectors: float32 or float16 `[texts, size]`, finite; `Rows`, which is read
      like a memory-mapped array, or an array.
    path: The folder or file.
    source: Identity of the teacher, such as its SHA-256.
    sha256: SHA-256 of the texts, as `digest` computes it.
    origin: Where the teacher lay, for messages.
  """
  texts: Sequence[str]
  vectors: Rows | np.ndarray
  path: str
  source: Mapping[str, Any]
  sha256: str
  origin: str = ''

  def __len__(self) -> int:
    return len(self.texts)

  @property
  def size(self) -> int:
    """Width of a vector."""
    return self.vectors.shape[1]

  @classmethod
  def open(cls, path: str | os.PathLike, texts: str | os.PathLike = '',
           check: bool = True) -> 'VectorStore':
    """Opens a folder, a `.npy` or a Parquet file.

    Args:
      path: The folder; or a file of vectors `[texts, size]`; or a Parquet file
        with a column `vector` or `embedding`, and perhaps one of texts.
      texts: File of a text a line, or of JSON lines, for a file of vectors; ''
        for that of the same name beside it.
      check: Whether a folder is compared with its manifest as a whole, which
        reads all of it. Files are always read.

    Raises:
      FileNotFoundError: If a file is missing.
      ValueError: If texts and vectors are not as many, a vector is not finite
        or 0, a text is empty or has two vectors, or a file is damaged.

    Example: `VectorStore.open('vectors').vectors[:10]`
    """
    path = os.path.expanduser(os.fspath(path))
    if not os.path.isdir(path):
      return _open_files(files.find_file(path), os.fspath(texts))
    if texts:
      raise ValueError(f'{path} is a folder, which has its own texts; {texts} '
                       'is not read with it.')
    return _open_folder(path, check)


def digest(texts: Iterable[str]) -> str:
  """Returns the SHA-256 of texts in their order."""
  total = hashlib.sha256()
  for text in texts:
    total.update(line_of(text))
  return total.hexdigest()


def line_of(text: str) -> bytes:
  """Returns a text's line in a file of texts."""
  return f'{json.dumps(text)}\n'.encode()


def check_vectors(vectors: np.ndarray, source: str, first: int = 0) -> None:
  """Raises ValueError if a vector is not finite or 0; names its number.

  Args:
    vectors: `[rows, size]`.
    source: Origin of the vectors, for the message.
    first: Number of the first row.
  """
  # Sums of squares overflow in float16.
  with np.errstate(over='ignore', invalid='ignore'):
    norms = np.square(vectors, dtype=np.float32).sum(-1)
  bad = np.flatnonzero(~np.isfinite(norms) | (norms == 0))
  if bad.size:
    kind = 'zeros' if norms[bad[0]] == 0 else 'no finite numbers'
    raise ValueError(
        f'{source}: vector {first + bad[0]} (counted from 0) is of {kind}, '
        f'as are {bad.size - 1} others; nothing can be learned of it.')


# === Folders ===


def _open_folder(folder: str, check: bool) -> VectorStore:
  path = os.path.join(folder, MANIFEST)
  if not os.path.exists(path):
    raise FileNotFoundError(f'{folder} holds no vectors: it has no {MANIFEST}. '
                            '`mobilebert embed` makes such a folder.')
  manifest = files.read_json(path, allow_nan=False)
  try:
    shards, size, dtype = _read_manifest(manifest)
  except (KeyError, TypeError, ValueError) as error:
    raise ValueError(
        f'{path} is no manifest of vectors: {error}.') from error
  names = [os.path.join(folder, shard.name) for shard in shards]
  texts = Lines([files.find_file(name + TEXTS) for name in names])
  parts = []
  for name, shard, ends in zip(names, shards, texts.line_ends, strict=True):
    part = _load(files.find_file(name + VECTORS))
    if part.dtype != dtype or part.shape != (shard.count, size):
      raise ValueError(
          f'{name}{VECTORS} is {part.dtype} {part.shape}; {path} says {dtype} '
          f'{(shard.count, size)}.')
    if len(ends) != shard.count:
      raise ValueError(f'{name}{TEXTS} has {len(ends):,} lines; {path} says '
                       f'{shard.count:,}.')
    parts.append(part)
  store = VectorStore(
      texts, Rows(parts), folder, manifest['source'], manifest['texts_sha256'],
      str(manifest.get('origin', '')))
  if check:
    _check_folder(store, names, shards)
  return store


def _read_manifest(manifest: Any) -> tuple[list[Shard], int, np.dtype]:
  """Returns the shards, the size and the type of vectors."""
  if manifest['format'] != FORMAT or manifest['version'] != VERSION:
    raise ValueError(f'it is of {manifest["format"]!r:.80}, version '
                     f'{manifest["version"]!r:.80}; read are {FORMAT!r}, '
                     f'version {VERSION}')
  shards = [Shard(**fields) for fields in manifest['shards']]
  size, dtype = manifest['size'], manifest['dtype']
  if dtype not in DTYPES or not isinstance(size, int) or size < 1:
    raise ValueError(f'its vectors are {dtype!r:.80} of size {size!r:.80}')
  if not shards or manifest['count'] != sum(each.count for each in shards):
    raise ValueError(f'its count is {manifest["count"]!r:.80}, not that of its '
                     'shards')
  if not isinstance(manifest['source'], dict):
    raise ValueError('its source has no fields')
  if not isinstance(manifest['texts_sha256'], str):
    raise ValueError('its texts_sha256 is no text')
  return shards, size, np.dtype(dtype)


def _check_folder(store: VectorStore, names: Sequence[str],
                  shards: Sequence[Shard]) -> None:
  """Compares all files with the manifest."""
  for name, shard in zip(names, shards, strict=True):
    for path, expected in ((name + TEXTS, shard.texts_sha256),
                           (name + VECTORS, shard.vectors_sha256)):
      if files.digest(path) != expected:
        raise ValueError(f'{path} is damaged: its SHA-256 is not that in '
                         f'{MANIFEST}. Make the folder anew.')
  # Whoever writes other files may write their digests.
  if digest(store.texts) != store.sha256 or (
      len(set(store.texts)) < len(store)):
    raise ValueError(f'{store.path}: its texts are not those of {MANIFEST}, or '
                     'one occurs twice.')
  _check_all(store.vectors, store.path)


def _check_all(vectors: Rows | np.ndarray, source: str) -> None:
  for first in range(0, len(vectors), _ROWS_AT_ONCE):
    check_vectors(vectors[first:first + _ROWS_AT_ONCE], source, first)


# === Files made elsewhere ===


def _open_files(path: str, texts: str) -> VectorStore:
  found: Sequence[str] | None = None
  if path.endswith('.parquet'):
    vectors, found = _read_parquet(path)
  else:
    vectors = _load(path)
  where = path
  if texts or found is None:
    where = files.find_file(texts or _beside(path))
    found = text_files.read([where])
  if len(found) != len(vectors):
    raise ValueError(f'{where} has {len(found):,} texts, but {path} '
                     f'{len(vectors):,} vectors; they belong to each other by '
                     'their order.')
  _check_all(vectors, path)
  rows = _first_rows(found, vectors, where)
  if len(rows) < len(found):
    found, vectors = [found[i] for i in rows], vectors[rows]
  return VectorStore(found, vectors, path, {'vectors': path}, digest(found))


def _load(path: str) -> np.ndarray:
  """Opens a `.npy` file, memory-mapped."""
  try:
    vectors = np.lib.format.open_memmap(path, 'r')  # Never a pickle.
  except (ValueError, OverflowError, SyntaxError, TypeError, EOFError,
          MemoryError, tokenize.TokenError) as error:  # Of the header.
    raise ValueError(f'{path} is no .npy file of vectors, or is damaged: '
                     f'{" ".join(str(error).split())}.') from error
  return _check_array(vectors, path)


def _check_array(vectors: np.ndarray, path: str) -> np.ndarray:
  if vectors.dtype not in (np.float16, np.float32, np.float64) or (
      vectors.ndim != 2 or not vectors.size):
    raise ValueError(
        f'{path} is {vectors.dtype} {vectors.shape}; vectors are float32 or '
        'float16 [texts, size].')
  if vectors.dtype == np.float64:
    return vectors.astype(np.float32)
  return vectors


def _beside(path: str) -> str:
  stem = os.path.splitext(path)[0]
  for suffix in _BESIDE:
    if os.path.exists(stem + suffix):
      return stem + suffix
  raise FileNotFoundError(
      f'{path} needs the texts of its vectors beside it: {stem}.txt, a text a '
      f'line, or {stem}{TEXTS}.')


def _first_rows(texts: Sequence[str], vectors: np.ndarray,
                path: str) -> list[int]:
  """Returns the rows at which texts occur first."""
  first: dict[str, int] = {}
  for row, text in enumerate(texts):
    known = first.setdefault(text, row)
    if known != row and not np.array_equal(vectors[known], vectors[row]):
      raise ValueError(
          f'{path}: {text[:60]!r} has two vectors, {known} and {row} (counted '
          'from 0), which differ.')
  if len(first) < len(texts):
    notices.tell(f'{path}: {len(texts) - len(first):,} of {len(texts):,} texts '
                 'are repeated, and count once.')
  return list(first.values())


def _read_parquet(path: str) -> tuple[np.ndarray, list[str] | None]:
  """Returns vectors and, if there is a column of texts, these."""
  try:
    import pyarrow
    from pyarrow import parquet
  except ImportError as error:
    raise RuntimeError(f'{path} needs pyarrow: pip install '
                       'mobilebert_tf[parquet].') from error
  try:
    table = parquet.read_table(path)
  except (pyarrow.ArrowException, OSError) as error:
    raise ValueError(f'{path} is no Parquet file, or is damaged: '
                     f'{" ".join(str(error).split())}') from error
  names = table.column_names
  wanted = [name for name in _VECTOR_COLUMNS if name in names]
  if not wanted:
    raise ValueError(f'{path} has the columns {", ".join(names)[:200]}; '
                     f'vectors are read from {" or ".join(_VECTOR_COLUMNS)}.')
  vectors = _stack(table[wanted[0]], f'{path}, column {wanted[0]}')
  for name in _TEXT_COLUMNS:
    if name in names:
      return vectors, _parquet_texts(table[name].to_pylist(), path)
  return vectors, None


def _stack(column: Any, source: str) -> np.ndarray:
  """Returns a column of lists as an array; raises ValueError."""
  try:
    column = column.combine_chunks()
    if column.null_count or not len(column):
      raise ValueError('it has rows without a vector')
    lengths = np.unique(np.asarray(
        [len(row) for row in column.to_numpy(zero_copy_only=False)]))
    if len(lengths) > 1:
      raise ValueError(f'vectors are of {lengths[0]} and {lengths[1]} numbers')
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return _check_array(flat.reshape(len(column), -1), source)
  except (AttributeError, TypeError, ValueError) as error:
    raise ValueError(f'{source}: {error}.') from error


def _parquet_texts(values: list[Any], path: str) -> list[str]:
  for row, value in enumerate(values):
    if not isinstance(value, str) or not value.strip():
      raise ValueError(f'{path}: row {row} (counted from 0) has the text '
                       f'{value!r:.80}.')
  return [value.strip() for value in values]
