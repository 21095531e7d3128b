# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Vectors of an exported file are those of the model."""

import os

import numpy as np
import pytest
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import tflite
from mobilebert_tf.inference import embedder as embedder_lib
from mobilebert_tf import modeling
from mobilebert_tf.tasks import registry
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.data import temporary
from tests.inference import tiny_classifier


class FileEmbedderTest(temporary.TemporaryFiles, tf.test.TestCase):

  @pytest.mark.slow
  def test_equals_the_model(self):
    folder = self.make_folder()
    vocab_file = tiny_classifier.write_vocabulary(folder)
    tf.random.set_seed(0)
    encoder = modeling.MobileBertEncoder(tiny_classifier.architecture())
    encoder.save_pretrained(f'{folder}/m', vocab_file=vocab_file)
    trained = registry.load_encoder(f'{folder}/m')
    path = os.path.join(folder, 'm.tflite')
    texts = [tiny_classifier.text(3 + i % 9, i) for i in range(40)]
    tflite.write(trained, path, agreement.RealTexts(texts), lengths=(16,),
                 quantization='none')
    found = registry.load_sentence_encoder(path)
    model = embedder_lib.Embedder(
        modeling.SentenceEncoder(trained.model, normalize=False),
        tokenizer_lib.Tokenizer.of(trained), 20)
    expected = model.embed(texts)
    self.assertEqual(found.size, 16)
    self.assertAllClose(found.embed(texts), expected, 1e-4, 1e-5)
    self.assertEqual(found.embed([]).shape, (0, 16))
    short = registry.load_sentence_encoder(path, width=4)
    self.assertAllClose(np.linalg.norm(short.embed(texts), axis=1), [1] * 40)
    store = short.write(f'{folder}/v', texts)
    self.assertEqual(store.source, short.describe())
    with self.assertRaisesRegex(ValueError, 'width is 17; .* 16 numbers'):
      registry.load_sentence_encoder(path, width=17)


if __name__ == '__main__':
  tf.test.main()
