# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Words are labelled one like another, whatever they are batched with."""

import pathlib
import shutil
import tempfile

import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.token_classification import kind as kind_lib
from mobilebert_tf.tasks.token_classification import predictor
from mobilebert_tf.text import tokenizer
from tests.inference import tiny_classifier

_SENTENCES = [tiny_classifier.text(words, first=words).split() for words in (
    12, 1, 37, 0, 14, 36, 2, 15)]


class TokenPredictorTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(tempfile.mkdtemp())
    cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
    cls.trained = tiny_classifier.build_tagger(cls.folder)
    cls.predictor = predictor.TokenPredictor(cls.trained, batch_size=3)

  def _alone(self, words: list[str]) -> np.ndarray:
    """Returns the probabilities of one sentence of words of one piece."""
    inputs = tokenizer.Tokenizer(self.trained.vocab_file).encode(
        [' '.join(words)], max_length=tiny_classifier.MAX_LENGTH,
        length=tiny_classifier.MAX_LENGTH + 1)
    logits = self.trained.model(inputs, training=False)['logits'].numpy()
    scores = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    return scores[1:1 + len(words)]

  def test_sentences_keep_their_order(self):
    scores = self.predictor.scores(_SENTENCES)
    self.assertLen(scores, len(_SENTENCES))
    for found, words in zip(scores, _SENTENCES, strict=True):
      self.assertEqual(found.shape, (len(words), len(tiny_classifier.TAGS)))
      self.assertAllClose(found, self._alone(words), atol=1e-5)
    self.assertGreater(np.ptp(scores[0][:, 2]), 0.05)
    self.assertEqual(self.predictor.scores([]), [])
    self.assertEqual(self.predictor.scores([[]])[0].shape, (0, 5))

  def test_a_long_text_is_labelled_whole(self):
    words = tiny_classifier.text(1_000).split()
    [scores] = self.predictor.scores([words])
    # 1,000 words are read in 28 parts of 36 or fewer.
    self.assertAllClose(scores[:36], self._alone(words[:36]), atol=1e-5)
    self.assertAllClose(scores[36:72], self._alone(words[36:72]), atol=1e-5)
    self.assertAllClose(scores[-28:], self._alone(words[-28:]), atol=1e-5)

  def test_words_know_their_place(self):
    text = 'w1 w2, w3😀 \u200b w4'
    [words] = self.predictor.answer([text])
    self.assertEqual([w.text for w in words],
                     ['w1', 'w2', ',', 'w3', '😀', '\u200b', 'w4'])
    for word in words:
      self.assertEqual(text[word.start:word.end], word.text)
      self.assertIn(word.label, tiny_classifier.TAGS)

  def test_entities(self):
    text = 'Jim Lee in New York , Ann Bo'
    labels = 'B-PER I-PER O B-LOC I-LOC O I-PER B-PER'.split()
    words, start = [], 0
    for i, (word, label) in enumerate(zip(text.split(), labels, strict=True)):
      words.append(kind_lib.LabelledWord(
          word, start, start + len(word), label, 1 - i / 10))
      start += len(word) + 1
    found = kind_lib.find_entities(text, words)
    self.assertEqual([(e.type, e.text) for e in found], [
        ('PER', 'Jim Lee'), ('LOC', 'New York'), ('PER', 'Ann'), ('PER', 'Bo')])
    self.assertEqual(text[found[1].start:found[1].end], 'New York')
    self.assertAllClose([e.probability for e in found], [0.9, 0.6, 0.4, 0.3])
    self.assertTrue(self.predictor.finds_entities)

  def test_other_models_are_refused(self):
    with self.assertRaisesRegex(ValueError, 'for classification does not lab'):
      predictor.TokenPredictor(tiny_classifier.build(self.folder))


if __name__ == '__main__':
  tf.test.main()
