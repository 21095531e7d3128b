# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""TFLite files are compared, by real processes, with the Keras model."""

import pathlib
import shutil
import tempfile
from unittest import mock

import tensorflow as tf

from mobilebert_tf.data import conll
from mobilebert_tf.deployment import measuring
from mobilebert_tf.evaluation import deployment
from mobilebert_tf.evaluation import scoring
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import predictor
from mobilebert_tf.tasks.question_answering import predictor as answerer_lib
from mobilebert_tf.tasks.token_classification import predictor as token_lib
from tests.data import squad_samples
from tests.deployment import tiny_tflite
from tests.inference import tiny_classifier

_TEXTS = [tiny_classifier.text(i % 9 + 1, first=i) for i in range(20)]
_QUESTIONS = [tiny_classifier.text(3, first=i) for i in range(6)]
_CONTEXTS = [tiny_classifier.text(12, first=2 * i) for i in range(6)]
_QUICK = {'threads': (1,), 'rounds': 1}


def _benchmark(settings: deployment.Settings, *args):
  return deployment.benchmark(settings, registry.KINDS, *args)


class AnswersTest(tf.test.TestCase):

  def test_labels_come_in_the_order_of_the_first_model(self):
    found = deployment._to_array(
        [[0.2, 0.7, 0.1, 3.0]], ['a', 'b', 'c'], ['b', 'a', 'c'], 'a model')
    self.assertAllEqual(found, [[0.7, 0.2, 0.1, 3.0]])  # The last is no label.


class DeploymentTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    builders = {'classification': tiny_classifier.build,
                'question_answering': tiny_classifier.build_span_labeler,
                'token_classification': tiny_classifier.build_tagger}
    for task, build in builders.items():
      (folder / task).mkdir()
      tiny_tflite.build(folder / task, task)
      trained = build(folder)
      # The file has the same weights, which the builders draw anew.
      trained.model.save_pretrained(str(folder / f'{task}_keras'),
                                    vocab_file=trained.vocab_file)
    shutil.copy(folder / 'classification/model.tflite', folder / 'copy.tflite')
    cls.texts = folder / 'texts.txt'
    cls.texts.write_text('\n'.join(_TEXTS))

  def _path(self, task: str = 'classification') -> str:
    return str(self.folder / task / 'model.tflite')

  def test_a_classifier(self):
    keras = str(self.folder / 'classification_keras')
    trained = registry.load(keras)
    ids = predictor.TextPredictor(trained).scores(_TEXTS).argmax(1)
    labels = [trained.labels[i] for i in ids]
    labels[:4] = [next(x for x in trained.labels if x != label)
                  for label in labels[:4]]
    data = self.folder / 'dev.tsv'
    data.write_text('mood\tsentence\n' + ''.join(
        f'{label}\t{text}\n' for label, text in zip(labels, _TEXTS,
                                                    strict=True)))
    lines = []
    results = _benchmark(deployment.Settings(
        [self._path(), str(self.folder / 'copy.tflite')], str(self.texts),
        str(data), keras, scoring.Columns(
            text='sentence', label='mood'), texts=10, batch_sizes=(1, 4),
        **_QUICK), lines.append)
    self.assertEqual(results['task'], 'classification')
    self.assertEqual((results['texts'], results['lines'], results['examples']),
                     (10, 20, 20))
    # Every second text of those with 1 to 9 words, and [CLS] and [SEP].
    self.assertAlmostEqual(results['mean_tokens'], 2 + sum(
        len(text.split()) for text in _TEXTS[::2]) / 10)
    self.assertEqual(results['lengths'], [16, 32])
    for each in results['models']:
      self.assertEqual(each['scores'][0]['value'], 0.8)
      self.assertEqual(each['agreement']['share'], 1.0)
      self.assertLess(each['agreement']['largest_difference'], 1e-4)
      self.assertIsNone(each['failure'])
      [cost] = each['measurements']
      self.assertEqual(
          [(x['length'], x['batch_size']) for x in cost['lengths']],
          [(16, 1), (32, 1), (16, 4), (32, 4)])
      for seconds in (cost['load_seconds'], cost['first_seconds'],
                      *(x['seconds'] for x in cost['lengths'])):
        self.assertBetween(seconds, 1e-6, 5)
      # Less than TensorFlow alone takes: these processes have none.
      self.assertLess(cost['peak_bytes'], 200e6)
    self.assertIn('Round 1 of 1: copy.tflite, threads: 1', lines)

  def test_questions(self):
    keras = str(self.folder / 'question_answering_keras')
    expected = answerer_lib.QuestionAnswerer(
        registry.load(keras)).answer(_QUESTIONS, _CONTEXTS)
    texts, data = self.folder / 'pairs.txt', self.folder / 'dev.json'
    texts.write_text('\n'.join(map('\t'.join, zip(
        _QUESTIONS, _CONTEXTS, strict=True))))
    data.write_text(squad_samples.dataset(*(
        squad_samples.article(context, squad_samples.question(
            str(i), question, [(answer.text, answer.start)]))
        for i, (question, context, answer) in enumerate(zip(
            _QUESTIONS, _CONTEXTS, expected, strict=True)))))
    results = _benchmark(deployment.Settings(
        [self._path('question_answering')], str(texts), str(data), keras,
        batch_sizes=(1,), **_QUICK))
    [each] = results['models']
    self.assertEqual({x['name']: x['value'] for x in each['scores']},
                     {'f1': 1.0, 'exact': 1.0})
    self.assertEqual(each['agreement'], {
        'texts': 12, 'share': 1.0, 'largest_difference': None, 'cosine': None})
    self.assertEqual(results['lengths'], [16, 32])

  def test_words(self):
    keras = str(self.folder / 'token_classification_keras')
    trained = registry.load(keras)
    answers = token_lib.TokenPredictor(trained).answer(_TEXTS)
    labels = [[word.label for word in words] for words in answers]
    data = self.folder / 'dev.conll'
    data.write_text('\n\n'.join(
        '\n'.join(map(' '.join, zip(text.split(), tags, strict=True)))
        for text, tags in zip(_TEXTS, labels, strict=True)))
    results = _benchmark(deployment.Settings(
        [self._path('token_classification')], str(self.texts), str(data), keras,
        texts=4, batch_sizes=(2,), **_QUICK))
    self.assertEqual(results['task'], 'token_classification')
    [each] = results['models']
    scores = {score['name']: score['value'] for score in each['scores']}
    # A file's labels are read as IOB2, in which no entity begins with I.
    right = [one == other for row in labels for one, other in zip(
        row, conll.to_iob2(row), strict=True)]
    self.assertAlmostEqual(scores['accuracy'], sum(right) / len(right))
    self.assertEqual(scores['f1'], 1.0)
    self.assertEqual(each['agreement'], {
        'texts': 24, 'share': 1.0, 'largest_difference': None, 'cosine': None})

  def test_vectors(self):
    keras = str(self.folder / 'classification_keras')
    (self.folder / 'embeddings').mkdir()
    tiny_tflite.build(self.folder / 'embeddings', 'embedding')
    results = _benchmark(deployment.Settings(
        [self._path('embeddings')], str(self.texts), model_dir=keras,
        batch_sizes=(1,), **_QUICK))
    [each] = results['models']
    self.assertAlmostEqual(each['agreement']['cosine'], 1.0, places=5)
    self.assertIsNone(each['agreement']['share'])

  def test_without_a_keras_model_the_first_is_the_reference(self):
    results = _benchmark(deployment.Settings(
        [self._path(), str(self.folder / 'copy.tflite')], str(self.texts),
        texts=3, batch_sizes=(1,), **_QUICK))
    self.assertEqual(results['reference'],
                     {'name': 'model.tflite', 'is_exported': True})
    first, second = results['models']
    self.assertIsNone(first['agreement'])
    self.assertEqual(second['agreement']['largest_difference'], 0)
    self.assertEqual(first['scores'], [])

  def test_a_damaged_file_is_named(self):
    data = pathlib.Path(self._path()).read_bytes()
    for part in (data[:1000], data[:len(data) // 2], b''):
      damaged = self.folder / 'damaged.tflite'
      damaged.write_bytes(part)
      with self.assertRaisesRegex(ValueError, f'^{damaged}') as caught:
        _benchmark(deployment.Settings(
            [self._path(), str(damaged)], str(self.texts)))
      self.assertLen(str(caught.exception).splitlines(), 1)

  def test_where_all_fail_that_is_the_error(self):
    crash = measuring.Crash('model.tflite failed: as it should.')
    with mock.patch.object(measuring.MeasuringProcess, 'load',
                           side_effect=crash):
      with self.assertRaisesRegex(ValueError, 'failed: as it should'):
        _benchmark(deployment.Settings(
            [self._path()], str(self.texts)))

  def test_models_of_different_tasks_are_refused(self):
    with self.assertRaisesRegex(
        ValueError, 'classification/model.tflite is for classification, '
        'question_answering/model.tflite for question answering'):
      _benchmark(deployment.Settings(
          [self._path(), self._path('question_answering')], str(self.texts)))

  def test_a_keras_model_of_another_task_is_refused(self):
    keras = self.folder / 'question_answering_keras'
    with self.assertRaisesRegex(
        ValueError, f'{keras} is for question_answering, model.tflite for '
        'classification'):
      _benchmark(deployment.Settings(
          [self._path()], str(self.texts), model_dir=str(keras)))

  def test_files_that_are_missing_are_named(self):
    with self.assertRaisesRegex(FileNotFoundError, '/none.txt does not exist'):
      _benchmark(deployment.Settings([self._path()], '/none.txt'))
    with self.assertRaisesRegex(FileNotFoundError, '/none.json'):
      _benchmark(deployment.Settings(
          [self._path()], str(self.texts), data_file='/none.json'))


if __name__ == '__main__':
  tf.test.main()
