# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Texts are answered one like another, whatever they are batched with."""

import dataclasses
import pathlib
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.tasks.classification import predictor as predictor_lib
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer
from tests.inference import tiny_classifier

# Around the lengths of batches, and beyond what the model reads.
_TEXTS = [tiny_classifier.text(words, first=words) for words in (
    12, 1, 37, 0, 38, 14, 200, 36, 2, 15)]
_ODD_TEXTS = {
    'nothing': '',
    'white_space': ' \n\t ',
    'emoji': 'w1 👩‍👩‍👧 w2 🏴',
    'right_to_left': 'w1 שלום \u202e w2 مرحبا',
    'control_characters': 'w1\x00\x07 w2\x1b[31m',
    'half_of_a_pair': 'w1 \ud83d w2',
    'one_long_word': 'w' * 1_000_000,
    'long': tiny_classifier.text(100_000),
}


class TextPredictorTest(parameterized.TestCase, tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.trained = tiny_classifier.build(cls.folder)
    cls.predictor = predictor_lib.TextPredictor(cls.trained, batch_size=3)

  def _alone(self, text: str, pair: str | None = None) -> np.ndarray:
    """Returns the probabilities of one text, padded as far as possible."""
    encode = tokenizer.Tokenizer(self.trained.vocab_file).encode
    inputs = encode(
        [text.encode('utf-8', 'ignore')], None if pair is None else [pair],
        max_length=tiny_classifier.MAX_LENGTH,
        length=tiny_classifier.MAX_LENGTH + 1)
    logits = self.trained.model(inputs, training=False).numpy()[0]
    return np.exp(logits) / np.exp(logits).sum()

  def test_texts_keep_their_order_and_do_not_depend_on_their_neighbours(self):
    scores = self.predictor.scores(_TEXTS)
    self.assertEqual(scores.dtype, np.float32)
    self.assertAllClose(scores, [self._alone(t) for t in _TEXTS], atol=1e-5)
    self.assertGreater(np.ptp(scores[:, 0]), 0.05)  # Or the order is untested.

  def test_pairs(self):
    trained = dataclasses.replace(self.trained, pairs=True)
    predictor = predictor_lib.TextPredictor(trained, batch_size=3)
    pairs = _TEXTS[::-1]
    self.assertAllClose(
        predictor.scores(_TEXTS, pairs),
        [self._alone(*both) for both in zip(_TEXTS, pairs, strict=True)],
        atol=1e-5)
    self.assertAllEqual(
        predictor.lengths(['w1 w2', ''], ['w3', 'w4 w5']), [6, 5])

  def test_one_graph_serves_all_lengths(self):
    predictor = predictor_lib.TextPredictor(self.trained, batch_size=2)
    for count in (1, 5, 10):
      predictor.scores(_TEXTS[:count])
    self.assertEqual(
        predictor._compute[1].experimental_get_tracing_count(), 1)

  def test_lengths_are_those_of_whole_texts(self):
    lengths = self.predictor.lengths(_TEXTS)
    self.assertAllEqual(lengths, [len(t.split()) + 2 for t in _TEXTS])
    self.assertEqual(lengths.dtype, np.int32)

  def test_no_texts(self):
    self.assertEqual(self.predictor.scores([]).shape, (0, 3))
    self.assertEqual(self.predictor.lengths([]).shape, (0,))

  @parameterized.named_parameters(_ODD_TEXTS.items())
  def test_odd_texts(self, text):
    scores = self.predictor.scores(['w1', text])
    self.assertAllClose(
        scores, [self._alone('w1'), self._alone(text)], atol=1e-5)

  def test_a_model_that_rates(self):
    model = modeling.MobileBertClassifier(self.trained.model.encoder, 1)
    trained = dataclasses.replace(
        self.trained, model=model, labels=[], kind=registry.get('regression'))
    scores = predictor_lib.TextPredictor(trained).scores(_TEXTS)
    inputs = tokenizer.Tokenizer(self.trained.vocab_file).encode(
        _TEXTS, max_length=tiny_classifier.MAX_LENGTH)
    self.assertAllClose(scores, model(inputs)[:, 0], atol=1e-5)

  def test_texts_that_do_not_fit_the_model_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'single texts; it does not read'):
      self.predictor.scores(['w1'], ['w2'])
    pairs = predictor_lib.TextPredictor(
        dataclasses.replace(self.trained, pairs=True))
    with self.assertRaisesRegex(ValueError, 'second texts are missing'):
      pairs.scores(['w1'])
    with self.assertRaisesRegex(ValueError, '1 texts and 2 second texts'):
      pairs.scores(['w1'], ['w2', 'w3'])

  def test_models_for_something_else_are_refused(self):
    trained = dataclasses.replace(
        self.trained, kind=registry.get('question_answering'))
    with self.assertRaisesRegex(ValueError, 'for question answering does not'):
      predictor_lib.TextPredictor(trained)
    with self.assertRaisesRegex(ValueError, 'batch_size is 0'):
      predictor_lib.TextPredictor(self.trained, batch_size=0)


if __name__ == '__main__':
  tf.test.main()
