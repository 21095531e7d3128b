# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""SavedModels answer, and tell their task."""

import pathlib
import re

import numpy as np
import tensorflow as tf

from mobilebert_tf.deployment import saved_model_runner
from mobilebert_tf.tasks import registry
from tests.data import temporary
from tests.deployment import tiny_exports

_TEXTS = ['one two', 'one two three four five six seven', 'é 😀 \udc80']


class SavedModelRunnerTest(temporary.TemporaryFiles, tf.test.TestCase):

  def setUp(self):
    super().setUp()
    # TensorFlow takes the name for a pattern.
    self.folder = pathlib.Path(self.make_folder(), 'model [1]')

  def _load(self) -> saved_model_runner.SavedModelRunner:
    return saved_model_runner.SavedModelRunner(self.folder, registry.KINDS)

  def test_a_classifier_has_its_labels_in_their_order(self):
    tiny_exports.save_classifier(self.folder, ('short', 'long'))
    runner = self._load()
    self.assertEqual((runner.kind.name, runner.labels, runner.pairs),
                     ('classification', ['short', 'long'], False))
    scores = runner.comparable(_TEXTS)
    # Seven words: the sigmoid of 1.5.
    self.assertAllClose(scores[1], [1 - 0.817574, 0.817574])
    self.assertAllEqual(np.argmax(scores, 1), [0, 1, 0])

  def test_a_rater_of_pairs(self):
    tiny_exports.save_rater(self.folder, pairs=True)
    runner = self._load()
    self.assertEqual((runner.kind.name, runner.labels, runner.pairs),
                     ('regression', [], True))
    self.assertAllEqual(runner.comparable(['a b', 'c'], ['d', 'e f g']), [3, 4])

  def test_an_answerer(self):
    tiny_exports.save_answerer(self.folder)
    runner = self._load()
    self.assertEqual(runner.kind.name, 'question_answering')
    answers = runner.comparable(['who?', 'what?'], ['Ada wrote it', 'É va'])
    self.assertEqual(answers, ['Ada', 'É'])

  def test_an_embedder_gives_means(self):
    tiny_exports.save_embedder(self.folder)
    runner = self._load()
    self.assertEqual(runner.kind.name, 'embedding')
    self.assertAllEqual(runner.comparable(['ab c']), [[2, 4]])

  def test_damage_is_named_in_one_line(self):
    tiny_exports.save_classifier(self.folder)
    file = self.folder / 'saved_model.pb'
    file.write_bytes(file.read_bytes()[:200])
    with self.assertRaisesRegex(
        ValueError, f'{re.escape(str(self.folder))} is damaged') as c:
      self._load()
    self.assertLen(str(c.exception).splitlines(), 1)

  def test_one_that_takes_no_text_is_refused(self):
    module = tf.Module()
    module.double = tf.function(
        lambda x: {'y': 2 * x}, input_signature=[tf.TensorSpec([None])])
    tf.saved_model.save(module, str(self.folder), signatures=module.double)
    with self.assertRaisesRegex(ValueError, 'no signature serve_text that '
                                'takes text, only serving_default'):
      self._load()


if __name__ == '__main__':
  tf.test.main()
