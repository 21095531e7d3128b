# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests of the plots."""

import base64
import math
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.reporting import plots


def _bytes(uri: str) -> bytes:
  return base64.b64decode(uri.partition(',')[2])


def _svg(figure) -> ElementTree.Element:
  return ElementTree.fromstring(_bytes(plots.to_data_uri(figure)))


def _texts(axes) -> list[str]:
  return [text.get_text() for text in axes.texts]


class PlotsTest(tf.test.TestCase, parameterized.TestCase):

  def _line(self, y, x=None, **options):
    x = range(len(y)) if x is None else x
    return plots.line_chart([plots.Series('loss', x, y)], x_label='Step',
                            y_label='Loss', **options)

  def test_uses_no_pyplot(self):
    program = (
        'import sys\n'
        'from mobilebert_tf.reporting import plots\n'
        "plots.to_data_uri(plots.heatmap([[1.]], row_labels=['a'],"
        " column_labels=['b'], maximum=1.))\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)\n")
    subprocess.run([sys.executable, '-c', program], check=True)

  def test_the_same_plot_gives_the_same_bytes(self):
    uris = [plots.to_data_uri(self._line([3, 2, 1]), name)
            for name in ('svg', 'svg', 'png', 'png')]
    self.assertEqual(uris[0], uris[1])
    self.assertEqual(uris[2], uris[3])
    self.assertStartsWith(_bytes(uris[2]), b'\x89PNG')

  def test_an_unknown_format_is_refused(self):
    with self.assertRaisesRegex(ValueError, "'gif'.*'svg', 'png'"):
      plots.to_data_uri(self._line([1, 2]), 'gif')

  @parameterized.parameters(
      '$x^{', '$$', '<script>', '&', 'a\x00b', '--', 'x' * 500, '日本',
      'half\ud800', '\x1b')
  def test_any_text_can_be_a_label(self, text):
    chart = plots.bar_chart([text], [1.0], texts=[text], colours=['k'])
    line = plots.line_chart(
        [plots.Series(text, [0, 1], [1, 2]),
         plots.Series('b', [0, 1], [1, 2])],
        x_label=text, y_label=text, bands=[plots.Band(text, 0, 1)])
    shades = plots.heatmap(np.eye(1), row_labels=[text], column_labels=[text],
                           maximum=1)
    for figure in (chart, line, shades):
      self.assertEndsWith(_svg(figure).tag, 'svg')  # Well-formed.

  def test_values_that_are_not_finite_leave_a_gap(self):
    axes = self._line([3.0, math.inf, None, 1.0]).axes[0]
    np.testing.assert_array_equal(
        axes.lines[0].get_ydata(), [3.0, math.nan, math.nan, 1.0])

  def test_a_chart_of_nothing_can_be_drawn(self):
    _svg(self._line([]))
    _svg(self._line([math.nan]))
    _svg(plots.bar_chart([], [], texts=[], colours=[]))

  def test_only_a_wide_positive_range_is_logarithmic(self):
    def scale(y):
      return self._line(y).axes[0].get_yscale()

    self.assertEqual(scale([1, 31]), 'log')
    self.assertEqual(scale([1, 29]), 'linear')
    self.assertEqual(scale([0, 31]), 'linear')

  def test_lines_break_between_bands(self):
    bands = [plots.Band('a', 0, 2), plots.Band('b', 2, 4)]
    axes = self._line([5, 4, 9, 8], x=[1, 2, 3, 4], bands=bands).axes[0]
    pieces = [list(line.get_ydata()) for line in axes.lines]
    self.assertEqual(pieces, [[5, 4], [9, 8]])
    self.assertEqual(_texts(axes), ['a', 'b'])

  def test_a_long_line_gets_a_mean_over_its_neighbours(self):
    y = np.tile([1.0, 2.0, 6.0], 20)
    y[30] = math.nan
    raw, mean = self._line(y).axes[0].lines
    np.testing.assert_array_equal(raw.get_ydata(), y)
    expected = [np.nanmean(y[max(0, i - 1):i + 2]) for i in range(60)]
    expected[30] = math.nan
    np.testing.assert_allclose(mean.get_ydata(), expected)

  def test_is_smoothed_counts_the_points_of_a_piece(self):
    line = plots.Series('a', range(60), range(60))
    bands = [plots.Band('a', 0, 30), plots.Band('b', 30, 60)]
    self.assertTrue(plots.is_smoothed(line))
    self.assertFalse(plots.is_smoothed(line, bands))
    self.assertFalse(plots.is_smoothed(plots.Series('a', [], [])))

  def test_bars_have_the_given_lengths_and_texts(self):
    axes = plots.bar_chart(['a', 'b', 'c'], [0.5, math.nan, 0.25],
                           texts=['50%', 'n/a', '25%'],
                           colours=['k'] * 3).axes[0]
    self.assertEqual([bar.get_width() for bar in axes.patches],
                     [0.5, 0.0, 0.25])
    self.assertEqual(_texts(axes), ['50%', 'n/a', '25%'])

  def test_points_and_whiskers_are_beside_the_diagonal(self):
    axes = plots.diagonal_chart(
        [0.2, math.nan, 0.9], [0.1, 0.5, math.inf],
        intervals=[(0.0, 0.3), (math.nan, math.nan), (0.8, 1.0)],
        x_label='x', y_label='y', percent=True).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == 'o'][0]
    np.testing.assert_array_equal(dots.get_xdata(), [0.2, math.nan, 0.9])
    np.testing.assert_array_equal(dots.get_ydata(), [0.1, 0.5, math.nan])
    _svg(plots.diagonal_chart([], [], x_label='', y_label='', intervals=[]))
    far = plots.diagonal_chart([1000, 1001], [1000, 1002], x_label='x',
                               y_label='y').axes[0]
    self.assertGreater(far.get_xlim()[0], 990)  # Zero is not dragged in.

  def test_texts_stand_clear_of_whiskers_and_near_ticks(self):
    options = dict(texts=['', ''], colours=['k'] * 2)
    whiskers = plots.bar_chart(
        ['a', 'b'], [0.5, 0.6], intervals=[(0.4, 0.7), (math.nan,) * 2],
        **options).axes[0]
    self.assertGreater(whiskers.texts[0].get_position()[0], 0.7)
    self.assertLess(whiskers.texts[1].get_position()[0], 0.7)
    ticks = plots.bar_chart(['a', 'b'], [0.5, 0.1], markers=[0.52, 0.9],
                            **options).axes[0]
    self.assertGreater(ticks.texts[0].get_position()[0], 0.52)
    self.assertLess(ticks.texts[1].get_position()[0], 0.2)

  def test_shades_go_from_white_with_readable_text(self):
    self.assertEqual(plots.shade(0), ('#ffffff', '#000000'))
    self.assertEqual(plots.shade(math.nan), plots.shade(0))
    self.assertEqual(plots.shade(7), plots.shade(1))
    for fraction in np.linspace(0, 1, 51):
      self.assertGreater(_contrast(*plots.shade(fraction)), 4.5, fraction)


def _contrast(one: str, other: str) -> float:
  """The contrast ratio of two colours, as WCAG 2 defines it."""
  def luminance(colour):
    parts = np.array([int(colour[i:i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.03928, parts / 12.92,
                      ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]
  low, high = sorted([luminance(one), luminance(other)])
  return (high + 0.05) / (low + 0.05)


if __name__ == '__main__':
  tf.test.main()
