# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Files for MediaPipe Tasks, run by it where it is installed.

`pip install mediapipe`; without it, TFLiteRunner runs the same files.
"""

import dataclasses
import functools
import importlib.util
import pathlib
import shutil
import tempfile
import unicodedata
import unittest

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import standard_metadata
from mobilebert_tf.deployment import tflite
from mobilebert_tf.deployment import tflite_file
from mobilebert_tf import modeling
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import plain_tokenizer
from mobilebert_tf.text import settings
from tests.data import temporary
from tests.deployment import tiny_tflite
from tests.inference import tiny_classifier
from tests.text import unicode_versions

_text = tiny_classifier.text
# Up to a full text of 39 tokens, after which there is no padding, and beyond.
_TEXTS = [_text(words, first=words) for words in (
    0, 1, 2, 4, 5, 6, 12, 13, 20, 30, 35, 36, 37, 38, 60, 500)]
_REAL = agreement.RealTexts([*_TEXTS, *_TEXTS], source='numbers')
_ACCENTS = ['W1 ẃ2', 'w3 Ẃ4', 'w5\u00a0w6', 'W7 w8']

needs_mediapipe = unittest.skipUnless(
    importlib.util.find_spec('mediapipe'), 'pip install mediapipe')


def _wide(folder):
  return tiny_classifier.shrink(
      tiny_classifier.build(folder, **tiny_classifier.WIDE))


def _multi_label(folder):
  return dataclasses.replace(
      tiny_classifier.build(folder),
      kind=registry.get('multi_label_classification'))


def _regression(folder):
  return dataclasses.replace(
      tiny_classifier.build_rating(folder), pairs=False)


def _embedding(folder):
  trained = tiny_classifier.build(folder)
  return dataclasses.replace(
      trained, kind=registry.get('embedding'), labels=[],
      model=trained.model.encoder)


def _sentence_embedding(folder):
  trained = _embedding(folder)
  return dataclasses.replace(
      trained, kind=registry.get('sentence_embedding'),
      model=modeling.SentenceEncoder(trained.model, output_size=12))


_MODELS = {
    'classification': tiny_classifier.build,
    'a wide one': _wide,
    'multi_label_classification': _multi_label,
    'regression': _regression,
    'embedding': _embedding,
    'sentence_embedding': _sentence_embedding,
}


def _classify(path: pathlib.Path, labels, texts) -> np.ndarray:
  """Returns MediaPipe's score of each label, float `[texts, labels]`."""
  from mediapipe.tasks.python import text as mediapipe_text
  with mediapipe_text.TextClassifier.create_from_model_path(
      str(path)) as classifier:
    rows = []
    for text in texts:
      [head] = classifier.classify(text).classifications
      found = {each.category_name or '': each.score
               for each in head.categories}
      rows.append([found[label] for label in labels or ['']])
  return np.array(rows)


def _embed(path: pathlib.Path, texts) -> np.ndarray:
  """Returns MediaPipe's vectors, float `[texts, size]`."""
  from mediapipe.tasks.python import text as mediapipe_text
  with mediapipe_text.TextEmbedder.create_from_model_path(
      str(path)) as embedder:
    return np.stack([
        embedder.embed(text).embeddings[0].embedding for text in texts])


class MediaPipeTest(parameterized.TestCase, temporary.TemporaryFiles,
                    tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

  @classmethod
  @functools.cache
  def _export(cls, task: str, quantization: str = 'none',
              dynamic_length: bool = False):
    """Returns a file, its model and what the export said."""
    trained = _MODELS[task](cls.folder)
    path = cls.folder / f'{task}_{quantization}_{dynamic_length}.tflite'
    lines = []
    tflite.write(trained, path, _REAL, runtime='mediapipe',
                 quantization=quantization, dynamic_length=dynamic_length,
                 largest_disagreement=1.0, report=lines.append)
    return path, trained, lines

  def _assert_same(self, found, trained, tolerance) -> None:
    expected = trained.kind.answers(trained, agreement.RealTexts(_TEXTS))
    if trained.kind.name == 'multi_label_classification':
      expected = expected + trained.kind.thresholds(trained)
    self.assertGreater(np.std(expected, axis=0).min(), 1e-3)  # They differ.
    self.assertAllClose(
        np.reshape(found, expected.shape), expected, tolerance, tolerance)

  # === Answers ===

  @needs_mediapipe
  @parameterized.parameters(
      ('classification', 'none', False, 1e-5),
      ('classification', 'int8', False, 0.05),
      ('a wide one', 'dynamic', False, 0.05),
      ('classification', 'none', True, 1e-5),
      ('multi_label_classification', 'none', False, 1e-5),
      ('regression', 'none', False, 1e-5))
  def test_text_classifier(self, task, quantization, dynamic, tolerance):
    path, trained, _ = self._export(task, quantization, dynamic)
    found = _classify(path, trained.labels, _TEXTS)
    self._assert_same(found, trained, tolerance)
    self.assertAllClose(
        registry.TFLiteRunner(path).scores(_TEXTS), found.reshape(
            [len(_TEXTS), *found.shape[1:]] if trained.labels else [-1]),
        1e-6, 1e-6)

  @needs_mediapipe
  @parameterized.parameters(
      ('embedding', False), ('sentence_embedding', False),
      ('sentence_embedding', True))
  def test_text_embedder(self, task, dynamic):
    path, trained, _ = self._export(task, dynamic_length=dynamic)
    self._assert_same(_embed(path, _TEXTS), trained, 1e-4)

  @parameterized.parameters(
      ('classification', False), ('classification', True),
      ('embedding', False))
  def test_runner(self, task, dynamic):
    path, trained, _ = self._export(task, dynamic_length=dynamic)
    runner = registry.TFLiteRunner(path)
    self._assert_same(runner.scores(_TEXTS), trained, 1e-4)
    self.assertEqual(runner.metadata.lengths,
                     () if dynamic else (tiny_classifier.MAX_LENGTH,))
    self.assertEqual(runner.metadata.runtime, 'mediapipe')

  @pytest.mark.slow
  def test_a_shorter_length(self):
    trained = dataclasses.replace(
        tiny_classifier.build(self.make_folder()), max_length=10)
    path = self.make_folder() + '/short.tflite'
    tflite.write(trained, path, _REAL, runtime='mediapipe',
                 quantization='none', report=lambda line: None)
    runner = registry.TFLiteRunner(path)
    self.assertEqual(runner.metadata.lengths, (10,))
    self.assertEqual(runner.truncated([_text(8), _text(9)]), [False, True])
    self._assert_same(runner.scores(_TEXTS), trained, 1e-5)

  # === Tokenizer ===

  @needs_mediapipe
  def test_ids_are_those_of_mediapipe(self):
    tokens = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', '##a',
              '##b', 'é', '##é', 'e', '##e', '中', '한', 'σ', '##ς', '.', '#',
              '[', 'sep', '🦜', '…', 'x')
    path = _write_ids_model(self.make_folder(), tokens, length=300)
    plain = plain_tokenizer.PlainTokenizer(tokens, settings.MEDIAPIPE)
    newer = set(map(ord, unicode_versions.NEWER))
    texts = [
        ' '.join(f'a{chr(code)}b' for code in range(start, start + 64)
                 if code and unicodedata.category(chr(code)) not in (
                     'Cn', 'Cs') and code not in newer)
        for start in (*range(0, 0x3400, 64), 0xa480, 0xac00, 0xd780,
                      *range(0xf8c0, 0x12500, 64), 0x1f300, 0x1f980, 0x20000,
                      0x2a6c0, 0x2ceac, 0x2f800, 0xe0000, 0x10ffc0)]
    texts += ['a' * 100, 'a' * 101 + ' b', 'é' * 50, 'é' * 51 + ' b', '',
              'A\tB\n\x0b\x0c\rC', 'É e\u0301', '[SEP] [UNK]', 'x...x…x']
    for text, found in zip(texts, _embed(path, texts), strict=True):
      [ids] = plain.tokenize([text])
      expected = [2, *ids[:298].tolist(), 3]
      self.assertEqual(found[:len(expected)].astype(int).tolist(), expected,
                       ascii(text)[:80])
      self.assertEqual(found[len(expected):].sum(), 0)

  @pytest.mark.slow
  def test_texts_with_other_ids_are_counted(self):
    trained = tiny_classifier.build(self.make_folder())
    path = self.make_folder() + '/model.tflite'
    texts = agreement.RealTexts([*_TEXTS, *_TEXTS, *_ACCENTS])

    def export(**options):
      lines = []
      tflite.write(trained, path, texts, runtime='mediapipe',
                   quantization='none', report=lines.append, **options)
      return '\n'.join(lines)

    self.assertRegex(
        export(largest_disagreement=1.0),
        r"MediaPipe's tokenizer gives 3 of 36 texts other ids than training, "
        r'such as .* get another answer there. Train with --tokenizer=')
    trained = dataclasses.replace(trained, lower_case='mediapipe')
    self.assertIn('gives 0 of 36 texts other ids than training.', export())
    if importlib.util.find_spec('mediapipe'):
      self.assertAllClose(
          _classify(path, trained.labels, _ACCENTS),
          trained.kind.answers(trained, agreement.RealTexts(_ACCENTS)),
          1e-5, 1e-5)

  def test_values_that_stay_are_no_other_answers(self):
    trained = _regression(self.make_folder())
    # Every text has the same value.
    head = trained.model.checkpoint_items['classifier']
    head.kernel.assign(tf.zeros_like(head.kernel))
    path, lines = self.make_folder() + '/model.tflite', []
    tflite.write(
        trained, path, agreement.RealTexts([*_TEXTS, *_TEXTS, *_ACCENTS]),
        runtime='mediapipe', quantization='none', report=lines.append)
    self.assertIn('3 of 36 texts other ids', lines[-2] + lines[-1])
    self.assertIn('; 0 get another answer there', lines[-2] + lines[-1])

  def test_a_file_is_refused_whose_answers_would_be_others_there(self):
    trained = tiny_classifier.build(self.make_folder())
    texts = agreement.RealTexts([
        text.replace('w', 'ẃ') for text in _TEXTS[1:]])
    path = pathlib.Path(self.make_folder(), 'model.tflite')
    with self.assertRaisesRegex(
        ValueError, r'15 of 15 texts other ids .*which is more than 0.50%; '
        r'nothing is written. Train with --tokenizer=mediapipe'):
      tflite.write(trained, path, texts, runtime='mediapipe',
                   quantization='none', report=lambda line: None)
    self.assertFalse(path.exists())

  # === What it does not run ===

  @parameterized.parameters(
      (tiny_classifier.build_span_labeler, {}, {},
       'no task that runs a model for question_answering'),
      (tiny_classifier.build_tagger, {}, {}, 'for token_classification'),
      (tiny_classifier.build, {'pairs': True}, {}, 'reads single texts'),
      (tiny_classifier.build, {'lower_case': False}, {}, 'lower-cases every'),
      (tiny_classifier.build, {}, {'lengths': [16]}, 'leave --lengths and'),
      (tiny_classifier.build, {}, {'text_signatures': True},
       'leave --lengths and'))
  def test_refusals(self, build, fields, options, message):
    trained = dataclasses.replace(build(self.make_folder()), **fields)
    pairs = _TEXTS if trained.pairs else None
    with self.assertRaisesRegex(ValueError, message):
      tflite.write(trained, self.make_folder() + '/x.tflite',
                   agreement.RealTexts(_TEXTS, pairs), runtime='mediapipe',
                   **options)


class StandardMetadataTest(parameterized.TestCase, temporary.TemporaryFiles,
                           tf.test.TestCase):

  @needs_mediapipe
  def test_read_by_the_generated_code_of_the_schema(self):
    from mediapipe.tasks.metadata import metadata_schema_py_generated as schema
    file = tiny_tflite.build(self.make_folder(), 'classification')
    model = standard_metadata.attach(file.flatbuffer, file.metadata)
    found = schema.ModelMetadataT.InitFromPackedBuf(_metadata_of(model), 0)
    self.assertEqual(found.minParserVersion, b'1.1.0')
    self.assertSameElements([each.name for each in found.subgraphMetadata],
                            [b'serve_8', b'serve_16', b'serve_40'])
    for subgraph in found.subgraphMetadata:
      self.assertSameElements(
          [each.name for each in subgraph.inputTensorMetadata],
          [b'ids', b'mask', b'segment_ids'])
      [unit] = subgraph.inputProcessUnits
      self.assertEqual(
          unit.optionsType, schema.ProcessUnitOptions.BertTokenizerOptions)
      [vocabulary] = unit.options.vocabFile
      self.assertEqual(
          (vocabulary.name, vocabulary.type),
          (b'vocab.txt', schema.AssociatedFileType.VOCABULARY))
      [output] = subgraph.outputTensorMetadata
      self.assertEqual(output.name, b'probability')
      [labels] = output.associatedFiles
      self.assertEqual(
          (labels.name, labels.type),
          (b'labels.txt', schema.AssociatedFileType.TENSOR_AXIS_LABELS))

  @parameterized.parameters('question_answering', 'embedding')
  def test_a_model_computes_the_same_with_metadata(self, task):
    file = tiny_tflite.build(self.make_folder(), task)
    model = standard_metadata.attach(file.flatbuffer, file.metadata)
    self.assertIn(b'segment_ids', _metadata_of(model))
    path = self.make_file('model.tflite', tflite_file.pack(
        model, file.metadata, tiny_tflite.VOCABULARY))
    pair = ('w3 w4 w5',) if file.metadata.kind.reads_pairs else ()
    self.assertAllEqual(
        *(np.hstack([np.ravel(each) for each in runner.run([
            np.array([7, 8, 9], np.int32)] * (1 + len(pair))).values()])
          for runner in map(registry.TFLiteRunner, (path, file.path))))


def _metadata_of(model: bytes) -> bytes:
  from ai_edge_litert import schema_py_generated as schema
  root = schema.Model.GetRootAs(model, 0)
  [entry] = [root.Metadata(i) for i in range(root.MetadataLength())
             if root.Metadata(i).Name() == b'TFLITE_METADATA']
  data = root.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
  assert data[4:8] == b'M001', data[:8]
  return data


def _write_ids_model(folder: str, tokens, length: int) -> pathlib.Path:
  """Writes a file for TextEmbedder whose vector is the ids that it is given."""
  def serve(**inputs):
    return {'mean_output': tf.cast(
        inputs['input_word_ids'] * inputs['input_mask']
        + inputs['input_type_ids'], tf.float32)}

  specs = {name: tf.TensorSpec([1, length], tf.int32) for name in (
      'input_word_ids', 'input_mask', 'input_type_ids')}
  tf.saved_model.save(tf.Module(), folder, signatures={
      'serve': tf.function(serve).get_concrete_function(**specs)})
  model = tf.lite.TFLiteConverter.from_saved_model(
      folder, signature_keys=['serve']).convert()
  metadata = tiny_tflite.metadata('embedding')
  path = pathlib.Path(folder, 'ids.tflite')
  path.write_bytes(tflite_file.pack(
      standard_metadata.attach(model, metadata), metadata,
      ''.join(f'{token}\n' for token in tokens)))
  return path


if __name__ == '__main__':
  tf.test.main()
