# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Predictions that do not fit together are refused."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from tests.evaluation import made_up

_NAN, _INF = float('nan'), float('inf')


class TextPredictionsTest(tf.test.TestCase, parameterized.TestCase):

  def test_lists_become_arrays_and_answers_are_the_likeliest(self):
    made = made_up.classification()
    self.assertAllEqual(made.answers, [0, 1, 1, 1])
    self.assertEqual(made.labels.dtype, np.int32)
    self.assertEqual(made.lengths.dtype, np.int32)
    self.assertAllEqual(made_up.regression().answers, [1.0, 2.0, 3.5])

  @parameterized.parameters(
      ({'texts': []}, 'nothing to evaluate'),
      ({'texts': ['a']}, 'scores has the shape'),
      ({'texts': ['a', 'b', None, 'd']}, r'texts\[2\] is None'),
      ({'pairs': ['a']}, 'pairs has 1 texts where 4'),
      ({'labels': [0, 1, 2, 0]}, r'labels\[2\] is 2'),
      ({'labels': [0, -1, 1, 0]}, r'labels\[1\] is -1'),
      ({'labels': [0, 0.5, 1, 0]}, r'labels\[1\] is 0.5'),
      ({'labels': ['no', 'yes', 'yes', 'no']}, 'not numbers'),
      ({'label_names': ['yes', 'yes']}, 'different'),
      ({'label_names': ['yes']}, 'two or more'),
      ({'label_names': ['a', 'b', 'c']}, '2 columns for 3'),
      ({'lengths': [1, 2]}, 'lengths has the shape'),
      ({'scores': [0.1, 0.2, 0.3, 0.4]}, 'two dimensions'),
      ({'scores': [[0.5, 0.5], [1.0], [1, 0], [1, 0]]}, 'not an array'),
      ({'scores': [[1, 0], [_NAN, 0], [1, 0], [1, 0]]},
       r'scores\[1, 0\] is nan. .*diverged'),
      ({'scores': [[1, 0], [1, 0], [1, 0], [1, -_INF]]},
       r'scores\[3, 1\] is -inf'),
      ({'scores': [[1, 0], [3, -2], [1, 0], [1, 0]]},
       r'scores\[1\] is \[3.0, -2.0\].*logits'),
      ({'scores': [[1, 0], [1, 0.2], [1, 0], [1, 0]]}, r'scores\[1\]'),
  )
  def test_what_does_not_fit_is_refused(self, changes, message):
    with self.assertRaisesRegex(ValueError, message):
      made_up.classification(**changes)

  @parameterized.parameters(
      ({'label_names': ['a', 'b']}, 'no classes'),
      ({'labels': [0, _NAN, 1]}, r'labels\[1\] is nan'),
      ({'scores': [0, 1, _INF]}, r'scores\[2\] is inf'),
      ({'scores': [[0], [1], [2]]}, 'one dimension'),
  )
  def test_values_that_do_not_fit_are_refused(self, changes, message):
    with self.assertRaisesRegex(ValueError, message):
      made_up.regression(**changes)

  def test_rounded_probabilities_are_taken(self):
    made = made_up.classification(
        scores=np.float32([[0.9001, 0.1]] * 4))
    self.assertAllEqual(made.answers, [0] * 4)


class AnswerPredictionsTest(tf.test.TestCase, parameterized.TestCase):

  def test_knows_whether_all_questions_have_answers(self):
    self.assertTrue(made_up.answers().has_unanswerable)
    self.assertFalse(made_up.answers(truths=[['a']] * 4).has_unanswerable)

  @parameterized.parameters(
      ({'questions': []}, 'nothing to evaluate'),
      ({'answers': ['a']}, 'answers has 1 texts where 4'),
      ({'truths': [['a']]}, '1 truths for 4'),
      ({'truths': [['a'], 'b', ['c'], []]}, r"truths\[1\] is the text 'b'"),
      ({'ids': ['a', 'b', 'b', 'c']}, r"ids\[2\] is 'b', which is duplicated"),
      ({'scores': [1, _NAN, 1, 1]}, r'scores\[1\] is nan'),
      ({'f1': [0, 1, 50.0, 1]}, r'f1\[2\] is 50'),
      ({'exact': [0, 1, -1, 1]}, r'exact\[2\] is -1'),
  )
  def test_what_does_not_fit_is_refused(self, changes, message):
    with self.assertRaisesRegex(ValueError, message):
      made_up.answers(**changes)


class TokenPredictionsTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ({'words': []}, 'nothing to evaluate'),
      ({'answers': [['O']]}, 'answers has 1 sentences where 3'),
      ({'answers': [['O', 'O'], ['O'], ['O']]},
       r'answers\[1\] has 1 texts where 4'),
      ({'labels': [['O', 'O'], ['O'] * 4, ['O', 'O']]}, r'labels\[2\] has 2'),
      ({'words': [['a', 'b'], ['a'] * 4, []]}, 'Sentence 2 has no word'),
      ({'words': [['a', 'b'], ['a'] * 4, 'a']}, 'Sentence 2 is a text'),
      ({'labels': [['O', None], ['O'] * 4, ['O']]},
       r'labels\[0\]\[1\] is None'),
  )
  def test_what_does_not_fit_is_refused(self, changes, message):
    with self.assertRaisesRegex(ValueError, message):
      made_up.tokens(**changes)


if __name__ == '__main__':
  tf.test.main()
