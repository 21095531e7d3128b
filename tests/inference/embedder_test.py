# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Vectors of many texts: their order, their cut, and where they come from."""

import functools
import os
import pathlib

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf import checkpoints
from mobilebert_tf.inference import embedder as embedder_lib
from mobilebert_tf import modeling
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.checkpoints import tiny_bert
from tests.data import temporary
from tests.inference import tiny_classifier
from tests.modeling import contract

_TEXTS = [tiny_classifier.text(words, words)
          for words in (3, 30, 1, 12, 3, 7, 60)]


@functools.cache
def _model() -> modeling.SentenceEncoder:
  model = modeling.SentenceEncoder(
      modeling.MobileBertEncoder(tiny_classifier.architecture()),
      output_size=6)
  contract.randomize(model)
  return model


class EmbedderTest(parameterized.TestCase, temporary.TemporaryFiles,
                   tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.make_folder()
    self.vocab_file = tiny_classifier.write_vocabulary(self.folder)

  def _embedder(self, max_length=20, **arguments):
    return embedder_lib.Embedder(
        _model(), tokenizer_lib.Tokenizer(self.vocab_file), max_length,
        **arguments)

  def test_equals_the_model_on_each_text_alone(self):
    embedder = self._embedder()
    vectors = embedder.embed(_TEXTS)
    for text, vector in zip(_TEXTS, vectors, strict=True):
      inputs = embedder.tokenizer.encode([text], max_length=20)
      self.assertAllClose(_model()(inputs)[0], vector, 1e-5, 1e-6)
    self.assertEqual(embedder.embed([]).shape, (0, 6))

  def test_small_batches_change_nothing(self):
    expected = self._embedder().embed(_TEXTS)
    old = embedder_lib._TOKENS_AT_ONCE
    self.addCleanup(setattr, embedder_lib, '_TOKENS_AT_ONCE', old)
    embedder_lib._TOKENS_AT_ONCE = 30
    self.assertAllClose(self._embedder().embed(_TEXTS), expected, 1e-6, 1e-6)

  def test_is_cut_no_later_than_at_its_positions(self):
    embedder = self._embedder(1000)
    self.assertEqual(embedder.max_length, tiny_classifier.MAX_LENGTH)
    self.assertAllEqual(
        embedder.embed([tiny_classifier.text(200)]),
        embedder.embed([tiny_classifier.text(tiny_classifier.MAX_LENGTH - 2)]))

  def test_the_first_entries_are_a_vector(self):
    vectors = self._embedder().embed(_TEXTS)[:, :4]
    short = self._embedder(width=4)
    self.assertEqual(short.size, 4)
    self.assertAllClose(
        short.embed(_TEXTS),
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    with self.assertRaisesRegex(ValueError, 'width is 7; .* have 6'):
      self._embedder(width=7)

  def test_describes_itself_by_what_changes_vectors(self):
    one = self._embedder().describe()
    self.assertEqual(one, self._embedder().describe())
    self.assertNotEqual(one, self._embedder(19).describe())
    self.assertNotEqual(one, self._embedder(width=4).describe())

  def test_a_store_is_made_once(self):
    folder = os.path.join(self.folder, 'v')
    store = self._embedder().write(folder, _TEXTS)
    self.assertLen(store, len(set(_TEXTS)))
    self.assertAllClose(
        store.vectors[:], self._embedder().embed(store.texts), 1e-6, 1e-6)
    with self.assertRaisesRegex(FileExistsError, 'other vectors'):
      self._embedder(width=4).write(folder, _TEXTS)

  # === Loading ===

  def test_a_folder_of_sentence_transformers(self):
    ours = self._embedder()
    folder = os.path.join(self.folder, 's')
    ours.save_pretrained(folder)
    found = registry.load_sentence_encoder(folder, width=4)
    self.assertAllClose(found.embed(_TEXTS), self._embedder(width=4).embed(
        _TEXTS), 1e-5, 1e-5)
    with self.assertRaisesRegex(ValueError, 'pools by mean, not by first'):
      registry.load_sentence_encoder(folder, 'first')

  @parameterized.parameters('ours', 'bert')
  def test_an_encoder_alone_needs_a_pooling(self, kind):
    folder = os.path.join(self.folder, kind)
    if kind == 'ours':
      encoder = modeling.MobileBertEncoder(tiny_classifier.architecture())
      encoder.save_pretrained(folder, vocab_file=self.vocab_file)
    else:
      tiny_bert.write(folder, tiny_classifier.TOKENS)
      encoder = checkpoints.build(
          modeling.BertEncoder, checkpoints.read_teacher(folder))
    with self.assertRaisesRegex(ValueError, 'without pooling.*--pooling=mean'):
      registry.load_sentence_encoder(folder)
    found = registry.load_sentence_encoder(folder, 'first')
    # A plain BERT reads all its positions, since no token sees the next.
    self.assertEqual(found.max_length, {
        'ours': tiny_classifier.MAX_LENGTH, 'bert': tiny_bert.POSITIONS}[kind])
    inputs = found.tokenizer.encode(_TEXTS[:1], max_length=10)
    expected = encoder(inputs)['sequence_output'][:, 0]
    self.assertAllClose(
        found.embed(_TEXTS[:1]),
        expected / np.linalg.norm(expected, axis=1, keepdims=True), 1e-5, 1e-5)
    self.assertEqual(found.embed(_TEXTS).shape[0], len(_TEXTS))

  def test_what_is_no_encoder_is_said(self):
    with self.assertRaises(FileNotFoundError):
      registry.load_sentence_encoder(self.folder, 'mean')
    with self.assertRaises(FileNotFoundError):
      registry.load_sentence_encoder(str(pathlib.Path(self.folder, 'none/x')))
    folder = os.path.join(self.folder, 'bert')
    tiny_bert.write(folder, tiny_classifier.TOKENS)
    os.remove(os.path.join(folder, 'vocab.txt'))
    with self.assertRaisesRegex(FileNotFoundError, 'No vocabulary'):
      registry.load_sentence_encoder(folder, 'mean')


if __name__ == '__main__':
  tf.test.main()
