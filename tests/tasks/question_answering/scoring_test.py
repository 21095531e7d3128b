# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Predicted answers to questions, against hand counts."""

import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.tasks.question_answering import scoring
from tests.evaluation import made_up


class QuestionsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ('Who came?', 'who'), ('In what year?', 'what'), ('To whom?', 'who'),
      ("What's that?", 'what'), ('Whose is it?', 'who'),
      ('“How many are there?”', 'how'), ('Name the town.', 'other'),
      ('Whatever.', 'other'), ('', 'other'), ('日本はどこですか', 'other'))
  def test_question_words(self, question, word):
    self.assertEqual(scoring.question_word(question), word)

  def test_groups(self):
    found = {each.name: (each.count, each.mean)
             for each in scoring.by_question_word(made_up.answers())}
    self.assertEqual(found, {'what': (2, 1 / 3), 'who': (1, 1.0),
                             'why': (1, 1.0)})
    found = {each.name: each.count
             for each in scoring.by_answerable(made_up.answers())}
    self.assertEqual(found, {'answerable': 3, 'unanswerable': 1})

  def test_rare_question_words_are_together(self):
    count = 103
    made = made_up.answers(
        ids=[str(i) for i in range(count)], contexts=['a'] * count,
        questions=['Who?'] * 100 + ['Why?', 'Where?', 'Hm?'],
        truths=[['a']] * count, answers=['a'] * count, scores=[1] * count,
        exact=[1] * count, f1=[1] * count)
    self.assertEqual([(each.name, each.count)
                      for each in scoring.by_question_word(made)],
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
