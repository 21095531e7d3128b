# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Exported models, found by their paths."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

from mobilebert_tf.common import files
from mobilebert_tf.deployment import formats


@dataclasses.dataclass(frozen=True)
class ExportedModel:
  """A model in one of `formats.FORMATS`.

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
  """Finds exported models.

  Example: `find(['serving/sst2', 'export/model.tflite'])`

  Args:
    paths: Paths of SavedModels; of folders with numbered versions of one, as
      TensorFlow Serving has them, of which the latest is taken; or of TFLite
      files.

  Returns:
    The models, in the order of their paths.

  Raises:
    FileNotFoundError: If a path does not exist.
    ValueError: If a path is no exported model or is given twice, or if there
      is no path. Names the path.
  """
  if not paths:
    raise ValueError(
        'No exported model is named: a SavedModel or a .tflite file.')
  given = [pathlib.Path(path).expanduser() for path in paths]
  found = [_locate(path) for path in given]
  for place, path in enumerate(found):
    if path.resolve() in [other.resolve() for other in found[:place]]:
      raise ValueError(f'{path} is named twice.')
  return [ExportedModel(name, path, formats.recognise(path).name,
                        files.folder_size(path))
          for name, path in zip(_names(given), found, strict=True)]


def _locate(path: pathlib.Path) -> pathlib.Path:
  if not path.exists():
    raise FileNotFoundError(f'{path} does not exist.')
  if formats.recognise(path):
    return path
  inside = sorted(path.iterdir()) if path.is_dir() else []
  versions = [each for each in inside
              if each.name.isdecimal() and formats.recognise(each)]
  if versions:
    return max(versions, key=lambda each: int(each.name))
  named = next((each for each in inside if formats.recognise(each)), None)
  if named:
    raise ValueError(f'{path} is a folder; name the file in it: {named}.')
  known = ', '.join(
      f'{each.title} ({each.suffix or f"a folder with {each.marker}"})'
      for each in formats.FORMATS.values())
  raise ValueError(f'{path} is no exported model; these are: {known}.')


def _names(paths: Sequence[pathlib.Path]) -> list[str]:
  """Returns the shortest ends of paths that tell them apart."""
  every = [path.resolve().parts for path in paths]
  names = []
  for parts in every:
    count = next((
        count for count in range(1, len(parts))
        if sum(other[-count:] == parts[-count:] for other in every) == 1),
        len(parts))
    names.append('/'.join(parts[-count:]))
  return names
