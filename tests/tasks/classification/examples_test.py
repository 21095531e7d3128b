# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests labelled texts: classes, numbers, ids, and the files of GLUE."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.classification import loader as loader_lib
from mobilebert_tf.tasks.classification import glue
from tests.data import temporary
from tests import shared_data

# Counted with wc and cut.
_SECOND_CLASS = {('cola', 'train'): 6023, ('cola', 'dev'): 721,
                 ('sst2', 'train'): 37569, ('sst2', 'dev'): 444,
                 ('mrpc', 'train'): 2474, ('mrpc', 'dev'): 279}


def _read_part(name: str, part: str, root) -> loader_lib.TextExamples:
  fields = glue.data_fields(name, root, part)
  return loader_lib.read_examples(fields.pop('input_path'), **fields)


class TextExamplesTest(parameterized.TestCase, temporary.TemporaryFiles,
                       tf.test.TestCase):

  def test_numbers(self):
    path = self.make_file('a.tsv', 'text\tlabel\na\t5.000\nb\t-1e-1\n')
    examples = loader_lib.read_examples(path, regression=True)
    self.assertAllClose(examples.values, [5, -0.1])
    self.assertEqual(examples.values.dtype, np.float32)
    self.assertIsNone(examples.label_ids)
    self.assertEqual(examples.labels, [])

  @parameterized.parameters('nan', 'inf', '-Infinity', '3,5', 'high', '1_000',
                            '1e39')
  def test_what_is_no_finite_number(self, value):
    path = self.make_file('a.tsv', f'text\tlabel\na\t1\nb\t{value}\n')
    with self.assertRaisesRegex(
        ValueError, f"a.tsv:3: the label '{value}' is not a finite number"):
      loader_lib.read_examples(path, regression=True)

  def test_ids_are_unique(self):
    path = self.make_file('a.tsv', 'id\ttext\n7\ta\n8\tb\n')
    fields = {'label_field': '', 'index_field': 'id'}
    self.assertEqual(
        loader_lib.read_examples(path, **fields).indices, ['7', '8'])
    path = self.make_file('b.tsv', 'id\ttext\n7\ta\n8\tb\n7\tc\n')
    with self.assertRaisesRegex(
        ValueError, "b.tsv:4: the id '7' is there already, at .*b.tsv:2"):
      loader_lib.read_examples(path, **fields)

  def test_bad_labels_are_skipped_on_request(self):
    rows = 'a\t1\n' * 30
    path = self.make_file('a.tsv', f'text\tlabel\n{rows}b\tnan\n\t2\nc\n')
    examples = loader_lib.read_examples(
        path, regression=True, bad_rows='skip')
    self.assertEqual((len(examples.texts), examples.skipped), (30, 3))
    self.assertEqual(len(examples.values), 30)

  def test_a_label_column_in_the_wrong_place(self):
    path = self.make_file('a.tsv', '1\tone text\n0\tanother\n')
    with self.assertRaisesRegex(
        ValueError, ":1: the label 'one text' is not one of 0, 1"):
      loader_lib.read_examples(
          path, labels=['0', '1'], column_names=['text', 'label'])

  def test_columns_differ(self):
    with self.assertRaisesRegex(
        ValueError, "text_field and label_field are the same column, 'text'"):
      loader_lib.read_examples('any', label_field='text')

  def test_numbers_have_no_classes(self):
    with self.assertRaisesRegex(ValueError, 'no classes can be named.*: 1, 2'):
      loader_lib.read_examples('any', labels=['1', '2'], regression=True)

  def test_empty_texts_are_kept_on_request(self):
    path = self.make_file('a.tsv', 's1\ts2\n\tb\na\t\n')
    fields = {'text_field': 's1', 'pair_field': 's2', 'label_field': ''}
    with self.assertRaisesRegex(ValueError, ":2: the column 's1' is empty"):
      loader_lib.read_examples(path, **fields)
    examples = loader_lib.read_examples(path, keep_empty=True, **fields)
    self.assertEqual((examples.texts, examples.pairs), (['', 'a'], ['b', '']))

  def test_labels_of_a_file_without_a_header(self):
    path = self.make_file('a.tsv', 'a\tz\nb\ty\n')
    self.assertEqual(
        loader_lib.read_labels(path, column_names=['text', 'label']),
        ['y', 'z'])

  @parameterized.parameters(
      *[(name, part) for name in ('cola', 'sst2', 'mrpc', 'stsb')
        for part in ('train', 'dev', 'test')])
  def test_whole_files_of_glue(self, name, part):
    examples = _read_part(name, part, shared_data.path('data/glue'))
    rows = glue.GLUE_TASKS[name].rows[part]
    self.assertLen(examples.texts, rows)
    self.assertEqual(examples.skipped, 0)
    if part == 'test':
      self.assertEqual(examples.indices, [str(i) for i in range(rows)])
    elif name == 'stsb':
      self.assertAllInRange(examples.values, 0, 5)
    else:
      self.assertEqual(int(examples.label_ids.sum()),
                       _SECOND_CLASS[name, part])

  @parameterized.parameters(
      *[(task.name, part) for task in glue.GLUE_TASKS.values()
        for part in task.files if task.name != 'ax'])
  def test_samples_of_glue(self, name, part):
    examples = _read_part(
        name, part, shared_data.path('data/fixtures/mtdnn_glue_samples'))
    self.assertNotEmpty(examples.texts)
    self.assertEqual(examples.pairs is None, name in ('cola', 'sst2'))


if __name__ == '__main__':
  tf.test.main()
