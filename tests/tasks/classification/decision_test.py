# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""The decision between two labels is moved, in the model and its checkpoint."""

import pathlib

import numpy as np
import tensorflow as tf

from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.inference import loading
from mobilebert_tf.tasks import registry
from mobilebert_tf.tasks.classification import decision
from mobilebert_tf.tasks.classification import loader
from mobilebert_tf.tasks.classification import predictor
from tests.inference import tiny_classifier

_LABELS = ['ham', 'spam']
_TEXTS = [tiny_classifier.text(1 + i % 20, i) for i in range(40)]


class DecisionTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.get_temp_dir(), self.id())
    self.folder.mkdir()
    model = modeling.MobileBertClassifier(
        modeling.MobileBertEncoder(tiny_classifier.architecture()), 2)
    tiny_classifier.randomize(model)
    # No probability is so near 0 or 1 that a difference would not show.
    head = model.checkpoint_items['classifier']
    head.kernel.assign(0.1 * head.kernel)
    self.trained = loading.TrainedModel(
        model, _LABELS, tiny_classifier.write_vocabulary(str(self.folder)),
        lower_case=True, max_length=tiny_classifier.MAX_LENGTH,
        kind=registry.get('classification'))
    step = tf.Variable(7, dtype=tf.int64)
    tf.train.CheckpointManager(
        tf.train.Checkpoint(model=model, global_step=step),
        str(self.folder), 1, checkpoint_name='ckpt').save(checkpoint_number=7)

  def _scores(self) -> np.ndarray:
    return predictor.TextPredictor(self.trained).scores(_TEXTS)[:, 1]

  def test_the_larger_probability_is_that_above_the_threshold(self):
    before = self._scores()
    # The truth follows the scores but for some.
    truth = np.int32(before > np.median(before))
    truth[::5] = 1 - truth[::5]
    held_out = loader.TextExamples(_TEXTS, None, _LABELS, truth)
    found = decision.move(self.trained, self.folder, held_out, 'spam',
                          precision=0.9)
    after = self._scores()
    self.assertAllEqual(after > 0.5, before >= found.value)
    given = after > 0.5
    self.assertAllClose(truth[given].mean(), found.precision)
    self.assertGreaterEqual(found.precision, 0.9)
    self.assertTrue(found.is_reached)

    with self.subTest('the checkpoint is the model'):
      [index] = [path.name for path in self.folder.glob('*.index')]
      self.assertEqual(index, 'ckpt-7-decision.index')
      other = modeling.MobileBertClassifier(
          modeling.MobileBertEncoder(tiny_classifier.architecture()), 2)
      step = tf.Variable(0, dtype=tf.int64)
      tf.train.Checkpoint(model=other, global_step=step).read(
          bundles.latest(
              str(self.folder))).assert_existing_objects_matched()
      self.assertEqual(int(step), 7)
      for one, another in zip(
          other.weights, self.trained.model.weights, strict=True):
        self.assertAllEqual(one, another)

    with self.subTest('a second time moves nothing'):
      again = decision.move(self.trained, self.folder, held_out, 'spam',
                            precision=0.9)
      self.assertAllClose(again.value, 0.5, atol=1e-5)
      self.assertAllEqual(self._scores() > 0.5, after > 0.5)
      self.assertLen(list(self.folder.glob('*.index')), 1)

  def test_what_cannot_be_reached_is_told(self):
    lowest = np.int32(self._scores() == self._scores().min())
    held_out = loader.TextExamples(_TEXTS, None, _LABELS, lowest)
    with self.assertLogs(level='WARNING') as logs:
      found = decision.move(self.trained, self.folder, held_out, 'spam',
                            precision=0.99)
    self.assertFalse(found.is_reached)
    self.assertIn("No threshold of 'spam' reaches", '\n'.join(logs.output))

  def test_labels_that_do_not_fit_are_refused(self):
    decision.check_labels('spam', _LABELS)
    with self.assertRaisesRegex(ValueError, "'eggs', which is not one of ham"):
      decision.check_labels('eggs', _LABELS)
    with self.assertRaisesRegex(ValueError, 'there are 3 labels; a threshold '
                                'decides between two'):
      decision.check_labels('a', ['a', 'b', 'c'])


if __name__ == '__main__':
  tf.test.main()
