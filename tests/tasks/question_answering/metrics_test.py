# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Scores: hand counts, the official numbers, and the Model Garden's script."""

import json
import random

from absl.testing import absltest
from absl.testing import parameterized

from mobilebert_tf.data import squad
from mobilebert_tf.tasks.question_answering import metrics
from official.nlp.tools import squad_evaluate_v1_1
from official.nlp.tools import squad_evaluate_v2_0
from tests.data import squad_samples as samples
from tests.data import temporary
from tests import shared_data

_WORDS = ('a', 'the', 'cat', 'Cat.', 'sat', 'on', 'mat', '-', 'x')


def _text(rng: random.Random, least: int = 1) -> str:
  return ' '.join(rng.choices(_WORDS, k=rng.randint(least, 5)))


class SquadMetricsTest(parameterized.TestCase, temporary.TemporaryFiles):

  def _data(self, *articles, version: str = '1.1') -> squad.SquadData:
    return squad.read(self.make_file(
        'data.json', samples.dataset(*articles, version=version)))

  # === One answer ===

  @parameterized.parameters(
      ('The  "Panthers", an NFL team.', 'panthers nfl team'),
      ('a\tthe\nan', ''), ('theatre', 'theatre'), ('U.S.', 'us'),
      ('«Été»', '«été»'), ('', ''), ('A-B', 'ab'))
  def test_normalize(self, text, expected):
    self.assertEqual(metrics.normalize(text), expected)

  def test_the_best_of_several_answers_counts(self):
    score = metrics.score_answer(
        'the cat sat', ['dog', 'cat sat down', 'cat'])
    # 2 common words of 2 given and 3 right ones; and 1 of 2 and of 1.
    self.assertEqual(score, metrics.AnswerScore(
        0, max(2 * 1 * (2 / 3) / (1 + 2 / 3), 2 * 0.5 * 1 / 1.5)))

  def test_a_word_counts_as_often_as_it_is_in_both(self):
    score = metrics.score_answer('x x x y', ['x x z'])
    self.assertAlmostEqual(score.f1, 2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3))

  def test_no_answer_is_right_where_there_is_none(self):
    none = metrics.AnswerScore(0, 0)
    some = metrics.AnswerScore(1, 1)
    score = metrics.score_answer
    self.assertEqual(score('', [], version_2=True), some)
    self.assertEqual(score('the', ['...'], version_2=True), some)
    self.assertEqual(score('cat', [], version_2=True), none)
    self.assertEqual(score('', ['cat'], version_2=True), none)
    # v1.1 compares the empty strings for the exact match alone.
    self.assertEqual(score('the', ['a']), metrics.AnswerScore(1, 0))

  def test_v1_needs_an_answer(self):
    data = self._data(samples.article('a cat', samples.question('1')))
    with self.assertRaisesRegex(ValueError, r"data\.json: data\[0\].*'1' has "
                                'no answer'):
      metrics.evaluate(data, {'1': 'cat'}, version_2=False)

  # === v1.1 ===

  def test_the_official_numbers_to_the_last_digit(self):
    data = squad.read(shared_data.path('data/squad/dev-v1.1.rebuilt.json'))
    predictions = squad.read_predictions(shared_data.path(
        'data/squad/predictions/v1.1-BERT-ensemble-Google.json'))
    expected = json.loads(shared_data.path(
        'data/fixtures/upstream_vectors.json').read_text('utf-8'))[
            'squad_official_scores']['v1.1-BERT-ensemble-Google']
    scores = metrics.evaluate(data, predictions)
    self.assertEqual(scores, {'exact_match': 86.20624408703878,
                              'f1': 92.19557978351129})
    self.assertEqual(scores, expected)

  def test_a_question_without_prediction_scores_0_as_in_the_official_one(self):
    data = self._data(samples.article(
        'a cat', samples.question('1', answers=[('cat', 2)]),
        samples.question('2', answers=[('cat', 2)])))
    self.assertEqual(metrics.evaluate(data, {'1': 'cat', 'other': 'x'}),
                     {'exact_match': 50.0, 'f1': 50.0})

  @parameterized.parameters(range(5))
  def test_v1_equals_the_model_gardens(self, seed):
    rng = random.Random(seed)
    questions = [
        samples.question(str(i), answers=[
            (_text(rng), 0) for _ in range(rng.randint(1, 3))])
        for i in range(40)]
    data = self._data(samples.article('x', *questions))
    answered = range(0, 40, rng.choice((1, 2)))
    predictions = {str(i): _text(rng, 0) for i in answered}
    expected = squad_evaluate_v1_1.evaluate(
        [samples.article('x', *questions)], predictions)
    scores = metrics.evaluate(data, predictions)
    self.assertAlmostEqual(scores['exact_match'], 100 * expected['exact_match'])
    self.assertAlmostEqual(scores['f1'], 100 * expected['final_f1'])

  # === v2.0 ===

  def _random_v2(self, seed: int):
    rng = random.Random(seed)
    questions = [
        samples.question(str(i), is_impossible=impossible, answers=[
            (_text(rng), 0) for _ in range(0 if impossible else 2)])
        for i in range(60) for impossible in [rng.random() < 0.4]]
    predictions = {str(i): rng.choice(('', _text(rng), 'the cat'))
                   for i in range(60)}
    # Some equal, and in another order than the questions.
    odds = {str(i): rng.choice((rng.gauss(0, 3), 1.5))
            for i in rng.sample(range(60), 60)}
    return [samples.article('x', *questions)], predictions, odds

  @parameterized.product(seed=tuple(range(8)), with_odds=(False, True))
  def test_v2_equals_the_model_gardens(self, seed, with_odds):
    articles, predictions, odds = self._random_v2(seed)
    data = self._data(*articles, version='v2.0')
    expected = squad_evaluate_v2_0.evaluate(
        articles, predictions, odds if with_odds else None)
    scores = metrics.evaluate(
        data, predictions, odds if with_odds else None)
    names = {'best_exact': 'final_exact', 'best_f1': 'final_f1',
             'best_exact_thresh': 'final_exact_thresh',
             'best_f1_thresh': 'final_f1_thresh'}
    self.assertLen(scores, 13 if with_odds else 9)
    for name, value in scores.items():
      self.assertAlmostEqual(value, expected[names.get(name, name)], msg=name)

  def test_a_threshold_counted_by_hand(self):
    data = self._data(samples.article(
        'a cat', samples.question('1', answers=[('cat', 2)]),
        samples.question('2'), samples.question('3', answers=[('a', 0)]),
        samples.question('4')), version='v2.0')
    predictions = {'1': 'cat', '2': 'cat', '3': 'cat', '4': ''}
    odds = {'1': -2.0, '2': 2.0, '3': 0.5, '4': 3.0}
    scores = metrics.evaluate(data, predictions, odds)
    # Above 1 are 2 and 4, which have no answer: right; 3 is answered wrongly.
    self.assertEqual(scores['exact'], 75.0)
    self.assertEqual((scores['HasAns_exact'], scores['HasAns_total']), (50, 2))
    self.assertEqual((scores['NoAns_exact'], scores['NoAns_total']), (100, 2))
    self.assertEqual((scores['best_exact'], scores['best_exact_thresh']),
                     (75.0, -2.0))
    lower = metrics.evaluate(data, predictions, odds, null_threshold=-3)
    self.assertEqual(lower['exact'], 50.0)
    self.assertEqual(lower['HasAns_exact'], 0.0)

  def test_a_missing_prediction_cannot_raise_a_v2_score(self):
    data = self._data(samples.article(
        'a cat', samples.question('1', answers=[('cat', 2)]),
        samples.question('2')), version='v2.0')
    for odds in (None, {'1': 0.0}):
      scores = metrics.evaluate(data, {'1': 'cat'}, odds)
      self.assertEqual((scores['exact'], scores['total']), (50.0, 2))
      self.assertEqual(scores['NoAns_exact'], 0.0)

  @parameterized.parameters(
      ({'9': 'cat'}, None, 'No prediction is of a question'),
      ({'1': 'cat', '2': ''}, {'1': 0.0}, "1 questions are missing.*'2'"),
      ({'1': 'cat'}, {'1': float('nan')}, "odds of '1' are nan"),
      ({'1': 'cat'}, {'1': float('inf')}, "odds of '1' are inf"))
  def test_what_does_not_fit_is_refused(self, predictions, odds, message):
    data = self._data(samples.article(
        'a cat', samples.question('1', answers=[('cat', 2)]),
        samples.question('2')), version='v2.0')
    with self.assertRaisesRegex(ValueError, message):
      metrics.evaluate(data, predictions, odds)


if __name__ == '__main__':
  absltest.main()
