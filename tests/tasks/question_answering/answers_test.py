# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The official files of a model's answers, and the null threshold."""

import json
import os

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import squad
from mobilebert_tf.tasks.question_answering import answers
from mobilebert_tf.tasks.question_answering import metrics
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import spans as answer_types
from tests.data import squad_samples as samples
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.tasks.question_answering import tiny_model


def _answer(text: str, odds: float) -> answer_types.Answer:
  best = answer_types.Candidate(text, 0, len(text), 1.0, 0.0, 0.0)
  return answer_types.Answer(
      text, 0, len(text), 1.0, odds, best, (best,))


class AnswersTest(parameterized.TestCase, temporary.TemporaryFiles,
                  tf.test.TestCase):

  def _data(self, *questions, context: str = 'a cat') -> squad.SquadData:
    return squad.read(self.make_file('data.json', samples.dataset(
        samples.article(context, *questions), version='v2.0')))

  def test_files_are_read_by_the_official_metric(self):
    context = tiny_classifier.text(60)
    data = self._data(
        *(samples.question(str(i), tiny_classifier.text(3, i),
                           answers=[('w7', 3)] * (i % 2)) for i in range(6)),
        samples.question('empty', ''), context=context)
    answerer = predictor.QuestionAnswerer(
        tiny_model.build(self.make_folder()), doc_stride=8,
        allow_no_answer=True, n_best=5)
    found = answers.answer_questions(answerer, data)
    folder = self.make_folder()
    answers.write_files(folder, found, version_2=True)
    self.assertCountEqual(os.listdir(folder), [
        'predictions.json', 'nbest_predictions.json', 'null_odds.json'])
    predictions = squad.read_predictions(f'{folder}/predictions.json')
    null_odds = squad.read_null_odds(f'{folder}/null_odds.json')
    self.assertEqual(list(predictions), [q.id for q in data.questions])
    self.assertEqual(predictions, answers.predictions(found))
    self.assertEqual(predictions['empty'], '')
    self.assertIn('best_f1', metrics.evaluate(
        data, predictions, null_odds))
    with open(f'{folder}/nbest_predictions.json') as file:
      n_best = json.load(file)
    self.assertEqual(n_best['empty'], [])
    self.assertEqual(set(n_best['0'][0]), {
        'text', 'probability', 'start_logit', 'end_logit'})
    self.assertLen(n_best['0'], 6)  # "No answer" as well.

  def test_v1_has_no_null_odds(self):
    folder = self.make_folder()
    answers.write_files(folder, {'1': _answer('cat', 1.0)}, version_2=False)
    self.assertCountEqual(os.listdir(folder), [
        'predictions.json', 'nbest_predictions.json'])

  def test_a_threshold_decides(self):
    found = {'1': _answer('cat', 1.0), '2': _answer('dog', 3.0)}
    self.assertEqual(answers.predictions(found, 2.0), {'1': 'cat', '2': ''})
    self.assertEqual(answers.predictions(found, 3.0), {'1': 'cat', '2': 'dog'})

  # === Tuning ===

  @parameterized.parameters(range(6))
  def test_the_threshold_is_the_best_of_all(self, seed):
    rng = np.random.default_rng(seed)
    data = self._data(*(
        samples.question(str(i), answers=[('cat', 2)] * int(rng.integers(2)))
        for i in range(30)))
    # Some odds are equal.
    found = {q.id: _answer(str(rng.choice(['cat', 'a cat sat', 'x'])),
                           float(rng.integers(-6, 6))) for q in data.questions}
    threshold, f1 = answers.tune_null_threshold(data, found)

    def score(at: float) -> float:
      return metrics.evaluate(
          data, answers.predictions(found, at))['f1']

    self.assertAllClose(score(threshold), f1)
    self.assertAllClose(f1, max(score(at) for at in np.arange(-8, 8, 0.5)))

  def test_never_and_always_answering_can_be_best(self):
    none = self._data(samples.question('1'), samples.question('2'))
    found = {'1': _answer('cat', -5.0), '2': _answer('cat', 2.0)}
    threshold, f1 = answers.tune_null_threshold(none, found)
    self.assertLess(threshold, -5)
    self.assertEqual(f1, 100)
    some = self._data(samples.question('1', answers=[('cat', 2)]),
                      samples.question('2', answers=[('cat', 2)]))
    threshold, f1 = answers.tune_null_threshold(some, found)
    self.assertGreater(threshold, 2)
    self.assertEqual(f1, 100)

  def test_odds_next_to_each_other_are_told_apart(self):
    data = self._data(samples.question('1', answers=[('cat', 2)]),
                      samples.question('2'))
    odds = float(np.nextafter(1.0, 2.0))
    found = {'1': _answer('cat', 1.0), '2': _answer('cat', odds)}
    threshold, f1 = answers.tune_null_threshold(data, found)
    self.assertEqual(f1, 100)
    self.assertEqual(answers.predictions(found, threshold),
                     {'1': 'cat', '2': ''})

  def test_all_questions_have_to_be_answered(self):
    data = self._data(samples.question('1'), samples.question('2'))
    with self.assertRaisesRegex(ValueError, "1 questions were not.*'2'"):
      answers.tune_null_threshold(data, {'1': _answer('cat', 0.0)})


if __name__ == '__main__':
  tf.test.main()
