# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What models of each kind answer to lines, sound and unsound ones together."""

import dataclasses
import pathlib
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import line_input
from mobilebert_tf import modeling
from mobilebert_tf.tasks.classification import predictor as classification_predictor
from mobilebert_tf.tasks.question_answering import predictor as question_answering_predictor
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier


def _lines(*fields: dict) -> list[line_input.Line]:
  return [line_input.Line(i, f) for i, f in enumerate(fields, start=1)]


class LineAnswersTest(parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.classifier = tiny_classifier.build(cls.folder)
    cls.tagger = tiny_classifier.build_tagger(cls.folder)
    cls.labeler = tiny_classifier.build_span_labeler(cls.folder)

  def test_a_classifier(self):
    answerer = self.classifier.kind.line_answerer(self.classifier, 32)
    long = tiny_classifier.text(38)
    lines = [*_lines({'text': 'w1', 'id': 'x'}, {'text': long}),
             line_input.Line(3, error='broken'),
             line_input.Line(4, {'text': 'w2', 'more': 1})]
    first, second, third, fourth = answerer.answer(lines)
    scores = classification_predictor.TextPredictor(self.classifier).scores(
        ['w1', long, 'w2'])
    self.assertEqual(third, {'line': 3, 'error': 'broken'})
    self.assertEqual(first.pop('id'), 'x')
    self.assertTrue(second.pop('truncated'))
    for answer, line, expected in zip(
        (first, second, fourth), (1, 2, 4), scores, strict=True):
      self.assertEqual(set(answer), {
          'line', 'label', 'probability', 'probabilities'})
      self.assertEqual(answer['line'], line)
      self.assertEqual(answer['label'],
                       tiny_classifier.LABELS[expected.argmax()])
      self.assertEqual(list(answer['probabilities']),
                       list(tiny_classifier.LABELS))
      self.assertAllClose(
          list(answer['probabilities'].values()), expected, atol=1e-6)
    self.assertFalse(answerer.needs_json)
    self.assertEmpty(answerer.answer([]))

  def test_37_words_and_two_special_tokens_are_read_whole(self):
    [answer] = self.classifier.kind.line_answerer(self.classifier, 32).answer(
        _lines({'text': tiny_classifier.text(37)}))
    self.assertNotIn('truncated', answer)

  def test_pairs(self):
    lines = _lines({'text': 'w1', 'pair': 'w2'}, {'text': 'w1'},
                   {'text': 'w3', 'pair': ''}, {'text': 'w5', 'pair': 'w6'})
    trained = dataclasses.replace(self.classifier, pairs=True)
    answerer = trained.kind.line_answerer(trained, 32)
    answers = answerer.answer(lines)
    self.assertTrue(answerer.needs_json)
    self.assertIn('There is no "pair"', answers[1]['error'])
    self.assertIn('"pair" is empty', answers[2]['error'])
    scores = classification_predictor.TextPredictor(trained).scores(
        ['w1', 'w5'], ['w2', 'w6'])
    for answer, expected in zip(
        (answers[0], answers[3]), scores, strict=True):
      self.assertAllClose(
          list(answer['probabilities'].values()), expected, atol=1e-6)
    # A checkpoint that is no run's may be of pairs, or of texts.
    unknown = self.classifier.kind.line_answerer(
        dataclasses.replace(self.classifier, pairs=None), 32)
    self.assertFalse(unknown.needs_json)
    mixed = unknown.answer(lines)
    self.assertEqual(mixed[0], answers[0])
    self.assertIn('label', mixed[1])
    self.assertNotEqual(mixed[0]['probabilities'], mixed[1]['probabilities'])

  def test_a_model_that_rates(self):
    model = modeling.MobileBertClassifier(self.classifier.model.encoder, 1)
    trained = dataclasses.replace(
        self.classifier, model=model, labels=[], kind=registry.get('regression'))
    [answer] = trained.kind.line_answerer(trained, 32).answer(_lines({'text': 'w1'}))
    [value] = classification_predictor.TextPredictor(trained).scores(['w1'])
    self.assertAllClose(answer, {'line': 1, 'value': value}, atol=1e-6)

  def test_words(self):
    text, words = 'w1 w2, w3 w9', ['w1', 'w2', ',', 'w3', 'w9']
    lines = _lines({'text': text}, {'words': words}, {'words': []},
                   {'words': ['w1', 2]}, {'pair': 'w1'})
    answers = self.tagger.kind.line_answerer(self.tagger, 32).answer(lines)
    self.assertEqual([w['text'] for w in answers[0]['tokens']], words)
    self.assertEqual([w['text'] for w in answers[1]['tokens']], words)
    self.assertEqual([w['label'] for w in answers[0]['tokens']],
                     [w['label'] for w in answers[1]['tokens']])
    for answer, known in ((answers[0], text), (answers[1], ' '.join(words))):
      for part in (*answer['tokens'], *answer['entities']):
        self.assertEqual(known[part['start']:part['end']], part['text'])
    self.assertNotEmpty(answers[0]['entities'])
    for answer in answers[2:4]:
      self.assertIn('"words" is not a list of words', answer['error'])
    self.assertIn('There is no "text"', answers[4]['error'])

  def test_labels_that_are_not_of_entities(self):
    trained = dataclasses.replace(self.tagger, labels=['A', 'B', 'C', 'D', 'E'])
    [answer] = trained.kind.line_answerer(trained, 32).answer(_lines({'text': 'w1'}))
    self.assertEqual(set(answer), {'line', 'tokens'})

  def test_questions(self):
    context = 'w1 w2 😀 w3 w4 ' * 40
    lines = _lines({'question': 'w1', 'context': context, 'id': 5},
                   {'question': 'w1'}, {'question': 'w2', 'context': 'w3 w4'},
                   {'question': ' ', 'context': 'w3'})
    answerer = self.labeler.kind.line_answerer(self.labeler, 32)
    answers = answerer.answer(lines)
    self.assertTrue(answerer.needs_json)
    self.assertIn('There is no "context"', answers[1]['error'])
    self.assertIn('"question" is empty', answers[3]['error'])
    expected = question_answering_predictor.QuestionAnswerer(self.labeler).answer(
        ['w1', 'w2'], [context, 'w3 w4'])
    for answer, fields, known in zip(
        (answers[0], answers[2]), (lines[0].fields, lines[2].fields), expected,
        strict=True):
      self.assertEqual(answer['answer'], known.text)
      self.assertEqual(fields['context'][answer['start']:answer['end']],
                       answer['answer'])
      self.assertAllClose(answer['score'], known.score, atol=1e-6)
      self.assertNotIn('null_odds', answer)
    self.assertEqual(answers[0]['id'], 5)

  @parameterized.parameters('classifier', 'tagger')
  def test_damaged_weights_are_not_hidden(self, name):
    folder = tempfile.mkdtemp()
    self.addCleanup(shutil.rmtree, folder)
    build = {'classifier': tiny_classifier.build,
             'tagger': tiny_classifier.build_tagger}[name]
    trained = build(folder)
    trained.model.weights[-1].assign(
        np.full(trained.model.weights[-1].shape, np.nan))
    [answer] = trained.kind.line_answerer(trained, 32).answer(_lines({'text': 'w1'}))
    self.assertIn('NaN', answer['error'])

  @parameterized.parameters(
      ({'text': 1}, '"text" has to be a text; it is of type int'),
      ({'text': None}, '"text" has to be a text; it is of type NoneType'),
      ({'text': ' '}, '"text" is empty'), ({}, 'There is no "text"'),
      ({'text': 'a', 'pair': 'b'}, 'trained on single texts'))
  def test_fields_that_do_not_fit(self, fields, error):
    [answer] = self.classifier.kind.line_answerer(self.classifier, 32).answer(_lines(fields))
    self.assertIn(error, answer['error'])


if __name__ == '__main__':
  tf.test.main()
