# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Official files, the no-answer threshold, and answers in a report."""

import json
import os

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import analysis
from mobilebert_tf.tasks.question_answering import evaluation
from mobilebert_tf.tasks.question_answering import metrics
from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import spans as answer_types
from tests.data import squad_samples as samples
from tests.data import temporary
from tests.evaluation import made_up
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
    found = evaluation.answer_questions(answerer, data)
    folder = self.make_folder()
    evaluation.write_files(folder, found, version_2=True)
    self.assertCountEqual(os.listdir(folder), [
        'predictions.json', 'nbest_predictions.json', 'null_odds.json'])
    predictions = squad.read_predictions(f'{folder}/predictions.json')
    null_odds = squad.read_null_odds(f'{folder}/null_odds.json')
    self.assertEqual(list(predictions), [q.id for q in data.questions])
    self.assertEqual(predictions, evaluation.predictions(found))
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
    evaluation.write_files(folder, {'1': _answer('cat', 1.0)}, version_2=False)
    self.assertCountEqual(os.listdir(folder), [
        'predictions.json', 'nbest_predictions.json'])

  def test_a_threshold_decides(self):
    found = {'1': _answer('cat', 1.0), '2': _answer('dog', 3.0)}
    self.assertEqual(evaluation.predictions(found, 2.0), {'1': 'cat', '2': ''})
    self.assertEqual(evaluation.predictions(found, 3.0),
                     {'1': 'cat', '2': 'dog'})

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
    threshold, f1 = evaluation.tune_null_threshold(data, found)

    def score(at: float) -> float:
      return metrics.evaluate(
          data, evaluation.predictions(found, at))['f1']

    self.assertAllClose(score(threshold), f1)
    self.assertAllClose(f1, max(score(at) for at in np.arange(-8, 8, 0.5)))

  def test_never_and_always_answering_can_be_best(self):
    none = self._data(samples.question('1'), samples.question('2'))
    found = {'1': _answer('cat', -5.0), '2': _answer('cat', 2.0)}
    threshold, f1 = evaluation.tune_null_threshold(none, found)
    self.assertLess(threshold, -5)
    self.assertEqual(f1, 100)
    some = self._data(samples.question('1', answers=[('cat', 2)]),
                      samples.question('2', answers=[('cat', 2)]))
    threshold, f1 = evaluation.tune_null_threshold(some, found)
    self.assertGreater(threshold, 2)
    self.assertEqual(f1, 100)

  def test_odds_next_to_each_other_are_told_apart(self):
    data = self._data(samples.question('1', answers=[('cat', 2)]),
                      samples.question('2'))
    odds = float(np.nextafter(1.0, 2.0))
    found = {'1': _answer('cat', 1.0), '2': _answer('cat', odds)}
    threshold, f1 = evaluation.tune_null_threshold(data, found)
    self.assertEqual(f1, 100)
    self.assertEqual(evaluation.predictions(found, threshold),
                     {'1': 'cat', '2': ''})

  def test_all_questions_have_to_be_answered(self):
    data = self._data(samples.question('1'), samples.question('2'))
    with self.assertRaisesRegex(ValueError, "1 questions were not.*'2'"):
      evaluation.tune_null_threshold(data, {'1': _answer('cat', 0.0)})


class QuestionsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ('Who came?', 'who'), ('In what year?', 'what'), ('To whom?', 'who'),
      ("What's that?", 'what'), ('Whose is it?', 'who'),
      ('“How many are there?”', 'how'), ('Name the town.', 'other'),
      ('Whatever.', 'other'), ('', 'other'), ('日本はどこですか', 'other'))
  def test_question_words(self, question, word):
    self.assertEqual(evaluation.question_word(question), word)

  def test_groups(self):
    found = {each.name: (each.count, each.mean)
             for each in evaluation.by_question_word(made_up.answers())}
    self.assertEqual(found, {'what': (2, 1 / 3), 'who': (1, 1.0),
                             'why': (1, 1.0)})
    found = {each.name: each.count
             for each in evaluation.by_answerable(made_up.answers())}
    self.assertEqual(found, {'answerable': 3, 'unanswerable': 1})

  def test_rare_question_words_are_together(self):
    count = 103
    made = made_up.answers(
        ids=[str(i) for i in range(count)], contexts=['a'] * count,
        questions=['Who?'] * 100 + ['Why?', 'Where?', 'Hm?'],
        truths=[['a']] * count, answers=['a'] * count, scores=[1] * count,
        exact=[1] * count, f1=[1] * count)
    self.assertEqual([(each.name, each.count)
                      for each in evaluation.by_question_word(made)],
                     [('who', 100), ('other', 3)])

  def test_lengths_are_words_of_the_context(self):
    self.assertAllEqual(made_up.answers().sizes(), [2, 4, 4, 1])

  def test_worst_answers_share_least(self):
    self.assertEqual(analysis.worst(made_up.answers()), [2, 1])

  def test_of_equally_bad_answers_the_surest_is_the_worst(self):
    made = made_up.answers(exact=[0] * 4, f1=[0] * 4)
    self.assertEqual(analysis.worst(made), [3, 2, 1, 0])

  def test_baseline_is_no_answer_where_some_have_none(self):
    self.assertEqual(made_up.answers().baseline(),
                     ('always “no answer”', 0.25))
    self.assertIsNone(made_up.answers(truths=[['a']] * 4).baseline())


if __name__ == '__main__':
  tf.test.main()
