# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests reading rows of TSV and CSV files, and what is said of bad ones."""

import csv
import gzip
import io

from absl.testing import parameterized
import pandas as pd
import tensorflow as tf

from mobilebert_tf.data import tables
from tests.data import temporary


class TablesTest(parameterized.TestCase, temporary.TemporaryFiles,
                 tf.test.TestCase):

  def _read(self, path, fields=('text', 'label'), policy='error', **kwargs):
    bad = tables.BadRows(policy)
    rows = list(tables.read_rows(path, list(fields), bad, **kwargs))
    bad.report()
    self.skipped = bad.skipped
    return [(row.line, *row.values) for row in rows]

  def test_quotes_mean_nothing_in_tsv(self):
    path = self.make_file('a.tsv', 'text\tlabel\n"a\tx\n"b" , c"\ty\n')
    self.assertEqual(self._read(path), [(2, '"a', 'x'), (3, '"b" , c"', 'y')])

  def test_quotes_of_pandas_in_tsv_are_told(self):
    texts = ['a', 'He said "hi"', '"b" c', 'd "e" f']
    path = self.make_file('a.tsv', pd.DataFrame(
        {'text': texts, 'label': 'x'}).to_csv(sep='\t', index=False))
    with self.assertLogs(level='WARNING') as logs:
      self.assertEqual(self._read(path)[1][1], '"He said ""hi"""')
    self.assertRegex(logs.output[0], r'a\.tsv:3: .*\(3 such lines\)')
    path = self.make_file('b.tsv', 'text\tlabel\n"a" or "b"\tx\n"""\ty\n')
    with self.assertNoLogs(level='WARNING'):
      self._read(path)

  def test_lines_of_any_end_and_compressed_files_of_any_case(self):
    data = b'\xef\xbb\xbftext\tlabel\na\tx\nb\ty\n'
    for end in (b'\n', b'\r\n', b'\r'):
      path = self.make_file('a.tsv.GZ', gzip.compress(data.replace(b'\n', end)))
      self.assertEqual(self._read(path), [(2, 'a', 'x'), (3, 'b', 'y')])

  def test_quotes_hold_commas_and_lines_in_csv(self):
    path = self.make_file(
        'a.csv', 'id,text,label\r\n1,"a, ""b""\nc",x\r\n2,d,y\r\n')
    self.assertEqual(self._read(path), [(2, 'a, "b"\nc', 'x'), (4, 'd', 'y')])

  def test_reads_what_pandas_and_csv_write(self):
    texts = ['a, b', 'c "d"', 'line\nbreak', ' \u2028 e', "f'", '\ufeffg']
    expected = [(text.strip(), str(i)) for i, text in enumerate(texts)]
    frame = pd.DataFrame({'label': range(len(texts)), 'text': texts})
    path = self.make_file('p.csv', frame.to_csv(index=False))
    self.assertEqual([row[1:] for row in self._read(path)], expected)
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerows([['label', 'text'], *enumerate(texts)])
    path = self.make_file('w.csv', file.getvalue())
    self.assertEqual([row[1:] for row in self._read(path)], expected)

  @parameterized.parameters('\n', '\r\n')
  def test_byte_order_mark_line_ends_and_gzip(self, end):
    text = end.join(['\ufefftext\tlabel', 'a\tx', 'b\ty', ''])
    path = self.make_file('a.tsv.gz', gzip.compress(text.encode()))
    self.assertEqual(self._read(path), [(2, 'a', 'x'), (3, 'b', 'y')])

  def test_columns_of_a_file_without_a_header(self):
    path = self.make_file('a.tsv', 'gj\t1\t\ta b\nbc\t0\t*\tc\n')
    self.assertEqual(
        self._read(path, ['t', 'l'], column_names=['', 'l', 'mark', 't']),
        [(1, 'a b', '1'), (2, 'c', '0')])
    with self.assertRaisesRegex(ValueError, ':2: 3 columns where column_names'):
      self._read(self.make_file('b.tsv', 'a\tb\na\tb\tc\n'),
                 ['t'], column_names=['t', 'l'])
    with self.assertRaisesRegex(ValueError, ':1: this is a header.*Leave'):
      self._read(self.make_file('c.tsv', 't\tl\na\tb\n'),
                 ['t'], column_names=['t', 'l'])

  def test_a_line_of_a_megabyte(self):
    long = 'word ' * 200_000
    for name, separator in (('a.tsv', '\t'), ('a.csv', ',')):
      path = self.make_file(
          name, f'text{separator}label\n{long}{separator}x\n')
      self.assertEqual(self._read(path), [(2, long.strip(), 'x')])

  def test_blank_lines_at_the_end_are_no_rows(self):
    for name, separator in (('a.tsv', '\t'), ('a.csv', ',')):
      head = f'text{separator}label\na{separator}x\n'
      self.assertLen(self._read(self.make_file(name, head + '\n\n')), 1)
      with self.assertRaisesRegex(ValueError, f'{name}:3: 1 columns'):
        self._read(self.make_file(name, head + '\n' + head))

  @parameterized.named_parameters(
      ('columns', 'a.tsv', 'text\tlabel\na\n', ':2: 1 columns .*tabs'),
      ('comma', 'a.csv', 'text,label\na, b,x\n', ':2: 3 columns .*double'),
      ('semicolons', 'a.csv', 'text;label\na;x\n', ":1: .*'text;label'"),
      ('twice', 'a.tsv', 'text\ttext\tlabel\na\tb\tx\n', ':1: .*one column'),
      ('quote', 'a.csv', 'text,label\na,x\n"b,x\nc,d\n', ':3: the row that'),
      ('open', 'a.csv', 'text,label\n"a"b,x\n', ':2: the row that'),
      ('empty', 'a.csv', '', ':1: there is no row'),
      ('header', 'a.csv', 'text,label\n', ':1: there is no row below'),
      ('utf16', 'a.csv', 'text,label\n'.encode('utf-16'), ':1: not UTF-8'),
      ('gzip', 'a.csv.gz', b'text,label\n', 'not a whole gzip file'),
  )
  def test_what_cannot_be_read(self, name, data, message):
    with self.assertRaisesRegex(ValueError, message):
      self._read(self.make_file(name, data))

  def test_json_lines(self):
    lines = ['{"label": 1.5, "text": "a b", "id": 7}',
             '{"text": " c\\td ", "label": "x", "other": null}', '']
    path = self.make_file('a.jsonl', '\n'.join(lines))
    self.assertEqual(self._read(path), [(1, 'a b', '1.5'), (2, 'c\td', 'x')])

  @parameterized.named_parameters(
      ('cut off', '{"text": "a", "label', ':1: not JSON'),
      ('a list', '["a", "x"]', ':1: .*no JSON object'),
      ('a list in it', '{"text": ["a"], "label": 1}', ":1: 'text' is .'a'"),
      ('a null', '{"text": "a", "label": null}', ":1: 'label' is None"),
      ('NaN', '{"text": "a", "label": NaN}', ':1: .*NaN'),
      ('another column', '{"text": "a"}', ":1: .*one column 'label'.*names of"),
      ('a column lacks', '{"text": "a", "label": 1}\n{"text": "b"}',
       ":2: the column 'label' is empty"))
  def test_json_lines_that_cannot_be_read(self, data, message):
    with self.assertRaisesRegex(ValueError, message):
      self._read(self.make_file('a.jsonl', data))

  def test_a_missing_file_is_named(self):
    with self.assertRaisesRegex(FileNotFoundError, '/nowhere.csv'):
      self._read('/nowhere.csv')

  def test_skips_are_counted_and_reported(self):
    good = 'a\tx\n' * 20
    path = self.make_file('a.tsv', f'text\tlabel\n{good}b\nc\t\n{good}')
    with self.assertLogs(level='WARNING') as logs:
      self.assertLen(self._read(path, policy='skip'), 40)
    self.assertEqual(self.skipped, 2)
    self.assertIn('Skipped 2 of 42 rows', logs.output[0])
    self.assertIn('a.tsv:22: 1 columns', logs.output[0])

  def test_a_file_of_bad_rows_is_not_skipped(self):
    path = self.make_file('a.tsv', 'text\tlabel\n' + 'a\tx\n' * 8 + 'b\n' * 2)
    with self.assertRaisesRegex(ValueError, '2 of 10 rows.*too many.*:10: 1 c'):
      self._read(path, policy='skip')

  def test_empty_values_where_they_may_be(self):
    path = self.make_file('a.tsv', 'text\tlabel\n\tx\n')
    self.assertEqual(self._read(path, may_be_empty=['text']), [(2, '', 'x')])

  def test_an_unknown_policy_is_refused(self):
    with self.assertRaisesRegex(ValueError, "'ignore'; it can be error or"):
      tables.BadRows('ignore')


if __name__ == '__main__':
  tf.test.main()
