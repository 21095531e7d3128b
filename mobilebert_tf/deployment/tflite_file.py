# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The metadata of a `.tflite` file: task, labels, lengths, vocabulary.

The file is the flatbuffer that interpreters read, with a ZIP archive appended,
as TensorFlow Lite's "associated files" are: `unzip model.tflite` extracts them.
Nothing in it is compressed, because TensorFlow Lite's own readers cannot
decompress.

    metadata.json  the fields of `TFLiteMetadata`, and checksums
    vocab.txt      one token a line
    labels.txt     one label a line, in the order of the outputs, if there are

Checksums reveal a damaged file before it reaches an interpreter, which may
crash on it.
"""

import collections
from collections.abc import Mapping
import dataclasses
import hashlib
import io
import json
import os
import struct
from typing import Any, BinaryIO
import zipfile

import mobilebert_tf
from mobilebert_tf.common import parsing
from mobilebert_tf.inference import task_kind
from mobilebert_tf.text import settings as text_settings
from mobilebert_tf.text import vocabulary as vocabulary_lib

_LARGEST_DIRECTORY = 4096
_END = struct.Struct('<4s4H2LH')  # Of an archive without a comment.
_END_SIGNATURE = b'PK\x05\x06'
# Precedes the end where sizes have 64 bits.
_LOCATOR_SIZE, _LOCATOR_SIGNATURE = 20, b'PK\x06\x07'
_CHUNK = 1 << 20


def append(model: bytes, texts: Mapping[str, str]) -> bytes:
  """Returns a model with files appended.

  Args:
    model: The flatbuffer.
    texts: Content of each file by its name.

  Raises:
    ValueError: If the model has an archive already.
  """
  buffer = io.BytesIO(model)
  if zipfile.is_zipfile(buffer):
    raise ValueError('The model has an archive behind it already; give the '
                     'model that the converter made.')
  # 'a' counts from the beginning of the file, as readers of such files do.
  with zipfile.ZipFile(buffer, 'a', zipfile.ZIP_STORED) as archive:
    for name, text in texts.items():
      # With a constant date, the same model gives the same file.
      entry = zipfile.ZipInfo(name)
      entry.external_attr = 0o644 << 16
      archive.writestr(entry, text.encode('utf-8'))
  return buffer.getvalue()


def read(file: BinaryIO,
         largest: Mapping[str, int]) -> tuple[dict[str, str], str]:
  """Reads the files appended to a model, which need not be trusted.

  Args:
    file: The model with its archive.
    largest: Maximum number of bytes of each file that may be there.

  Returns:
    Content of each file by its name, and the SHA-256 of the model.

  Raises:
    ValueError: If there is no such archive, or anything else in it.
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
  """Checks that a small archive ends the file, before it is parsed."""
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
  """Returns the entries of the archive, if they are acceptable."""
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


QUANTIZATIONS = ('none', 'float16', 'dynamic', 'int8', 'int4')
LITERT, MEDIAPIPE = RUNTIMES = ('litert', 'mediapipe')

_FORMAT = 1
# Fields that files of earlier releases lack.
_LATER = 'min_runtime max_windows max_word_length runtime tuned'.split()
_METADATA, VOCABULARY, LABELS = 'metadata.json', 'vocab.txt', 'labels.txt'
# Far more than any sound file has, and little enough for memory.
_LARGEST = {_METADATA: 1 << 20, VOCABULARY: 1 << 26, LABELS: 1 << 24}
_LARGEST_NUMBER = 1 << 20


@dataclasses.dataclass(frozen=True)
class TFLiteMetadata:
  """Everything that a program has to know to use a `.tflite` file.

  Attributes:
    kind: Kind of task.
    lengths: Lengths of the signatures `serve_<length>` in tokens, padding
      included, sorted.
    max_length: Maximum length of a text in tokens, special tokens included; the
      longest signature holds it and `padding`.
    lower_case: Whether the tokenizer lower-cases, and strips accents
      (`text.settings`).
    quantization: One of `QUANTIZATIONS`.
    checkpoint_sha256: Checksum of the original weights, in hexadecimal; empty
      if unknown.
    labels: Names of the classes, in the order of the outputs.
    pairs: Whether it reads pairs of texts.
    dynamic_length: Whether there is `serve_dynamic`, for any length.
    text_signatures: Whether there are `tokenize` and `serve_text_<length>`.
    settings: Further settings of the kind of task; None if it has none.
    min_runtime: Oldest release of TensorFlow Lite that runs the file, such as
      2.17.0; empty if unknown.
    max_word_length: Maximum length of a word in characters.
    runtime: One of `RUNTIMES`; a file for MediaPipe adds the [PAD] itself.
    model_sha256: Checksum of the flatbuffer, set by `read_metadata`.

  Raises:
    ValueError: If a value is of another type, or does not fit the others.
  """
  kind: task_kind.TaskKind
  lengths: tuple[int, ...]
  max_length: int
  lower_case: text_settings.LowerCase
  quantization: str
  checkpoint_sha256: str
  labels: tuple[str, ...] = ()
  pairs: bool = False
  dynamic_length: bool = False
  text_signatures: bool = False
  settings: Any = None
  min_runtime: str = ''
  max_word_length: int = text_settings.MAX_WORD_LENGTH
  runtime: str = LITERT
  model_sha256: str = dataclasses.field(default='', compare=False)

  def __post_init__(self):
    if self.quantization not in QUANTIZATIONS:
      raise ValueError(f'quantization is {self.quantization!r}; accepted: '
                       f'{", ".join(QUANTIZATIONS)}.')
    if self.runtime not in RUNTIMES:
      raise ValueError(f'runtime is {self.runtime!r}; accepted: '
                       f'{", ".join(RUNTIMES)}.')
    for name in ('pairs', 'dynamic_length', 'text_signatures'):
      check_type(name, getattr(self, name), bool)
    text_settings.check(self.lower_case, self.max_word_length)
    check_type('checkpoint_sha256', self.checkpoint_sha256, str)
    check_type('min_runtime', self.min_runtime, str)
    check_int('max_length', self.max_length, 3)
    self._check_lengths()
    _check_labels(self.kind, self.labels)
    self._check_settings()

  def _check_lengths(self) -> None:
    check_type('lengths', self.lengths, tuple)
    for length in self.lengths:
      check_int('A length', length, 2)
    if list(self.lengths) != sorted(set(self.lengths)):
      raise ValueError(f'lengths are {list(self.lengths)}; they have to be '
                       'sorted, each there once.')
    longest = max(self.lengths, default=0)
    needed = self.max_length + self.padding
    if longest < needed and not self.dynamic_length:
      raise ValueError(
          f'The longest signature has {longest} tokens, but a text of '
          f'{self.max_length} (max_length) and {self.padding} [PAD] need '
          f'{needed}.')

  def _check_settings(self) -> None:
    wanted = self.kind.settings_class
    if wanted is None:
      if self.settings is not None:
        raise ValueError(
            f'A model for {self.kind.name} has no settings of its own.')
      return
    check_type(self.kind.name, self.settings, wanted)
    self.kind.check_settings(self)

  @property
  def padding(self) -> int:
    """Number of [PAD] that have to follow a text in the inputs."""
    return int(self.runtime == LITERT)

  @property
  def task(self) -> str:
    """Name of the kind of task."""
    return self.kind.name

  def as_dict(self) -> dict[str, Any]:
    """Returns the fields of `metadata.json`."""
    fields = {field.name: getattr(self, field.name)
              for field in dataclasses.fields(self)
              if field.name not in ('kind', 'settings')}
    if self.settings is not None:
      fields[self.kind.name] = dataclasses.asdict(self.settings)
    return {'task': self.kind.name, **fields}


def pack(model: bytes, metadata: TFLiteMetadata, vocabulary: str) -> bytes:
  """Appends metadata, vocabulary and labels to a model.

  Args:
    model: The flatbuffer.
    metadata: Its metadata.
    vocabulary: Content of `vocab.txt`.

  Returns:
    The content of the file.

  Raises:
    ValueError: If the model has an archive already, or the vocabulary is not
      sound.
  """
  known = _parse_vocabulary(vocabulary)
  fields = metadata.as_dict()
  fields |= {
      'format': _FORMAT,
      'created_by': f'mobilebert_tf {mobilebert_tf.__version__}',
      'model_sha256': hashlib.sha256(model).hexdigest(),
      'vocabulary_sha256': known.sha256,
  }
  contents = {_METADATA: json.dumps(fields, indent=2, sort_keys=True) + '\n',
              VOCABULARY: _lines(known.tokens)}
  if metadata.labels:
    contents[LABELS] = _lines(metadata.labels)
  return append(model, contents)


def to_texts(metadata: TFLiteMetadata, vocabulary: str,
             **more: Any) -> dict[str, str]:
  """Returns the metadata of a file of another format, by the names of here.

  Args:
    metadata: Its metadata.
    vocabulary: Content of `vocab.txt`.
    **more: Further fields of `metadata.json`.

  Raises:
    ValueError: If the vocabulary is not sound.
  """
  texts = {_METADATA: json.dumps({
      **metadata.as_dict(), 'format': _FORMAT,
      'created_by': f'mobilebert_tf {mobilebert_tf.__version__}',
      'vocabulary_sha256': _parse_vocabulary(vocabulary).sha256, **more
  }, indent=2, sort_keys=True), VOCABULARY: vocabulary}
  return texts | ({LABELS: _lines(metadata.labels)} if metadata.labels else {})


def from_texts(texts: Mapping[str, str],
               kinds: Mapping[str, task_kind.TaskKind]
               ) -> tuple[TFLiteMetadata, vocabulary_lib.Vocabulary,
                          dict[str, Any]]:
  """Reads what `to_texts` returned: metadata, vocabulary and all fields.

  Raises:
    ValueError: If it is damaged, or of something else.
  """
  for name in (_METADATA, VOCABULARY):
    if name not in texts:
      raise ValueError(f'it lacks {name}.')
  fields = _parse_json(texts[_METADATA])
  vocabulary = _parse_vocabulary(texts[VOCABULARY])
  _check_sha256('vocabulary', vocabulary.sha256, fields)
  labels = tuple(_split_lines(texts.get(LABELS, '')))
  return _to_metadata(fields, labels, kinds), vocabulary, fields


def min_runtime(model: bytes) -> str:
  """Returns the oldest release that runs a flatbuffer, which says so itself.

  It follows from the versions of the model's operators.

  Args:
    model: Flatbuffer of the converter.
  """
  from ai_edge_litert import schema_py_generated as schema  # 0.1 s.
  root = schema.Model.GetRootAs(model, 0)
  for entry in map(root.Metadata, range(root.MetadataLength())):
    if entry.Name() == b'min_runtime_version':
      value = root.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
      return value.rstrip(b'\0').decode()
  return ''


def read_metadata(path: str | os.PathLike,
                  kinds: Mapping[str, task_kind.TaskKind]
                  ) -> tuple[TFLiteMetadata, vocabulary_lib.Vocabulary]:
  """Reads metadata and vocabulary, and checks that the file is whole.

  Args:
    path: The `.tflite` file.
    kinds: All kinds of tasks by name.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it is damaged, or was not written by `pack`.
  """
  if os.path.isdir(path):
    raise ValueError(f'{os.fspath(path)} is a folder, not a .tflite file.')
  try:
    file = open(path, 'rb')
  except FileNotFoundError as error:
    raise FileNotFoundError(
        f'There is no file {os.fspath(path)}. export_tflite writes one.'
    ) from error
  with file:
    try:
      return _read(file, kinds)
    except ValueError as error:
      raise damaged(path, error) from error


def with_settings(metadata: TFLiteMetadata,
                  settings: Mapping[str, Any]) -> TFLiteMetadata:
  """Returns metadata with other settings of the kind of task.

  Raises ValueError if it has no such settings, or a value makes no sense.
  """
  known = [] if metadata.settings is None else [
      each.name for each in dataclasses.fields(metadata.settings)
      if task_kind.FIXED not in each.metadata]
  for name in settings:
    if name not in known:
      raise ValueError(f'A model for {metadata.kind.name} has no setting '
                       f'{name!r:.40}; it has {", ".join(known) or "none"}.')
  return dataclasses.replace(metadata, settings=metadata.settings and (
      dataclasses.replace(metadata.settings, **settings)))


def damaged(path: str | os.PathLike, why: Any) -> ValueError:
  """Returns the error for a file that cannot be used."""
  return ValueError(f'{os.fspath(path)} is damaged, or not what export_tflite '
                    f'wrote: {" ".join(str(why).split())}')


def _read(file: BinaryIO, kinds: Mapping[str, task_kind.TaskKind]
          ) -> tuple[TFLiteMetadata, vocabulary_lib.Vocabulary]:
  texts, model_sha256 = read(file, _LARGEST)
  for name in (_METADATA, VOCABULARY):
    if name not in texts:
      raise ValueError(f'it lacks {name}.')
  fields = _parse_json(texts[_METADATA])
  _check_sha256('model', model_sha256, fields)
  vocabulary = _parse_vocabulary(texts[VOCABULARY])
  _check_sha256('vocabulary', vocabulary.sha256, fields)
  labels = tuple(_split_lines(texts.get(LABELS, '')))
  return _to_metadata(fields, labels, kinds), vocabulary


def _parse_json(text: str) -> dict[str, Any]:
  try:
    fields = parsing.parse_json(text)
  except parsing.ParseError as error:
    raise ValueError(f'{_METADATA}: {error}') from error
  if not isinstance(fields, dict):
    raise ValueError(f'{_METADATA} has to hold an object.')
  if fields.get('format') != _FORMAT:
    raise ValueError(
        f'its format is {fields.get("format")!r}; this mobilebert_tf reads '
        f'format {_FORMAT}. Update mobilebert_tf, or export it again.')
  return fields


def _to_metadata(fields: dict[str, Any], labels: tuple[str, ...],
                 kinds: Mapping[str, task_kind.TaskKind]) -> TFLiteMetadata:
  names = [field.name for field in dataclasses.fields(TFLiteMetadata)
           if field.name not in ('kind', 'labels', 'settings')]
  values = _pick(fields, ['task', *names], _METADATA)
  kind = task_kind.find(values.pop('task'), kinds)
  if isinstance(values['lengths'], list):
    values['lengths'] = tuple(values['lengths'])
  settings = None
  for each in kinds.values():  # Those of another kind are refused below.
    if each.settings_class and fields.get(each.name) is not None:
      names = [f.name for f in dataclasses.fields(each.settings_class)]
      settings = each.settings_class(
          **_pick(fields[each.name], names, each.name))
  return TFLiteMetadata(
      kind=kind, labels=labels, settings=settings, **values)


def _pick(fields: Any, names: list[str], where: str) -> dict[str, Any]:
  missing = [name for name in names if not isinstance(fields, dict)
             or name not in fields and name not in _LATER]
  if missing:
    raise ValueError(f'{where} lacks {", ".join(missing)}.')
  return {name: fields[name] for name in names if name in fields}


def _check_sha256(what: str, found: str, fields: dict[str, Any]) -> None:
  if fields.get(f'{what}_sha256') != found:
    raise ValueError(
        f'the checksum of its {what} is another than {_METADATA} says.')


def _lines(values: tuple[str, ...]) -> str:
  return ''.join(f'{value}\n' for value in values)


def _split_lines(text: str) -> list[str]:
  lines = text.split('\n')  # `splitlines` breaks at characters in labels.
  return lines[:-1] if lines[-1] == '' else lines


def _parse_vocabulary(text: str) -> vocabulary_lib.Vocabulary:
  tokens = [line.removesuffix('\r')
            for line in _split_lines(text.removeprefix('\ufeff'))]
  if len(set(tokens)) != len(tokens) or '' in tokens:
    raise ValueError(f'{VOCABULARY} has an empty line, or a token twice.')
  return vocabulary_lib.Vocabulary(tuple(tokens))


def _check_labels(kind: task_kind.TaskKind, labels: tuple[str, ...]) -> None:
  check_type('labels', labels, tuple)
  if bool(labels) != kind.has_labels:
    raise ValueError(
        f'A model for {kind.name} has {len(labels)} labels; it has to have '
        f'{"some" if kind.has_labels else "none"}.')
  for label in labels:
    check_type('A label', label, str)
    if not label or '\n' in label or '\r' in label:
      raise ValueError(f'The label {label!r} is empty or has a line break.')
  if len(set(labels)) < len(labels):
    [(twice, _)] = collections.Counter(labels).most_common(1)
    raise ValueError(f'The label {twice!r} is there twice.')


def check_type(name: str, value: Any, wanted: type) -> None:
  """Raises ValueError unless a value of a file is of a type."""
  if type(value) is not wanted:
    raise ValueError(f'{name} is {value!r}; it has to be a {wanted.__name__}.')


def check_int(name: str, value: Any, least: int) -> None:
  """Raises ValueError unless a value of a file is a number in range."""
  if type(value) is not int or not least <= value <= _LARGEST_NUMBER:
    raise ValueError(f'{name} is {value!r}; it has to be a whole number from '
                     f'{least} to {_LARGEST_NUMBER}.')
