# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Finds the YAML files of `configs/`, in a checkout and in the wheel."""

import pathlib

_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
# The wheel installs configs/ inside the package; a checkout has it beside.
_FOLDERS = (_PACKAGE / 'configs', _PACKAGE.parent / 'configs')


def path(relative: str) -> str:
  """Returns the path of a file of `configs/`.

  Args:
    relative: Path below `configs/`.

  Returns:
    Path of an existing file.

  Raises:
    FileNotFoundError: If there is no such file; the message lists those that
      exist.

  Example:

  >>> path('experiments/pretrain_small.yaml').endswith('pretrain_small.yaml')
  True
  """
  for folder in _FOLDERS:
    if (folder / relative).is_file():
      return str(folder / relative)
  known = sorted({
      str(file.relative_to(folder))
      for folder in _FOLDERS for file in folder.glob('**/*.yaml')
  })
  raise FileNotFoundError(
      f'There is no {relative} in configs/; there are: {", ".join(known)}.')
