# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests of writing and rendering pages."""

import os
import pathlib
from unittest import mock

import jinja2
import tensorflow as tf

from mobilebert_tf.reporting import page
from mobilebert_tf.reporting import text as text_lib


def _render(source: str, **values) -> str:
  return page.environment().from_string(source).render(**values)


class PageTest(tf.test.TestCase):

  def _folder(self) -> pathlib.Path:
    folder = pathlib.Path(self.get_temp_dir()) / self.id()
    folder.mkdir()
    return folder

  def test_writes_utf8_and_makes_folders(self):
    path = self._folder() / 'new' / 'report.html'
    page.write(path, '<p>é 日本 \ud800</p>')
    self.assertEqual(path.read_text('utf-8'), '<p>é 日本 ?</p>')

  def test_replaces_an_older_page_and_leaves_nothing_else(self):
    path = self._folder() / 'report.html'
    page.write(path, 'old')
    page.write(str(path), 'new')
    self.assertEqual(path.read_text(), 'new')
    self.assertEqual(os.listdir(path.parent), ['report.html'])

  def test_a_failure_leaves_the_older_page_whole(self):
    path = self._folder() / 'report.html'
    page.write(path, 'old')

    def half_written(self, data):
      with open(self, 'wb') as file:
        file.write(data[:1])
      raise OSError('disk full')

    with mock.patch.object(pathlib.Path, 'write_bytes', half_written):
      with self.assertRaisesRegex(OSError, 'disk full'):
        page.write(path, 'new')
    self.assertEqual(path.read_text(), 'old')
    self.assertEqual(os.listdir(path.parent), ['report.html'])

  def test_others_may_read_the_page_if_the_umask_says_so(self):
    path = self._folder() / 'report.html'
    previous = os.umask(0o022)
    try:
      page.write(path, 'text')
    finally:
      os.umask(previous)
    self.assertEqual(path.stat().st_mode & 0o777, 0o644)

  def test_a_folder_is_refused(self):
    with self.assertRaisesRegex(IsADirectoryError, 'Name the file'):
      page.write(self._folder(), 'text')

  def test_everything_is_escaped(self):
    self.assertEqual(
        _render('<i title="{{ x }}">{{ x }}</i>', x='"><script>'),
        '<i title="&#34;&gt;&lt;script&gt;">&#34;&gt;&lt;script&gt;</i>')

  def test_macros_escape_cells_and_headings(self):
    table = text_lib.Table((text_lib.Column('<b>'),), (('<script>',),))
    html = _render(
        "{% import 'macros.html.j2' as show %}"
        '{{ show.data(it) }}', it=page.Data('<i>', table))
    for tag in ('<b>', '<script>', '<i>'):
      self.assertNotIn(tag, html)
      self.assertIn(tag.replace('<', '&lt;').replace('>', '&gt;'), html)

  def test_a_missing_value_is_an_error(self):
    with self.assertRaises(jinja2.UndefinedError):
      _render('{{ missing }}')

  def test_a_picture_is_embedded_and_described(self):
    with self.assertRaisesRegex(ValueError, 'self-contained'):
      page.Picture('Title', 'https://example.com/a.png', 'alt')
    with self.assertRaisesRegex(ValueError, 'alt text'):
      page.Picture('Title', 'data:image/png;base64,', ' ')


if __name__ == '__main__':
  tf.test.main()
