# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Steps run once, in order, and again when what they depend on changes."""

import json
import pathlib

import tensorflow as tf

from mobilebert_tf.pipelines import chain


class PipelineTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.get_temp_dir()) / self.id()
    self.calls = []

  def _run(self, first_settings=1, second_settings=1, fails=False):
    pipeline = chain.Pipeline(self.folder, num_steps=2)

    def first(folder):
      self.calls.append('first')
      (folder / 'data').write_text('x')
      return {'value': len(self.calls)}

    def second(folder):
      self.calls.append('second')
      with (folder / 'log').open('a') as log:
        log.write('.')
      if fails:
        raise KeyboardInterrupt
      return {}

    results = pipeline.run('first', first, {'a': first_settings})
    pipeline.run('second', second, {'b': second_settings})
    return pipeline, results

  def test_a_finished_step_is_not_run_again(self):
    _, before = self._run()
    pipeline, after = self._run()
    self.assertEqual(self.calls, ['first', 'second'])
    self.assertEqual(before, after)
    self.assertEqual(list(pipeline.seconds), ['first', 'second'])

  def test_an_interrupted_step_goes_on_in_its_folder(self):
    with self.assertRaises(KeyboardInterrupt):
      self._run(fails=True)
    self._run()
    self.assertEqual(self.calls, ['first', 'second', 'second'])
    self.assertEqual((self.folder / 'second' / 'log').read_text(), '..')

  def test_changed_settings_run_a_step_and_all_after_it_from_scratch(self):
    self._run()
    self._run(first_settings=2)
    self.assertEqual(self.calls, ['first', 'second'] * 2)
    self.assertEqual((self.folder / 'second' / 'log').read_text(), '.')

  def test_changed_settings_do_not_run_a_step_before(self):
    self._run()
    self._run(second_settings=2)
    self.assertEqual(self.calls, ['first', 'second', 'second'])

  def test_a_step_interrupted_with_other_settings_starts_anew(self):
    with self.assertRaises(KeyboardInterrupt):
      self._run(second_settings=2, fails=True)
    self._run()
    self.assertEqual((self.folder / 'second' / 'log').read_text(), '.')

  def test_what_came_after_a_step_that_was_done_again_is_not_reused(self):
    self._run(first_settings=1)
    with self.assertRaises(KeyboardInterrupt):
      self._run(first_settings=2, fails=True)
    self._run(first_settings=1)  # The second step's record is of the first run.
    self.assertEqual(self.calls, ['first', 'second'] * 3)

  def test_a_folder_of_somebody_else_is_not_emptied(self):
    (self.folder / 'first').mkdir(parents=True)
    (self.folder / 'first' / 'thesis.txt').write_text('years of work')
    with self.assertRaisesRegex(FileExistsError, 'not made by this program'):
      self._run()
    self.assertTrue((self.folder / 'first' / 'thesis.txt').exists())

  def test_results_are_plain_json(self):
    self._run()
    record = json.loads((self.folder / 'steps' / 'first.json').read_text())
    self.assertEqual(record['results'], {'value': 1})


if __name__ == '__main__':
  tf.test.main()
