# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests reading documentation strings without importing anything."""

import os
import pathlib
import sys
from unittest import mock

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.data import docstrings
from tests.data import temporary

_LONG = 'A sentence of several plain words that is long enough to be kept.'
_MODULE = f'''"""{_LONG} Module."""
raise RuntimeError('imported')
class A:
  """{_LONG} Class."""
  def f(self):
    """{_LONG} Method."""
    def inner():
      """{_LONG} Inner."""
if True:
  async def g():
    """{_LONG} Coroutine."""
def short():
  """Too short."""
def again():
  """{_LONG}
  Method."""
'''


class DocstringsTest(parameterized.TestCase, temporary.TemporaryFiles,
                     tf.test.TestCase):

  def setUp(self):
    super().setUp()
    root = pathlib.Path(self.make_folder())
    for path, text in {
        'liba/__init__.py': f'"""{_LONG} Package."""\n',
        'liba/b.py': _MODULE,
        'liba/a/c.py': f'def h():\n  """{_LONG} Deep."""\n',
        'liba/broken.py': '"""\ndef (',
        'liba/nul.py': '"""\0"""',
        'liba/tests/test_x.py': f'"""{_LONG} Test."""\n',
        'liba/_vendor/v.py': f'"""{_LONG} Vendored."""\n',
        'liba/x_test.py': f'"""{_LONG} Test."""\n',
        'libb/__init__.py': f'"""{_LONG.upper()}  class."""\n',
        'libb/own.py': f'"""{_LONG} Own."""\n',
    }.items():
      (root / path).parent.mkdir(parents=True, exist_ok=True)
      (root / path).write_text(text)
    self.enter_context(mock.patch.object(sys, 'path', [str(root), *sys.path]))

  def test_reads_names_in_order_without_importing(self):
    found = list(docstrings.read_docstrings(['liba', 'libb'], 20))
    self.assertEqual(
        [(d.library, d.module, d.name, d.text.split()[-1]) for d in found], [
            ('liba', 'liba', '', 'Package.'),
            ('liba', 'liba.b', '', 'Module.'),
            ('liba', 'liba.b', 'A', 'Class.'),
            ('liba', 'liba.b', 'A.f', 'Method.'),
            ('liba', 'liba.b', 'A.f.inner', 'Inner.'),
            ('liba', 'liba.b', 'g', 'Coroutine.'),
            ('liba', 'liba.a.c', 'h', 'Deep.'),
            ('libb', 'libb.own', '', 'Own.'),
        ])
    self.assertNotIn('liba', sys.modules)

  def test_min_characters(self):
    self.assertEmpty(list(docstrings.read_docstrings(['liba'], 1000)))

  def test_missing_libraries(self):
    found = list(docstrings.read_docstrings(['liba', 'no_such_library'], 20))
    self.assertLen(found, 7)
    with self.assertRaisesRegex(ValueError, 'no_such_library'):
      docstrings.read_docstrings(['no_such_library'])

  @parameterized.named_parameters(
      ('doctest', 'Adds one number to another.\n\n>>> f(1)\nthe answer to you '
       'is two\n\nIt gives back the sum.',
       'Adds one number to another.\nIt gives back the sum.'),
      ('fence', 'Shows how this works:\n\n```\nimport the module and then run '
       'it\n```\n\nThat was the whole story.', 'That was the whole story.'),
      ('heading', 'Parameters\n----------\nfirst of the values to add up',
       'first of the values to add up'),
      ('table', 'Words come before the table.\n\n=====  =====\na      1, 2, 3, '
       '4, 5\n=====  =====', 'Words come before the table.'),
      ('items', 'There are these two\n- first one of\nthe two.\n- the second '
       'of them.',
       'There are these two\nfirst one of the two.\nthe second of them.'),
      ('directive', 'It was there before.\n\n.. versionadded:: 1.2\n',
       'It was there before.'),
      ('empty', '', ''),
  )
  def test_extract_prose(self, text: str, want: str):
    # "Shows how this works:" and alike are dropped if shorter than four words.
    got = docstrings.extract_prose(text)
    self.assertIn(want, got)
    for noise in ('>>>', 'answer', 'import', '---', '===', 'versionadded'):
      self.assertNotIn(noise, got)

  def test_real_library(self):
    found = list(docstrings.read_docstrings(['absl']))
    self.assertNotEmpty(found)
    self.assertLen({d.text for d in found}, len(found))
    self.assertTrue(all(len(d.text) >= 200 for d in found))

  def test_default_libraries_are_found_without_import(self):
    for library in docstrings.DEFAULT_LIBRARIES:
      with self.subTest(library):
        root = docstrings.find_library(library)
        self.assertIsNotNone(root)
        self.assertTrue(os.path.isdir(root))


if __name__ == '__main__':
  tf.test.main()
