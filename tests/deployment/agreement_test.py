# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The check of an export counts what the Keras model is sure of."""

import tempfile

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import agreement
from mobilebert_tf.deployment import tflite
from mobilebert_tf.deployment import tflite_text
from mobilebert_tf.tasks.question_answering import spans
from mobilebert_tf.text import tokenizer as tokenizer_lib
from tests.deployment import hostile_requests
from tests.inference import tiny_classifier


def _texts(count):
  return agreement.RealTexts(
      [tiny_classifier.text(1 + i % 9, i) for i in range(count)],
      source='the test')


class AgreementTest(parameterized.TestCase, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    folder = self.enterContext(tempfile.TemporaryDirectory())
    self.trained = hostile_requests.build('classification', folder)

  def _check(self, count, flips, margin, largest=0.005):
    expected = np.tile([[0.5 + margin / 2, 0.5 - margin / 2, 0]], [count, 1])
    found = expected.copy()
    found[:flips] = found[:flips, [1, 0, 2]]
    return agreement.check(
        self.trained, _texts(count), found, expected, largest)

  def test_ties_do_not_count(self):
    report = self._check(64, 10, 0.01)
    self.assertIn('64 texts (the test): 0 get another', report)
    self.assertIn('10 more by rounding', report)
    self.assertIn('largest difference 0.01', report)
    self.assertNotIn('NOTE', report)

  def test_sure_answers_count(self):
    self.assertIn('1 get another', self._check(64, 1, 0.03))
    with self.assertRaisesRegex(ValueError, '2 of 64 texts get another'):
      self._check(64, 2, 0.03)

  def test_few_texts_allow_nothing_and_are_said_to_be_few(self):
    self.assertIn('NOTE: 3 texts', self._check(3, 0, 0.5))
    with self.assertRaisesRegex(ValueError, '1 of 3 texts get another'):
      self._check(3, 1, 0.5)

  def test_labels_of_words_that_are_ties_do_not_count(self):
    folder = self.enterContext(tempfile.TemporaryDirectory())
    trained = hostile_requests.build('token_classification', folder)
    trained.model.checkpoint_items['token_classifier'].bias.assign(
        [0.0, 0.0, -90.0, -90.0, -90.0])
    kernel = trained.model.checkpoint_items['token_classifier'].kernel
    texts = _texts(4)
    found = ['\n'.join(['B-PER'] * len(text.split())) for text in texts.texts]
    expected = [each.replace('B-PER', 'O') for each in found]
    for factor, certain in ((0.0, False), (1.0, True)):
      kernel.assign(factor * kernel)
      if certain:
        trained.model.checkpoint_items['token_classifier'].bias.assign(
            [9.0, 0.0, -90.0, -90.0, -90.0])
      self.assertAllEqual(trained.kind.certainly_differ(
          trained, texts, found, expected), [float(certain)] * 4)

  @parameterized.parameters(
      (0.0, 0.5, False, 1.0),    # From the next span.
      (0.45, 0.5, True, 0.05),   # From the threshold.
      (0.55, 0.5, True, 0.05))
  def test_margin_of_answers(self, odds, threshold, allowed, margin):
    span = [spans.Span(i, i + 1, 2.0 - i, 0.0) for i in range(3)]
    found = spans.Spans(tuple(span), spans.Span(0, 0, 2.0 + odds, 0.0))
    answer = spans.choose(found, 'q', 'abc', allowed, threshold)
    self.assertAlmostEqual(answer.margin(allowed, threshold), margin)

  def test_signatures_of_text_that_read_otherwise(self):
    folder = self.enterContext(tempfile.TemporaryDirectory())
    trained = hostile_requests.build('classification', folder)
    path = f'{folder}/model.tflite'
    reports = []
    tflite.write(trained, path, _texts(32), lengths=[16], quantization='none',
                 text_signatures=True, report=reports.append)
    self.assertIn('read 0 of 32 texts', ' '.join(reports))
    tokenizer = tokenizer_lib.Tokenizer(trained.vocab_file)
    wide = agreement.RealTexts(['ｗ１ ｗ２', 'w1'])
    with self.assertRaisesRegex(ValueError, "1 of 2 texts .*'ｗ１ ｗ２'.*NFKC"):
      tflite_text.check_tokens(path, tokenizer, wide)


if __name__ == '__main__':
  tf.test.main()
