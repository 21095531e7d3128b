# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts of a model's own task, and files of texts."""

import dataclasses
import json

import tensorflow as tf

from mobilebert_tf.evaluation import real_texts
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import registry
from mobilebert_tf.training import experiments
from official.core import exp_factory
from tests.data import temporary
from tests.inference import tiny_classifier

del experiments


class RealTextsTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.classifier = tiny_classifier.build(self.make_folder())

  def _run(self, train: str = '', dev: str = '') -> loading.TrainedModel:
    params = exp_factory.get_exp_config('mobilebert/sentence_prediction')
    labels = list(tiny_classifier.LABELS)
    params.override({'task': {
        'train_data': {'input_path': train, 'labels': labels},
        'validation_data': {'input_path': dev, 'labels': labels}}})
    return dataclasses.replace(self.classifier, params=params)

  def _table(self, name: str, rows: int) -> str:
    lines = [f'{name} {i}\tyes\n' for i in range(rows)]
    return self.make_file(f'{name}.tsv', f'text\tlabel\n{"".join(lines)}')

  def test_what_a_run_was_evaluated_with_comes_first(self):
    train, dev = self._table('train', 9), self._table('dev', 600)
    found = real_texts.find(self._run(train, dev))
    self.assertEqual(found.source, dev)
    self.assertLen(found, 256)
    self.assertEqual(found.texts[0], 'dev 0')
    self.assertStartsWith(found.texts[-1], 'dev 59')  # From all of the file.
    self.assertIsNone(found.pairs)
    found = real_texts.find(self._run(train, '/gone/dev.tsv'))
    self.assertEqual(found.texts[:2], ['train 0', 'train 1'])

  def test_a_named_file_comes_before_that(self):
    path = self.make_file('texts.txt', 'one\n\ntwo\n')
    found = real_texts.find(self._run(self._table('train', 9)), path)
    self.assertEqual(found.texts, ['one', 'two'])
    pairs = dataclasses.replace(self.classifier, pairs=True)
    path = self.make_file('pairs.txt', 'one\tother\n')
    self.assertEqual(real_texts.find(pairs, path).pairs, ['other'])

  def test_where_there_is_nothing_documentation_is_text(self):
    for trained in (
        self._run(), self.classifier, dataclasses.replace(
            self._run(self._table('train', 9)),
            kind=registry.get('embedding'))):
      with self.assertLogs(level='WARNING') as logs:
        found = real_texts.find(trained, count=5)
      self.assertIn('--text_file', ''.join(logs.output))
      self.assertLen(found, 5)
      self.assertLen(set(found.texts), 5)

  def test_questions_are_those_of_the_articles_that_count(self):
    articles = [{'title': title, 'paragraphs': [{
        'context': f'{title} is here.', 'qas': [{
            'id': title, 'question': f'Where is {title}?',
            'answers': [{'text': 'here', 'answer_start': len(title) + 4}]}]}]}
                for title in ('Ada', 'Bob')]
    path = self.make_file('squad.json', json.dumps(
        {'version': '1.1', 'data': articles}))
    params = exp_factory.get_exp_config('mobilebert/squad_v1')
    params.override({'task': {
        'train_data': {'input_path': path, 'exclude_titles': ['Bob']},
        'validation_data': {'input_path': path, 'titles': ['Bob']}}})
    labeler = dataclasses.replace(
        tiny_classifier.build_span_labeler(self.make_folder()), params=params)
    found = real_texts.find(labeler)
    self.assertEqual(found.texts, ['Where is Bob?'])
    self.assertEqual(found.pairs, ['Bob is here.'])
    self.assertLen(real_texts.find(labeler, path), 2)


class TextLinesTest(temporary.TemporaryFiles, tf.test.TestCase):

  def test_texts(self):
    path = self.make_file('a.txt', '\ufeffone\ta\r\n\n  two\u2028x  \n')
    self.assertEqual(real_texts.read(path, pairs=False),
                     (['one\ta', 'two\u2028x'], None))

  def test_pairs(self):
    path = self.make_file('a.txt', 'who ?\tAda .\n\nwhat ? \t it\n')
    self.assertEqual(real_texts.read(path, pairs=True),
                     (['who ?', 'what ?'], ['Ada .', 'it']))

  def test_what_is_wrong_is_named(self):
    empty = self.make_file('empty.txt', ' \n\n')
    with self.assertRaisesRegex(ValueError, f'{empty} has no text'):
      real_texts.read(empty, pairs=False)
    single = self.make_file('single.txt', 'a\tb\nonly one\n')
    with self.assertRaisesRegex(ValueError, f'{single}:2: .* has 1'):
      real_texts.read(single, pairs=True)
    latin = self.make_file('latin.txt', b'fine\ncaf\xe9\n')
    with self.assertRaisesRegex(ValueError, f'{latin}:2: not UTF-8'):
      real_texts.read(latin, pairs=False)
    with self.assertRaisesRegex(FileNotFoundError, '/none.txt does not exist'):
      real_texts.read('/none.txt', pairs=False)

  def test_some_are_taken_from_all_over(self):
    texts = [str(i) for i in range(10)]
    self.assertEqual(real_texts.spread(texts, texts[::-1], 4),
                     (['0', '2', '5', '7'], ['9', '7', '4', '2']))
    self.assertEqual(real_texts.spread(texts, None, 100), (texts, None))


if __name__ == '__main__':
  tf.test.main()
