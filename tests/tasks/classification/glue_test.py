# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests the table of GLUE's tasks against the official files."""

import csv
import os

from absl.testing import parameterized
import tensorflow as tf

from mobilebert_tf.tasks.classification import glue
from tests.data import temporary
from tests import shared_data

_SAMPLES = 'data/fixtures/mtdnn_glue_samples'
_PARTS = [(task.name, part) for task in glue.GLUE_TASKS.values()
          for part in task.files]


class GlueTest(parameterized.TestCase, temporary.TemporaryFiles,
               tf.test.TestCase):

  def test_there_are_nine_tasks_and_the_diagnostic(self):
    self.assertEqual(
        list(glue.GLUE_TASKS), ['cola', 'sst2', 'mrpc', 'stsb', 'qqp', 'mnli',
                                'qnli', 'rte', 'wnli', 'ax'])
    files = [name for task in glue.GLUE_TASKS.values()
             for name in task.submissions.values()]
    self.assertCountEqual(files, [
        'CoLA.tsv', 'SST-2.tsv', 'MRPC.tsv', 'STS-B.tsv', 'QQP.tsv',
        'MNLI-m.tsv', 'MNLI-mm.tsv', 'QNLI.tsv', 'RTE.tsv', 'WNLI.tsv',
        'AX.tsv'])

  @parameterized.parameters(*_PARTS)
  def test_columns_are_those_of_the_official_files(self, name, part):
    if name == 'ax':
      self.skipTest('There is no sample of AX.')
    path = glue.file_path(name, shared_data.path(_SAMPLES), part)
    fields = glue.part_fields(name, part)
    with open(path, encoding='utf-8-sig') as file:
      rows = list(csv.reader(file, delimiter='\t', quoting=csv.QUOTE_NONE))
    header = fields['column_names'] or rows.pop(0)
    for column in ('text_field', 'pair_field', 'label_field', 'index_field'):
      if fields[column]:
        self.assertEqual(header.count(fields[column]), 1, fields[column])
    self.assertNotEmpty(rows)
    for row in rows:
      self.assertLen(row, len(header))
      if fields['labels'] and fields['label_field']:
        self.assertIn(row[header.index(fields['label_field'])],
                      fields['labels'])

  def test_names_are_forgiving(self):
    self.assertEqual(glue.get_task('STS-B').name, 'stsb')
    with self.assertRaisesRegex(ValueError, "no task 'snli'.*cola, sst2"):
      glue.get_task('snli')

  def test_finds_a_file_by_either_folder(self):
    root = self.make_folder()
    os.mkdir(os.path.join(root, 'SST-2'))
    path = os.path.join(root, 'SST-2', 'dev.tsv')
    with open(path, 'w') as file:
      file.write('sentence\tlabel\na\t1\n')
    self.assertEqual(glue.file_path('sst2', root, 'dev'), path)
    own = os.path.dirname(path)
    self.assertEqual(glue.file_path('sst2', own, 'dev'), path)
    with self.assertRaisesRegex(FileNotFoundError, 'RTE/dev.tsv is missing'):
      glue.file_path('rte', own, 'dev')
    with self.assertRaisesRegex(ValueError, "no part 'dev_mis.*train, dev"):
      glue.file_path('sst2', root, 'dev_mismatched')
    self.assertEqual(glue.data_fields('sst2', root, 'dev')['input_path'], path)


if __name__ == '__main__':
  tf.test.main()
