# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Plots for reports, in one style and a palette safe for the colour-blind.

Every function returns a `matplotlib.figure.Figure`; pyplot and its global list
of figures stay out of it. Figures are narrow (a phone shows them whole) and
have no title: the page prints it as text. Texts are shown as they are, so a
label with dollar signs is not taken for a formula.
"""

import base64
import dataclasses
import functools
import io
import warnings
from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
from matplotlib import colors, ticker
from matplotlib import figure as figure_lib

from mobilebert_tf.reporting import text as text_lib

# Okabe and Ito's colours, and greys that print.
BLUE = '#0072B2'
ORANGE = '#D55E00'
GREEN = '#009E73'
PURPLE = '#AA4499'
DARK_GREY = '#595959'
LIGHT_GREY = '#B8B8B8'
INK = '#1F2328'
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, DARK_GREY)

SHADES = 'Blues'
_WIDTH = 5.2  # Inches of 72 points.
SMOOTHED_FROM = 40  # A line of this many points gets a running mean.
_FAINT = '#D9DDE2'
_BAND = '#EEF2F6'
_LOG_FROM = 30  # A range this many times its least value needs a log scale.
_STYLE = {
    'font.family': ['DejaVu Sans'],  # Comes with matplotlib.
    'font.size': 9.5,
    'svg.fonttype': 'path',
    'svg.hashsalt': 'mobilebert_tf',  # The same plot, the same bytes.
    'text.parse_math': False,
}


def _styled(draw: Callable[..., figure_lib.Figure]):
  """Decorates a function to draw in the style of all reports."""
  @functools.wraps(draw)
  def styled(*args, **options):
    with matplotlib.rc_context(_STYLE):
      return draw(*args, **options)
  return styled


@dataclasses.dataclass(frozen=True)
class Series:
  """One line of a chart.

  Attributes:
    label: Name in the legend.
    x: Positions, increasing.
    y: Values; those that are not finite leave a gap.
    colour: Any colour of matplotlib.
    dashed: Whether the line is dashed, to tell it apart without colour.
  """
  label: str
  x: Sequence[float]
  y: Sequence[float]
  colour: str = BLUE
  dashed: bool = False


@dataclasses.dataclass(frozen=True)
class Band:
  """A named stretch of the x axis, `start` to `end`."""
  label: str
  start: float
  end: float


@_styled
def line_chart(series: Sequence[Series], *, x_label: str, y_label: str,
               bands: Sequence[Band] = (), percent: bool = False,
               from_zero: bool = True) -> figure_lib.Figure:
  """Draws lines over a common x axis.

  The y axis is logarithmic where positive values span a factor of 30 or more.
  Lines break between bands. A piece of at least `SMOOTHED_FROM` points is drawn
  thin below its running mean.

  Args:
    series: Lines.
    x_label: Name of the x axis.
    y_label: Name of the y axis.
    bands: Stretches to shade (every other one) and name above the axes.
    percent: Whether the values are fractions to show as percentages.
    from_zero: Whether the axis of percentages begins at 0.
  """
  figure, axes = _new_figure((_WIDTH, 3.3))
  for line in series:
    _draw_series(axes, line, bands)
  _shade(axes, bands)
  _scale_y(axes, series, percent, from_zero)
  axes.set_xlabel(_plain(x_label))
  axes.set_ylabel(_plain(y_label))
  axes.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
  axes.xaxis.set_major_formatter(ticker.StrMethodFormatter('{x:,.0f}'))
  axes.grid(axis='y', color=_FAINT, linewidth=0.6)
  if len({line.label for line in series}) > 1:
    # Above, where it hides no point, unless names of bands stand there.
    place = {} if bands else {
        'loc': 'lower left', 'bbox_to_anchor': (0, 1), 'ncols': 2}
    axes.legend(frameon=False, handlelength=2.2, **place)
  return figure


def is_smoothed(line: Series, bands: Sequence[Band] = ()) -> bool:
  """Whether `line_chart` draws a running mean over some of the line."""
  _, sizes = np.unique(_pieces(line, bands), return_counts=True)
  return bool(sizes.size and sizes.max() >= SMOOTHED_FROM)


@_styled
def bar_chart(labels: Sequence[str], values: Sequence[float], *,
              texts: Sequence[str], colours: Sequence[str] = (BLUE,),
              intervals: Sequence[tuple[float, float]] | None = None,
              markers: Sequence[float] | None = None) -> figure_lib.Figure:
  """Draws horizontal bars from zero, each with its number at the end.

  Args:
    labels: Names of the bars, from the top down.
    values: Their lengths, 0 or more; one that is not finite gets no bar.
    texts: Texts at their ends.
    colours: One for each bar, or one for all.
    intervals: Low and high end of a whisker for each bar.
    markers: Position of a tick across each bar, for comparison.
  """
  values = _finite(values)
  lengths = np.nan_to_num(values)
  ends = lengths.copy()  # Where the texts go: after bar and whisker.
  if intervals is not None:
    ends = np.fmax(ends, _finite([high for _, high in intervals]))
  reach = max(ends.max(initial=0), 1e-9)
  if markers is not None:
    marks = _finite(markers)
    reach = max(reach, np.nan_to_num(marks).max(initial=0))
    hidden = (marks > ends - 0.01 * reach) & (marks < ends + 0.2 * reach)
    ends = np.where(hidden, np.fmax(ends, marks), ends)
  figure, axes = _new_figure((_WIDTH, 0.45 + 0.36 * len(labels)))
  rows = np.arange(len(labels))
  axes.barh(rows, lengths, color=list(colours), height=0.62)
  if intervals is not None:
    axes.hlines(rows, *_ends(intervals), color=INK, linewidth=1.2)
  if markers is not None:
    axes.vlines(marks, rows - 0.4, rows + 0.4, color=INK, linewidth=1.8)
  for row, (end, text) in enumerate(zip(ends, texts, strict=True)):
    axes.text(end + 0.015 * reach, row, _plain(text, 16), va='center',
              color=INK)
  axes.set_xlim(0, 1.22 * reach)
  _label_rows(axes, labels)
  axes.xaxis.set_visible(False)
  axes.spines['bottom'].set_visible(False)
  return figure


@_styled
def dot_chart(labels: Sequence[str], points: Sequence[Sequence[float]], *,
              reference: float | None = None,
              reference_label: str = '') -> figure_lib.Figure:
  """Draws shares as dots, a row for each label, with a line at each mean.

  The axis shows the range of the values, not zero: lengths mean nothing here.

  Args:
    labels: Names of the rows, from the top down.
    points: The values of each row; those that are not finite are left out.
    reference: Position of a dashed line across all rows.
    reference_label: Name of the dashed line.
  """
  figure, axes = _new_figure((_WIDTH, 0.75 + 0.36 * len(labels)))
  for row, some in enumerate(points):
    some = _finite(some)
    some = some[np.isfinite(some)]
    if some.size:
      axes.vlines(some.mean(), row - 0.3, row + 0.3, color=INK, linewidth=1.8)
    axes.plot(some, np.full(some.shape, row), 'o', color=BLUE, alpha=0.7,
              markersize=6)
  if reference is not None:
    axes.axvline(reference, color=DARK_GREY, linestyle='--', linewidth=1.0,
                 label=_plain(reference_label))
    axes.legend(frameon=False, loc='best')
  _label_rows(axes, labels)
  axes.grid(axis='x', color=_FAINT, linewidth=0.8)
  axes.set_axisbelow(True)
  axes.xaxis.set_major_formatter(ticker.PercentFormatter(1.0, decimals=1))
  axes.margins(x=0.08)
  return figure


@_styled
def diagonal_chart(x: Sequence[float], y: Sequence[float], *, x_label: str,
                   y_label: str,
                   intervals: Sequence[tuple[float, float]] | None = None,
                   percent: bool = False) -> figure_lib.Figure:
  """Draws points beside the diagonal on which `y` would equal `x`.

  Args:
    x: Positions from left to right; those not finite are left out.
    y: Positions from the bottom up.
    x_label: Name of the x axis.
    y_label: Name of the y axis.
    intervals: Low and high end of a whisker for each point.
    percent: Whether both are fractions to show as percentages, 0 to 1.
  """
  x, y = _finite(x), _finite(y)
  start = float(np.nan_to_num(np.fmin.reduce(x))) if x.size else 0.0
  figure, axes = _new_figure((4.6, 4.2))
  axes.axline((start, start), slope=1, color=DARK_GREY, linestyle='--',
              linewidth=1.0)
  if intervals is not None:
    axes.vlines(x, *_ends(intervals), color=INK, linewidth=1.2)
  crowded = len(x) > 200
  axes.plot(x, y, 'o', color=BLUE, alpha=0.3 if crowded else 0.8,
            markersize=3 if crowded else 6, markeredgewidth=0)
  axes.set_xlabel(_plain(x_label))
  axes.set_ylabel(_plain(y_label))
  axes.grid(color=_FAINT, linewidth=0.6)
  axes.set_axisbelow(True)
  if percent:
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, 1.03)
    for axis in (axes.xaxis, axes.yaxis):
      axis.set_major_formatter(ticker.PercentFormatter(1.0, decimals=0))
  else:
    axes.margins(0.05)
  return figure


@_styled
def heatmap(matrix: np.ndarray, *, row_labels: Sequence[str],
            column_labels: Sequence[str], maximum: float,
            gamma: float = 1.0) -> figure_lib.Figure:
  """Draws a matrix in shades of blue, white for 0.

  Args:
    matrix: `[rows, columns]`; values that are not finite are light grey.
    row_labels: Names of the rows, shown on the left.
    column_labels: Names of the columns, shown upright below.
    maximum: Value of the darkest shade; give comparable plots the same.
    gamma: Exponent of the shade's scale; 0.5 brings out small values.
  """
  figure, axes = _new_figure((3.6, 3.5))
  shades = matplotlib.colormaps[SHADES].with_extremes(bad=_FAINT)
  norm = colors.PowerNorm(gamma, vmin=0, vmax=max(maximum, 1e-9))
  axes.imshow(np.ma.masked_invalid(matrix), cmap=shades, norm=norm,
              interpolation='nearest', aspect='auto')
  letters = float(np.clip(140 / max(len(row_labels), 1), 4.5, 8))
  axes.set_yticks(range(len(row_labels)), [_plain(x, 14) for x in row_labels],
                  fontsize=letters)
  axes.set_xticks(range(len(column_labels)),
                  [_plain(x, 14) for x in column_labels], fontsize=letters,
                  rotation=90)
  axes.tick_params(length=0, pad=2)
  axes.spines[:].set(visible=True, color=_FAINT)
  return figure


def colour(place: int) -> str:
  """Returns the colour of the `place`-th of several things."""
  return COLOURS[place % len(COLOURS)]


def shade(fraction: float) -> tuple[str, str]:
  """Returns the background, white for 0, and text colour of a table cell."""
  fraction = float(np.clip(np.nan_to_num(fraction), 0, 1))
  if fraction == 0:
    return '#ffffff', '#000000'
  background = np.array(matplotlib.colormaps[SHADES](fraction)[:3])
  # WCAG's relative luminance; at 0.179 black and white are equally readable.
  linear = np.where(background <= 0.04045, background / 12.92,
                    ((background + 0.055) / 1.055) ** 2.4)
  light = linear @ [0.2126, 0.7152, 0.0722] > 0.179
  return colors.to_hex(background), '#000000' if light else '#ffffff'


def to_data_uri(figure: figure_lib.Figure, image_format: str = 'svg') -> str:
  """Returns a figure as a `data:` address, for an `img` element.

  As an image, unlike inline SVG, it shares no ids with the page's other
  figures and can run nothing. The same figure gives the same text. Formats are
  `'svg'`, and `'png'` (at 220 dots an inch) for heat maps.
  """
  formats = {'svg': ('image/svg+xml', {'Date': None, 'Creator': None}),
             'png': ('image/png', {'Software': None})}
  if image_format not in formats:
    raise ValueError(
        f'image_format={image_format!r} is not one of {tuple(formats)}.')
  media_type, metadata = formats[image_format]
  buffer = io.BytesIO()
  with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
    # A script that DejaVu lacks is drawn as boxes: no reason to alarm anyone.
    warnings.filterwarnings('ignore', message='Glyph .* missing from')
    figure.savefig(buffer, format=image_format, metadata=metadata, dpi=220)
  encoded = base64.b64encode(buffer.getvalue()).decode('ascii')
  return f'data:{media_type};base64,{encoded}'


def _new_figure(size):
  figure = figure_lib.Figure(figsize=size, layout='constrained')
  axes = figure.add_subplot()
  axes.spines[['top', 'right']].set_visible(False)
  axes.spines[['left', 'bottom']].set_color(LIGHT_GREY)
  axes.tick_params(color=LIGHT_GREY, labelcolor=INK)
  return figure, axes


def _label_rows(axes, labels: Sequence[str]) -> None:
  """Names rows on the left, the first one on top."""
  axes.set_yticks(range(len(labels)), [_plain(label, 28) for label in labels])
  axes.set_ylim(max(len(labels), 1) - 0.5, -0.5)
  axes.tick_params(axis='y', length=0)


def _ends(intervals: Sequence[tuple[float, float]]) -> np.ndarray:
  """Returns the low and the high ends, `[2, intervals]`."""
  return np.transpose(_finite(np.ravel(intervals)).reshape(-1, 2))


def _plain(text: str, width: int = 40) -> str:
  """Returns text that can be drawn: one line, valid in XML, not too long."""
  return text_lib.shorten(text_lib.clean(text), width)


def _finite(values) -> np.ndarray:
  """Converts to floats, with NaN for None, text and infinity."""
  array = np.array([
      value if isinstance(value, int | float | np.number) else np.nan
      for value in values], dtype=np.float64)
  return np.where(np.isfinite(array), array, np.nan)


def _draw_series(axes, line: Series, bands: Sequence[Band]) -> None:
  xs, ys = np.asarray(line.x, np.float64), _finite(line.y)
  piece_of = _pieces(line, bands)
  for number, piece in enumerate(np.unique(piece_of)):
    x, y = xs[piece_of == piece], ys[piece_of == piece]
    if len(x) >= SMOOTHED_FROM:
      axes.plot(x, y, linewidth=0.7, alpha=0.4, color=line.colour)
      y = _running_mean(y, len(x) // 40)
    axes.plot(x, y, color=line.colour, linewidth=1.8,
              linestyle='--' if line.dashed else '-',
              marker='o' if len(x) == 1 else None,
              label=_plain(line.label) if number == 0 else None)


def _pieces(line: Series, bands: Sequence[Band]) -> np.ndarray:
  """Returns the number of the band that each point belongs to."""
  # A point on an edge was logged at the end of the band before it.
  edges = [band.end for band in bands[:-1]]
  return np.searchsorted(edges, np.asarray(line.x, np.float64), side='left')


def _running_mean(values: np.ndarray, reach: int) -> np.ndarray:
  """Returns means of finite values up to `reach` away; NaN stays NaN."""
  known = np.isfinite(values)
  ones = np.ones(2 * reach + 1)
  sums = np.convolve(np.where(known, values, 0.0), ones, 'same')
  counts = np.convolve(known, ones, 'same')
  return np.where(known, sums / np.maximum(counts, 1), np.nan)


def _shade(axes, bands: Sequence[Band]) -> None:
  if not bands:
    return
  start, end = bands[0].start, bands[-1].end
  axes.set_xlim(start, end)
  narrowest = min(band.end - band.start for band in bands) / (end - start)
  longest = max(len(band.label) for band in bands)
  upright = narrowest < 0.018 * longest
  for number, band in enumerate(bands):
    if number % 2 == 0:
      axes.axvspan(band.start, band.end, color=_BAND, linewidth=0, zorder=0)
    axes.text((band.start + band.end) / 2, 1.02, _plain(band.label, 24),
              transform=axes.get_xaxis_transform(), ha='center', va='bottom',
              rotation=90 if upright else 0, fontsize=8, color=DARK_GREY)


def _scale_y(axes, series: Sequence[Series], percent: bool,
             from_zero: bool) -> None:
  values = np.concatenate([_finite(line.y) for line in series] or [[]])
  values = values[np.isfinite(values)]
  if percent:
    if from_zero:
      axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(
        ticker.FuncFormatter(lambda value, _: f'{100 * value:g}%'))
  elif values.size and values.min() > 0 and (
      values.max() / values.min() >= _LOG_FROM):
    axes.set_yscale('log')
    axes.yaxis.set_major_formatter(ticker.StrMethodFormatter('{x:g}'))
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())
