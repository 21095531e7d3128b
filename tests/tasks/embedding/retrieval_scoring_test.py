# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The report of what queries find."""

from absl.testing import absltest
import numpy as np

from mobilebert_tf.evaluation import analysis
from mobilebert_tf.evaluation import retrieval
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.tasks.embedding import retrieval_report
from mobilebert_tf.tasks.embedding import retrieval_scoring

_COUNT = 30
_DOCUMENTS = [f'document {i}' for i in range(_COUNT)]
_QUERIES = [f'query {i}' for i in range(_COUNT)]


def _predictions(worst: int = 3) -> retrieval_scoring.RetrievalPredictions:
  """Returns answers of which the first find everything but their own."""
  documents = np.eye(_COUNT, dtype=np.float32)
  queries = documents.copy()
  queries[:worst] = 1.0 - queries[:worst]
  return retrieval_scoring.RetrievalPredictions(
      task='Questions', judged=retrieval.Judgements(
          _QUERIES, _DOCUMENTS, [{i} for i in range(_COUNT)]),
      queries=retrieval.unit(queries, 'queries'), documents=documents,
      token_counts=np.arange(2, 2 + _COUNT, dtype=np.int32))


class RetrievalScoringTest(absltest.TestCase):

  def test_metrics_and_their_intervals(self):
    predictions = _predictions()
    found = predictions.compute(['recall@1', 'recall@10', 'mrr'])
    self.assertAlmostEqual(found['recall@1'], 0.9)
    self.assertAlmostEqual(found['recall@10'], 0.9)
    self.assertAlmostEqual(found['mrr'], 0.9 + 0.1 / 30)
    for name, (low, high) in predictions.metric_intervals(found).items():
      self.assertBetween(found[name], low, high, name)
    with self.assertRaisesRegex(ValueError, 'is said to be 0.2'):
      predictions.metric_intervals({'mrr': 0.2})
    with self.assertRaisesRegex(ValueError, "no metric 'spearman'.*recall@1,"):
      predictions.compute(['spearman'])

  def test_the_baseline_is_documents_that_do_not_depend_on_the_query(self):
    _, quality = _predictions().baseline()
    self.assertAlmostEqual(quality, 10 / _COUNT)

  def test_the_report_shows_what_was_found_in_place_of_the_right_one(self):
    predictions = _predictions()
    results = analysis.collect(predictions, predictions.compute(), {})
    parts = retrieval_report.RetrievalReportParts()
    summary = evaluation_report.format_summary(results, parts)
    for part in ('Questions: 30 queries, 30 documents', 'Recall at 10',
                 'Mean reciprocal rank', 'nDCG at 10', '90.0%',
                 'For 90.0% of 30 queries a right'):
      self.assertIn(part, ' '.join(summary.split()))
    self.assertEqual(results['num_mistakes'], 3)
    self.assertEqual([each['rank'] for each in results['mistakes']], [30] * 3)
    html = evaluation_report.render(results, parts)
    self.assertIn('the right document is at rank 30', html)
    self.assertIn('Nearest texts', html)


if __name__ == '__main__':
  absltest.main()
