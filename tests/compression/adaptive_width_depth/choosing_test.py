# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Which member is picked, and what is said if there is none."""

import dataclasses
import pathlib
import shutil
import tempfile

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf.compression.adaptive_width_depth import choosing
from mobilebert_tf.reporting import family as report

_MEMBERS = [
    choosing.Member('1x1', 400, 0.91, 4.0, 2.0),
    choosing.Member('0.5x1', 300, 0.90, 2.0, 1.5),
    choosing.Member('1x0.5', 250, 0.88, 2.5, 1.2),
    choosing.Member('0.5x0.5', 200, 0.85, 1.0, 1.0)]


class ChoosingTest(parameterized.TestCase):

  @parameterized.parameters(
      ({}, '1x1'), ({'milliseconds': 3.0}, '0.5x1'),
      ({'milliseconds': 1.0}, '0.5x0.5'), ({'megabytes': 1.3}, '1x0.5'),
      ({'milliseconds': 2.0, 'megabytes': 1.2}, '0.5x0.5'))
  def test_the_best_that_costs_no_more(self, limits, expected):
    self.assertEqual(
        choosing.best(_MEMBERS, choosing.Limits(**limits)).name, expected)

  def test_the_front_is_what_none_beats_in_both(self):
    found = choosing._with_front(_MEMBERS)
    self.assertEqual([(each.name, each.is_best) for each in found], [
        ('0.5x0.5', True), ('0.5x1', True), ('1x0.5', False), ('1x1', True)])

  def test_a_model_beside_is_neither_chosen_nor_best(self):
    beside = choosing.Member('alone', 100, 0.99, 0.5, 0.5, is_member=False)
    found = choosing._with_front([*_MEMBERS, beside])
    self.assertEqual(found[0], beside)
    self.assertEqual(choosing.best(found, choosing.Limits()).name, '1x1')
    self.assertTrue(found[1].is_best)

  def test_a_report_names_all_models_and_the_chosen_one(self):
    members = choosing._with_front([
        *_MEMBERS, choosing.Member('alone', 100, 0.7, 0.5, 0.5, 0.6, 0.8,
                                   is_member=False)])
    results = {
        'members': [dataclasses.asdict(each) for each in members],
        'chosen': '0.5x1', 'limits': {'milliseconds': 3.0, 'megabytes': None},
        'metric': 'accuracy', 'family': 'runs/<family>', 'length': 32,
        'rounds': 5, 'quantization': 'dynamic', 'hardware': {}}
    html = report.render(results)
    for text in ('0.5x0.5', 'alone', '0.600 to 0.800', 'at most 3 ms', '2 ms',
                 'runs/&lt;family&gt;', 'which are not chosen from'):
      self.assertIn(text, html)
    self.assertIn('no member costs so little',
                  report.render({**results, 'chosen': None}))

  def test_too_little_is_said_with_the_least(self):
    self.assertIsNone(
        choosing.best(_MEMBERS, choosing.Limits(milliseconds=0.5)))
    self.assertRegex(
        str(choosing._nothing(_MEMBERS, pathlib.Path('files'))),
        r'fastest takes 1.00 ms \(0.5x0.5\).*1.00 MB.*files/choice.json')

  @parameterized.parameters({'milliseconds': 0.0}, {'megabytes': -1.0},
                            {'milliseconds': float('nan')})
  def test_limits_that_make_no_sense(self, **limits):
    with self.assertRaisesRegex(ValueError, 'above 0'):
      choosing.Limits(**limits)

  def test_a_folder_without_a_family(self):
    folder = pathlib.Path(tempfile.mkdtemp())
    self.addCleanup(shutil.rmtree, folder)
    with self.assertRaisesRegex(FileNotFoundError, 'mobilebert adapt makes'):
      choosing.choose(folder, folder / 'out', choosing.Limits())


if __name__ == '__main__':
  absltest.main()
