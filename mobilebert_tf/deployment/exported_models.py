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

"""What a model is deployed as, found by its path."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

from mobilebert_tf.common import files

SAVED_MODEL, TFLITE = 'saved_model', 'tflite'
_MARKER, _SUFFIX = 'saved_model.pb', '.tflite'


@dataclasses.dataclass(frozen=True)
class Artefact:
  """A SavedModel or a TFLite file.

  Attributes:
    name: The end of its path that no other of the list has.
    path: The folder with `saved_model.pb`, or the file.
    kind: `SAVED_MODEL` or `TFLITE`.
    num_bytes: Its size on the disk, that of all files of a SavedModel.
  """
  name: str
  path: pathlib.Path
  kind: str
  num_bytes: int


def find(paths: Sequence[str | os.PathLike]) -> list[Artefact]:
  """Finds artefacts.

  Example: `find(['serving/sst2', 'export/model.tflite'])`

  Args:
    paths: Each a SavedModel's folder; a folder of numbered versions of it, as
      TensorFlow Serving has it, of which the latest counts; or a TFLite file.

  Returns:
    The artefacts, in this order.

  Raises:
    FileNotFoundError: If there is nothing of that name.
    ValueError: If there is something else, or the same artefact twice, or
      nothing is named. Names the path.
  """
  if not paths:
    raise ValueError('No artefact is named: a SavedModel or a .tflite file.')
  given = [pathlib.Path(path).expanduser() for path in paths]
  found = [_locate(path) for path in given]
  for place, path in enumerate(found):
    if path.resolve() in [other.resolve() for other in found[:place]]:
      raise ValueError(f'{path} is named twice.')
  return [Artefact(name, path, TFLITE if path.is_file() else SAVED_MODEL,
                   files.folder_size(path))
          for name, path in zip(_names(given), found, strict=True)]


def _locate(path: pathlib.Path) -> pathlib.Path:
  if path.is_file() and path.suffix == _SUFFIX:
    return path
  if not path.exists():
    raise FileNotFoundError(f'{path} does not exist.')
  if (path / _MARKER).is_file():
    return path
  if path.is_dir():
    versions = [each for each in path.iterdir()
                if each.name.isdecimal() and (each / _MARKER).is_file()]
    if versions:
      return max(versions, key=lambda each: int(each.name))
    inside = next(iter(sorted(path.glob(f'*{_SUFFIX}'))), None)
    if inside:
      raise ValueError(f'{path} is a folder; name the file in it: {inside}.')
  raise ValueError(
      f'{path} is no artefact: neither a SavedModel (a folder with {_MARKER}, '
      'or with numbered versions of it) nor a .tflite file.')


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
