# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tables of texts with any number of labels, and what is wrong with them."""

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.tasks.multi_label_classification import loader
from tests.data import temporary


class ExamplesTest(temporary.TemporaryFiles, parameterized.TestCase,
                   tf.test.TestCase):

  def _read(self, text: str, name: str = 'x.tsv', **fields):
    return loader.read_examples(self.make_file(name, text), **fields)

  def test_labels_share_a_cell(self):
    found = self._read('text\tlabel\na\tx, y\nb\t\nc\ty\n')
    self.assertEqual(found.texts, ['a', 'b', 'c'])
    self.assertEqual(found.labels, ['x', 'y'])
    self.assertAllEqual(found.label_ids, [[1, 1], [0, 0], [0, 1]])

  def test_another_separator_and_given_labels(self):
    found = self._read('text,label\na,"x, y|z"\n', 'x.csv',
                       label_separator='|', labels=['z', 'q', 'x, y'])
    self.assertAllEqual(found.label_ids, [[1, 0, 1]])

  def test_a_column_for_each_label(self):
    text = 'text,other,y,x\na,b,1,0\nb,c,0,0\n'
    found = self._read(text, 'x.csv', label_columns=['x', 'y'])
    self.assertEqual(found.labels, ['x', 'y'])
    self.assertAllEqual(found.label_ids, [[0, 1], [0, 0]])
    with self.subTest('labels by the names of their columns'):
      found = self._read(text, 'x.csv', label_columns=['x', 'y'],
                         labels=['y', 'x'], pair_field='other')
      self.assertAllEqual(found.label_ids, [[1, 0], [0, 0]])
      self.assertEqual(found.pairs, ['b', 'c'])
    with self.subTest('labels of other names by their place'):
      found = self._read(text, 'x.csv', label_columns=['x', 'y'],
                         labels=['one', 'two'])
      self.assertEqual(found.labels, ['one', 'two'])
      self.assertAllEqual(found.label_ids, [[0, 1], [0, 0]])

  def test_texts_without_labels(self):
    found = self._read('text\na\n', label_field='')
    self.assertIsNone(found.label_ids)

  @parameterized.parameters(
      ('a\tx,\n', {}, "x.tsv:2: a label is empty in 'x,'.*',' stands between"),
      ('a\tx,x\n', {}, "x.tsv:2: the label 'x' is duplicated in 'x,x'"),
      ('a\tx\nb\tq\n', {'labels': ['x', 'y']},
       "x.tsv:3: the label 'q' is not one of x, y. .*separated by ','"),
      ('a\t2\n', {'label_columns': ['label'], 'labels': ['x']},
       "x.tsv:2: the column 'label' of a label holds '2'.*0 or 1"),
      ('a\t\n', {'label_columns': ['label']},
       "x.tsv:2: the column 'label' is empty"),
      ('a\tx\n', {'label_columns': ['label', 'more'], 'labels': ['x']},
       r'2 label_columns \(label, more\) for 1 labels \(x\)'),
      ('a\tx\n', {'label_columns': ['label', 'text']},
       r"text_field and label_columns\[1\] are the same column, 'text'"),
      ('a\tx\n', {'label_columns': ['none', 'label']},
       "x.tsv:1: there has to be one column 'none'"),
      ('a\tx\n', {'labels': ['x', 'x']}, 'A label is duplicated'),
      ('a\tx\n', {'label_separator': ''}, "label_separator is ''"),
      ('\tx\n', {}, "x.tsv:2: the column 'text' is empty"),
  )
  def test_what_is_wrong_is_named(self, rows, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      self._read(f'text\tlabel\n{rows}', **fields)

  def test_bad_rows_can_be_skipped(self):
    rows = ''.join('a\tx\n' for _ in range(20))
    found = self._read(f'text\tlabel\n{rows}b\tx,x\n', bad_rows='skip')
    self.assertLen(found.texts, 20)
    self.assertEqual(found.skipped, 1)

  def test_labels_of_files(self):
    path = self.make_file('x.tsv', 'text\tlabel\na\ty;x\nb\t\nc\tz\n')
    self.assertEqual(loader.read_labels(path, label_separator=';'),
                     ['x', 'y', 'z'])
    self.assertEqual(loader.read_labels(path, label_columns=['b', 'a']),
                     ['b', 'a'])

  @parameterized.parameters(
      ('a\tx\nb\t\n', "has the label 'x' alone, .*label_separator, now ','"),
      ('a\t\n', 'has no label, but several'))
  def test_one_label_is_too_few(self, rows, message):
    path = self.make_file('x.tsv', f'text\tlabel\n{rows}')
    with self.assertRaisesRegex(ValueError, message):
      loader.read_labels(path)


if __name__ == '__main__':
  tf.test.main()
