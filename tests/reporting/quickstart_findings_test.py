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

"""Tests that the report's sentences say what the numbers say."""

import math

import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.reporting import quickstart_findings as findings
from tests.reporting import sample_results


def _scores(**accuracies) -> dict:
  return {name: {'accuracy': value} for name, value in accuracies.items()}


def _masked_lm(**accuracies) -> str:
  return ' '.join(findings.masked_lm({'masked_lm': _scores(**accuracies)}))


def _task(examples=1000, majority=0.1, **accuracies) -> str:
  return ' '.join(findings.task({'task': {
      'dev_examples': examples, 'majority_accuracy': majority,
      'models': _scores(**accuracies)}}))


class FindingsTest(tf.test.TestCase, parameterized.TestCase):

  def test_a_better_taught_student(self):
    said = _masked_lm(teacher=0.5, student=0.4, untaught=0.3)
    self.assertStartsWith(
        said, 'The taught student is better than the same network trained '
        'without a teacher, by 10.0 points.')
    self.assertIn('the teacher 50.0%, the taught student 40.0% and the '
                  'untaught student 30.0%.', said)

  def test_a_worse_taught_student_is_not_dressed_up(self):
    said = _masked_lm(teacher=0.5, student=0.3, untaught=0.31)
    self.assertIn('The taught student is not better', said)
    self.assertIn('1.0 point worse', said)
    self.assertIn('teaching did not pay', said)
    self.assertIn('the teacher 50.0%, the untaught student 31.0% and the '
                  'taught student 30.0%.', said)

  def test_a_tie_is_not_a_win(self):
    self.assertIn('not better', _masked_lm(student=0.3, untaught=0.3))

  def test_a_student_above_its_teacher(self):
    self.assertIn('even passes its teacher',
                  _masked_lm(teacher=0.3, student=0.4))

  @parameterized.parameters(math.nan, None, math.inf)
  def test_no_verdict_without_numbers(self, value):
    said = _masked_lm(teacher=0.5, student=value, untaught=0.3)
    self.assertNotIn('taught student is', said)
    self.assertEqual(findings.masked_lm({}), [])

  def test_networks_below_the_baseline_are_named(self):
    said = ' '.join(findings.masked_lm({'masked_lm': {
        **_scores(teacher=0.5, student=0.05, untaught=0.04),
        'baseline': {'accuracy': 0.05, 'name': 'always "the"'}}}))
    self.assertIn('The taught student and the untaught student do no better '
                  'than the baseline (always "the", 5.0%)', said)

  def test_steps_are_compared_only_where_known(self):
    results = sample_results.results()
    self.assertIn('the same 80 steps', ' '.join(findings.masked_lm(results)))
    results['curves']['untaught'].pop()
    self.assertIn('80 steps taught, 79 untaught',
                  ' '.join(findings.masked_lm(results)))
    del results['curves']
    self.assertNotIn('steps', ' '.join(findings.masked_lm(results)))

  def test_chance_is_weighed_by_the_number_of_passages(self):
    # 1.96 * sqrt(2 * 0.5 * 0.5 / n): 4.4 points for 1,000, 13.9 for 100.
    self.assertIn('is more than chance', _task(1000, student=.53, untaught=.47))
    self.assertIn('up to 13.8 points',
                  _task(100, student=0.53, untaught=0.47))
    self.assertIn('no evidence either way',
                  _task(100, student=0.53, untaught=0.47))

  def test_a_task_student_below_the_majority(self):
    self.assertIn('The taught student does no better than the baseline',
                  _task(student=0.1))

  def test_interval_is_wilsons(self):
    # Newcombe 1998, table I: 81 of 263 has the interval 0.2553 to 0.3662.
    low, high = findings.interval(81 / 263, 263)
    self.assertAllClose([low, high], [0.2553, 0.3662], atol=5e-5)
    self.assertAllInRange(findings.interval(1.0, 5), 0.0, 1.0)
    self.assertTrue(math.isnan(findings.interval(0.5, 0)[0]))
    self.assertTrue(math.isnan(findings.interval(math.nan, 10)[0]))

  def test_the_abstract_gives_the_headline_numbers(self):
    said = findings.abstract(sample_results.results())
    for number in ('6 min 44 s', '12.3 MB', '8,191 word pieces', '7.4 million',
                   '2.3 million', '3.2 times smaller', '81.0%', '40.0%',
                   '2.4 MB', '1.8 ms'):
      self.assertIn(number, said)
    self.assertEqual(findings.abstract({}), '')

  def test_the_abstract_leaves_out_what_is_not_a_number(self):
    results = sample_results.results()
    results['task']['models']['student']['accuracy'] = math.nan
    results['exports'][1]['latency_ms'] = math.inf
    said = findings.abstract(results)
    self.assertNotIn('n/a', said)
    self.assertEndsWith(said, 'it takes 2.4 MB.')

  def test_the_smallest_tflite_file_is_the_one_deployed(self):
    exports = [{'name': 'SavedModel', 'megabytes': 1},
               {'name': 'TFLite float', 'megabytes': 9},
               {'name': 'TFLite int8', 'megabytes': 3},
               {'name': 'TFLite broken', 'megabytes': math.nan}]
    self.assertEqual(findings.deployed({'exports': exports})['megabytes'], 3)
    self.assertEqual(findings.deployed({'exports': exports[:1]}), exports[0])
    self.assertEqual(findings.deployed({}), {})


if __name__ == '__main__':
  tf.test.main()
