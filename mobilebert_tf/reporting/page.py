# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Self-contained HTML pages: one file that opens anywhere, years from now.

A page carries its style and pictures inside, runs no script and asks the
network for nothing; its Content-Security-Policy makes the browser enforce
that. Every value that a template prints is escaped. A report is a list of
sections, and a section a list of the blocks below.
"""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import jinja2

from mobilebert_tf.common import files
from mobilebert_tf.common import formatting
from mobilebert_tf.reporting import plots
from mobilebert_tf.reporting import text as text_lib

_TEMPLATES = pathlib.Path(__file__).resolve().parent / 'templates'


@dataclasses.dataclass(frozen=True)
class Text:
  """A paragraph.

  Attributes:
    text: The paragraph, or '' for none.
    style: `''`, `'strong'`, `'note'`, or `'heading'` for a heading of level 3.
  """
  block: ClassVar[str] = 'text'
  text: str
  style: str = ''


@dataclasses.dataclass(frozen=True)
class Picture:
  """A plot.

  Attributes:
    title: Line above it.
    source: `data:` address, from `plots.to_data_uri`.
    alt: Description of what it shows for those who do not see it.
    caption: Line below it, or ''.

  Raises:
    ValueError: If `source` would be fetched, or `alt` is empty.
  """
  block: ClassVar[str] = 'picture'
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


def bar_picture(title: str, labels: Sequence[str], values: Sequence[float],
                texts: Sequence[str], caption: str = '',
                **options: Any) -> Picture:
  """Draws bars by `plots.bar_chart`, and describes them."""
  figure = plots.bar_chart(labels, values, texts=texts, **options)
  said = ', '.join(map(': '.join, zip(labels, texts, strict=True)))
  return Picture(title, plots.to_data_uri(figure),
                 f'Bar chart. {title}: {said}.', caption)


@dataclasses.dataclass(frozen=True)
class Data:
  """A table, or None, with the label that screen readers announce."""
  block: ClassVar[str] = 'data'
  label: str
  table: text_lib.Table | None


@dataclasses.dataclass(frozen=True)
class Matrix:
  """A confusion matrix.

  Attributes:
    title: Line above it.
    labels: Names of the classes.
    counts: Answers (columns) to each true class (row), `[classes, classes]`;
      anything but a number is shown as 'n/a'.
  """
  block: ClassVar[str] = 'matrix'
  title: str
  labels: Sequence[str]
  counts: Sequence[Sequence[Any]]

  @property
  def rows(self) -> list[dict[str, Any]]:
    """Each row's `index`, `label`, shaded `cells` and `recall`."""
    return [self._row(*row) for row in enumerate(self.labels)]

  def _row(self, index: int, label: str) -> dict[str, Any]:
    counts = list(self.counts[index])
    total = sum(filter(formatting.is_number, counts))
    shares = [value / total if formatting.is_number(value) and total > 0
              else 0.0 for value in counts]
    # Zeros are most of the matrix; without them the others can be seen.
    cells = [('' if value == 0 else formatting.count(value),
              *plots.shade(share))
             for value, share in zip(counts, shares, strict=True)]
    return {'index': index, 'label': label, 'cells': cells,
            'recall': formatting.percent(
                shares[index] if total > 0 else None, 0)}


@dataclasses.dataclass(frozen=True)
class Group:
  """Blocks beside or below each other.

  Attributes:
    items: Blocks, those that are None left out.
    layout: `'pair'` for two columns, `'stack'` for one, `'cell'` for one inside
      a pair, `'columns'` for columns of two.
  """
  block: ClassVar[str] = 'group'
  items: Sequence[Any]
  layout: str = 'pair'


@dataclasses.dataclass(frozen=True)
class Timeline:
  """Steps with `name`, `what`, `time`, and `start` and `share` in percent."""
  block: ClassVar[str] = 'timeline'
  steps: Sequence[Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class Facts:
  """Names and texts; the text of `Command` is shown as code."""
  block: ClassVar[str] = 'facts'
  rows: Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Mistakes:
  """Wrong answers with `truth`, `answer`, `detail` and `texts`."""
  block: ClassVar[str] = 'mistakes'
  items: Sequence[Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class Section:
  """A titled part of a page.

  Attributes:
    name: Id of the element.
    title: Heading, or '' for none.
    blocks: Contents, from the top down; None is left out.
  """
  name: str
  title: str
  blocks: Sequence[Any]


@functools.cache
def environment() -> jinja2.Environment:
  """Returns the Jinja2 environment, which escapes everything."""
  return jinja2.Environment(
      loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True,
      undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(title: str, subtitle: str, sections: Sequence[Section | None], *,
           abstract: str = '', highlights: Sequence[tuple[str, str, str]] = (),
           footer: str = '', source: tuple[str, str, str] | None = None) -> str:
  """Renders a report.

  Args:
    title: Title of the page.
    subtitle: Line below it.
    sections: Sections; those that are None are left out.
    abstract: Paragraph below the subtitle, or ''.
    highlights: Label, value and detail of each of the numbers on top.
    footer: Last sentences, or ''.
    source: Title, address and details of a work that the footer names.
  """
  return environment().get_template('report.html.j2').render(
      title=title, subtitle=subtitle, abstract=abstract, highlights=highlights,
      sections=[each for each in sections if each], footer=footer,
      source=source)


def run_facts(results: Mapping[str, Any]) -> dict[str, str]:
  """Returns `command`, `date`, `hardware` and `versions` of a run as texts."""
  hardware, versions = (
      each if isinstance(each, Mapping) else {}
      for each in (results.get('hardware'), results.get('versions')))
  machine = [str(hardware['cpu'])] if hardware.get('cpu') else []
  if formatting.is_number(hardware.get('cores')):
    machine.append(f'{formatting.count(hardware["cores"])} cores')
  if formatting.is_number(hardware.get('memory_gb')):
    machine.append(f'{formatting.quantity(hardware["memory_gb"], "GB")} memory')
  facts = {
      'Command': results.get('command'), 'Date': results.get('date'),
      'Hardware': ', '.join(machine),
      'Versions': ', '.join(f'{name} {version}'
                            for name, version in versions.items())}
  return {name: str(value) for name, value in facts.items() if value}


def write(output_path: str | os.PathLike, html: str) -> None:
  """Writes a page atomically; unpaired surrogates become question marks.

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
