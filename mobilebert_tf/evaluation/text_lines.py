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

"""Texts, or pairs of texts, a line each."""

import os
import pathlib
from collections.abc import Sequence


def read(path: str | os.PathLike,
         pairs: bool) -> tuple[list[str], list[str] | None]:
  """Reads a text file.

  Example: `texts, _ = read('sentences.txt', pairs=False)`

  Args:
    path: The file, UTF-8. Lines without text do not count.
    pairs: Whether a line has two texts with a tab between them.

  Returns:
    The texts; and the second text of each, None if there are no pairs.

  Raises:
    FileNotFoundError: If there is no such file.
    ValueError: If it has no text, is not UTF-8, or a line is no pair. Names
      the file and the line.
  """
  path = pathlib.Path(path).expanduser()
  try:
    lines = path.read_text(encoding='utf-8-sig').split('\n')
  except FileNotFoundError:
    raise FileNotFoundError(f'{path} does not exist.') from None
  except UnicodeDecodeError as error:
    line = error.object.count(b'\n', 0, error.start) + 1
    raise ValueError(f'{path}:{line}: not UTF-8 ({error.reason}).') from error
  numbered = [(number, line.strip()) for number, line in enumerate(lines, 1)
              if line.strip()]
  if not numbered:
    raise ValueError(f'{path} has no text. It needs a text a line.')
  if not pairs:
    return [line for _, line in numbered], None
  split = []
  for number, line in numbered:
    parts = [part.strip() for part in line.split('\t')]
    if len(parts) != 2 or not all(parts):
      raise ValueError(
          f'{path}:{number}: the model reads two texts, so a line has two with '
          f'a tab between them; this one has {len(list(filter(None, parts)))}.')
    split.append(parts)
  return [first for first, _ in split], [second for _, second in split]


def spread(texts: Sequence[str], pairs: Sequence[str] | None,
           count: int) -> tuple[list[str], list[str] | None]:
  """Returns so many of the texts, evenly over all: a file may be sorted."""
  count = min(count, len(texts))
  rows = [i * len(texts) // count for i in range(count)]
  return ([texts[i] for i in rows],
          None if pairs is None else [pairs[i] for i in rows])
