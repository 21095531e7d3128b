# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""What exits cost and save, by hand."""

import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.early_exit_classification import rule as rule_lib
from mobilebert_tf.tasks.early_exit_classification import scoring

# Three texts, one exit and the end: sure and right, sure and wrong, not sure.
_LOGITS = np.array([[[9.0, 0.0], [9.0, 0.0]],
                    [[9.0, 0.0], [0.0, 9.0]],
                    [[0.1, 0.0], [0.0, 9.0]]])
_LABELS = np.array([0, 1, 1])
_RULE = rule_lib.Rule(rule_lib.ENTROPY, (1,), (0.5,))


def _predictions(times):
  return scoring.ExitPredictions(
      task='test', texts=['a', 'b', 'c'], pairs=None, labels=_LABELS,
      scores=np.exp(rule_lib.log_softmax(_LOGITS[:, -1])),
      lengths=np.array([1, 1, 1]), label_names=('0', '1'), logits=_LOGITS,
      rule=_RULE, num_blocks=4, operations=(0.3, 1.0), times=times)


class TimesTest(tf.test.TestCase):

  def test_a_text_takes_the_time_of_its_exit(self):
    times = scoring.Times(
        'none', np.array([0, 2]), np.array([[1.0, 5.0], [2.0, 8.0]]),
        np.array([4.0, 6.0]))
    # The text between was not timed.
    self.assertEqual(times.of(np.array([0, 0, 1])), (1.0 + 8.0) / 2)
    self.assertEqual(times.of(np.array([1, 0, 1])), (5.0 + 8.0) / 2)
    scorer = scoring.Scorer(_LOGITS, _LABELS, _RULE, 4, times)
    point = scorer.score([0.5])
    self.assertEqual(point.milliseconds, 4.5)
    self.assertAllClose(point.mean_blocks, (1 + 1 + 4) / 3)
    self.assertAllClose(point.accuracy, 2 / 3)
    self.assertEqual(scorer.score([0.0]).milliseconds, 6.5)

  def test_what_is_not_measured_is_not_there(self):
    details = _predictions(None).details()
    self.assertIsNone(details['timing'])
    self.assertIsNone(details['exits'][0]['milliseconds'])
    self.assertIsNone(details['curve'][0].milliseconds)
    # Two texts need three tenths of the operations.
    self.assertAllClose(details['operations_saved'], 1 - 1.6 / 3)

  def test_only_texts_that_were_timed_count_for_that(self):
    # Of texts 0 and 2 as above, but text 1 was not timed.
    times = scoring.Times('none', np.array([0, 2]), np.array(
        [[4.5, 12.0]] * 2), np.full(2, 10.0))
    timing = _predictions(times).details()['timing']
    # Blocks 1 and 1, 1 and 4, 4 and 4 take 4.5, 8.25 and 12 ms.
    self.assertAllClose(
        timing['prediction'],
        {'start': -0.2, 'slope': 1.0, 'correlation': 1.0})

  def test_saved_blocks_foretell_saved_time(self):
    # Time saved is a fifth less than blocks saved, of 10 ms.
    times = scoring.Times(
        'none', np.arange(3), np.array([[4.5, 12.0]] * 3), np.full(3, 10.0))
    timing = _predictions(times).details()['timing']
    self.assertEqual(timing['milliseconds'], 7.0)
    self.assertAllClose(timing['saved'], 0.3)
    self.assertAllClose(
        timing['prediction'],
        {'start': -0.2, 'slope': 1.0, 'correlation': 1.0})


if __name__ == '__main__':
  tf.test.main()
