# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests answers to GLUE's test parts: what the server reads, what is refused.
"""

import pathlib
import zipfile

from absl.testing import parameterized
import numpy as np
import pandas as pd
import tensorflow as tf

from mobilebert_tf.tasks.classification import glue
from tests.data import temporary
from tests import shared_data

_PARTS = [(task.name, part) for task in glue.GLUE_TASKS.values()
          for part in task.submissions]


class SubmissionTest(parameterized.TestCase, temporary.TemporaryFiles,
                     tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.make_folder()

  def _test_file(self, rows: str) -> str:
    folder = pathlib.Path(self.make_folder(), 'RTE')
    folder.mkdir()
    (folder / 'test.tsv').write_text(f'index\tsentence1\tsentence2\n{rows}')
    return str(folder.parent)

  # === Answers ===

  def test_labels(self):
    path = glue.write_answers(
        'mnli', [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]], self.folder,
        part='test_mismatched')
    self.assertEqual(path, f'{self.folder}/MNLI-mm.tsv')
    self.assertEqual(pathlib.Path(path).read_bytes(),
                     b'index\tprediction\n0\tcontradiction\n1\tentailment\n')

  def test_labels_in_the_order_of_the_model(self):
    path = glue.write_answers(
        'RTE', [[0.1, 0.9]], self.folder,
        labels=['not_entailment', 'entailment'])
    self.assertEqual(pathlib.Path(path).read_text(),
                     'index\tprediction\n0\tentailment\n')

  def test_ratings_stay_on_their_scale(self):
    path = glue.write_answers(
        'stsb', np.array([-0.3, 2.34567, 7.0]), self.folder)
    frame = pd.read_csv(path, sep='\t')
    self.assertAllClose(frame['prediction'], [0, 2.346, 5])
    self.assertEqual(list(frame['index']), [0, 1, 2])

  @parameterized.named_parameters(
      ('nan', 'sst2', [[0.5, np.nan]], {}, 'SST-2 have to be finite'),
      ('none', 'sst2', np.zeros([0, 2]), {}, 'one for each row'),
      ('classes', 'sst2', [[0.5, 0.2, 0.3]], {}, '2 classes; .* shape .1, 3'),
      ('values', 'sst2', [0.5], {}, r'shape \[1\]'),
      ('labels', 'sst2', [[1, 0]], {'labels': ['no', 'yes']},
       'are 0, 1; the model has no, yes'),
      ('ratings', 'stsb', [[0.5, 0.5]], {}, 'one value for each row'),
      ('part', 'sst2', [[1, 0]], {'part': 'dev'}, "no test part 'dev'"))
  def test_what_does_not_suit_is_refused(self, task, scores, kwargs, message):
    with self.assertRaisesRegex(ValueError, message):
      glue.write_answers(task, scores, self.folder, **kwargs)

  # === Test parts ===

  def test_every_row_is_read(self):
    root = self._test_file('0\ta\tb\n1\t\tc\n')
    examples = glue.read_test_part('rte', root)
    self.assertEqual((examples.texts, examples.pairs), (['a', ''], ['b', 'c']))

  @parameterized.parameters(
      ('0\ta\tb\n2\ta\tb\n', 'RTE/test.tsv: row 1 has the number .2.'),
      ('0\ta\tb\n0\ta\tb\n', 'test.tsv:3: the id .0. is there already'),
      ('0\ta\tb\n1\ta\n', 'test.tsv:3: 2 columns'))
  def test_rows_that_could_not_be_submitted(self, rows, message):
    with self.assertRaisesRegex(ValueError, message):
      glue.read_test_part('rte', self._test_file(rows))

  def test_dev_is_no_test_part(self):
    with self.assertRaisesRegex(ValueError, "no test part 'dev'"):
      glue.read_test_part('rte', self.folder, 'dev')

  @parameterized.parameters(*_PARTS)
  def test_samples_can_be_submitted(self, name, part):
    if name == 'ax':
      self.skipTest('There is no sample of AX.')
    root = shared_data.path('data/fixtures/mtdnn_glue_samples')
    examples = glue.read_test_part(name, root, part)
    classes = glue.GLUE_TASKS[name].num_classes
    glue.write_answers(
        name, np.ones([len(examples.texts), classes]), self.folder, part=part)
    self.assertNotEmpty(
        glue.write_zip(self.folder, f'{self.folder}/a.zip'))

  # === The zip ===

  def _write_all(self) -> None:
    for name, part in _PARTS:
      task = glue.GLUE_TASKS[name]
      glue.write_answers(
          name, np.ones([task.rows[part], task.num_classes]), self.folder,
          part=part)

  def test_a_zip_of_all_tasks_is_complete(self):
    self._write_all()
    paths = [pathlib.Path(self.make_folder(), 'all.zip') for _ in range(2)]
    for path in paths:
      self.assertEqual(glue.write_zip(self.folder, path), [])
    with zipfile.ZipFile(paths[0]) as archive:
      self.assertIsNone(archive.testzip())
      self.assertCountEqual(archive.namelist(), [
          'CoLA.tsv', 'SST-2.tsv', 'MRPC.tsv', 'STS-B.tsv', 'QQP.tsv',
          'MNLI-m.tsv', 'MNLI-mm.tsv', 'QNLI.tsv', 'RTE.tsv', 'WNLI.tsv',
          'AX.tsv'])
      self.assertStartsWith(archive.read('AX.tsv').decode(),
                            'index\tprediction\n0\tentailment\n')
    self.assertEqual(*(path.read_bytes() for path in paths))

  def test_what_is_missing_is_said(self):
    glue.write_answers('cola', np.ones([3, 2]), self.folder)
    with self.assertLogs(level='WARNING') as logs:
      problems = glue.write_zip(
          self.folder, pathlib.Path(self.folder, 'a.zip'))
    self.assertIn('CoLA.tsv has 3 rows instead of 1,063', problems)
    self.assertIn('AX.tsv is missing', problems)
    self.assertLen(problems, 11)
    self.assertIn('will not take', logs.output[0])

  @parameterized.parameters(
      ('SST-2.tsv', 'index\tprediction\n0\tyes\n', ":2: 'yes' is not one of"),
      ('SST-2.tsv', 'index\tprediction\n1\t0\n', ":2: the index is '1'"),
      ('SST-2.tsv', 'index\tlabel\n0\t0\n', ":1: .*one column 'prediction'"),
      ('STS-B.tsv', 'index\tprediction\n0\tnan\n', ":2: 'nan' is no number"),
      ('STS-B.tsv', 'index\tprediction\n0\t5.1\n', ":2: '5.1' is no number"))
  def test_files_of_something_else_are_refused(self, name, text, message):
    pathlib.Path(self.folder, name).write_text(text)
    with self.assertRaisesRegex(ValueError, name + message):
      glue.write_zip(self.folder, f'{self.folder}/a.zip')

  def test_a_folder_without_answers(self):
    with self.assertRaisesRegex(FileNotFoundError, 'no answers.*CoLA.tsv'):
      glue.write_zip(self.folder, f'{self.folder}/a.zip')


if __name__ == '__main__':
  tf.test.main()
