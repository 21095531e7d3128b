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
