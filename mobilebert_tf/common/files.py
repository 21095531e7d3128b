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

"""Writes files and folders whole or not at all."""

import contextlib
import errno
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator


def write_text(path: str | os.PathLike, text: str) -> None:
  """Writes a text file at once.

  Args:
    path: The file; its folder is made if needed.
    text: What it holds afterwards, as UTF-8.

  Example: `write_text('results.json', '{}')`
  """
  write_bytes(path, text.encode('utf-8'))


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
  """Writes a file at once.

  Args:
    path: The file; its folder is made if needed.
    data: What it holds afterwards.

  Example: `write_bytes('answers.zip', buffer.getvalue())`
  """
  path = pathlib.Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
  try:
    temporary.write_bytes(data)
    os.replace(temporary, path)
  finally:
    temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replace_folder(folder: str | os.PathLike, marker: str,
                   overwrite: bool = True) -> Iterator[pathlib.Path]:
  """Gives an empty folder that takes the place of another when it is filled.

  The old folder stands until the new one is complete, and stays if filling it
  fails.

  Args:
    folder: The folder to write; one that exists is replaced as a whole.
    marker: A file that tells a folder of this kind. A folder that holds
      anything but lacks it is somebody else's and is not touched.
    overwrite: Whether one that holds anything may be replaced at all.

  Yields:
    The folder to fill, beside `folder`.

  Raises:
    FileExistsError: If `folder` is not of this kind, or may not be replaced,
      or another program has made it meanwhile.

  Example: `with replace_folder('bundle', 'metadata.json') as new: ...`
  """
  folder = pathlib.Path(folder)
  if folder.exists() and not (folder / marker).exists() and (
      not folder.is_dir() or any(folder.iterdir())):
    raise FileExistsError(
        f'{folder} exists and has no {marker}, so it was not made by this '
        'program and will not be replaced. Name another folder.')
  folder.parent.mkdir(parents=True, exist_ok=True)
  with tempfile.TemporaryDirectory(
      prefix=f'.{folder.name}-', dir=folder.parent) as staging:
    new, old = pathlib.Path(staging, 'new'), pathlib.Path(staging, 'old')
    new.mkdir()
    yield new
    if overwrite and folder.exists():
      os.rename(folder, old)
    try:
      os.rename(new, folder)
    except OSError as error:
      if old.exists():  # Or it would go with the staging folder.
        os.rename(old, folder)
      if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
        raise FileExistsError(
            f'{folder} exists already. Name another folder.') from error
      raise
    shutil.rmtree(old, ignore_errors=True)
