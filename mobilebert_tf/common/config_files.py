# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The YAML files of `configs/`, in a checkout or in the wheel."""

import difflib
import os
import pathlib

_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
# The wheel installs configs/ inside the package; a checkout has it beside.
_FOLDERS = (_PACKAGE / 'configs', _PACKAGE.parent / 'configs')


def find(name: str) -> str:
  """Returns the path of a file, or of that of `configs/` with this name.

  Args:
    name: Path of a file, which counts first; or name of a file of `configs/`,
      with or without the folders before it and the ending.

  Raises:
    FileNotFoundError: If there is no such file; lists those of `configs/`, and
      says which is nearest.
  """
  if os.path.exists(name) or '://' in name:
    return name
  wanted = pathlib.PurePosixPath(name).with_suffix('.yaml')
  known = _files()
  for relative, path in known.items():
    parts = pathlib.PurePosixPath('configs', relative).parts
    if parts[-len(wanted.parts):] == wanted.parts:
      return path
  near = difflib.get_close_matches(
      wanted.name, [pathlib.PurePosixPath(each).name for each in known], n=1)
  raise FileNotFoundError(
      f'{name} does not exist.'
      + (f' Did you mean {near[0]}?' if near else '')
      + f' In configs/ there are: {", ".join(known)}.')


def _files() -> dict[str, str]:
  """Returns the paths of all files, by their paths below `configs/`."""
  return {file.relative_to(folder).as_posix(): str(file)
          for folder in reversed(_FOLDERS)
          for file in sorted(folder.glob('**/*.yaml'))}
