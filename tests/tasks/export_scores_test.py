# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Scores of exported models, against numbers that were computed by hand."""

import json

from absl.testing import absltest
import numpy as np
from scipy import stats

from mobilebert_tf.evaluation import deployment
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import registry
from tests.data import temporary


class ExportScoresTest(temporary.TemporaryFiles, absltest.TestCase):

  def test_columns_are_put_into_one_order(self):
    values = deployment._to_array([[0.1, 0.2, 0.7]], ['c', 'a', 'b'],
                                 ['a', 'b', 'c'], 'x')
    np.testing.assert_array_equal(values, [[0.2, 0.7, 0.1]])

  def test_what_is_not_finite_is_named(self):
    for values in ([1.0, float('nan')], [[0.5, 0.5], [float('inf'), 0.0]]):
      with self.assertRaisesRegex(ValueError, 'x.tflite answers 1 of 2 texts'):
        deployment._to_array(values, [], [], 'x.tflite')

  def test_accuracy_has_wilsons_interval(self):
    truth = np.array([0] * 8 + [1] * 2)
    [score] = registry.get('classification').export_scores(
        truth, np.tile([0.6, 0.4], (10, 1)))
    self.assertEqual((score['name'], score['value']), ('accuracy', 0.8))
    # Wilson's, for 8 of 10.
    self.assertAlmostEqual(score['low'], 0.4902, places=4)
    self.assertAlmostEqual(score['high'], 0.9433, places=4)

  def test_ratings_are_correlated(self):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=40)
    values = np.exp(truth)  # The same ranks.
    spearman, pearson = registry.get('regression').export_scores(truth, values)
    self.assertEqual(spearman['name'], 'spearman')
    self.assertAlmostEqual(spearman['value'], 1.0)
    self.assertAlmostEqual(pearson['value'], stats.pearsonr(truth, values)[0])
    self.assertLess(pearson['low'], pearson['value'])
    self.assertGreater(pearson['high'], pearson['value'])

  def test_answers_are_scored_as_squads_are(self):
    f1, exact = self._score([['the Paris'], ['big dog'], []],
                            ['Paris', 'dog', ''])
    # 1, 2 / 3 and 1; and 1, 0 and 1.
    self.assertAlmostEqual(f1['value'], (1 + 2 / 3 + 1) / 3)
    self.assertAlmostEqual(exact['value'], 2 / 3)

  def test_one_answer_has_no_interval(self):
    f1, _ = self._score([['big dog']], ['dog'])
    self.assertIsNone(f1['low'])

  def _read_words(self, text: str):
    trained = loading.TrainedModel(
        None, ['O', 'B-A', 'I-A'], '', True, 0,
        registry.get('token_classification'))
    return trained.kind.read_labelled(
        self.make_file('dev.txt', text), trained, scoring.Columns())

  def test_entities_are_scored_as_conlleval_does(self):
    # To an export `$3.5` is two words, of which the first counts.
    labelled = self._read_words(
        'Al B-A\nBo I-A\nwon O\n$3.5 O\n\nCy B-A\n. O\n')
    self.assertEqual(labelled.texts, ['Al Bo won $3.5', 'Cy .'])
    self.assertIsNone(labelled.pairs)
    f1, precision, recall, accuracy = labelled.score(
        ['B-A\nI-A\nO\nO\nB-A', 'O\nB-A'])
    self.assertEqual([f1['name'], precision['name'], recall['name']],
                     ['f1', 'precision', 'recall'])
    # One of two entities is found, and one of two answers is right.
    self.assertEqual((f1['value'], precision['value'], recall['value']),
                     (0.5, 0.5, 0.5))
    self.assertAlmostEqual(accuracy['value'], 4 / 6)
    self.assertLessEqual(f1['low'], 0.5)
    self.assertGreaterEqual(f1['high'], 0.5)

  def test_an_unknown_label_of_a_word_is_named(self):
    with self.assertRaisesRegex(ValueError, "dev.txt:1: the label 'B-X'"):
      self._read_words('Al B-X\n')

  def test_agreement_on_labels_of_words(self):
    kind = registry.get('token_classification')
    found, expected = ['A\nB\nA\nA', '', 'A', 'A\nB'], [
        'A\nB\nA\nB', '', 'A', 'A']
    # One of four words differs; the last has other words.
    self.assertEqual(kind.differ(found, expected).tolist(), [0.25, 0, 0, 1])
    self.assertEqual(kind.agreement(found, expected), {'share': 0.5})

  def _score(self, truths, answers):
    context = 'the Paris big dog'
    questions = [{
        'id': str(i), 'question': 'which?', 'is_impossible': not truth,
        'answers': [{'text': text, 'answer_start': context.index(text)}
                    for text in truth]} for i, truth in enumerate(truths)]
    path = self.make_file('dev.json', json.dumps({'version': 'v2.0', 'data': [
        {'title': 'x', 'paragraphs': [
            {'context': context, 'qas': questions}]}]}))
    return registry.get('question_answering').read_labelled(
        path, None, scoring.Columns()).score(answers)

  def test_agreement_on_labels(self):
    one = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5]])
    other = np.array([[0.7, 0.3], [0.4, 0.6], [0.2, 0.8], [0.6, 0.4]])
    found = registry.get('classification').agreement(one, other)
    self.assertEqual(found['share'], 0.75)
    self.assertAlmostEqual(found['largest_difference'], 0.2)

  def test_agreement_on_texts_numbers_and_vectors(self):
    self.assertEqual(registry.get('question_answering').agreement(
        ['a', 'b', ''], ['a', 'B', '']), {'share': 2 / 3})
    self.assertEqual(registry.get('regression').agreement(
        np.array([1.0, 2.0]), np.array([1.5, 2.0])),
                     {'largest_difference': 0.5})
    # 0 and 60 degrees.
    found = registry.get('embedding').agreement(
        np.array([[2.0, 0.0], [1.0, 0.0]]),
        np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)]]))
    self.assertAlmostEqual(found['cosine'], 0.75)


if __name__ == '__main__':
  absltest.main()
