# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Lines from any stream, and the answers of each kind of model to them."""

import dataclasses
import io
import os
import pathlib
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.inference import line_answers
from mobilebert_tf import modeling
from mobilebert_tf.tasks.classification import (
    predictor as classification_predictor)
from mobilebert_tf.tasks.question_answering import (
    predictor as question_answering_predictor)
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier


def _lines(*fields: dict) -> list[line_answers.Line]:
  return [line_answers.Line(i, f) for i, f in enumerate(fields, start=1)]


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
             line_answers.Line(3, error='broken'),
             line_answers.Line(4, {'text': 'w2', 'more': 1})]
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
        self.classifier, model=model, labels=[],
        kind=registry.get('regression'))
    [answer] = trained.kind.line_answerer(trained, 32).answer(
        _lines({'text': 'w1'}))
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
    [answer] = trained.kind.line_answerer(trained, 32).answer(
        _lines({'text': 'w1'}))
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
    expected = question_answering_predictor.QuestionAnswerer(
        self.labeler).answer(
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
    [answer] = trained.kind.line_answerer(trained, 32).answer(
        _lines({'text': 'w1'}))
    self.assertIn('NaN', answer['error'])

  @parameterized.parameters(
      ({'text': 1}, '"text" has to be a text; it is of type int'),
      ({'text': None}, '"text" has to be a text; it is of type NoneType'),
      ({'text': ' '}, '"text" is empty'), ({}, 'There is no "text"'),
      ({'text': 'a', 'pair': 'b'}, 'trained on single texts'))
  def test_fields_that_do_not_fit(self, fields, error):
    [answer] = self.classifier.kind.line_answerer(
        self.classifier, 32).answer(_lines(fields))
    self.assertIn(error, answer['error'])


class _Trickle(io.RawIOBase):
  """Gives a few bytes at a time."""

  def __init__(self, data: bytes, size: int):
    super().__init__()
    self._stream, self._size = io.BytesIO(data), size

  def readable(self):
    return True

  def read(self, size=-1):
    return self._stream.read(min(size, self._size))


class LineInputTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.product(size=(1, 2, 3, 7, 100), end=(b'', b'\n', b'\r'))
  def test_lines_are_whole_however_they_come(self, size, end):
    data = 'a\r\r\n\n😀 b\r\n'.encode() + b'x' * 20 + b'\rend' + end
    lines = [line for block in line_answers.read_blocks(_Trickle(data, size))
             for line in block]
    self.assertEqual(lines, [
        b'a', b'', b'', '😀 b'.encode(), b'x' * 20, b'end'])

  def test_lines_come_as_soon_as_they_are_there(self):
    reader, writer = os.pipe()
    with open(reader, 'rb', buffering=0) as stream, open(
        writer, 'wb', buffering=0) as source:
      blocks = line_answers.read_blocks(stream)
      source.write(b'a\nb\nunfin')
      self.assertEqual(next(blocks), [b'a', b'b'])
      source.write(b'ished\n')
      self.assertEqual(next(blocks), [b'unfinished'])

  @parameterized.parameters(1, 4, 1000)
  def test_a_line_that_is_too_long_is_not_kept(self, size):
    data = b'a\n' + b'x' * 50 + b'\nb\n' + b'y' * 10 + b'\n' + b'z' * 11
    lines = [line for block in line_answers.read_blocks(
        _Trickle(data, size), longest=10) for line in block]
    self.assertEqual(lines, [b'a', None, b'b', b'y' * 10, None])

  def test_nothing(self):
    self.assertEmpty(list(line_answers.read_blocks(_Trickle(b'', 5))))

  @parameterized.parameters(
      ('auto', b'a {"text": 1}', {'text': 'a {"text": 1}'}),
      ('auto', b'\xef\xbb\xbf {"text": "a"}', {'text': 'a'}),
      ('text', b'{"text": "a"}', {'text': '{"text": "a"}'}),
      ('json', b'{"text": "\\ud83d\\ude00", "n": 1}', {'text': '😀', 'n': 1}),
      ('json', b'{"text": "x\\ud83d"}', {'text': 'x\ufffd'}),
      ('json', b'{"words": ["\\ude00", 1]}', {'words': ['\ufffd', 1]}),
      ('auto', '\ufeff{"text": "a"}'.encode(), {'text': 'a'}))
  def test_what_a_line_says(self, line_format, data, fields):
    line = line_answers.LineParser(line_format).parse(data)
    self.assertEqual((line.number, line.fields, line.error), (1, fields, ''))

  @parameterized.parameters(
      (b'a\xff', 'not UTF-8 .invalid start byte at byte 1'),
      (b'', 'empty'), (b' \t\r', 'empty'), (None, 'more than 64,000,000 bytes'),
      (b'{"text": ', 'not JSON: '), (b'[1]', 'not an object'),
      (b'{"a": NaN}', 'not JSON: NaN'), (b'[' * 100_000, 'not JSON: '),
      (b'{"a": ' + b'9' * 5_000 + b'}', 'not JSON: '))
  def test_lines_that_cannot_be_read(self, data, error):
    line = line_answers.LineParser('json').parse(data)
    self.assertRegex(line.error, error)
    self.assertEmpty(line.fields)

  def test_the_first_line_with_text_decides_the_format(self):
    parser = line_answers.LineParser()
    self.assertIn('empty', parser.parse(b'').error)
    self.assertEqual(parser.parse(b'{"text": "a"}').fields, {'text': 'a'})
    line = parser.parse(b'b')
    self.assertEqual(line.number, 3)
    self.assertIn('not JSON', line.error)


if __name__ == '__main__':
  tf.test.main()
