# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The program that scores answers, run as users run it."""

import json
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from tests.data import squad_samples as samples
from tests.data import temporary
from tests import shared_data

_ARTICLES = (
    samples.article('a cat', samples.question('1', answers=[('cat', 2)]),
                    samples.question('2', answers=[('a', 0)]), title='X'),
    samples.article('a dog', samples.question('3'), title='Y'))


class ScoreSquadTest(parameterized.TestCase, temporary.TemporaryFiles):

  def setUp(self):
    super().setUp()
    self.data = self.make_file(
        'data.json', samples.dataset(*_ARTICLES, version='v2.0'))
    self.predictions = self.make_file(
        'predictions.json', '{"1": "cat", "2": "cat", "3": "dog"}')

  def _run(self, *flags: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, '-m', 'mobilebert_tf.score_squad', *flags],
        capture_output=True, text=True, check=False)

  def _score(self, *flags: str) -> subprocess.CompletedProcess:
    return self._run(f'--data={self.data}',
                     f'--predictions={self.predictions}', *flags)

  def test_the_official_numbers_to_the_last_digit(self):
    data = shared_data.path('data/squad/dev-v1.1.rebuilt.json')
    predictions = shared_data.path(
        'data/squad/predictions/v1.1-BERT-ensemble-Google.json')
    done = self._run(f'--data={data}', f'--predictions={predictions}')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertEqual(
        done.stdout, '{\n  "exact_match": 86.20624408703878,\n'
        '  "f1": 92.19557978351129\n}\n')
    self.assertEqual(done.stderr, '')

  def test_version_2_with_null_odds(self):
    odds = self.make_file('odds.json', '{"1": 0, "2": 2, "3": 5.5}')
    scores = json.loads(self._score(f'--null_odds={odds}').stdout)
    self.assertAlmostEqual(scores['exact'], 200 / 3)
    self.assertEqual(scores['NoAns_exact'], 100)
    self.assertEqual(scores['best_exact_thresh'], 0)
    scores = json.loads(self._score(
        f'--null_odds={odds}', '--null_threshold=10').stdout)
    self.assertAlmostEqual(scores['exact'], 100 / 3)

  def test_a_part_of_the_articles(self):
    done = self._score('--titles=X')
    self.assertEqual(json.loads(done.stdout)['exact'], 50)
    self.assertIn("1 predictions are of no question of the data and do not "
                  "count, such as '3'", done.stderr)
    done = self._score('--exclude_titles=X')
    self.assertEqual(json.loads(done.stdout)['exact'], 0)

  def test_missing_predictions_are_counted(self):
    self.predictions = self.make_file('predictions.json', '{"1": "cat"}')
    self.assertIn("2 of 3 questions have no prediction and score 0, such as "
                  "'2'", self._score().stderr)

  @parameterized.parameters(
      ('predictions.json', '{"1": "cat", ', r'predictions.json:1: not JSON'),
      ('predictions.json', '["cat"]', 'expected a JSON object'),
      ('predictions.json', '{"1": ["cat"]}', r"'1' has \[\"cat\"\]; expected"),
      ('predictions.json', '{"x": "cat"}', 'No prediction is of a question'),
      ('data.json', '{"data": [', 'data.json:1: not JSON, or cut off'),
      ('data.json', '[]', 'not a SQuAD file'))
  def test_what_is_wrong_is_said_in_a_line(self, name, content, message):
    self.make_file(name, content)
    done = self._score()
    self.assertEqual(done.returncode, 1)
    self.assertRegex(done.stderr, rf'\Ascore_squad: .*{message}.*\n\Z')
    self.assertEqual(done.stdout, '')

  @parameterized.parameters(
      ('{"1": NaN, "2": 1, "3": 1}', 'NaN is no number of JSON'),
      ('{"1": true, "2": 1, "3": 1}',
       "'1' has true; expected its no-answer score"),
      ('{"1": 1e999, "2": 1, "3": 1}', '1e999 is too large a number'),
      ('{"1": 1}', 'Null odds of 2 questions are missing'))
  def test_odds_that_are_none(self, content, message):
    odds = self.make_file('odds.json', content)
    done = self._score(f'--null_odds={odds}')
    self.assertEqual(done.returncode, 1)
    self.assertRegex(done.stderr, rf'\Ascore_squad: .*{message}.*\n\Z')


if __name__ == '__main__':
  absltest.main()
