# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""No answer depends on the texts beside it, nor on padding."""

import pathlib

from absl.testing import parameterized
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import company
from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import saved_model
from mobilebert_tf.deployment import saved_model_runner
from mobilebert_tf.deployment import tflite
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import predictor
from tests.data import temporary
from tests.inference import tiny_classifier

_TEXTS = [tiny_classifier.text(i % 45, first=i) for i in range(90)]
_REAL = agreement.RealTexts(_TEXTS, source='the test')


class CompanyTest(parameterized.TestCase, temporary.TemporaryFiles,
                  tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.make_folder())
    self.trained = tiny_classifier.build(str(self.folder))

  def _compare(self, answer, compositions=2000):
    answers, labels, difference = company.compare(
        lambda rows: np.asarray(answer([_TEXTS[i] for i in rows])),
        len(_TEXTS), compositions)
    self.assertGreater(answers, 8 * compositions)
    self.assertEqual(labels, 0)
    return difference

  def test_a_difference_is_seen(self):
    table = np.array([[0.4, 0.6], [0.7, 0.3]])
    answers, labels, difference = company.compare(
        lambda rows: table[rows] if len(rows) < 3 else table[rows][:, ::-1],
        2, 100)
    self.assertGreater(labels, answers // 2)
    self.assertAllClose(difference, 0.4)

  @pytest.mark.exhaustive
  def test_keras(self):
    self.assertLess(
        self._compare(predictor.TextPredictor(self.trained).scores), 1e-6)

  @pytest.mark.exhaustive
  def test_saved_model(self):
    path = saved_model.write(
        self.trained, str(self.folder / 'saved_model'), _REAL)
    runner = saved_model_runner.SavedModelRunner(path, registry.KINDS)
    self.assertLess(self._compare(runner.comparable), 1e-6)

  @parameterized.parameters(('none', 1e-6), ('dynamic', 0.0))
  @pytest.mark.exhaustive
  def test_tflite(self, quantization, bound):
    path = str(self.folder / 'model.tflite')
    tflite.write(self.trained, path, _REAL, quantization=quantization)
    runner = registry.TFLiteRunner(path)
    self.assertEqual(self._compare(runner.comparable, 300), 0.0)
    answers, labels, difference = company.compare_signatures(
        runner, path, _TEXTS)
    self.assertGreater(answers, len(_TEXTS))
    self.assertEqual(labels, 0)
    self.assertLessEqual(difference, bound)


if __name__ == '__main__':
  tf.test.main()
