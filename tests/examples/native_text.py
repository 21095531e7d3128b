# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The C++ library of the phones' examples, compiled and called from Python."""

from collections.abc import Iterator, Sequence
import contextlib
import ctypes
import functools
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any

import numpy as np

from mobilebert_tf.text import settings as settings_lib
from tests import python_files

SOURCES = python_files.ROOT / 'examples/mobilebert_text'
UTF8, UTF16, UTF32 = 1, 2, 4
_CASES = {False: 0, True: 1, settings_lib.KEEP_ACCENTS: 2, 'mediapipe': 3}
_POINTER = ctypes.c_void_p
_SIZE = ctypes.c_size_t


class Settings(ctypes.Structure):
  _fields_ = [('lower_case', ctypes.c_int), *(
      (name, ctypes.c_int32) for name in (
          'max_word_length', 'max_length', 'doc_stride', 'query_length',
          'n_best', 'max_answer_length', 'max_windows')),
              ('allow_no_answer', ctypes.c_bool),
              ('null_threshold', ctypes.c_double)]


class Text(ctypes.Structure):
  _fields_ = [('data', ctypes.c_char_p), ('size', _SIZE),
              ('encoding', ctypes.c_int)]


class Word(ctypes.Structure):
  _fields_ = [('start', _SIZE), ('end', _SIZE), ('label', ctypes.c_int32),
              ('probability', ctypes.c_float)]


class Answer(ctypes.Structure):
  _fields_ = [('found', ctypes.c_bool), ('start', _SIZE), ('end', _SIZE),
              ('score', ctypes.c_double), ('null_odds', ctypes.c_double)]


_RESULTS = {
    'mbt_open': _POINTER, 'mbt_close': None, 'mbt_request': _POINTER,
    'mbt_request_words': _POINTER, 'mbt_request_answer': _POINTER,
    'mbt_free': None, 'mbt_row_count': _SIZE, 'mbt_row_length': _SIZE,
    'mbt_fill': None, 'mbt_truncated': ctypes.c_bool,
    'mbt_add_probabilities': ctypes.c_bool, 'mbt_word_count': _SIZE,
    'mbt_word': Word, 'mbt_entity_count': _SIZE, 'mbt_entity': Word,
    'mbt_add_logits': ctypes.c_bool, 'mbt_answer': Answer,
    'mbt_tokenize': _SIZE}


def compiler() -> str | None:
  """Returns the path of a C++ compiler, if there is one."""
  return shutil.which('c++') or shutil.which('g++')


def compile_to(path: pathlib.Path, *arguments: str) -> None:
  """Compiles the library with further arguments of the compiler."""
  subprocess.run(
      [compiler(), '-std=c++17', '-Wall', '-Wextra', '-Werror',
       f'-I{SOURCES}/include', *map(str, sorted(SOURCES.glob('*.cc'))),
       *arguments, '-o', path],
      check=True, timeout=900)


@functools.cache
def library() -> ctypes.CDLL:
  """Returns the library, compiled when it is first asked for."""
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, 'libmobilebert_text.so')
    compile_to(path, '-O1', '-shared', '-fPIC')
    found = ctypes.CDLL(str(path))
  for name, result in _RESULTS.items():
    getattr(found, name).restype = result
  return found


def text(value: str | bytes, encoding: int = UTF32) -> Text:
  """Returns a text as C has it; bytes are UTF-8."""
  if isinstance(value, bytes):
    return Text(value, len(value), UTF8)
  name = {UTF8: 'utf-8', UTF16: 'utf-16-le', UTF32: 'utf-32-le'}[encoding]
  data = value.encode(name, 'surrogatepass')
  return Text(data, len(data) // encoding, encoding)


class Reader:
  """A reader of the library; see mobilebert_text.h.

  Raises ValueError for what the library refuses.
  """

  def __init__(self, vocabulary: Sequence[str] | str,
               labels: Sequence[str] = (),
               lower_case: settings_lib.LowerCase = True,
               max_word_length: int = 200, max_length: int = 128,
               **fields: Any):
    content = vocabulary if isinstance(vocabulary, str) else ''.join(
        f'{token}\n' for token in vocabulary)
    settings = Settings(_CASES.get(lower_case, lower_case), max_word_length,
                        max_length, **fields)
    error = ctypes.create_string_buffer(200)
    lines = text(''.join(f'{label}\n' for label in labels))
    self.labels = list(labels)
    self._library = library()
    self._reader = self._library.mbt_open(
        text(content), ctypes.byref(lines) if labels else None,
        ctypes.byref(settings), error, _SIZE(len(error)))
    if not self._reader:
      raise ValueError(error.value.decode())

  def __del__(self):
    if getattr(self, '_reader', None):
      self._library.mbt_close(_POINTER(self._reader))

  def tokenize(self, value: str | bytes, encoding: int = UTF32
               ) -> tuple[list[int], list[int], list[int]]:
    """Returns ids, starts and ends."""
    capacity = 3 * len(value) + 1
    ids = np.zeros([capacity], np.int32)
    starts, ends = np.zeros([2, capacity], np.uintp)
    count = self._library.mbt_tokenize(
        _POINTER(self._reader), text(value, encoding), _data(ids),
        _data(starts), _data(ends), _SIZE(capacity))
    return tuple(x[:count].tolist() for x in (ids, starts, ends))

  @contextlib.contextmanager
  def request(self, name: str, *texts: Text) -> Iterator['Request | None']:
    """Opens a request: `request`, `request_words` or `request_answer`."""
    arguments = [*texts]
    if name == 'request':
      arguments = [texts[0], ctypes.byref(texts[1]) if texts[1:] else None]
    found = getattr(self._library, f'mbt_{name}')(
        _POINTER(self._reader), *arguments)
    try:
      yield Request(self, found) if found else None
    finally:
      self._library.mbt_free(_POINTER(found))


class Request:
  """A request of the library; see mobilebert_text.h."""

  def __init__(self, reader: Reader, pointer: int):
    self._reader, self._library = reader, library()
    self._pointer = _POINTER(pointer)

  @property
  def truncated(self) -> bool:
    return self._library.mbt_truncated(self._pointer)

  def rows(self, padding: int = 1) -> list[np.ndarray]:
    """Returns ids, mask and types of each row, int32 `[3, length]`."""
    rows = []
    for row in range(self._library.mbt_row_count(self._pointer)):
      length = self._library.mbt_row_length(
          self._pointer, _SIZE(row)) + padding
      inputs = np.full([3, length], -1, np.int32)
      self._library.mbt_fill(self._pointer, _SIZE(row), _SIZE(length),
                             *map(_data, inputs))
      rows.append(inputs)
    return rows

  def add_probabilities(self, row: int, probabilities: np.ndarray) -> bool:
    return self._library.mbt_add_probabilities(
        self._pointer, _SIZE(row), _data(probabilities),
        _SIZE(probabilities.shape[-1]))

  def words(self) -> list[tuple[int, int, str, float]]:
    return self._found('word')

  def entities(self) -> list[tuple[int, int, str, float]]:
    return self._found('entity')

  def add_logits(self, row: int, starts: np.ndarray, ends: np.ndarray) -> bool:
    return self._library.mbt_add_logits(
        self._pointer, _SIZE(row), _data(starts), _data(ends))

  def answer(self) -> Answer:
    return self._library.mbt_answer(self._pointer)

  def _found(self, what: str) -> list[tuple[int, int, str, float]]:
    count = getattr(self._library, f'mbt_{what}_count')(self._pointer)
    found = [getattr(self._library, f'mbt_{what}')(self._pointer, _SIZE(i))
             for i in range(count)]
    return [(each.start, each.end, self._reader.labels[each.label],
             each.probability) for each in found]


def _data(array: np.ndarray) -> ctypes.c_void_p:
  return array.ctypes.data_as(_POINTER)
