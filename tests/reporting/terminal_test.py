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

"""Tests of tables and of their form on the terminal."""

import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.reporting import table as table_lib
from mobilebert_tf.reporting import terminal

_FILES = table_lib.Table(
    columns=(table_lib.Column('File'), table_lib.Column('Size', 'right')),
    rows=(('model.tflite', '2.3 MB'), ('saved', '12.0 MB')))


class TerminalTest(tf.test.TestCase, parameterized.TestCase):

  def test_words_align_left_and_numbers_right(self):
    self.assertEqual(terminal.format_table(_FILES), '\n'.join([
        'File             Size',
        '------------  -------',
        'model.tflite   2.3 MB',
        'saved         12.0 MB',
    ]))

  def test_a_table_without_rows_is_its_heading(self):
    empty = table_lib.Table(_FILES.columns, ())
    self.assertEqual(terminal.format_table(empty), 'File  Size\n----  ----')

  def test_wide_and_combining_letters_keep_the_columns(self):
    rows = (('日本', '1'), ('e\u0301a', '2'), ('abcd', '3'))
    lines = terminal.format_table(
        table_lib.Table(_FILES.columns, rows)).split('\n')
    self.assertLen({terminal.display_width(line) for line in lines}, 1)
    self.assertEqual(terminal.display_width('日本'), 4)
    self.assertEqual(terminal.display_width('e\u0301'), 1)

  @parameterized.parameters(
      ('\x1b[31mred', '\ufffd[31mred'), ('two\nlines\t here', 'two lines here'),
      ('right\u202eleft', 'right\ufffdleft'), ('half\ud800', 'half\ufffd'))
  def test_control_characters_do_not_reach_the_terminal(self, text, expected):
    self.assertEqual(terminal.clean(text), expected)

  @parameterized.parameters(
      ('abcdef', 6, 'abcdef'), ('abcdefg', 6, 'abcde…'),
      ('abc  defg', 6, 'abc…'), ('日本語', 5, '日本…'))
  def test_shorten(self, text, width, expected):
    self.assertEqual(terminal.shorten(text, width), expected)
    self.assertLessEqual(terminal.display_width(expected), width)

  def test_long_cells_are_cut_where_the_column_says_so(self):
    table = table_lib.Table((table_lib.Column('Text', max_width=5),),
                            (('a long text',),))
    self.assertEqual(terminal.format_table(table).split('\n')[-1], 'a lo…')

  def test_mistakes_in_a_table_are_named(self):
    with self.assertRaisesRegex(ValueError, 'Row 1 has 1 cells.* 2 columns'):
      table_lib.Table(_FILES.columns, (('a', 'b'), ('c',)))
    with self.assertRaisesRegex(ValueError, "align='center'"):
      table_lib.Column('Size', 'center')
    with self.assertRaisesRegex(ValueError, 'max_width=1'):
      table_lib.Column('Size', max_width=1)


if __name__ == '__main__':
  tf.test.main()
