# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Formats of exported models, a line each, and the models by their paths."""

from collections.abc import Callable, Sequence
import dataclasses
import importlib
import os
import pathlib
import types
from typing import Any

from mobilebert_tf.common import files
from mobilebert_tf.deployment import onnx_files


@dataclasses.dataclass(frozen=True)
class Format:
  """A format of exported models.

  Its modules lie beside this one and are imported when they are needed: a
  TFLite file is opened without TensorFlow.

  Attributes:
    name: Name in reports.
    title: Name in messages.
    writer: Module with `write(trained, path, texts, **options)`.
    runner: Module with `open_runner(path, kinds, num_threads)`, whose number
      of threads is None for the runtime's own choice. It returns a runner with
      `answer(texts, pairs)`, the answers of `TaskKind.answer_file` that threads
      may ask for at the same time; `comparable(texts, pairs)`, those of
      `TaskKind.answers`; and `kind`, `labels` and `pairs`, of itself or of its
      `metadata`.
    suffix: End of the names of its files; empty for folders.
    marker: File that is in its folders; empty for files.
    within: Files that a folder of them may have, the first that is there for
      the folder.
    is_ours: Function from a file of `within` to whether this package wrote it;
      folders of checkpoints have others' as well.
  """
  name: str
  title: str
  writer: str
  runner: str
  suffix: str = ''
  marker: str = ''
  within: Sequence[str] = ()
  is_ours: Callable[[pathlib.Path], bool] = lambda path: True

  def recognises(self, path: pathlib.Path) -> bool:
    """Returns whether a path is an exported model of this format."""
    if self.suffix:
      return path.is_file() and path.suffix == self.suffix
    return (path / self.marker).is_file()

  def write(self, *args: Any, **options: Any) -> Any:
    """Exports a model; see the writer module."""
    return self._part(self.writer, 'write')(*args, **options)

  def open(self, path: str | os.PathLike, kinds: Any,
           num_threads: int | None = 1) -> Any:
    """Opens an exported model and returns its runner."""
    return self._part(self.runner, 'open_runner')(path, kinds, num_threads)

  def import_runner(self) -> types.ModuleType:
    """Imports what `open` needs, which may take seconds."""
    return importlib.import_module(f'{__package__}.{self.runner}')

  def _part(self, module: str, name: str) -> Any:
    part = getattr(importlib.import_module(f'{__package__}.{module}'), name,
                   None)
    if part is None:
      raise ValueError(f'The format {self.title} has no {name} '
                       f'({__package__}.{module}).')
    return part


FORMATS: dict[str, Format] = {each.name: each for each in (
    Format('saved_model', 'SavedModel', 'saved_model', 'saved_model_runner',
           marker='saved_model.pb'),
    Format('tflite', 'TFLite', 'tflite', 'tflite_runner', suffix='.tflite'),
    Format('onnx', 'ONNX', 'onnx', 'onnx_runner', suffix=onnx_files.SUFFIX,
           within=tuple(onnx_files.FILES.values()),
           is_ours=onnx_files.is_ours),
)}


def recognise(path: pathlib.Path) -> Format | None:
  """Returns the format of an exported model, or None."""
  return next((each for each in FORMATS.values() if each.recognises(path)),
              None)


@dataclasses.dataclass(frozen=True)
class ExportedModel:
  """A model in one of `FORMATS`.

  Attributes:
    name: Shortest end of its path that no other model of the list has.
    path: Path of its folder or file.
    format: Name of its format.
    num_bytes: Size on disk, of all files of a SavedModel.
  """
  name: str
  path: pathlib.Path
  format: str
  num_bytes: int


def find(paths: Sequence[str | os.PathLike]) -> list[ExportedModel]:
  """Finds exported models, in the order of their paths.

  Args:
    paths: Paths of SavedModels, TFLite or ONNX files, or folders with numbered
      versions of a SavedModel, of which the latest is taken.

  Raises:
    FileNotFoundError: If a path does not exist.
    ValueError: If a path is no exported model or is given twice, or if there
      is no path.
  """
  if not paths:
    raise ValueError(
        'No exported model is named: a SavedModel, a .tflite or .onnx file.')
  given = [pathlib.Path(path).expanduser() for path in paths]
  found = [_locate(path) for path in given]
  for place, path in enumerate(found):
    if path.resolve() in [other.resolve() for other in found[:place]]:
      raise ValueError(f'{path} is named twice.')
  return [ExportedModel(name, path, recognise(path).name,
                        files.folder_size(path))
          for name, path in zip(_names(given), found, strict=True)]


def locate(path: pathlib.Path) -> pathlib.Path | None:
  """Returns the path of an exported model, of a folder the one in it, or None.

  Of a folder of versions it is the latest; of Hugging Face's folder the most
  exact ONNX file.
  """
  if recognise(path):
    return path
  for each in FORMATS.values():
    for name in each.within:
      if each.recognises(path / name) and each.is_ours(path / name):
        return path / name
  versions = [each for each in (path.iterdir() if path.is_dir() else ())
              if each.name.isdecimal() and recognise(each)]
  return max(versions, key=lambda each: int(each.name), default=None)


def for_output(path: str | os.PathLike) -> Format:
  """Returns the format of an export by its path; a folder is a SavedModel."""
  suffix = pathlib.Path(path).suffix
  by_suffix = [each for each in FORMATS.values()
               if each.suffix and each.suffix == suffix]
  folders = [each for each in FORMATS.values() if not each.suffix]
  return (by_suffix or folders)[0]


def _locate(path: pathlib.Path) -> pathlib.Path:
  if not path.exists():
    raise FileNotFoundError(f'{path} does not exist.')
  if found := locate(path):
    return found
  inside = sorted(path.iterdir()) if path.is_dir() else []
  named = next((each for each in inside if recognise(each)), None)
  if named:
    raise ValueError(f'{path} is a folder; name the file in it: {named}.')
  known = ', '.join(
      f'{each.title} ({each.suffix or f"a folder with {each.marker}"})'
      for each in FORMATS.values())
  raise ValueError(f'{path} is no exported model; these are: {known}.')


def _names(paths: Sequence[pathlib.Path]) -> list[str]:
  """Returns the shortest ends that tell paths apart."""
  every = [path.resolve().parts for path in paths]
  names = []
  for parts in every:
    count = next((
        count for count in range(1, len(parts))
        if sum(other[-count:] == parts[-count:] for other in every) == 1),
        len(parts))
    names.append('/'.join(parts[-count:]))
  return names
