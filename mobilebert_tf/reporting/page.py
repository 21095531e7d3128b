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

"""Self-contained HTML pages: one file that opens anywhere, years from now.

A page carries its style and pictures inside, runs no script and asks the
network for nothing; its Content-Security-Policy makes the browser hold it to
that. Every value that a template prints is escaped.
"""

import dataclasses
import functools
import os
import pathlib
from typing import Any

import jinja2

from mobilebert_tf.common import files

_TEMPLATES = pathlib.Path(__file__).resolve().parent / 'templates'


@dataclasses.dataclass(frozen=True)
class Picture:
  """A plot as the templates' `picture` macro shows it.

  Attributes:
    title: Line above it.
    source: `data:` address, from `plots.to_data_uri`.
    alt: What it shows, for those who do not see it: say the finding.
    caption: Line below it, or ''.

  Raises:
    ValueError: If `source` would be fetched, or `alt` is empty.
  """
  title: str
  source: str
  alt: str
  caption: str = ''

  def __post_init__(self):
    if not self.source.startswith('data:image/'):
      raise ValueError(
          f'Picture {self.title!r} has source={self.source[:40]!r}. A page is '
          'self-contained: pass the result of plots.to_data_uri.')
    if not self.alt.strip():
      raise ValueError(f'Picture {self.title!r} needs an alt text.')


@functools.cache
def environment() -> jinja2.Environment:
  """Returns the Jinja2 environment of the reports.

  It escapes everything, whatever the template's name, and a misspelt variable
  is an error rather than a hole in the page.
  """
  return jinja2.Environment(
      loader=jinja2.FileSystemLoader(_TEMPLATES),
      autoescape=True,
      undefined=jinja2.StrictUndefined,
      trim_blocks=True,
      lstrip_blocks=True)


def render(template: str, **values: Any) -> str:
  """Renders a template of `templates/`.

  Args:
    template: Its file name. A report's template extends `base.html.j2`, which
      takes `title`, and imports `macros.html.j2`.
    **values: The template's variables.

  Returns:
    The page.

  Raises:
    jinja2.TemplateNotFound: If there is no such template.
    jinja2.UndefinedError: If the template needs a value that is not given.
  """
  return environment().get_template(template).render(**values)


def write(output_path: str | os.PathLike, html: str) -> None:
  """Writes a page whole or not at all.

  Args:
    output_path: The file. Folders on the way are made; an older file is
      replaced only once the new one is complete.
    html: The page. Unpaired surrogates are written as question marks.

  Raises:
    IsADirectoryError: If `output_path` is a folder.
    OSError: If the file cannot be written; the older file is left as it was.
  """
  path = pathlib.Path(output_path)
  if path.is_dir():
    raise IsADirectoryError(
        f'{path} is a folder. Name the file to write, such as '
        f'{path / "report.html"}.')
  files.write_bytes(path, html.encode('utf-8', errors='replace'))
