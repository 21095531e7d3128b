# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Answers: where they stand, and that they depend on nothing else."""

import dataclasses
import time

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.question_answering import predictor
from mobilebert_tf.tasks.question_answering import spans
from mobilebert_tf.tasks import registry
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.tasks.question_answering import tiny_model

_text = tiny_classifier.text


class QuestionAnswererTest(parameterized.TestCase, temporary.TemporaryFiles,
                           tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.trained = tiny_model.build(self.make_folder())

  def _answerer(self, **fields) -> predictor.QuestionAnswerer:
    return predictor.QuestionAnswerer(
        self.trained, **{'doc_stride': 8, **fields})

  def _by_hand(self, question: str, context: str) -> tuple[float, str]:
    """Returns score and text of the best span of a context in one window."""
    asked, words = question.split(), context.split()
    tokens = ['[CLS]', *asked, '[SEP]', *words, '[SEP]']
    ids = [tiny_classifier.TOKENS.index(t) for t in tokens] + [0]
    types = [0] * (len(asked) + 2) + [1] * (len(words) + 1) + [0]
    start, end = self.trained.model(
        [tf.constant([row]) for row in (ids, [1] * len(tokens) + [0], types)])
    shift = len(asked) + 2
    return max((float(start[0, i + shift] + end[0, j + shift]),
                ' '.join(words[i:j + 1]))
               for i in range(len(words)) for j in range(i, len(words)))

  # === What is answered ===

  @parameterized.parameters(1, 9, 25)
  def test_the_best_span_is_that_of_the_model(self, words):
    question, context = _text(4), _text(words, 3)
    [answer] = self._answerer().answer([question], [context])
    score, text = self._by_hand(question, context)
    self.assertEqual(answer.text, text)
    best = answer.n_best[0]
    self.assertAllClose(best.start_logit + best.end_logit, score, 1e-4)
    self.assertAllClose(answer.score, best.probability)
    self.assertAllClose(sum(c.probability for c in answer.n_best), 1)

  def test_an_answer_is_cut_from_the_context_as_it_is_written(self):
    context = '  W1,\tw2\n“W3”  w4\u0301 🦜 שלום w5\x00.'
    for answer in self._answerer().answer([_text(2), _text(3)], [context] * 2):
      for candidate in answer.n_best:
        self.assertEqual(candidate.text,
                         context[candidate.start:candidate.end])
        self.assertEqual(candidate.text, candidate.text.strip())
        self.assertNotEmpty(candidate.text)
    texts = {c.text for c in answer.n_best}
    self.assertIn('W1', texts | {t[:2] for t in texts})

  def test_answers_depend_on_neither_padding_nor_batch_mates(self):
    questions = [_text(3, i) for i in range(9)]
    contexts = [_text(5 + 11 * i, i) for i in range(9)]
    together = self._answerer(batch_size=4).answer(questions, contexts)
    alone = self._answerer(batch_size=1)
    for question, context, answer in zip(questions, contexts, together,
                                         strict=True):
      [other] = alone.answer([question], [context])
      self.assertEqual((answer.text, answer.start, answer.end),
                       (other.text, other.start, other.end))
      self.assertAllClose(answer.score, other.score, 1e-4)
      self.assertAllClose(answer.null_odds, other.null_odds, 1e-4)

  def test_a_model_is_traced_once(self):
    answerer = self._answerer()
    for words in (3, 20, 90):
      answerer.answer([_text(2)], [_text(words)])
    self.assertEqual(answerer._compute.experimental_get_tracing_count(), 1)

  # === No answer ===

  def test_no_answer_is_one_where_it_is_allowed(self):
    question, context = _text(4), _text(12, 3)
    [plain] = self._answerer(null_threshold=-1e6).answer([question], [context])
    self.assertNotEmpty(plain.text)
    self.assertNotIn('', [c.text for c in plain.n_best])
    odds = plain.null_odds
    for threshold, expected in ((odds + 1e-3, plain.text), (odds - 1e-3, '')):
      [answer] = self._answerer(
          allow_no_answer=True, null_threshold=threshold).answer(
              [question], [context])
      self.assertAllClose(answer.null_odds, odds)
      self.assertEqual(answer.text, expected)
      self.assertEqual(answer.best.text, plain.text)
      self.assertEqual([c.text for c in answer.n_best].count(''), 1)
      self.assertAllClose(sum(c.probability for c in answer.n_best), 1)
    self.assertIsNone(answer.start)
    self.assertIsNone(answer.end)

  @parameterized.parameters(
      ('', 'w1 w2'), (' \n', 'w1 w2'), ('w1', ''), ('w1', ' \t'),
      ('w1', '\x00\u200b'), ('', ''))
  def test_where_there_is_no_text_there_is_no_answer(self, question, context):
    empty, answer = self._answerer().answer(
        [question, 'w1'], [context, 'w2 w3'])
    self.assertEqual((empty.text, empty.start, empty.end, empty.score,
                      empty.n_best), ('', None, None, 0.0, ()))
    self.assertEqual(empty.null_odds, spans.NO_TEXT_ODDS)
    self.assertNotEmpty(answer.text)

  # === Length ===

  def test_a_long_context_is_read_to_its_end(self):
    # Of a word that is nowhere else the model thinks as it does elsewhere, so
    # every part of the context has to be among the best at some time.
    context = _text(400)
    [answer] = self._answerer(n_best=4000).answer([_text(3)], [context])
    starts = np.array(sorted({c.start for c in answer.n_best}))
    self.assertLen(answer.n_best, 4000)
    self.assertGreater(starts.max(), 0.9 * len(context))

  def test_a_context_of_10_000_words(self):
    start = time.monotonic()
    context = _text(10_000)
    [answer] = self._answerer().answer([_text(3)], [context])
    self.assertEqual(answer.text, context[answer.start:answer.end])
    self.assertLess(time.monotonic() - start, 30)

  def test_a_long_question_is_cut(self):
    [answer] = self._answerer().answer([_text(500)], [_text(60)])
    self.assertNotEmpty(answer.text)

  # === What is refused ===

  def test_nothing_is_asked(self):
    self.assertEqual(self._answerer().answer([], []), [])

  def test_as_many_contexts_as_questions(self):
    with self.assertRaisesRegex(ValueError, '2 questions and 1 contexts'):
      self._answerer().answer(['w1', 'w2'], ['w3'])

  def test_another_kind_of_model(self):
    self.trained = dataclasses.replace(
        self.trained, kind=registry.get('classification'))
    with self.assertRaisesRegex(ValueError, 'A model for classification does'):
      self._answerer()

  @parameterized.parameters(
      ({'batch_size': 0}, 'batch_size is 0'), ({'n_best': 0}, 'n_best is 0'),
      ({'doc_stride': 0}, 'doc_stride is 0'))
  def test_numbers_that_make_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      self._answerer(**fields)

  def test_damaged_weights(self):
    self.trained.model.checkpoint_items['span_labeler'].bias.assign(
        [np.nan, 0])
    with self.assertRaisesRegex(ValueError, 'not finite'):
      self._answerer().answer(['w1'], ['w2 w3'])


if __name__ == '__main__':
  tf.test.main()
