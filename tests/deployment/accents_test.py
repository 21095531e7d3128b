# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Accents that a model keeps are kept by all that it is exported as."""

import dataclasses
import os
import pathlib
import tempfile

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import served_module
from mobilebert_tf.deployment import tflite
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import predictor
from tests.inference import tiny_classifier

_TEXTS = ['CAFÉ w1', 'CAFE w1', 'café w1', 'cafe w1']


class AccentsTest(parameterized.TestCase, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.enterContext(tempfile.TemporaryDirectory())
    trained = tiny_classifier.build(self.folder)
    tokens = [*tiny_classifier.TOKENS[:-2], 'café', 'cafe']
    pathlib.Path(trained.vocab_file).write_text(
        ''.join(f'{token}\n' for token in tokens), encoding='utf-8')
    self.trained = dataclasses.replace(
        trained, lower_case='keep_accents', pairs=False)
    self.expected = predictor.TextPredictor(self.trained).scores(_TEXTS)

  def test_they_count(self):
    accented, plain, *lower = self.expected
    self.assertAllEqual(lower, [accented, plain])
    self.assertGreater(np.abs(accented - plain).max(), 1e-3)

  def test_saved_model(self):
    module = served_module.build(self.trained)
    self.assertAllClose(
        module.serve_text(text=tf.constant(_TEXTS))['probabilities'],
        self.expected, atol=1e-6)

  def test_tflite(self):
    path = os.path.join(self.folder, 'model.tflite')
    tflite.write(self.trained, path, agreement.RealTexts(_TEXTS),
                 quantization='none', lengths=[8])
    self.assertAllClose(registry.TFLiteRunner(path).scores(_TEXTS),
                        self.expected, atol=1e-5)


if __name__ == '__main__':
  tf.test.main()
