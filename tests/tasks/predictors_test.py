# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""One `load`: a model answers alike in Keras and in each exported format."""

import concurrent.futures
import dataclasses
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

import mobilebert_tf
from mobilebert_tf import modeling
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import formats
from mobilebert_tf.deployment import onnx
from mobilebert_tf.deployment import served_module
from mobilebert_tf.inference import loading
from mobilebert_tf.inference import predictor
from mobilebert_tf.tasks import predictors
from mobilebert_tf.tasks import registry
from tests.inference import tiny_classifier

_TEXTS = [
    'w1 w2 w3.', 'W4 wörld w5', 'w6 w7 👩‍👩‍👧 w8', 'w9 שלום w10', '', ' \t',
    tiny_classifier.text(60), 'w11\x00w12', 'w13 w14', 'ﬁ ½ ßtraße w15']
_CONTEXTS = [tiny_classifier.text(30, first=i) for i in range(len(_TEXTS))]


def _multi_label(folder: pathlib.Path) -> loading.TrainedModel:
  trained = tiny_classifier.build(folder)
  return dataclasses.replace(
      trained, kind=registry.get('multi_label_classification'))


def _sentences(folder: pathlib.Path) -> loading.TrainedModel:
  trained = tiny_classifier.build(folder)
  return dataclasses.replace(
      trained, labels=[], kind=registry.get('sentence_embedding'),
      model=modeling.SentenceEncoder(trained.model.encoder, output_size=12))


_MODELS = {
    'classification': tiny_classifier.build,
    'regression': tiny_classifier.build_rating,
    'multi_label_classification': _multi_label,
    'token_classification': tiny_classifier.build_tagger,
    'question_answering': tiny_classifier.build_span_labeler,
    'sentence_embedding': _sentences,
}
# Path and options of an export in each format.
_EXPORTS = {
    'tflite': ('model.tflite', {'quantization': 'none',
                                'lengths': [tiny_classifier.MAX_LENGTH + 1]}),
    'saved_model': ('versions', {}),
    'onnx': ('model.onnx', {'quantization': 'none'}),
}
# What only some runtimes give.
_LEFT_OUT = ('best', 'n_best')


def _plain(answer):
  """Returns an answer as lists of numbers and strings."""
  if dataclasses.is_dataclass(answer):
    return [_plain(getattr(answer, field.name))
            for field in dataclasses.fields(answer)
            if field.name not in _LEFT_OUT]
  if isinstance(answer, list | tuple | np.ndarray):
    return [_plain(each) for each in answer]
  return answer


def _flatten(answer):
  return [each for part in answer for each in _flatten(part)] if isinstance(
      answer, list) else [answer]


class PredictorsTest(parameterized.TestCase, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(tempfile.mkdtemp())
    self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

  def _check(self, task: str) -> None:
    """Compares Keras, SavedModel and TFLite on odd and on plain texts."""
    trained = _MODELS[task](self.folder)
    pairs = _CONTEXTS if trained.pairs else None
    with predictors.of_trained(trained, 'keras') as keras:
      expected = keras.batch(_TEXTS, pairs)
      self.assertIsInstance(keras, mobilebert_tf.Predictor)
    for name, (path, options) in _EXPORTS.items():
      with self.subTest(format=name):
        if name not in formats.FORMATS or (
            name == 'onnx' and not importlib.util.find_spec('onnxruntime')):
          self.skipTest(f'{name} is not installed')
        self._export(trained, self.folder / path, options)
        with mobilebert_tf.load(self.folder / path) as exported:
          self.assertEqual(exported.task, task)
          self.assertEqual(exported.labels, list(trained.labels))
          self._assert_same(exported.batch(_TEXTS, pairs), expected)
          with concurrent.futures.ThreadPoolExecutor(4) as pool:
            one_by_one = pool.map(
                exported, _TEXTS, pairs or [None] * len(_TEXTS))
            self._assert_same(list(one_by_one), expected)

  def _export(self, trained, path: pathlib.Path, options) -> None:
    if formats.for_output(path).name == 'saved_model':
      # Its signature for texts alone, which takes less time.
      module = served_module.build(trained)
      tf.saved_model.save(
          module, str(path / '10'), module.get_inference_signatures(
              {'serve_text': 'serve_text'}))
      return
    pairs = _CONTEXTS[:4] if trained.pairs else None
    real = agreement.RealTexts([f'w{i} w7 w{i + 2}' for i in range(4)], pairs)
    formats.for_output(path).write(trained, path, real, **options)

  def _assert_same(self, found, expected) -> None:
    self.assertEqual(list(map(type, found)), list(map(type, expected)))
    for text, one, other in zip(_TEXTS, found, expected, strict=False):
      one, other = _flatten(_plain(one)), _flatten(_plain(other))
      numbers = [isinstance(each, float | np.floating) for each in other]
      self.assertEqual(
          [a for a, number in zip(one, numbers, strict=True) if not number],
          [b for b, number in zip(other, numbers, strict=True) if not number],
          text)
      self.assertAllClose(
          *([value for value, number in zip(each, numbers, strict=True)
             if number] for each in (one, other)), rtol=2e-4, atol=2e-4)

  def test_a_classifier_answers_alike_everywhere(self):
    self._check('classification')

  @parameterized.parameters(
      'multi_label_classification', 'token_classification',
      'question_answering', 'sentence_embedding')
  @pytest.mark.slow
  def test_every_kind_answers_alike_everywhere(self, task):
    self._check(task)


class RequestsTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.trained = tiny_classifier.build(cls.folder)
    cls.predictor = predictors.of_trained(cls.trained, 'mine')

  def test_threads_share_one(self):
    texts = [tiny_classifier.text(1 + i % 35, i) for i in range(64)]
    expected = self.predictor.batch(texts)
    shared = predictors.of_trained(self.trained)  # Not traced yet.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
      found = list(pool.map(shared, texts))
    self.assertEqual([each.label for each in found],
                     [each.label for each in expected])
    self.assertAllClose([each.probability for each in found],
                        [each.probability for each in expected], atol=1e-5)

  def test_what_is_no_text_is_refused(self):
    with self.assertRaisesRegex(TypeError, r"not .*\['a'\].*batch\(\)"):
      self.predictor(['a'])
    with self.assertRaisesRegex(TypeError, "list of texts.*'a text' .str"):
      self.predictor.batch('a text')
    with self.assertRaisesRegex(TypeError, 'number 1 is .None'):
      self.predictor.batch(['a', None])
    with self.assertRaisesRegex(ValueError, 'single texts: give no pairs'):
      self.predictor('a', 'b')

  def test_generators_bytes_and_no_texts_are_texts(self):
    self.assertEqual(
        self.predictor.batch(text for text in [b'w1 \xff w2', b'w3']),
        self.predictor.batch(['w1 \ufffd w2', 'w3']))
    self.assertEqual(self.predictor.batch([]), [])

  def test_a_closed_one_says_so(self):
    closed = predictor.TextPredictor(
        lambda texts, _: texts, self.trained.kind, source='mine')
    self.assertEqual(closed('w1'), 'w1')
    closed.close()
    closed.close()
    with self.assertRaisesRegex(ValueError, 'mine was closed. Load it again'):
      closed('w1')

  def test_a_checkpoint_reads_one_text_or_two(self):
    trained = dataclasses.replace(self.trained, pairs=None)
    either = predictors.of_trained(trained)
    self.assertIn(either('w1', 'w2').label, tiny_classifier.LABELS)
    self.assertEqual(either('w1'), self.predictor('w1'))

  def test_pairs_are_complete(self):
    rating = predictors.of_trained(tiny_classifier.build_rating(self.folder))
    self.assertIsInstance(rating('w1', 'w2'), float)
    with self.assertRaisesRegex(ValueError, 'pairs of texts: give both'):
      rating('w1')
    with self.assertRaisesRegex(ValueError, '2 texts and 1 pairs'):
      rating.batch(['w1', 'w2'], ['w3'])

  def test_numbers_that_are_none_are_refused(self):
    trained = tiny_classifier.build(self.folder)
    trained.model.checkpoint_items['classifier'].bias.assign([np.nan, 0, 0])
    damaged = predictors.of_trained(trained)
    with self.assertRaisesRegex(ValueError, 'NaN: its weights are damaged'):
      damaged('w1')

  def test_a_protocol_of_ones_own_is_one(self):
    class Mine:
      task, labels = 'mine', []

      def __call__(self, text, pair=None):
        return text

      def batch(self, texts, pairs=None):
        return list(texts)

      def close(self):
        pass

    self.assertIsInstance(Mine(), predictor.Predictor)
    self.assertNotIsInstance('mine', predictor.Predictor)


class LoadTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(tempfile.mkdtemp())
    self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

  def test_a_folder_of_transformers(self):
    trained = tiny_classifier.build(self.folder)
    trained.model.save_pretrained(
        str(self.folder / 'mine'), vocab_file=trained.vocab_file)
    loaded = mobilebert_tf.load(self.folder / 'mine')
    expected = predictors.of_trained(trained).batch(_TEXTS)
    found = loaded.batch(_TEXTS)
    self.assertEqual([each.label for each in found],
                     [each.label for each in expected])
    self.assertEqual(loaded.labels, list(tiny_classifier.LABELS))
    with self.assertRaisesRegex(ValueError, 'num_threads is 2, but .*mine'):
      mobilebert_tf.load(self.folder / 'mine', num_threads=2)

  def test_the_folder_of_onnx_files(self):
    trained = tiny_classifier.build(self.folder)
    onnx.write_folder(trained, self.folder / 'hub', agreement.RealTexts(
        [tiny_classifier.text(9, i) for i in range(40)], None))
    with mobilebert_tf.load(self.folder / 'hub', num_threads=1) as loaded:
      found = loaded.batch(_TEXTS)
    expected = predictors.of_trained(trained).batch(_TEXTS)
    self.assertEqual([each.label for each in found],
                     [each.label for each in expected])
    self.assertAllClose([each.probability for each in found],
                        [each.probability for each in expected], 1e-5, 1e-5)

  def test_what_is_not_there_is_named(self):
    for path in ('absent.tflite', 'absent/folder'):
      with self.assertRaisesRegex(FileNotFoundError, 'absent'):
        mobilebert_tf.load(self.folder / path)

  def test_an_encoder_alone_says_what_to_do(self):
    trained = tiny_classifier.build(self.folder)
    trained.model.encoder.save_pretrained(
        str(self.folder / 'encoder'), vocab_file=trained.vocab_file)
    with self.assertRaisesRegex(ValueError, 'Fine-tune it first'):
      mobilebert_tf.load(self.folder / 'encoder')

  def test_nothing_heavy_is_imported_for_a_file(self):
    trained = tiny_classifier.build(self.folder)
    real = agreement.RealTexts([f'w{i} w7' for i in range(8)], None)
    formats.for_output('a.tflite').write(
        trained, self.folder / 'a.tflite', real, lengths=[16])
    program = (
        'import sys, mobilebert_tf\n'
        'light = set(sys.modules)\n'
        f'predictor = mobilebert_tf.load({str(self.folder / "a.tflite")!r})\n'
        'predictor("w1 w2")\n'
        'heavy = {"tensorflow", "keras", "tf_keras", "torch", "matplotlib",\n'
        '         "sklearn", "official"}\n'
        'print(sorted(heavy & set(sys.modules)),\n'
        '      sorted({"numpy", *heavy} & light))\n')
    done = subprocess.run([sys.executable, '-c', program], check=True,
                          capture_output=True, text=True)
    self.assertEqual(done.stdout.split(), ['[]', '[]'])


if __name__ == '__main__':
  tf.test.main()
