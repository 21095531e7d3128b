# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What is exported answers as the model does, and nothing else matters to it.
"""

import concurrent.futures
import os
import pathlib
import shutil
import tempfile
from unittest import mock
import zipfile

from absl.testing import parameterized
from ai_edge_litert import interpreter as litert
import hypothesis
from hypothesis import strategies as st
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_text.core.pybinds import tflite_registrar

from mobilebert_tf.common import outputs
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import saved_model
from mobilebert_tf.deployment import tflite
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary
from tests.inference import tiny_classifier

# Around the lengths of the signatures and of what is cut off.
_TEXTS = [tiny_classifier.text(words, first=words) for words in (
    1, 2, 12, 13, 14, 15, 28, 29, 30, 31, 36, 37, 38, 60, 500)]
_REAL = agreement.RealTexts(_TEXTS, source='the test')
_ODD_TEXTS = {
    'empty': b'',
    'white space': b' \n\t ',
    'emoji': 'w1 👩‍👩‍👧 w2 🏴'.encode(),
    'right to left': 'w1 שלום عليكم w2'.encode(),
    'long': tiny_classifier.text(10_000).encode(),
    'a megabyte': tiny_classifier.text(300_000).encode(),
    'a long word': b'w' * 10_000,
    'not UTF-8': b'w1 \xff\xfe\xc3( w2',
    'control characters': b'w1\x00\x01\x1b w2\x7f',
}


def _probabilities(classifier: loading.TrainedModel, texts) -> np.ndarray:
  tokenizer = tokenizer_lib.Tokenizer(classifier.vocab_file)
  inputs = tokenizer.encode(texts, max_length=tiny_classifier.MAX_LENGTH)
  return tf.nn.softmax(classifier.model(inputs, training=False)).numpy()


class ExportingTest(parameterized.TestCase, temporary.TemporaryFiles,
                    tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.classifier = tiny_classifier.build(cls.folder)
    cls.expected = _probabilities(cls.classifier, _TEXTS)
    cls.saved_model = saved_model.write(
        cls.classifier, cls.folder / 'saved_model', _REAL,
        largest_disagreement=0.0)
    cls.loaded = tf.saved_model.load(str(cls.saved_model))
    tflite.write(
        cls.classifier, cls.folder / 'model.tflite', _REAL, lengths=[16, 32],
        quantization='none', dynamic_length=True, text_signatures=True,
        largest_disagreement=0.0)
    cls.lite = registry.TFLiteRunner(cls.folder / 'model.tflite')
    cls.fixed = registry.TFLiteRunner(
        cls.folder / 'model.tflite', use_dynamic_length=False)

  def _served(self, texts, signature: str = 'serve_text'
              ) -> dict[str, np.ndarray]:
    outputs = self.loaded.signatures[signature](text=tf.constant(texts))
    return {name: value.numpy() for name, value in outputs.items()}

  # === SavedModel ===

  def test_the_texts_get_different_answers(self):
    self.assertGreater(np.std(self.expected, axis=0).min(), 0.01)

  def test_the_saved_model_has_the_three_signatures(self):
    self.assertEqual(set(self.loaded.signatures),
                     {'serving_default', 'serve_examples', 'serve_text'})

  def test_text_ids_and_examples_get_the_keras_models_answers(self):
    tokenizer = tokenizer_lib.Tokenizer(self.classifier.vocab_file)
    inputs = tokenizer.encode(_TEXTS, max_length=tiny_classifier.MAX_LENGTH)
    rows = {name: value.numpy() for name, value in inputs.items()}
    examples = [_example({name: rows[name][i] for name in rows})
                for i in range(len(_TEXTS))]
    for found in (
        self._served(_TEXTS), self.loaded.signatures['serving_default'](
            **inputs), self.loaded.signatures['serve_examples'](
                examples=tf.constant(examples))):
      self.assertAllClose(found['probabilities'], self.expected, atol=1e-5)
      self.assertAllEqual(found['label'], [
          tiny_classifier.LABELS[i].encode()
          for i in self.expected.argmax(-1)])
      self.assertAllEqual(
          found['labels'],
          [[label.encode() for label in tiny_classifier.LABELS]] * len(_TEXTS))

  def test_an_example_needs_no_padding_mask_or_types(self):
    tokenizer = tokenizer_lib.Tokenizer(self.classifier.vocab_file)
    examples = []
    for text in _TEXTS:
      ids = tokenizer.encode([text], max_length=tiny_classifier.MAX_LENGTH)
      examples.append(_example(
          {'input_word_ids': ids['input_word_ids'].numpy()[0, :-1]}))
    outputs = self.loaded.signatures['serve_examples'](
        examples=tf.constant(examples))
    self.assertAllClose(outputs['probabilities'], self.expected, atol=1e-5)

  def test_an_id_beyond_32_bits_is_none(self):
    example = _example({'input_word_ids': [2, 2**32 + 7, 3]})
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError, 'from 0 to'):
      self.loaded.signatures['serve_examples'](examples=tf.constant([example]))

  def test_an_answer_depends_on_no_batch_mate(self):
    together = self._served(_TEXTS * 5)['probabilities']
    self.assertAllClose(together, np.tile(self.expected, [5, 1]), atol=1e-5)
    for i, text in enumerate(_TEXTS):
      self.assertAllClose(self._served([text])['probabilities'][0],
                          self.expected[i], atol=1e-5)

  def test_an_answer_depends_on_no_padding_nor_what_is_in_it(self):
    tokenizer = tokenizer_lib.Tokenizer(self.classifier.vocab_file)
    inputs = {name: value.numpy() for name, value in tokenizer.encode(
        [tiny_classifier.text(5)], max_length=7, length=40).items()}
    serve = self.loaded.signatures['serving_default']

    def ask(length: int, in_padding: int = 0) -> np.ndarray:
      return serve(**{
          name: tf.constant(np.where(
              (inputs['input_mask'] == 0) & (name == 'input_word_ids'),
              in_padding, value)[:, :length])
          for name, value in inputs.items()})['probabilities'].numpy()

    expected = _probabilities(self.classifier, [tiny_classifier.text(5)])
    for length in (7, 8, 9, 20, 40):  # With 7 there is no padding at all.
      self.assertAllClose(ask(length), expected, atol=1e-5)
    for in_padding in (9, -1, 10**9):
      self.assertAllClose(ask(20, in_padding), expected, atol=1e-5)

  def test_no_texts_have_no_answers(self):
    served = self._served(np.zeros([0], object).astype('S'))
    self.assertEqual(served['probabilities'].shape, (0, 3))
    self.assertEqual(served['labels'].shape, (0, 3))

  def test_ten_thousand_texts_are_answered(self):
    served = self._served(_TEXTS[:10] * 1000)['probabilities']
    self.assertAllClose(served, np.tile(self.expected[:10], [1000, 1]),
                        atol=1e-5)

  @parameterized.named_parameters(
      ('too_long', {'length': 41}, 'more tokens than the model has positions'),
      ('an_unknown_word', {'word': 99}, 'input_word_ids are from 0 to'),
      ('a_negative_word', {'word': -1}, 'input_word_ids are from 0 to'),
      ('no_texts_mask', {'mask_length': 0}, 'have to have the same shape'),
      ('an_unknown_segment', {'type_id': 2}, 'input_type_ids are from 0 to 1'),
      ('another_mask', {'mask_length': 3}, 'have to have the same shape'))
  def test_bad_ids_are_refused(self, spoilt, message):
    made = {'length': 5, 'word': 7, 'type_id': 0, **spoilt}
    shape = [1, made['length']]
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError, message):
      self.loaded.signatures['serving_default'](
          input_word_ids=tf.fill(shape, made['word']),
          input_mask=tf.ones([1, made.get('mask_length', made['length'])],
                             tf.int32),
          input_type_ids=tf.fill(shape, made['type_id']))

  @parameterized.parameters(
      ({'input_mask': tf.ones([1, 5])}, 'float'),
      ({'input_word_ids': tf.ones([5], tf.int32)}, r'\[5\]|rank'))
  def test_ids_of_another_dtype_or_rank_are_refused(self, spoilt, message):
    inputs = {name: tf.ones([1, 5], tf.int32) for name in (
        'input_word_ids', 'input_mask', 'input_type_ids')}
    with self.assertRaisesRegex((TypeError, ValueError, tf.errors.OpError),
                                message):
      self.loaded.signatures['serving_default'](**{**inputs, **spoilt})

  def test_an_example_of_unequal_features_is_refused(self):
    example = _example({'input_word_ids': [7, 8], 'input_mask': [1]})
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError, 'one length'):
      self.loaded.signatures['serve_examples'](examples=tf.constant([example]))

  def test_a_version_follows_the_latest(self):
    folder = pathlib.Path(self.make_folder())
    for version in '37':
      shutil.copytree(self.saved_model, folder / version)
    (folder / '7' / 'old').touch()
    for version, expected in ((None, '8'), (7, '7')):
      path = saved_model.write(
          self.classifier, folder, _REAL, version=version)
      self.assertEqual(path, folder / expected)
    self.assertEqual({path.name for path in folder.iterdir()}, {'3', '7', '8'})
    self.assertFalse((folder / '7' / 'old').exists())

  def test_a_second_export_at_the_same_time_takes_the_next_version(self):
    folder = pathlib.Path(self.make_folder())
    (folder / '.2-abcdefgh').mkdir()  # Of a process that was killed.
    with outputs.locked(folder / '.1.lock'):
      with concurrent.futures.ThreadPoolExecutor() as other:
        written = other.submit(
            saved_model.write, self.classifier, folder, _REAL).result()
        self.assertEqual(written, folder / '2')
        with self.assertRaisesRegex(FileExistsError, 'Another run is writing'):
          other.submit(saved_model.write, self.classifier, folder, _REAL,
                       version=1).result()
    self.assertEqual(os.listdir(folder), ['2'])

  def test_a_file_of_another_kind_is_not_replaced(self):
    path = self.make_file('thesis.tex', 'three years')
    with self.assertRaisesRegex(FileExistsError, 'is not a .tflite file'):
      tflite.write(self.classifier, path, _REAL)

  def test_warm_up_requests_are_those_of_a_client(self):
    records = tf.data.TFRecordDataset(
        str(self.saved_model / saved_model.WARM_UP_FILE))
    texts = []
    for record in records.as_numpy_iterator():
      request = prediction_log_pb2.PredictionLog.FromString(
          record).predict_log.request
      inputs = {name: tf.constant(tf.make_ndarray(value))
                for name, value in request.inputs.items()}
      self.loaded.signatures[request.model_spec.signature_name](**inputs)
      texts += [text.decode() for text in inputs['text'].numpy()]
    # None is a user's, and each is as long as one.
    self.assertEqual([len(text.split()) for text in texts],
                     [len(text.split()) for text in _TEXTS[:8]])
    self.assertEmpty({text for text in _TEXTS if len(text.split()) > 1}
                     & set(texts))

  @pytest.mark.slow
  def test_xla_changes_no_answer(self):
    path = saved_model.write(
        self.classifier, self.make_folder(), _REAL, xla=True)
    served = tf.saved_model.load(str(path)).signatures['serve_text'](
        text=tf.constant(_TEXTS))
    self.assertAllClose(served['probabilities'], self.expected, atol=1e-5)

  # === TFLite ===

  def test_tflite_gives_the_keras_models_answers(self):
    for runner in (self.lite, self.fixed):
      self.assertAllClose(runner.scores(_TEXTS), self.expected, atol=1e-5)
    self.assertEqual([answer.label for answer in self.lite.answer(_TEXTS)],
                     [tiny_classifier.LABELS[i]
                      for i in self.expected.argmax(-1)])

  def test_the_file_says_what_it_is(self):
    metadata = self.lite.metadata
    self.assertEqual(metadata.task, 'classification')
    self.assertEqual(metadata.labels, tiny_classifier.LABELS)
    self.assertEqual(metadata.lengths, (16, 32, 40))
    self.assertRegex(metadata.min_runtime, r'^2\.\d+\.\d+$')
    self.assertEqual(metadata.checkpoint_sha256,
                     served_module.weights_sha256(self.classifier.model))
    with zipfile.ZipFile(self.folder / 'model.tflite') as archive:
      self.assertEqual(archive.read('vocab.txt').decode().split(),
                       list(tiny_classifier.TOKENS))

  def test_signatures_of_text_answer_it(self):
    interpreter = litert.InterpreterWithCustomOps(
        custom_op_registerers=tflite_registrar.SELECT_TFTEXT_OPS,
        model_path=str(self.folder / 'model.tflite'))
    for length, count in ((16, 4), (40, len(_TEXTS))):  # Whole texts.
      serve = interpreter.get_signature_runner(f'serve_text_{length}')
      for text, expected in zip(_TEXTS[:count], self.expected[:count],
                                strict=True):
        found = serve(text=np.array([text], object))['probabilities'][0]
        self.assertAllClose(found, expected, atol=1e-5)
    ids = interpreter.get_signature_runner('tokenize')(
        text=np.array(['w1 nothing W2'], object))['ids']
    self.assertAllEqual(ids, [6, 1, 7])

  @parameterized.parameters(('dynamic', 0.1), ('float16', 0.01), ('int8', 0.2))
  def test_quantized_answers_are_close(self, quantization, tolerance):
    file = pathlib.Path(self.make_folder(), 'model.tflite')
    tflite.write(
        self.classifier, file, _REAL, lengths=[16], quantization=quantization,
        largest_disagreement=0.2)
    lite = registry.TFLiteRunner(file)
    self.assertEqual(lite.metadata.quantization, quantization)
    self.assertAllClose(lite.scores(_TEXTS), self.expected, atol=tolerance)

  @parameterized.parameters('dynamic', 'int8')
  def test_other_architectures_are_exported(self, quantization):
    model = tiny_classifier.build(
        self.make_folder(), normalization='layer_norm',
        hidden_activation='gelu', attention_input='bottleneck',
        use_pooler=True)
    file = pathlib.Path(self.make_folder(), 'model.tflite')
    tflite.write(
        model, file, _REAL, lengths=[16], quantization=quantization,
        largest_disagreement=0.2)
    self.assertAllClose(registry.TFLiteRunner(file).scores(_TEXTS),
                        _probabilities(model, _TEXTS), atol=0.2)

  # === Both ===

  @parameterized.named_parameters(
      (name.replace(' ', '_').replace('-', '_'), text)
      for name, text in _ODD_TEXTS.items())
  def test_odd_texts_are_answered_alike(self, text):
    [served] = self._served([text])['probabilities']
    self.assertAllClose(np.sum(served), 1.0, atol=1e-5)
    for runner in (self.lite, self.fixed):
      self.assertAllClose(runner.scores([text])[0], served, atol=1e-5)

  @hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
  @hypothesis.given(st.lists(st.one_of(
      st.text(max_size=60), st.binary(max_size=60).map(lambda b: b),
      st.lists(st.sampled_from(tiny_classifier.TOKENS), max_size=50).map(
          ' '.join)), min_size=1, max_size=4))
  def test_any_text_gets_the_same_label_from_both(self, texts):
    texts = [text if isinstance(text, bytes) else text.encode('utf-8', 'ignore')
             for text in texts]
    served = self._served(texts)
    self.assertAllClose(self.fixed.scores(texts), served['probabilities'],
                        atol=1e-5)
    self.assertEqual([label.decode() for label in served['label']],
                     [answer.label for answer in self.lite.answer(texts)])

  # === Other tasks ===

  @pytest.mark.slow
  def test_ratings_of_pairs(self):
    model = tiny_classifier.build_rating(self.make_folder())
    real = agreement.RealTexts(_TEXTS, _TEXTS[::-1])
    expected = model.kind.answers(model, real)
    served, lite = self._export_both(model, real)
    outputs = served(text=tf.constant(_TEXTS), pair=tf.constant(_TEXTS[::-1]))
    self.assertAllClose(outputs['score'], expected, 1e-4, 1e-4)
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError, 'as many of'):
      served(text=tf.constant(_TEXTS[:3]), pair=tf.constant(['w1']))
    self.assertAllClose(lite.scores(_TEXTS, _TEXTS[::-1]), expected, 1e-4, 1e-4)

  def test_embeddings(self):
    classifier = self.classifier
    encoder = loading.TrainedModel(
        classifier.model.encoder, [], classifier.vocab_file, True,
        tiny_classifier.MAX_LENGTH, registry.get('embedding'))
    tokenizer = tokenizer_lib.Tokenizer(classifier.vocab_file)
    inputs = tokenizer.encode(_TEXTS, max_length=tiny_classifier.MAX_LENGTH)
    hidden = encoder.model(inputs)['sequence_output'].numpy()
    mask = inputs['input_mask'].numpy()
    served, lite = self._export_both(encoder, _REAL)
    outputs = served(text=tf.constant(_TEXTS))
    self.assertAllClose(outputs['pooled_output'], hidden[:, 0], 1e-4, 1e-4)
    mean = np.stack([h[m == 1].mean(0)
                     for h, m in zip(hidden, mask, strict=True)])
    self.assertAllClose(outputs['mean_output'], mean, 1e-4, 1e-4)
    self.assertAllClose(lite.scores(_TEXTS), mean, 1e-4, 1e-4)

  @pytest.mark.slow
  def test_answers_to_questions(self):
    model = tiny_classifier.build_span_labeler(self.make_folder())
    questions = [tiny_classifier.text(3, first=i) for i in range(6)]
    contexts = [tiny_classifier.text(20 * i, first=i) for i in range(1, 7)]
    real = agreement.RealTexts(questions, contexts)
    expected = model.kind.answers(model, real)
    self.assertGreater(len(set(expected)), 3)
    served, lite = self._export_both(model, real)
    outputs = served(question=tf.constant(questions),
                     context=tf.constant(contexts))
    self.assertAllEqual(outputs['answer'], [x.encode() for x in expected])
    for i, answer in enumerate(lite.answer(questions, contexts)):
      self.assertEqual(answer.text, expected[i])
      self.assertEqual(answer.start, outputs['start'][i])
      self.assertEqual(answer.end, outputs['end'][i])
      self.assertAllClose(answer.score, outputs['score'][i], atol=1e-4)

  def _export_both(self, trained: loading.TrainedModel,
                   texts: agreement.RealTexts):
    folder = pathlib.Path(self.make_folder())
    path = saved_model.write(trained, folder / 'saved', texts)
    tflite.write(trained, folder / 'model.tflite', texts,
                            lengths=[16], quantization='none')
    loaded = tf.saved_model.load(str(path))
    self._kept = loaded  # A signature does not keep its SavedModel alive.
    return (loaded.signatures['serve_text'],
            registry.TFLiteRunner(folder / 'model.tflite'))

  # === Errors ===

  @parameterized.parameters('saved_model', 'tflite')
  def test_an_export_with_other_answers_is_not_written(self, kind):
    folder = pathlib.Path(self.make_folder())
    flat = tiny_classifier.build(folder)
    flat.model.checkpoint_items['classifier'].bias.assign([9.0, 0.0, 0.0])
    build = served_module.build
    with mock.patch.object(
        served_module, 'build',
        lambda _, *a, **k: build(self.classifier, *a, **k)):
      with self.assertRaisesRegex(
          ValueError, r'of 15 texts get another answer .*the test.*w1'):
        if kind == 'tflite':
          tflite.write(flat, folder / 'out', _REAL, lengths=[16])
        else:
          saved_model.write(flat, folder / 'out', _REAL)
    self.assertEqual([path for path in folder.rglob('*') if path.is_file()],
                     [folder / 'vocab.txt'])

  def test_an_unknown_quantization_writes_nothing(self):
    file = pathlib.Path(self.make_folder(), 'model.tflite')
    with self.assertRaisesRegex(ValueError, "'int2'; accepted: none, float16"):
      tflite.write(
          self.classifier, file, _REAL, quantization='int2')
    self.assertEmpty(os.listdir(file.parent))

  @parameterized.parameters('dynamic_length', 'text_signatures')
  def test_int8_is_for_fixed_lengths_of_ids(self, flag):
    with self.assertRaisesRegex(ValueError, 'int8 is calibrated for lengths'):
      tflite.write(
          self.classifier, f'{self.make_folder()}/x', _REAL,
          quantization='int8', **{flag: True})

  def test_int8_that_xnnpack_refuses_is_said_with_the_remedy(self):
    folder = self.make_folder()
    wide = tiny_classifier.build(folder)
    [gamma] = [weight for weight in wide.model.weights
               if 'block_0/attention_norm/gamma' in weight.name]
    gamma.assign(1e4 * gamma)
    with self.assertRaisesRegex(
        ValueError, r'XNNPACK, .*refuses --quantization=int8.*operator \d+'
        r'.*use --quantization=dynamic') as caught:
      tflite.write(wide, f'{folder}/x', _REAL, lengths=[16],
                   quantization='int8', largest_disagreement=1.0)
    self.assertNotIn('\n', str(caught.exception))
    self.assertEqual(os.listdir(folder), ['vocab.txt'])

  def test_a_signature_has_room_for_a_text(self):
    with self.assertRaisesRegex(ValueError, 'at least 4 tokens.*got 3, 16'):
      tflite.write(
          self.classifier, f'{self.make_folder()}/x', _REAL, lengths=[3, 16])

  def test_a_folder_is_no_file(self):
    with self.assertRaisesRegex(FileExistsError, 'is a folder'):
      tflite.write(self.classifier, self.make_folder(), _REAL)

  def test_padding_that_counts_is_said(self):
    model = tiny_classifier.build(
        self.make_folder(), attention_mask='tf1_reference')
    with self.assertLogs(level='WARNING') as logs:
      served_module.build(model)
    self.assertIn('attention_mask=tf1_reference', ''.join(logs.output))

  def test_int8_needs_texts_for_each_length(self):
    module = served_module.build(self.classifier)
    with self.assertRaisesRegex(ValueError, 'serve_16.*have none'):
      tflite.convert(module, [16], 'int8')

  @parameterized.parameters(
      ((), None, 'no text'), (('a',), ('b',), 'reads single texts'))
  def test_texts_have_to_fit(self, texts, pairs, message):
    for export in (saved_model.write, tflite.write):
      with self.assertRaisesRegex(ValueError, message):
        export(self.classifier, f'{self.make_folder()}/x',
               agreement.RealTexts(texts, pairs))

  def test_a_foreign_folder_is_refused(self):
    folder = pathlib.Path(self.make_folder())
    (folder / 'thesis').write_text('years')
    with self.assertRaisesRegex(FileExistsError, f'{folder} holds thesis'):
      saved_model.write(self.classifier, folder, _REAL)
    self.assertEqual([path.name for path in folder.iterdir()], ['thesis'])


def _example(features: dict) -> bytes:
  return tf.train.Example(features=tf.train.Features(feature={
      name: tf.train.Feature(int64_list=tf.train.Int64List(value=values))
      for name, values in features.items()})).SerializeToString()


if __name__ == '__main__':
  tf.test.main()
