# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Labels of words, against hand counts and seqeval."""

import math

import numpy as np
import tensorflow as tf
from seqeval.metrics import sequence_labeling

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.tasks.token_classification import evaluation
from tests.evaluation import made_up

_TAGS = ('O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC')


def _random(seed: int):
  rng = np.random.default_rng(seed)
  lengths = rng.integers(1, 12, 60)
  labels, answers = ([list(map(str, rng.choice(_TAGS, length)))
                      for length in lengths] for _ in range(2))
  return made_up.tokens(words=labels, labels=labels, answers=answers)


def _count(made: evaluation.TokenPredictions) -> evaluation.Counts:
  return evaluation.count(made.labels, made.answers, made.entities)


class TokenScoringTest(tf.test.TestCase):

  def test_counts_by_hand(self):
    counts = _count(made_up.tokens())
    self.assertAllEqual(counts.words, [2, 4, 1])
    self.assertAllEqual(counts.right_words, [2, 3, 0])
    self.assertAllEqual(counts.entities, [1, 1, 0])
    self.assertAllEqual(counts.answered, [1, 1, 1])
    self.assertAllEqual(counts.found, [1, 0, 0])

  def test_metrics_are_seqevals(self):
    for seed in range(5):
      made = _random(seed)
      found = evaluation.score_counts(_count(made))
      precision, recall, f1, _ = (
          sequence_labeling.precision_recall_fscore_support(
              made.labels, made.answers, average='micro'))
      self.assertAllClose((found['precision'], found['recall'], found['f1']),
                          (precision, recall, f1))
      self.assertAlmostEqual(
          found['accuracy'],
          sequence_labeling.accuracy_score(made.labels, made.answers))

  def test_each_types_scores_are_seqevals(self):
    made = _random(7)
    expected = sequence_labeling.precision_recall_fscore_support(
        made.labels, made.answers, average=None)
    found = evaluation.class_scores(made)
    self.assertEqual([each['label'] for each in found], ['LOC', 'PER'])
    for name, values in zip(('precision', 'recall', 'f1', 'count'), expected,
                            strict=True):
      self.assertAllClose([each[name] for each in found], values)

  def test_types_that_are_never_true_or_never_found(self):
    found = {each['label']: each for each in
             evaluation.class_scores(made_up.tokens(
                 labels=[['B-PER', 'O'], ['O'] * 4, ['O']],
                 answers=[['O', 'O'], ['B-LOC', 'O', 'O', 'O'], ['O']]))}
    self.assertTrue(math.isnan(found['PER']['precision']))
    self.assertEqual(found['PER']['recall'], 0)
    self.assertTrue(math.isnan(found['LOC']['recall']))

  def test_words_are_confused_by_type(self):
    kinds, matrix = evaluation.confusion(made_up.tokens())
    self.assertEqual(kinds, ['LOC', 'O', 'PER'])
    self.assertAllEqual(matrix, [[1, 1, 0], [0, 3, 1], [0, 0, 1]])

  def test_labels_of_single_words_stay(self):
    made = made_up.tokens(
        labels=[['B-', 'V'], ['N'] * 4, ['N']],
        answers=[['B-', 'V'], ['N', 'V', 'N', 'N'], ['N']], entities=False)
    self.assertEqual(evaluation.confusion(made)[0], ['B-', 'N', 'V'])
    self.assertEqual(evaluation.score_counts(_count(made)), {
        'accuracy': 6 / 7, 'f1': 0.0, 'precision': 0.0, 'recall': 0.0})
    scores = evaluation.class_scores(made)[1]
    self.assertEqual((scores['count'], scores['recall']), (5, 0.8))

  def test_quality_worst_and_baseline_are_of_sentences(self):
    made = made_up.tokens()
    self.assertAllEqual(made.quality(), [1, 0, 0])
    self.assertAllEqual(made.sizes(), [2, 4, 1])
    self.assertEqual(analysis.worst(made), [1, 2])
    self.assertEqual(made.baseline(), ('always “O”', 1 / 3))

  def test_results_have_intervals_and_the_wrong_words(self):
    made = _random(1)
    metrics = evaluation.score_counts(_count(made))
    found = analysis.collect(made, metrics, {})
    for name, value in metrics.items():
      self.assertBetween(value, *found['intervals'][name])
    with self.assertRaisesRegex(ValueError, 'f1 is said to be 1'):
      analysis.collect(made, {'f1': 1.0}, {})
    found = analysis.collect(made_up.tokens(), {}, {})
    self.assertEqual(found['mistakes'][0], {
        'row': 2, 'text': 'New York is far', 'words': 4, 'num_wrong': 1,
        'wrong': [{'word': 'York', 'truth': 'I-LOC', 'answer': 'O'}]})


if __name__ == '__main__':
  tf.test.main()
