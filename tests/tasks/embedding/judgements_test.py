# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Which documents belong to which queries, and their score."""

import json

from absl.testing import absltest
import numpy as np

from mobilebert_tf.evaluation import retrieval
from mobilebert_tf.tasks.embedding import judgements
from tests.data import temporary


def _paragraph(context, **questions):
  return {'context': context, 'qas': [
      {'id': f'{context} {question}', 'question': question, 'answers': [
          {'text': context, 'answer_start': 0}] if answered else [],
       'is_impossible': not answered}
      for question, answered in questions.items()]}


class JudgementsTest(temporary.TemporaryFiles):

  def _squad(self, *paragraphs):
    return self.make_file('d.json', json.dumps({'version': 'v2.0', 'data': [
        {'title': 't', 'paragraphs': paragraphs}]}))

  def test_a_question_belongs_to_the_paragraph_that_answers_it(self):
    judged = judgements.read(self._squad(
        _paragraph('a', q=True, r=True, s=False), _paragraph('b', q=True),
        _paragraph('c', s=False)), 'text', 'pair', ['d', 'a'])
    self.assertEqual(judged.queries, ['q', 'r'])
    self.assertEqual(judged.documents, ['a', 'b', 'c', 'd'])
    self.assertEqual(judged.relevant, [{0, 1}, {0}])
    with self.assertRaisesRegex(ValueError, 'no question has an answer'):
      judgements.read(self._squad(_paragraph('a', q=False)), '', '')

  def test_pairs_of_a_table(self):
    path = self.make_file('p.tsv', 'q\td\none\tx\ntwo\ty\n')
    judged = judgements.read(path, 'q', 'd', ['z'])
    self.assertEqual(judged.relevant, [{0}, {1}])
    self.assertEqual(judged.documents, ['x', 'y', 'z'])

  def test_the_score_says_its_intervals(self):

    class Embedder:

      def embed(self, texts):
        return np.eye(3)[[ord(text[0]) - ord('a') for text in texts]]

    found = judgements.score(retrieval.Judgements(
        ['a', 'b'], ['a document', 'c', 'b document'], [[0], [1]]), Embedder())
    self.assertEqual((found['queries'], found['documents']), (2, 3))
    self.assertEqual(found['recall@1']['mean'], 0.5)
    self.assertBetween(found['recall@1']['mean'], found['recall@1']['low'],
                       found['recall@1']['high'])

  def assertBetween(self, value, low, high):
    self.assertTrue(low < value < high)


if __name__ == '__main__':
  absltest.main()
