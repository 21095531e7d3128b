# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of files with early exits, which may be anybody's."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from mobilebert_tf.tasks.early_exit_classification import kind

_TUNED = {'thresholds': [0.0, 0.7], 'accuracies': [0.9, 0.8],
          'mean_blocks': [3, 1.0]}


def _settings(**fields) -> kind.Settings:
  return kind.Settings(**{
      'criterion': 'entropy', 'blocks': [1, 2], 'num_blocks': 3,
      'thresholds': [0.5], **fields})


class SettingsTest(parameterized.TestCase, tf.test.TestCase):

  def test_what_was_tuned_may_be_unknown(self):
    self.assertEqual(_settings().tuned, {})
    self.assertEqual(_settings(tuned=_TUNED).tuned, _TUNED)

  @parameterized.parameters(
      ({'tuned': None}, 'tuned is None'),
      ({'tuned': 'much'}, 'tuned is'),
      ({'tuned': {**_TUNED, 'more': [1, 2]}}, 'tuned is'),
      ({'tuned': {**_TUNED, 'accuracies': [0.9]}}, 'equally long'),
      ({'tuned': {**_TUNED, 'accuracies': ['0.9', 1]}}, 'lists of numbers'),
      ({'tuned': {**_TUNED, 'accuracies': [True, 1]}}, 'lists of numbers'),
      ({'tuned': {**_TUNED, 'accuracies': [float('nan'), 1]}},
       'lists of numbers'),
      ({'tuned': {**_TUNED, 'accuracies': [10 ** 400, 1]}},
       'lists of numbers'),
      ({'thresholds': [10 ** 400]}, 'numbers, 0 or more'),
      ({'thresholds': [np.float32(0.5)]}, 'numbers, 0 or more'),
      ({'tuned': {'thresholds': [1.0]}}, 'tuned is'),
      ({'blocks': [2, 1]}, 'ascending numbers'),
      ({'blocks': [3]}, 'ascending numbers'),
      ({'thresholds': [0.1] * 3}, '3 thresholds for 2 exits'),
      ({'thresholds': [-1.0]}, 'numbers, 0 or more'),
      ({'criterion': 'mood'}, "'mood'"))
  def test_what_makes_no_sense(self, fields, message):
    with self.assertRaisesRegex(ValueError, message):
      _settings(**fields)


if __name__ == '__main__':
  tf.test.main()
