# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The formats that a model is exported to, a line each."""

import dataclasses
import importlib
import os
import pathlib
import types
from typing import Any


@dataclasses.dataclass(frozen=True)
class Format:
  """A format of exported models.

  Its modules lie beside this one and are imported when they are needed: a file
  that answers without TensorFlow is opened without TensorFlow.

  Attributes:
    name: Name in reports.
    title: Name in messages.
    writer: Module with `write(trained, path, texts, **options)`.
    runner: Module with `open_runner(path, kinds, num_threads)`, which returns
      an object with `comparable(texts, pairs)`.
    suffix: End of the names of its files; empty for folders.
    marker: File that is in its folders; empty for files.
  """
  name: str
  title: str
  writer: str
  runner: str
  suffix: str = ''
  marker: str = ''

  def recognises(self, path: pathlib.Path) -> bool:
    """Returns whether a path is an exported model of this format."""
    if self.suffix:
      return path.is_file() and path.suffix == self.suffix
    return (path / self.marker).is_file()

  def write(self, *args: Any, **options: Any) -> Any:
    """Exports a model; see the writer module."""
    return self._part(self.writer, 'write')(*args, **options)

  def open(self, path: str | os.PathLike, kinds: Any,
           num_threads: int = 1) -> Any:
    """Returns what answers texts with an exported model.

    Args:
      path: Path of the model.
      kinds: All kinds of tasks by name.
      num_threads: Number of threads to compute with.
    """
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
)}


def recognise(path: pathlib.Path) -> Format | None:
  """Returns the format of an exported model, None if it is of none."""
  return next((each for each in FORMATS.values() if each.recognises(path)),
              None)
