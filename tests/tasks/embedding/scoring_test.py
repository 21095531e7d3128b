# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Scores of sentence vectors on scored pairs, and how vectors are spread."""

import pathlib

from absl.testing import parameterized
import numpy as np
from scipy import stats
import tensorflow as tf

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import scoring as scoring_lib
from mobilebert_tf.inference import loading
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.tasks.embedding import losses
from mobilebert_tf.tasks.embedding import report
from mobilebert_tf.tasks.embedding import scoring
from mobilebert_tf.tasks.embedding import space
from mobilebert_tf.tasks import registry
from tests.tasks.embedding import tiny_vectors

_FIRST, _SECOND = tiny_vectors.texts(20, 1), tiny_vectors.texts(20, 2)
_DISTINCT = list(dict.fromkeys([*_FIRST, *_SECOND]))
_TRUTH = np.linspace(0, 5, 20)


def _predictions(**fields) -> scoring.SimilarityPredictions:
  return scoring.SimilarityPredictions(**{
      'task': 'STS', 'texts': _FIRST, 'pairs': _SECOND, 'truth': _TRUTH,
      'distinct': _DISTINCT, 'vectors': tiny_vectors.vectors(_DISTINCT),
      'token_counts': np.arange(len(_DISTINCT)), **fields})


class ScoringTest(parameterized.TestCase, tf.test.TestCase):

  def test_correlations_of_the_whole_and_of_first_entries(self):
    found = _predictions().compute(['spearman', 'pearson', 'spearman_3'])
    one, other = map(tiny_vectors.vectors, (_FIRST, _SECOND))
    self.assertAllClose(
        found['spearman'], stats.spearmanr(np.sum(one * other, -1), _TRUTH)[0])
    self.assertAllClose(
        found['pearson'], stats.pearsonr(np.sum(one * other, -1), _TRUTH)[0])
    one, other = one[:, :3], other[:, :3]
    cosines = np.sum(one * other, -1) / np.linalg.norm(
        one, axis=-1) / np.linalg.norm(other, axis=-1)
    self.assertAllClose(
        found['spearman_3'], stats.spearmanr(cosines, _TRUTH)[0])

  def test_intervals_hold_the_metrics(self):
    predictions = _predictions()
    found = predictions.compute(['spearman', 'spearman_3'])
    for name, (low, high) in predictions.metric_intervals(found).items():
      self.assertBetween(found[name], low, high, name)
    with self.assertRaisesRegex(ValueError, 'is said to be 0.99'):
      predictions.metric_intervals({'spearman': 0.99})

  @parameterized.parameters('accuracy', 'spearman_9', 'spearman_0',
                            'spearman_x')
  def test_other_metrics_are_refused(self, name):
    with self.assertRaisesRegex(ValueError, f"no metric '{name}'.*8 entries"):
      _predictions().compute([name])

  def test_vectors_that_are_not_finite_are_refused(self):
    vectors = tiny_vectors.vectors(_DISTINCT)
    vectors[3, 2] = np.nan
    with self.assertRaisesRegex(ValueError, r'vectors\[3, 2\] is nan'):
      _predictions(vectors=vectors)

  def test_the_report_shows_the_space(self):
    predictions = _predictions()
    results = analysis.collect(
        predictions, predictions.compute(['spearman', 'spearman_3']), {})
    parts = report.SimilarityReportParts()
    summary = evaluation_report.format_summary(results, parts)
    for part in ('STS: 20 scored pairs', 'Spearman correlation, first 3 entri',
                 'Mean cosine of two texts', 'Effective dimensions', ' of 8'):
      self.assertIn(part, summary)
    self.assertIn('Nearest texts', evaluation_report.render(results, parts))

  def test_the_space_is_that_of_the_losses(self):
    vectors = tiny_vectors.vectors(_DISTINCT)
    described = space.describe(_DISTINCT, vectors)
    self.assertAllClose(described['mean_similarity'],
                        losses.mean_similarity(vectors), 1e-4)
    self.assertAllClose(described['effective_dimensions'],
                        losses.effective_dimensions(vectors), 1e-4)
    found = vectors @ vectors[0]
    found[0] = -1
    first = described['neighbours'][0]
    self.assertEqual(first['text'], _DISTINCT[0])
    self.assertEqual(first['nearest'][0]['text'],
                     _DISTINCT[int(found.argmax())])
    alone = space.describe(['a'], vectors[:1])
    self.assertEqual(alone['neighbours'], [{'text': 'a', 'nearest': []}])

  def _trained(self):
    return loading.TrainedModel(
        None, [], '', True, 16, registry.get('sentence_embedding'))

  def test_an_exported_model_is_scored_by_its_vectors(self):
    path = tiny_vectors.write_scored(
        pathlib.Path(self.get_temp_dir(), 'dev.tsv'), 20)
    labelled = scoring.read_labelled(path, self._trained(), scoring_lib.Columns(
        text='one', pair='other', label='score'))
    self.assertLen(labelled.texts, 40)
    [spearman, _] = labelled.score(tiny_vectors.vectors(labelled.texts))
    self.assertEqual(spearman['name'], 'spearman')
    self.assertAllClose(spearman['value'], 1.0, 1e-3)

  def test_only_sts_of_glue_has_scored_pairs(self):
    with self.assertRaisesRegex(ValueError, 'sst2 has no scored pairs'):
      scoring.read_examples(
          'x.tsv', self._trained(), scoring_lib.Columns(task='sst2'))

  def test_pairs_without_scores_are_refused(self):
    path = pathlib.Path(self.get_temp_dir(), 'x.jsonl')
    tiny_vectors.write_triplets(path, 4)
    found = scoring.loader.read_examples(
        str(path), text_field='one', pair_field='other')
    with self.assertRaisesRegex(ValueError, 'no scores, so cosines cannot'):
      scoring.score_pairs(self._trained(), found, 'x')


if __name__ == '__main__':
  tf.test.main()
