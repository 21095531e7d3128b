# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests of tables and of their form on the text_lib."""

import tensorflow as tf
from absl.testing import parameterized
from rich import cells

from mobilebert_tf.reporting import text as text_lib

_FILES = text_lib.Table(
    columns=(text_lib.Column('File'), text_lib.Column('Size', 'right')),
    rows=(('model.tflite', '2.3 MB'), ('saved', '12.0 MB')))


class TextTest(tf.test.TestCase, parameterized.TestCase):

  def test_words_align_left_and_numbers_right(self):
    self.assertEqual(text_lib.format_table(_FILES), '\n'.join([
        'File             Size',
        '------------  -------',
        'model.tflite   2.3 MB',
        'saved         12.0 MB',
    ]))

  def test_a_table_without_rows_is_its_heading(self):
    empty = text_lib.Table(_FILES.columns, ())
    self.assertEqual(text_lib.format_table(empty), 'File  Size\n----  ----')

  def test_wide_and_combining_letters_keep_the_columns(self):
    rows = (('日本', '1'), ('e\u0301a', '2'), ('abcd', '3'))
    lines = text_lib.format_table(
        text_lib.Table(_FILES.columns, rows)).split('\n')
    self.assertLen({cells.cell_len(line) for line in lines}, 1)
    self.assertEqual(cells.cell_len('日本'), 4)
    self.assertEqual(cells.cell_len('e\u0301'), 1)

  @parameterized.parameters(
      ('\x1b[31mred', '\ufffd[31mred'), ('two\nlines\t here', 'two lines here'),
      ('right\u202eleft', 'right\ufffdleft'), ('half\ud800', 'half\ufffd'))
  def test_control_characters_do_not_reach_the_terminal(self, text, expected):
    self.assertEqual(text_lib.clean(text), expected)

  @parameterized.parameters(
      ('abcdef', 6, 'abcdef'), ('abcdefg', 6, 'abcde…'),
      ('abc  defg', 6, 'abc…'), ('日本語', 5, '日本…'))
  def test_shorten(self, text, width, expected):
    self.assertEqual(text_lib.shorten(text, width), expected)
    self.assertLessEqual(cells.cell_len(expected), width)

  def test_long_cells_are_cut_where_the_column_says_so(self):
    table = text_lib.Table((text_lib.Column('Text', max_width=5),),
                            (('a long text',),))
    self.assertEqual(text_lib.format_table(table).split('\n')[-1], 'a lo…')

  def test_mistakes_in_a_table_are_named(self):
    with self.assertRaisesRegex(ValueError, 'Row 1 has 1 cells.* 2 columns'):
      text_lib.Table(_FILES.columns, (('a', 'b'), ('c',)))
    with self.assertRaisesRegex(ValueError, "align='center'"):
      text_lib.Column('Size', 'center')
    with self.assertRaisesRegex(ValueError, 'max_width=1'):
      text_lib.Column('Size', max_width=1)

  def test_the_first_columns_hold_words(self):
    table = text_lib.make_table(('a', 'b', 'c'), [('1', '2', '3')], left=2,
                                widths={'b': 9})
    self.assertEqual([(each.align, each.max_width) for each in table.columns],
                     [('left', None), ('left', 9), ('right', None)])

  def test_markdown_aligns_numbers_and_escapes_bars(self):
    table = text_lib.Table(_FILES.columns, (('a|b\n', '007'),))
    heading, rule, row = text_lib.format_markdown(table).split('\n')
    self.assertEqual([cell.strip() for cell in heading.split('|')],
                     ['', 'File', 'Size', ''])
    self.assertRegex(rule, r'^\|:?-+\|-+:\|$')
    self.assertRegex(row, r'^\| a\\\|b +\| +007 \|$')


if __name__ == '__main__':
  tf.test.main()
