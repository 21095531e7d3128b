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

"""Where models fail, against hand counts."""

import math

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from mobilebert_tf.evaluation import analysis
from tests.evaluation import made_up


class ClassificationTest(tf.test.TestCase):

  def test_confusion_matrix_has_the_truth_in_rows(self):
    matrix = analysis.confusion_matrix(made_up.classification())
    self.assertAllEqual(matrix, [[1, 1], [0, 2]])
    self.assertEqual(analysis.confusions(matrix), [(0, 1, 1)])

  def test_classes_that_do_not_occur_are_counted_too(self):
    made = made_up.classification(
        label_names=['no', 'yes', 'never'],
        scores=[[0.9, 0.1, 0], [0.2, 0.8, 0], [0.4, 0.6, 0], [0.3, 0.7, 0]])
    self.assertAllEqual(analysis.confusion_matrix(made),
                        [[1, 1, 0], [0, 2, 0], [0, 0, 0]])
    scores = analysis.class_scores(made)
    self.assertEqual(scores[0]['precision'], 1.0)
    self.assertEqual(scores[0]['recall'], 0.5)
    self.assertAlmostEqual(scores[1]['precision'], 2 / 3)
    self.assertEqual(scores[2]['count'], 0)
    self.assertTrue(math.isnan(scores[2]['recall']))

  def test_confusions_are_sorted_by_count(self):
    matrix = np.array([[5, 1, 0], [7, 5, 2], [0, 0, 5]])
    self.assertEqual(analysis.confusions(matrix),
                     [(1, 0, 7), (1, 2, 2), (0, 1, 1)])

  def test_calibration_by_hand(self):
    found = analysis.calibration(made_up.classification())
    # Confidences 0.9, 0.8, 0.55 right and 0.7 wrong, each in a bin of its own:
    # (0.1 + 0.2 + 0.45 + 0.7) / 4.
    self.assertAlmostEqual(found.error, 0.3625)
    self.assertAlmostEqual(found.confidence, 2.95 / 4)
    self.assertEqual(found.accuracy, 0.75)
    self.assertEqual([each.count for each in found.bins],
                     [0, 0, 0, 0, 0, 1, 1, 1, 1, 0])

  def test_perfectly_calibrated_answers_have_no_error(self):
    made = made_up.classification(scores=[[0.75, 0.25], [0.25, 0.75]] * 2)
    self.assertAlmostEqual(
        analysis.calibration(made_up.classification(
            labels=[0, 1, 0, 0], scores=made.scores)).error, 0.0)

  def test_calibration_error_of_random_answers_is_numpys(self):
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([1, 1, 1], 500)
    labels = rng.integers(3, size=500)
    made = made_up.classification(
        texts=['a'] * 500, lengths=[3] * 500, label_names=['a', 'b', 'c'],
        labels=labels, scores=scores)
    confidence, right = scores.max(1), scores.argmax(1) == labels
    expected = sum(
        abs(right[inside].mean() - confidence[inside].mean()) * inside.mean()
        for i in range(10)
        if (inside := (confidence > i / 10) & (confidence <= (i + 1) / 10)
            ).any())
    self.assertAlmostEqual(analysis.calibration(made).error, expected)

  def test_worst_mistakes_are_those_whose_truth_is_least_likely(self):
    made = made_up.classification(labels=[1, 0, 1, 0])
    # The truth of text 0 got 0.1, of 1 0.2, of 3 0.3; 2 is right.
    self.assertEqual(analysis.worst(made), [0, 1, 3])
    self.assertEqual(analysis.worst(made, 1), [0])

  def test_baseline_is_the_most_frequent_label(self):
    made = made_up.classification(labels=[1, 1, 1, 0])
    self.assertEqual(analysis.baseline(made), ('always “yes”', 0.75))


class LengthTest(tf.test.TestCase, parameterized.TestCase):

  def test_texts_of_one_length_stay_together(self):
    groups = analysis.by_length(made_up.classification())
    self.assertEqual([(each.name, each.count, each.mean) for each in groups],
                     [('3', 3, 2 / 3), ('4', 1, 1.0)])

  @parameterized.parameters(1, 2, 7, 100, 1003)
  def test_every_text_is_in_one_group(self, count):
    rng = np.random.default_rng(count)
    made = made_up.classification(
        texts=['a'] * count, labels=rng.integers(2, size=count),
        scores=[[0.6, 0.4]] * count, lengths=rng.integers(3, 999, count))
    groups = analysis.by_length(made)
    self.assertEqual(sum(each.count for each in groups), count)
    self.assertLessEqual(len(groups), 5)
    if count > 100:
      self.assertBetween(min(each.count for each in groups), 180, 220)

  def test_names_are_the_ends_that_occur(self):
    made = made_up.classification(lengths=[3, 5, 90, 1200])
    self.assertEqual([each.name for each in analysis.by_length(made, 2)],
                     ['3–5', '90–1,200'])


class RegressionTest(tf.test.TestCase):

  def test_errors_are_absolute(self):
    self.assertAllEqual(analysis.quality(made_up.regression()), [1, 0, 0.5])

  def test_worst_are_furthest_off_and_what_is_right_is_left_out(self):
    self.assertEqual(analysis.worst(made_up.regression()), [0, 2])

  def test_baseline_is_the_median(self):
    name, value = analysis.baseline(made_up.regression(labels=[0, 1, 8]))
    self.assertEqual(name, 'always the median, 1')
    self.assertAlmostEqual(value, 8 / 3)

  def test_ranges_of_negative_values_can_be_read(self):
    made = made_up.regression(labels=[-2.0, -1.0, 4.0])
    self.assertEqual([each.name for each in analysis.by_truth(made, 2)],
                     ['-2 to -1', '4'])

  def test_knows_constants(self):
    self.assertTrue(analysis.is_constant([2.5, 2.5]))
    self.assertFalse(analysis.is_constant([2.5, 2.6]))


class QuestionsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ('Who came?', 'who'), ('In what year?', 'what'), ('To whom?', 'who'),
      ("What's that?", 'what'), ('Whose is it?', 'who'),
      ('“How many are there?”', 'how'), ('Name the town.', 'other'),
      ('Whatever.', 'other'), ('', 'other'), ('日本はどこですか', 'other'))
  def test_question_words(self, question, word):
    self.assertEqual(analysis.question_word(question), word)

  def test_groups(self):
    found = {each.name: (each.count, each.mean)
             for each in analysis.by_question_word(made_up.answers())}
    self.assertEqual(found, {'what': (2, 1 / 3), 'who': (1, 1.0),
                             'why': (1, 1.0)})
    found = {each.name: each.count
             for each in analysis.by_answerable(made_up.answers())}
    self.assertEqual(found, {'answerable': 3, 'unanswerable': 1})

  def test_rare_question_words_are_together(self):
    count = 103
    made = made_up.answers(
        ids=[str(i) for i in range(count)], contexts=['a'] * count,
        questions=['Who?'] * 100 + ['Why?', 'Where?', 'Hm?'],
        truths=[['a']] * count, answers=['a'] * count, scores=[1] * count,
        exact=[1] * count, f1=[1] * count)
    self.assertEqual([(each.name, each.count)
                      for each in analysis.by_question_word(made)],
                     [('who', 100), ('other', 3)])

  def test_lengths_are_words_of_the_context(self):
    self.assertAllEqual(analysis.lengths(made_up.answers()), [2, 4, 4, 1])

  def test_worst_answers_share_least(self):
    self.assertEqual(analysis.worst(made_up.answers()), [2, 1])

  def test_of_equally_bad_answers_the_surest_is_the_worst(self):
    made = made_up.answers(exact=[0] * 4, f1=[0] * 4)
    self.assertEqual(analysis.worst(made), [3, 2, 1, 0])

  def test_baseline_is_no_answer_where_some_have_none(self):
    self.assertEqual(analysis.baseline(made_up.answers()),
                     ('always “no answer”', 0.25))
    self.assertIsNone(analysis.baseline(made_up.answers(truths=[['a']] * 4)))


if __name__ == '__main__':
  tf.test.main()
