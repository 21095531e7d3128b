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

"""What the checkpoint tests share: folders of their own to damage."""

import json
import pathlib
import shutil
from typing import Any

from tests import shared_data


def copy(golden: str, temp_dir: str) -> pathlib.Path:
  """Copies the files of a golden folder; returns the copy."""
  source = shared_data.path(f'golden/{golden}')
  folder = pathlib.Path(temp_dir) / source.name
  shutil.rmtree(folder, ignore_errors=True)
  folder.mkdir(parents=True)
  for file in source.iterdir():
    if file.is_file():
      shutil.copy(file, folder)
  return folder


def edit(path: pathlib.Path, **fields: Any) -> None:
  """Changes fields of a JSON file; None removes one."""
  content = {**json.loads(path.read_text()), **fields}
  path.write_text(json.dumps(
      {name: value for name, value in content.items() if value is not None}))


def truncate(path: pathlib.Path, size: int) -> None:
  """Leaves the first bytes of a file."""
  path.write_bytes(path.read_bytes()[:size])
