# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""What is exported answers as the model does, and nothing else matters to it.
"""

import json
import pathlib
import shutil
import tempfile
from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.data import tokenization
from mobilebert_tf.modeling import validation
from mobilebert_tf.serving import exporting
from mobilebert_tf.serving import rewriting
from mobilebert_tf.serving import tflite
from mobilebert_tf.serving import tflite_classifier
from tests.data import temporary
from tests.serving import tiny_classifier

# Around the lengths of the signatures and of what is cut off.
_TEXTS = [tiny_classifier.text(words, first=words) for words in (
    1, 2, 12, 13, 14, 15, 28, 29, 30, 31, 36, 37, 38, 60, 500)]
_ODD_TEXTS = {
    'empty': b'',
    'white space': b' \n\t ',
    'emoji': 'w1 👩‍👩‍👧 w2 🏴'.encode(),
    'long': tiny_classifier.text(10_000).encode(),
    'a long word': b'w' * 10_000,
    'not UTF-8': b'w1 \xff\xfe\xc3( w2',
    'NUL': b'w1\x00 w2',
}


class ExportingTest(parameterized.TestCase, temporary.TemporaryFiles,
                    tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.classifier = tiny_classifier.build(cls.folder)
    exporting.export_saved_model(cls.classifier, cls.folder / 'saved_model')
    cls.loaded = tf.saved_model.load(str(cls.folder / 'saved_model'))
    exporting.export_tflite(cls.classifier, cls.folder / 'tflite',
                            lengths=[16, 32], quantization='none')
    cls.lite = tflite_classifier.TFLiteClassifier(cls.folder / 'tflite')

  def _served(self, texts) -> dict[str, np.ndarray]:
    outputs = self.loaded.signatures['serving_default'](
        text=tf.constant(texts))
    return {name: value.numpy() for name, value in outputs.items()}

  def _bundle(self) -> pathlib.Path:
    """Returns a copy of the bundle, to be spoilt."""
    return pathlib.Path(shutil.copytree(
        self.folder / 'tflite', pathlib.Path(self.make_folder(), 'copy')))

  # === SavedModel ===

  def test_the_saved_model_has_its_two_signatures_alone(self):
    self.assertEqual(set(self.loaded.signatures), {'serving_default', 'serve'})
    serve = self.loaded.signatures['serve'].structured_input_signature[1]
    self.assertEqual(set(serve), set(validation.INPUT_NAMES))

  def test_the_saved_model_answers_as_the_keras_model(self):
    tokenizer = tokenization.Tokenizer(self.classifier.vocab_file)
    inputs = tokenizer.encode(_TEXTS, max_length=tiny_classifier.MAX_LENGTH)
    expected = tf.nn.softmax(self.classifier.model(inputs, training=False))
    self.assertGreater(float(tf.reduce_min(
        tf.math.reduce_std(expected, axis=0))), 0.01)  # They differ.
    served = self._served(_TEXTS)
    self.assertAllClose(served['probabilities'], expected, atol=1e-5)
    by_ids = self.loaded.signatures['serve'](**inputs)['probabilities']
    self.assertAllClose(by_ids, expected, atol=1e-5)
    best = np.argmax(expected, axis=-1)
    self.assertEqual([label.decode() for label in served['label']],
                     [tiny_classifier.LABELS[i] for i in best])

  def test_an_answer_depends_on_no_batch_mate(self):
    together = self._served(_TEXTS)['probabilities']
    for i, text in enumerate(_TEXTS):
      alone = self._served([text])['probabilities'][0]
      self.assertAllClose(alone, together[i], atol=1e-5)

  def test_an_answer_depends_on_no_padding(self):
    tokenizer = tokenization.Tokenizer(self.classifier.vocab_file)
    text = [tiny_classifier.text(5)]
    serve = self.loaded.signatures['serve']
    answers = [
        serve(**tokenizer.encode(text, max_length=7, length=length))
        ['probabilities'] for length in (8, 9, 20, 40)]
    for answer in answers[1:]:
      self.assertAllClose(answer, answers[0], atol=1e-5)

  def test_every_text_gets_a_row_of_each_output(self):
    served = self._served(_TEXTS[:4])
    self.assertAllEqual(
        served['labels'],
        [[label.encode() for label in tiny_classifier.LABELS]] * 4)
    self.assertEqual({len(value) for value in served.values()}, {4})

  def test_no_texts_have_no_answers(self):
    served = self.loaded.signatures['serving_default'](
        text=tf.constant([], tf.string))
    self.assertEqual(served['probabilities'].shape, [0, 3])
    self.assertEqual(served['labels'].shape, [0, 3])

  @parameterized.named_parameters(
      (name.replace(' ', '_').replace('-', '_'), text)
      for name, text in _ODD_TEXTS.items())
  def test_odd_texts_are_answered(self, text):
    [served] = self._served([text])['probabilities']
    self.assertAllClose(np.sum(served), 1.0, atol=1e-5)
    [lite] = self.lite.probabilities([text])
    self.assertAllClose(lite, served, atol=1e-5)

  # === TFLite ===

  def test_tflite_answers_as_the_saved_model(self):
    self.assertAllClose(list(self.lite.probabilities(_TEXTS)),
                        self._served(_TEXTS)['probabilities'], atol=1e-5)
    answers = self.lite.answer(_TEXTS)
    self.assertEqual([label.encode() for label, _ in answers],
                     list(self._served(_TEXTS)['label']))

  def test_lengths_end_with_what_the_longest_text_needs(self):
    metadata = json.loads((self.folder / 'tflite/metadata.json').read_text())
    self.assertEqual(metadata['lengths'], [16, 32, 40])
    self.assertEqual(metadata['labels'], list(tiny_classifier.LABELS))

  @parameterized.parameters(('dynamic', 0.1), ('float16', 0.01))
  def test_quantized_answers_are_close(self, quantization, tolerance):
    folder = pathlib.Path(self.make_folder(), 'bundle')
    exporting.export_tflite(
        self.classifier, folder, lengths=[16], quantization=quantization)
    lite = tflite_classifier.TFLiteClassifier(folder)
    self.assertAllClose(list(lite.probabilities(_TEXTS)),
                        self._served(_TEXTS)['probabilities'], atol=tolerance)

  def test_calibrated_exports_answer_as_the_keras_model(self):
    folder = pathlib.Path(self.make_folder(), 'bundle')
    exporting.export_tflite(
        self.classifier, folder, lengths=[16], quantization='none',
        texts=_TEXTS, largest_disagreement=0.0)
    lite = tflite_classifier.TFLiteClassifier(folder)
    self.assertAllClose(list(lite.probabilities(_TEXTS)),
                        self._served(_TEXTS)['probabilities'], atol=1e-5)

  # === Errors ===

  def test_an_export_with_other_labels_is_not_written(self):
    folder = pathlib.Path(self.make_folder(), 'bundle')
    convert = tflite.convert

    def convert_another(model, lengths, quantization):
      return convert(rewriting.rewrite(
          tiny_classifier.build(self.make_folder()).model), lengths,
                     quantization)

    flat = tiny_classifier.build(self.make_folder())
    flat.model.checkpoint_items['classifier'].bias.assign([9.0, 0.0, 0.0])
    with mock.patch.object(tflite, 'convert', convert_another):
      with self.assertRaisesRegex(ValueError, r'of 15 texts get another label'):
        exporting.export_tflite(flat, folder, texts=_TEXTS,
                                largest_disagreement=0.005)
    self.assertFalse(folder.exists())

  def test_an_unknown_quantization_writes_nothing(self):
    folder = pathlib.Path(self.make_folder(), 'bundle')
    with self.assertRaisesRegex(ValueError, "'int4'; accepted: none, float16"):
      exporting.export_tflite(self.classifier, folder, quantization='int4')
    self.assertFalse(folder.exists())

  @parameterized.parameters('model.tflite', 'vocab.txt', 'metadata.json')
  def test_a_missing_file_is_named(self, name):
    bundle = self._bundle()
    (bundle / name).unlink()
    with self.assertRaisesRegex(FileNotFoundError, f'{name} is missing'):
      tflite_classifier.TFLiteClassifier(bundle)

  @parameterized.parameters(0, 3, 100)
  def test_a_truncated_model_is_named(self, size):
    bundle = self._bundle()
    data = (bundle / 'model.tflite').read_bytes()
    (bundle / 'model.tflite').write_bytes(data[:size])
    with self.assertRaisesRegex(ValueError, 'model.tflite is damaged'):
      tflite_classifier.TFLiteClassifier(bundle)

  @parameterized.parameters(0.25, 0.5, 0.9)
  def test_a_half_written_model_is_named(self, share):
    bundle = self._bundle()
    data = (bundle / 'model.tflite').read_bytes()
    (bundle / 'model.tflite').write_bytes(data[:int(share * len(data))])
    with self.assertRaisesRegex(ValueError, 'model.tflite is damaged'):
      tflite_classifier.TFLiteClassifier(bundle)

  @parameterized.parameters(
      ('{"labels": [', 'damaged'), ('{"labels": []}', 'lacks lengths'))
  def test_bad_metadata_are_named(self, text, message):
    bundle = self._bundle()
    (bundle / 'metadata.json').write_text(text)
    with self.assertRaisesRegex(ValueError, f'metadata.json.*{message}'):
      tflite_classifier.TFLiteClassifier(bundle)

  def test_a_signature_that_the_model_lacks_is_an_error(self):
    bundle = self._bundle()
    metadata = json.loads((bundle / 'metadata.json').read_text())
    metadata['lengths'] = [16, 24]
    (bundle / 'metadata.json').write_text(json.dumps(metadata))
    with self.assertRaisesRegex(ValueError, 'model.tflite.*classify_24'):
      tflite_classifier.TFLiteClassifier(bundle)

  def test_a_foreign_folder_is_refused(self):
    folder = pathlib.Path(self.make_folder())
    (folder / 'thesis').write_text('years')
    for export in (exporting.export_saved_model, exporting.export_tflite):
      with self.assertRaisesRegex(FileExistsError, str(folder)):
        export(self.classifier, folder)
    self.assertEqual([path.name for path in folder.iterdir()], ['thesis'])


if __name__ == '__main__':
  tf.test.main()
