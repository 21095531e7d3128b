# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Models and labelled data to predictions with metrics."""

import shutil
import tempfile
import types

import numpy as np
import tensorflow as tf
from sklearn import metrics as sklearn_metrics

from mobilebert_tf.data import conll
from mobilebert_tf.data import squad
from mobilebert_tf.tasks.classification import scoring as text_scoring
from mobilebert_tf.tasks.question_answering import (
    evaluation as question_evaluation)
from mobilebert_tf.tasks.token_classification import (
    evaluation as word_evaluation)
from mobilebert_tf.tasks.classification import loader as loader_lib
from mobilebert_tf.tasks.classification import predictor
from mobilebert_tf.tasks.question_answering import spans as answer_types
from mobilebert_tf.tasks.token_classification import evaluation
from tests.data import squad_samples
from tests.data import temporary
from tests.inference import tiny_classifier

_WORDS = (3, 12, 1, 37, 38, 90, 15, 2, 5, 8)
_TEXTS = [tiny_classifier.text(words, first=words) for words in _WORDS]


def _examples(label_ids) -> loader_lib.TextExamples:
  return loader_lib.TextExamples(
      _TEXTS, None, list(tiny_classifier.LABELS), label_ids, skipped=2)


class ScoreTextsTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.mkdtemp()
    cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    cls.trained = tiny_classifier.build(folder)
    cls.predictor = predictor.TextPredictor(cls.trained)

  def test_metrics_are_of_the_answers(self):
    labels = np.arange(len(_TEXTS)) % 3
    found = text_scoring.score_texts(
        self.predictor, _examples(labels), 'mine')
    answers = self.predictor.scores(_TEXTS).argmax(1)
    self.assertAllEqual(found.predictions.answers, answers)
    self.assertAllEqual(found.predictions.lengths, np.array(_WORDS) + 2)
    self.assertEqual(list(found.metrics), ['accuracy', 'f1'])
    self.assertAlmostEqual(found.metrics['accuracy'],
                           sklearn_metrics.accuracy_score(labels, answers))
    # More than 39 tokens, [CLS] and [SEP] among them.
    self.assertEqual(found.facts, {
        'Longer than the model reads':
            '2 of 10 texts have more than 39 tokens',
        'Rows left out': '2 that cannot be read'})

  def test_other_metrics_and_missing_labels(self):
    examples = _examples(np.zeros(len(_TEXTS), np.int32))
    found = text_scoring.score_texts(
        self.predictor, examples, 'mine', ['matthews'])
    self.assertEqual(list(found.metrics), ['matthews'])
    with self.assertRaisesRegex(ValueError, 'pearson'):
      text_scoring.score_texts(self.predictor, examples, 'mine', ['pearson'])
    with self.assertRaisesRegex(ValueError, 'no labels'):
      text_scoring.score_texts(self.predictor, _examples(None), 'mine')


class _Labeler:
  """Stands for a `TokenPredictor`."""

  def __init__(self, labels, scores):
    self.trained = types.SimpleNamespace(labels=labels)
    self._scores = scores

  def scores(self, sentences):
    assert [len(words) for words in sentences] == [
        len(scores) for scores in self._scores]
    return self._scores


class ScoreSentencesTest(tf.test.TestCase):

  def test_metrics_are_those_of_training(self):
    labels = ['O', 'B-PER', 'I-PER']
    rng = np.random.default_rng(0)
    sentences, scores = [], []
    for length in (1, 4, 9, 2):
      truth = tuple(map(str, rng.choice(labels, length)))
      sentences.append(conll.Sentence(('w',) * length, truth, 'f',
                                      tuple(range(1, length + 1))))
      scores.append(rng.dirichlet([1, 1, 1], length))
    found = word_evaluation.score_sentences(
        _Labeler(labels, scores), sentences, 'mine')
    self.assertAllClose(dict(found.metrics), evaluation.score(
        [list(each.labels) for each in sentences], found.predictions.answers))
    self.assertEqual(found.predictions.answers[1],
                     [labels[i] for i in scores[1].argmax(1)])

  def test_labels_of_words_have_accuracy_alone(self):
    sentence = conll.Sentence(('a', 'b'), ('N', 'V'), 'f', (1, 2))
    found = word_evaluation.score_sentences(
        _Labeler(['N', 'V'], [np.eye(2)]), [sentence], 'mine')
    self.assertEqual(found.metrics, {'accuracy': 1.0})

  def test_unknown_labels_and_damaged_models_are_refused(self):
    sentence = conll.Sentence(('a', 'b'), ('N', 'X'), 'f', (1, 2))
    with self.assertRaisesRegex(ValueError, "f:2: the label 'X'"):
      word_evaluation.score_sentences(
          _Labeler(['N', 'V'], [np.eye(2)]), [sentence], 'mine')
    sentence = conll.Sentence(('a', 'b'), ('N', 'N'), 'f', (1, 2))
    with self.assertRaisesRegex(ValueError, 'Sentence 1 .*not finite'):
      word_evaluation.score_sentences(
          _Labeler(['N', 'V'], [np.eye(2) * np.nan]), [sentence], 'mine')


class ScoreAnswersTest(temporary.TemporaryFiles, tf.test.TestCase):

  def _data(self, *questions, version='1.1') -> squad.SquadData:
    return squad.read(self.make_file('data.json', squad_samples.dataset(
        squad_samples.article('Ann and Bob came.', *questions),
        version=version)))

  def _answer(self, text: str, odds: float = -1.0, best: str = ''):
    candidate = answer_types.Candidate(best or text, 0, 1, 0.5, 0, 0)
    return answer_types.Answer(
        text, 0, len(text), 0.5, odds, candidate, (candidate,))

  def test_official_metrics_and_each_answer(self):
    data = self._data(
        squad_samples.question('a', 'Who?', [('Ann', 0), ('Ann and Bob', 0)]),
        squad_samples.question('b', 'Who else?', [('Bob', 8)]))
    found = question_evaluation.score_answers(
        data, {'b': self._answer('and Bob'), 'a': self._answer('The Ann!')},
        'mine')
    self.assertEqual(found.predictions.ids, ['a', 'b'])
    self.assertAllEqual(found.predictions.exact, [1, 0])
    self.assertAllClose(found.predictions.f1, [1, 2 / 3])
    self.assertEqual(found.predictions.truths[0], ['Ann', 'Ann and Bob'])
    self.assertEqual(found.metrics['exact_match'], 50.0)
    self.assertAlmostEqual(found.metrics['f1'], 250 / 3)
    self.assertEmpty(found.facts)

  def test_questions_without_an_answer_and_the_threshold(self):
    data = self._data(
        squad_samples.question('a', 'Who?', [('Ann', 0)], is_impossible=False),
        squad_samples.question('b', 'Why?', is_impossible=True), version='v2.0')
    answers = {'a': self._answer('', 1.0, 'Ann'),
               'b': self._answer('', 3.0, 'Bob')}
    found = question_evaluation.score_answers(data, answers, 'mine')
    self.assertEqual((found.metrics['HasAns_f1'], found.metrics['NoAns_f1']),
                     (0.0, 100.0))
    self.assertIn('2, which gives an F1 of 100.00%',
                  found.facts['Best null threshold'])
    found = question_evaluation.score_answers(data, answers, 'mine', 2.0)
    self.assertEqual(found.metrics['f1'], 100.0)
    self.assertEqual(found.facts['Null threshold'], '2')

  def test_a_score_is_of_what_the_threshold_chose(self):
    data = self._data(
        squad_samples.question('a', 'Who?', [('Ann', 0)], is_impossible=False),
        version='v2.0')
    best = answer_types.Candidate('Ann', 0, 3, 0.4, 0, 0)
    none = answer_types.Candidate('', None, None, 0.6, 0, 0)
    answers = {'a': answer_types.Answer(
        '', None, None, 0.6, 1.0, best, (none, best))}
    for threshold, score in ((None, 0.6), (2.0, 0.4), (0.0, 0.6)):
      found = question_evaluation.score_answers(
          data, answers, 'mine', threshold)
      self.assertAllClose(found.predictions.scores, [score])

  def test_questions_that_were_not_answered_are_an_error(self):
    data = self._data(squad_samples.question('a', 'Who?', [('Ann', 0)]))
    with self.assertRaisesRegex(ValueError, "1 questions .*'a'"):
      question_evaluation.score_answers(data, {}, 'mine')


if __name__ == '__main__':
  tf.test.main()
