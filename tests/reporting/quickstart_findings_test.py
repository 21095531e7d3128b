# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests that the report's sentences say what the numbers say."""

import math

import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.reporting import quickstart as report
from tests.reporting import sample_results


def _scores(**accuracies) -> dict:
  return {name: {'accuracy': value} for name, value in accuracies.items()}


def _masked_lm(**accuracies) -> str:
  return report.masked_lm_finding({'masked_lm': _scores(**accuracies)})


def _task(examples=1000, majority=0.1, **accuracies) -> dict:
  return {'task': {'dev_examples': examples, 'majority_accuracy': majority,
                   'models': _scores(**accuracies)}}


class FindingsTest(tf.test.TestCase, parameterized.TestCase):

  def test_a_better_distilled_student(self):
    self.assertEqual(
        _masked_lm(teacher=0.5, student=0.4, baseline_student=0.3),
        'The distilled student is better than the baseline, the same network '
        'trained without a teacher, by 10.0 points.')

  def test_a_worse_distilled_student_is_not_dressed_up(self):
    said = _masked_lm(teacher=0.5, student=0.3, baseline_student=0.31)
    self.assertIn('The distilled student is not better', said)
    self.assertIn('1.0 point worse', said)

  def test_a_tie_is_not_a_win(self):
    self.assertIn('not better', _masked_lm(student=0.3, baseline_student=0.3))

  @parameterized.parameters(math.nan, None, math.inf)
  def test_no_verdict_without_numbers(self, value):
    said = _masked_lm(teacher=0.5, student=value, baseline_student=0.3)
    self.assertEqual(said, '')
    self.assertEqual(report.masked_lm_finding({}), '')

  def test_a_student_below_the_most_frequent_answer_is_told(self):
    said = report.masked_lm_finding({'masked_lm': {
        **_scores(teacher=0.5, student=0.05, baseline_student=0.04),
        'baseline': {'accuracy': 0.05, 'name': 'always "the"'}}})
    self.assertIn('no better than the most frequent answer (5.0%)', said)
    said = report.task_finding(_task(student=0.1, baseline_student=0.2))
    self.assertIn('no better than the most frequent answer (10.0%)', said)

  def test_steps_are_in_the_table_where_known(self):
    def steps(results):
      return [row[1] for row in report.masked_lm(results).rows]

    results = sample_results.results()
    self.assertEqual(steps(results), ['80', '80', '80', ''])
    results['curves']['baseline_student'].pop()
    self.assertEqual(steps(results), ['80', '80', '79', ''])
    del results['curves']
    self.assertEqual(steps(results), [''] * 4)

  def test_chance_is_weighed_by_the_number_of_passages(self):
    # 1.96 * sqrt(2 * 0.53 * 0.47 / n): 4.4 points for 1,000, 13.8 for 100.
    some, few = (_task(examples, student=.53, baseline_student=.47)
                 for examples in (1000, 100))
    self.assertIn('more than chance', report.task_finding(some))
    self.assertIn('Chance could explain', report.task_finding(few))
    self.assertEqual(report.task(some).rows[2],
                     ('Difference', '+6.0 points', '+1.6 to +10.4'))
    self.assertEqual(report.task(few).rows[2],
                     ('Difference', '+6.0 points', '-7.8 to +19.8'))

  def test_interval_is_wilsons(self):
    # Newcombe 1998, table I: 81 of 263 has the interval 0.2553 to 0.3662.
    low, high = report.interval(81 / 263, 263)
    self.assertAllClose([low, high], [0.2553, 0.3662], atol=5e-5)
    self.assertAllInRange(report.interval(1.0, 5), 0.0, 1.0)
    self.assertTrue(math.isnan(report.interval(0.5, 0)[0]))
    self.assertTrue(math.isnan(report.interval(math.nan, 10)[0]))

  def test_the_abstract_gives_the_headline_numbers(self):
    said = report.abstract(sample_results.results())
    for number in ('6 min 44 s', '12.3 MB', '8,191 word pieces', '7.4 million',
                   '2.3 million', '81.0%', '40.0%', '2.4 MB', '1.8 ms'):
      self.assertIn(number, said)
    self.assertEqual(report.abstract({}), '')

  def test_the_abstract_leaves_out_what_is_not_a_number(self):
    results = sample_results.results()
    results['task']['models']['student']['accuracy'] = math.nan
    results['exports'][1]['latency_ms'] = math.inf
    said = report.abstract(results)
    self.assertNotIn('n/a', said)
    self.assertEndsWith(said, 'block by block.')

  def test_the_smallest_tflite_file_is_the_one_deployed(self):
    exports = [{'name': 'SavedModel', 'megabytes': 1},
               {'name': 'TFLite float', 'megabytes': 9},
               {'name': 'TFLite int8', 'megabytes': 3},
               {'name': 'TFLite broken', 'megabytes': math.nan}]
    self.assertEqual(report.deployed({'exports': exports})['megabytes'], 3)
    self.assertEqual(report.deployed({'exports': exports[:1]}), exports[0])
    self.assertEqual(report.deployed({}), {})


if __name__ == '__main__':
  tf.test.main()
